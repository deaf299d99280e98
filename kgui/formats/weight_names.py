"""What the arrays of a layer are called, where a file only numbers them.

Keras writes the variables of a layer as `vars/0`, `vars/1`, … under the path of attributes that leads to it
(`forward_layer/cell/vars/2`). Names, order and the parts of composite layers come from the layers' `build`,
`save_own_variables` and `variable_serialization_spec` in Keras 3.15 and tf_keras 2.21.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kgui.formats.notes import quoted
from kgui.inference.dtypes import quantization
from kgui.layers.categories import CATEGORIES, category, classes_of
from kgui.layers.eras import CLASSES

MAX_NAMED = 8
"""Arrays or layers that a note names before it only counts."""

Config = Mapping[str, Any]
Shape = tuple[int, ...]


class Own(NamedTuple):
    """A variable that a class may have: its name, and the argument without which it has none (with its default)."""

    name: str
    flag: str | None = None
    default: bool = True


class Part(NamedTuple):
    """A layer within a layer: the attribute that holds it, its class and arguments, and what Keras calls it."""

    attribute: str
    class_name: str
    config: Config
    label: str


class Expected(NamedTuple):
    """A variable that a built layer has: its name from the layer on, and whether gradients change it."""

    name: str
    trainable: bool


_KERNEL_BIAS = (Own("kernel"), Own("bias", "use_bias"))
_CELL = (Own("kernel"), Own("recurrent_kernel"), Own("bias", "use_bias"))
_GAMMA_BETA = (Own("gamma", "scale"), Own("beta", "center"))
_RENORM = ("moving_stddev", "renorm_mean", "renorm_stddev")

OWN: Mapping[str, tuple[Own, ...]] = {
    **dict.fromkeys(
        (
            "Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose",
            "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D", "LocallyConnected1D", "LocallyConnected2D",
            "MaxoutDense",
        ),
        _KERNEL_BIAS,
    ),
    **dict.fromkeys(
        (
            "SimpleRNNCell", "GRUCell", "LSTMCell", "ConvLSTMCell", "ConvLSTM1DCell", "ConvLSTM2DCell",
            "ConvLSTM3DCell", "CuDNNLSTM", "CuDNNGRU", "PeepholeLSTMCell",
        ),
        _CELL,
    ),
    **dict.fromkeys(
        ("SeparableConv1D", "SeparableConv2D"),
        (Own("depthwise_kernel"), Own("pointwise_kernel"), Own("bias", "use_bias")),
    ),
    "Embedding": (Own("embeddings"),),
    "ReversibleEmbedding": (Own("embeddings"), Own("reverse_embeddings", "untied", default=False)),
    "BatchNormalization": (
        *_GAMMA_BETA,
        Own("moving_mean"),
        Own("moving_variance"),
        *(Own(name, "renorm", default=False) for name in _RENORM),
    ),
    "LayerNormalization": _GAMMA_BETA,
    "GroupNormalization": _GAMMA_BETA,
    "RMSNormalization": (Own("scale"),),
    "Normalization": (Own("mean", "adapted"), Own("variance", "adapted"), Own("count", "adapted")),
    "PReLU": (Own("alpha"),),
    "Attention": (Own("scale", "use_scale", default=False), Own("concat_score_weight", "concat", default=False)),
    "AdditiveAttention": (Own("scale", "use_scale"),),
    "STFTSpectrogram": (Own("real_kernel"), Own("imag_kernel")),
    "RandomFourierFeatures": (Own("unscaled_kernel"), Own("bias"), Own("kernel_scale")),
    "SpectralNormalization": (Own("kernel"), Own("vector_u")),
}  # fmt: skip
"""Variables of each class in the order of the file, which is the order in which the layer makes them."""

_QUANTIZED: Mapping[str, tuple[str, ...]] = {
    "int8": ("{0}", "bias", "{0}_scale"),
    "int4": ("{0}", "bias", "{0}_scale", "{0}_zero", "g_idx"),
    "float8": (
        "{0}", "bias", "inputs_scale", "inputs_amax_history", "{0}_scale", "{0}_amax_history",
        "outputs_grad_scale", "outputs_grad_amax_history",
    ),
    "gptq": ("bias", "quantized_kernel", "kernel_scale", "kernel_zero", "g_idx"),
    "awq": ("bias", "quantized_kernel", "kernel_scale", "kernel_zero", "awq_scales", "g_idx"),
}  # fmt: skip
"""Variables of Dense, EinsumDense and the embeddings once they are quantized; "{0}" is kernel or embeddings."""

_QUANTIZABLE = frozenset({"Dense", "EinsumDense", "Embedding", "ReversibleEmbedding"})

_STATISTICS = frozenset(
    {"moving_mean", "moving_variance", *_RENORM, "mean", "variance", "count", "vector_u", "unscaled_kernel"}
)
"""Variables that no gradient changes, whatever the layer's `trainable` says."""

