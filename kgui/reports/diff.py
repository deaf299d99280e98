"""What differs between two models: structure, arguments and weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kgui.graph import Layer, Model, Shape, TensorRef, Weight, refs
from kgui.inference.result import Inference
from kgui.reports.align import CallId, align, arguments, edges
from kgui.reports.words import plain, shape_text

if TYPE_CHECKING:
    import numpy as np

Reader = Callable[[Weight, tuple[slice | int, ...] | None], "np.ndarray[Any, Any]"]
"""Reads the values of a weight, or a part of them: `ModelFile.read`."""

Defaults = Callable[[str], Mapping[str, Any]]
"""For a class name the values that Keras takes for arguments that are not given."""

_BLOCK = 1 << 22
"""Values that are compared at a time, so that a weight of any size needs little memory."""


@dataclass(frozen=True, slots=True)
class ArgumentChange:
    """An argument with another value.

    `old` or `new` is `NOT_STATED` where that file does not say and Keras has no default.
    """

    name: str
    old: Any
    new: Any


NOT_STATED = "(not stated)"


@dataclass(frozen=True, slots=True)
class WeightChange:
    """A weight that differs.

    Attributes:
        name: What Keras calls it within the layer.
        old_shape: Its shape in the first model; None where only the second has it.
        new_shape: Its shape in the second model; None where only the first has it.
        old_dtype: Its dtype in the first model.
        new_dtype: Its dtype in the second model.
        max_abs: Largest absolute difference; None where the shapes differ or the values cannot be compared.
        mean_abs: Mean absolute difference.
        relative: Length of the difference divided by the length of the first, both as vectors.
    """

    name: str
    old_shape: tuple[int, ...] | None
    new_shape: tuple[int, ...] | None
    old_dtype: str | None
    new_dtype: str | None
    max_abs: float | None = None
    mean_abs: float | None = None
    relative: float | None = None


@dataclass(slots=True)
class LayerChange:
    """A layer that differs, or that only one model has.

    Attributes:
        old: Name in the first model, with those of the models it is in: "encoder/dense". None for an added layer.
        new: Name in the second model. None for a removed layer.
        old_class: Its class in the first model, in today's words.
        new_class: Its class in the second model, in today's words.
        old_path: Ids that lead to it in the first model, for a program that selects it.
        new_path: Ids that lead to it in the second model.
        moved: It stands between other layers than before.
        old_inputs: What goes into it, where it is connected otherwise than before.
        new_inputs: What goes into it now.
        old_shapes: Output shapes of its calls, where they differ.
        new_shapes: Output shapes of its calls now.
        arguments: Arguments that differ.
        weights: Weights that differ.
    """

    old: str | None
    new: str | None
    old_class: str | None
    new_class: str | None
    old_path: tuple[int, ...] = ()
    new_path: tuple[int, ...] = ()
    moved: bool = False
    old_inputs: list[str] | None = None
    new_inputs: list[str] | None = None
    old_shapes: list[Shape | None] | None = None
    new_shapes: list[Shape | None] | None = None
    arguments: list[ArgumentChange] = field(default_factory=list)
    weights: list[WeightChange] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        """What happened, in words: "added", "removed", "renamed", "replaced", "moved", "rewired", "arguments", …."""
        if self.old is None:
            return ["added"]
        if self.new is None:
            return ["removed"]
        happened = {
            "renamed": self.old.rpartition("/")[2] != self.new.rpartition("/")[2],
            "replaced": self.old_class != self.new_class,
            "moved": self.moved,
            "rewired": self.old_inputs is not None and not self.moved,
            "arguments": bool(self.arguments),
            "weights": bool(self.weights),
            "shapes": self.old_shapes is not None,
        }
        return [kind for kind, holds in happened.items() if holds]


@dataclass(slots=True)
class Difference:
    """What differs between two models.

    Attributes:
        layers: Layers that differ, in the order of the second model; removed ones come where they were.
        model: Arguments of the model itself that differ.
        old_outputs: Outputs of the first model, where the models have others.
        new_outputs: Outputs of the second model.
        matched: Number of layers that both models have.
        pairs: Ids that lead to each of them in the first model, and in the second, for a program that shows both.
        compared: Number of weights whose values were compared.
        equal: Those whose values are equal.
        read_weights: Whether values were compared at all.
        without_architecture: "A", "B" or "" for neither: the model that is weights alone, so that only they count.
    """

    layers: list[LayerChange] = field(default_factory=list)
    model: list[ArgumentChange] = field(default_factory=list)
    old_outputs: list[str] | None = None
    new_outputs: list[str] | None = None
    matched: int = 0
    pairs: list[tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=list)
    compared: int = 0
    equal: int = 0
    read_weights: bool = False
    without_architecture: str = ""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.layers or self.model or self.old_outputs is not None)

    def to_json(self) -> dict[str, Any]:
        """The difference as plain JSON values."""
        return {
            "same": self.same,
            "matched_layers": self.matched,
            "model": [_argument_json(change) for change in self.model],
            "outputs": None if self.old_outputs is None else {"old": self.old_outputs, "new": self.new_outputs},
            "layers": [_layer_json(change) for change in self.layers],
            "weights": {"compared": self.compared, "equal": self.equal} if self.read_weights else None,
            "without_architecture": self.without_architecture or None,
        }

    def text(self, old: str = "A", new: str = "B") -> str:
        """The difference for people.

        Args:
            old: What the first model is called.
            new: What the second model is called.
        """
        return "\n".join(_report(self, plain(old), plain(new)))


def diff(
    a: Model,
    b: Model,
    inference_a: Inference,
    inference_b: Inference,
    *,
    read_a: Reader | None = None,
    read_b: Reader | None = None,
    defaults: Defaults | None = None,
) -> Difference:
    """Compares two models.

    Args:
        a: The first model.
        b: The second model.
        inference_a: What was inferred for the first.
        inference_b: What was inferred for the second.
        read_a: Reads weights of the first. Without both readers, only shapes and dtypes are compared.
        read_b: Reads weights of the second.
        defaults: What Keras takes for arguments that are not given; by default those of Keras 3.
    """
    comparison = _Comparison(read_a, read_b, defaults or keras_defaults)
    result = comparison.result
    result.read_weights = read_a is not None and read_b is not None
    if (a.kind == "weights") != (b.kind == "weights"):
        result.without_architecture = "A" if a.kind == "weights" else "B"
    else:
        comparison.arguments_of_model(a, b)
    comparison.level(_Level(a, inference_a, "", ()), _Level(b, inference_b, "", ()), outermost=True)
    return result


def keras_defaults(class_name: str) -> Mapping[str, Any]:
    """The defaults of a layer class of Keras 3, canonical; empty for a class that it does not have."""
    from kgui.reports.align import canonical
    from kgui.reports.keras_words import layer_defaults

    return {name: canonical(value) for name, value in layer_defaults(class_name).items()}


@dataclass(frozen=True)
class _Level:
    """A model at some depth, with what leads to it."""

    model: Model
    inference: Inference
    prefix: str
    path: tuple[int, ...]

    def name(self, key: int) -> str:
        return self.prefix + self.model.layers[key].name

    def inside(self, key: int, model: Model) -> _Level:
        result = self.inference.layers.get(key)
        inner = (result.model if result is not None else None) or Inference()
        return _Level(model, inner, f"{self.name(key)}/", (*self.path, key))


Source = tuple[int, int, int]


class _Comparison:
    def __init__(self, read_a: Reader | None, read_b: Reader | None, defaults: Defaults) -> None:
        self.read_a = read_a
        self.read_b = read_b
        self.defaults = defaults
        self.result = Difference()

    def arguments_of_model(self, a: Model, b: Model) -> None:
        old, new = ({"kind": model.kind, "trainable": model.config.get("trainable", True)} for model in (a, b))
        self.result.model = _changes(old, new, {})

    def level(self, a: _Level, b: _Level, *, outermost: bool = False) -> None:
        """Compares two models without what they are called."""
        found = align(a.model, b.model, a.inference, b.inference)
        alone = self.result.without_architecture
        if alone:
            found = _by_name(a.model, b.model, found)
        back = {new: old for old, new in found.items()}
        self.result.matched += len(found)
        self.result.pairs += [((*a.path, old), (*b.path, new)) for old, new in found.items()]
        wiring = _Wiring(a.model, b.model, found)
        if outermost and not alone:
            self._outputs(a, b, wiring)
        removed = _Removed(a, found, with_weights=bool(alone))
        self.result.layers.extend(removed.after(None))
        for key in b.model.layers:
            if key in back:
                self._pair(a, b, back[key], key, wiring)
                self.result.layers.extend(removed.after(back[key]))
            elif not alone or _has_weights(b, key):
                self.result.layers.append(_only(b, key, added=True))

    def _outputs(self, a: _Level, b: _Level, wiring: _Wiring) -> None:
        old, new = wiring.outputs()
        if old != new:
            self.result.old_outputs = _named(a, refs(a.model.outputs))
            self.result.new_outputs = _named(b, refs(b.model.outputs))

    def _pair(self, a: _Level, b: _Level, old: int, new: int, wiring: _Wiring) -> None:
        left, right = a.model.layers[old], b.model.layers[new]
        old_class, old_arguments = arguments(left, a.model.era)
        new_class, new_arguments = arguments(right, b.model.era)
        change = LayerChange(
            a.name(old), b.name(new), old_class, new_class, (*a.path, old), (*b.path, new), moved=wiring.moved(old, new)
        )
        if alone := self.result.without_architecture:
            # What kind of layer the arrays belong to is a guess on one side, and nothing else is known there.
            change.moved = False
            change.old_class = change.new_class = new_class if alone == "A" else old_class
        elif change.moved or wiring.rewired(old, new):
            change.old_inputs = _named(a, [ref for call in left.calls for ref in call.inputs()])
            change.new_inputs = _named(b, [ref for call in right.calls for ref in call.inputs()])
        shapes = _shapes(a.inference, old), _shapes(b.inference, new)
        if None not in shapes and shapes[0] != shapes[1] and not alone:
            change.old_shapes, change.new_shapes = shapes
        if old_class == new_class and not alone:
            change.arguments = _changes(old_arguments, new_arguments, self.defaults(new_class))
            if new_class in _KEEP_AXES and _axes(old_arguments, shapes[0]) == _axes(new_arguments, shapes[1]):
                change.arguments = [item for item in change.arguments if item.name != "axis"]
        if left.model is None or right.model is None:
            change.weights = self._weights(_own_weights(a, old), _own_weights(b, new))
        if change.kinds:
            self.result.layers.append(change)
        if left.model is not None and right.model is not None:
            self.level(a.inside(old, left.model), b.inside(new, right.model))

    def _weights(self, old: Sequence[Weight], new: Sequence[Weight]) -> list[WeightChange]:
        changes = []
        for left, right in _pairs(old, new):
            if left is None or right is None or left.shape != right.shape:
                changes.append(_shape_change(left, right))
                continue
            change = self._values(left, right)
            if change is not None:
                changes.append(change)
        return changes

    def _values(self, left: Weight, right: Weight) -> WeightChange | None:
        change = None if left.dtype == right.dtype else _shape_change(left, right)
        if self.read_a is None or self.read_b is None or left.path is None or right.path is None:
            return change
        self.result.compared += 1
        figures = compare_values(left, right, self.read_a, self.read_b)
        if figures is None:
            self.result.equal += 1
            return change
        return WeightChange(right.name, left.shape, right.shape, left.dtype, right.dtype, *figures)


def _by_name(a: Model, b: Model, found: Mapping[int, int]) -> dict[int, int]:
    """Also matches what has the same name: of a class of the user's own, weights alone say another one."""
    taken = set(found.values())
    names = {layer.name: key for key, layer in a.layers.items() if key not in found}
    more = {names.pop(layer.name): key for key, layer in b.layers.items() if key not in taken and layer.name in names}
    return {**found, **more}


