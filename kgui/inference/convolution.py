"""Rules for convolutions: plain, transposed, depthwise, separable."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from kgui.graph import Shape, TensorSpec
from kgui.inference.rule import Answer, Ask, Misfit, Rule, count, known, need_rank, show, sizes

PADDINGS = ("valid", "same")


def window_sizes(
    spatial: Sequence[int | None],
    window: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
    padding: str,
    layer: str,
) -> tuple[int | None, ...]:
    """Spatial sizes after a window was slid over an input; None stays None.

    Source: `compute_conv_output_shape` and `compute_pooling_output_shape` of Keras.
    """
    result: list[int | None] = []
    for size, width, stride, spread in zip(spatial, window, strides, dilation, strict=True):
        if size is None:
            result.append(None)
        elif padding == "valid":
            length = (size - spread * (width - 1) - 1) // stride + 1
            if length <= 0:
                raise Misfit(
                    f"{layer} has a window of {spread * (width - 1) + 1}, but the input has only {size} there: "
                    f"spatial sizes {show(tuple(spatial))}.",
                    "Use padding='same', a smaller window, or a larger input.",
                )
            result.append(length)
        else:
            result.append((size - 1) // stride + 1)
    return tuple(result)


def padding_of(ask: Ask, allowed: Sequence[str] = PADDINGS, default: str = "valid") -> str:
    """The padding argument, which must be one of a few words."""
    padding = ask.config.get("padding", default)
    if isinstance(padding, str) and padding.lower() in allowed:
        return padding.lower()
    raise Misfit(f"padding must be one of {', '.join(allowed)}, not {padding!r}.", "Choose one of these.")


def split(shape: Shape, first: bool) -> tuple[Sequence[int | None], int | None]:
    """Spatial sizes and channels of an input."""
    return (shape[2:], shape[1]) if first else (shape[1:-1], shape[-1])


def laid_out(ask: Ask, rank: int, layer: str) -> tuple[Shape, bool, Sequence[int | None], int | None]:
    """The input of a layer with `rank` spatial axes: its shape, whether channels come first, its sizes and channels."""
    shape = ask.shape()
    need_rank(shape, rank + 2, layer)
    first = ask.channels_first()
    return shape, first, *split(shape, first)


def join(batch: int | None, spatial: Sequence[int | None], channels: int | None, first: bool) -> Shape:
    """The shape of an output with these spatial sizes and channels."""
    return (batch, channels, *spatial) if first else (batch, *spatial, channels)


def times(spatial: Sequence[int | None], each: int) -> int | None:
    """Multiply-adds of a window that costs `each` at every place of an output."""
    places = count(spatial)
    return None if places is None else places * each


def strides_and_dilation(ask: Ask, rank: int, layer: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Both arguments; Keras refuses both at once."""
    strides = sizes(ask.config.get("strides", 1), rank, "strides")
    dilation = sizes(ask.config.get("dilation_rate", 1), rank, "dilation_rate")
    if max(strides) > 1 and max(dilation) > 1:
        raise Misfit(
            f"{layer} has strides {strides} and dilation_rate {dilation}: only one of them may be above 1.",
            "Set one of them to 1.",
        )
    return strides, dilation


