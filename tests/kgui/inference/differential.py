"""Random layers, asked of kgui's rules and of Keras: output shapes, dtypes and weights must be equal.

Run it by hand over as many cases as you like:

    python tests/kgui/inference/differential.py --cases 10000 [--seed N] [--only Conv2D,Dense]

It prints every difference and a line of totals, and exits with 1 if there is a difference.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from kgui.graph import Call, Layer, Model, TensorRef
from kgui.inference import infer

FLOATS = ("float32", "float16", "bfloat16", "float64")
POLICIES = (None, None, None, "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")


@dataclass
class Case:
    """A layer to make and what to call it with.

    Attributes:
        class_name: In keras.layers.
        config: Arguments; a `Case` among them is a nested layer.
        inputs: Batch shape and dtype of each tensor.
        call: How the tensors are passed: "one", "list", or names of keywords after the first.
        kwargs: Further arguments of the call.
    """

    class_name: str
    config: dict[str, Any] = field(default_factory=dict)
    inputs: list[tuple[tuple[int | None, ...], str]] = field(default_factory=list)
    call: Any = "one"
    kwargs: dict[str, Any] = field(default_factory=dict)


class Random:
    """What random layers are made of."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)

    def size(self, low: int = 1, high: int = 12, none: float = 0.2) -> int | None:
        return None if self.r.random() < none else self.r.randint(low, high)

    def batch(self) -> int | None:
        return None if self.r.random() < 0.8 else self.r.randint(1, 5)

    def chance(self, p: float) -> bool:
        return self.r.random() < p

    def pick(self, *values: Any) -> Any:
        return self.r.choice(values)

    def int(self, low: int, high: int) -> int:
        return self.r.randint(low, high)

    def per_axis(self, rank: int, low: int, high: int) -> Any:
        return self.r.randint(low, high) if self.chance(0.5) else tuple(self.r.randint(low, high) for _ in range(rank))

    def dtype(self, p_int: float = 0.15) -> str:
        if self.chance(p_int):
            return self.pick("int32", "int64", "uint8", "bool")
        return self.pick("float32", "float32", "float32", "float16", "bfloat16", "float64")

    def shape(self, rank: int, *, known_last: bool = True, none: float = 0.2) -> tuple[int | None, ...]:
        inner = [self.size(none=none) for _ in range(rank - 1)]
        if known_last and inner and not self.chance(0.02):
            inner[-1] = self.r.randint(1, 12)
        return (self.batch(), *inner)

    def spatial(
        self, rank: int, first: bool, low: int = 3, high: int = 16, none: float = 0.2
    ) -> tuple[int | None, ...]:
        inner = [self.size(low, high, none) for _ in range(rank)]
        channels = self.r.randint(1, 8) if not self.chance(0.02) else None
        return (self.batch(), channels, *inner) if first else (self.batch(), *inner, channels)

    def common(self, config: dict[str, Any]) -> dict[str, Any]:
        policy = self.pick(*POLICIES)
        if policy is not None:
            config["dtype"] = policy
        if self.chance(0.1):
            config["trainable"] = False
        return config


MAKERS: dict[str, Callable[[Random], Case]] = {}


def makes(*names: str) -> Callable[[Callable[..., Case]], Callable[..., Case]]:
    def register(make: Callable[..., Case]) -> Callable[..., Case]:
        for name in names:
            MAKERS[name] = lambda r, name=name: make(r, name)
        return make

    return register


def _optional(r: Random, config: dict[str, Any], **values: Any) -> dict[str, Any]:
    """Sets each of these arguments in half of the cases."""
    config.update({key: value for key, value in values.items() if r.chance(0.5)})
    return config


def _format(r: Random, config: dict[str, Any]) -> bool:
    first = r.chance(0.3)
    if first or r.chance(0.3):
        config["data_format"] = "channels_first" if first else "channels_last"
    return first


