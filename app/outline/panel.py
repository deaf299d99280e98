"""The outline dock."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSize, QSortFilterProxyModel, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QStackedWidget, QTreeView, QVBoxLayout, QWidget

from app.session import LayerPath, Session
from app.theme import icon, on_change
from app.widgets.empty import EmptyState
from app.widgets.swatch import swatch
from app.words import shapes, tip
from kgui.graph.model import Layer, Model
from kgui.layers.categories import category

PATH_ROLE = Qt.ItemDataRole.UserRole
CATEGORY_ROLE = Qt.ItemDataRole.UserRole + 1


class OutlinePanel(QWidget):
    """A tree of layers; the layers of a nested model below it, made when it is first opened."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session: Session | None = None
        self._following = False
        self.items = QStandardItemModel(self)
        self.filter = QSortFilterProxyModel(self)
        self.filter.setSourceModel(self.items)
        self.filter.setRecursiveFilteringEnabled(True)
        self.filter.setAutoAcceptChildRows(True)
        self.filter.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.tree = QTreeView(headerHidden=True)
        self.tree.setProperty("role", "quiet")
        self.tree.setModel(self.filter)
        self.tree.setUniformRowHeights(True)
        self.tree.setIconSize(QSize(10, 10))
        self.tree.setIndentation(16)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.selectionModel().selectionChanged.connect(self._selected)
        self.tree.activated.connect(self._activated)
        self.search = QLineEdit(placeholderText=self.tr("Search layers"), clearButtonEnabled=True)
        self.search.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self.filter.setFilterFixedString)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(8, 8, 8, 0)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.tree)
        self._stack = QStackedWidget()
        self._stack.addWidget(EmptyState("outline", self.tr("The layers of the open model appear here.")))
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        on_change(self, self._recolor)

    def show_session(self, session: Session | None) -> None:
        """Shows another document, or none."""
        if self._session is not None:
            self._session.model_changed.disconnect(self._rebuild)
            self._session.inference_changed.disconnect(self._update_tips)
            self._session.selection_changed.disconnect(self._follow)
        self._session = session
        if session is not None:
            session.model_changed.connect(self._rebuild)
            session.inference_changed.connect(self._update_tips)
            session.selection_changed.connect(self._follow)
        self._rebuild()

    def _rebuild(self) -> None:
        self._following = True
        self.items.clear()
        self._following = False
        self._stack.setCurrentIndex(0 if self._session is None else 1)
        if self._session is not None:
            self._fill(self.items.invisibleRootItem(), self._session.model)
            nested = any(layer.model is not None for layer in self._session.model.layers.values())
            self.tree.setRootIsDecorated(nested)
            self._update_tips()
            self._follow()

    def _fill(self, root: QStandardItem, model: Model) -> None:
        # A stack, not recursion: a hostile file may nest deeper than Python's own stack.
        stack: list[tuple[QStandardItem, Model, LayerPath]] = [(root, model, ())]
        while stack:
            parent, inner, prefix = stack.pop()
            rows = [self._item(layer, prefix) for layer in inner.layers.values()]
            parent.appendRows(rows)
            stack.extend(
                (item, layer.model, (*prefix, layer.id))
                for item, layer in zip(rows, inner.layers.values(), strict=True)
                if layer.model is not None
            )

    def _item(self, layer: Layer, prefix: LayerPath) -> QStandardItem:
        name = category(layer.class_name, layer.module)
        item = QStandardItem(swatch(name), layer.name or layer.class_name)
        item.setData((*prefix, layer.id), PATH_ROLE)
        item.setData(name, CATEGORY_ROLE)
        return item

    def _every_item(self) -> list[QStandardItem]:
        found, stack = [], [self.items.invisibleRootItem()]
        while stack:
            item = stack.pop()
            children = [item.child(row) for row in range(item.rowCount())]
            found.extend(children)
            stack.extend(children)
        return found

    def _recolor(self) -> None:
        for item in self._every_item():
            item.setIcon(swatch(item.data(CATEGORY_ROLE)))

    def _update_tips(self) -> None:
        session = self._session
        if session is None:
            return
        for item in self._every_item():
            path = tuple(item.data(PATH_ROLE))
            layer, result = session.layer(path), session.result(path)
            if layer is not None:
                output = shapes(result.calls[0].outputs) if result is not None and result.calls else ""
                item.setToolTip(tip(layer.name, f"{layer.class_name} {output}".rstrip()))

    def _selected(self) -> None:
        if self._session is None or self._following:
            return
        indexes = self.tree.selectionModel().selectedIndexes()
        self._following = True
        self._session.selection = [(tuple(index.data(PATH_ROLE)), 0) for index in indexes]
        self._following = False

    def _activated(self, index: QModelIndex) -> None:
        if self._session is not None:
            self._session.reveal((tuple(index.data(PATH_ROLE)), 0))

    def _follow(self) -> None:
        if self._session is None or self._following:
            return
        self._following = True
        picked = self.tree.selectionModel()
        picked.clearSelection()
        for path, _ in self._session.selection:
            index = self._index(path)
            if index.isValid():
                picked.select(index, picked.SelectionFlag.Select)
                picked.setCurrentIndex(index, picked.SelectionFlag.NoUpdate)
                self.tree.scrollTo(index)
        self._following = False

    def _index(self, path: LayerPath) -> QModelIndex:
        item = self.items.invisibleRootItem()
        for depth in range(1, len(path) + 1):
            children = (item.child(row) for row in range(item.rowCount()))
            found = next((child for child in children if tuple(child.data(PATH_ROLE)) == path[:depth]), None)
            if found is None:
                return QModelIndex()
            item = found
        return self.filter.mapFromSource(item.index())
