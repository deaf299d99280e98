"""Labels that never cut their text without an ellipsis and a tooltip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app.theme import font
from app.words import tip


class ElidedLabel(QLabel):
    """One line of plain text; what does not fit ends in an ellipsis and is told whole in the tooltip.

    Args:
        text: Shown as it is: names from files are never taken for markup.
        role: For the style sheet: "dim", "heading", ….
        mono: All characters equally wide.
        mode: Where the text is cut.
    """

    def __init__(
        self,
        text: str = "",
        *,
        role: str = "",
        mono: bool = False,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._mode = mode
        self._tip = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if role:
            self.setProperty("role", role)
        if mono:
            self.setFont(font(mono=True))
        self.setText(text)

    def setText(self, text: str) -> None:
        """Sets the whole text."""
        super().setText(text)
        self._update_tip()

    def set_tip(self, text: str) -> None:
        """A tooltip of its own, shown below the whole text where that is cut."""
        self._tip = text
        self._update_tip()

    def sizeHint(self) -> QSize:
        """Room for the whole."""
        hint = super().sizeHint()
        return QSize(hint.width() + 1, hint.height())

    def minimumSizeHint(self) -> QSize:
        """Room for an ellipsis at the least."""
        return QSize(self.fontMetrics().horizontalAdvance("…") * 2, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The tooltip depends on what fits."""
        super().resizeEvent(event)
        self._update_tip()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints what fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), int(self.alignment()), self._shown())

    def _shown(self) -> str:
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def _update_tip(self) -> None:
        whole = self.text() if self._shown() != self.text() else ""
        self.setToolTip(tip(whole, self._tip))


def label(text: str = "", role: str = "", *, wrap: bool = False, mono: bool = False) -> QLabel:
    """A plain-text label, which may wrap, and can be selected with the mouse where it wraps."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    if mono:
        made.setFont(font(mono=True))
    if wrap:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        made.setMinimumWidth(0)
    return made
