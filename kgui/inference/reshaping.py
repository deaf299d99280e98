"""Rules for layers that move values about: Reshape, Flatten, Permute, padding, cropping, repetition."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from kgui.graph import Shape, TensorSpec
from kgui.inference.rule import Answer, Ask, Misfit, Rule, count, need_rank, plain, shape_of, show, sizes, whole


def reshaped(shape: Shape, target: Shape, key: str = "target_shape") -> Shape:
    """The target with its -1 worked out, as `compute_reshape_output_shape` of Keras does."""
    if target.count(-1) > 1:
        raise Misfit(f"{key} {show(target)} has more than one -1.", "Only one size can be worked out.")
    if any(size is not None and size < -1 for size in target):
        raise Misfit(f"{key} {show(target)} has a negative size.", "Use sizes of 0 or more, and -1 once at most.")
    if None in shape or None in target:
        return tuple(None if size == -1 else size for size in target)
    total = math.prod(size for size in shape if size is not None)
    fixed = math.prod(size for size in target if size is not None and size != -1)
    if -1 not in target:
        if fixed != total:
            raise Misfit(
                f"An input of {show(shape)} has {total} values for each sample, but {key} {show(target)} has {fixed}.",
                "Choose sizes whose product is the same, or write -1 for one of them.",
            )
        return target
    if fixed == 0 or total % fixed:
        raise Misfit(
            f"An input of {show(shape)} has {total} values for each sample, which {key} {show(target)} cannot hold.",
            "Choose sizes whose product divides the number of values.",
        )
    return tuple(total // fixed if size == -1 else size for size in target)


def reshape(ask: Ask) -> Answer:
    """Reshape, without the batch axis."""
    spec = ask.tensor()
    shape = ask.shape()
    target = shape_of(ask.config.get("target_shape"))
    if target is None:
        raise Misfit("Reshape needs target_shape, a list of sizes without the batch size.", "Set target_shape.")
    return Answer((TensorSpec((shape[0], *reshaped(shape[1:], target)), ask.autocast(spec.dtype)),))


def flatten(ask: Ask) -> Answer:
    """Flatten: all axes but the batch become one."""
    spec = ask.tensor()
    shape = ask.shape()
    if not shape:
        raise Misfit("Flatten needs a batch axis.")
    return Answer((TensorSpec((shape[0], count(shape[1:])), ask.autocast(spec.dtype)),))


def permute(ask: Ask) -> Answer:
    """Permute: axes in another order, counted from 1 after the batch."""
    spec = ask.tensor()
    shape = ask.shape()
    dims = plain(ask.config.get("dims"))
    if not isinstance(dims, (list, tuple)) or sorted(map(str, dims)) != sorted(
        str(axis) for axis in range(1, len(dims) + 1)
    ):
        raise Misfit(f"dims of Permute must hold every axis from 1 once, not {dims!r}.", "Count the axes from 1.")
    need_rank(shape, len(dims) + 1, "Permute with these dims")
    order = [whole(axis, "dims") for axis in dims]
    return Answer((TensorSpec((shape[0], *(shape[axis] for axis in order)), ask.autocast(spec.dtype)),))


def repeat_vector(ask: Ask) -> Answer:
    """RepeatVector: a new axis of n after the batch."""
    shape = ask.shape()
    need_rank(shape, 2, "RepeatVector")
    return Answer((TensorSpec((shape[0], ask.whole("n"), shape[1]), ask.compute),))


def pairs(value: Any, rank: int, key: str) -> tuple[tuple[int, int], ...]:
    """Amounts before and after each of `rank` axes: a number, one number for each axis, or two for each axis."""
    value = plain(value)
    if rank == 1:
        first, second = sizes(value, 2, key, least=0)
        return ((first, second),)
    if type(value) is int:
        number = whole(value, key, least=0)
        return ((number, number),) * rank
    if not isinstance(value, (list, tuple)) or len(value) != rank:
        raise Misfit(f"{key} needs a number, {rank} numbers or {rank} pairs, not {value!r}.")
    result = []
    for item in value:
        before, after = sizes(item, 2, key, least=0)
        result.append((before, after))
    return tuple(result)


Change = Callable[[Ask, int, Any], int]
"""The size of an axis after a change: the layer, the size, and what the argument says about the axis."""


def spatial(rank: int, values: Callable[[Ask], Sequence[Any]], change: Change) -> Rule:
    """The rule of a layer that changes each spatial size by itself; unknown sizes stay so.

    Args:
        rank: Number of spatial axes.
        values: What the layer's argument says about each of them.
        change: What becomes of a size.
    """

    def rule(ask: Ask) -> Answer:
        shape = ask.shape()
        need_rank(shape, rank + 2, ask.class_name)
        result = list(shape)
        for place, value in enumerate(values(ask), 2 if ask.channels_first() else 1):
            size = result[place]
            result[place] = None if size is None else change(ask, size, value)
        return Answer((TensorSpec(tuple(result), ask.compute),))

    return rule


def padding(rank: int) -> Rule:
    """The rule of ZeroPadding."""
    return spatial(
        rank,
        lambda ask: pairs(ask.config.get("padding", 1), rank, "padding"),
        lambda ask, size, value: size + sum(value),
    )


def cropping(rank: int) -> Rule:
    """The rule of Cropping."""

    def crop(ask: Ask, size: int, value: tuple[int, int]) -> int:
        before, after = value
        if size - before - after <= 0:
            raise Misfit(
                f"{ask.class_name} takes away {before} and {after}, but the input {show(ask.shape())} has only "
                f"{size} there.",
                "Crop less.",
            )
        return size - before - after

    default = (0, 0) if rank == 2 else 1
    return spatial(rank, lambda ask: pairs(ask.config.get("cropping", default), rank, "cropping"), crop)


def upsampling(rank: int) -> Rule:
    """The rule of UpSampling."""
    return spatial(
        rank,
        lambda ask: sizes(ask.config.get("size", 2), rank, "size"),
        lambda ask, size, factor: size * int(factor),
    )


RULES: dict[str, Rule] = {
    "Reshape": reshape,
    "Flatten": flatten,
    "Permute": permute,
    "RepeatVector": repeat_vector,
    **{f"ZeroPadding{rank}D": padding(rank) for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": cropping(rank) for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": upsampling(rank) for rank in (1, 2, 3)},
}
