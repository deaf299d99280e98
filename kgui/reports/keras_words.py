"""The public API of Keras 3 as far as generated Python uses it: parameters in order, with their defaults.

Layers are those of `kgui.layers.specs`. The table of operations and other objects is made from the installed Keras by
`tests/kgui/reports/keras_words_maker.py`, and a test keeps it true.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from kgui.layers.specs import spec


@dataclass(frozen=True, slots=True)
class Signature:
    """What a class or function takes.

    Attributes:
        required: Parameters without a default, in order.
        defaults: The other ones, in order, as JSON values. A default that is an object is None here.
        takes_any: It takes further keywords; a layer has its name, dtype and trainable there.
    """

    required: tuple[str, ...]
    defaults: Mapping[str, Any]
    takes_any: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that can be a node of a graph.

    Attributes:
        function: The public function that makes it, below `keras.ops`: "mean", "image.resize".
        parameters: Of the function, in order; "*operands" takes any number.
        defaults: Those of them that have one.
        call: The parameters that the node is called with; the others are in its config.
    """

    function: str
    parameters: tuple[str, ...]
    defaults: Mapping[str, Any]
    call: tuple[str, ...]


LAYER_DEFAULTS: Mapping[str, Any] = {
    "activity_regularizer": None,
    "trainable": True,
    "dtype": "float32",
    "autocast": True,
}
"""What every layer takes besides its own arguments."""


@cache
def _table() -> dict[str, dict[str, Any]]:
    text = files("kgui.reports").joinpath("keras_words.json").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = json.loads(text)
    return table


def layer_signature(class_name: str) -> Signature | None:
    """What a layer class of Keras 3 takes, or None where it has no such class."""
    found = spec(class_name)
    if found is None or found.class_name != class_name:
        return None
    own = [argument for argument in found.arguments if argument.name not in ("name", "trainable", "dtype")]
    required = tuple(argument.name for argument in own if argument.required)
    return Signature(required, {item.name: item.default for item in own if not item.required}, takes_any=True)


def layer_defaults(class_name: str) -> Mapping[str, Any]:
    """Arguments of a layer class that have a default; empty for a class that Keras 3 does not have."""
    found = layer_signature(class_name)
    return {} if found is None else {**LAYER_DEFAULTS, **found.defaults}


def object_signature(family: str, class_name: str) -> Signature | None:
    """What another class takes: `object_signature("initializers", "HeNormal")`."""
    entry = _table()["objects"].get(f"{family}.{class_name}")
    return None if entry is None else _signature(entry)


def operation(module: str | None, class_name: str) -> Operation | None:
    """An operation by what a Keras 3 file calls it: `operation("keras.src.ops.numpy", "Mean")`."""
    entry = _table()["operations"].get(f"{(module or '').rpartition('.')[2]}.{class_name}")
    if entry is None:
        return None
    function, parameters, call = entry
    defaults = {item[0]: item[1] for item in parameters if len(item) > 1}
    return Operation(function, tuple(item[0] for item in parameters), defaults, tuple(call))


def _signature(entry: list[Any]) -> Signature:
    parameters, takes_any = entry
    required = tuple(item[0] for item in parameters if len(item) == 1 and not item[0].startswith("*"))
    return Signature(required, {item[0]: item[1] for item in parameters if len(item) > 1}, takes_any)
