"""The summary as CSV, Markdown or text."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QPlainTextEdit, QWidget

from app.export.dialog import Choice, ExportDialog
from app.session import Session
from app.theme import font
from app.widgets.labels import label
from app.widgets.work import Control, Work
from kgui.reports.summary import as_csv, as_markdown, rows, summary

PREVIEW = 60
"""Lines that the preview shows."""
PREVIEW_LAYERS = 2_000
"""Layers up to which the preview follows every change: some 30 ms."""


class SummaryDialog(ExportDialog):
    """Asks for the form of the table, and shows its beginning.

    Args:
        session: The model.
        folder: Where "Save…" begins.
        parent: The window.
    """

    def __init__(self, session: Session, folder: Path, parent: QWidget) -> None:
        stem = session.path.stem if session.path is not None else session.model.name or "model"
        super().__init__("", folder, f"{stem}-summary", parent)
        self.setWindowTitle(self.tr("Export Summary"))
        self._session = session
        self.format = Choice({"csv": "CSV", "md": "Markdown", "txt": self.tr("Text")})
        self.nested = QCheckBox(self.tr("Layers of nested models too"))
        self.nested.setEnabled(any(layer.model is not None for layer in session.model.layers.values()))
        self.preview = QPlainTextEdit(readOnly=True, lineWrapMode=QPlainTextEdit.LineWrapMode.NoWrap)
        self.preview.setFont(font(mono=True))
        self.preview.setMinimumHeight(220)
        self.form.addRow(label(self.tr("Format"), "dim"), self.format)
        self.form.addRow(label(self.tr("Rows"), "dim"), self.nested)
        self.form.addRow(self.preview)
        self.format.changed.connect(self._update)
        self.nested.toggled.connect(self._update)
        self._update()
        self.resize(680, 460)

    def ending(self) -> str:
        """The format."""
        return self.format.value

    def work(self) -> Work:
        """Writes the table, in another thread."""
        ending, nested = self.format.value, self.nested.isChecked()
        opened = self._session.opened

        def made(control: Control) -> bytes:
            return _written(ending, opened.model, opened.inference, opened.notes, nested=nested).encode()

        return made

    def put_on_clipboard(self, content: bytes) -> None:
        """As text."""
        QGuiApplication.clipboard().setText(content.decode())

    def _update(self) -> None:
        opened = self._session.opened
        if len(opened.model.layers) > PREVIEW_LAYERS:
            self.preview.setPlainText(self.tr("The table is too long to be shown here."))
            return
        text = _written(self.format.value, opened.model, opened.inference, opened.notes, nested=self.nested.isChecked())
        lines = text.splitlines()
        left = len(lines) - PREVIEW
        more = [self.tr("… and {count} more lines", "", left).format(count=f"{left:,}")]
        self.preview.setPlainText("\n".join(lines[:PREVIEW] + (more if len(lines) > PREVIEW else [])))


def _written(ending: str, model, inference, notes: list[str], *, nested: bool) -> str:
    if ending == "txt":
        return summary(model, inference, line_length=TEXT_WIDTH, expand_nested=nested, notes=notes) + "\n"
    table = rows(model, inference, expand_nested=nested)
    return as_csv(table) if ending == "csv" else as_markdown(table)


TEXT_WIDTH = 110
"""Columns of the text: as wide as a page."""
