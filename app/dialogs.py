"""The pages of Help: keyboard shortcuts, and the versions of everything."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.actions import Actions, text
from app.theme import icon
from app.widgets.labels import label
from kgui import __version__

PACKAGES = ("PySide6-Essentials", "pyqtgraph", "numpy", "h5py", "keras", "tensorflow")


class ShortcutsDialog(QDialog):
    """All shortcuts, by menu, made from the table of actions."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard Shortcuts"))
        grid = QGridLayout()
        grid.setContentsMargins(24, 16, 24, 16)
        grid.setHorizontalSpacing(48)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        menu = None
        for row, action in actions:
            if not action.shortcuts():
                continue
            if row.menu.split("/")[0] != menu:
                menu = row.menu.split("/")[0]
                grid.addWidget(label(text(menu), "section"), grid.rowCount(), 0, 1, 2)
            line = grid.rowCount()
            grid.addWidget(label(action.text().replace("…", "")), line, 0)
            keys = "   ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
            grid.addWidget(label(keys, "dim", mono=True), line, 1)
        page = QWidget()
        page.setLayout(grid)
        scroll = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        scroll.setWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        self.resize(480, min(640, page.sizeHint().height() + 8))


class AboutDialog(QDialog):
    """What kgui is, and the versions that a report of a problem should name."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About kgui"))
        picture = QLabel()
        picture.setPixmap(icon("kgui").pixmap(56, 56))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(f"kgui {__version__}", "heading"))
        words.addWidget(label(self.tr("A desktop workbench for Keras models. Apache License 2.0."), "dim"))
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(picture, alignment=Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        told = versions()
        table = label("\n".join(f"{name:20} {value}" for name, value in told.items()), wrap=True, mono=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = QPushButton(self.tr("Copy"))
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(table.text()))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(24)
        layout.addLayout(head)
        layout.addWidget(table)
        layout.addWidget(buttons)
        self.setMinimumWidth(460)


def versions() -> dict[str, str]:
    """Versions of kgui and of what it is made of, read from what is installed: nothing is imported for it."""
    told = {"kgui": __version__, "Python": platform.python_version(), "System": platform.platform(terse=True)}
    for name in PACKAGES:
        try:
            told[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            told[name] = QCoreApplication.translate("about", "not installed")
    told["Executable"] = sys.executable
    return told
