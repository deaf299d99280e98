"""The bundled fonts, cut down to the characters of one picture."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kgui import resources
from kgui.layout.text import Face
from kgui.reports.picture_shapes import Text

FILES: dict[Face, str] = {
    "regular": "Inter-Regular.otf",
    "strong": "Inter-SemiBold.otf",
    "mono": "JetBrainsMono-Regular.ttf",
}
FAMILIES: dict[Face, tuple[str, int]] = {
    "regular": ("Inter", 400),
    "strong": ("Inter", 600),
    "mono": ("JetBrains Mono", 400),
}
"""Family and weight of each face."""


@dataclass(frozen=True)
class FontPart:
    """A font with only the characters that are used.

    Attributes:
        data: The font file.
        opentype: True for outlines in CFF (an .otf), False for TrueType outlines.
        glyphs: Character to glyph number, the width in thousandths of the size beside it.
        name: PostScript name.
        ascent: Thousandths of the size.
        descent: Thousandths of the size, negative.
        box: Around all glyphs, in thousandths of the size.
    """

    data: bytes
    opentype: bool
    glyphs: dict[str, tuple[int, int]]
    name: str
    ascent: int
    descent: int
    box: tuple[int, int, int, int]


def parts(texts: Iterable[Text]) -> dict[Face, FontPart]:
    """For every face that occurs the font with the characters that occur in it."""
    used: dict[Face, set[str]] = {}
    for text in texts:
        used.setdefault(text.face, set()).update(text.text)
    return {face: _part(face, characters) for face, characters in used.items()}


def _part(face: Face, characters: set[str]) -> FontPart:
    from fontTools import subset  # type: ignore[import-untyped,unused-ignore]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped,unused-ignore]

    options = subset.Options()
    options.layout_features = []  # Text is placed glyph by glyph, as `kgui.layout.text` measures it.
    options.notdef_outline = True
    options.glyph_names = False
    options.name_IDs = [0, 1, 2, 4, 6]
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(sorted(characters)) + "?")
    data = io.BytesIO()
    with TTFont(str(resources.path("fonts", FILES[face])), lazy=True) as font:
        cutter.subset(font)
        font.save(data)
    return _described(TTFont(io.BytesIO(data.getvalue())), data.getvalue())


def _described(font: Any, data: bytes) -> FontPart:
    unit = 1000 / font["head"].unitsPerEm
    widths = font["hmtx"]
    glyphs = {
        chr(code): (font.getGlyphID(name), round(widths[name][0] * unit)) for code, name in font.getBestCmap().items()
    }
    head, line = font["head"], font["hhea"]
    return FontPart(
        data,
        "CFF " in font,
        glyphs,
        str(font["name"].getDebugName(6) or "Font"),
        round(line.ascent * unit),
        round(line.descent * unit),
        tuple(round(value * unit) for value in (head.xMin, head.yMin, head.xMax, head.yMax)),
    )