class _Removed:
    """Layers that only the first model has, given out once the layer before them has been."""

    def __init__(self, level: _Level, found: Mapping[int, int], *, with_weights: bool = False) -> None:
        self.groups: dict[int | None, list[LayerChange]] = {}
        anchor: int | None = None
        for key in level.model.layers:
            if key in found:
                anchor = key
            elif not with_weights or _has_weights(level, key):
                self.groups.setdefault(anchor, []).append(_only(level, key, added=False))

    def after(self, key: int | None) -> list[LayerChange]:
        return self.groups.pop(key, [])


def _only(level: _Level, key: int, *, added: bool) -> LayerChange:
    layer = level.model.layers[key]
    class_name, _ = arguments(layer, level.model.era)
    path = (*level.path, key)
    inputs = _named(level, [ref for call in layer.calls for ref in call.inputs()])
    if added:
        return LayerChange(None, level.name(key), None, class_name, new_path=path, new_inputs=inputs)
    return LayerChange(level.name(key), None, class_name, None, old_path=path, old_inputs=inputs)


def _shapes(inference: Inference, key: int) -> list[Shape | None] | None:
    result = inference.layers.get(key)
    return None if result is None else [spec.shape for call in result.calls for spec in call.outputs]


def _own_weights(level: _Level, key: int) -> list[Weight]:
    """The arrays in the file, else what the layer must have by rule."""
    layer = level.model.layers[key]
    if layer.weights is not None:
        return layer.weights
    result = level.inference.layers.get(key)
    return (result.weights if result is not None else None) or []


