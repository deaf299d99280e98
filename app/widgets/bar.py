"""A bar across the top of the window's centre that says what happened and what can be done. Never a dialog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.theme import icon, on_change
from app.widgets.labels import label

Kind = Literal["error", "warning", "info"]
ICON_ROLES = {"error": "error", "warning": "warning", "info": "accent"}


class MessageBar(QFrame):
    """One message, with buttons and a cross to close it."""

    closed = Signal(object)

    def __init__(self, kind: Kind, text: str, buttons: dict[str, Callable[[], None]], parent: QWidget | None = None):
        super().__init__(parent)
        self.kind = kind
        self.text = text
        self.setProperty("role", "bar")
        self.setProperty("kind", kind)
        self._picture = QLabel()
        message = label(text, wrap=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 4, 8, 4)
        layout.setSpacing(8)
        layout.addWidget(self._picture)
        layout.addWidget(message, 1)
        for title, call in buttons.items():
            button = QPushButton(title)
            button.clicked.connect(call)
            button.clicked.connect(self.close_bar)
            layout.addWidget(button)
        cross = QToolButton()
        cross.setIcon(icon("close"))
        cross.setIconSize(QSize(12, 12))
        cross.setToolTip(self.tr("Close this message"))
        cross.clicked.connect(self.close_bar)
        layout.addWidget(cross)
        on_change(self, self._paint_icon)

    def close_bar(self) -> None:
        """Takes the message away."""
        self.closed.emit(self)

    def _paint_icon(self) -> None:
        self._picture.setPixmap(icon(self.kind, ICON_ROLES[self.kind]).pixmap(16, 16))


class MessageBars(QWidget):
    """The messages that are not closed yet, newest last, at most three."""

    MOST = 3

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.hide()

    def tell(self, kind: Kind, text: str, buttons: dict[str, Callable[[], None]] | None = None) -> None:
        """Shows a message; one that says the same is replaced, not repeated."""
        for bar in self.bars():
            if bar.text == text:
                self._remove(bar)
        bar = MessageBar(kind, text, buttons or {}, self)
        bar.closed.connect(self._remove)
        self._layout.addWidget(bar)
        for old in self.bars()[: -self.MOST]:
            self._remove(old)
        self.show()

    def bars(self) -> list[MessageBar]:
        """What is shown now."""
        items = [self._layout.itemAt(index).widget() for index in range(self._layout.count())]
        return [item for item in items if isinstance(item, MessageBar)]

    def _remove(self, bar: MessageBar) -> None:
        self._layout.removeWidget(bar)
        bar.hide()
        bar.deleteLater()
        self.setVisible(bool(self.bars()))
