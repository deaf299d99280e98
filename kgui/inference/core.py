"""Rules for core layers, activations and regularization."""

from __future__ import annotations

import math
import re
from typing import Any

from kgui.graph import Shape, TensorSpec, Weight
from kgui.inference.dtypes import clean, quantization
from kgui.inference.quantized import Matrix, quantized, quantized_rows
from kgui.inference.rule import (
    Answer,
    Ask,
    Misfit,
    Rule,
    Unknown,
    axes_of,
    axis_of,
    broadcast,
    count,
    known,
    plain,
    same,
    shape_of,
    show,
    whole,
)


def input_layer(ask: Ask) -> Answer:
    """InputLayer: the shape that the file states."""
    shape = shape_of(ask.config.get("batch_shape"))
    if shape is None and "shape" in ask.config:
        inner = shape_of(ask.config["shape"])
        shape = None if inner is None else (None, *inner)
    return Answer((TensorSpec(shape, clean(ask.config.get("dtype")) or ask.compute),))


def dense(ask: Ask) -> Answer:
    """Dense: the last axis becomes `units`."""
    shape = ask.shape()
    if len(shape) < 2:
        raise Misfit(f"Dense takes an input of rank 2 or more, but the input has shape {show(shape)}.")
    units = ask.whole("units")
    size = known(shape[-1], "last size", "Dense")
    weights = quantized(ask, Matrix(ask.weight("kernel", (size, units)), size, units), _bias(ask, units))
    places = count(shape[1:-1])
    weights = _lora(ask, weights, ("lora_kernel_a", (size,)), ("lora_kernel_b", (units,)))
    cost = None if places is None else places * size * units
    return Answer((TensorSpec((*shape[:-1], units), ask.compute),), weights, cost)


def _bias(ask: Ask, *shape: int) -> list[Weight]:
    return [ask.weight("bias", shape)] if ask.flag("use_bias", True) else []


def _lora(ask: Ask, weights: list[Weight], first: tuple[str, Shape], second: tuple[str, Shape]) -> list[Weight]:
    """Adds the two small factors of LoRA, which train in the place of the first weight."""
    rank = ask.config.get("lora_rank")
    if not rank:
        return weights
    rank = whole(rank, "lora_rank")
    name = first[0].removeprefix("lora_").removesuffix("_a")
    # What was made to be trained stands first, even where LoRA has frozen it since.
    trained = [weight for weight in weights if weight.trainable]
    return [
        *(Weight(w.name, w.shape, w.dtype, None, False) if w.name == name else w for w in trained),
        Weight(first[0], (*first[1], rank), "float32", None, True),  # type: ignore[arg-type]
        Weight(second[0], (rank, *second[1]), "float32", None, True),  # type: ignore[arg-type]
        *(weight for weight in weights if not weight.trainable),
    ]


def embedding(ask: Ask) -> Answer:
    """Embedding: every index becomes a vector."""
    shape = ask.shape()
    rows, size = ask.whole("input_dim"), ask.whole("output_dim")
    weights = quantized_rows(ask, ask.weight("embeddings", (rows, size)))
    weights = _lora(ask, weights, ("lora_embeddings_a", (rows,)), ("lora_embeddings_b", (size,)))
    return Answer((TensorSpec((*shape, size), ask.compute),), weights)


def reversible_embedding(ask: Ask) -> Answer:
    """ReversibleEmbedding: an Embedding that can also be called backwards, onto the vocabulary."""
    shape = ask.shape()
    rows, size = ask.whole("input_dim"), ask.whole("output_dim")
    weights = quantized_rows(ask, ask.weight("embeddings", (rows, size)))
    if not ask.flag("tie_weights", True):
        weights += quantized_rows(ask, ask.weight("reverse_embeddings", (size, rows)), turned=True)
    if ask.argument(1, "reverse"):
        places = count(shape[1:-1])
        cost = None if places is None else places * rows * size
        return Answer((TensorSpec((*shape[:-1], rows), ask.compute),), weights, cost)
    return Answer((TensorSpec((*shape, size), ask.compute),), weights)


