"""Code with numbers of lines beside it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.python_code.highlighter import PythonHighlighter
from app.theme import font, on_change, theme

GAP = 12


class CodeView(QPlainTextEdit):
    """Read-only Python code."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        face = font(mono=True)
        # No ligatures: "->" is two characters to type, not an arrow.
        face.setFeature(QFont.Tag("calt"), 0)
        self.setFont(face)
        # Not only by setFont: the style sheet's font would win over it for the document.
        self.document().setDefaultFont(face)
        self.setProperty("role", "log")
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setAccessibleName(self.tr("Python code of the model"))
        self.numbers = _Numbers(self)
        self.highlighter = PythonHighlighter(self.document())
        self.blockCountChanged.connect(self._fit)
        self.updateRequest.connect(self._scrolled)
        self._fit()
        on_change(self, self._recolor)

    def number_width(self) -> int:
        """Room for the longest number of a line."""
        digits = max(3, len(str(self.blockCount())))
        return self.fontMetrics().horizontalAdvance("9") * digits + 2 * GAP

    def paint_numbers(self, event: QPaintEvent) -> None:
        """Draws the numbers of the lines in sight."""
        painter = QPainter(self.numbers)
        painter.fillRect(event.rect(), theme()["alternate"])
        painter.setPen(theme()["text_faint"])
        painter.setFont(font(mono=True))
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            if block.isVisible() and top + height >= event.rect().top():
                box = QRect(0, round(top), self.numbers.width() - GAP, round(height))
                painter.drawText(
                    box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(block.blockNumber() + 1)
                )
            block, top = block.next(), top + height

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The numbers are as high as the code."""
        super().resizeEvent(event)
        inside = self.contentsRect()
        self.numbers.setGeometry(QRect(inside.left(), inside.top(), self.number_width(), inside.height()))

    def _fit(self) -> None:
        self.setViewportMargins(self.number_width(), 0, 0, 0)

    def _scrolled(self, rect: QRect, by: int) -> None:
        if by:
            self.numbers.scroll(0, by)
        else:
            self.numbers.update(0, rect.y(), self.numbers.width(), rect.height())

    def _recolor(self) -> None:
        self.highlighter.recolor()
        self.numbers.update()


class _Numbers(QWidget):
    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self) -> QSize:
        return QSize(self._view.number_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._view.paint_numbers(event)
