"""How the user left a canvas: what is open, where cards were put, and what was in sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from app.session import NodeKey
from kgui.layout import Direction, Place


@dataclass(frozen=True)
class CanvasState:
    """All of a canvas that is worth keeping from one start to the next.

    Attributes:
        direction: Which way the graph runs.
        folding: Whether runs of identical blocks are folded.
        expanded: Nested models that are open in place.
        unfolded: Frames of runs that were opened again.
        fixed: Cards that the user placed, relative to the card around them.
        selection: Nodes that are selected.
        scale: Pixels per unit, or None for the first sight of a model.
        centre: What was in the middle of the view, in scene coordinates.
    """

    direction: Direction = "TB"
    folding: bool = False
    expanded: frozenset[Place] = frozenset()
    unfolded: frozenset[Place] = frozenset()
    fixed: Mapping[Place, tuple[float, float]] = field(default_factory=dict)
    selection: tuple[NodeKey, ...] = ()
    scale: float | None = None
    centre: tuple[float, float] = (0.0, 0.0)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values from which `from_json` makes an equal state."""
        return {
            "direction": self.direction,
            "folding": self.folding,
            "expanded": sorted(self.expanded),
            "unfolded": sorted(self.unfolded),
            "fixed": [[place, *corner] for place, corner in self.fixed.items()],
            "selection": self.selection,
            "scale": self.scale,
            "centre": self.centre,
        }

    @classmethod
    def from_json(cls, value: Any) -> CanvasState:
        """The state that `to_json` was given; the first sight of a model where the value makes no sense."""
        try:
            return cls(
                cast(Direction, "LR" if value["direction"] == "LR" else "TB"),
                bool(value["folding"]),
                frozenset(_place(place) for place in value["expanded"]),
                frozenset(_place(place) for place in value["unfolded"]),
                {_place(place): (float(x), float(y)) for place, x, y in value["fixed"]},
                tuple((tuple(map(int, path)), int(call)) for path, call in value["selection"]),
                None if value["scale"] is None else float(value["scale"]),
                (float(value["centre"][0]), float(value["centre"][1])),
            )
        except (KeyError, TypeError, ValueError, IndexError):
            # Written by another version, or by hand.
            return cls()


def _place(value: Any) -> Place:
    return tuple((int(layer), int(call)) for layer, call in value)
