"""An array of any size in as many values as a picture has pixels: the lowest and the highest of each block.

A mean would turn a matrix of weights grey, and every second value would hide the one that exploded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kgui.errors import LimitError
from kgui.reader.arrays import MAX_BYTES, pieces, plain

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MAX_SIDE = 1 << 14
"""Blocks along one axis. No screen shows more."""


def overview(
    read: Callable[[tuple[slice | int, ...]], Array],
    shape: tuple[int, ...],
    itemsize: int,
    *,
    axes: Sequence[int],
    index: Sequence[int],
    most: Sequence[int],
    progress: Callable[[float], None] = lambda fraction: None,
) -> tuple[Array, Array]:
    """Lowest and highest value of each block of a plane (or a line) through an array.

    Args:
        read: Reads a selection of the array.
        shape: Of the array.
        itemsize: Bytes of one value.
        axes: One or two axes of the array, ascending: those of the result.
        index: Where the plane is, for every axis of the array; what stands at `axes` does not count.
        most: Blocks along each of `axes` at the most.
        progress: Called with the fraction done.

    Returns:
        Two arrays in float64 of at most `most` values along each axis. All blocks but the last of an axis have the
        same length: the length of the axis by `most`, rounded up. A block with a NaN is NaN. Complex values count by
        their size.

    Raises:
        LimitError: There is no such plane, or its values are no numbers.
    """
    import numpy as np

    _check(shape, itemsize, axes, index, most)
    lengths = [shape[axis] for axis in axes]
    blocks = [block_length(length, limit) for length, limit in zip(lengths, most, strict=True)]
    sides = [-(-length // block) for length, block in zip(lengths, blocks, strict=True)]
    low, high = np.full(sides, np.inf), np.full(sides, -np.inf)
    parts = list(pieces(tuple(lengths), itemsize)) if math.prod(lengths) else []
    for number, part in enumerate(parts):
        spans = _spans(part, lengths)
        selection: list[slice | int] = list(index)
        for axis, (start, stop) in zip(axes, spans, strict=True):
            selection[axis] = slice(start, stop)
        values = read(tuple(selection))
        if values.dtype.kind not in "fiu":
            values = plain(values)
        values = values.reshape([stop - start for start, stop in spans])
        place = tuple(
            slice(start // block, -(-stop // block)) for (start, stop), block in zip(spans, blocks, strict=True)
        )
        with np.errstate(invalid="ignore"):
            low[place] = np.minimum(low[place], _reduced(np.minimum, values, spans, blocks))
            high[place] = np.maximum(high[place], _reduced(np.maximum, values, spans, blocks))
        progress((number + 1) / len(parts))
    return low, high


def block_length(length: int, most: int) -> int:
    """How many values of an axis become one."""
    return max(1, -(-length // most))


def _reduced(ufunc: Any, values: Array, spans: list[tuple[int, int]], blocks: list[int]) -> Array:
    for axis in reversed(range(values.ndim)):
        (start, stop), block = spans[axis], blocks[axis]
        if block > 1:
            # The first block may have begun in an earlier piece.
            starts = [0, *range(block - start % block, stop - start, block)]
            values = ufunc.reduceat(values, starts, axis=axis)
    return values


def _spans(part: tuple[slice | int, ...], lengths: list[int]) -> list[tuple[int, int]]:
    """Start and stop along every axis, for a selection that may end early and hold single rows."""
    whole: list[slice | int] = [*part, *(slice(0, length) for length in lengths[len(part) :])]
    return [(item, item + 1) if isinstance(item, int) else (item.start, item.stop) for item in whole]


def _check(
    shape: tuple[int, ...], itemsize: int, axes: Sequence[int], index: Sequence[int], most: Sequence[int]
) -> None:
    rank = len(shape)
    if len(axes) not in (1, 2) or sorted(set(axes)) != list(axes) or not all(0 <= axis < rank for axis in axes):
        raise LimitError(f"An overview is of one or two of the {rank} axes, ascending, not of {list(axes)}")
    if len(most) != len(axes) or not all(1 <= limit <= MAX_SIDE for limit in most):
        raise LimitError(f"An overview has 1 to {MAX_SIDE} blocks along each axis, not {list(most)}")
    if len(index) != rank or not all(
        axis in axes or 0 <= place < length for axis, (place, length) in enumerate(zip(index, shape, strict=True))
    ):
        raise LimitError(f"There is no plane {list(index)} in an array of the shape {list(shape)}")
    if math.prod(shape[axis] for axis in axes) * itemsize > MAX_BYTES:
        raise LimitError("The array claims to have more values than anybody could go over")
