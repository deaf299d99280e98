"""The runs dock."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP as N
from PySide6.QtCore import QCoreApplication, QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.running import Running, RunRow
from app.session import Session
from app.theme import font, on_change, theme
from app.widgets.empty import EmptyState
from app.words import tip
from kgui.training.runs import RunState

ROW = Qt.ItemDataRole.UserRole
COLORS = {"done": "good", "stopped": "text_faint", "failed": "error", "killed": "error", "died": "error"}


class RunsPanel(QWidget):
    """A list of runs, newest first. A click shows the run's curves; a double click opens its trained model."""

    chosen = Signal()
    """A run was chosen: its curves should come into sight."""
    result_requested = Signal(object)
    """The trained model at this path should be opened."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running: Running | None = None
        self.list = QListWidget()
        self.list.setProperty("role", "quiet")
        self.list.setItemDelegate(_RunDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._open)
        self._empty = EmptyState(
            "runs",
            self.tr("Training runs of the open project appear here, also those that were started elsewhere."),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        on_change(self, self.list.viewport().update)

    def show_session(self, session: Session | None) -> None:
        """Shows another document, or none."""
        if self._running is not None:
            self._running.runs_changed.disconnect(self._rebuild)
            self._running.shown_changed.disconnect(self._follow)
        self._running = session.running if session is not None else None
        if self._running is not None:
            self._running.runs_changed.connect(self._rebuild)
            self._running.shown_changed.connect(self._follow)
        self._rebuild()

    def _rebuild(self) -> None:
        self.list.clear()
        for row in self._running.runs if self._running is not None else []:
            item = QListWidgetItem()
            item.setData(ROW, row)
            item.setToolTip(tip(row.state.sentence, str(row.run.path)))
            # What a screen reader says.
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{_when(row)} {row.state.sentence}")
            self.list.addItem(item)
        self._stack.setCurrentIndex(1 if self.list.count() else 0)
        self._follow()

    def _follow(self) -> None:
        shown = self._running.shown if self._running is not None else None
        for place in range(self.list.count()):
            if self.list.item(place).data(ROW).run == shown:
                self.list.setCurrentRow(place)

    def _choose(self, item: QListWidgetItem) -> None:
        if self._running is not None:
            self._running.show(item.data(ROW).run)
            self.chosen.emit()

    def _open(self, item: QListWidgetItem) -> None:
        row: RunRow = item.data(ROW)
        if row.has_result:
            self.result_requested.emit(Path(row.run.result_path))


def brief(state: RunState) -> str:
    """How a run stands, in as few words as fit beside its dot; the tooltip has the whole sentence."""
    words = {
        "stopped": N("RunsPanel", "Stopped"),
        "killed": N("RunsPanel", "Killed"),
        "died": N("RunsPanel", "Ended without a word"),
    }
    word = words.get(state.kind)
    return QCoreApplication.translate("RunsPanel", word) if word else state.sentence.partition(". ")[0].rstrip(".")


def _when(row: RunRow) -> str:
    then = time.localtime(row.created)
    today = time.strftime("%Y-%m-%d", then) == time.strftime("%Y-%m-%d")
    return time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M", then)


class _RunDelegate(QStyledItemDelegate):
    """Two lines: when and how it stands, and the sentence about it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(120, 48)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        row: RunRow = index.data(ROW)
        colors = theme()
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, colors["accent_soft"])
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, colors["hover"])
        area = option.rect.adjusted(12, 6, -12, -6)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors[COLORS.get(row.state.kind, "accent")])
        painter.drawEllipse(QRect(area.left(), area.top() + 5, 8, 8))
        text = area.adjusted(18, 0, 0, 0)
        painter.setPen(QPen(colors["text"]))
        painter.setFont(font(strong=True))
        self._line(painter, text, 0, _when(row))
        painter.setPen(QPen(colors["text_dim"]))
        painter.setFont(font("small"))
        self._line(painter, text, 19, brief(row.state))
        painter.restore()

    def _line(self, painter: QPainter, area: QRect, top: int, text: str) -> None:
        place = QRect(area.left(), area.top() + top, area.width(), 18)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