ATTENTION_PARTS: Mapping[str, str] = {
    "query_dense": "query",
    "key_dense": "key",
    "value_dense": "value",
    "output_dense": "attention_output",
}
"""Attributes of attention layers that hold layers, and the names of these layers."""


def own_names(class_name: str, config: Config, shapes: Sequence[Shape], dtypes: Sequence[str]) -> list[str]:
    """Names of the variables that a layer itself has, for arrays in the order of the file.

    Args:
        class_name: In Keras 3's words; "" if not known.
        config: The layer's arguments; empty if not known.
        shapes: Of the arrays.
        dtypes: Of the arrays.

    Returns:
        As many names as there are arrays; "0", "1", … where the class does not say.
    """
    count = len(shapes)
    policy = quantization(config.get("dtype"))
    mode = policy.mode if policy is not None else None
    if mode is None and dtypes and dtypes[0] == "int8" and class_name in _QUANTIZABLE:
        mode = "int4" if count > 3 else "int8"
    if mode is not None and mode in _QUANTIZED and (names := _quantized_names(class_name, config, mode, count)):
        return names
    known = OWN.get(class_name)
    if known is not None:
        names = [own.name for own in known if own.flag is None or _flag(config, own)]
        if len(names) == count:
            return names
        # Older versions had no such flag, or the file has lost its config: take what fits the count.
        everything = [own.name for own in known]
        if not config and len(everything) > count and all(own.flag for own in known[count:]):
            return everything[:count]
    guessed = guess(shapes)
    if known is None and not class_name and guessed is not None:
        return list(guessed.names)
    return [str(index) for index in range(count)]


def _flag(config: Config, own: Own) -> bool:
    if own.flag == "untied":
        return config.get("tie_weights") is False
    if own.flag == "adapted":
        return config.get("mean") is None and config.get("input_mean") is None
    if own.flag == "concat":
        return config.get("score_mode") == "concat"
    return bool(config.get(own.flag or "", own.default))


def _quantized_names(class_name: str, config: Config, mode: str, count: int) -> list[str]:
    table = class_name in ("Embedding", "ReversibleEmbedding")
    names = [name.format("embeddings" if table else "kernel") for name in _QUANTIZED[mode]]
    if table or config.get("use_bias") is False or config.get("bias_axes", "") is None:
        names.remove("bias")
    if class_name == "ReversibleEmbedding" and config.get("tie_weights") is False:
        grouped = (policy := quantization(config.get("dtype"))) is not None and policy.block is not None
        names = names if grouped else names[:2]
        more = ("reverse_embeddings", "reverse_embeddings_scale", "reverse_embeddings_zero")
        names += more if grouped else more[:2]
    return names[:count] if len(names) >= count else []


def file_order(class_name: str, config: Config, names: Sequence[str]) -> list[int]:
    """Which of a layer's own variables Keras writes, in its order: quantized kernels before the bias, no LoRA.

    Args:
        class_name: In Keras 3's words.
        config: The layer's arguments.
        names: Of its own variables, in the order in which the layer lists them.
    """
    kept = [index for index, name in enumerate(names) if not name.startswith("lora_")]
    policy = quantization(config.get("dtype"))
    if policy is None:
        return kept
    known = {name: place for place, name in enumerate(_quantized_names(class_name, config, policy.mode, len(kept)))}
    return sorted(kept, key=lambda index: known.get(names[index], len(known)))


def is_trainable(name: str, dtype: str, *, quantized: bool = False) -> bool:
    """Whether gradients change a variable of this name in a layer that is trained.

    Args:
        name: Of the variable.
        dtype: Of the variable.
        quantized: Whether the layer's kernel is of whole numbers; of such a layer only the bias is trained.
    """
    if quantized:
        return name == "bias"
    return name.rsplit("/", 1)[-1] not in _STATISTICS and not dtype.startswith(("int", "uint", "bool"))


