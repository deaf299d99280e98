"""A drawing as SVG text, complete in itself: the fonts are in it, cut down to the characters that occur."""

from __future__ import annotations

import base64
from xml.sax.saxutils import escape

from kgui.layout.text import Face
from kgui.reports.picture_fonts import FAMILIES, parts
from kgui.reports.picture_shapes import Drawing, Outline, Segment, Text

_FALLBACKS = {"regular": "sans-serif", "strong": "sans-serif", "mono": "monospace"}


def svg(drawing: Drawing, *, embed_fonts: bool = True) -> str:
    """The drawing as an SVG document.

    Args:
        drawing: What to write.
        embed_fonts: Whether the fonts come with it, so that it looks the same on a machine that lacks them.
    """
    width, height = _number(drawing.width), _number(drawing.height)
    rows = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
    ]
    if drawing.title:
        rows.append(f"<title>{escape(drawing.title)}</title>")
    rows.append(f"<style>{_styles(drawing, embed_fonts)}</style>")
    if drawing.background:
        rows.append(f'<rect width="{width}" height="{height}" fill="{drawing.background}"/>')
    rows.extend(_text(shape) if isinstance(shape, Text) else _outline(shape) for shape in drawing.shapes)
    rows.append("</svg>\n")
    return "\n".join(rows)


def _styles(drawing: Drawing, embed_fonts: bool) -> str:
    faces: dict[Face, None] = dict.fromkeys(text.face for text in drawing.texts())
    rules = [
        f'.{face}{{font-family:"{FAMILIES[face][0]}",{_FALLBACKS[face]};font-weight:{FAMILIES[face][1]};'
        "white-space:pre}"
        for face in faces
    ]
    if embed_fonts:
        for face, part in parts(drawing.texts()).items():
            family, weight = FAMILIES[face]
            kind = "otf" if part.opentype else "ttf"
            data = base64.b64encode(part.data).decode()
            rules.append(
                f'@font-face{{font-family:"{family}";font-weight:{weight};src:url(data:font/{kind};base64,{data})}}'
            )
    return "".join(rules)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _path(segments: list[Segment]) -> str:
    return "".join(letter + " ".join(_number(value) for value in values) for letter, *values in segments)


def _outline(shape: Outline) -> str:
    words = [f'd="{_path(list(shape.segments))}"', f'fill="{shape.fill or "none"}"']
    if shape.fill and shape.fill_opacity < 1:
        words.append(f'fill-opacity="{_number(shape.fill_opacity)}"')
    if shape.stroke:
        words.append(f'stroke="{shape.stroke}"')
        words.append(f'stroke-width="{_number(shape.stroke_width)}"')
    if shape.dash:
        words.append(f'stroke-dasharray="{" ".join(_number(length) for length in shape.dash)}"')
    return f"<path {' '.join(words)}/>"


def _text(shape: Text) -> str:
    return (
        f'<text x="{_number(shape.x)}" y="{_number(shape.baseline)}" class="{shape.face}"'
        f' font-size="{_number(shape.size)}" fill="{shape.fill}">{escape(shape.text)}</text>'
    )
