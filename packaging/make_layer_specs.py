"""Writes kgui/layers/specs.json: every layer class of the installed Keras with its arguments.

    python packaging/make_layer_specs.py [--check]

Keras annotates nothing, so that the kind of an argument comes from its name, its default and its documentation, and
its choices from the tables below. With --check nothing is written; the exit code is 1 if the file is out of date.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

FILE = Path(__file__).resolve().parent.parent / "kgui" / "layers" / "specs.json"

NO_LAYERS = {"InputSpec", "Layer", "Wrapper"}
"""What `keras.layers` has besides layers that a user can add."""

FORMATS = ["channels_last", "channels_first"]
FILLS = ["reflect", "wrap", "constant", "nearest"]
RESIZES = ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"]

CHOICES: dict[str, list[Any]] = {
    "data_format": FORMATS,
    "padding": ["valid", "same"],
    "merge_mode": ["concat", "sum", "mul", "ave", None],
    "score_mode": ["dot", "concat"],
    "use_cudnn": ["auto", True, False],
    "fill_mode": FILLS,
    "interpolation": ["nearest", "bilinear"],
    "scaling": ["density", "spectrum", None],
    "window": ["hann", "hamming", None],
    "oov_method": ["floormod", "farmhash"],
}
"""Choices of arguments that mean the same in every class that has them."""

CLASS_CHOICES: dict[tuple[str, str], list[Any]] = {
    ("Conv1D", "padding"): ["valid", "same", "causal"],
    ("UpSampling2D", "interpolation"): ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"],
    ("Resizing", "interpolation"): RESIZES,
    ("Resizing", "fill_mode"): ["constant", "reflect", "wrap", "nearest"],
    ("CategoryEncoding", "output_mode"): ["multi_hot", "one_hot", "count"],
    ("Hashing", "output_mode"): ["int", "one_hot", "multi_hot", "count"],
    ("HashedCrossing", "output_mode"): ["int", "one_hot"],
    ("Discretization", "output_mode"): ["int", "one_hot", "multi_hot", "count"],
    ("StringLookup", "output_mode"): ["int", "one_hot", "multi_hot", "count", "tf_idf"],
    ("IntegerLookup", "output_mode"): ["int", "one_hot", "multi_hot", "count", "tf_idf"],
    ("TextVectorization", "output_mode"): ["int", "multi_hot", "count", "tf_idf"],
    ("TextVectorization", "standardize"): [
        "lower_and_strip_punctuation",
        "lower",
        "strip_punctuation",
        None,
    ],
    ("TextVectorization", "split"): ["whitespace", "character", None],
    ("RandomFlip", "mode"): ["horizontal_and_vertical", "horizontal", "vertical"],
    ("STFTSpectrogram", "mode"): ["log", "magnitude", "psd", "real", "imag", "angle", "stft"],
}
"""Choices of one argument of one class."""

NO_CHOICE = re.compile(r"ZeroPadding\dD")
"""Classes whose `padding` is an amount, not a word."""

KINDS: dict[str, str] = {
    "activation": "activation",
    "recurrent_activation": "activation",
    "dtype": "dtype policy",
    "reverse_dtype": "dtype policy",
    "vocabulary_dtype": "string",
    "layer": "layer",
    "backward_layer": "layer",
    "cell": "layer",
    "layers": "layers",
    "cells": "layers",
    "function": "function",
    "call_fn": "function",
    "init_fn": "function",
    "mask": "function",
    "module": "function",
    "method": "string",
    "name": "string",
    "equation": "string",
    "bias_axes": "string",
    "filepath": "string",
    "call_endpoint": "string",
    "call_training_endpoint": "string",
    "encoding": "string",
    "units": "int",
    "filters": "int",
    "input_dim": "int",
    "output_dim": "int",
    "n": "int",
    "height": "int",
    "width": "int",
    "num_tokens": "int",
    "num_bins": "int",
    "max_tokens": "int",
    "num_heads": "int",
    "num_query_heads": "int",
    "num_key_value_heads": "int",
    "key_dim": "int",
    "value_dim": "int",
    "head_dim": "int",
    "seed": "int",
    "lora_rank": "int",
    "sliding_window": "int",
    "batch_size": "int",
    "max_number": "int",
    "output_sequence_length": "int",
    "frame_length": "int",
    "frame_step": "int",
    "fft_length": "int",
    "sequence_length": "int",
    "rate": "float",
    "stddev": "float",
    "scale": "json",
    "lora_alpha": "float",
    "max_value": "float",
    "max_freq": "float",
    "flash_attention": "bool",
    "return_sequences": "bool",
    "axis": "axis",
    "axes": "axis",
    "attention_axes": "axis",
    "shared_axes": "axis",
    "noise_shape": "shape",
    "target_shape": "shape",
    "output_shape": "shape",
    "batch_shape": "shape",
    "shape": "shape",
    "dims": "shape",
    "sparse": "bool",
    "ragged": "bool",
    "optional": "bool",
}
"""Kinds of arguments whose name says more than their default."""

CLASS_KINDS: dict[tuple[str, str], str] = {
    ("BatchNormalization", "scale"): "bool",
    ("LayerNormalization", "scale"): "bool",
    ("GroupNormalization", "scale"): "bool",
    ("Masking", "mask_value"): "float",
    ("BatchNormalization", "axis"): "int",
    ("Concatenate", "axis"): "int",
    ("JaxLayer", "seed"): "int",
    ("TextVectorization", "ngrams"): "json",
}

SIZES = {"kernel_size", "strides", "dilation_rate", "pool_size", "size", "output_size", "output_padding"}
PAIRS = {"cropping", "padding"}

BOUNDS: dict[str, tuple[float | None, float | None]] = {
    **dict.fromkeys(
        (
            "units", "filters", "kernel_size", "strides", "dilation_rate", "pool_size", "size", "output_size", "groups",
            "depth_multiplier", "input_dim", "output_dim", "n", "height", "width", "num_heads", "key_dim", "value_dim",
            "num_query_heads", "num_key_value_heads", "head_dim", "num_tokens", "num_bins", "max_tokens", "lora_rank",
            "power_iterations", "frame_length", "frame_step", "fft_length", "num_mel_bins", "sequence_stride",
            "sliding_window", "batch_size", "max_number",
        ),
        (1, None),
    ),
    **dict.fromkeys(("dropout", "recurrent_dropout", "rate"), (0, 1)),
    **dict.fromkeys(("momentum", "renorm_momentum"), (0, 1)),
    **dict.fromkeys(("epsilon", "stddev", "l1", "l2", "num_oov_indices", "output_padding", "cropping"), (0, None)),
}  # fmt: skip
CLASS_BOUNDS: dict[tuple[str, str], tuple[float | None, float | None]] = {("GroupNormalization", "groups"): (-1, None)}


def main() -> int:
    """Writes or checks the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    text = _lines(specs())
    if options.check:
        current = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
        print("up to date" if current == text else "out of date")
        return 0 if current == text else 1
    FILE.write_text(text, encoding="utf-8")
    return 0