def _has_weights(level: _Level, key: int) -> bool:
    nested = level.model.layers[key].model
    if nested is None:
        return bool(_own_weights(level, key))
    inside = level.inside(key, nested)
    return any(_has_weights(inside, inner) for inner in nested.layers)


def _named(level: _Level, found: Sequence[TensorRef] | Iterator[TensorRef]) -> list[str]:
    names = []
    for ref in found:
        layer: Layer | None = level.model.layers.get(ref.layer)
        name = "?" if layer is None else layer.name
        names.append(name if ref.call == ref.tensor == 0 else f"{name}[{ref.call}][{ref.tensor}]")
    return names


# Wiring


class _Wiring:
    """Compares what feeds a matched layer in the two models, as if layers that only one of them has were wires."""

    def __init__(self, a: Model, b: Model, found: Mapping[int, int]) -> None:
        self.a, self.b = a, b
        self.same = dict(found)
        self.taken = {new: new for new in found.values()}
        self._above: tuple[dict[CallId, frozenset[Source]], ...] = ({}, {})
        self._below = (_consumers(a, self.same), _consumers(b, self.taken))
        self._back = {new: old for old, new in found.items()}
        self._moved: dict[int, bool] = {}

    def rewired(self, old: int, new: int) -> bool:
        """Whether other tensors go in. A layer put in between, or taken out, is not a new wire."""
        left, right = self.a.layers[old].calls, self.b.layers[new].calls
        if len(left) != len(right):
            return True
        for one, other in zip(left, right, strict=True):
            ours = [(slot, self._source(ref, self.same)) for slot, ref in edges(one)]
            theirs = [(slot, self._source(ref, self.taken)) for slot, ref in edges(other)]
            if ours == theirs:
                continue
            sources = self._sources(0, one.inputs()), self._sources(1, other.inputs())
            if sources[0] == sources[1] and (_unknown(ours) or _unknown(theirs)):
                continue
            changed = sources[0] ^ sources[1]
            if changed and all(self._has_moved(source[0]) for source in changed):
                continue
            return True
        return False

    def moved(self, old: int, new: int) -> bool:
        """Whether everything before and everything after it is another layer than before."""
        if new not in self._moved:
            self._moved[new] = self._is_moved(old, new)
        return self._moved[new]

    def _has_moved(self, new: int) -> bool:
        if new not in self._moved:
            self._moved[new] = new in self._back and self._is_moved(self._back[new], new)
        return self._moved[new]

    def _is_moved(self, old: int, new: int) -> bool:
        left, right = self.a.layers[old], self.b.layers[new]
        above = (
            self._sources(0, [ref for call in left.calls for ref in call.inputs()]),
            self._sources(1, [ref for call in right.calls for ref in call.inputs()]),
        )
        below = self._users(0, old), self._users(1, new)
        return bool(above[0] and above[1] and not above[0] & above[1] and not below[0] & below[1])

    def outputs(self) -> tuple[list[frozenset[Source]], list[frozenset[Source]]]:
        """What each output comes from."""
        return (
            [self._sources(0, [ref]) for ref in refs(self.a.outputs)],
            [self._sources(1, [ref]) for ref in refs(self.b.outputs)],
        )

    @staticmethod
    def _source(ref: TensorRef, names: Mapping[int, int]) -> Source | None:
        name = names.get(ref.layer)
        return None if name is None else (name, ref.call, ref.tensor)

    def _sources(self, side: int, inputs: Sequence[TensorRef]) -> frozenset[Source]:
        """The nearest tensors of matched layers that lead to these."""
        model, names = ((self.a, self.same), (self.b, self.taken))[side]
        memo = self._above[side]
        found: set[Source] = set()
        seen: set[CallId] = set()
        pending = list(inputs)
        while pending:
            ref = pending.pop()
            source = self._source(ref, names)
            call_id = (ref.layer, ref.call)
            if source is not None:
                found.add(source)
            elif call_id in memo:
                found |= memo[call_id]
            elif call_id not in seen:
                seen.add(call_id)
                layer = model.layers.get(ref.layer)
                if layer is not None and ref.call < len(layer.calls):
                    pending.extend(layer.calls[ref.call].inputs())
        if len(inputs) == 1 and self._source(inputs[0], names) is None:
            memo[inputs[0].layer, inputs[0].call] = frozenset(found)
        return frozenset(found)

    def _users(self, side: int, key: int) -> set[int]:
        """The nearest matched layers that these lead to; -1 stands for the end of the model."""
        model, names = ((self.a, self.same), (self.b, self.taken))[side]
        found: set[int] = set()
        seen = {key}
        pending = list(self._below[side].get(key, ()))
        while pending:
            user = pending.pop()
            if user in names:
                found.add(names[user])
            elif user not in seen:
                seen.add(user)
                pending.extend(self._below[side].get(user, ()))
        ends = {ref.layer for ref in refs(model.outputs)}
        return found | ({-1} if seen & ends else set())