def expected(class_name: str, config: Config, prefix: str = "", *, trainable: bool = True) -> list[Expected] | None:
    """Every variable of a built layer, those of its parts included, in Keras' order.

    Args:
        class_name: In Keras 3's words.
        config: The layer's arguments in Keras 3's words.
        prefix: What stands before the names.
        trainable: False if a layer around it is frozen.

    Returns:
        None for a class that Keras does not have.
    """
    trainable = trainable and config.get("trainable", True) is not False
    if class_name in ("Functional", "Sequential"):
        return _expected_of_model(config, prefix, trainable=trainable)
    if class_name not in OWN and class_name not in _PARTS:
        return None if category(class_name) in ("Custom", "Nested") else []
    names = [own.name for own in OWN.get(class_name, ()) if own.flag is None or _flag(config, own)]
    found = [Expected(prefix + name, trainable and is_trainable(name, "float32")) for name in names]
    for part in parts(class_name, config) or ():
        inner = expected(part.class_name, part.config, f"{prefix}{part.label}/", trainable=trainable)
        if inner is None:
            return None
        found += inner
    if class_name == "SpectralNormalization":
        # The wrapped layer's kernel is the wrapper's own as well.
        found = [item for item in found if item.name not in (f"{prefix}layer/kernel", f"{prefix}layer/embeddings")]
    return found


def _expected_of_model(config: Config, prefix: str, *, trainable: bool) -> list[Expected] | None:
    items = config.get("layers")
    found: list[Expected] = []
    for item in items if isinstance(items, list) else ():
        class_name, inner = serialized(item)
        label = inner.get("name") or (item.get("name") if isinstance(item, Mapping) else None) or class_name
        more = expected(class_name, inner, f"{prefix}{label}/", trainable=trainable)
        if more is None:
            return None
        found += more
    return found


def parts(class_name: str, config: Config) -> list[Part] | None:
    """The layers within a composite layer, in the order in which Keras lists their weights.

    Returns:
        None for a class that is not known to have any.
    """
    make = _PARTS.get(class_name)
    return None if make is None else make(config)


def serialized(value: Any) -> tuple[str, Config]:
    """Class and arguments of a layer that is written within another's config."""
    if not isinstance(value, Mapping):
        return "", {}
    config = value.get("config")
    name = value.get("class_name")
    return name if isinstance(name, str) else "", config if isinstance(config, Mapping) else {}


def _one(attribute: str, class_name: str) -> Callable[[Config], list[Part]]:
    return lambda config: [Part(attribute, class_name, config, attribute)]


def _inner(attribute: str, key: str) -> Callable[[Config], list[Part]]:
    return lambda config: [Part(attribute, *serialized(config.get(key)), attribute)]


def _cell(config: Config) -> list[Part]:
    cell = config.get("cell")
    if isinstance(cell, list):  # Keras 2 wrote RNN([cell, cell]) so at times
        return [Part("cell", "StackedRNNCells", {"cells": cell}, "cell")]
    return [Part("cell", *serialized(cell), "cell")]


def _cells(config: Config) -> list[Part]:
    cells = config.get("cells")
    found = [serialized(cell) for cell in cells] if isinstance(cells, list) else []
    names = numbered(name for name, _ in found)
    both = enumerate(zip(names, found, strict=True))
    return [Part(f"cells/{name}", *cell, f"cells/{index}") for index, (name, cell) in both]


def _directions(config: Config) -> list[Part]:
    forward = serialized(config.get("layer"))
    backward = serialized(config["backward_layer"]) if config.get("backward_layer") else forward
    return [Part(name, *inner, name) for name, inner in (("forward_layer", forward), ("backward_layer", backward))]


def _attention(config: Config) -> list[Part]:
    inner = {"use_bias": config.get("use_bias", True), "dtype": config.get("dtype")}
    return [Part(attribute, "EinsumDense", inner, label) for attribute, label in ATTENTION_PARTS.items()]


def _grouped_attention(config: Config) -> list[Part]:
    return [part._replace(attribute=f"_{part.attribute}") for part in _attention(config)]


_PARTS: Mapping[str, Callable[[Config], list[Part]]] = {
    "SimpleRNN": _one("cell", "SimpleRNNCell"),
    "GRU": _one("cell", "GRUCell"),
    "LSTM": _one("cell", "LSTMCell"),
    **{f"ConvLSTM{rank}D": _one("cell", "ConvLSTMCell") for rank in (1, 2, 3)},
    "RNN": _cell,
    "StackedRNNCells": _cells,
    "Bidirectional": _directions,
    **dict.fromkeys(("TimeDistributed", "Wrapper", "SpectralNormalization"), _inner("layer", "layer")),
    "MultiHeadAttention": _attention,
    **dict.fromkeys(("GroupedQueryAttention", "GroupQueryAttention"), _grouped_attention),
}


def expects_weights(class_name: str, config: Config) -> bool:
    """True if a built layer of this class certainly has variables."""
    if any(own.flag is None for own in OWN.get(class_name, ())):
        return True
    inner = parts(class_name, config)
    return bool(inner) and any(expects_weights(part.class_name, part.config) for part in inner or ())


