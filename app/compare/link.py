"""Two views that move together: where a layer is on one side, the same layer is on the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QPointF

from app.session import LayerPath

NEAR = 60.0
"""Within about this distance, in units of the scene, a matched layer holds its place against all others."""


class Link(QObject):
    """Keeps two canvases in step.

    The layouts of two models differ: what is inserted in one pushes the rest down. So each point of one corresponds to
    the point of the other that lies the same way from the matched layers near it, nearer ones counting more.

    Args:
        views: The two `app.canvas.GraphView`.
        pairs: Gives the matched layers.
        parent: Owns it.
    """

    def __init__(
        self, views: tuple[Any, Any], pairs: Callable[[], list[tuple[LayerPath, LayerPath]]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self.on = True
        self._views = views
        self._pairs = pairs
        self._anchors: tuple[np.ndarray, np.ndarray] | None = None
        self._following = False
        for side, view in enumerate(views):
            view.moved.connect(lambda side=side: self.follow(side))
            view.graph.arranged.connect(self.forget)

    def forget(self) -> None:
        """Cards have moved, or other layers are matched."""
        self._anchors = None

    def follow(self, leader: int) -> None:
        """Shows on the other side what is shown on this one."""
        if not self.on or self._following:
            return
        ours, theirs = self._views[leader], self._views[1 - leader]
        if not theirs.graph.diagram.cards or not ours.graph.diagram.cards:
            return
        self._following = True
        middle = QPointF(ours.viewport().rect().center())
        place = ours.viewportTransform().inverted()[0].map(middle)
        if theirs.scale_factor != ours.scale_factor:
            theirs.set_scale(ours.scale_factor)
        theirs.keep_in_place(self.across(leader, place), QPointF(theirs.viewport().rect().center()))
        self._following = False

    def across(self, side: int, point: QPointF) -> QPointF:
        """The point of the other model that corresponds to a point of this one."""
        here, there = self._places(side)
        if not len(here):
            return point
        gap = here - (point.x(), point.y())
        weight = 1.0 / ((gap**2).sum(axis=1) + NEAR**2) ** 2
        by = (weight[:, None] * (there - here)).sum(axis=0) / weight.sum()
        return QPointF(point.x() + by[0], point.y() + by[1])

    def _places(self, side: int) -> tuple[np.ndarray, np.ndarray]:
        if self._anchors is None:
            rows = []
            scenes = [view.graph for view in self._views]
            for paths in self._pairs():
                found = [scene.numbers((path, 0)) for scene, path in zip(scenes, paths, strict=True)]
                if all(found):
                    rows.append(
                        [(c.x(), c.y()) for c in (_corner(s, n[0]) for s, n in zip(scenes, found, strict=True))]
                    )
            table = np.array(rows, dtype=float).reshape(-1, 2, 2)
            self._anchors = table[:, 0], table[:, 1]
        first, second = self._anchors
        return (first, second) if side == 0 else (second, first)


def _corner(scene: Any, number: int) -> QPointF:
    """The middle of the upper edge: it stays when a nested model opens."""
    rect = scene.rect(number)
    return QPointF(rect.center().x(), rect.top())
