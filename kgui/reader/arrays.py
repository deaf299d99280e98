"""Values of an array for the window: parts as raw bytes, and statistics in pieces that fit into memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from kgui.errors import LimitError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

PIECE_BYTES = 16 << 20
MAX_BINS = 4096
MAX_BYTES = 1 << 41
"""Of an array with statistics: two terabytes, which take an hour. A file that claims more is not honest."""
MAX_TEXTS = 10_000
MAX_TEXT = 1000


def to_raw(values: Array) -> tuple[dict[str, Any], list[memoryview]]:
    """An array as JSON values and raw bytes: dtype name, shape, and the values little endian in C order.

    Texts have no raw form: they come as a list in "text", flattened and cut.
    """
    import numpy as np

    values = np.asarray(values)
    if values.dtype.kind in "OSU" or values.dtype.names is not None:
        texts = [_text(item) for item in values.reshape(-1)[:MAX_TEXTS].tolist()]
        return {"dtype": "str", "shape": list(values.shape), "text": texts}, []
    name = values.dtype.name
    if values.dtype.byteorder == ">":
        values = values.astype(values.dtype.newbyteorder("<"))
    raw = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
    return {"dtype": name, "shape": list(values.shape)}, [raw.data]


def from_raw(value: dict[str, Any], buffers: list[Any]) -> Array:
    """The array that `to_raw` was given; texts as an object array of at most `MAX_TEXTS`."""
    import numpy as np

    if "text" in value:
        return np.array(value["text"], dtype=object)
    return np.frombuffer(buffers[0], dtype=named_dtype(value["dtype"])).reshape(value["shape"])


def named_dtype(name: str) -> np.dtype[Any]:
    """A dtype by NumPy's name, or by that of ml_dtypes (bfloat16, float8_e4m3fn, int4, …)."""
    import numpy as np

    try:
        return np.dtype(name)
    except TypeError:
        import ml_dtypes

        return cast("np.dtype[Any]", np.dtype(getattr(ml_dtypes, name)))


def _text(item: Any) -> str:
    if isinstance(item, bytes):
        item = item.decode("utf-8", "replace")
    return str(item)[:MAX_TEXT]


@dataclass(slots=True)
class Statistics:
    """What is said about the values of an array.

    Attributes:
        count: Number of values.
        finite: How many of them are neither NaN nor infinite; minimum, maximum, mean and std are of these.
        minimum: None where no value is finite.
        maximum: None where no value is finite.
        mean: None where no value is finite.
        std: Standard deviation of the population.
        zeros: Values that are exactly 0.
        nan: Values that are not a number.
        inf: Infinite values of either sign.
        histogram: Counts in equal bins from minimum to maximum, the last one closed. Empty where no value is finite.
    """

    count: int = 0
    finite: int = 0
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    zeros: int = 0
    nan: int = 0
    inf: int = 0
    histogram: list[int] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a message."""
        return asdict(self)


def statistics(
    read: Callable[[tuple[slice | int, ...]], Array],
    shape: tuple[int, ...],
    itemsize: int,
    *,
    bins: int = 64,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Statistics:
    """Goes over an array twice, in pieces: once for the moments, once for the histogram between the extremes.

    The moments are merged as Chan, Golub and LeVeque (1979) do, in float64. An array of one piece is read once.
    """
    import numpy as np

    if not 1 <= bins <= MAX_BINS:
        raise LimitError(f"A histogram has 1 to {MAX_BINS} bins, not {bins}")
    if math.prod(shape) * itemsize > MAX_BYTES:
        raise LimitError(f"The array claims to have {math.prod(shape):,} values, which are too many to go over")
    parts = list(pieces(shape, itemsize))
    steps = len(parts) if len(parts) == 1 else 2 * len(parts)
    result = Statistics()
    mean, spread = 0.0, 0.0
    kept: Array | None = None
    # An overflow (a value of 1e308, squared) gives infinity, which is then what is said; it is no error.
    with np.errstate(over="ignore", invalid="ignore"):
        for number, piece in enumerate(parts):
            values = plain(read(piece))
            finite = values[np.isfinite(values)]
            result.count += values.size
            result.zeros += int(values.size - np.count_nonzero(values))
            nan = int(np.count_nonzero(np.isnan(values)))
            result.nan += nan
            result.inf += values.size - finite.size - nan
            if finite.size:
                low, high = float(finite.min()), float(finite.max())
                result.minimum = low if result.minimum is None else min(result.minimum, low)
                result.maximum = high if result.maximum is None else max(result.maximum, high)
                here = float(finite.mean())
                total = result.finite + finite.size
                spread += float(np.square(finite - here).sum()) + (here - mean) ** 2 * (
                    result.finite * finite.size / total
                )
                mean += (here - mean) * finite.size / total
                result.finite = total
            kept = finite if len(parts) == 1 else None
            progress((number + 1) / steps)
        if result.minimum is None or result.maximum is None:
            return result
        result.mean, result.std = _number(mean), _number(math.sqrt(spread / result.finite))
        counts = np.zeros(bins, dtype=np.int64)
        if kept is not None:
            counts += _histogram(kept, result.minimum, result.maximum, bins)
        else:
            for number, piece in enumerate(parts):
                values = plain(read(piece))
                counts += _histogram(values[np.isfinite(values)], result.minimum, result.maximum, bins)
                progress((len(parts) + number + 1) / steps)
    result.histogram = counts.tolist()
    return result


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def plain(values: Array) -> Array:
    """Real numbers in float64. Complex ones by their size."""
    import numpy as np

    values = np.asarray(values)
    if values.dtype.kind in "OSU" or values.dtype.names is not None:
        raise LimitError("These values are texts or records, which have no statistics")
    if values.dtype.kind == "c":
        values = np.abs(values)
    return values.reshape(-1).astype(np.float64)


def _histogram(values: Array, low: float, high: float, bins: int) -> Array:
    """`numpy.histogram` of values within [low, high]; unlike it, also right for a range that overflows."""
    import numpy as np

    if low == high:
        counts = np.zeros(bins, dtype=np.int64)
        counts[bins // 2] = values.size
        return counts
    # Halving keeps -1e308 … 1e308 finite.
    place = (values / 2 - low / 2) / (high / 2 - low / 2) * bins
    return np.bincount(np.clip(place.astype(np.int64), 0, bins - 1), minlength=bins)


def pieces(shape: tuple[int, ...], itemsize: int, limit: int = PIECE_BYTES) -> Iterator[tuple[slice | int, ...]]:
    """Selections that cover an array, each of at most `limit` bytes (or one value)."""
    if math.prod(shape) * max(itemsize, 1) <= limit or not shape:
        yield ()
        return
    row = math.prod(shape[1:]) * max(itemsize, 1)
    if row > limit:
        for index in range(shape[0]):
            for inner in pieces(shape[1:], itemsize, limit):
                yield (index, *inner)
        return
    step = max(1, limit // max(row, 1))
    for start in range(0, shape[0], step):
        yield (slice(start, min(start + step, shape[0])),)
