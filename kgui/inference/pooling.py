"""Rules for pooling: windows, global, adaptive."""

from __future__ import annotations

from kgui.graph import TensorSpec
from kgui.inference.convolution import join, laid_out, padding_of, window_sizes
from kgui.inference.rule import Answer, Ask, Rule, sizes


def pooling(name: str, rank: int) -> Rule:
    """The rule of a pooling layer with a window."""
    layer = f"{name}{rank}D"

    def rule(ask: Ask) -> Answer:
        shape, first, spatial, channels = laid_out(ask, rank, layer)
        window = sizes(ask.config.get("pool_size", 2), rank, "pool_size")
        strides = ask.config.get("strides")
        steps = window if strides is None else sizes(strides, rank, "strides")
        out = window_sizes(spatial, window, steps, (1,) * rank, padding_of(ask), layer)
        return Answer((TensorSpec(join(shape[0], out, channels, first), ask.compute),))

    return rule


def global_pooling(name: str, rank: int) -> Rule:
    """The rule of a pooling layer over all places."""
    layer = f"{name}{rank}D"

    def rule(ask: Ask) -> Answer:
        shape, first, _, channels = laid_out(ask, rank, layer)
        out = join(shape[0], (1,) * rank if ask.flag("keepdims", False) else (), channels, first)
        return Answer((TensorSpec(out, ask.compute),))

    return rule


def adaptive_pooling(name: str, rank: int) -> Rule:
    """The rule of a pooling layer that is told its output sizes."""
    layer = f"{name}{rank}D"

    def rule(ask: Ask) -> Answer:
        shape, first, _, channels = laid_out(ask, rank, layer)
        out = sizes(ask.config.get("output_size"), rank, "output_size")
        return Answer((TensorSpec(join(shape[0], out, channels, first), ask.compute),))

    return rule


RULES: dict[str, Rule] = {
    f"{name}{rank}D": make(name, rank)
    for make, names in (
        (pooling, ("MaxPooling", "AveragePooling")),
        (global_pooling, ("GlobalMaxPooling", "GlobalAveragePooling")),
        (adaptive_pooling, ("AdaptiveMaxPooling", "AdaptiveAveragePooling")),
    )
    for name in names
    for rank in (1, 2, 3)
}
