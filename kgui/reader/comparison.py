"""Two files compared in the reader: the values of weights never reach the window."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kgui.reports.diff import Difference, Reader, diff

if TYPE_CHECKING:
    import numpy as np

    from kgui.formats import ModelFile
    from kgui.graph import Weight

Progress = Callable[[float], None]


def compare(old: ModelFile, new: ModelFile, *, values: bool, progress: Progress) -> Difference:
    """What differs between two open files.

    Args:
        old: The first.
        new: The second.
        values: Whether the values of weights are compared; without, only their shapes and dtypes.
        progress: Called with the fraction of all values that has been read, often enough to show that it goes on.
    """
    for file in (old, new):
        # The arrays of both, so that names that the files give are compared with such names.
        file.list_weights()
    reader = _Counted(old, new, progress) if values else None
    return diff(
        old.model,
        new.model,
        old.inference,
        new.inference,
        read_a=reader.first if reader is not None else None,
        read_b=reader.second if reader is not None else None,
    )


class _Counted:
    """Reads the values of two files and tells how far it is."""

    def __init__(self, old: ModelFile, new: ModelFile, progress: Progress) -> None:
        self._progress = progress
        self._done = 0
        self._total = max(1, sum(_size(file) for file in (old, new)))
        self.first = self._reader(old)
        self.second = self._reader(new)

    def _reader(self, file: ModelFile) -> Reader:
        def read(weight: Weight, selection: tuple[slice | int, ...] | None) -> np.ndarray[Any, Any]:
            values = file.read(weight, selection)
            self._done += values.size
            self._progress(min(1.0, self._done / self._total))
            return values

        return read


def _size(file: ModelFile) -> int:
    return sum(math.prod(weight.shape) for _, layer in file.model.walk() for weight in layer.weights or ())
