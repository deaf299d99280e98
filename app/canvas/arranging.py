"""Diagram and layout of a model: at once where that is quick, beside the window's own work where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QThread, Signal

from app.canvas.collector import collector_paused
from app.canvas.geometry import Geometry
from app.canvas.index import DiagramIndex
from app.canvas.state import CanvasState
from app.session import Opened
from kgui.graph import Model
from kgui.inference.result import Inference
from kgui.layout import Diagram, DiagramOptions, Direction, LayoutOptions, Place, Placement, diagram, layout

AT_ONCE = 600
"""Calls up to which a model is laid out without a thread: some 30 ms."""


@dataclass(frozen=True)
class Arranged:
    """A diagram that has been laid out."""

    diagram: Diagram
    placement: Placement
    geometry: Geometry
    index: DiagramIndex


@dataclass(frozen=True)
class Request:
    """What to lay out."""

    model: Model
    inference: Inference | None
    risky: frozenset[str] = frozenset()
    expanded: frozenset[Place] = frozenset()
    fold: bool = False
    unfolded: frozenset[Place] = frozenset()
    direction: Direction = "TB"
    fixed: Mapping[Place, tuple[float, float]] = field(default_factory=dict)
    before: Mapping[Place, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, opened: Opened, state: CanvasState, before: Mapping[Place, tuple[float, float]] | None = None
    ) -> Request:
        """What a document looks like in some state of its canvas.

        Args:
            opened: The document.
            state: What is open, folded and placed by hand.
            before: Where cards are now.
        """
        # Places in a file are said as "layer 'lam'".
        risky = frozenset(name for risk in opened.risks for name in risk.where.split("'")[1::2])
        return cls(
            opened.model,
            opened.inference,
            risky,
            state.expanded,
            state.folding,
            state.unfolded,
            state.direction,
            state.fixed,
            before or {},
        )

    def size(self) -> int:
        """About how many cards there will be."""
        total = 0
        levels = [(self.model, ())]
        while levels:
            model, place = levels.pop()
            for layer in model.layers.values():
                total += max(1, len(layer.calls))
                if layer.model is not None:
                    for call in range(max(1, len(layer.calls))):
                        inner = (*place, (layer.id, call))
                        if inner in self.expanded:
                            levels.append((layer.model, inner))
        return total

    def carry_out(self) -> Arranged:
        """The cards and their places, and all that the canvas derives from them."""
        options = LayoutOptions(self.direction, fixed=self.fixed, before=self.before)
        with collector_paused():
            shown = DiagramOptions(expanded=self.expanded, fold=self.fold, unfolded=self.unfolded)
            made = diagram(self.model, self.inference, shown, self.risky)
            placed = layout(made, options)
            for card, rect in zip(made.cards, placed.rects, strict=True):
                card.width = rect.width
            return Arranged(made, placed, Geometry(made, placed), DiagramIndex(made))


def prepare(opened: Opened, state: CanvasState | None = None) -> Arranged:
    """The first sight of a document, made in any thread, for `app.canvas.Canvas` to start with."""
    return Request.of(opened, state or CanvasState()).carry_out()


class _Worker(QThread):
    def __init__(self, request: Request, parent: QObject) -> None:
        super().__init__(parent)
        self.request = request
        self.result: Arranged | None = None

    def run(self) -> None:
        self.result = self.request.carry_out()


class Arranger(QObject):
    """Lays out the latest request; what an earlier one still brings is dropped."""

    arranged = Signal(object)
    """What has been `Arranged`."""
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: _Worker | None = None
        self._next: Request | None = None

    @property
    def busy(self) -> bool:
        """Whether a layout is under way."""
        return self._worker is not None

    def arrange(self, request: Request) -> None:
        """Answers with `arranged`: before this returns for a small model, later for a large one."""
        if self._worker is not None:
            self._next = request
        elif request.size() <= AT_ONCE:
            self.arranged.emit(request.carry_out())
        else:
            self._start(request)

    def stop(self) -> None:
        """Waits for what is under way and forgets it."""
        self._next = None
        if self._worker is not None:
            worker, self._worker = self._worker, None
            worker.wait()
            worker.deleteLater()

    def _start(self, request: Request) -> None:
        self._worker = _Worker(request, self)
        self._worker.finished.connect(self._finished)
        self.busy_changed.emit(True)
        self._worker.start(QThread.Priority.LowPriority)

    def _finished(self) -> None:
        worker = self._worker
        if worker is None or self.sender() is not worker:
            return
        self._worker = None
        worker.deleteLater()
        following, self._next = self._next, None
        if following is not None:
            self.arrange(following)
            if self._worker is not None:
                return
        elif worker.result is not None:
            self.arranged.emit(worker.result)
        self.busy_changed.emit(False)
