"""The square in the colour of a category that stands before the name of a layer or class."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from app.theme import theme

SIDE = 10


def swatch(category: str) -> QIcon:
    """The square of a `kgui.layers.categories.Category` in the present theme."""
    return _icon(theme().category(category).name())


@lru_cache(maxsize=64)
def _icon(color: str) -> QIcon:
    pixels = QPixmap(2 * SIDE, 2 * SIDE)
    pixels.setDevicePixelRatio(2)
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawRoundedRect(0, 0, SIDE, SIDE, 2.5, 2.5)
    painter.end()
    made = QIcon(pixels)
    # The same where the row is selected: a tinted square would be another category.
    made.addPixmap(pixels, QIcon.Mode.Selected)
    return made
