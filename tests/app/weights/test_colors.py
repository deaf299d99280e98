"""Colours of values: signs are told apart, wild values do not wash out the others, what is no number is seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6")

from app.theme import themes
from app.weights.colors import paint, scale

pytestmark = pytest.mark.gui
RNG = np.random.default_rng(0)


def colors(values: list[float]) -> list[tuple[int, int, int]]:
    matrix = np.array([values])
    image = paint(matrix, scale(matrix))
    return [image.pixelColor(place, 0).getRgb()[:3] for place in range(len(values))]


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_signs_zero_and_nan_have_colours_of_their_own(qapp: Any, choice: Any) -> None:
    themes().choice = choice
    below, zero, above, nan = colors([-1.0, 0.0, 1.0, np.nan])
    assert below[2] > below[0] and above[0] > above[2]
    assert max(zero) - min(zero) < 16
    assert nan == (214, 51, 200)
    themes().choice = "system"


def test_the_scale_is_even_around_zero() -> None:
    found = scale(np.array([-1.0, 3.0]))
    assert (found.low, found.high, found.below, found.above) == (-3.0, 3.0, False, False)
    assert scale(np.array([2.0, 5.0])).ends == (0.5, 1.0)
    assert scale(np.array([-2.0, -1.0])).ends == (0.0, 0.5)


def test_one_wild_value_leaves_the_scale() -> None:
    values = RNG.normal(size=10_000)
    values[5] = 1e6
    found = scale(values)
    assert found.high < 10 and found.above and not found.below


@pytest.mark.parametrize("values", [[], [np.nan], [0.0, 0.0], [2.5, 2.5], [np.inf, 1.0, -np.inf], [1e308, -1e308]])
def test_no_values_are_too_odd(qapp: Any, values: list[float]) -> None:
    matrix = np.array([values])
    found = scale(matrix)
    assert np.isfinite([found.low, found.high]).all()
    paint(matrix.reshape(1, -1), found) if values else None
