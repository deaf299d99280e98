"""A drawing as PNG."""

from __future__ import annotations

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


def png(drawing: Drawing, dpi: int | None = None) -> bytes:
    """The drawing as pixels.

    Args:
        drawing: What to write.
        dpi: Dots per inch; 96 is one pixel per pixel of the drawing. None takes 192, or as much as is possible.

    Raises:
        LimitError: There would be more pixels than memory can be expected to hold.
    """
    import resvg_py

    inches = drawing.width * drawing.height / 96**2
    most = int((MAX_PIXELS / inches) ** 0.5)
    if (dpi is None and most < LEAST_DPI) or (dpi is not None and dpi > most):
        raise LimitError(
            f"The picture would have more than {MAX_PIXELS // 1_000_000} million pixels",
            hint=f"Take at most {most} dpi, or write SVG or PDF, which have no pixels.",
        )
    usual = max(LEAST_DPI, int((USUAL_PIXELS / inches) ** 0.5))
    chosen = min(USUAL_DPI, usual, most) if dpi is None else dpi
    text = svg(drawing, embed_fonts=False)
    fonts = [str(resources.path("fonts", name)) for name in FILES.values()]
    # Fonts of the system are needed only for characters that the bundled ones lack; looking for them takes a second.
    plain = all(text.text.isascii() or all(ord(c) < 0x2200 for c in text.text) for text in drawing.texts())
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=text, zoom=chosen / 96, font_files=fonts, skip_system_fonts=plain, sans_serif_family="Inter"
        )
    )