def _unknown(sources: Sequence[tuple[str, Source | None]]) -> bool:
    return any(source is None for _, source in sources)


def _consumers(model: Model, names: Mapping[int, int]) -> dict[int, list[int]]:
    consumers: dict[int, list[int]] = {}
    for key, layer in model.layers.items():
        for call in layer.calls:
            for ref in call.inputs():
                consumers.setdefault(ref.layer, []).append(key)
    return consumers


# Arguments


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[ArgumentChange]:
    """Arguments whose values differ. One that is not given has its default; one without is not compared with None."""
    changes = []
    for name in dict.fromkeys((*old, *new)):
        left = old.get(name, defaults.get(name, NOT_STATED))
        right = new.get(name, defaults.get(name, NOT_STATED))
        if left == right or all(_is_nothing(value) for value in (left, right)):
            continue
        changes.append(ArgumentChange(name, left, right))
    return changes


_KEEP_AXES = frozenset(
    {
        "BatchNormalization", "Concatenate", "GroupNormalization", "LayerNormalization", "Normalization",
        "RMSNormalization", "Softmax", "UnitNormalization",
    }
)  # fmt: skip
"""Layers whose axis counts in the output as in the input."""


def _axes(given: Mapping[str, Any], shapes: Sequence[Shape | None] | None) -> Any:
    """The argument "axis" counted from the end, as Keras 3 does: tf.keras stores 3, or [3], for -1."""
    shape = shapes[0] if shapes else None
    axis = given.get("axis", -1)
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if shape is None or not all(type(item) is int for item in axes):
        return axes
    return [item - len(shape) if 0 <= item < len(shape) else item for item in axes]


