"""What a rule is: a function that says what a layer makes of its inputs, and what it owns.

A rule gets an `Ask` (the layer's arguments in today's words and what it is called with) and gives an `Answer`. Where
Keras would refuse the call it raises `Misfit`; where the file does not say enough it raises `Unknown`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kgui.graph import Shape, TensorSpec, Weight
from kgui.inference.dtypes import FLOATS


class Misfit(Exception):
    """Keras would refuse this layer or this call.

    Args:
        message: What does not fit, with the shapes, as a sentence.
        hint: What would mend it, or None.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)


class Unknown(Exception):
    """The file does not say enough for the rule: an input of unknown rank, a vocabulary that is elsewhere."""


class Answer(NamedTuple):
    """What a rule says.

    Attributes:
        outputs: Output tensors by tensor index.
        weights: What the layer owns, in Keras' order.
        multiply_adds: Multiplications with addition for one sample; None where not known.
        partly: True where the outputs are known only in part, so that what the file states comes first.
    """

    outputs: Sequence[TensorSpec]
    weights: Sequence[Weight] = ()
    multiply_adds: int | None = 0
    partly: bool = False


class Ask:
    """A layer and one call of it.

    Attributes:
        class_name: In today's words.
        config: The arguments in today's words.
        args: Positional arguments, with a `TensorSpec` in the place of every tensor.
        kwargs: Keyword arguments in the same form.
        compute: Dtype that the layer computes in.
        variable: Dtype of its weights.
        inner: Asks a layer that is an argument of this one (a wrapped layer, a cell); see `Inner`.
    """

    __slots__ = ("args", "class_name", "compute", "config", "inner", "kwargs", "variable")

    def __init__(
        self,
        class_name: str,
        config: dict[str, Any],
        args: list[Any],
        kwargs: dict[str, Any],
        dtypes: tuple[str, str],
        inner: Inner,
    ) -> None:
        self.class_name = class_name
        self.config = config
        self.args = args
        self.kwargs = kwargs
        self.compute, self.variable = dtypes
        self.inner = inner

    def tensor(self) -> TensorSpec:
        """The one input tensor, of known rank."""
        value = self.args[0] if self.args else self._keyword()
        while type(value) is list and len(value) == 1:
            value = value[0]
        if type(value) is not TensorSpec:
            raise Misfit("The layer takes one tensor.", "Connect exactly one tensor to it.")
        if value.shape is None:
            raise Unknown("the shape of the input is not known")
        return value

    def shape(self) -> Shape:
        """The shape of the one input tensor."""
        value = self.args[0] if self.args else None
        if type(value) is TensorSpec and value.shape is not None:
            return value.shape
        shape = self.tensor().shape
        assert shape is not None
        return shape

    def tensors(self) -> list[TensorSpec]:
        """All input tensors, first argument before keywords, each with a known rank."""
        found = list(self.any_tensors())
        if any(spec.shape is None for spec in found):
            raise Unknown("the shape of an input is not known")
        return found

    def any_tensors(self) -> list[TensorSpec]:
        """All input tensors, known or not."""
        found: list[TensorSpec] = []
        stack: list[Any] = [self.kwargs, self.args]
        while stack:
            item = stack.pop()
            if type(item) is TensorSpec:
                found.append(item)
            elif type(item) is list:
                stack.extend(reversed(item))
            elif type(item) is dict:
                stack.extend(reversed(list(item.values())))
        return found

    def argument(self, position: int, name: str) -> Any:
        """An argument of the call, by position or by keyword; None where it is not given."""
        return self.args[position] if position < len(self.args) else self.kwargs.get(name)

    def autocast(self, dtype: str | None) -> str | None:
        """The dtype that an input of the layer has within it."""
        return self.compute if dtype in FLOATS else dtype

    def whole(self, key: str, default: int | None = None, *, least: int | None = 1) -> int:
        """An argument that must be a whole number."""
        value = self.config.get(key, default)
        return whole(value, key, least=least)

    def flag(self, key: str, default: bool) -> bool:
        """An argument that is true or false."""
        return bool(self.config.get(key, default))

    def channels_first(self) -> bool:
        """Whether data_format puts the channels before the spatial sizes."""
        return self.config.get("data_format") == "channels_first"

    def weight(self, name: str, shape: Shape, trainable: bool = True) -> Weight:
        """A weight of this layer."""
        return Weight(name, shape, self.variable, None, trainable)  # type: ignore[arg-type]

    def _keyword(self) -> Any:
        for value in self.kwargs.values():
            if type(value) is TensorSpec:
                return value
        return None


Rule = Callable[[Ask], Answer]

Inner = Callable[[Any, list[Any], dict[str, Any]], Answer]
"""Asks a nested layer: its serialized form, the arguments of the call, the keywords of the call."""


