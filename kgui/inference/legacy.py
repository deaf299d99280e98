"""Rules for layers that Keras had once and has no more.

Sources: Keras 0.3.3 and 1.2.2 (`keras/layers/core.py`, `advanced_activations.py`), tf.keras 2.15 (`locally_connected`,
`cudnn_recurrent`).
"""

from __future__ import annotations

import math

from kgui.graph import TensorSpec
from kgui.inference.convolution import join, laid_out, padding_of, window_sizes
from kgui.inference.rule import Answer, Ask, Misfit, Rule, axes_of, known, need_rank, same, show, sizes


def maxout_dense(ask: Ask) -> Answer:
    """MaxoutDense: the largest of several Dense layers, value by value."""
    shape = ask.shape()
    need_rank(shape, 2, "MaxoutDense")
    size = known(shape[-1], "last size", "MaxoutDense")
    units, pieces = ask.whole("units"), ask.whole("nb_feature", 4)
    weights = [ask.weight("kernel", (pieces, size, units))]
    if ask.flag("use_bias", True):
        weights.append(ask.weight("bias", (pieces, units)))
    return Answer((TensorSpec((shape[0], units), ask.compute),), weights, pieces * size * units)


def highway(ask: Ask) -> Answer:
    """Highway: a Dense layer, and a second one that says how much of the input is carried on instead."""
    shape = ask.shape()
    need_rank(shape, 2, "Highway")
    size = known(shape[-1], "last size", "Highway")
    weights = [ask.weight("kernel", (size, size)), ask.weight("kernel_carry", (size, size))]
    if ask.flag("use_bias", True):
        weights += [ask.weight("bias", (size,)), ask.weight("bias_carry", (size,))]
    return Answer((TensorSpec(shape, ask.compute),), weights, 2 * size * size)


def locally_connected(rank: int) -> Rule:
    """LocallyConnected: a convolution with a kernel of its own at every place."""
    layer = f"LocallyConnected{rank}D"

    def rule(ask: Ask) -> Answer:
        shape, first, spatial, channels = laid_out(ask, rank, layer)
        if None in spatial:
            raise Misfit(f"{layer} needs known spatial sizes, but the input has shape {show(shape)}.", "Fix them.")
        size = known(channels, "number of channels", layer)
        filters = ask.whole("filters")
        window = sizes(ask.config.get("kernel_size"), rank, "kernel_size")
        strides = sizes(ask.config.get("strides", 1), rank, "strides")
        out = window_sizes(spatial, window, strides, (1,) * rank, padding_of(ask), layer)
        places = math.prod(length or 0 for length in out)
        weights = [ask.weight("kernel", (places, math.prod(window) * size, filters))]
        if ask.flag("use_bias", True):
            weights.append(ask.weight("bias", (*out, filters)))
        cost = places * math.prod(window) * size * filters
        return Answer((TensorSpec(join(shape[0], out, filters, first), ask.compute),), weights, cost)

    return rule


def cudnn(gates: int, states: int) -> Rule:
    """CuDNNLSTM and CuDNNGRU: with a bias for the input and one for the state, in one row."""

    def rule(ask: Ask) -> Answer:
        specs = ask.tensors()
        shape = specs[0].shape or ()
        need_rank(shape, 3, ask.class_name)
        size = known(shape[-1], "last size", ask.class_name)
        units = ask.whole("units")
        weights = [
            ask.weight("kernel", (size, units * gates)),
            ask.weight("recurrent_kernel", (units, units * gates)),
            ask.weight("bias", (2 * units * gates,)),
        ]
        out = (shape[0], shape[1], units) if ask.flag("return_sequences", False) else (shape[0], units)
        outputs = [TensorSpec(out, ask.compute)]
        if ask.flag("return_state", False):
            outputs += [TensorSpec((shape[0], units), ask.compute)] * states
        cost = None if shape[1] is None else shape[1] * (size + units) * units * gates
        return Answer(outputs, weights, cost)

    return rule


def shaped_activation(*names: str) -> Rule:
    """ParametricSoftplus and SReLU: a value of each parameter for every place but the shared axes."""

    def rule(ask: Ask) -> Answer:
        shape = ask.shape()
        places = list(shape[1:])
        for axis in axes_of(ask.config.get("shared_axes") or [], len(shape), "shared_axes"):
            places[axis - 1] = 1
        size = tuple(known(place, "size along every axis", ask.class_name) for place in places)
        return Answer((TensorSpec(shape, ask.compute),), [ask.weight(name, size) for name in names])

    return rule


RULES: dict[str, Rule] = {
    **dict.fromkeys(("ThresholdedReLU", "ThresholdedLinear", "LRN2D"), same),
    "MaxoutDense": maxout_dense,
    "Highway": highway,
    "LocallyConnected1D": locally_connected(1),
    "LocallyConnected2D": locally_connected(2),
    "CuDNNLSTM": cudnn(4, 2),
    "CuDNNGRU": cudnn(3, 1),
    "ParametricSoftplus": shaped_activation("alpha", "beta"),
    "SReLU": shaped_activation("t_left", "a_left", "t_right", "a_right"),
}
