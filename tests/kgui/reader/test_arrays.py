"""Values and statistics of arrays, against NumPy as the judge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from kgui.errors import LimitError
from kgui.reader.arrays import Statistics, from_raw, pieces, statistics, to_raw

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "values",
    [
        RNG.normal(size=(3, 4, 5)).astype("f4"),
        RNG.normal(size=(3, 4)).astype(">f8"),
        np.asfortranarray(RNG.integers(-9, 9, (4, 5))),
        np.array(3.5),
        np.zeros((0, 3), "f4"),
        np.array([True, False]),
        np.array([1 + 2j], "c8"),
        np.arange(6).astype(ml_dtypes.bfloat16).reshape(2, 3),
        np.arange(20, dtype="i2")[::3],
    ],
    ids=lambda values: f"{values.dtype}-{values.shape}",
)
def test_values_survive_the_way_through_raw_bytes(values: np.ndarray[Any, Any]) -> None:
    value, buffers = to_raw(values)
    back = from_raw(value, [bytes(buffer) for buffer in buffers])
    assert back.shape == values.shape
    assert back.dtype.name == values.dtype.name
    np.testing.assert_array_equal(back, values)


def test_texts_come_as_a_list() -> None:
    value, buffers = to_raw(np.array([b"a\xff", "größe".encode(), b"x" * 5000], dtype=object))
    assert buffers == []
    assert from_raw(value, [])[1] == "größe"
    assert len(value["text"][2]) == 1000


def of(values: np.ndarray[Any, Any], **options: Any) -> Statistics:
    return statistics(lambda part: values[part], values.shape, values.dtype.itemsize, **options)


@pytest.mark.parametrize("shape", [(), (1,), (1000,), (3, 7, 11), (0, 4)])
def test_statistics_are_those_of_numpy(shape: tuple[int, ...]) -> None:
    values = RNG.normal(3, 2, shape).astype("f4")
    found = of(values, bins=16)
    assert found.count == values.size
    if values.size == 0:
        assert (found.minimum, found.mean, found.histogram) == (None, None, [])
        return
    assert found.minimum == values.min() and found.maximum == values.max()
    assert found.mean == pytest.approx(values.astype("f8").mean())
    assert found.std == pytest.approx(values.astype("f8").std())
    assert sum(found.histogram) == values.size
    if values.size > 1:
        assert found.histogram == np.histogram(values.astype("f8"), 16)[0].tolist()


def testpieces_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    values = RNG.normal(size=(50, 13, 7)) * 1e6 + 1e9
    values[3, 3, 3], values[4, 4, 4], values[5, 5, 5], values[6] = np.nan, np.inf, -np.inf, 0
    whole = of(values)

    def small(shape: tuple[int, ...], itemsize: int, limit: int = 64) -> Iterator[tuple[slice | int, ...]]:
        return pieces(shape, itemsize, limit)

    monkeypatch.setattr("kgui.reader.arrays.pieces", small)
    told: list[float] = []
    found = of(values, progress=told.append)
    assert (found.count, found.finite, found.nan, found.inf, found.zeros) == (4550, 4547, 1, 2, 91)
    assert found.mean == pytest.approx(whole.mean, rel=1e-12)
    assert found.std == pytest.approx(whole.std, rel=1e-12)
    assert found.histogram == whole.histogram
    assert len(told) > 100 and told == sorted(told) and told[-1] == 1


@pytest.mark.parametrize("shape", [(), (5,), (5, 0), (3, 4, 5), (2, 1000), (1, 1, 1000)])
def testpieces_cover_every_value_once_and_none_is_large(shape: tuple[int, ...]) -> None:
    seen = np.zeros(shape, int)
    for part in pieces(shape, 4, 128):
        assert seen[part].size * 4 <= 128
        seen[part] += 1
    assert (seen == 1).all()


def test_extremes_do_not_overflow() -> None:
    found = of(np.array([-1.7e308, 0, 1.7e308]), bins=4)
    assert found.histogram == [1, 0, 1, 1]
    assert found.std is None or found.std > 0
    assert of(np.full(10, 2.5)).histogram[32] == 10
    assert of(np.array([np.nan, np.inf])).minimum is None


def test_texts_have_no_statistics() -> None:
    with pytest.raises(LimitError):
        of(np.array([b"a"]))
    with pytest.raises(LimitError):
        of(np.ones(3), bins=0)


def test_an_array_that_no_machine_holds_has_none() -> None:
    with pytest.raises(LimitError, match="values"):
        statistics(lambda part: np.zeros(1), (1 << 40, 1 << 30), 4)
