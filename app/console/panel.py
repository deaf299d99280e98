"""The console dock."""

from __future__ import annotations

from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from app.logs import Recorder
from app.theme import font


class ConsolePanel(QWidget):
    """The log of this window, newest line last.

    Args:
        recorder: What has been logged before, and what will be.
    """

    def __init__(self, recorder: Recorder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit(
            readOnly=True, placeholderText=self.tr("What kgui does in the background is told here.")
        )
        self.text.setProperty("role", "log")
        self.text.setFont(font(mono=True))
        self.text.setMaximumBlockCount(5000)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        for line in recorder.lines:
            self.text.appendPlainText(line)
        recorder.added.connect(self.text.appendPlainText)
