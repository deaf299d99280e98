"""The problems dock."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHeaderView,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.session import LayerPath, Session
from app.theme import icon, on_change
from app.widgets.empty import EmptyState
from app.words import tip
from kgui.inference.result import Inference, Problem

KEY_ROLE = Qt.ItemDataRole.UserRole
ORDER = {"error": 0, "warning": 1, "info": 2}
ICON_ROLES = {"error": "error", "warning": "warning", "info": "accent"}


class ProblemsPanel(QWidget):
    """A list of problems, worst first; a click goes to the layer."""

    count_changed = Signal(int)
    """How many problems and risks there are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session: Session | None = None
        self.list = QTreeWidget(columnCount=2, rootIsDecorated=False, uniformRowHeights=False, wordWrap=True)
        self.list.setHeaderLabels([self.tr("What"), self.tr("Where")])
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setStretchLastSection(False)
        self.list.header().resizeSection(1, 240)
        self.list.setIconSize(QSize(14, 14))
        self.list.setItemDelegate(_Wrapping(self.list))
        self.list.header().sectionResized.connect(self.list.scheduleDelayedItemsLayout)
        self.list.itemActivated.connect(self._go)
        self.list.itemClicked.connect(self._go)
        self._empty = EmptyState("check", self.tr("Problems of the open model appear here."))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        on_change(self, self.list.viewport().update)

    def show_session(self, session: Session | None) -> None:
        """Shows another document, or none."""
        if self._session is not None:
            self._session.inference_changed.disconnect(self._rebuild)
            self._session.model_changed.disconnect(self._rebuild)
        self._session = session
        if session is not None:
            session.inference_changed.connect(self._rebuild)
            session.model_changed.connect(self._rebuild)
        self._rebuild()

    def _rebuild(self) -> None:
        self.list.clear()
        session = self._session
        if session is not None:
            for risk in session.opened.risks:
                self._add("warning", f"{risk.detail} {risk.runs_when}".strip(), risk.where, None)
            for problem in sorted(all_problems(session.inference), key=lambda item: ORDER[item.severity]):
                self._add(
                    problem.severity,
                    f"{problem.message}\n{problem.hint}" if problem.hint else problem.message,
                    _place(session, problem.path),
                    (problem.path, problem.call or 0),
                )
            for notice in session.opened.notices:
                self._add("info", f"{notice.detail} {notice.runs_when}".strip(), notice.where, None)
        found = self.list.topLevelItemCount()
        self._empty.text.setText(
            self.tr("No problems: all shapes fit, and nothing in the file is risky.")
            if session is not None
            else self.tr("Problems of the open model appear here.")
        )
        self._stack.setCurrentIndex(1 if found else 0)
        self.count_changed.emit(found)

    def _add(self, severity: str, text: str, where: str, key: object) -> None:
        item = QTreeWidgetItem([text, where])
        item.setIcon(0, icon(severity, ICON_ROLES[severity]))
        item.setToolTip(0, tip(text))
        item.setToolTip(1, tip(where))
        item.setData(0, KEY_ROLE, key)
        self.list.addTopLevelItem(item)

    def _go(self, item: QTreeWidgetItem) -> None:
        key = item.data(0, KEY_ROLE)
        if key is not None and self._session is not None:
            path, call = key
            self._session.reveal((tuple(path), call))


class _Wrapping(QStyledItemDelegate):
    """Gives a row the height of all its lines. Qt's own delegate asks for one line and then cuts the text there."""

    def __init__(self, tree: QTreeWidget) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """As wide as the column is, as high as the text is there."""
        icon_room = self._tree.iconSize().width() + 8 if index.column() == 0 else 0
        wide = max(80, self._tree.columnWidth(index.column()) - icon_room - 16)
        room = QRect(0, 0, wide, 100_000)
        text = option.fontMetrics.boundingRect(room, Qt.TextFlag.TextWordWrap, index.data() or "")
        return QSize(wide, text.height() + 10)


def all_problems(inference: Inference) -> list[Problem]:
    """The problems of a model; `Inference.problems` of the outermost holds those of nested models too."""
    return inference.problems


def _place(session: Session, path: LayerPath) -> str:
    names = []
    for depth in range(1, len(path) + 1):
        layer = session.layer(path[:depth])
        names.append(layer.name if layer is not None else "?")
    return " / ".join(names)
