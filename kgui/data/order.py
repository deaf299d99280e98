"""Which samples are for validation, and in which order an epoch goes through the others.

Both are functions of a seed (and of the epoch's number) alone, by a counter-based generator: an epoch can be entered at
any step, in any process, without replaying what came before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SPLIT = (1 << 64) - 1
"""Stands for the split where an epoch's number stands else."""


def _generator(seed: int, epoch: int) -> np.random.Generator:
    import numpy as np

    return np.random.Generator(np.random.Philox(key=np.array([seed, epoch], np.uint64)))


def split(rows: int, validation_fraction: float, seed: int) -> tuple[Array, Array]:
    """Parts samples into those to train on and those for validation.

    Args:
        rows: Number of samples.
        validation_fraction: Share for validation. Unless it is 0, at least one sample is kept, and at least one is
            left to train on.
        seed: Which ones.

    Returns:
        Row numbers of both, each in ascending order.
    """
    import numpy as np

    count = round(rows * validation_fraction)
    if validation_fraction > 0:
        count = min(max(count, 1), rows - 1)
    shuffled = _generator(seed, SPLIT).permutation(rows)
    return np.sort(shuffled[count:]), np.sort(shuffled[:count])


def epoch_order(rows: Array, seed: int, epoch: int, *, block: int = 1, window: int = 1 << 14) -> Array:
    """The order in which an epoch goes through its samples.

    Args:
        rows: Row numbers, ascending.
        seed: Of the run.
        epoch: From 0.
        block: Rows that are read together. With 1 all samples are shuffled; else the blocks are, and then the samples
            of so many neighbouring blocks as make up a window.
        window: Samples that are in memory at once.
    """
    import numpy as np

    generator = _generator(seed, epoch)
    if block <= 1:
        return generator.permutation(rows)
    number = rows // block
    parts = np.split(rows, np.flatnonzero(np.diff(number)) + 1)
    order = np.concatenate([parts[index] for index in generator.permutation(len(parts))])
    for start in range(0, len(order), window):
        generator.shuffle(order[start : start + window])
    return order
