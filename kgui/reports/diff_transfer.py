"""A difference as plain JSON values and back, exact: how the reader hands it to the window."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from kgui.reports.diff import ArgumentChange, Difference, LayerChange, WeightChange


def difference_to_json(found: Difference) -> dict[str, Any]:
    """Plain JSON values from which `difference_from_json` builds an equal difference."""
    return {
        "layers": [_change_to_json(change) for change in found.layers],
        "model": [_values(change) for change in found.model],
        "old_outputs": found.old_outputs,
        "new_outputs": found.new_outputs,
        "matched": found.matched,
        "pairs": found.pairs,
        "compared": found.compared,
        "equal": found.equal,
        "read_weights": found.read_weights,
    }


def difference_from_json(value: dict[str, Any]) -> Difference:
    """The difference that `difference_to_json` was given."""
    return Difference(
        layers=[_change_from_json(item) for item in value["layers"]],
        model=[ArgumentChange(*item) for item in value["model"]],
        old_outputs=value["old_outputs"],
        new_outputs=value["new_outputs"],
        matched=value["matched"],
        pairs=[(tuple(old), tuple(new)) for old, new in value["pairs"]],
        compared=value["compared"],
        equal=value["equal"],
        read_weights=value["read_weights"],
    )


def _values(item: Any) -> list[Any]:
    return [getattr(item, each.name) for each in fields(item)]


def _change_to_json(change: LayerChange) -> dict[str, Any]:
    value = dict(zip((each.name for each in fields(change)), _values(change), strict=True))
    value["arguments"] = [_values(item) for item in change.arguments]
    value["weights"] = [_values(item) for item in change.weights]
    return value


def _change_from_json(value: dict[str, Any]) -> LayerChange:
    plain = {
        **value,
        "old_path": tuple(value["old_path"]),
        "new_path": tuple(value["new_path"]),
        "old_shapes": _shapes(value["old_shapes"]),
        "new_shapes": _shapes(value["new_shapes"]),
        "arguments": [ArgumentChange(*item) for item in value["arguments"]],
        "weights": [_weight(*item) for item in value["weights"]],
    }
    return LayerChange(**plain)


def _weight(name: str, old_shape: Any, new_shape: Any, *rest: Any) -> WeightChange:
    old, new = (None if shape is None else tuple(shape) for shape in (old_shape, new_shape))
    return WeightChange(name, old, new, *rest)


def _shapes(shapes: list[list[int | None] | None] | None) -> Any:
    return None if shapes is None else [None if shape is None else tuple(shape) for shape in shapes]