def convolution(rank: int) -> Rule:
    """The rule of Conv1D, Conv2D or Conv3D."""
    layer = f"Conv{rank}D"
    paddings = ("valid", "same", "causal") if rank == 1 else PADDINGS

    def rule(ask: Ask) -> Answer:
        shape, first, spatial, channels = laid_out(ask, rank, layer)
        filters = ask.whole("filters")
        groups = ask.config.get("groups") or 1
        window = sizes(ask.config.get("kernel_size"), rank, "kernel_size")
        strides, dilation = strides_and_dilation(ask, rank, layer)
        padding = padding_of(ask, paddings)
        channels = known(channels, "number of channels", layer)
        if groups != 1:
            groups = ask.whole("groups")
            if channels % groups or filters % groups:
                raise Misfit(
                    f"{layer} has {groups} groups, which divide neither evenly: {channels} input channels, "
                    f"{filters} filters.",
                    "Use a number of groups that divides both.",
                )
        out = window_sizes(spatial, window, strides, dilation, padding, layer)
        weights = [ask.weight("kernel", (*window, channels // groups, filters))]
        if ask.flag("use_bias", True):
            weights.append(ask.weight("bias", (filters,)))
        spec = TensorSpec(join(shape[0], out, filters, first), ask.compute)
        return Answer((spec,), weights, times(out, math.prod(window) * (channels // groups) * filters))

    return rule


def transposed(rank: int) -> Rule:
    """The rule of Conv1DTranspose, Conv2DTranspose or Conv3DTranspose."""
    layer = f"Conv{rank}DTranspose"

    def rule(ask: Ask) -> Answer:
        shape, first, spatial, channels = laid_out(ask, rank, layer)
        filters = ask.whole("filters")
        window = sizes(ask.config.get("kernel_size"), rank, "kernel_size")
        strides, dilation = strides_and_dilation(ask, rank, layer)
        padding = padding_of(ask)
        extra = ask.config.get("output_padding")
        extras = (None,) * rank if extra is None else sizes(extra, rank, "output_padding", least=0)
        channels = known(channels, "number of channels", layer)
        fixed = ask.config.get("output_shape")  # Keras 1's Deconvolution2D is told its output shape.
        if isinstance(fixed, (list, tuple)) and len(fixed) == rank + 2:
            out, _ = split(tuple(size if type(size) is int else None for size in fixed), first)
        else:
            out = transposed_sizes(spatial, window, strides, dilation, extras, padding)
        weights = [ask.weight("kernel", (*window, filters, channels))]
        if ask.flag("use_bias", True):
            weights.append(ask.weight("bias", (filters,)))
        spec = TensorSpec(join(shape[0], out, filters, first), ask.compute)
        return Answer((spec,), weights, times(spatial, math.prod(window) * channels * filters))

    return rule


def transposed_sizes(
    spatial: Sequence[int | None],
    window: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
    extras: Sequence[int | None],
    padding: str,
) -> tuple[int | None, ...]:
    """Spatial sizes after a transposed convolution."""
    return tuple(_grown(*one, padding) for one in zip(spatial, window, strides, dilation, extras, strict=True))


def _grown(size: int | None, window: int, stride: int, spread: int, extra: int | None, padding: str) -> int | None:
    """One spatial size after a transposed convolution (Keras' `_get_output_shape_given_tf_padding`)."""
    if size is None:
        return None
    width = spread * (window - 1) + 1
    if extra is None:
        return size * stride if padding == "same" else size * stride + max(width - stride, 0)
    if padding == "same":
        return (size - 1) * stride + width % 2 + extra
    return (size - 1) * stride + width + extra


def depthwise(rank: int) -> Rule:
    """The rule of DepthwiseConv1D or DepthwiseConv2D."""
    layer = f"DepthwiseConv{rank}D"

    def rule(ask: Ask) -> Answer:
        shape, first, spatial, channels = laid_out(ask, rank, layer)
        multiplier = ask.whole("depth_multiplier", 1)
        window = sizes(ask.config.get("kernel_size"), rank, "kernel_size")
        strides, dilation = strides_and_dilation(ask, rank, layer)
        padding = padding_of(ask)
        channels = known(channels, "number of channels", layer)
        out = window_sizes(spatial, window, strides, dilation, padding, layer)
        weights = [ask.weight("kernel", (*window, channels, multiplier))]
        if ask.flag("use_bias", True):
            weights.append(ask.weight("bias", (channels * multiplier,)))
        spec = TensorSpec(join(shape[0], out, channels * multiplier, first), ask.compute)
        return Answer((spec,), weights, times(out, math.prod(window) * channels * multiplier))

    return rule


def separable(rank: int) -> Rule:
    """The rule of SeparableConv1D or SeparableConv2D."""
    layer = f"SeparableConv{rank}D"
    paddings = ("valid", "same", "causal") if rank == 1 else PADDINGS

    def rule(ask: Ask) -> Answer:
        shape, first, spatial, channels = laid_out(ask, rank, layer)
        filters = ask.whole("filters")
        multiplier = ask.whole("depth_multiplier", 1)
        window = sizes(ask.config.get("kernel_size"), rank, "kernel_size")
        strides, dilation = strides_and_dilation(ask, rank, layer)
        padding = padding_of(ask, paddings)
        channels = known(channels, "number of channels", layer)
        out = window_sizes(spatial, window, strides, dilation, padding, layer)
        weights = [
            ask.weight("depthwise_kernel", (*window, channels, multiplier)),
            ask.weight("pointwise_kernel", (*(1,) * rank, channels * multiplier, filters)),
        ]
        if ask.flag("use_bias", True):
            weights.append(ask.weight("bias", (filters,)))
        each = math.prod(window) * channels * multiplier + channels * multiplier * filters
        return Answer((TensorSpec(join(shape[0], out, filters, first), ask.compute),), weights, times(out, each))

    return rule


def _ranks(name: str, make: Callable[[int], Rule], ranks: Sequence[int]) -> dict[str, Rule]:
    return {name.format(rank): make(rank) for rank in ranks}


RULES: dict[str, Rule] = {
    **_ranks("Conv{}D", convolution, (1, 2, 3)),
    **_ranks("Conv{}DTranspose", transposed, (1, 2, 3)),
    **_ranks("DepthwiseConv{}D", depthwise, (1, 2)),
    **_ranks("SeparableConv{}D", separable, (1, 2)),
}
