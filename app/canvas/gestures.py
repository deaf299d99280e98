"""What a press of a mouse button starts: one small class per gesture, with a start, moves, and an end or a cancel."""

# ruff: noqa: D102 - what start, move, end and cancel mean is said once, in Gesture.

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QRubberBand

if TYPE_CHECKING:
    from app.canvas.view import GraphView

_EXTEND = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Gesture:
    """One movement of the mouse with a button held down."""

    def __init__(self, view: GraphView) -> None:
        self.view = view

    def start(self, event: QMouseEvent) -> None:
        """The button went down."""

    def move(self, event: QMouseEvent) -> None:
        """The mouse moved."""

    def end(self, event: QMouseEvent) -> None:
        """The button went up."""

    def cancel(self) -> None:
        """Escape was pressed: all is as it was before."""


class Pan(Gesture):
    """Moves the canvas under the window."""

    def start(self, event: QMouseEvent) -> None:
        self._from = self._last = event.position().toPoint()
        self.view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def move(self, event: QMouseEvent) -> None:
        here = event.position().toPoint()
        self.view.scroll_by(self._last - here)
        self._last = here

    def end(self, event: QMouseEvent) -> None:
        self.view.viewport().unsetCursor()

    def cancel(self) -> None:
        self.view.scroll_by(self._last - self._from)
        self.view.viewport().unsetCursor()


class Select(Gesture):
    """Draws a band; the cards that it touches are selected while it is drawn."""

    def start(self, event: QMouseEvent) -> None:
        self._origin = event.position().toPoint()
        self._before = self.view.graph.session.selection
        self._extend = bool(event.modifiers() & _EXTEND)
        self._band: QRubberBand | None = None

    def move(self, event: QMouseEvent) -> None:
        here = event.position().toPoint()
        if self._band is None:
            if not _far(here, self._origin):
                return
            self._band = QRubberBand(QRubberBand.Shape.Rectangle, self.view.viewport())
            self._band.show()
        rect = QRect(self._origin, here).normalized()
        self._band.setGeometry(rect)
        scene = self.view.graph
        area = QRectF(self.view.mapToScene(rect.topLeft()), self.view.mapToScene(rect.bottomRight()))
        touched = [
            int(number)
            for number in scene.geometry.cards_in(area)
            if not scene.diagram.cards[number].expanded or area.contains(scene.rect(int(number)))
        ]
        keys = [scene.diagram.cards[number].key for number in touched]
        scene.session.selection = [*self._before, *keys] if self._extend else keys

    def end(self, event: QMouseEvent) -> None:
        if self._band is None and not self._extend:
            self.view.graph.session.selection = ()
        self._remove()

    def cancel(self) -> None:
        self.view.graph.session.selection = self._before
        self._remove()

    def _remove(self) -> None:
        if self._band is not None:
            self._band.hide()
            self._band.deleteLater()
            self._band = None


class Rearrange(Gesture):
    """A press on a card selects it; a drag moves all selected cards of the same model with it."""

    def __init__(self, view: GraphView, number: int) -> None:
        super().__init__(view)
        self.number = number

    def start(self, event: QMouseEvent) -> None:
        self._origin = event.position().toPoint()
        self._anchor = self.view.mapToScene(self._origin)
        self._toggled = False
        self._homes: dict[int, QPointF] = {}
        scene = self.view.graph
        if event.modifiers() & _EXTEND:
            scene.toggle(self.number)
            self._toggled = True
        elif self.number not in scene.selected:
            scene.select([self.number])

    def move(self, event: QMouseEvent) -> None:
        here = event.position().toPoint()
        if not self._homes:
            if not _far(here, self._origin):
                return
            self._take()
        by = self.view.mapToScene(here) - self._anchor
        for number, home in self._homes.items():
            self.view.graph.drag(number, home.x() + by.x(), home.y() + by.y())

    def end(self, event: QMouseEvent) -> None:
        scene = self.view.graph
        if self._homes:
            scene.drop(self._homes)
        elif not self._toggled:
            scene.select([self.number])

    def cancel(self) -> None:
        if self._homes:
            self.view.graph.rebuild()

    def _take(self) -> None:
        scene = self.view.graph
        parent = scene.diagram.cards[self.number].parent
        chosen = scene.selected | {self.number}
        for number in chosen:
            card = scene.diagram.cards[number]
            if card.parent == parent:
                self._homes[number] = scene.rect(number).topLeft()


def _far(a: QPoint, b: QPoint) -> bool:
    return (a - b).manhattanLength() >= QApplication.startDragDistance()
