"""Rules for layers that merge several tensors into one."""

from __future__ import annotations

from kgui.graph import Shape, TensorSpec
from kgui.inference.rule import Answer, Ask, Misfit, Rule, axis_of, broadcast, count, plain, show, whole


def _inputs(ask: Ask, least: int) -> list[Shape]:
    value = ask.args[0] if ask.args else None
    specs = ask.tensors()
    if not isinstance(value, (list, tuple)) or type(value) is TensorSpec or len(specs) < least:
        many = "one" if len(specs) == 1 else str(len(specs))
        raise Misfit(
            f"{ask.class_name} merges at least {least} tensor{'s' * (least > 1)} given as a list, but gets {many}.",
            "Connect more tensors to it, or delete it.",
        )
    return [spec.shape for spec in specs if spec.shape is not None]


def elementwise(least: int, most: int | None = None) -> Rule:
    """The rule of a merge value by value, with Keras' broadcasting."""

    def rule(ask: Ask) -> Answer:
        shapes = _inputs(ask, least)
        if most is not None and len(shapes) > most:
            raise Misfit(
                f"{ask.class_name} takes exactly {most} tensors, but gets {len(shapes)}.", "Disconnect the others."
            )
        first = shapes[0]
        if all(shape == first for shape in shapes):
            return Answer((TensorSpec(first, ask.compute),))
        batches = {shape[0] for shape in shapes if shape} - {None}
        if len(batches) > 1:
            raise Misfit(
                f"{ask.class_name} cannot merge tensors with different batch sizes: "
                f"{', '.join(show(shape) for shape in shapes)}.",
                "Give all inputs the same batch size.",
            )
        result = first[1:]
        for shape in shapes[1:]:
            result = _merged(result, shape[1:], ask.class_name, shapes)
        return Answer((TensorSpec((batches.pop() if batches else None, *result), ask.compute),))

    return rule


def _merged(first: Shape, second: Shape, layer: str, shapes: list[Shape]) -> Shape:
    """Broadcasting as the merging layers have it: a size of 1 gives way, but also in front of an unknown one."""
    if len(first) < len(second):
        first, second = second, first
    if not second:
        return first
    head = len(first) - len(second)
    result = list(first[:head])
    for a, b in zip(first[head:], second, strict=True):
        if a is None or b is None:
            result.append(None)
        elif a == 1:
            result.append(b)
        elif b == 1 or a == b:
            result.append(a)
        else:
            raise Misfit(
                f"{layer} cannot merge {' and '.join(show(shape) for shape in shapes)}: {a} is not {b}.",
                "All sizes must be equal, or 1 where one value should serve for all.",
            )
    return tuple(result)


def concatenate(ask: Ask) -> Answer:
    """Concatenate: the sizes along the axis are added, all others must agree."""
    shapes = _inputs(ask, 1)
    rank = len(shapes[0])
    if any(len(shape) != rank for shape in shapes):
        raise Misfit(
            f"Concatenate needs tensors of one rank, but gets {', '.join(show(shape) for shape in shapes)}.",
            "Reshape them to the same number of axes first.",
        )
    axis = axis_of(ask.config.get("axis", -1), rank)
    result = list(shapes[0])  # Keras takes all but the axis from the first tensor, unknown sizes included.
    total: int | None = 0
    for shape in shapes:
        size = shape[axis]
        total = None if total is None or size is None else total + size
        for place, (a, b) in enumerate(zip(result, shape, strict=True)):
            if a != b and place != axis and a is not None and b is not None:
                raise Misfit(
                    f"Concatenate joins along axis {axis}, but {', '.join(show(shape) for shape in shapes)} "
                    f"differ along axis {place}.",
                    "Make all other sizes equal, or choose another axis.",
                )
    result[axis] = total
    return Answer((TensorSpec(tuple(result), ask.compute),))


def dot(ask: Ask) -> Answer:
    """Dot: a batched product over one axis of each of two tensors."""
    shapes = _inputs(ask, 2)
    if len(shapes) != 2:
        raise Misfit(f"Dot takes exactly 2 tensors, but gets {len(shapes)}.", "Disconnect the others.")
    first, second = shapes
    axes = plain(ask.config.get("axes", -1))
    if isinstance(axes, (list, tuple)):
        if len(axes) != 2:
            raise Misfit(f"axes of Dot must be one axis or two, not {len(axes)}.", "Give one axis for each tensor.")
        one, two = whole(axes[0], "axes", least=None), whole(axes[1], "axes", least=None)
    else:
        one = two = whole(axes, "axes", least=None)
    one, two = axis_of(one, len(first), "axes"), axis_of(two, len(second), "axes")
    a, b = first[one], second[two]
    if a is not None and b is not None and a != b:
        raise Misfit(
            f"Dot needs equal sizes along its axes, but {show(first)} has {a} and {show(second)} has {b}.",
            "Choose axes of equal size.",
        )
    left = [size for place, size in enumerate(first) if place != one]
    right = [size for place, size in enumerate(second) if place not in (two, 0)]
    result = (*left, *right)
    if len(result) == 1:
        result = (*result, 1)
    places = count(result[1:])
    cost = None if places is None or a is None else places * a
    return Answer((TensorSpec(result, ask.compute),), (), cost)


def broadcast_all(shapes: list[Shape]) -> Shape:
    """The shape of an element-wise operation on several tensors."""
    result = shapes[0]
    for shape in shapes[1:]:
        result = broadcast(result, shape)
    return result


RULES: dict[str, Rule] = {
    **dict.fromkeys(("Add", "Multiply", "Average", "Maximum", "Minimum"), elementwise(1)),
    "Subtract": elementwise(2, 2),
    "Concatenate": concatenate,
    "Dot": dot,
}
