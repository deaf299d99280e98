"""The measures of a card: its size, and where its lines of text stand. In pixels at 100 %."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kgui.layout.text import Face, elided, width

if TYPE_CHECKING:
    from kgui.layout.diagram import Card

HEADER = 24.0
RADIUS = 6.0
PADDING = 10.0
MIN_WIDTH = 176.0
MAX_WIDTH = 264.0
WHOLE_WIDTH = 1200.0
"""The widest card of a picture, which shows texts whole: it cannot be asked for the rest, as the canvas can."""

BADGE_HEIGHT = 15.0
BADGE_GAP = 5.0
CHEVRON = 20.0
"""Room for the sign that opens a nested model."""

INSIDE = 24.0
"""Between the frame of an open nested model and what is in it."""

Role = Literal["title", "name", "arguments", "output"]


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How one of a card's lines is set: the font's size and face, and the height that the line takes."""

    size: int
    face: Face
    height: float


STYLES: dict[Role, LineStyle] = {
    "title": LineStyle(13, "strong", HEADER),
    "name": LineStyle(13, "strong", 18.0),
    "arguments": LineStyle(12, "regular", 16.0),
    "output": LineStyle(11, "mono", 16.0),
}
BADGE = LineStyle(10, "regular", BADGE_HEIGHT)
_BODY_PADDING = 7.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text on a card.

    Attributes:
        role: Which line.
        text: As much of it as fits.
        x: Left end, from the card's left side.
        baseline: From the card's top.
    """

    role: Role
    text: str
    x: float
    baseline: float


def size(card: Card, widest: float = MAX_WIDTH) -> tuple[float, float]:
    """Width and height of a closed card."""
    header = PADDING * 2 + _width("title", card.title) + badges_width(card)
    body = [PADDING * 2 + _width(role, text) for role, text in _body(card)]
    wide = min(widest, max(MIN_WIDTH, header, *body))
    # Whole pixels of 8 keep cards of nearly the same text equally wide.
    return -(-wide // 8) * 8, height(card)


def header_width(card: Card) -> float:
    """Room that the header of an open nested model wants."""
    return PADDING * 2 + min(_width("title", f"{card.title} · {card.name}"), MAX_WIDTH) + badges_width(card)


def height(card: Card) -> float:
    """Height of a closed card."""
    lines = [STYLES[role].height for role, _ in _body(card)]
    return HEADER + (sum(lines) + 2 * _BODY_PADDING if lines else 0.0)


def badges_width(card: Card) -> float:
    """Room that the badges and the sign for opening take in the header."""
    total = CHEVRON if card.nested else 0.0
    for badge in card.badges:
        total += badge_width(badge.text) + BADGE_GAP
    return total


def badge_width(text: str) -> float:
    """Width of one badge; one without text is a round sign."""
    return BADGE_HEIGHT if not text else max(BADGE_HEIGHT, width(text, BADGE.size, BADGE.face) + 12)


def lines(card: Card, wide: float) -> Iterator[Line]:
    """The lines of a card of that width, each cut to its room. An open nested model has only its title."""
    style = STYLES["title"]
    room = wide - 2 * PADDING - badges_width(card)
    title = f"{card.title} · {card.name}" if card.expanded and card.name else card.title
    yield Line("title", elided(title, room, style.size, style.face), PADDING, HEADER / 2 + style.size * 0.36)
    if card.expanded:
        return
    room = wide - 2 * PADDING
    y = HEADER + _BODY_PADDING
    for role, text in _body(card):
        style = STYLES[role]
        yield Line(role, elided(text, room, style.size, style.face), PADDING, y + style.height / 2 + style.size * 0.36)
        y += style.height


def _body(card: Card) -> list[tuple[Role, str]]:
    rows: list[tuple[Role, str]] = [("name", card.name), ("arguments", card.arguments), ("output", card.output)]
    return [(role, text) for role, text in rows if text]


def _width(role: Role, text: str) -> float:
    return width(text, STYLES[role].size, STYLES[role].face)
