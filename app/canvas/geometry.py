"""Cards and wires as arrays: what of ten thousand of them is in sight is found in one step."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF

from kgui.layout import Diagram, Placement


class Geometry:
    """Positions of a placement.

    Attributes:
        left, top, right, bottom: Of each card, in scene coordinates.
        open: Whether a card is an open nested model.
        categories: The names of the categories that occur.
        category: For each card an index into them.
    """

    def __init__(self, diagram: Diagram, placement: Placement) -> None:
        rects = placement.rects
        self.left = np.array([rect.x for rect in rects], dtype=float)
        self.top = np.array([rect.y for rect in rects], dtype=float)
        self.right = self.left + np.array([rect.width for rect in rects], dtype=float)
        self.bottom = self.top + np.array([rect.height for rect in rects], dtype=float)
        self.open = np.array([card.expanded for card in diagram.cards], dtype=bool)
        names = {card.category: None for card in diagram.cards}
        self.categories = list(names)
        index = {name: number for number, name in enumerate(names)}
        self.category = np.array([index[card.category] for card in diagram.cards], dtype=np.int64)
        self._wires(placement)

    def _wires(self, placement: Placement) -> None:
        counts = [len(route) for route in placement.routes]
        flat = [point for route in placement.routes for point in route]
        points = np.array(flat, dtype=float).reshape(-1, 2)
        ends = np.cumsum(counts, dtype=np.int64)
        self.wire_ends = ends
        if not len(points):
            self.wire_box = np.zeros((0, 4))
            self.segments = np.zeros((0, 4))
            return
        starts = ends - np.array(counts, dtype=np.int64)
        low = np.minimum.reduceat(points, starts)
        high = np.maximum.reduceat(points, starts)
        self.wire_box = np.hstack([low, high])
        inner = np.ones(len(points), dtype=bool)
        inner[ends - 1] = False
        first = np.flatnonzero(inner)
        self.segments = np.hstack([points[first], points[first + 1]])

    def bounds(self) -> QRectF:
        """Around everything."""
        if not len(self.left):
            return QRectF()
        low_x, low_y, high_x, high_y = self.left.min(), self.top.min(), self.right.max(), self.bottom.max()
        if len(self.wire_box):
            low_x, low_y = min(low_x, self.wire_box[:, 0].min()), min(low_y, self.wire_box[:, 1].min())
            high_x, high_y = max(high_x, self.wire_box[:, 2].max()), max(high_y, self.wire_box[:, 3].max())
        return QRectF(low_x, low_y, high_x - low_x, high_y - low_y)

    def cards_in(self, area: QRectF) -> np.ndarray:
        """The numbers of the cards that an area touches."""
        return np.flatnonzero(
            (self.right >= area.left())
            & (self.left <= area.right())
            & (self.bottom >= area.top())
            & (self.top <= area.bottom())
        )

    def wires_in(self, area: QRectF) -> np.ndarray:
        """The numbers of the wires whose bounding boxes an area touches."""
        box = self.wire_box
        return np.flatnonzero(
            (box[:, 2] >= area.left())
            & (box[:, 0] <= area.right())
            & (box[:, 3] >= area.top())
            & (box[:, 1] <= area.bottom())
        )

    def move(self, card: int, x: float, y: float) -> None:
        """Puts the corner of a card elsewhere."""
        self.right[card] += x - self.left[card]
        self.bottom[card] += y - self.top[card]
        self.left[card], self.top[card] = x, y
