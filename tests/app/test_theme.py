"""Themes: both have every role, and text can be read on its ground."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor, QImage

from app.theme import icon, load, style_sheet, themes
from kgui import resources
from kgui.layers.categories import CATEGORIES

pytestmark = pytest.mark.gui

NAMES = ("light", "dark")
READ = [("text", "window"), ("text", "base"), ("text_dim", "window"), ("text_dim", "base"), ("text", "accent_soft"),
        ("accent_text", "accent"), ("error", "window"), ("warning", "window"), ("good", "window"),
        ("text", "error_soft"), ("text", "warning_soft"), ("tooltip_text", "tooltip")]  # fmt: skip


def contrast(one: QColor, other: QColor) -> float:
    """The ratio of WCAG 2: 4.5 is what small text needs."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: QColor) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("text", "ground"), READ)
def test_text_can_be_read(name: str, text: str, ground: str) -> None:
    theme = load(name)
    assert contrast(theme[text], theme[ground]) >= 4.5


@pytest.mark.parametrize("name", NAMES)
def test_white_can_be_read_on_every_category(name: str) -> None:
    theme = load(name)
    for category in CATEGORIES:
        assert contrast(QColor("white"), theme.category(category)) >= 4.5, category


def test_both_themes_have_the_same_roles() -> None:
    light, dark = (load(name) for name in NAMES)
    assert light.colors.keys() == dark.colors.keys()
    assert light.series.keys() == dark.series.keys()
    assert light.categories.keys() == dark.categories.keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_style_sheet_names_only_roles_that_there_are(name: str) -> None:
    rules = re.sub(r"/\*.*?\*/", "", style_sheet(load(name)), flags=re.DOTALL)
    assert "@" not in rules


def test_an_icon_follows_the_theme(qapp) -> None:
    themes().start()
    colors = []
    for choice in NAMES:
        themes().choice = choice
        image = icon("stop", "text").pixmap(32, 32).toImage().convertToFormat(QImage.Format.Format_ARGB32)
        opaque = [image.pixelColor(x, y) for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() > 250]
        assert opaque
        colors.append(opaque[0].lightness())
    themes().choice = "system"
    assert colors[0] < 80 < 180 < colors[1]


def test_every_icon_is_drawn(qapp) -> None:
    for path in resources.path("icons").glob("*.svg"):
        image = icon(path.stem).pixmap(32, 32).toImage()
        assert any(image.pixelColor(x, y).alpha() for x in range(32) for y in range(32)), path.stem
