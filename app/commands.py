"""The command palette: every action of the table, found by typing parts of its name."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.actions import Actions, text
from app.theme import font, icon, theme

ACTION = Qt.ItemDataRole.UserRole
WIDTH = 560


class CommandPalette(QFrame):
    """A field and a list over the window; Enter runs, Escape leaves.

    Args:
        actions: What can be run.
        window: It appears at the top of this.
    """

    def __init__(self, actions: Actions, window: QWidget) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self.setProperty("role", "card")
        self._actions = actions
        self.field = QLineEdit(placeholderText=self.tr("Type a command"))
        self.field.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setItemDelegate(_CommandDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._run)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.field)
        layout.addWidget(self.list)

    def open(self) -> None:
        """Shows the palette with an empty field."""
        self.field.clear()
        self._fill("")
        window = self.parentWidget()
        width = min(WIDTH, window.width() - 32)
        self.resize(width, min(420, window.height() - 120))
        self.move(window.mapToGlobal(QRect(0, 0, window.width(), 0).center()) - QRect(0, 0, width, 0).center())
        self.move(self.x(), window.mapToGlobal(window.rect().topLeft()).y() + 72)
        self.show()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list while the field has the focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if (item := self.list.currentItem()) is not None:
                    self._run(item)
                return True
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(
                event.key()
            )
            if step is not None and self.list.count():
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
                return True
        return super().eventFilter(watched, event)

    def _fill(self, typed: str) -> None:
        self.list.clear()
        words = typed.lower().split()
        in_title, in_tip = [], []
        for row, action in self._actions:
            menu = " › ".join(text(row.menu).split("/"))
            title = f"{menu} › {action.text()}" if menu else action.text()
            if row.id == "command_palette":
                continue
            if all(word in title.lower() for word in words):
                in_title.append((title, action))
            elif all(word in f"{title} {text(row.tip)}".lower() for word in words):
                in_tip.append((title, action))
        for title, action in in_title + in_tip:
            item = QListWidgetItem(title)
            item.setData(ACTION, action)
            item.setToolTip(action.toolTip())
            if not action.isEnabled():
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem) -> None:
        action = item.data(ACTION)
        if action.isEnabled():
            self.hide()
            action.trigger()


class _CommandDelegate(QStyledItemDelegate):
    """The name on the left, the shortcut on the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index) -> QSize:
        return QSize(100, 30)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:
        action, colors = index.data(ACTION), theme()
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors["accent_soft"])
            painter.drawRoundedRect(option.rect, 4, 4)
        area = option.rect.adjusted(8, 0, -8, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        action.icon().paint(painter, QRect(area.left(), area.center().y() - 7, 16, 16))
        painter.setFont(font())
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        painter.setPen(colors["text_faint"])
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, keys)
        painter.setPen(colors["text"] if action.isEnabled() else colors["text_faint"])
        room = area.adjusted(26, 0, -painter.fontMetrics().horizontalAdvance(keys) - 16, 0)
        shown = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, shown)
        painter.restore()