def whole(value: Any, key: str, *, least: int | None = 1) -> int:
    """A value that must be a whole number, not less than `least`."""
    if type(value) is int or (isinstance(value, float) and value.is_integer()):
        number = int(value)
        if least is None or number >= least:
            return number
    bound = "" if least is None else f" of at least {least}"
    raise Misfit(f"{key} must be a whole number{bound}, not {shorten(value)}.", f"Set {key} to such a number.")


def plain(value: Any) -> Any:
    """A JSON value without the wrapping that Keras puts around tuples and shapes."""
    if isinstance(value, dict):
        if value.get("class_name") in ("__tuple__", "TensorShape"):
            return value.get("items")
        if value.get("class_name") == "__numpy__" and isinstance(value.get("config"), dict):
            return value["config"].get("value")
    return value


def sizes(value: Any, rank: int, key: str, *, least: int = 1) -> tuple[int, ...]:
    """An argument with one whole number for each of `rank` axes; one number stands for all."""
    if type(value) is int and value >= least:
        return (value,) * rank
    value = plain(value)
    if isinstance(value, (list, tuple)):
        if len(value) != rank:
            if len(value) == 1:
                return (whole(value[0], key, least=least),) * rank
            raise Misfit(f"{key} needs {rank} numbers, not {shorten(value)}.", f"Give one number, or {rank} of them.")
        for item in value:
            if type(item) is not int or item < least:
                return tuple(whole(item, key, least=least) for item in value)
        return tuple(value)
    return (whole(value, key, least=least),) * rank


def axis_of(value: Any, rank: int, key: str = "axis") -> int:
    """An axis counted from the front, for a tensor of that rank."""
    axis = whole(plain(value), key, least=None)
    if not -rank <= axis < rank:
        raise Misfit(f"{key} {axis} is outside of the {rank} axes of the input.", f"Use an axis from 0 to {rank - 1}.")
    return axis % rank


def axes_of(value: Any, rank: int, key: str = "axis") -> tuple[int, ...]:
    """One or several axes, counted from the front."""
    value = plain(value)
    if isinstance(value, (list, tuple)):
        return tuple(axis_of(item, rank, key) for item in value)
    return (axis_of(value, rank, key),)


def shape_of(value: Any) -> Shape | None:
    """A shape as JSON has it; None if it is none."""
    value = plain(value)
    if not isinstance(value, (list, tuple)):
        return None
    found: list[int | None] = []
    for item in value:
        if item is None:
            found.append(None)
        elif type(item) is int or (isinstance(item, float) and item.is_integer()):
            found.append(int(item))
        else:
            return None
    return tuple(found)


def count(shape: Sequence[int | None]) -> int | None:
    """Number of values in a tensor of that shape; None where a size is not known."""
    return None if None in shape else math.prod(shape)  # type: ignore[arg-type]


def known(size: int | None, what: str, layer: str) -> int:
    """A size that the weights depend on and that must be known."""
    if size is None:
        raise Misfit(f"{layer} needs a known {what}, and this input has none.", f"Give the input a fixed {what}.")
    return size


def need_rank(shape: Shape, rank: int, layer: str) -> None:
    """Refuses an input whose rank is not the one that the layer takes."""
    if len(shape) != rank:
        raise Misfit(
            f"{layer} takes an input of rank {rank}, batch included, but the input has shape {show(shape)}.",
            "Add or remove axes before this layer." if len(shape) > rank else "Reshape the input before this layer.",
        )


def show(shape: Shape | None) -> str:
    """A shape as a person reads it: (None, 32, 32, 3)."""
    if shape is None:
        return "(unknown)"
    return (
        "("
        + ", ".join("None" if size is None else str(size) for size in shape)
        + ("," if len(shape) == 1 else "")
        + ")"
    )


def shorten(value: Any) -> str:
    """A value of a file within a message, cut to a length that a person reads."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def broadcast(first: Sequence[int | None], second: Sequence[int | None]) -> tuple[int | None, ...]:
    """The shape of an element-wise operation on two tensors. Raises Misfit where they do not fit."""
    if tuple(first) == tuple(second):
        return tuple(first)
    rank = max(len(first), len(second))
    one = [1] * (rank - len(first)) + list(first)
    two = [1] * (rank - len(second)) + list(second)
    result: list[int | None] = []
    for a, b in zip(one, two, strict=True):
        if a == 1:
            result.append(b)
        elif a is None:
            result.append(None if b == 1 else b)
        elif b in (1, None, a):
            result.append(a)
        else:
            raise Misfit(
                f"Shapes {show(tuple(first))} and {show(tuple(second))} cannot be combined: {a} is not {b}.",
                "Make the sizes equal, or 1 where one value should serve for all.",
            )
    return tuple(result)


def same(ask: Ask) -> Answer:
    """The shape of the input in the layer's own dtype: what Keras says of every layer that only changes values."""
    return Answer((TensorSpec(ask.shape(), ask.compute),))
