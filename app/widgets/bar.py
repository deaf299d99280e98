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

    def __init__(
        self,
        kind: Kind,
        text: str,
        buttons: dict[str, Callable[[], None]],
        parent: QWidget | None = None,
        *,
        about: object = None,
    ):
        super().__init__(parent)
        self.kind = kind
        self.about = about
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
    """The messages that are not closed yet, newest last. Three are in sight; older ones follow as those are closed."""

    MOST = 3

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._more = label("", "dim")
        self._more.setContentsMargins(16, 2, 16, 2)
        self._more.hide()
        self._layout.addWidget(self._more)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.hide()

    def tell(
        self, kind: Kind, text: str, buttons: dict[str, Callable[[], None]] | None = None, *, about: object = None
    ) -> None:
        """Shows a message; one that says the same is replaced, not repeated.

        Args:
            kind: How bad it is.
            text: What happened, and what can be done.
            buttons: Shown beside it; each also closes the message.
            about: What it is about, for `forget`.
        """
        for bar in self.bars():
            if bar.text == text:
                self._remove(bar)
        bar = MessageBar(kind, text, buttons or {}, self, about=about)
        bar.closed.connect(self._remove)
        self._layout.addWidget(bar)
        self._fit()

    def forget(self, about: object) -> None:
        """Takes away what is about something that is no longer there."""
        for bar in self.bars():
            if bar.about is not None and bar.about == about:
                self._remove(bar)

    def bars(self) -> list[MessageBar]:
        """All messages that are not closed yet."""
        items = [self._layout.itemAt(index).widget() for index in range(self._layout.count())]
        return [item for item in items if isinstance(item, MessageBar)]

    def _remove(self, bar: MessageBar) -> None:
        self._layout.removeWidget(bar)
        bar.hide()
        bar.deleteLater()
        self._fit()

    def _fit(self) -> None:
        bars = self.bars()
        for place, bar in enumerate(reversed(bars)):
            bar.setVisible(place < self.MOST)
        more = len(bars) - self.MOST
        self._more.setText(
            self.tr("Earlier messages, to be seen when these are closed: {count}").format(count=more)
            if more > 0
            else ""
        )
        self._more.setVisible(more > 0)
        self.setVisible(bool(bars))
