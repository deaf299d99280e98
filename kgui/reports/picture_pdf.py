"""A drawing as PDF: vector outlines, and text that can be selected and searched.

Source: ISO 32000-1 (PDF 1.7), sections 7.5 (file structure), 8.5 (paths), 9.6 and 9.7 (fonts), 9.10 (ToUnicode).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from kgui.layout.text import Face
from kgui.reports.picture_fonts import FontPart, parts
from kgui.reports.picture_shapes import Drawing, Outline, Text

_POINTS = 72 / 96
_LONGEST = 14_400.0
"""No side of a page may be longer, in points. A longer picture is scaled down; it has no pixels to lose."""


def pdf(drawing: Drawing) -> bytes:
    """The drawing as a PDF document of one page, as large as the picture."""
    scale = min(_POINTS, _LONGEST / max(drawing.width, drawing.height))
    document = _Document()
    fonts = parts(drawing.texts())
    names: dict[Face, str] = {face: f"F{number}" for number, face in enumerate(fonts)}
    font_refs = " ".join(f"/{names[face]} {_font(document, part)} 0 R" for face, part in fonts.items())
    states = sorted({1.0, *(shape.fill_opacity for shape in drawing.shapes if isinstance(shape, Outline))})
    state_names = {opacity: f"G{number}" for number, opacity in enumerate(states)}
    state_refs = " ".join(f"/{name} << /ca {_number(opacity)} >>" for opacity, name in state_names.items())
    content = _content(drawing, scale, names, fonts, state_names)
    stream = document.add_stream(content.encode("latin-1"))
    width, height = _number(drawing.width * scale), _number(drawing.height * scale)
    pages = document.reserve()
    page = document.add(
        f"<< /Type /Page /Parent {pages} 0 R /MediaBox [0 0 {width} {height}] /Contents {stream} 0 R"
        f" /Resources << /Font << {font_refs} >> /ExtGState << {state_refs} >> >> >>"
    )
    document.fill(pages, f"<< /Type /Pages /Kids [{page} 0 R] /Count 1 >>")
    catalog = document.add(f"<< /Type /Catalog /Pages {pages} 0 R >>")
    info = document.add(f"<< /Title {_title(drawing.title)} /Producer (kgui) >>")
    return document.finish(catalog, info)


@dataclass(slots=True)
class _Document:
    """Numbered objects, and the table of where each is."""

    objects: list[bytes] = field(default_factory=list)

    def reserve(self) -> int:
        self.objects.append(b"")
        return len(self.objects)

    def fill(self, number: int, text: str) -> None:
        self.objects[number - 1] = text.encode("latin-1")

    def add(self, text: str) -> int:
        number = self.reserve()
        self.fill(number, text)
        return number

    def add_stream(self, data: bytes, words: str = "") -> int:
        packed = zlib.compress(data)
        number = self.reserve()
        head = f"<< /Length {len(packed)} /Filter /FlateDecode {words}>>\nstream\n".encode("latin-1")
        self.objects[number - 1] = head + packed + b"\nendstream"
        return number

    def finish(self, catalog: int, info: int) -> bytes:
        out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, content in enumerate(self.objects, 1):
            places.append(len(out))
            out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
        for place in places:
            out += b"%010d 00000 n \n" % place
        out += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (len(places) + 1, catalog, info)
        out += b"startxref\n%d\n%%%%EOF\n" % start
        return bytes(out)


def _title(text: str) -> str:
    marked = "\ufeff" + text
    return f"<{marked.encode('utf-16-be', 'replace').hex()}>"


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") or "0"


def _color(color: str) -> str:
    return " ".join(_number(int(color[i : i + 2], 16) / 255) for i in (1, 3, 5))


def _content(
    drawing: Drawing,
    scale: float,
    names: dict[Face, str],
    fonts: dict[Face, FontPart],
    states: dict[float, str],
) -> str:
    # PDF's y grows upwards: one matrix turns the whole page over, and each text back.
    rows = [f"{_number(scale)} 0 0 {_number(-scale)} 0 {_number(drawing.height * scale)} cm"]
    if drawing.background:
        rows.append(f"{_color(drawing.background)} rg 0 0 {_number(drawing.width)} {_number(drawing.height)} re f")
    rows += [
        _text(shape, names, fonts) if isinstance(shape, Text) else _outline(shape, states) for shape in drawing.shapes
    ]
    return "\n".join(rows)


_OPERATORS = {"M": "m", "L": "l", "C": "c", "Z": "h"}


def _outline(shape: Outline, states: dict[float, str]) -> str:
    words = []
    if shape.fill:
        words.append(f"{_color(shape.fill)} rg")
        if shape.fill_opacity < 1:
            words.append(f"/{states[shape.fill_opacity]} gs")
    if shape.stroke:
        words.append(f"{_color(shape.stroke)} RG {_number(shape.stroke_width)} w")
        words.append(f"[{' '.join(_number(length) for length in shape.dash)}] 0 d")
    words.extend(" ".join([*map(_number, values), _OPERATORS[letter]]) for letter, *values in shape.segments)
    words.append("B" if shape.fill and shape.stroke else "f" if shape.fill else "S")
    if shape.fill and shape.fill_opacity < 1:
        words.append(f"/{states[1.0]} gs")  # Opacity holds for text as well until it is set again.
    return " ".join(words)


def _text(shape: Text, names: dict[Face, str], fonts: dict[Face, FontPart]) -> str:
    glyphs = fonts[shape.face].glyphs
    missing = glyphs["?"]
    codes = "".join(f"{glyphs.get(character, missing)[0]:04x}" for character in shape.text)
    return (
        f"BT /{names[shape.face]} {_number(shape.size)} Tf {_color(shape.fill)} rg"
        f" 1 0 0 -1 {_number(shape.x)} {_number(shape.baseline)} Tm <{codes}> Tj ET"
    )


def _font(document: _Document, part: FontPart) -> int:
    """A composite font whose codes are glyph numbers."""
    kind = "/Subtype /OpenType " if part.opentype else f"/Length1 {len(part.data)} "
    file = document.add_stream(part.data, kind)
    box = " ".join(map(str, part.box))
    descriptor = document.add(
        f"<< /Type /FontDescriptor /FontName /{part.name} /Flags 32 /FontBBox [{box}] /ItalicAngle 0"
        f" /Ascent {part.ascent} /Descent {part.descent} /CapHeight 720 /StemV 80"
        f" /FontFile{3 if part.opentype else 2} {file} 0 R >>"
    )
    widths = " ".join(f"{glyph} [{width}]" for glyph, width in sorted(part.glyphs.values()))
    cid = document.add(
        f"<< /Type /Font /Subtype /CIDFontType{0 if part.opentype else 2} /BaseFont /{part.name}"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
        f" /FontDescriptor {descriptor} 0 R /W [{widths}]{'' if part.opentype else ' /CIDToGIDMap /Identity'} >>"
    )
    unicode = document.add_stream(_to_unicode(part).encode("latin-1"))
    return document.add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{part.name} /Encoding /Identity-H"
        f" /DescendantFonts [{cid} 0 R] /ToUnicode {unicode} 0 R >>"
    )


def _to_unicode(part: FontPart) -> str:
    """Which character each glyph is, so that text can be copied and searched."""
    rows = [f"<{glyph:04x}> <{character.encode('utf-16-be').hex()}>" for character, (glyph, _) in part.glyphs.items()]
    blocks = []
    for start in range(0, len(rows), 100):
        block = rows[start : start + 100]
        blocks.append(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar")
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n" + "\n".join(blocks) + "\nendcmap end end"
    )