# -- names of groups ------------------------------------------------------------------------------------------------


def to_snake_case(name: str) -> str:
    """The group that Keras gives to a class: "Conv2DTranspose" to "conv2d_transpose"."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def members(class_name: str, config: Config) -> list[tuple[str, str, str, Config]]:
    """The layers that a model within a layer holds: group, name, class and arguments of each."""
    items = config.get("layers")
    found = [
        (item, *serialized(item)) for item in (items if isinstance(items, list) else ()) if isinstance(item, Mapping)
    ]
    held = [
        (item, name, inner)
        for item, name, inner in found
        if not (class_name == "Sequential" and name == "InputLayer")
        and not str(item.get("module")).startswith("keras.src.ops")
    ]
    groups = numbered([name for _, name, _ in held])
    return [
        (group, item.get("name") or inner.get("name") or group, name, inner)
        for (item, name, inner), group in zip(held, groups, strict=True)
    ]


_OTHER_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}
"""Classes of Keras that go by another name in Python, from which their groups come, than in the configs of models."""


def numbered(class_names: Iterator[str] | Sequence[str]) -> list[str]:
    """The groups of objects in a list: the class in snake_case, from the second of a class on with its number."""
    used: dict[str, int] = {}
    found = []
    for class_name in class_names:
        name = to_snake_case(_OTHER_NAMES.get(class_name, class_name))
        count = used.get(name, 0)
        used[name] = count + 1
        found.append(f"{name}_{count}" if count else name)
    return found


_CLASS_OF_GROUP = {
    to_snake_case(name): name for name in (*OWN, *_PARTS, "Functional", "Sequential") if name != "Wrapper"
}


def class_of_group(group: str) -> str:
    """The class of a group in a list of layers ("dense_3" to "Dense"), or "" if it is none of Keras' with weights."""
    name, _, number = group.rpartition("_")
    if number.isdigit() and name in _CLASS_OF_GROUP:
        return _CLASS_OF_GROUP[name]
    return _CLASS_OF_GROUP.get(group, "")


_CLASS_OF_LAYER = {
    **{to_snake_case(old): old for old in CLASSES},
    **{to_snake_case(name): name for which in CATEGORIES for name in classes_of(which) if which != "Operation"},
    "model": "Functional",
}


def class_of_layer(name: str) -> str:
    """The class of a layer that still has the name that Keras gave it ("conv2d_3"), or ""."""
    base = re.sub(r"_\d+$", "", name)
    return _CLASS_OF_LAYER.get(base, "")


class Guess(NamedTuple):
    """What a layer with arrays of such shapes is: its class where that is sure enough, else "", and their names."""

    class_name: str
    names: tuple[str, ...]


def guess(shapes: Sequence[Shape]) -> Guess | None:
    """Class and names for arrays of which nothing but the shapes is known, or None if they could be many things."""
    ranks = [len(shape) for shape in shapes]
    if not shapes or 0 in ranks:
        return None
    first, last = shapes[0], shapes[-1]
    if len(shapes) == 2 and ranks[1] == 1 and ranks[0] >= 2 and first[-1] == last[0]:
        return Guess({2: "Dense", 3: "Conv1D", 4: "Conv2D", 5: "Conv3D"}.get(ranks[0], ""), ("kernel", "bias"))
    if len(shapes) == 4 and ranks == [1] * 4 and len(set(shapes)) == 1:
        return Guess("BatchNormalization", ("gamma", "beta", "moving_mean", "moving_variance"))
    if len(shapes) == 3 and ranks[:2] == [2, 2] and first[1] == shapes[1][1] == last[-1]:
        times, rest = divmod(first[1], max(shapes[1][0], 1))
        kind = {(4, 1): "LSTM", (3, 1): "GRU", (3, 2): "GRU", (1, 1): "SimpleRNN"}.get((times, ranks[2]))
        if kind and not rest:
            return Guess(kind, ("kernel", "recurrent_kernel", "bias"))
    return None


def listed(what: str, names: Sequence[str]) -> str:
    """Names for a sentence: "the layer 'a'", "the 3 layers 'a', 'b', 'c'", "20 layers ('a', 'b', …)"."""
    if len(names) == 1:
        return f"the {what} {quoted(names[0])}"
    shown = ", ".join(quoted(name) for name in names[:MAX_NAMED])
    return f"the {len(names)} {what}s {shown}" if len(names) <= MAX_NAMED else f"{len(names)} {what}s ({shown}, …)"
