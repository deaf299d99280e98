"""The canvas of one document: the view of its graph, and what floats above it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.canvas.arranging import Arranged
from app.canvas.overlays import FindBar, Floating, Minimap, ZoomBox
from app.canvas.scene import GraphScene
from app.canvas.state import CanvasState
from app.canvas.view import GraphView
from app.session import NodeKey, Session
from kgui.layout import DiagramOptions, Direction, Place, diagram

_MARGIN = 12


class Canvas(QWidget):
    """Shows the model of a session.

    It listens to the session and sets its selection; a double-click on a nested model asks the session to open that in
    a tab of its own.

    Args:
        session: The document.
        parent: Of the widget.
        state: How the user left the canvas of this document.
        arranged: What `app.canvas.arranging.prepare` made of the document in that state, if that has been done.

    Attributes:
        scene: The cards.
        view: What is in sight of them.
        zoom_box: Bottom left.
        minimap: Bottom right.
        find_bar: On top, while one searches.
    """

    ready = Signal()
    """Cards are laid out: what is painted from now on is complete."""

    def __init__(
        self,
        session: Session,
        parent: QWidget | None = None,
        *,
        state: CanvasState | None = None,
        arranged: Arranged | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self._left_as = state
        if state is not None:
            session.selection = [key for key in state.selection if session.layer(key[0]) is not None]
        self.scene = GraphScene(session, self, state=state, arranged=arranged)
        self.view = GraphView(self.scene)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.setFocusProxy(self.view)
        self.zoom_box = ZoomBox(self.view, self)
        self.minimap = Minimap(self.view, self)
        self.find_bar = FindBar(self)
        self._busy = _Busy(self)
        self._matches: list[Place] = []
        self._current = -1
        self._index: list[tuple[str, Place]] | None = None
        self._started = False
        self.scene.arranged.connect(self._arranged)
        self.scene.busy_changed.connect(self._busy_changed)
        self.view.moved.connect(self._place_minimap)
        self.view.nested_requested.connect(lambda number: session.nested_requested.emit(self._path(number)))
        self.find_bar.text_changed.connect(self._find)
        self.find_bar.stepped.connect(self._step)
        self.find_bar.closed.connect(self.close_find)
        session.reveal_requested.connect(self.reveal)
        session.model_changed.connect(self._model_changed)
        self.view.installEventFilter(self)
        self.destroyed.connect(self.scene.close_down)

    # What the window's actions do

    def fit(self) -> None:
        """Shows all of the model."""
        self.view.fit()

    def actual_size(self) -> None:
        """Shows at 100 %."""
        self.view.set_scale(1.0)

    def zoom_in(self) -> None:
        """One step nearer."""
        self.view.zoom(1)

    def zoom_out(self) -> None:
        """One step farther."""
        self.view.zoom(-1)

    def zoom_to_selection(self) -> None:
        """Fills the view with what is selected."""
        self.view.show_selection()

    def set_direction(self, direction: Direction) -> None:
        """Lays out from top to bottom ("TB") or from left to right ("LR")."""
        self._started = False
        self.scene.set_direction(direction)

    @property
    def direction(self) -> Direction:
        """Which way the graph runs."""
        return self.scene.direction

    def arrange(self) -> None:
        """Forgets where the user placed cards and lays everything out anew."""
        self.scene.arrange_anew()

    def expand_all(self) -> None:
        """Opens every nested model in place, however deep."""
        self.scene.expand_all(True)

    def collapse_all(self) -> None:
        """Closes every nested model."""
        self.scene.expand_all(False)

    def set_folding(self, fold: bool) -> None:
        """Shows runs of identical blocks as one of them in a frame "× 16", or all of them."""
        self.scene.set_folding(fold)

    @property
    def folding(self) -> bool:
        """Whether runs of identical blocks are folded."""
        return self.scene.folding

    @property
    def busy(self) -> bool:
        """Whether a layout is under way, so that not all of the model is in sight yet. See `ready`."""
        return self.scene.busy

    def state(self) -> CanvasState:
        """How the canvas is now, for the next one of the same document."""
        if not self._started:
            return self._left_as or self.scene.state()
        centre = self.view.visible_area().center()
        return replace(self.scene.state(), scale=self.view.scale_factor, centre=(centre.x(), centre.y()))

    def find(self) -> None:
        """Opens the find bar."""
        self.find_bar.show()
        self._place_overlays()
        self.find_bar.field.setFocus()
        self.find_bar.field.selectAll()
        self._find(self.find_bar.field.text())

    def close_find(self) -> None:
        """Closes the find bar; what it found stays selected."""
        self.find_bar.hide()
        self._matches, self._current = [], -1
        self.scene.set_found((), searching=False)
        self.view.setFocus()

    def reveal(self, key: NodeKey) -> None:
        """Brings a node into sight, opening the nested models around it."""
        if not self.scene.numbers(key):
            place = self._place_of(key)
            if place is None:
                return
            self.scene.open_up(place)
        for number in self.scene.numbers(key)[:1]:
            self.view.bring_into_sight(number)

    # Inside

    def _path(self, number: int) -> tuple[int, ...]:
        return self.scene.diagram.cards[number].path

    def _place_of(self, key: NodeKey) -> Place | None:
        """The first place of a node: the first call of every model around it."""
        path, call = key
        if self.session.layer(path) is None:
            return None
        return (*((layer, 0) for layer in path[:-1]), (path[-1], call))

    def _model_changed(self) -> None:
        self._index = None

    def _arranged(self) -> None:
        if self.find_bar.isVisible():
            self._mark()
        if not self._started and self.isVisible():
            self._start_view()
        else:
            self.view.take_range()
            self.view.viewport().update()
        self.ready.emit()

    def _start_view(self) -> None:
        self._started = True
        left, self._left_as = self._left_as, None
        if left is not None and left.scale is not None:
            self.view.show_at(left.scale, QPointF(*left.centre))
        else:
            self.view.start_view()

    def _busy_changed(self, busy: bool) -> None:
        self._busy.setVisible(busy)
        self._place_overlays()

    def _find(self, text: str) -> None:
        words = text.casefold().split()
        self._current = -1
        self._matches = (
            [place for said, place in self._search_index() if all(word in said for word in words)] if words else []
        )
        self._mark()
        self.find_bar.show_count(0, len(self._matches))

    def _mark(self) -> None:
        at = self.scene.at
        numbers = [number for place in self._matches if (number := at(place)) is not None]
        self.scene.set_found(numbers, searching=bool(self._matches))

    def _step(self, by: int) -> None:
        if not self._matches:
            return
        if self._current < 0 and by < 0:
            self._current = 0
        self._current = (self._current + by) % len(self._matches)
        place = self._matches[self._current]
        if self.scene.at(place) is None:
            self.scene.open_up(place)
        number = self.scene.at(place)
        if number is not None:
            self.scene.select([number])
            self.view.bring_into_sight(number)
        self.find_bar.show_count(self._current + 1, len(self._matches))

    def _search_index(self) -> list[tuple[str, Place]]:
        """What every card says, those in closed nested models too."""
        if self._index is None:
            whole = diagram(self.session.model, self.session.inference, DiagramOptions(expand_nested=True))
            self._index = [
                ("\n".join((card.name, card.title, card.arguments, card.output)).casefold(), card.place)
                for card in whole.cards
            ]
        return self._index

    def showEvent(self, event: QEvent) -> None:
        """The first time, the view finds its place: before, it does not know its size."""
        super().showEvent(event)
        if not self._started and self.scene.diagram.cards:
            self.layout().activate()
            self._start_view()
        self._place_overlays()

    def resizeEvent(self, event: QEvent) -> None:
        """Keeps the floating boxes in their corners."""
        super().resizeEvent(event)
        self._place_overlays()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+F works wherever the canvas has the focus, even without the window's menu."""
        if isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Find):
            if event.type() == QEvent.Type.KeyPress:
                self.find()
            return True
        return super().eventFilter(watched, event)

    def _place_overlays(self) -> None:
        for box in (self.zoom_box, self.find_bar, self._busy):
            box.adjustSize()
        width, height = self.width(), self.height()
        self.zoom_box.move(_MARGIN, height - self.zoom_box.height() - _MARGIN)
        self.minimap.move(width - self.minimap.width() - _MARGIN, height - self.minimap.height() - _MARGIN)
        self._place_minimap()
        self.find_bar.move(max(_MARGIN, width - self.find_bar.width() - _MARGIN), _MARGIN)
        self._busy.move(QPoint((width - self._busy.width()) // 2, _MARGIN))

    def _place_minimap(self) -> None:
        # Where all of the model is in sight a map of it would only be in the way.
        room = self.width() > 420 and self.height() > 260
        whole = self.view.visible_area().adjusted(-1, -1, 1, 1).contains(self.scene.geometry.bounds())
        self.minimap.setVisible(room and not whole)


class _Busy(Floating):
    """Says that a large model is being laid out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QVBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.addWidget(QLabel(self.tr("Arranging the graph …")))
        self.hide()
