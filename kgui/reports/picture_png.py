"""A drawing as PNG."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from kgui import resources
from kgui.errors import LimitError
from kgui.reports.picture_fonts import FILES
from kgui.reports.picture_shapes import Drawing
from kgui.reports.picture_svg import svg

USUAL_DPI = 192
LEAST_DPI = 12
USUAL_PIXELS = 40_000_000
"""As large as a picture gets by itself: some seconds of work. Who asks for more dots per inch gets more."""
MAX_PIXELS = 120_000_000
"""Four bytes each, and once again while the file is packed: about 1 GB."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """What is to be turned into pixels.

    Attributes:
        svg: The picture.
        dpi: Dots per inch.
        system_fonts: Whether it has characters that the bundled fonts lack.
    """

    svg: str
    dpi: int
    system_fonts: bool


def png(drawing: Drawing, dpi: int | None = None) -> bytes:
    """The drawing as pixels.

    Args:
        drawing: What to write.
        dpi: Dots per inch; 96 is one pixel per pixel of the drawing. None takes 192, or as much as is possible.

    Raises:
        LimitError: There would be more pixels than memory can be expected to hold.
    """
    return render(prepare(drawing, dpi))


def prepare(drawing: Drawing, dpi: int | None = None) -> Pixels:
    """The part of `png` that is quick.

    Raises:
        LimitError: There would be more pixels than memory can be expected to hold.
    """
    chosen = check_dpi(drawing.width, drawing.height, dpi)
    # Fonts of the system are needed only for characters that the bundled ones lack; looking for them takes a second.
    plain = all(text.text.isascii() or all(ord(c) < 0x2200 for c in text.text) for text in drawing.texts())
    return Pixels(svg(drawing, embed_fonts=False), chosen, not plain)


def check_dpi(width: float, height: float, dpi: int | None) -> int:
    """The dots per inch for a picture of this size, in pixels of 1/96 inch.

    Raises:
        LimitError: There would be more pixels than memory can be expected to hold.
    """
    inches = max(1.0, width * height) / 96**2
    most = int((MAX_PIXELS / inches) ** 0.5)
    if (dpi is None and most < LEAST_DPI) or (dpi is not None and dpi > most):
        raise LimitError(
            f"The picture would have more than {MAX_PIXELS // 1_000_000} million pixels",
            hint=f"Take at most {most} dpi, or write SVG or PDF, which have no pixels.",
        )
    usual = max(LEAST_DPI, int((USUAL_PIXELS / inches) ** 0.5))
    return min(USUAL_DPI, usual, most) if dpi is None else dpi


def render(pixels: Pixels) -> bytes:
    """The part of `png` that takes seconds, and during which no other thread of this process runs."""
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=pixels.svg,
            zoom=pixels.dpi / 96,
            font_files=[str(resources.path("fonts", name)) for name in FILES.values()],
            skip_system_fonts=not pixels.system_fonts,
            sans_serif_family="Inter",
        )
    )


def main() -> None:
    """A process of its own for `render`: the SVG on standard input, the PNG on standard output."""
    dpi, system_fonts = sys.argv[1:]
    text = sys.stdin.buffer.read().decode("utf-8")
    sys.stdout.buffer.write(render(Pixels(text, int(dpi), system_fonts == "1")))


def command(pixels: Pixels) -> list[str]:
    """The command line of `main`. With -P, nothing is imported from the current folder."""
    return [sys.executable, "-P", "-m", __name__, str(pixels.dpi), "1" if pixels.system_fonts else "0"]


if __name__ == "__main__":
    main()