_EINSUMS = (
    (re.compile(r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)"), False),
    (re.compile(r"0([a-zA-Z]+),([a-zA-Z]+)->0([a-zA-Z]+)"), True),
    (re.compile(r"([a-zA-Z]{2,})0,([a-zA-Z]+)->([a-zA-Z]+)0"), False),
)


def einsum_dense(ask: Ask) -> Answer:
    """EinsumDense. Source: `_analyze_split_string` of Keras."""
    shape = ask.shape()
    equation = ask.config.get("equation")
    if not isinstance(equation, str):
        raise Misfit("EinsumDense needs an equation such as 'ab,bc->ac'.", "Set equation.")
    match, left = None, False
    for pattern, elides_left in _EINSUMS:
        match, left = pattern.match(equation.replace("...", "0")), elides_left
        if match:
            break
    if match is None:
        raise Misfit(f"EinsumDense cannot read the equation {equation!r}.", "Write it like 'ab,bc->ac'.")
    read, kernel, write = match.groups()
    elided = len(shape) - len(read)
    if elided < 0:
        raise Misfit(f"The equation {equation!r} reads {len(read)} axes, but the input has shape {show(shape)}.")
    target = ask.config.get("output_shape")
    stated = (target,) if type(target) is int else shape_of(target)
    if stated is None:
        raise Misfit("EinsumDense needs an output_shape.", "Set output_shape, without the batch size.")
    # Keras inserts the elided sizes one by one at the front, so that three or more of them come out reversed.
    out: list[int | None] = [shape[0], *(reversed(shape[1:elided]) if left else ()), *stated]
    if elided and not left:
        out += shape[len(shape) - elided :]
    sources = {name: place + (elided if left else 0) for place, name in enumerate(read)}
    targets = {name: place + (elided if left else 0) for place, name in enumerate(write)}
    if max(targets.values(), default=-1) >= len(out):
        raise Misfit(f"output_shape {show(stated)} has too few sizes for the equation {equation!r}.")
    _einsum_fits(equation, shape, out, sources, targets)
    sizes = [
        out[targets[name]] if name in targets else shape[sources[name]] if name in sources else None for name in kernel
    ]
    kernel_shape = tuple(known(size, "size for every axis of its kernel", "EinsumDense") for size in sizes)
    biases = []
    axes = ask.config.get("bias_axes")
    if isinstance(axes, str) and axes and all(name in targets for name in axes):
        tail = write[min(write.find(name) for name in axes) :]
        bias = tuple(out[targets[name]] if name in axes else 1 for name in tail) + (1,) * (0 if left else elided)
        biases.append(ask.weight("bias", tuple(known(size, "size for its bias", "EinsumDense") for size in bias)))
    elided_left, elided_right = (elided, 0) if left else (0, elided)
    scale = [1] * elided_left + [kernel_shape[kernel.index(n)] if n in kernel else 1 for n in write]
    weights = quantized(ask, _matrix(ask, kernel, kernel_shape, write, (*scale, *[1] * elided_right)), biases)
    if ask.config.get("lora_rank"):
        weights = _lora(ask, weights, ("lora_kernel_a", kernel_shape[:-1]), ("lora_kernel_b", kernel_shape[-1:]))
    every: dict[str, int | None] = {name: shape[place] for name, place in sources.items()}
    every.update({name: out[place] for name, place in targets.items()})
    cost = count([size for name, size in every.items() if name != read[0]])
    if cost is not None and left:
        more = count(shape[1:elided] if elided > 1 else ())
        first = every[read[0]] if elided else 1
        cost = None if more is None or first is None else cost * more * first
    return Answer((TensorSpec(tuple(out), ask.compute),), weights, cost)


def _matrix(ask: Ask, axes: str, shape: tuple[int, ...], write: str, scale: tuple[int, ...]) -> Matrix:
    """The kernel of an EinsumDense as a matrix: the axes that it sums over, and the others."""
    plain = ask.weight("kernel", shape)
    how = quantization(ask.config.get("dtype"))
    if how is not None and how.mode in ("gptq", "awq"):
        # These two take the layer for one of an attention layer: the longest axis is that of the model.
        if len(shape) not in (2, 3):
            raise Misfit(f"EinsumDense can be quantized to {how.mode} only with a kernel of 2 or 3 axes.")
        cut = 1 if len(shape) == 2 or shape.index(max(shape)) == 0 else 2
        return Matrix(plain, math.prod(shape[:cut]), math.prod(shape[cut:]), scale)
    rows = math.prod(size for name, size in zip(axes, shape, strict=True) if name not in write)
    return Matrix(plain, rows, math.prod(shape) // max(rows, 1), scale)


def _einsum_fits(
    equation: str, shape: Shape, out: list[int | None], sources: dict[str, int], targets: dict[str, int]
) -> None:
    for name, place in sources.items():
        if name in targets:
            a, b = shape[place], out[targets[name]]
            if b is not None and a != b:
                raise Misfit(
                    f"In {equation!r} axis {name!r} is {a} in the input {show(shape)}, but {b} in output_shape.",
                    "Make both equal, or write None in output_shape.",
                )


def identity(ask: Ask) -> Answer:
    """Identity: what goes in comes out."""
    specs = ask.any_tensors()
    return Answer([TensorSpec(spec.shape, ask.autocast(spec.dtype)) for spec in specs])


def prelu(ask: Ask) -> Answer:
    """PReLU: a slope for each place but the shared axes."""
    shape = ask.shape()
    slopes = list(shape[1:])
    shared = ask.config.get("shared_axes")
    if shared is not None:
        for axis in axes_of(shared, len(shape), "shared_axes"):
            if axis:
                slopes[axis - 1] = 1
    alpha = tuple(known(size, "size along every axis that shared_axes leaves out", "PReLU") for size in slopes)
    return Answer((TensorSpec(shape, ask.compute),), [ask.weight("alpha", alpha)])


def softmax(ask: Ask) -> Answer:
    """Softmax: same shape; the axes must exist."""
    shape = ask.shape()
    axes_of(ask.config.get("axis", -1), len(shape))
    return Answer((TensorSpec(shape, ask.compute),))


def lambda_layer(ask: Ask) -> Answer:
    """Lambda: only the file's output_shape tells what its function makes of the input."""
    stated = plain(ask.config.get("output_shape"))
    if isinstance(stated, (list, tuple)) and all(item is None or type(item) is int for item in stated):
        batch: int | None = None
        for spec in ask.any_tensors():
            batch = spec.shape[0] if spec.shape else None
            break
        return Answer((TensorSpec((batch, *stated), ask.compute),), (), None)
    raise Unknown("a Lambda runs a function, which kgui never does")


def custom_scale(ask: Ask) -> Answer:
    """CustomScaleLayer of keras.applications' InceptionResNetV2: one tensor, and a scaled second one added to it."""
    specs = ask.tensors()
    if len(specs) != 2:
        raise Misfit(f"CustomScaleLayer takes two tensors, but gets {len(specs)}.", "Connect two.")
    first, second = (spec.shape or () for spec in specs)
    return Answer((TensorSpec(broadcast(first, second), ask.compute),))


def layer_scale(ask: Ask) -> Answer:
    """LayerScale of keras.applications' ConvNeXt: a gain for each channel."""
    shape = ask.shape()
    return Answer((TensorSpec(shape, ask.compute),), [ask.weight("gamma", (ask.whole("projection_dim"),))])


def spatial_dropout(rank: int) -> Rule:
    """The rule of SpatialDropout: same shape, but only one rank."""

    def rule(ask: Ask) -> Answer:
        shape = ask.shape()
        if len(shape) != rank + 2:
            raise Misfit(f"SpatialDropout{rank}D takes an input of rank {rank + 2}, not {show(shape)}.")
        return Answer((TensorSpec(shape, ask.compute),))

    return rule


def axis_exists(value: Any, shape: Shape) -> int:
    """An axis of that shape, counted from the front."""
    return axis_of(value, len(shape))


RULES: dict[str, Rule] = {
    "InputLayer": input_layer,
    "Dense": dense,
    "Embedding": embedding,
    "ReversibleEmbedding": reversible_embedding,
    "EinsumDense": einsum_dense,
    "Identity": identity,
    "Lambda": lambda_layer,
    "PReLU": prelu,
    "LayerScale": layer_scale,
    "CustomScaleLayer": custom_scale,
    "Softmax": softmax,
    **{f"SpatialDropout{rank}D": spatial_dropout(rank) for rank in (1, 2, 3)},
    **dict.fromkeys(
        (
            "Activation", "ReLU", "LeakyReLU", "ELU", "Masking", "Dropout", "AlphaDropout", "GaussianDropout",
            "GaussianNoise", "ActivityRegularization",
        ),
        same,
    ),
}  # fmt: skip
