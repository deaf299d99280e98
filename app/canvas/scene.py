"""The cards of a session's model. The scene listens to the session and changes nothing in it but the selection."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtCore import QObject, QPointF, QRectF, QTimer, Signal
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsScene

from app.canvas.arranging import Arranged, Arranger, Request
from app.canvas.geometry import Geometry
from app.canvas.index import DiagramIndex
from app.canvas.items import CardItem
from app.canvas.paint import CardPainter, Look, route_path
from app.canvas.state import CanvasState
from app.session import NodeKey, Session
from app.theme import on_change, theme
from kgui.graph import Model
from kgui.layout import Diagram, Direction, Place, Placement
from kgui.layout import card as measures
from kgui.layout.detours import sampled

_TEXTS_PER_FRAME = 50
"""Cards whose texts are shaped in one frame: some 5 ms. Afterwards they are kept."""

_MOST_ITEMS = 3_000
"""Items that are kept for cards that have gone out of sight."""


class GraphScene(QGraphicsScene):
    """One item per card, made when the card is first in sight; wires are drawn by the view.

    Ten thousand items at once would cost half a second, and an index over them as much again at the first paint.

    Attributes:
        session: The document.
        diagram: The cards and edges.
        placement: Their places.
        geometry: The same as arrays.
        painter: How cards look in the present theme.
        expanded: Nested models that are open in place.
        fixed: Cards that the user placed.
        folding: Whether runs of identical blocks are shown as one of them.
        unfolded: Frames of runs that the user opened again.
    """

    arranged = Signal()
    """Cards or places are other ones."""
    look_changed = Signal()
    """The same cards look different: colours, selection, search."""
    busy_changed = Signal(bool)

    def __init__(
        self,
        session: Session,
        parent: QObject | None = None,
        *,
        state: CanvasState | None = None,
        arranged: Arranged | None = None,
    ) -> None:
        super().__init__(parent)
        state = state or CanvasState()
        self.session = session
        self.diagram = Diagram()
        self.placement = Placement([], [], 0.0, 0.0)
        self.geometry = Geometry(self.diagram, self.placement)
        self.direction: Direction = state.direction
        self.expanded: set[Place] = set(state.expanded)
        self.fixed: dict[Place, tuple[float, float]] = dict(state.fixed)
        self.folding = state.folding
        self.unfolded: set[Place] = set(state.unfolded)
        self.painter = CardPainter(theme())
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self._items: dict[int, CardItem] = {}
        self._itemized = QRectF()
        self._texts_left = _TEXTS_PER_FRAME
        self._more_texts = QTimer(self, interval=0, singleShot=True)
        self._more_texts.timeout.connect(self.look_changed)
        self._paths: list[QPainterPath | None] = []
        self._index = DiagramIndex(self.diagram)
        self.selected: set[int] = set()
        self.related: set[int] = set()
        self.found: set[int] = set()
        self.searching = False
        self.hovered: int | None = None
        self._look_hovered: set[int] = set()
        self._arranger = Arranger(self)
        self._arranger.arranged.connect(self._show)
        self._arranger.busy_changed.connect(self.busy_changed)
        session.model_changed.connect(self._model_changed)
        session.inference_changed.connect(self._inference_changed)
        session.selection_changed.connect(self._selection_changed)
        on_change(self, self._theme_changed)
        self._inferred = session.inference
        if arranged is not None:
            self._show(arranged)
        else:
            self.rebuild()

    @property
    def busy(self) -> bool:
        """Whether a layout is under way."""
        return self._arranger.busy

    def rebuild(self) -> None:
        """Makes cards and layout anew from the session. What is open and what the user placed stays so."""
        before = self.placement.corners(self.diagram) if self.diagram.cards else {}
        self._inferred = self.session.inference
        self._arranger.arrange(Request.of(self.session.opened, self.state(), before))

    def state(self) -> CanvasState:
        """What is open, folded and placed by hand, as it is now; nothing of the view."""
        return CanvasState(
            self.direction,
            self.folding,
            frozenset(self.expanded),
            frozenset(self.unfolded),
            dict(self.fixed),
            self.session.selection,
        )

    def close_down(self) -> None:
        """Stops what is under way. Nothing is shown afterwards."""
        self._more_texts.stop()
        self._arranger.stop()

    def set_direction(self, direction: Direction) -> None:
        """Lays the model out from top to bottom or from left to right."""
        if direction != self.direction:
            self.direction = direction
            self.fixed.clear()
            self.diagram, self.placement = Diagram(), Placement([], [], 0.0, 0.0)
            self.rebuild()

    def arrange_anew(self) -> None:
        """Forgets what the user placed."""
        self.fixed.clear()
        self.rebuild()

    # What there is

    def item(self, number: int) -> CardItem:
        """The item of a card."""
        found = self._items.get(number)
        if found is None:
            found = self._items[number] = CardItem(self, number)
            self.addItem(found)
        return found

    def make_items(self, area: QRectF) -> None:
        """Makes sure that all cards in an area, and somewhat around it, have their items."""
        if self._itemized.contains(area):
            return
        around = area.adjusted(-area.width() / 8, -area.height() / 8, area.width() / 8, area.height() / 8)
        wanted = self.geometry.cards_in(around).tolist()
        if len(self._items) > _MOST_ITEMS:
            for number in self._items.keys() - set(wanted):
                self.removeItem(self._items.pop(number))
        for number in wanted:
            self.item(number)
        self._itemized = around

    def numbers(self, key: NodeKey) -> list[int]:
        """The cards of a node: several if the model around it is open in several places, none if it is closed."""
        return self._index.numbers.get(key, [])

    def at(self, place: Place) -> int | None:
        """The card at a place, or None where that is closed."""
        return self._index.at.get(place)

    def rect(self, number: int) -> QRectF:
        """Where a card is; of an open nested model with all that is in it."""
        geometry = self.geometry
        left, top = geometry.left[number], geometry.top[number]
        return QRectF(left, top, geometry.right[number] - left, geometry.bottom[number] - top)

    def card_at(self, point: QPointF) -> int | None:
        """The innermost card at a point. Of an open nested model only the header counts."""
        best = None
        cards = self.diagram.cards
        for number in self.geometry.cards_in(QRectF(point, point).adjusted(-0.01, -0.01, 0.01, 0.01)):
            card = cards[number]
            if card.expanded and point.y() > self.geometry.top[number] + measures.HEADER:
                continue
            if best is None or len(card.place) >= len(cards[best].place):
                best = int(number)
        return best

    def wire_at(self, point: QPointF, near: float) -> int | None:
        """The wire that passes a point at most that far away, or None."""
        across = self.placement.direction == "LR"
        x, y = (point.y(), point.x()) if across else (point.x(), point.y())
        for edge in self.geometry.wires_in(QRectF(point, point).adjusted(-near, -near, near, near)).tolist():
            route = self.placement.routes[edge]
            points = sampled([(b, a) for a, b in route] if across else route)
            for (x0, y0), (x1, y1) in pairwise(points):
                span = (x1 - x0) ** 2 + (y1 - y0) ** 2
                t = min(1.0, max(0.0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / span)) if span else 0.0
                if (x0 + t * (x1 - x0) - x) ** 2 + (y0 + t * (y1 - y0) - y) ** 2 <= near**2:
                    return int(edge)
        return None

    def path(self, edge: int) -> QPainterPath:
        """The curve of a wire, made when it is first seen."""
        found = self._paths[edge]
        if found is None:
            found = route_path(self.placement.routes[edge], across=self.placement.direction == "LR")
            self._paths[edge] = found
        return found

    def readers(self, number: int) -> list[int]:
        """The cards that read what a card makes."""
        return self._index.readers[number]

    def inputs(self, number: int) -> list[int]:
        """The cards that a card reads."""
        return self._index.inputs[number]

    def look(self, number: int) -> Look:
        """How a card stands out."""
        hovered = number in self._look_hovered
        return Look(
            number in self.selected,
            number in self.related,
            hovered,
            number in self.found,
            self.searching and number not in self.found and number not in self.selected,
        )

    # What the user does

    def select(self, numbers: Iterable[int], *, extend: bool = False) -> None:
        """Selects cards in the session."""
        keys = [key for number in numbers for key in self.keys(number)]
        self.session.selection = [*self.session.selection, *keys] if extend else keys

    def toggle(self, number: int) -> None:
        """Adds a card to the selection, or takes it away."""
        keys = self.keys(number)
        chosen = self.session.selection
        if all(key in chosen for key in keys):
            self.session.selection = [key for key in chosen if key not in keys]
        else:
            self.session.selection = [*chosen, *keys]

    def keys(self, number: int) -> list[NodeKey]:
        """The nodes that a card stands for: one, or all that are folded into a frame."""
        card = self.diagram.cards[number]
        if not card.repeat:
            return [card.key]
        cards = self.diagram.cards
        inside = [cards[other].place for other in self._with_inside(number) if not cards[other].repeat]
        shown = [place for place in inside if len(place) == len(card.place)]
        return [(tuple(layer for layer, _ in place), place[-1][1]) for place in (*sorted(shown), *card.members)]

    def set_hovered(self, number: int | None) -> None:
        """The card below the pointer; all calls of its layer light up with it."""
        if number == self.hovered:
            return
        old = self._look_hovered
        self.hovered = number
        self._look_hovered = set() if number is None else set(self._index.layers[self.diagram.cards[number].path])
        self.refresh(old ^ self._look_hovered)

    def set_found(self, numbers: Iterable[int], *, searching: bool) -> None:
        """Marks what a search has found; the rest steps back."""
        self.found, self.searching = set(numbers), searching
        self.look_changed.emit()

    def expand(self, number: int, opened: bool | None = None) -> None:
        """Opens a nested model in place, or closes it."""
        card = self.diagram.cards[number]
        opened = not card.expanded if opened is None else opened
        if not card.nested or opened == card.expanded:
            return
        if card.repeat:
            self.unfolded.add(card.place)
            self.rebuild()
            return
        if opened:
            self.expanded.add(card.place)
        else:
            self.expanded.discard(card.place)
        self.rebuild()

    def expand_all(self, opened: bool) -> None:
        """Opens or closes every nested model, however deep."""
        self.expanded = _nested_places(self.session.model) if opened else set()
        self.rebuild()

    def open_up(self, place: Place) -> None:
        """Opens all nested models around a place."""
        around = {place[:depth] for depth in range(1, len(place))}
        wanted = {*around, place}
        frames = {card.place for card in self.diagram.cards if card.repeat and wanted.intersection(card.members)}
        if frames or not around <= self.expanded:
            self.expanded |= around
            self.unfolded |= frames
            self.rebuild()

    def set_folding(self, fold: bool) -> None:
        """Shows runs of identical blocks as one of them in a frame "× 16", or all of them."""
        if fold != self.folding or self.unfolded:
            self.folding = fold
            self.unfolded = set()
            self.rebuild()

    def drag(self, number: int, x: float, y: float) -> None:
        """Moves a card, with all that is in it, while it is being dragged. Its wires follow directly."""
        card = self.diagram.cards[number]
        if card.parent is not None:
            around = self.rect(card.parent)
            x = max(x, around.left())
            y = max(y, around.top() + measures.HEADER)
        corner = self.rect(number).topLeft()
        dx, dy = x - corner.x(), y - corner.y()
        moved = self._with_inside(number)
        for each in moved:
            at = self.rect(each).topLeft()
            self.geometry.move(each, at.x() + dx, at.y() + dy)
            if each in self._items:
                self._items[each].setPos(at.x() + dx, at.y() + dy)
        for edge in self.wires_of(moved):
            self._drag_wire(edge, moved, dx, dy)
        self._itemized = QRectF()
        self.look_changed.emit()

    def _with_inside(self, number: int) -> set[int]:
        """A card and all cards in it. Those in it follow it in the list."""
        found = {number}
        cards = self.diagram.cards
        if cards[number].expanded:
            for other in range(number + 1, len(cards)):
                if cards[other].parent in found:
                    found.add(other)
        return found

    def _drag_wire(self, edge: int, moved: set[int], dx: float, dy: float) -> None:
        wire = self.diagram.edges[edge]
        route = self.placement.routes[edge]
        if wire.source in moved and wire.target in moved:
            route = [(x + dx, y + dy) for x, y in route]
        else:
            by_source, by_target = wire.source in moved, wire.target in moved
            (x0, y0), (x1, y1) = route[0], route[-1]
            route = [(x0 + dx * by_source, y0 + dy * by_source), (x1 + dx * by_target, y1 + dy * by_target)]
        self.placement.routes[edge] = route
        self._paths[edge] = None
        xs, ys = zip(*route, strict=True)
        self.geometry.wire_box[edge] = (min(xs), min(ys), max(xs), max(ys))

    def drop(self, numbers: Iterable[int]) -> None:
        """Keeps dragged cards where they are, and routes the wires anew."""
        for number in numbers:
            card = self.diagram.cards[number]
            rect = self.rect(number)
            around = self.rect(card.parent).topLeft() if card.parent is not None else QPointF(0, 0)
            self.fixed[card.place] = (rect.x() - around.x(), rect.y() - around.y())
        self.rebuild()

    def shape_texts(self) -> bool:
        """Whether one more card may shape its texts in this frame. What waits is shown in the next one."""
        self._texts_left -= 1
        if self._texts_left == -1:
            self._more_texts.start()
        return self._texts_left >= 0

    def start_frame(self) -> None:
        """A frame is about to be painted."""
        self._texts_left = _TEXTS_PER_FRAME

    def refresh(self, numbers: Iterable[int]) -> None:
        """Repaints some cards."""
        for number in numbers:
            if number in self._items:
                self._items[number].update()
        self.look_changed.emit()

    # What the session says

    def _model_changed(self) -> None:
        known = {layer.id for layer in self.session.model.layers.values()}
        self.expanded = {place for place in self.expanded if place[0][0] in known}
        self.fixed = {place: at for place, at in self.fixed.items() if place[0][0] in known}
        self.rebuild()

    def _inference_changed(self) -> None:
        # Another model brings its own inference along, and has been shown with it already.
        if self.session.inference is not self._inferred:
            self.rebuild()

    def _selection_changed(self) -> None:
        old = self.selected | self.related
        self._take_selection()
        self.refresh(old | self.selected | self.related)

    def _take_selection(self) -> None:
        self.selected = {number for key in self.session.selection for number in self.numbers(key)}
        paths = {self.diagram.cards[number].path for number in self.selected}
        self.related = {number for path in paths for number in self._index.layers[path]} - self.selected

    def _theme_changed(self) -> None:
        self.painter = CardPainter(theme())
        for item in self._items.values():
            item.forget_texts()
        self.update()
        self.look_changed.emit()

    # Cards and items

    def _show(self, done: Arranged) -> None:
        self._items = {}
        self._itemized = QRectF()
        self.clear()
        self.diagram, self.placement = done.diagram, done.placement
        self.geometry, self._index = done.geometry, done.index
        self._paths = [None] * len(self.diagram.edges)
        self._take_selection()
        self.found, self.searching = set(), False
        self.hovered, self._look_hovered = None, set()
        self.arranged.emit()

    def wires_of(self, numbers: Iterable[int]) -> set[int]:
        """The wires at some cards."""
        return {edge for number in numbers for edge in self._index.wires[number]}


def _nested_places(model: Model) -> set[Place]:
    found: set[Place] = set()
    levels: list[tuple[Model, Place]] = [(model, ())]
    while levels:
        inside, place = levels.pop()
        for layer in inside.layers.values():
            if layer.model is not None and layer.model.layers:
                for call in range(max(1, len(layer.calls))):
                    inner = (*place, (layer.id, call))
                    found.add(inner)
                    levels.append((layer.model, inner))
    return found
