"""What Keras offers: every layer class with its arguments.

The data beside this module are generated from the installed Keras by packaging/make_layer_specs.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from kgui.layers.categories import Category, category

ArgumentKind = Literal[
    "int", "float", "bool", "string", "choice", "tuple", "pairs", "shape", "axis", "activation", "initializer",
    "regularizer", "constraint", "dtype policy", "layer", "layers", "function", "json",
]  # fmt: skip
"""What a form shows for an argument.

"tuple" is one whole number for each spatial axis, or one for all; "pairs" are amounts before and after each of them.
"axis" is one axis or several. "function" is code, which a form only shows. "json" is any plain value.
"""


@dataclass(frozen=True, slots=True)
class ArgumentSpec:
    """One argument of a layer class.

    Attributes:
        name: As Keras has it.
        kind: What values it takes.
        required: Whether Keras has no default for it.
        default: The default as a plain JSON value; None for a required argument.
        choices: Of a "choice": its values, the default first where there is one.
        low: Smallest value of a number, or None.
        high: Largest value of a number, or None.
        rank: Of a "tuple" or of "pairs": the number of spatial axes.
        documentation: What Keras says of it, in one paragraph.
    """

    name: str
    kind: ArgumentKind
    required: bool = False
    default: Any = None
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    rank: int | None = None
    documentation: str = ""


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """A layer class.

    Attributes:
        class_name: As Keras has it.
        module: Where users import it from.
        category: What the palette groups it by.
        summary: What it does, as one sentence.
        documentation: Keras' docstring without the arguments, which have their own.
        arguments: In Keras' order; name, trainable and dtype last.
    """

    class_name: str
    module: str
    category: Category
    summary: str
    documentation: str
    arguments: tuple[ArgumentSpec, ...]

    def argument(self, name: str) -> ArgumentSpec | None:
        """The argument of that name, or None."""
        return next((argument for argument in self.arguments if argument.name == name), None)


@dataclass(frozen=True, slots=True)
class PartSpec:
    """An initializer, regularizer or constraint class with its arguments."""

    class_name: str
    arguments: tuple[ArgumentSpec, ...]


@cache
def spec(class_name: str) -> LayerSpec | None:
    """The spec of a layer class by its name or by an alias of it; None for one that Keras does not have."""
    data = _data()
    name = data["aliases"].get(class_name, class_name)
    value = data["classes"].get(name)
    if value is None:
        return None
    return LayerSpec(
        name,
        value["module"],
        category(name),
        value["summary"],
        value["doc"],
        tuple(_argument(item) for item in value["arguments"]),
    )


def class_names() -> tuple[str, ...]:
    """All layer classes, by name, without aliases."""
    return tuple(_data()["classes"])


def defaults(class_name: str) -> dict[str, Any]:
    """The arguments of a class that have a default, with it. Empty for a class that Keras does not have."""
    found = spec(class_name)
    if found is None:
        return {}
    return {argument.name: argument.default for argument in found.arguments if not argument.required}


def activations() -> tuple[str, ...]:
    """Names of Keras' activation functions."""
    return tuple(_data()["activations"])


@cache
def parts(kind: Literal["initializers", "regularizers", "constraints"]) -> tuple[PartSpec, ...]:
    """Keras' own initializers, regularizers or constraints."""
    return tuple(
        PartSpec(item["name"], tuple(_argument(argument) for argument in item["arguments"])) for item in _data()[kind]
    )


def keras_version() -> str:
    """The version of Keras that the specs were made from."""
    version: str = _data()["keras"]
    return version


def _argument(value: dict[str, Any]) -> ArgumentSpec:
    return ArgumentSpec(
        value["name"],
        value["kind"],
        value.get("required", False),
        value.get("default"),
        tuple(value.get("choices", ())),
        value.get("low"),
        value.get("high"),
        value.get("rank"),
        value.get("doc", ""),
    )


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name("specs.json").read_text(encoding="utf-8"))
    return data