@makes("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
@makes("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D")
def _conv(r: Random, name: str) -> Case:
    rank = int(next(c for c in name if c.isdigit()))
    config: dict[str, Any] = {"kernel_size": r.per_axis(rank, 1, 4)}
    first = _format(r, config)
    shape = r.spatial(rank, first)
    if "Depthwise" not in name:
        config["filters"] = r.int(1, 8)
    if "Depthwise" in name or "Separable" in name:
        _optional(r, config, depth_multiplier=r.int(1, 3))
    if r.chance(0.4):
        config["strides"] = r.per_axis(rank, 1, 3)
    elif r.chance(0.4):
        config["dilation_rate"] = r.per_axis(rank, 1, 3)
    paddings = ["valid", "same"]
    if name in ("Conv1D", "SeparableConv1D") and not first:
        paddings.append("causal")
    _optional(r, config, padding=r.pick(*paddings), use_bias=r.chance(0.5), activation=r.pick("relu", "linear", "gelu"))
    channels = shape[1] if first else shape[-1]
    if name in ("Conv1D", "Conv2D", "Conv3D") and r.chance(0.25) and channels:
        groups = r.pick(*[g for g in range(1, channels + 1) if channels % g == 0])
        config["groups"] = groups
        config["filters"] = groups * r.int(1, 3)
    if "Transpose" in name and r.chance(0.4):
        config["output_padding"] = 0
        strides = config.get("strides", 1)
        least = strides if isinstance(strides, int) else min(strides)
        if least > 1:
            config["output_padding"] = r.int(0, least - 1)
    return Case(name, r.common(config), [(shape, r.dtype())])


@makes("MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D")
def _pool(r: Random, name: str) -> Case:
    rank = int(name[-2])
    config: dict[str, Any] = {"pool_size": r.per_axis(rank, 1, 4)}
    first = _format(r, config)
    _optional(r, config, strides=r.per_axis(rank, 1, 3), padding=r.pick("valid", "same"))
    return Case(name, r.common(config), [(r.spatial(rank, first), r.dtype())])


@makes(*(f"Global{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)))
def _global_pool(r: Random, name: str) -> Case:
    rank = int(name[-2])
    config: dict[str, Any] = {}
    first = _format(r, config)
    _optional(r, config, keepdims=r.chance(0.5))
    return Case(name, r.common(config), [(r.spatial(rank, first), r.dtype())])


@makes(*(f"Adaptive{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)))
def _adaptive_pool(r: Random, name: str) -> Case:
    rank = int(name[-2])
    config: dict[str, Any] = {"output_size": r.per_axis(rank, 1, 3)}
    first = _format(r, config)
    return Case(name, r.common(config), [(r.spatial(rank, first, none=0.0), r.dtype(0.0))])


@makes("Dense")
def _dense(r: Random, name: str) -> Case:
    config = _optional(r, {"units": r.int(1, 16)}, use_bias=r.chance(0.5), activation="relu", lora_rank=r.int(1, 3))
    return Case(name, r.common(config), [(r.shape(r.int(2, 5)), r.dtype())])


@makes("Embedding", "ReversibleEmbedding")
def _embedding(r: Random, name: str) -> Case:
    config: dict[str, Any] = {"input_dim": r.int(1, 20), "output_dim": r.int(1, 8)}
    _optional(r, config, mask_zero=r.chance(0.5))
    kwargs: dict[str, Any] = {}
    shape, dtype = r.shape(r.int(1, 4), known_last=False), r.pick("int32", "int64", "float32", "uint8")
    if name == "ReversibleEmbedding":
        _optional(r, config, tie_weights=r.chance(0.5))
        if r.chance(0.4):
            kwargs["reverse"] = True
            shape, dtype = (*r.shape(r.int(1, 3), known_last=False), config["output_dim"]), "float32"
    elif r.chance(0.3):
        config["lora_rank"] = r.int(1, 3)
    return Case(name, r.common(config), [(shape, dtype)], kwargs=kwargs)


@makes("EinsumDense")
def _einsum(r: Random, name: str) -> Case:
    a, b, c, d = (r.int(1, 6) for _ in range(4))
    steps = r.size()
    choices = [
        ("ab,bc->ac", (None, a), (b,), "c"),
        ("abc,cd->abd", (None, steps, a), (steps, b), r.pick("d", "bd") if steps else "d"),
        ("abc,cde->abde", (None, steps, a), (None, b, c), r.pick("de", "e")),
        ("abcd,cde->abe", (None, steps, a, b), (None, c), "e"),
        ("...x,xy->...y", (None, *[r.size() for _ in range(r.int(0, 2))], a), None, "y"),
        ("ab...,bc->ac...", (None, a, *[r.int(1, 5) for _ in range(r.int(0, 2))]), (b,), "c"),
        ("abc,bcd->abd", (None, a, b), (a, d), r.pick("bd", "d")),
    ]
    equation, shape, out, bias = r.pick(*choices)
    if out is None:
        out = (*shape[1:-1], b)
    config: dict[str, Any] = {"equation": equation, "output_shape": out}
    if r.chance(0.6):
        config["bias_axes"] = bias
    if r.chance(0.2):
        config["lora_rank"] = r.int(1, 3)
    return Case(name, r.common(config), [(shape, r.dtype())])


@makes("Activation")
def _activation(r: Random, name: str) -> Case:
    config = {"activation": r.pick("relu", "softmax", "gelu", "linear", "tanh", "silu", "elu", "selu", "hard_sigmoid")}
    return Case(name, r.common(config), [(r.shape(r.int(2, 5), known_last=False), r.dtype())])


@makes("ReLU", "LeakyReLU", "ELU", "Softmax", "Masking", "Identity", "ActivityRegularization", "UnitNormalization")
@makes("Flatten", "Rescaling", "Equalization", "RandomGrayscale")
def _same(r: Random, name: str) -> Case:
    rank = r.int(2, 5)
    config: dict[str, Any] = {"Rescaling": {"scale": 0.5}}.get(name, {})
    if name in ("Softmax", "UnitNormalization"):
        _optional(r, config, axis=r.pick(-1, rank - 1, -2, [-1, -2] if rank > 2 else -1))
    if name == "ReLU":
        _optional(r, config, max_value=6.0, negative_slope=0.1)
    if name in ("Equalization", "RandomGrayscale"):
        config = {"data_format": "channels_last"}
        return Case(
            name, r.common(config), [((r.batch(), r.size(), r.size(), 3), r.pick("float32", "uint8", "float16"))]
        )
    if name == "Flatten":
        _optional(r, config, data_format=r.pick("channels_first", "channels_last"))
        rank = r.int(1, 5)
    return Case(name, r.common(config), [(r.shape(rank, known_last=False), r.dtype())])


@makes("PReLU")
def _prelu(r: Random, name: str) -> Case:
    rank = r.int(2, 5)
    shape = r.shape(rank, none=0.1)
    config: dict[str, Any] = {}
    if r.chance(0.5):
        axes = [axis for axis in range(1, rank) if r.chance(0.5) or shape[axis] is None]
        config["shared_axes"] = axes or None
    return Case(name, r.common(config), [(shape, r.dtype(0.05))])


@makes("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise")
def _dropout(r: Random, name: str) -> Case:
    config = {"stddev" if name == "GaussianNoise" else "rate": 0.3}
    return Case(name, r.common(config), [(r.shape(r.int(2, 5), known_last=False), r.dtype())])


@makes("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
def _spatial_dropout(r: Random, name: str) -> Case:
    rank = int(name[-2])
    config: dict[str, Any] = {"rate": 0.3}
    if rank > 1:
        _format(r, config)
    # Not a mixed policy: SpatialDropout writes only the dtype of its weights to its config.
    policy = r.pick(None, "float16", "float64")
    if policy:
        config["dtype"] = policy
    return Case(name, config, [(r.spatial(rank, False), r.dtype())])


@makes("BatchNormalization", "LayerNormalization", "RMSNormalization", "GroupNormalization", "Normalization")
def _normalization(r: Random, name: str) -> Case:
    rank = r.int(2, 5)
    shape = r.shape(rank, none=0.1)
    axis: Any = r.int(1, rank - 1) - (rank if r.chance(0.5) else 0)
    config: dict[str, Any] = {}
    if r.chance(0.6):
        config["axis"] = axis
    if name in ("LayerNormalization", "RMSNormalization") and r.chance(0.3) and rank > 2:
        config["axis"] = [rank - 2, rank - 1] if r.chance(0.5) else [-2, -1]
    if name in ("BatchNormalization", "LayerNormalization", "GroupNormalization"):
        _optional(r, config, center=r.chance(0.5), scale=r.chance(0.5))
    if name == "BatchNormalization":
        _optional(r, config, renorm=r.chance(0.3))
    if name == "GroupNormalization":
        size = shape[config.get("axis", -1)] or 1
        config["groups"] = r.pick(-1, *[g for g in range(1, size + 1) if size % g == 0], 1)
    if name == "Normalization":
        choice = r.pick("none", "given", "axes", "plain")
        config = {}
        if choice == "none":
            config["axis"] = None
        elif choice == "given":
            config = {"mean": 1.5, "variance": 2.0}
        elif choice == "axes" and rank > 2:
            config["axis"] = (rank - 2, -1)
    return Case(name, r.common(config), [(shape, r.dtype())])


@makes("SpectralNormalization")
def _spectral(r: Random, name: str) -> Case:
    inner = MAKERS[r.pick("Dense", "Conv2D", "Conv1D", "Embedding", "Conv2DTranspose")](r)
    inner.config.pop("lora_rank", None)
    return Case(name, r.common({"layer": inner}), inner.inputs)


@makes("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract")
def _merge(r: Random, name: str) -> Case:
    rank = r.int(2, 4)
    base = r.shape(rank, known_last=False)
    number = 2 if name == "Subtract" else r.int(1, 4)
    inputs = []
    for _ in range(number):
        shape = [size if r.chance(0.8) else r.pick(1, None) for size in base[1:]]
        if r.chance(0.1) and rank > 2:
            shape = shape[1:]
        inputs.append(((base[0] if r.chance(0.8) else None, *shape), r.dtype()))
    return Case(name, r.common({}), inputs, "list")


@makes("Concatenate")
def _concatenate(r: Random, name: str) -> Case:
    rank = r.int(2, 4)
    base = r.shape(rank, known_last=False)
    axis = r.int(1, rank - 1)
    inputs = []
    for _ in range(r.int(1, 4)):
        shape = [size if r.chance(0.9) else None for size in base]
        shape[axis] = r.size()
        inputs.append((tuple(shape), r.dtype()))
    return Case(name, r.common({"axis": axis - (rank if r.chance(0.5) else 0)}), inputs, "list")


@makes("Dot")
def _dot(r: Random, name: str) -> Case:
    ranks = r.int(2, 4), r.int(2, 4)
    shapes = [list(r.shape(rank, known_last=False)) for rank in ranks]
    shapes[1][0] = shapes[0][0]
    axes = [r.int(1, ranks[0] - 1), r.int(1, ranks[1] - 1)]
    if r.chance(0.3):
        axes = [axes[0] - ranks[0], axes[1] - ranks[1]]
    size = r.int(1, 8)
    shapes[0][axes[0]] = shapes[1][axes[1]] = size
    config: dict[str, Any] = {"axes": axes}
    if r.chance(0.3):
        shapes[0][-1] = shapes[1][-1] = size
        config["axes"] = -1
    _optional(r, config, normalize=r.chance(0.5))
    return Case(name, r.common(config), [(tuple(shape), r.dtype(0.05)) for shape in shapes], "list")


@makes("Reshape")
def _reshape(r: Random, name: str) -> Case:
    sizes = [r.int(1, 4) for _ in range(r.int(1, 4))]
    target = list(sizes)
    r.r.shuffle(target)
    if r.chance(0.3) and len(target) > 1:
        target = [target[0] * target[1], *target[2:]]
    if r.chance(0.4):
        target[r.int(0, len(target) - 1)] = -1
    shape = [None if r.chance(0.1) else size for size in sizes]
    return Case(name, r.common({"target_shape": tuple(target)}), [((r.batch(), *shape), r.dtype())])


@makes("Permute")
def _permute(r: Random, name: str) -> Case:
    rank = r.int(2, 5)
    dims = list(range(1, rank))
    r.r.shuffle(dims)
    return Case(name, r.common({"dims": tuple(dims)}), [(r.shape(rank, known_last=False), r.dtype())])


@makes("RepeatVector")
def _repeat(r: Random, name: str) -> Case:
    return Case(name, r.common({"n": r.int(1, 6)}), [(r.shape(2, known_last=False), r.dtype())])


@makes(*(f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping", "UpSampling") for rank in (1, 2, 3)))
def _pad(r: Random, name: str) -> Case:
    rank = int(name[-2])
    config: dict[str, Any] = {}
    first = _format(r, config) if rank > 1 or name == "ZeroPadding1D" else False
    low = 1 if "UpSampling" in name else 0
    key = {"Z": "padding", "C": "cropping", "U": "size"}[name[0]]
    if key == "size":
        config[key] = r.per_axis(rank, low, 3)
        if rank == 1:
            config[key] = r.int(1, 3)
    elif rank == 1:
        config[key] = r.pick(r.int(0, 2), (r.int(0, 2), r.int(0, 2)))
    else:
        pairs = tuple((r.int(0, 2), r.int(0, 2)) for _ in range(rank))
        config[key] = r.pick(r.int(0, 2), tuple(r.int(0, 2) for _ in range(rank)), pairs)
    return Case(name, r.common(config), [(r.spatial(rank, first), r.dtype())])


def _rnn_arguments(r: Random, config: dict[str, Any]) -> dict[str, Any]:
    return _optional(r, config, return_sequences=r.chance(0.5), return_state=r.chance(0.4), go_backwards=r.chance(0.3))


def _cell(r: Random, name: str) -> dict[str, Any]:
    config = _optional(r, {"units": r.int(1, 6)}, use_bias=r.chance(0.5), dropout=r.pick(0.0, 0.2))
    if name.startswith("GRU"):
        _optional(r, config, reset_after=r.chance(0.5))
    return config


@makes("LSTM", "GRU", "SimpleRNN")
def _rnn(r: Random, name: str) -> Case:
    config = _rnn_arguments(r, _cell(r, name))
    shape = (r.batch(), r.size(2, 6, 0.3), r.int(1, 6))
    if shape[0] is not None and r.chance(0.3):
        config["stateful"] = True
    if shape[1] is not None and r.chance(0.1):
        config["unroll"] = True
    inputs = [(shape, r.pick(*FLOATS))]
    if r.chance(0.2):
        inputs += [((shape[0], config["units"]), "float32")] * (2 if name == "LSTM" else 1)
        return Case(name, r.common(config), inputs, ["initial_state"])
    return Case(name, r.common(config), inputs)


@makes("LSTMCell", "GRUCell", "SimpleRNNCell")
def _bare_cell(r: Random, name: str) -> Case:
    config = _cell(r, name)
    batch = r.batch()
    states = 2 if name == "LSTMCell" else 1
    inputs = [((batch, r.int(1, 6)), "float32")] + [((batch, config["units"]), "float32")] * states
    return Case(name, r.common(config), inputs, "states")


@makes("RNN")
def _rnn_of_cells(r: Random, name: str) -> Case:
    cells = [
        Case(kind, _cell(r, kind))
        for kind in (r.pick("LSTMCell", "GRUCell", "SimpleRNNCell") for _ in range(r.int(1, 3)))
    ]
    cell: Any = cells[0] if len(cells) == 1 else Case("StackedRNNCells", {"cells": cells})
    if len(cells) > 1 and r.chance(0.5):
        cell = cells
    config = _rnn_arguments(r, {"cell": cell})
    return Case(name, config, [((r.batch(), r.size(2, 6, 0.3), r.int(1, 6)), "float32")])


@makes("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def _conv_lstm(r: Random, name: str) -> Case:
    rank = int(name[-2])
    config: dict[str, Any] = {"filters": r.int(1, 4), "kernel_size": r.per_axis(rank, 1, 3)}
    first = _format(r, config)
    _rnn_arguments(r, config)
    _optional(r, config, padding=r.pick("valid", "same"), use_bias=r.chance(0.5))
    if r.chance(0.3):
        config["strides"] = r.per_axis(rank, 1, 2)
    elif r.chance(0.3):
        config["dilation_rate"] = r.per_axis(rank, 1, 2)
    inner = [r.int(4, 7) for _ in range(rank)]
    channels = r.int(1, 3)
    shape = (r.batch(), r.size(2, 4, 0.3), *((channels, *inner) if first else (*inner, channels)))
    return Case(name, r.common(config), [(shape, "float32")])


@makes("Bidirectional")
def _bidirectional(r: Random, name: str) -> Case:
    kind = r.pick("LSTM", "GRU", "SimpleRNN", "ConvLSTM1D")
    inner = MAKERS[kind](r)
    inner.config.pop("stateful", None)
    inner.config.pop("go_backwards", None)
    inner.config.pop("trainable", None)
    config: dict[str, Any] = {"layer": inner}
    _optional(r, config, merge_mode=r.pick("concat", "sum", "ave", "mul", None))
    if r.chance(0.3) and kind != "ConvLSTM1D":
        config["backward_layer"] = Case(inner.class_name, {**inner.config, "go_backwards": True, "name": "other"})
    return Case(name, r.common(config), inner.inputs[:1])


@makes("TimeDistributed")
def _time_distributed(r: Random, name: str) -> Case:
    kinds = """Dense Conv2D Conv1D MaxPooling2D Flatten BatchNormalization LSTM Dropout Reshape Bidirectional Embedding
        Activation GlobalAveragePooling1D TimeDistributed"""
    kind = r.pick(*kinds.split())
    inner = MAKERS[kind](r)
    for key in ("lora_rank", "return_state", "stateful"):
        inner.config.pop(key, None)
    if kind == "Bidirectional":
        inner.config["layer"].config.pop("return_state", None)
        if "backward_layer" in inner.config:
            inner.config["backward_layer"].config.pop("return_state", None)
        inner.config["merge_mode"] = "concat"
    shape, dtype = inner.inputs[0]
    return Case(name, r.common({"layer": inner}), [((shape[0], r.size(1, 5, 0.3), *shape[1:]), dtype)])


@makes("MultiHeadAttention")
def _mha(r: Random, name: str) -> Case:
    config: dict[str, Any] = {"num_heads": r.int(1, 4), "key_dim": r.int(1, 6)}
    out = r.pick(r.int(1, 6), (r.int(1, 4),), (r.int(1, 4), r.int(1, 4)))
    _optional(r, config, value_dim=r.int(1, 6), use_bias=r.chance(0.5), use_gate=r.chance(0.3))
    if r.chance(0.3):
        config["output_shape"] = out
    rank = r.int(3, 4)
    middle = [r.size() for _ in range(rank - 3)]
    query = (r.batch(), *middle, r.size(), r.int(1, 8))
    value = (query[0], *middle, r.size(), r.int(1, 8))
    inputs = [(query, "float32"), (value, "float32")]
    names = ["value"]
    if r.chance(0.5):
        inputs.append(((*value[:-1], r.int(1, 8)), "float32"))
        names.append("key")
    kwargs: dict[str, Any] = {}
    if r.chance(0.3):
        kwargs["return_attention_scores"] = True
    return Case(name, r.common(config), inputs, names, kwargs)


@makes("GroupQueryAttention")
def _gqa(r: Random, name: str) -> Case:
    pairs = r.int(1, 3)
    config: dict[str, Any] = {
        "head_dim": r.int(1, 5),
        "num_query_heads": pairs * r.int(1, 3),
        "num_key_value_heads": pairs,
    }
    _optional(r, config, use_bias=r.chance(0.5))
    query = (r.batch(), r.size(), r.int(1, 8))
    value = (query[0], r.size(), query[-1])
    inputs = [(query, "float32"), (value, "float32")]
    names = ["value"]
    if r.chance(0.4):
        inputs.append((value, "float32"))
        names.append("key")
    kwargs = {"return_attention_scores": True} if r.chance(0.3) else {}
    return Case(name, r.common(config), inputs, names, kwargs)


@makes("Attention", "AdditiveAttention")
def _attention(r: Random, name: str) -> Case:
    config: dict[str, Any] = _optional(r, {}, use_scale=r.chance(0.5))
    if name == "Attention":
        _optional(r, config, score_mode=r.pick("dot", "concat"))
    width = r.int(1, 6)
    batch, steps = r.batch(), r.size()
    inputs = [((batch, r.size(), width), "float32"), ((batch, steps, width), "float32")]
    if r.chance(0.4):
        inputs[1] = ((batch, steps, r.int(1, 6)), "float32")
        inputs.append(((batch, steps, width), "float32"))
    kwargs = {"return_attention_scores": True} if r.chance(0.3) else {}
    return Case(name, r.common(config), inputs, "list", kwargs)


@makes("CategoryEncoding", "Hashing", "Discretization")
def _categories(r: Random, name: str) -> Case:
    modes = {"CategoryEncoding": ("one_hot", "multi_hot", "count"), "Hashing": ("int", "one_hot", "multi_hot", "count"),
             "Discretization": ("int", "one_hot", "multi_hot", "count")}[name]  # fmt: skip
    config: dict[str, Any] = {"output_mode": r.pick(*modes)}
    config[{"CategoryEncoding": "num_tokens", "Hashing": "num_bins", "Discretization": "num_bins"}[name]] = r.int(2, 9)
    if name == "Discretization" and r.chance(0.5):
        config = {"output_mode": config["output_mode"], "bin_boundaries": [0.0, 1.0, 2.5]}
    shape = r.shape(r.int(1, 3), known_last=False, none=0.1)
    if r.chance(0.3):
        shape = (*shape, 1)
    dtype = "float32" if name == "Discretization" else r.pick("int32", "int64")
    return Case(name, config, [(shape, dtype)])


@makes("HashedCrossing")
def _crossing(r: Random, name: str) -> Case:
    config: dict[str, Any] = {"num_bins": r.int(2, 9), "output_mode": r.pick("int", "one_hot")}
    shape = (r.batch(), r.pick(1, 1, 3)) if r.chance(0.7) else (r.batch(),)
    return Case(name, config, [(shape, "int64"), (shape, "int64")], "list")


@makes("StringLookup", "IntegerLookup", "TextVectorization")
def _lookup(r: Random, name: str) -> Case:
    words: list[Any] = [3, 7, 9] if name == "IntegerLookup" else ["a", "b", "c", "d"]
    config: dict[str, Any] = {"vocabulary": words, "output_mode": r.pick("int", "multi_hot", "count")}
    if name != "TextVectorization":
        config["output_mode"] = r.pick("int", "one_hot", "multi_hot", "count")
        _optional(r, config, num_oov_indices=r.int(1, 3), mask_token="" if name == "StringLookup" else 0)
    elif config["output_mode"] == "int":
        _optional(r, config, output_sequence_length=r.int(1, 9))
    if r.chance(0.3) and config["output_mode"] != "int":
        config.update(max_tokens=20, pad_to_max_tokens=True)
    if name == "TextVectorization":
        shape: tuple[int | None, ...] = r.pick((None,), (None, 1))
    else:
        shape = r.shape(r.int(1, 3), known_last=False)
        if r.chance(0.3):
            shape = (*shape, 1)
    return Case(name, config, [(shape, "int64" if name == "IntegerLookup" else "string")])


@makes("Resizing", "CenterCrop", "RandomCrop")
def _resize(r: Random, name: str) -> Case:
    config: dict[str, Any] = {"height": r.int(1, 9), "width": r.int(1, 9)}
    first = _format(r, config)
    shape = r.spatial(2, first)
    if r.chance(0.2):
        shape = shape[1:]
    return Case(name, r.common(config), [(shape, r.pick("float32", "uint8", "float16"))])


_IMAGE: dict[str, dict[str, Any]] = {
    "AugMix": {}, "AutoContrast": {}, "CutMix": {}, "MixUp": {}, "RandAugment": {}, "RandomBrightness": {"factor": 0.1},
    "RandomColorDegeneration": {"factor": 0.3}, "RandomColorJitter": {}, "RandomContrast": {"factor": 0.3},
    "RandomElasticTransform": {}, "RandomErasing": {}, "RandomFlip": {}, "RandomGaussianBlur": {},
    "RandomHue": {"factor": 0.3}, "RandomInvert": {}, "RandomPerspective": {}, "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.1}, "RandomSaturation": {"factor": 0.3}, "RandomSharpness": {"factor": 0.3},
    "RandomShear": {"x_factor": 0.1}, "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1}, "Solarization": {}, "MaxNumBoundingBoxes": {"max_number": 4},
    "ContrastLimitedAdaptiveHistogramEqualization": {},
}  # fmt: skip


@makes(*_IMAGE)
def _image(r: Random, name: str) -> Case:
    shape = (r.batch(), r.size(), r.size(), 3)
    return Case(name, r.common(dict(_IMAGE[name])), [(shape, r.pick("float32", "uint8", "float16"))])


@makes("MelSpectrogram")
def _mel(r: Random, name: str) -> Case:
    config = _optional(r, {}, num_mel_bins=r.int(1, 40), sequence_stride=r.pick(64, 128, 256))
    shape = (r.batch(), r.size(4000, 9000)) if r.chance(0.8) else (r.size(4000, 9000),)
    return Case(name, r.common(config), [(shape, "float32")])


@makes("STFTSpectrogram")
def _stft(r: Random, name: str) -> Case:
    frame = r.int(8, 40)
    config: dict[str, Any] = {
        "frame_length": frame,
        "mode": r.pick("log", "magnitude", "psd", "real", "imag", "angle", "stft"),
    }
    first = _format(r, config)
    _optional(r, config, frame_step=r.int(1, frame), padding=r.pick("valid", "same"), expand_dims=r.chance(0.5))
    if r.chance(0.3):
        config["fft_length"] = 64
    length, channels = r.size(50, 90), r.int(1, 3)
    shape = (r.batch(), channels, length) if first else (r.batch(), length, channels)
    return Case(name, r.common(config), [(shape, "float32")])


@makes("Pipeline")
def _pipeline(r: Random, name: str) -> Case:
    layers = [Case("Rescaling", {"scale": 0.5}), Case("Resizing", {"height": r.int(1, 9), "width": r.int(1, 9)})]
    if r.chance(0.5):
        layers.append(Case("RandomFlip", {}))
    return Case(name, {"layers": layers}, [((r.batch(), r.size(), r.size(), 3), r.pick("float32", "uint8"))])


# The judge --------------------------------------------------------------------------------------------------------


def build(case: Case) -> Any:
    """The Keras layer of a case."""
    import keras

    def value(item: Any) -> Any:
        if isinstance(item, Case):
            return build(item)
        if isinstance(item, list):
            return [value(inner) for inner in item]
        return item

    return getattr(keras.layers, case.class_name)(**{key: value(item) for key, item in case.config.items()})


def arguments(case: Case, tensors: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of the call with these tensors."""
    if case.call == "list":
        return [list(tensors)], dict(case.kwargs)
    if case.call == "states":
        return [tensors[0], list(tensors[1:])], dict(case.kwargs)
    if case.call == "one":
        return [tensors[0]], dict(case.kwargs)
    if case.call == ["initial_state"]:
        return [tensors[0]], {"initial_state": list(tensors[1:]), **case.kwargs}
    return [tensors[0]], {**dict(zip(case.call, tensors[1:], strict=True)), **case.kwargs}


Facts = tuple[list[Any], list[Any]]


def by_keras(case: Case) -> tuple[dict[str, Any], Facts]:
    """The serialized layer, and Keras' outputs and weights. Raises what Keras raises."""
    import keras

    layer = build(case)
    tensors = [keras.Input(batch_shape=shape, dtype=dtype) for shape, dtype in case.inputs]
    args, kwargs = arguments(case, tensors)
    outputs = layer(*args, **kwargs)
    value = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    _freeze(layer)
    flat = keras.tree.flatten(outputs)
    return value, (
        [(tuple(t.shape), str(t.dtype)) for t in flat],
        [(w.name, tuple(w.shape), str(w.dtype), bool(w.trainable)) for w in layer.weights],
    )


def _freeze(layer: Any) -> None:
    """Freezes what a frozen layer made only when it was built, as a user does who freezes a built layer."""
    frozen = [inner for inner in layer._flatten_layers() if not inner.trainable]
    for inner in frozen:
        for deeper in inner._flatten_layers():
            deeper.trainable = False
            for variable in deeper._trainable_variables:
                variable.trainable = False


def graph_of(case: Case, value: dict[str, Any]) -> Model:
    """The case as a graph."""
    model = Model("functional")
    references = []
    for number, (shape, dtype) in enumerate(case.inputs):
        config = {"batch_shape": list(shape), "dtype": dtype, "name": f"input_{number}"}
        model.layers[number] = Layer(number, f"input_{number}", "InputLayer", config, "keras.layers", calls=[Call()])
        references.append(TensorRef(number))
    args, kwargs = arguments(case, references)
    key = len(references)
    model.layers[key] = Layer(
        key,
        "layer",
        value["class_name"],
        value["config"],
        value["module"],
        value["registered_name"],
        [Call(args, kwargs)],
    )
    model.inputs, model.outputs = references, [TensorRef(key)]
    return model


def by_rule(case: Case, value: dict[str, Any]) -> tuple[Facts, list[str], str]:
    """Outputs and weights by kgui, the problems, and where the outputs come from."""
    model = graph_of(case, value)
    inference = infer(model)
    result = inference.layers[len(case.inputs)]
    call = result.calls[0]
    return (
        (
            [(spec.shape, spec.dtype) for spec in call.outputs],
            [(w.name.rpartition("/")[2], w.shape, w.dtype, w.trainable) for w in result.weights or []],
        ),
        [problem.message for problem in inference.problems],
        call.source,
    )


def cases(seed: int, number: int, only: list[str] | None = None) -> Iterator[Case]:
    """Random cases, each class in turn."""
    names = only or sorted(MAKERS)
    for index in range(number):
        name = names[index % len(names)]
        yield MAKERS[name](Random(seed * 1_000_003 + index))


@dataclass
class Tally:
    """What a run found."""

    compared: int = 0
    refused_by_both: int = 0
    refused_by_keras_only: Counter[str] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)


def compare(case: Case, tally: Tally) -> None:
    """Asks both about one case."""
    try:
        value, expected = by_keras(case)
    except Exception as error:  # Keras raises errors of all kinds for layers that do not fit.
        try:
            value = {"class_name": case.class_name, "module": "keras.layers", "registered_name": None,
                     "config": json.loads(json.dumps(serialized(case)))["config"]}  # fmt: skip
            _, problems, source = by_rule(case, value)
        except Exception as own:
            tally.different.append(f"{case}\n    kgui raised {own!r}")
            return
        if problems or source != "rule":
            tally.refused_by_both += 1
        else:
            tally.refused_by_keras_only[f"{case.class_name}: {str(error).splitlines()[0][:100]}"] += 1
        return
    found, problems, source = by_rule(case, value)
    tally.compared += 1
    tally.classes.add(case.class_name)
    if found != expected or problems or source != "rule":
        tally.different.append(f"{case}\n    Keras {expected}\n    kgui  {found}\n    {source}, problems: {problems}")


def serialized(case: Any) -> Any:
    """A case in the form of a file, without asking Keras."""
    if isinstance(case, Case):
        return {
            "class_name": case.class_name,
            "module": "keras.layers",
            "registered_name": None,
            "config": {key: serialized(item) for key, item in case.config.items()},
        }
    if isinstance(case, list):
        return [serialized(item) for item in case]
    return case


def run(number: int, seed: int, only: list[str] | None = None) -> Tally:
    """Compares that many cases."""
    import keras

    tally = Tally()
    for index, case in enumerate(cases(seed, number, only)):
        compare(case, tally)
        if index % 500 == 499:
            keras.backend.clear_session()
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    start = time.perf_counter()
    tally = run(options.cases, options.seed, [name for name in options.only.split(",") if name] or None)
    for text in tally.different[: options.show]:
        print(text)
    for text, count in tally.refused_by_keras_only.most_common(options.show):
        print(f"only Keras refuses ({count}): {text}")
    print(
        f"{options.cases} cases, {len(MAKERS)} classes: {tally.compared} compared, {len(tally.different)} different, "
        f"{tally.refused_by_both} refused by both, {sum(tally.refused_by_keras_only.values())} refused by Keras only; "
        f"{time.perf_counter() - start:.0f} s"
    )
    return 1 if tally.different else 0


if __name__ == "__main__":
    sys.exit(main())
