"""The weights dock: the list of arrays, and the chosen one below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QFontMetrics, QGuiApplication, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.arrays import Arrays, Asked
from app.session import Opened, Session
from app.theme import font, icon, on_change
from app.weights.rows import ArrayRow, rows
from app.weights.table import COLUMNS, ROW_ROLE, ArrayFilter, ArrayTable, tr
from app.widgets.empty import EmptyState
from app.widgets.labels import ElidedLabel
from app.widgets.rows import rows_view
from app.words import count, size
from kgui.errors import KguiError

if TYPE_CHECKING:
    from app.weights.detail import ArrayView
    from kgui.reader.client import ListedWeights

CHOOSE_AFTER = 60
"""Milliseconds after which a chosen array is read: whoever runs through the list with an arrow key reads none."""
PROGRESS_AFTER = 200
"""Milliseconds after which work is shown, with a way to cancel it."""
NARROWEST, WIDEST = 76, 200
"""Width of the columns of names and shapes: what their texts need, within these."""
PADDING = 26
"""Of a cell, both sides."""
MEASURED = 200
"""Arrays whose texts decide on the width of columns."""
FILTER_FROM = 9
"""Arrays from which a filter is worth its place."""


class WeightsPanel(QWidget):
    """The arrays of what is selected, all of the file without a selection; and one of them in full.

    Args:
        arrays: Reads them.
    """

    def __init__(self, arrays: Arrays, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._arrays = arrays
        self._session: Session | None = None
        self._listed: tuple[Opened, ListedWeights] | None = None
        self._asked: Asked | None = None
        self._stale = False
        self._chosen: ArrayRow | None = None
        self.view: ArrayView | None = None
        self.table = ArrayTable(self)
        self.filter = ArrayFilter(self)
        self.filter.setSourceModel(self.table)
        self.list = self._make_list()
        self.search = QLineEdit(placeholderText=tr("Filter by name, shape, dtype …"), clearButtonEnabled=True)
        self.search.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._filter)
        self.totals = ElidedLabel(role="dim")
        self._stack = QStackedWidget()
        again = QAction(tr("Try again"), self)
        again.triggered.connect(self.refresh)
        self._empty = EmptyState("weights", "", (again,))
        self._again = self._empty.findChild(QPushButton)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._make_page())
        self._work = self._make_work()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._work)
        self._choose_timer = QTimer(self, singleShot=True, interval=CHOOSE_AFTER)
        self._choose_timer.timeout.connect(self._show_chosen)
        self._work_timer = QTimer(self, singleShot=True, interval=PROGRESS_AFTER)
        self._work_timer.timeout.connect(self._show_work)
        on_change(self, self.list.viewport().update)

    def show_session(self, session: Session | None) -> None:
        """Shows another document, or none."""
        if self._session is not None:
            self._session.model_changed.disconnect(self.refresh)
            self._session.selection_changed.disconnect(self.refresh)
        if session is not self._session:
            self._listed = None
            self._drop_list()
        self._session = session
        if session is not None:
            session.model_changed.connect(self.refresh)
            session.selection_changed.connect(self.refresh)
        self.refresh()

    @property
    def busy(self) -> bool:
        """Whether something has been asked for that will change the picture."""
        viewed = self.view is not None and self.view.busy
        return self.isVisible() and (self._asked is not None or self._choose_timer.isActive() or viewed)

    def refresh(self) -> None:
        """Shows the arrays of what is selected now."""
        if not self.isVisible():
            # Nobody sees it: nothing is read. It is made up for when the panel is seen.
            self._stale = True
            return
        self._stale = False
        session = self._session
        if session is None:
            self._show_empty(tr("Open a model to see its weights here."))
        elif session.path is None:
            self._show_empty(tr("This model is in no file yet. Save it, and its weights can be seen here."))
        elif self._listed is None or self._listed[0] is not session.opened:
            self._ask_for_list(session)
        else:
            self._show_list(session, self._listed[1])

    def cancel(self) -> None:
        """Gives up on everything that goes on."""
        if self._asked is not None:
            self._drop_list()
            self._show_empty(tr("Reading the list of arrays was cancelled."), again=True)
        if self.view is not None:
            self.view.cancel()
        self._update_work()

    def copy(self) -> None:
        """Copies the list as it is filtered and sorted, as lines of text with tabs."""
        places = sorted(index.row() for index in self.list.selectionModel().selectedRows())
        lines = ["\t".join(str(self.filter.index(row, at).data()) for at in range(len(COLUMNS))) for row in places]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def showEvent(self, event: QShowEvent) -> None:
        """What was put off while nobody saw it is done now."""
        super().showEvent(event)
        if self._stale:
            self.refresh()

    # The list

    def _ask_for_list(self, session: Session) -> None:
        self._drop_list()
        opened, known = session.opened, session.inference
        assert session.path is not None
        # Until the answer is there, the arrays of another document must not be seen.
        self._show_empty("")

        def done(listed: ListedWeights) -> None:
            self._asked = None
            self._listed = (opened, listed)
            self._update_work()
            if session.opened is opened and session.inference is known:
                _tell_more(session, listed)
            self.refresh()

        def failed(error: Exception) -> None:
            self._asked = None
            self._update_work()
            self._show_empty(error.what if isinstance(error, KguiError) else str(error), again=True)

        self._asked = self._arrays.weights(session.path, done, failed)
        self._update_work()

    def _drop_list(self) -> None:
        if self._asked is not None:
            self._asked.drop()
            self._asked = None

    def _show_list(self, session: Session, listed: ListedWeights) -> None:
        found = rows(session, listed)
        if not found:
            self._show_empty(self._why_none(session, listed))
            return
        wanted = self._chosen
        self.search.setVisible(len(found) >= FILTER_FROM)
        if len(found) < FILTER_FROM:
            self.search.clear()
        self.table.show(found)
        self._show_totals()
        self._stack.setCurrentIndex(1)
        self._fit_columns(found)
        self._choose(wanted, found, first=bool(session.selection))

    def _filter(self, text: str) -> None:
        self.filter.set_filter(text)
        self._show_totals()

    def _show_totals(self) -> None:
        all_of, shown = self.table.rowCount(), self.filter.rowCount()
        known = [self.filter.index(place, 0).data(ROW_ROLE).bytes for place in range(shown)]
        text = tr("{count} arrays  ·  {size}") if shown == all_of else tr("{count} of {all} arrays  ·  {size}")
        self.totals.setText(text.format(count=count(shown), all=count(all_of), size=size(sum(filter(None, known)))))
        self.totals.setVisible(all_of > 1)

    def _why_none(self, session: Session, listed: ListedWeights) -> str:
        if not listed.entries and not listed.layers:
            return tr("This file holds no weights, only what the model is made of.")
        if len(session.selection) == 1 and (layer := session.layer(session.selection[0][0])) is not None:
            return tr("{layer} has no weights.").format(layer=layer.name or layer.class_name)
        return tr("None of this has weights.")

    def _choose(self, wanted: ArrayRow | None, found: list[ArrayRow], *, first: bool) -> None:
        """The same array as before, else the same of another layer, else the first one."""
        last = wanted.weight.name if wanted is not None else None
        places = {
            0: [place for place, row in enumerate(found) if row == wanted],
            1: [place for place, row in enumerate(found) if row.weight.name == last] if first else [],
            2: [0] if first else [],
        }
        place = next((where[0] for where in places.values() if where), None)
        index = self.filter.mapFromSource(self.table.index(place, 0)) if place is not None else None
        if index is not None and index.isValid():
            self.list.selectRow(index.row())
            self.list.scrollTo(index)
        else:
            self._show_array(None)

    def _selected(self) -> None:
        chosen = self.list.currentIndex()
        row = chosen.data(ROW_ROLE) if chosen.isValid() and self.list.selectionModel().hasSelection() else None
        if row is not None:
            self._chosen = row
            self._choose_timer.start()

    def _show_chosen(self) -> None:
        index = self.list.currentIndex()
        self._show_array(index.data(ROW_ROLE) if index.isValid() else None)

    def _show_array(self, row: ArrayRow | None) -> None:
        session = self._session
        if row is None or session is None or session.path is None:
            self._choose_timer.stop()
            if self.view is not None:
                self.view.show_array(None, None)
            # The list has all the room for itself.
            self._detail.hide()
            return
        if self.view is None:
            self.view = self._make_view()
        layer = session.layer(row.layer) if row.layer is not None else None
        self.view.show_array(row, session.path, layer)
        if self._detail.isHidden():
            self._detail.show()
        self._fit_list(self.table.rowCount())

    def _make_view(self) -> ArrayView:
        # NumPy and pyqtgraph are loaded here, for the first array that is looked at, and not with the window.
        from app.weights.detail import ArrayView

        view = ArrayView(self._arrays)
        view.work_changed.connect(self._update_work)
        self._detail.layout().addWidget(view)
        return view

    def _reveal(self, index) -> None:
        row = index.data(ROW_ROLE)
        if self._session is not None and row is not None and row.layer is not None:
            self._session.reveal((row.layer, 0))

    def _show_empty(self, text: str, *, again: bool = False) -> None:
        self.table.show([])
        self._choose_timer.stop()
        if self.view is not None:
            self.view.show_array(None, None)
        self._empty.setVisible(bool(text))
        self._empty.text.setText(text)
        self._again.setVisible(again)
        self._stack.setCurrentIndex(0)

    # Making the panel

    def _make_list(self) -> QTableView:
        view = rows_view(self.filter, icon=12, elide=Qt.TextElideMode.ElideMiddle)
        header = view.horizontalHeader()
        header.setMinimumSectionSize(NARROWEST)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for place, column in enumerate(COLUMNS):
            view.setColumnWidth(place, column.width)
        view.setSortingEnabled(True)
        view.selectionModel().selectionChanged.connect(self._selected)
        view.activated.connect(self._reveal)
        copy = QAction(tr("Copy rows"), view)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        view.addAction(copy)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        return view

    def _make_page(self) -> QWidget:
        self._detail = QWidget()
        inner = QVBoxLayout(self._detail)
        inner.setContentsMargins(0, 0, 0, 0)
        self._detail.hide()
        head = QHBoxLayout()
        head.setContentsMargins(8, 8, 8, 0)
        head.addWidget(self.search)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 4, 16, 4)
        foot.addWidget(self.totals)
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        column.addLayout(foot)
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(top)
        self._splitter.addWidget(self._detail)
        self._splitter.setStretchFactor(0, 0)
        self._splitter.setStretchFactor(1, 1)
        self._moved = False
        self._splitter.splitterMoved.connect(self._remember_split)
        return self._splitter

    def _remember_split(self) -> None:
        self._moved = True

    def _fit_list(self, found: int) -> None:
        """As high as its rows, up to a third; or up to two fifths where there are many to choose from."""
        if self._moved:
            return
        height = max(1, self.height())
        head, bar = (
            self.list.horizontalHeader().sizeHint().height(),
            self.list.horizontalScrollBar().sizeHint().height(),
        )
        around = (40 if found >= FILTER_FROM else 0) + (28 if found > 1 else 8)
        wanted = head + 26 * found + bar + 4 + around
        share = min(wanted, height * (40 if found >= FILTER_FROM else 33) // 100)
        self._splitter.setSizes([share, height - share])

    def _fit_columns(self, found: list[ArrayRow]) -> None:
        for place, column in enumerate(COLUMNS[:2]):
            texts = [column.text(row) for row in found[:MEASURED]]
            frozen = place == 0 and any(row.weight.trainable is False for row in found[:MEASURED])
            metrics = QFontMetrics(font("small", mono=True) if column.mono else self.list.font())
            wanted = max(map(metrics.horizontalAdvance, texts)) + PADDING + (18 if frozen else 0)
            self.list.setColumnWidth(place, min(max(wanted, NARROWEST), WIDEST))

    def _make_work(self) -> QWidget:
        self._work_text = ElidedLabel(role="dim")
        self._work_bar = QProgressBar(textVisible=False, minimum=0, maximum=0)
        self._work_bar.setFixedWidth(80)
        stop = QToolButton()
        stop.setIcon(icon("close"))
        stop.setIconSize(QSize(10, 10))
        stop.setToolTip(tr("Cancel"))
        stop.clicked.connect(self.cancel)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(16, 2, 8, 2)
        row.setSpacing(8)
        row.addWidget(self._work_text, 1)
        row.addWidget(self._work_bar)
        row.addWidget(stop)
        holder.hide()
        return holder

    # Work

    def _work_now(self) -> tuple[str, float | None] | None:
        if self._asked is not None:
            return tr("Reading the list of arrays …"), None
        return self.view.work if self.view is not None else None

    def _update_work(self) -> None:
        if self._work_now() is None:
            self._work_timer.stop()
            self._work.hide()
        elif self._work.isVisible():
            self._show_work()
        elif not self._work_timer.isActive():
            self._work_timer.start()

    def _show_work(self) -> None:
        now = self._work_now()
        if now is not None:
            text, part = now
            self._work_text.setText(text)
            self._work_bar.setRange(0, 0 if part is None else 1000)
            if part is not None:
                self._work_bar.setValue(round(1000 * part))
            self._work.show()


def _tell_more(session: Session, listed: ListedWeights) -> None:
    """Passes on what only the arrays could tell: files that they point to, parameters of layers of unknown classes."""
    opened, now = session.opened, session.inference
    more = (listed.inference.params, listed.inference.complete) != (now.params, now.complete)
    if more or listed.risks != opened.risks or listed.notes != opened.notes:
        opened.risks, opened.notes = listed.risks, listed.notes
        session.infer(listed.inference)
