"""Widths of text without a screen, against the bundled fonts themselves."""

import pytest

from kgui import resources
from kgui.layout.text import clean, elided, width

FILES = {"regular": "Inter-Regular.otf", "strong": "Inter-SemiBold.otf", "mono": "JetBrainsMono-Regular.ttf"}


@pytest.mark.parametrize("face", FILES)
def test_the_table_says_what_the_font_says(face):
    ttlib = pytest.importorskip("fontTools.ttLib")
    font = ttlib.TTFont(resources.path("fonts", FILES[face]))
    table, cmap, unit = font["hmtx"], font.getBestCmap(), font["head"].unitsPerEm
    for code in range(32, 127):
        name = cmap[code] if not chr(code).isdigit() or f"{cmap[code]}.tf" not in table.metrics else f"{cmap[code]}.tf"
        assert width(chr(code), 1000, face) == pytest.approx(table[name][0] * 1000 / unit, abs=1), chr(code)


def test_chinese_is_as_wide_as_it_is_high():
    assert width("卷积层", 10, "strong") == 30


def test_text_is_cut_only_where_it_does_not_fit():
    assert elided("conv", 100, 13) == "conv"
    cut = elided("conv2d_batchnorm", 60, 13)
    assert cut.endswith("…") and width(cut, 13) <= 60


def test_control_and_direction_characters_do_no_harm():
    assert clean("a\u202eb\nc") == "a�b�c"
    assert clean("卷积") == "卷积"