def _is_nothing(value: Any) -> bool:
    """Whether a value switches nothing on: one Keras writes `ragged: false` where another writes null or nothing."""
    return value is None or value is False or (isinstance(value, str) and value == NOT_STATED)


# Weights


def _pairs(old: Sequence[Weight], new: Sequence[Weight]) -> list[tuple[Weight | None, Weight | None]]:
    """Weights by name; where no name is common (another era's words) and the counts agree, by position."""
    names = {weight.name: weight for weight in old}
    if len(old) == len(new) and not any(weight.name in names for weight in new):
        return list(zip(old, new, strict=True))
    pairs: list[tuple[Weight | None, Weight | None]] = [(names.pop(weight.name, None), weight) for weight in new]
    return [*pairs, *((weight, None) for weight in names.values())]


def _shape_change(left: Weight | None, right: Weight | None) -> WeightChange:
    known = right or left
    assert known is not None
    return WeightChange(
        known.name,
        None if left is None else left.shape,
        None if right is None else right.shape,
        None if left is None else left.dtype,
        None if right is None else right.dtype,
    )


def compare_values(a: Weight, b: Weight, read_a: Reader, read_b: Reader) -> tuple[float, float, float] | None:
    """Compares the values of two weights of the same shape, a block at a time.

    Returns:
        Largest and mean absolute difference, and the length of the difference as a vector divided by that of `a`
        (infinity where `a` is all zeros); None where all values are equal. NaN equals NaN.
    """
    import numpy as np

    largest = total = squares = length = 0.0
    equal = True
    for selection in _blocks(a.shape):
        left, right = np.asarray(read_a(a, selection)), np.asarray(read_b(b, selection))
        if selection is None and left.dtype == right.dtype and np.array_equal(left, right):
            # Most weights, where a model was trained further in part: four times as fast as their difference.
            return None
        if left.dtype.kind not in "biufV" or right.dtype.kind not in "biufV":
            if not np.array_equal(left, right):
                return float("nan"), float("nan"), float("nan")
            continue
        left, right = np.atleast_1d(left.astype(np.float64), right.astype(np.float64))  # some weights are one number
        with np.errstate(invalid="ignore"):  # infinity minus infinity
            gap = np.abs(left - right)
        gap[(left == right) | (np.isnan(left) & np.isnan(right))] = 0.0
        if not gap.size:
            continue
        equal = equal and not gap.any()
        largest = float(np.fmax(largest, np.max(gap))) if not np.isnan(gap).any() else float("nan")
        total += float(gap.sum())
        squares += float((gap * gap).sum())
        length += float(np.nansum(left * left))
    if equal:
        return None
    count = max(1, a.size)
    relative = float("inf") if length == 0 else (squares / length) ** 0.5
    return largest, total / count, relative


