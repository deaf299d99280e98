"""The list of what differs: one row per layer, its details below it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.compare import words
from app.compare.comparison import Comparison
from app.compare.kinds import KINDS, kind_of, sign_icon
from app.session import Session
from app.theme import icon, on_change
from app.widgets.empty import EmptyState
from app.widgets.labels import ElidedLabel
from app.words import tip
from kgui.reports.diff import LayerChange

KIND, FIRST, SECOND, BY, WHAT = range(5)
CHANGE = Qt.ItemDataRole.UserRole
NUMBER = Qt.ItemDataRole.UserRole + 1


class DifferencesPanel(QWidget):
    """Every layer that differs. Choosing a row shows the layer on both canvases."""

    def __init__(self, compare: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self._following = False
        self.list = self._make_list()
        self.search = QLineEdit(placeholderText=self.tr("Filter by name, class, argument …"), clearButtonEnabled=True)
        self.search.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setMaximumWidth(280)
        self.search.textChanged.connect(self._filter)
        self.totals = ElidedLabel(role="dim")
        self.totals.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = QHBoxLayout()
        head.setContentsMargins(8, 6, 12, 6)
        head.setSpacing(16)
        head.addWidget(self.search, 1)
        head.addWidget(self.totals, 2)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.list)
        self._none = EmptyState("diff", self.tr("Compare two models to see here what differs."), (compare,))
        self._same = EmptyState("check", "")
        self._stack = QStackedWidget()
        for widget in (self._none, self._same, page):
            self._stack.addWidget(widget)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        on_change(self, self._recolor)

    def show_session(self, session: Session | None) -> None:
        """Shows the comparison that a document is part of, or that there is none."""
        comparison = session.comparison if session is not None else None
        if comparison is self._comparison:
            return
        before, self._comparison = self._comparison, comparison
        if before is not None:
            before.difference_changed.disconnect(self._rebuild)
            before.state_changed.disconnect(self._tell)
            before.selection_changed.disconnect(self._follow)
        if comparison is not None:
            comparison.difference_changed.connect(self._rebuild)
            comparison.state_changed.connect(self._tell)
            comparison.selection_changed.connect(self._follow)
        self._rebuild()

    def step(self, by: int) -> None:
        """Goes to the next row that is shown, or to the one before."""
        shown = [item for item in self._items() if not item.isHidden()]
        if not shown:
            return
        current = self.list.currentItem()
        if current is not None and current.parent() is not None:
            current = current.parent()
        place = shown.index(current) + by if current in shown else (0 if by > 0 else -1)
        self.list.setCurrentItem(shown[place % len(shown)])

    def copy(self) -> None:
        """Copies the selected rows, or all, as text with tabs."""
        chosen = self.list.selectedItems() or self._items()
        lines = ["\t".join(item.text(column) for column in range(self.list.columnCount())) for item in chosen]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _make_list(self) -> QTreeWidget:
        view = QTreeWidget(columnCount=5, uniformRowHeights=True, alternatingRowColors=True, indentation=16)
        view.setHeaderLabels(
            [self.tr("Kind"), self.tr("Layer in A"), self.tr("Layer in B"), self.tr("Values"), self.tr("What differs")]
        )
        view.headerItem().setToolTip(
            BY, self.tr("By how much the weights differ: the length of the difference, as a part of A's length")
        )
        view.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        view.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = view.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        for column, width in ((KIND, 152), (FIRST, 152), (SECOND, 152), (BY, 76)):
            view.setColumnWidth(column, width)
        header.setSortIndicatorClearable(True)
        # Before sorting is switched on, which sorts at once: the order of the model comes first.
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        view.setSortingEnabled(True)
        view.itemExpanded.connect(_fill)
        view.currentItemChanged.connect(lambda item, _: self._go(item))
        view.itemClicked.connect(self._go)
        copy = QAction(self.tr("Copy rows"), view)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        view.addAction(copy)
        return view

    def _items(self) -> list[QTreeWidgetItem]:
        return [self.list.topLevelItem(place) for place in range(self.list.topLevelItemCount())]

    def _rebuild(self) -> None:
        chosen = self._chosen()
        self._following = True
        self.list.clear()
        found = self._comparison.difference if self._comparison is not None else None
        items = []
        if found is not None:
            model = words.of_model(found)
            if model:
                items.append(_row(KINDS["changed"].id, self.tr("the model"), self.tr("the model"), model, None))
            items += [
                _row(
                    kind_of(change).id,
                    change.old or "",
                    change.new or "",
                    words.details(change),
                    words.largest(change),
                    change,
                )
                for change in found.layers
            ]
        # Sorting while rows come would put each in its place one by one, and without a column it turns them around.
        self.list.setSortingEnabled(False)
        self.list.addTopLevelItems(items)
        self.list.setSortingEnabled(True)
        self._following = False
        self._filter(self.search.text())
        self._select(chosen)
        self._tell()
        self._recolor()

    def _tell(self) -> None:
        comparison = self._comparison
        found = comparison.difference if comparison is not None else None
        if comparison is None or found is None:
            self._none.setVisible(True)
            self._none.text.setText(
                self.tr("Compare two models to see here what differs.")
                if comparison is None
                else self.tr("The models are being compared.")
                if comparison.busy
                else self.tr("The models were not compared.")
            )
            self._stack.setCurrentIndex(0)
            return
        self._same.text.setText(_nothing(comparison))
        self._stack.setCurrentIndex(1 if found.same else 2)
        told = [self.tr("{count} layers in both", "", found.matched).format(count=f"{found.matched:,}")]
        if found.read_weights:
            told.append(
                self.tr("{equal} of {compared} weights equal").format(
                    equal=f"{found.equal:,}", compared=f"{found.compared:,}"
                )
            )
        else:
            told.append(self.tr("values not compared yet") if comparison.busy else self.tr("values not compared"))
        self.totals.setText("  ·  ".join(told))

    def _filter(self, text: str) -> None:
        typed = text.casefold().split()
        for item in self._items():
            said = " ".join(item.text(column) for column in (KIND, FIRST, SECOND, WHAT)).casefold()
            item.setHidden(not all(word in said for word in typed))

    def _go(self, item: QTreeWidgetItem | None) -> None:
        if item is None or self._following or self._comparison is None:
            return
        change = (item.parent() or item).data(KIND, CHANGE)
        if change is not None:
            self._following = True
            self._comparison.reveal(change)
            self._following = False

    def _chosen(self) -> tuple[object, object] | None:
        item = self.list.currentItem()
        change = (item.parent() or item).data(KIND, CHANGE) if item is not None else None
        return None if change is None else (change.old, change.new)

    def _select(self, names: tuple[object, object] | None) -> None:
        for item in self._items() if names is not None else ():
            change = item.data(KIND, CHANGE)
            if change is not None and (change.old, change.new) == names:
                self._following = True
                self.list.setCurrentItem(item)
                self._following = False
                return

    def _follow(self) -> None:
        """The user chose a layer on a canvas: its row comes into sight, if it has one."""
        session = self._comparison.session if self._comparison is not None else None
        if self._following or session is None:
            return
        path = session.current[0] if session.current is not None else None
        self._following = True
        found = None
        for item in self._items() if path is not None else ():
            change = item.data(KIND, CHANGE)
            if change is not None and path == (change.new_path if self._comparison.side else change.old_path):
                found = item
        self.list.setCurrentItem(found)
        if found is None:
            self.list.clearSelection()
        self._following = False

    def _recolor(self) -> None:
        icons = {name: sign_icon(kind) for name, kind in KINDS.items()}
        for item in self._items():
            item.setIcon(KIND, icons[item.data(FIRST, CHANGE)])


class _Row(QTreeWidgetItem):
    """A layer. Sorted by number where the column is one."""

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        tree = self.treeWidget()
        column = tree.sortColumn() if tree is not None else KIND
        if column == BY:
            return bool(self.data(BY, NUMBER) < other.data(BY, NUMBER))
        return self.text(column).casefold() < other.text(column).casefold()


def _row(
    kind: str, old: str, new: str, lines: list[words.Detail], by: float | None, change: LayerChange | None = None
) -> QTreeWidgetItem:
    item = _Row([KINDS[kind].text, old, new, "" if by is None else words.share(by), words.in_one_line(lines)])
    item.setData(KIND, CHANGE, change)
    item.setData(FIRST, CHANGE, kind)
    item.setData(WHAT, CHANGE, lines)
    # What is not a number is the worst that weights can be.
    item.setData(BY, NUMBER, -1.0 if by is None else float("inf") if by != by else by)
    item.setToolTip(FIRST, tip(old))
    item.setToolTip(SECOND, tip(new))
    item.setToolTip(WHAT, tip(*(f"{name}: {text}" for name, text in lines[:24])))
    item.setTextAlignment(BY, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    if lines:
        item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
    return item


def _fill(item: QTreeWidgetItem) -> None:
    """The details of a row, made when it is opened: a thousand layers have some thousands."""
    if item.childCount() or item.parent() is not None:
        return
    for name, text in item.data(WHAT, CHANGE) or ():
        child = QTreeWidgetItem(["", name, "", "", text])
        child.setToolTip(WHAT, tip(text))
        item.addChild(child)


def _nothing(comparison: Comparison) -> str:
    if comparison.difference is not None and comparison.difference.read_weights:
        return words.tr("Nothing differs: the layers, their arguments and the values of all weights are equal.")
    if comparison.busy:
        return words.tr("The layers and their arguments are equal. The values of the weights are being compared.")
    return words.tr("The layers and their arguments are equal. The values of the weights were not compared.")
