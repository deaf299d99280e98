"""What the export dialogs have in common: a form, what goes wrong, how far it is, and the buttons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.theme import set_role
from app.widgets.labels import label
from app.widgets.work import Job, Work

WAIT = 200
"""Milliseconds after which work shows that it goes on."""


class ExportDialog(QDialog):
    """A form with "Copy" and "Save…".

    Args:
        title: Of the dialog.
        folder: Where "Save…" begins.
        stem: The file's name without its ending.
        parent: The window.
    """

    saved = Signal(object)
    """The `Path` of the file that was written."""

    def __init__(self, title: str, folder: Path, stem: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._folder = folder
        self._stem = stem
        self._job: Job | None = None
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(24)
        self.form.setVerticalSpacing(12)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._form_holder = QWidget()
        self._form_holder.setLayout(self.form)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.error = label(role="error", wrap=True)
        self.error.hide()
        self.progress = QProgressBar(textVisible=False, minimum=0, maximum=0)
        self.progress.hide()
        self.copy_button = QPushButton(self.tr("Copy"))
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.save_button = QPushButton(self.tr("Save…"))
        self.save_button.setDefault(True)
        set_role(self.save_button, "primary")
        self.copy_button.clicked.connect(self._copy)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(self._ask_where)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.progress, 1)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        layout.addWidget(self._form_holder, 1)
        layout.addWidget(self.error)
        layout.addLayout(buttons)
        self.save_button.setFocus()
        self._late = QTimer(self, singleShot=True, interval=WAIT)
        self._late.timeout.connect(self.progress.show)

    @property
    def busy(self) -> bool:
        """Whether something is being made."""
        return self._job is not None

    # What each dialog says

    def ending(self) -> str:
        """The ending of the file, without a dot."""
        raise NotImplementedError

    def work(self) -> Work:
        """Makes the content as the form now says."""
        raise NotImplementedError

    def put_on_clipboard(self, content: bytes) -> None:
        """Copies the content."""
        raise NotImplementedError

    # Doing it

    def save_to(self, path: Path) -> None:
        """Writes the file; the dialog closes once it is there."""
        self._start(path, self._saved)

    def _saved(self, path: Path) -> None:
        super().accept()
        self.saved.emit(path)

    def _copy(self) -> None:
        self._start(None, self._copied)

    def _copied(self, content: bytes) -> None:
        self.put_on_clipboard(content)
        self.copy_button.setText(self.tr("Copied"))

    def _ask_where(self) -> None:
        ending = self.ending()
        dialog = QFileDialog(self, self.windowTitle(), str(self._folder))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending)
        dialog.setNameFilters([f"{ending.upper()} (*.{ending})", self.tr("All files (*)")])
        dialog.selectFile(f"{self._stem}.{ending}")
        dialog.fileSelected.connect(lambda name: self.save_to(Path(name)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _start(self, target: Path | None, done: Callable[[Any], None]) -> None:
        if self._job is not None:
            return
        self.error.hide()
        self.copy_button.setText(self.tr("Copy"))
        job = self._job = Job(self.work(), target, self)
        job.done.connect(lambda value: self._ended(lambda: done(value)))
        job.failed.connect(lambda text: self._ended(lambda: self._fail(text)))
        job.stopped.connect(lambda: self._ended(lambda: None))
        self._let(False)
        self._late.start()
        job.start()

    def _ended(self, then: Callable[[], None]) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.deleteLater()
        self._late.stop()
        self.progress.hide()
        self._let(True)
        then()

    def _fail(self, text: str) -> None:
        self.error.setText(text)
        self.error.show()

    def _let(self, free: bool) -> None:
        for widget in (self._form_holder, self.copy_button, self.save_button):
            widget.setEnabled(free)

    def reject(self) -> None:
        """Gives up what is being made; if nothing is, closes."""
        if self._job is not None:
            self._job.stop()
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leaves nothing behind."""
        if self._job is not None:
            self._job.close()
        super().closeEvent(event)


class Choice(QWidget):
    """Buttons of which one is down.

    Args:
        options: What each stands for, and its text.
    """

    changed = Signal()

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        for key, text in options.items():
            button = QPushButton(text, checkable=True, autoDefault=False)
            set_role(button, "choice")
            self._group.addButton(button)
            self.buttons[key] = button
            row.addWidget(button)
        row.addStretch(1)
        next(iter(self.buttons.values())).setChecked(True)
        self._group.buttonToggled.connect(lambda _, on: self.changed.emit() if on else None)

    @property
    def value(self) -> str:
        """What is chosen."""
        return next(key for key, button in self.buttons.items() if button.isChecked())

    @value.setter
    def value(self, key: str) -> None:
        self.buttons[key].setChecked(True)
