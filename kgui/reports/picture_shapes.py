"""What a picture is made of, before it is SVG, PDF or PNG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from kgui.layout.text import Face

Segment = tuple[str, *tuple[float, ...]]
"""("M", x, y), ("L", x, y), ("C", x1, y1, x2, y2, x, y) or ("Z",), as SVG has them, absolute."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A path that is filled, stroked, or both. Colours are "#rrggbb"; opacities are from 0 to 1."""

    segments: Sequence[Segment]
    fill: str | None = None
    stroke: str | None = None
    stroke_width: float = 1.0
    dash: tuple[float, ...] = ()
    fill_opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text from its left end on the baseline."""

    x: float
    baseline: float
    text: str
    size: float
    face: Face
    fill: str


@dataclass(slots=True)
class Drawing:
    """A picture. Shapes later in the list cover earlier ones.

    Attributes:
        width: In pixels of 1/96 inch.
        height: Likewise.
        title: What it is a picture of.
        background: Colour of the ground, or None.
        shapes: What is on it.
    """

    width: float
    height: float
    title: str = ""
    background: str | None = None
    shapes: list[Outline | Text] = field(default_factory=list)

    def texts(self) -> list[Text]:
        """The texts alone."""
        return [shape for shape in self.shapes if isinstance(shape, Text)]


_ARC = 0.5523
"""Length of the handles with which a cubic curve comes nearest to a quarter of a circle."""


def rounded(x: float, y: float, width: float, height: float, radius: float, *, lower: bool = True) -> list[Segment]:
    """A rectangle with round corners, the lower ones only if `lower`."""
    right, bottom, k = x + width, y + height, radius * (1 - _ARC)
    path: list[Segment] = [
        ("M", x + radius, y),
        ("L", right - radius, y),
        ("C", right - k, y, right, y + k, right, y + radius),
    ]
    if lower:
        path += [
            ("L", right, bottom - radius),
            ("C", right, bottom - k, right - k, bottom, right - radius, bottom),
            ("L", x + radius, bottom),
            ("C", x + k, bottom, x, bottom - k, x, bottom - radius),
        ]
    else:
        path += [("L", right, bottom), ("L", x, bottom)]
    path += [("L", x, y + radius), ("C", x, y + k, x + k, y, x + radius, y), ("Z",)]
    return path


def circle(x: float, y: float, radius: float) -> list[Segment]:
    """A circle around a point."""
    return rounded(x - radius, y - radius, 2 * radius, 2 * radius, radius)


def curve(route: Sequence[tuple[float, float]], *, across: bool) -> list[Segment]:
    """The path of an edge; see `kgui.layout.layered.Arrangement`."""
    path: list[Segment] = [("M", *route[0])]
    for (x0, y0), (x1, y1) in pairwise(route):
        if (y0 == y1) if across else (x0 == x1):
            path.append(("L", x1, y1))
        elif across:
            path.append(("C", (x0 + x1) / 2, y0, (x0 + x1) / 2, y1, x1, y1))
        else:
            path.append(("C", x0, (y0 + y1) / 2, x1, (y0 + y1) / 2, x1, y1))
    return path
