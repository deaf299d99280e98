"""Values as colours: blue below zero, orange above, the ground at zero. Colour-blind eyes tell them apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtGui import QColor, QImage

from app.theme import theme

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

STEPS = 512
RAMPS = {
    # From the lowest over zero to the highest. The nearer to zero, the nearer to the ground: what is strong stands out.
    False: ("#0b2f6b", "#1f66db", "#8db6f0", "#ffffff", "#f5b57f", "#d4660f", "#6e2f00"),
    True: ("#b8d8ff", "#5b9bff", "#2a4f8c", "#14181e", "#8a4a1c", "#f0873a", "#ffe0bd"),
}
OUTLIERS = 0.002
"""Share of values at each end that may leave the scale: one wild value would make all others pale."""


@dataclass(frozen=True)
class Scale:
    """Which value has which colour.

    Attributes:
        low: Value of the first colour.
        high: Value of the last colour.
        below: Whether there are values below `low`.
        above: Whether there are values above `high`.
    """

    low: float
    high: float
    below: bool = False
    above: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """Which part of the ramp is used, 0 to 1: half of it where all values have one sign."""
        if self.low >= 0:
            return 0.5, 1.0
        return (0.0, 0.5) if self.high <= 0 else (0.0, 1.0)


def scale(values: Array) -> Scale:
    """A scale for values: even around zero where both signs occur."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return Scale(0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    if finite.size > 1 / OUTLIERS:
        least, most = (float(value) for value in np.quantile(finite, (OUTLIERS, 1 - OUTLIERS)))
        # Where nearly all values are the same, the few others are what there is to see.
        if least < most:
            low, high = (
                (least if least - low > 0.25 * (most - least) else low),
                (most if high - most > 0.25 * (most - least) else high),
            )
    if low < 0 < high:
        reach = max(-low, high)
        low, high = -reach, reach
    elif low == high:
        low, high = (min(low, 0.0), max(high, 0.0)) if low else (0.0, 1.0)
    return Scale(low, high, bool(finite.min() < low), bool(finite.max() > high))


@lru_cache(maxsize=4)
def ramp(dark: bool) -> Array:
    """Colours from lowest to highest as 0xffRRGGBB, one more at the end for what is not a number."""
    stops = np.array([[QColor(color).red(), QColor(color).green(), QColor(color).blue()] for color in RAMPS[dark]])
    places = np.linspace(0, len(stops) - 1, STEPS)
    parts = [np.interp(places, np.arange(len(stops)), stops[:, part]).round().astype(np.uint32) for part in range(3)]
    colors = 0xFF000000 | parts[0] << 16 | parts[1] << 8 | parts[2]
    return np.append(colors, np.uint32(QColor("#d633c8").rgb())).astype(np.uint32)


def paint(values: Array, by: Scale) -> QImage:
    """A picture of a matrix, one pixel for each value. What is not a number is magenta, which no number is."""
    start, end = by.ends
    with np.errstate(invalid="ignore", over="ignore"):
        part = (np.clip(values, by.low, by.high) - by.low) / ((by.high - by.low) or 1.0)
        place = (start + part * (end - start)) * (STEPS - 1)
        places = np.where(np.isnan(place), STEPS, place.round()).astype(np.intp)
    return picture(ramp(theme().dark)[places])


def paint_color(values: Array) -> QImage:
    """A picture of (rows, columns, 3) values from 0 to 1 as red, green and blue."""
    whole = np.nan_to_num(np.clip(values, 0, 1) * 255).round().astype(np.uint32)
    return picture(0xFF000000 | whole[..., 0] << 16 | whole[..., 1] << 8 | whole[..., 2])


def picture(colors: Array) -> QImage:
    """An image of 0xffRRGGBB values."""
    colors = np.ascontiguousarray(colors, dtype=np.uint32)
    height, width = colors.shape
    # A copy: the image must not outlive the array's memory.
    return QImage(colors.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