def _lines(content: dict[str, Any]) -> str:
    """JSON with one line for each class, so that a change of Keras is a readable difference."""
    parts = []
    for key, value in content.items():
        if key == "classes":
            inner = ",\n".join(f"{json.dumps(name)}: {_compact(item)}" for name, item in value.items())
            parts.append(f'"classes": {{\n{inner}\n}}')
        else:
            parts.append(f"{json.dumps(key)}: {_compact(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def specs() -> dict[str, Any]:
    """The content of the file, from the installed Keras."""
    import keras

    classes: dict[str, Any] = {}
    aliases: dict[str, str] = {}
    for name in sorted(dir(keras.layers)):
        item = getattr(keras.layers, name)
        if not inspect.isclass(item) or name in NO_LAYERS:
            continue
        if item.__name__ != name and hasattr(keras.layers, item.__name__):
            aliases[name] = item.__name__
        else:
            classes[name] = _layer(name, item)
    return {
        "keras": keras.__version__,
        "classes": classes,
        "aliases": aliases,
        "activations": _names(keras.activations),
        "initializers": _classes(keras.initializers, keras.initializers.Initializer),
        "regularizers": _classes(keras.regularizers, keras.regularizers.Regularizer),
        "constraints": _classes(keras.constraints, keras.constraints.Constraint),
    }


def _names(module: Any) -> list[str]:
    skipped = {"get", "serialize", "deserialize"}
    return sorted(n for n in dir(module) if callable(getattr(module, n)) and n.islower() and n not in skipped)


def _classes(module: Any, base: type) -> list[dict[str, Any]]:
    """Initializers and their like, by their class names, each with its arguments."""
    found = {}
    for name in dir(module):
        item = getattr(module, name)
        if inspect.isclass(item) and issubclass(item, base) and item is not base:
            found[item.__name__] = {
                "name": item.__name__,
                "arguments": [_argument(item.__name__, p, {}) for p in _parameters(item)],
            }
    return [found[name] for name in sorted(found)]


def _parameters(item: type) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    parameters = list(inspect.signature(item.__init__).parameters.values())[1:]  # type: ignore[misc]
    return [parameter for parameter in parameters if parameter.kind not in kinds]


def _layer(name: str, item: type) -> dict[str, Any]:
    documentation = inspect.cleandoc(item.__doc__ or "")
    documented = _documented(documentation)
    parameters = [p for p in _parameters(item) if p.name not in ("name", "dtype", "trainable")]
    arguments = [_argument(name, parameter, documented) for parameter in parameters]
    arguments += _common(name)
    return {
        "module": "keras.layers",
        "summary": _summary(documentation),
        "doc": _without_arguments(documentation),
        "arguments": arguments,
    }


def _common(name: str) -> list[dict[str, Any]]:
    """The arguments that every layer has."""
    common: list[dict[str, Any]] = [
        {"name": "name", "kind": "string", "default": None, "doc": "Name of the layer."},
        {"name": "trainable", "kind": "bool", "default": True, "doc": "Whether training changes the layer's weights."},
        {"name": "dtype", "kind": "dtype policy", "default": None,
         "doc": "Dtype or policy of the computations and weights."},
    ]  # fmt: skip
    return [argument for argument in common if not (name == "InputLayer" and argument["name"] == "trainable")]


def _summary(documentation: str) -> str:
    first = documentation.split("\n\n", 1)[0]
    return " ".join(first.split()).replace("`", "")


_ARGUMENTS = re.compile(r"^(?:Args|Arguments):\n((?:[ \t]+.*\n?|\n)+)", re.M)


def _without_arguments(documentation: str) -> str:
    return _ARGUMENTS.sub("", documentation).strip()


def _documented(documentation: str) -> dict[str, str]:
    """What a docstring says of each argument."""
    found: dict[str, str] = {}
    match = _ARGUMENTS.search(documentation)
    if match is None:
        return found
    block = inspect.cleandoc("\n" + match.group(1))
    name = None
    for line in block.splitlines():
        head = re.match(r"(\*{0,2}\w+)\s*(?:\([^)]*\))?:\s*(.*)", line)
        if head and not line.startswith(" "):
            name = head.group(1)
            found[name] = head.group(2)
        elif name is not None:
            found[name] += " " + line.strip()
    return {key: " ".join(text.split()) for key, text in found.items()}


def _argument(class_name: str, parameter: inspect.Parameter, documented: dict[str, str]) -> dict[str, Any]:
    name = parameter.name
    required = parameter.default is inspect.Parameter.empty
    default = None if required else _plain(parameter.default)
    documentation = documented.get(name, "")
    kind, more = _kind(class_name, name, default, documentation)
    argument: dict[str, Any] = {"name": name, "kind": kind}
    if required:
        argument["required"] = True
    else:
        argument["default"] = default
    argument.update(more)
    low, high = CLASS_BOUNDS.get((class_name, name)) or BOUNDS.get(name, (None, None))
    if kind in ("int", "float", "tuple"):
        if low is not None:
            argument["low"] = low
        if high is not None:
            argument["high"] = high
    argument["doc"] = documentation
    return argument


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str, list, dict)):
        return value
    return None


