"""The summary dock."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QSpinBox,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.session import Session
from app.summary.memory import Memory, memory
from app.summary.rows import rows
from app.summary.table import COLUMNS, KEY_ROLE, SummaryTable
from app.theme import icon, on_change
from app.widgets.empty import EmptyState
from app.widgets.labels import ElidedLabel, label
from app.widgets.rows import rows_view
from app.words import about, count, size, tip


class SummaryPanel(QWidget):
    """The table of layers with a filter above it and totals beside the filter."""

    activated = Signal(object)
    """A row was double-clicked or Enter pressed on it: its `NodeKey`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session: Session | None = None
        self._following = False
        self.table = SummaryTable(self)
        self.view = self._make_view()
        self.search = QLineEdit(placeholderText=self.tr("Filter by name, class, shape …"), clearButtonEnabled=True)
        self.search.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setMaximumWidth(280)
        self.search.setMinimumWidth(120)
        self.search.textChanged.connect(self._filter)
        self.columns = QToolButton(text=self.tr("Columns"), autoRaise=True)
        self.columns.setToolTip(self.tr("Choose which columns are shown"))
        self.columns.clicked.connect(lambda: self._choose_columns(self.columns, self.columns.rect().bottomLeft()))
        self.batch = QSpinBox(minimum=1, maximum=1_000_000, value=32)
        self.batch.setAccessibleName(self.tr("Batch size"))
        self.batch.setPrefix(self.tr("batch "))
        self.batch.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        self.batch.valueChanged.connect(self._show_memory)
        self.batch.setFixedWidth(104)
        self.batch.lineEdit().setTextMargins(6, 0, 0, 0)
        self.memory = label(role="dim")
        self._memory: Memory | None = None
        self.totals = ElidedLabel(role="dim")
        self.totals.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = QHBoxLayout()
        head.setContentsMargins(8, 6, 12, 6)
        head.setSpacing(8)
        head.addWidget(self.search, 2)
        head.addWidget(self.totals, 3)
        head.addWidget(self.batch)
        head.addWidget(self.memory)
        head.addWidget(self.columns)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.view)
        self._stack = QStackedWidget()
        self._stack.addWidget(EmptyState("summary", self.tr("Open a model to see its layers here.")))
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        on_change(self, self.view.viewport().update)

    def show_session(self, session: Session | None) -> None:
        """Shows another document, or none."""
        if self._session is not None:
            self._session.model_changed.disconnect(self._rebuild)
            self._session.inference_changed.disconnect(self._rebuild)
            self._session.selection_changed.disconnect(self._follow)
        self._session = session
        if session is not None:
            session.model_changed.connect(self._rebuild)
            session.inference_changed.connect(self._rebuild)
            session.selection_changed.connect(self._follow)
        self._rebuild()

    def _make_view(self) -> QTableView:
        view = rows_view(self.table, icon=10, elide=Qt.TextElideMode.ElideRight)
        view.verticalHeader().setMinimumSectionSize(22)
        header = view.horizontalHeader()
        header.setSectionsMovable(True)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda place: self._choose_columns(header, place))
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for place, column in enumerate(COLUMNS):
            view.setColumnWidth(place, column.width)
            view.setColumnHidden(place, not column.shown)
        view.setSortingEnabled(True)
        view.selectionModel().selectionChanged.connect(self._selected)
        view.activated.connect(lambda index: self.activated.emit(index.data(KEY_ROLE)))
        copy = QAction(self.tr("Copy rows"), view)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        view.addAction(copy)
        return view

    def copy(self) -> None:
        """Copies the selected rows as lines of text with tabs, as spreadsheets take them."""
        places = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        shown = [place for place in range(len(COLUMNS)) if not self.view.isColumnHidden(place)]
        lines = ["\t".join(str(self.table.index(place, column).data()).strip() for column in shown) for place in places]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _rebuild(self) -> None:
        session = self._session
        self.table.show(rows(session.model, session.inference) if session is not None else [])
        self._stack.setCurrentIndex(0 if session is None else 1)
        if session is not None:
            result = session.inference
            least = "" if result.complete else "≥ "
            self.totals.setText(
                self.tr("{total} parameters  ·  {trainable} trainable").format(
                    total=least + count(result.params),
                    trainable=least + about(result.trainable_params),
                )
            )
            self._memory = memory(session.model, result, session.opened.training)
            self._show_memory()
            self._follow()

    def _show_memory(self) -> None:
        known, batch = self._memory, self.batch.value()
        if known is None:
            return
        sign = "≈" if known.complete else "≥"
        self.memory.setText(self.tr("{sign} {size} to train").format(sign=sign, size=size(known.training(batch))))
        optimizer = self.tr("{name} (as compiled)") if known.compiled else self.tr("{name} (taken, as not compiled)")
        rows = (
            self.tr("An estimate, without what the framework itself takes:"),
            self.tr("weights {0}").format(size(known.weights)),
            self.tr("gradients {0}").format(size(known.gradients)),
            self.tr("optimizer {0}: {1}").format(optimizer.format(name=known.optimizer_name), size(known.optimizer)),
            self.tr("activations {0} × {1} = {2}").format(
                batch, size(known.activations), size(batch * known.activations)
            ),
        )
        self.memory.setToolTip(tip(*rows))

    def _filter(self, text: str) -> None:
        self.table.set_filter(text)
        self._follow()

    def _selected(self) -> None:
        if self._session is not None and not self._following:
            indexes = self.view.selectionModel().selectedRows()
            current = self.view.currentIndex()
            keys = [index.data(KEY_ROLE) for index in indexes]
            if current.isValid() and (key := current.siblingAtColumn(0).data(KEY_ROLE)) in keys:
                keys = [other for other in keys if other != key] + [key]
            self._following = True
            self._session.selection = keys
            self._following = False

    def _follow(self) -> None:
        if self._session is None or self._following:
            return
        self._following = True
        picked = self.view.selectionModel()
        picked.clearSelection()
        last = None
        # All in one: ten thousand selections of one row each would take seconds.
        chosen = QItemSelection()
        for key in self._session.selection:
            place = self.table.place(key)
            if place is not None:
                last = self.table.index(place, 0)
                chosen.select(last, last)
        if last is not None:
            flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
            picked.select(chosen, flags)
            picked.setCurrentIndex(last, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.view.scrollTo(last)
        self._following = False

    def _choose_columns(self, around: QWidget, place: QPoint) -> None:
        menu = QMenu(self)
        for column, row in enumerate(COLUMNS):
            action = menu.addAction(self.table.headerData(column, Qt.Orientation.Horizontal))
            action.setCheckable(True)
            action.setChecked(not self.view.isColumnHidden(column))
            action.setEnabled(row.id != "name")
            action.toggled.connect(lambda on, column=column: self.view.setColumnHidden(column, not on))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(around.mapToGlobal(place))
