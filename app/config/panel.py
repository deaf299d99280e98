"""The config dock."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.config.tree import ConfigTree, of_layer, of_model, to_json, tr
from app.session import Session
from app.theme import icon, on_change
from app.widgets.bar import MessageBars
from app.widgets.empty import EmptyState
from app.widgets.labels import ElidedLabel


class ConfigPanel(QWidget):
    """The config of the selected layer, or of the model: as the file has it, defaults and oddities included."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session: Session | None = None
        self._stale = False
        self.items = ConfigTree(self)
        self.tree = self._make_tree()
        self.title = ElidedLabel(role="heading", mode=Qt.TextElideMode.ElideMiddle)
        self.subtitle = ElidedLabel(role="dim")
        self.bars = MessageBars()
        copy = QToolButton()
        copy.setIcon(icon("copy"))
        copy.setToolTip(tr("Copy all of it as JSON"))
        copy.setAccessibleName(tr("Copy"))
        copy.clicked.connect(lambda: self.copy(QModelIndex()))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.subtitle)
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 12, 8)
        head.addLayout(words, 1)
        head.addWidget(copy)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.bars)
        layout.addWidget(self.tree, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(EmptyState("config", tr("Open a model: its config, as the file has it, appears here.")))
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        on_change(self, self.tree.viewport().update)

    def show_session(self, session: Session | None) -> None:
        """Shows another document, or none."""
        if self._session is not None:
            self._session.model_changed.disconnect(self.refresh)
            self._session.selection_changed.disconnect(self.refresh)
        self._session = session
        if session is not None:
            session.model_changed.connect(self.refresh)
            session.selection_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the config of what is selected now."""
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        session = self._session
        self._stack.setCurrentIndex(0 if session is None else 1)
        if session is None:
            self.items.show({})
            return
        layer = session.layer(session.current[0]) if session.current is not None else None
        if layer is not None:
            self.title.setText(layer.name or layer.class_name)
            self.subtitle.setText(layer.class_name)
            self.items.show(of_layer(layer))
        else:
            self.title.setText(session.model.name or session.title)
            self.subtitle.setText(session.model.class_name)
            self.items.show(of_model(session.model, session.opened.training))
        self._unfold()

    def showEvent(self, event: QShowEvent) -> None:
        """What was put off while nobody saw it is done now."""
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def copy(self, index: QModelIndex) -> None:
        """Copies a value with all below it as JSON; the whole for an invalid index."""
        value = self.items.branch(index).value
        try:
            QGuiApplication.clipboard().setText(value if isinstance(value, str) else to_json(value))
        except RecursionError:
            self.bars.tell("warning", tr("This is nested too deep to be written as JSON. Copy a part of it."))

    def _copy_current(self) -> None:
        self.copy(self.tree.currentIndex())

    def _copy_entry(self) -> None:
        branch = self.items.branch(self.tree.currentIndex())
        if branch.parent is None:
            self.copy(QModelIndex())
            return
        try:
            QGuiApplication.clipboard().setText(to_json({branch.key: branch.value}))
        except RecursionError:
            self.bars.tell("warning", tr("This is nested too deep to be written as JSON. Copy a part of it."))

    def _unfold(self) -> None:
        """The arguments themselves are what is looked for; what is below them stays folded."""
        for row in range(self.items.rowCount()):
            index = self.items.index(row, 0)
            if index.data() == "config":
                self.tree.expand(index)

    def _make_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setModel(self.items)
        tree.setUniformRowHeights(True)
        tree.setIndentation(14)
        tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        tree.setAlternatingRowColors(True)
        header = tree.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.resizeSection(0, 176)
        header.setStretchLastSection(True)
        for text, call, key in (
            (tr("Copy value as JSON"), self._copy_current, QKeySequence(QKeySequence.StandardKey.Copy)),
            (tr("Copy with its key"), self._copy_entry, QKeySequence("Ctrl+Shift+C")),
        ):
            action = QAction(text, tree)
            action.setShortcut(key)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(call)
            tree.addAction(action)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        return tree
