"""How values are written for people: names from foreign files, shapes, counts, sizes in bytes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from kgui.graph import Shape, Weight
from kgui.reports.visible import visible

BITS = {
    "float64": 64,
    "int64": 64,
    "uint64": 64,
    "complex64": 64,
    "complex128": 128,
    "float32": 32,
    "int32": 32,
    "uint32": 32,
    "float16": 16,
    "bfloat16": 16,
    "int16": 16,
    "uint16": 16,
    "int4": 4,
    "uint4": 4,
}
"""Bits of one value; every other dtype (int8, bool, float8_e4m3fn, …) has 8."""


def plain(text: str) -> str:
    """A name from a file in full and on one line, with control characters spelled out.

    A layer may be called anything, an escape sequence for the terminal included.
    """
    return text if text.isascii() and text.isprintable() else visible(text, limit=len(text))


def shape_text(shape: Shape | None) -> str:
    """A shape as Keras writes it: "(None, 32, 32, 3)"; "?" where even its rank is not known."""
    return "?" if shape is None else f"({', '.join(map(str, shape))})"


def count_text(count: int | None) -> str:
    """A count with thousands separated; "?" where it is not known."""
    return "?" if count is None else f"{count:,}"


def size_text(count: float) -> str:
    """Bytes in a unit that people read, as Keras writes them: "1.41 KB"."""
    size = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TB"


def weight_bytes(weights: Iterable[Weight]) -> int:
    """Bytes that the values take in memory, each array in its own dtype."""
    return sum((weight.size * BITS.get(weight.dtype, 8) + 7) // 8 for weight in weights)


def text_width(text: str) -> int:
    """Columns that a text takes on a terminal: Chinese and Japanese characters take two, accents none."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns that hold all of the text.

    Breaks after a space, comma, underscore, slash or closing bracket where there is one, and within a word otherwise.
    """
    if text_width(text) <= width:
        return [text]
    lines: list[str] = []
    line, used, room = "", 0, 0  # `room`: how much of the line may stay if it has to be broken
    for char in text:
        columns = _columns(char)
        while used + columns > width and line:
            cut = room or len(line)
            lines.append(line[:cut].rstrip())
            line, room = line[cut:].lstrip(), 0
            used = text_width(line)
        line += char
        used += columns
        if char in " ,_/-)]":
            room = len(line)
    lines.append(line.rstrip())
    return lines
