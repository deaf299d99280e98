"""What a panel shows while it has nothing to show: what would be here, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import icon, on_change
from app.widgets.labels import label

LOW = 140
"""Pixels of height below which the words get the room of the icon."""


class EmptyState(QWidget):
    """An icon, a sentence, and buttons for what helps.

    Args:
        icon_name: Of `resources/icons`.
        text: What would be here, and how it gets here.
        actions: Shown as buttons, each as long as it can be run.
    """

    def __init__(self, icon_name: str, text: str, actions: tuple[QAction, ...] = (), parent: QWidget | None = None):
        super().__init__(parent)
        self._icon_name = icon_name
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.text = label(text, "dim", wrap=True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text.setMaximumWidth(360)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addStretch(1)
        layout.addWidget(self._picture)
        # Not by an alignment: that would take the label's own width, for which it does not wrap well.
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self.text, 1000)
        middle.addStretch(1)
        layout.addLayout(middle)
        self._buttons: list[tuple[QPushButton, QAction]] = []
        for action in actions:
            button = QPushButton(action.text().replace("…", ""))
            button.setToolTip(action.toolTip())
            button.clicked.connect(action.trigger)
            self._buttons.append((button, action))
            action.changed.connect(self._update_buttons)
            layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)
        self._update_buttons()
        on_change(self, self._paint_icon)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves the icon out where there is room for little."""
        super().resizeEvent(event)
        self._picture.setVisible(event.size().height() >= LOW)

    def _update_buttons(self) -> None:
        for button, action in self._buttons:
            button.setVisible(action.isEnabled())

    def _paint_icon(self) -> None:
        self._picture.setPixmap(icon(self._icon_name, "text_faint").pixmap(24, 24))