def _blocks(shape: tuple[int, ...]) -> Iterator[tuple[slice | int, ...] | None]:
    """Selections along the first axis, each of some million values."""
    row = 1
    for length in shape[1:]:
        row *= length
    if not shape or shape[0] * row <= _BLOCK:
        yield None
        return
    step = max(1, _BLOCK // max(1, row))
    for start in range(0, shape[0], step):
        yield (slice(start, min(start + step, shape[0])),)


# As JSON and text


def _argument_json(change: ArgumentChange) -> dict[str, Any]:
    return {"name": change.name, "old": change.old, "new": change.new}


def _figure(value: float | None) -> float | str | None:
    """JSON has no word for infinity and NaN."""
    if value is None or (value == value and abs(value) != float("inf")):
        return value
    return str(value)


def _layer_json(change: LayerChange) -> dict[str, Any]:
    return {
        "kinds": change.kinds,
        "old": change.old,
        "new": change.new,
        "old_class": change.old_class,
        "new_class": change.new_class,
        "inputs": None
        if change.old_inputs is None and change.new_inputs is None
        else {"old": change.old_inputs, "new": change.new_inputs},
        "output_shapes": None if change.old_shapes is None else {"old": change.old_shapes, "new": change.new_shapes},
        "arguments": [_argument_json(item) for item in change.arguments],
        "weights": [
            {
                "name": item.name,
                "shape": {"old": item.old_shape, "new": item.new_shape},
                "dtype": {"old": item.old_dtype, "new": item.new_dtype},
                "max_abs": _figure(item.max_abs),
                "mean_abs": _figure(item.mean_abs),
                "relative": _figure(item.relative),
            }
            for item in change.weights
        ],
    }


def _report(found: Difference, old: str, new: str) -> list[str]:
    alone = {"A": old, "B": new}.get(found.without_architecture)
    only = f"{alone} holds weights without an architecture, so only the weights are compared."
    if found.same:
        weights = f", and the values of {found.equal} weights are equal" if found.compared else ""
        if alone is not None:
            return [only, f"Every weight is in both{weights}."]
        return [f"{old} and {new} are the same model: {found.matched} layers{weights}."]
    lines = [f"- {old}", f"+ {new}", *([] if alone is None else ["", only])]
    sections = (
        ("Structure", list(_structure_lines(found))),
        ("Arguments", list(_argument_lines(found))),
        ("Weights", list(_weight_lines(found))),
    )
    for title, body in sections:
        if body:
            lines += ["", title, *(f"  {line}" for line in body)]
    if found.compared:
        lines += ["", f"{found.equal} of {found.compared} weights that both have are equal."]
    return lines


def _label(change: LayerChange) -> str:
    name = change.new if change.new is not None else change.old
    return f"{plain(name or '')} ({plain(change.new_class or change.old_class or '')})"


def _structure_lines(found: Difference) -> Iterator[str]:
    for change in found.layers:
        kinds = change.kinds
        if "added" in kinds:
            yield f"+ {_label(change)}{_after(change.new_inputs)}"
        elif "removed" in kinds:
            yield f"- {_label(change)}{_after(change.old_inputs)}"
        if "renamed" in kinds:
            yield f"= {_label(change)} was called {plain(change.old or '')}"
        if "replaced" in kinds:
            yield f"~ {_label(change)} was a {plain(change.old_class or '')}"
        if "moved" in kinds or "rewired" in kinds:
            word = "moved" if "moved" in kinds else "other inputs"
            yield f"~ {_label(change)} {word}: {_list(change.old_inputs)} → {_list(change.new_inputs)}"
        if "shapes" in kinds:
            yield f"~ {_label(change)} output {_shapes_text(change.old_shapes)} → {_shapes_text(change.new_shapes)}"
    if found.old_outputs is not None:
        yield f"~ outputs: {_list(found.old_outputs)} → {_list(found.new_outputs)}"


def _after(inputs: list[str] | None) -> str:
    return f" after {_list(inputs)}" if inputs else ""


def _list(names: list[str] | None) -> str:
    return ", ".join(plain(name) for name in names or ()) or "nothing"


def _shapes_text(shapes: list[Shape | None] | None) -> str:
    return ", ".join(dict.fromkeys(shape_text(shape) for shape in shapes or ()))


def _argument_lines(found: Difference) -> Iterator[str]:
    for change in found.model:
        yield f"{change.name}: {value_text(change.old)} → {value_text(change.new)}"
    for layer in found.layers:
        for change in layer.arguments:
            yield f"{_label(layer)} {plain(change.name)}: {value_text(change.old)} → {value_text(change.new)}"


def value_text(value: Any) -> str:
    """The value of an argument in one line."""
    if isinstance(value, str) and value == NOT_STATED:
        return value
    if isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value:
        config = value["config"]
        inner = (
            ", ".join(f"{key}={value_text(item)}" for key, item in config.items()) if isinstance(config, dict) else ""
        )
        return f"{plain(value['class_name'])}({inner})"
    return plain(json.dumps(value, ensure_ascii=False, default=str))


def _weight_lines(found: Difference) -> Iterator[str]:
    for layer in found.layers:
        for change in layer.weights:
            yield f"{_label(layer)} {plain(change.name)}: {weight_text(change)}"


def weight_text(change: WeightChange) -> str:
    """By how much a weight differs, in one line."""
    if change.old_shape is None:
        return f"only in the second, {shape_text(change.new_shape)}"
    if change.new_shape is None:
        return f"only in the first, {shape_text(change.old_shape)}"
    if change.old_shape != change.new_shape:
        return f"shape {shape_text(change.old_shape)} → {shape_text(change.new_shape)}"
    parts = [] if change.old_dtype == change.new_dtype else [f"{change.old_dtype} → {change.new_dtype}"]
    if change.max_abs is not None and change.mean_abs is not None and change.relative is not None:
        parts.append(f"differs by at most {change.max_abs:.3g}, on average {change.mean_abs:.3g}")
        parts.append(f"{change.relative:.2%} of its length")
    return ", ".join(parts)
