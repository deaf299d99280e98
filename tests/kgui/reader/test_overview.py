"""Overviews of planes through arrays, against NumPy as the judge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kgui.errors import LimitError
from kgui.reader.arrays import pieces
from kgui.reader.overview import overview

RNG = np.random.default_rng(1)


def of(values: np.ndarray[Any, Any], **options: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return overview(lambda part: values[part], values.shape, values.dtype.itemsize, **options)


def judged(plane: np.ndarray[Any, Any], most: list[int]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    blocks = [max(1, -(-length // limit)) for length, limit in zip(plane.shape, most, strict=True)]
    sides = [-(-length // block) for length, block in zip(plane.shape, blocks, strict=True)]
    low, high = np.empty(sides), np.empty(sides)
    for place in np.ndindex(*sides):
        part = plane[tuple(slice(at * block, (at + 1) * block) for at, block in zip(place, blocks, strict=True))]
        low[place], high[place] = part.min(), part.max()
    return low, high


@pytest.mark.parametrize("limit", [16 << 20, 512, 64, 8])
@pytest.mark.parametrize(
    ("shape", "axes", "index", "most"),
    [
        ((37, 23), (0, 1), (0, 0), [10, 5]),
        ((37, 23), (0, 1), (0, 0), [100, 100]),
        ((1, 50), (0, 1), (0, 0), [3, 7]),
        ((101,), (0,), (0,), [8]),
        ((3, 3, 17, 9), (2, 3), (1, 2, 0, 0), [4, 4]),
        ((3, 3, 17, 9), (0, 3), (0, 2, 11, 0), [2, 4]),
        ((6, 5, 4), (1,), (5, 0, 3), [2]),
    ],
)
def test_an_overview_is_what_numpy_finds(
    monkeypatch: pytest.MonkeyPatch, limit: int, shape: Any, axes: Any, index: Any, most: list[int]
) -> None:
    def small(shape: tuple[int, ...], itemsize: int) -> Iterator[tuple[slice | int, ...]]:
        return pieces(shape, itemsize, limit)

    monkeypatch.setattr("kgui.reader.overview.pieces", small)
    values = RNG.normal(size=shape)
    plane = values[tuple(slice(None) if axis in axes else place for axis, place in enumerate(index))]
    told: list[float] = []
    low, high = of(values, axes=axes, index=index, most=most, progress=told.append)
    wanted = judged(plane, most)
    np.testing.assert_array_equal(low, wanted[0])
    np.testing.assert_array_equal(high, wanted[1])
    assert told == sorted(told) and told[-1] == 1


def test_a_block_with_a_nan_shows_it_and_infinities_stay() -> None:
    values = np.zeros((4, 4), "f4")
    values[0, 0], values[3, 3], values[0, 3] = np.nan, np.inf, -np.inf
    low, high = of(values, axes=(0, 1), index=(0, 0), most=[2, 2])
    assert np.isnan(low[0, 0]) and np.isnan(high[0, 0])
    assert (low[0, 1], high[1, 1], high[0, 1]) == (-np.inf, np.inf, 0)


def test_an_empty_plane_has_no_blocks() -> None:
    low, high = of(np.zeros((0, 3)), axes=(0, 1), index=(0, 0), most=[5, 5])
    assert low.shape == high.shape == (0, 3)


@pytest.mark.parametrize(
    "options",
    [
        {"axes": (1, 0), "index": (0, 0), "most": [5, 5]},
        {"axes": (0, 2), "index": (0, 0), "most": [5, 5]},
        {"axes": (), "index": (0, 0), "most": []},
        {"axes": (0, 1), "index": (0,), "most": [5, 5]},
        {"axes": (0,), "index": (0, 9), "most": [5]},
        {"axes": (0, 1), "index": (0, 0), "most": [0, 5]},
        {"axes": (0, 1), "index": (0, 0), "most": [1 << 30, 5]},
    ],
)
def test_a_plane_that_is_not_there_is_a_sentence(options: dict[str, Any]) -> None:
    with pytest.raises(LimitError):
        of(np.zeros((4, 4)), **options)
