"""A model as a picture: SVG, PNG, PDF from kgui's own layout, looking like the canvas, and DOT for Graphviz."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from kgui import resources
from kgui.atomic import replacing
from kgui.errors import FileError
from kgui.graph import Model
from kgui.inference.result import Inference
from kgui.layout import (
    Badge,
    Card,
    Diagram,
    DiagramOptions,
    Direction,
    LayoutOptions,
    Placement,
    Rect,
    diagram,
    layout,
)
from kgui.layout import card as measures
from kgui.layout.text import clean, width
from kgui.reports.picture_shapes import Drawing, Outline, Text, circle, curve, rounded

ThemeName = Literal["light", "dark"]
Format = Literal["svg", "png", "pdf", "dot"]
FORMATS: tuple[Format, ...] = ("svg", "png", "pdf", "dot")

MARGIN = 32.0


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """What the picture shows, in the words of Keras' `plot_model`.

    Attributes:
        show_shapes: The output shapes.
        show_dtype: The output dtypes.
        show_layer_names: The layers' names.
        rankdir: "TB" from top to bottom, "LR" from left to right.
        expand_nested: Opens nested models, however deep.
        dpi: Dots per inch of a PNG; None takes 192, or less where the picture would be too large.
        show_layer_activations: The activation of every layer that has one, the default one too.
        show_trainable: Whether each layer is trainable.
        show_arguments: The telling arguments in one line, as on the canvas.
        fold_repeats: Shows runs of identical blocks as one of them in a frame "× 16".
        theme: Colours.
        transparent: Whether the ground is left out.
    """

    show_shapes: bool = False
    show_dtype: bool = False
    show_layer_names: bool = True
    rankdir: Direction = "TB"
    expand_nested: bool = False
    dpi: int | None = None
    show_layer_activations: bool = False
    show_trainable: bool = False
    show_arguments: bool = True
    fold_repeats: bool = False
    theme: ThemeName = "light"
    transparent: bool = False

    def diagram_options(self) -> DiagramOptions:
        """The same for `kgui.layout.diagram`."""
        return DiagramOptions(
            shapes=self.show_shapes,
            dtypes=self.show_dtype,
            names=self.show_layer_names,
            arguments=self.show_arguments,
            activations=self.show_layer_activations,
            trainable=self.show_trainable,
            expand_nested=self.expand_nested,
            fold=self.fold_repeats,
            whole=True,
        )


_DEFAULT = PictureOptions()


def picture(
    model: Model,
    inference: Inference | None = None,
    options: PictureOptions = _DEFAULT,
    risky: Collection[str] = (),
) -> Drawing:
    """Draws a model.

    Args:
        model: The graph.
        inference: Its shapes; without it they are shown as not known.
        options: What to show.
        risky: Names of layers that carry a risk.
    """
    cards = diagram(model, inference, options.diagram_options(), risky)
    return draw(cards, layout(cards, LayoutOptions(options.rankdir)), options, clean(model.name))


def draw(cards: Diagram, placement: Placement, options: PictureOptions = _DEFAULT, title: str = "") -> Drawing:
    """Draws a diagram that has been laid out, such as the one on the canvas with all that the user opened and moved."""
    left, top, right, bottom = _bounds(placement)
    drawing = Drawing(right - left + 2 * MARGIN, bottom - top + 2 * MARGIN, title)
    pen = _Pen(drawing, _colors(options.theme), MARGIN - left, MARGIN - top, placement.direction == "LR")
    drawing.background = None if options.transparent else pen.colors["canvas"]
    for card, rect in zip(cards.cards, placement.rects, strict=True):
        if card.expanded:
            pen.frame(rect)
    for route in placement.routes:
        pen.wire(route)
    for card, rect in zip(cards.cards, placement.rects, strict=True):
        pen.card(card, rect)
    return drawing


def save(
    path: Path,
    model: Model,
    inference: Inference | None = None,
    options: PictureOptions = _DEFAULT,
    risky: Collection[str] = (),
) -> None:
    """Writes a picture, in the format that the file's name ends with.

    Raises:
        FileError: The name ends with no known format, or the file cannot be written.
        LimitError: A PNG of that size would not fit into memory.
    """
    ending = check_format(path)
    if ending == "dot":
        content = _dot(model, inference, options)
    else:
        content = WRITERS[ending](picture(model, inference, options, risky), options)
    with replacing(path) as part:
        part.write_bytes(content)


def check_format(path: Path) -> Format:
    """The format that a file's name ends with.

    Raises:
        FileError: It is none that kgui can draw.
    """
    ending = path.suffix.lower().removeprefix(".")
    for known in FORMATS:
        if ending == known:
            return known
    raise FileError(
        f"A picture cannot be written as {ending.upper() or 'a file without an ending'}",
        where=str(path),
        hint=f"Let the name end with {', '.join('.' + name for name in FORMATS)}.",
    )


def _dot(model: Model, inference: Inference | None, options: PictureOptions) -> bytes:
    from kgui.reports.picture_dot import dot

    return str(dot(model, inference, options).to_string()).encode()


def _svg(drawing: Drawing, options: PictureOptions) -> bytes:
    from kgui.reports.picture_svg import svg

    return svg(drawing).encode()


def _png(drawing: Drawing, options: PictureOptions) -> bytes:
    from kgui.reports.picture_png import png

    return png(drawing, options.dpi)


def _pdf(drawing: Drawing, options: PictureOptions) -> bytes:
    from kgui.reports.picture_pdf import pdf

    return pdf(drawing)


WRITERS: Mapping[str, Callable[[Drawing, PictureOptions], bytes]] = {"svg": _svg, "png": _png, "pdf": _pdf}
"""A drawing as the content of a file, by format."""


@lru_cache
def _colors(theme: ThemeName) -> dict[str, str]:
    """Roles and categories of a theme file; the same files colour the window."""
    with resources.path("themes", f"{theme}.toml").open("rb") as file:
        values = tomllib.load(file)
    return {**values["colors"], **{f"category {name}": color for name, color in values["categories"].items()}}


def _bounds(placement: Placement) -> tuple[float, float, float, float]:
    xs = [x for route in placement.routes for x, _ in route]
    ys = [y for route in placement.routes for _, y in route]
    for rect in placement.rects:
        xs += (rect.x, rect.x + rect.width)
        ys += (rect.y, rect.y + rect.height)
    return (min(xs), min(ys), max(xs), max(ys)) if xs else (0.0, 0.0, 0.0, 0.0)


_TEXT_ROLES = {"title": "#ffffff", "name": "text", "arguments": "text_dim", "output": "text_faint"}
_WHITE = "#ffffff"
_SIGNS = {"error": ("!", "#c4281f"), "warning": ("!", "#a35a00"), "risky": ("!", "#a35a00")}
"""Badges that are a coloured sign on white, in both themes."""


@dataclass(slots=True)
class _Pen:
    """Draws the parts of a picture, moved so that all of it is within the margins."""

    drawing: Drawing
    colors: dict[str, str]
    dx: float
    dy: float
    across: bool

    def frame(self, rect: Rect) -> None:
        box = rounded(rect.x + self.dx, rect.y + self.dy, rect.width, rect.height, measures.RADIUS)
        accent = self.colors["accent"]
        self.drawing.shapes.append(Outline(box, accent, None, fill_opacity=0.055))
        self.drawing.shapes.append(Outline(box, None, self.colors["card_line"]))

    def wire(self, route: list[tuple[float, float]]) -> None:
        moved = [(x + self.dx, y + self.dy) for x, y in route]
        edge = self.colors["edge"]
        self.drawing.shapes.append(Outline(curve(moved, across=self.across), None, edge, 1.5))
        self.drawing.shapes.append(Outline(circle(*moved[-1], 3.0), edge))

    def card(self, card: Card, rect: Rect) -> None:
        x, y = rect.x + self.dx, rect.y + self.dy
        shapes = self.drawing.shapes
        header = self.colors[f"category {card.category.lower()}"]
        size = (rect.width, measures.HEADER if card.expanded else rect.height)
        body = size[1] > measures.HEADER
        outline = rounded(x, y, *size, measures.RADIUS)
        if not card.expanded:
            shapes.append(Outline(outline, self.colors["card"]))
        shapes.append(Outline(rounded(x, y, size[0], measures.HEADER, measures.RADIUS, lower=not body), header))
        if not card.expanded:
            line, dash = ("text_dim", (4.0, 3.0)) if card.custom else ("card_line", ())
            shapes.append(Outline(outline, None, self.colors[line], 1.2 if card.custom else 1.0, dash))
        for row in measures.lines(card, rect.width):
            color = _TEXT_ROLES[row.role]
            style = measures.STYLES[row.role]
            fill = self.colors.get(color, color)
            shapes.append(Text(x + row.x, y + row.baseline, row.text, style.size, style.face, fill))
        self._badges(card.badges, x + rect.width - measures.PADDING + 3, y + measures.HEADER / 2)

    def _badges(self, badges: tuple[Badge, ...], right: float, middle: float) -> None:
        for badge in reversed(badges):
            wide = measures.badge_width(badge.text)
            text, color = _SIGNS.get(badge.kind, (badge.text or "•", _WHITE))
            opacity = 1.0 if badge.kind in _SIGNS else 0.22
            tall = measures.BADGE_HEIGHT
            box = rounded(right - wide, middle - tall / 2, wide, tall, tall / 2)
            self.drawing.shapes.append(Outline(box, _WHITE, fill_opacity=opacity))
            style = measures.BADGE
            at = right - wide / 2 - width(text, style.size, style.face) / 2
            baseline = middle + style.size * 0.36
            self.drawing.shapes.append(Text(at, baseline, text, style.size, style.face, color))
            right -= wide + measures.BADGE_GAP
