"""What kgui is, and the versions that a report of a problem should name."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from PySide6 import __version__ as pyside_version
from PySide6.QtCore import QCoreApplication, Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import icon, set_role
from app.widgets.labels import ElidedLabel, label
from kgui import __version__

PACKAGES = {
    "TensorFlow": ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos"),
    "Keras": ("keras",),
    "tf_keras": ("tf-keras",),
    "h5py": ("h5py",),
    "NumPy": ("numpy",),
    "pyqtgraph": ("pyqtgraph",),
    "pydot": ("pydot",),
    "resvg": ("resvg-py",),
}
"""What users call a package, and the names under which it is installed."""


class AboutDialog(QDialog):
    """Versions of everything.

    Args:
        engine: What the engine says of itself, if it runs: versions by package.
        log: The log file.
        parent: The window.
    """

    def __init__(self, engine: Mapping[str, Any], log: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About kgui"))
        self.told = versions(engine) | {self.tr("Log"): log}
        picture = QLabel()
        picture.setPixmap(icon("kgui").pixmap(56, 56))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(f"kgui {__version__}", "heading"))
        words.addWidget(label(self.tr("A desktop workbench for Keras models. Apache License 2.0."), "dim"))
        words.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(picture, alignment=Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        table = QFormLayout()
        table.setHorizontalSpacing(24)
        table.setVerticalSpacing(4)
        table.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, value in list(self.told.items())[1:]:
            table.addRow(label(name, "dim"), ElidedLabel(value, mono=True, mode=Qt.TextElideMode.ElideMiddle))
        self.copy_button = QPushButton(self.tr("Copy"))
        self.copy_button.clicked.connect(self._copy)
        close = QPushButton(self.tr("Close"))
        close.setDefault(True)
        set_role(close, "primary")
        close.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy_button)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(20)
        layout.addLayout(head)
        layout.addLayout(table)
        layout.addLayout(buttons)
        self.setMinimumWidth(480)

    def text(self) -> str:
        """All of it as lines, for a report."""
        width = max(map(len, self.told)) + 2
        return "\n".join(f"{name:{width}}{value}" for name, value in self.told.items())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text())
        self.copy_button.setText(self.tr("Copied"))


def versions(engine: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Versions of kgui and of what it is made of.

    Read from what is installed, and from what the engine has said: nothing is imported for it.
    """
    told = {
        "kgui": __version__,
        "Python": platform.python_version(),
        "Qt": qVersion(),
        "PySide6": pyside_version,
    }
    missing = QCoreApplication.translate("about", "not installed")
    for title, names in PACKAGES.items():
        said = (engine or {}).get(names[0])
        told[title] = str(said) if said else next(filter(None, map(_version, names)), missing)
    told[QCoreApplication.translate("about", "System")] = platform.platform(terse=True)
    told[QCoreApplication.translate("about", "Executable")] = sys.executable
    return told


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