def _kind(class_name: str, name: str, default: Any, documentation: str) -> tuple[str, dict[str, Any]]:
    """The kind of an argument, and its choices or sizes."""
    choices = CLASS_CHOICES.get((class_name, name)) or CHOICES.get(name)
    if choices is not None and not (name == "padding" and NO_CHOICE.match(class_name)):
        return "choice", {"choices": choices}
    for word in ("initializer", "regularizer", "constraint"):
        if name.endswith(f"_{word}"):
            return word, {}
    rank = re.search(r"(\d)D", class_name)
    if name in SIZES and rank:
        return "tuple", {"rank": int(rank.group(1))}
    if name in PAIRS and rank:
        return "pairs", {"rank": int(rank.group(1))}
    known = CLASS_KINDS.get((class_name, name)) or KINDS.get(name)
    if known is not None:
        return known, {}
    if isinstance(default, bool):
        return "bool", {}
    if isinstance(default, int):
        return "int", {}
    if isinstance(default, float):
        return "float", {}
    if isinstance(default, str):
        return "string", {}
    return _by_documentation(documentation), {}


def _by_documentation(documentation: str) -> str:
    """What the first words of the documentation say."""
    words = documentation.lower()[:60]
    for word, kind in (("bool", "bool"), ("tuple", "json"), ("list", "json"), ("int", "int"), ("float", "float")):
        if re.search(rf"\b{word}", words):
            return kind
    return "json"


if __name__ == "__main__":
    sys.exit(main())
