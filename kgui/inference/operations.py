"""Rules for operations: nodes of a graph that are functions of Keras or TensorFlow and own nothing.

Keras 3 has some 340 classes of them (`keras.ops`), tf.keras wraps TensorFlow's functions in TFOpLambda,
SlicingOpLambda and TensorFlowOpLayer. Most fall into few families, which the tables below list.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kgui.graph import Shape, TensorSpec
from kgui.inference.convolution import join, padding_of, split, transposed_sizes, window_sizes
from kgui.inference.dtypes import FLOATS, clean, promote
from kgui.inference.reshaping import reshaped
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
    plain,
    shape_of,
    show,
    sizes,
    whole,
)

Dtype = Callable[[str | None], str | None]


# Arguments --------------------------------------------------------------------------------------------------------


def _spec(value: Any) -> TensorSpec:
    """Shape and dtype of an argument: a tensor, a Python number, or a constant in the form of a file."""
    if type(value) is TensorSpec:
        if value.shape is None:
            raise Unknown("the shape of an input is not known")
        return value
    if isinstance(value, bool):
        return TensorSpec((), "bool")
    if isinstance(value, (int, float)):
        return TensorSpec((), "int" if isinstance(value, int) else "float")
    if isinstance(value, dict):
        config = value.get("config")
        if value.get("class_name") in ("__numpy__", "__tensor__") and isinstance(config, dict):
            return TensorSpec(_listed(config.get("value")), clean(config.get("dtype")))
        value = plain(value)
    if isinstance(value, list):
        shape = _listed(value)
        leaf = value
        while isinstance(leaf, list) and leaf:
            leaf = leaf[0]
        kind = "bool" if isinstance(leaf, bool) else "int32" if isinstance(leaf, int) else "float32"
        return TensorSpec(shape, kind)
    raise Unknown("an argument is no tensor")


def _listed(value: Any) -> Shape:
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def first(ask: Ask) -> TensorSpec:
    """The first argument as a tensor."""
    value = ask.args[0] if ask.args else next(iter(ask.kwargs.values()), None)
    return _spec(value)


def pair(ask: Ask) -> tuple[TensorSpec, TensorSpec]:
    """The first two arguments as tensors."""
    values = [*ask.args, *ask.kwargs.values()]
    if len(values) < 2:
        raise Misfit(f"{ask.class_name} takes two tensors.", "Connect two.")
    return _spec(values[0]), _spec(values[1])


def _several(ask: Ask) -> list[TensorSpec]:
    """The tensors of an operation on a list."""
    value = ask.args[0] if ask.args else next(iter(ask.kwargs.values()), None)
    if not isinstance(value, list) or not value:
        raise Misfit(f"{ask.class_name} takes a list of tensors.", "Connect several.")
    return [_spec(item) for item in value]


def shape_of_spec(spec: TensorSpec) -> Shape:
    """The shape of a tensor whose rank is known."""
    assert spec.shape is not None
    return spec.shape


def option(ask: Ask, name: str, default: Any = None, position: int | None = None) -> Any:
    """An option of an operation: an argument of its class, or of the call (where TensorFlow has it)."""
    if name in ask.config:
        return plain(ask.config[name])
    if position is not None and position < len(ask.args):
        return plain(ask.args[position])
    return plain(ask.kwargs.get(name, default))


# Dtypes -----------------------------------------------------------------------------------------------------------


def same(dtype: str | None) -> str | None:
    """The dtype of the input."""
    return dtype


def _floating(dtype: str | None) -> str | None:
    """What a function has that is only defined on floats: int64 becomes float32 as well."""
    return dtype if dtype in FLOATS or dtype is None or dtype.startswith("complex") else "float32"


def _floating_64(dtype: str | None) -> str | None:
    return "float64" if dtype == "int64" else _floating(dtype)


def _always(result: str) -> Dtype:
    return lambda dtype: result


_SUMS = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}


def _summed(dtype: str | None) -> str | None:
    return _SUMS.get(dtype or "", dtype)


def _bool_to_int(dtype: str | None) -> str | None:
    return "int32" if dtype == "bool" else dtype


# Families ---------------------------------------------------------------------------------------------------------


def unary(dtype: Dtype) -> Rule:
    """Value by value: the shape stays."""

    def rule(ask: Ask) -> Answer:
        spec = first(ask)
        stated = clean(option(ask, "dtype"))
        return Answer((TensorSpec(spec.shape, stated or dtype(spec.dtype)),))

    return rule


def binary(dtype: Callable[[str | None, str | None], str | None]) -> Rule:
    """Value by value on two tensors, with broadcasting."""

    def rule(ask: Ask) -> Answer:
        one, two = pair(ask)
        return Answer((TensorSpec(broadcast(shape_of_spec(one), shape_of_spec(two)), dtype(one.dtype, two.dtype)),))

    return rule


def _promoted(one: str | None, two: str | None) -> str | None:
    return promote((one, two))


def _promoted_float(one: str | None, two: str | None) -> str | None:
    return promote((one, two, "float"))


def _promoted_float_64(one: str | None, two: str | None) -> str | None:
    result = promote((one, two))
    return "float64" if result == "int64" else promote((result, "float"))


def _arctan2(ask: Ask) -> Answer:
    one, two = pair(ask)
    # Keras counts a Python number or bool here as a float32, which is stronger than a half.
    given = [*ask.args, *ask.kwargs.values()][:2]
    dtypes = [
        "float32" if isinstance(value, (bool, int, float)) else spec.dtype
        for value, spec in zip(given, (one, two), strict=True)
    ]
    shape = broadcast(shape_of_spec(one), shape_of_spec(two))
    return Answer((TensorSpec(shape, promote((*dtypes, "float"))),))


def _bitwise(one: str | None, two: str | None) -> str | None:
    return one if two in _WEAK else promote((one, two))


_WEAK = ("int", "float")


def _heaviside(one: str | None, two: str | None) -> str | None:
    result = promote((one, two))
    return result if result == "bool" else _promoted_float_64(one, two)


def _modulo(one: str | None, two: str | None) -> str | None:
    return _bool_to_int(promote((one, two)))


def reduction(dtype: Dtype, *, keepdims: bool = True) -> Rule:
    """Over one, several or all axes."""

    def rule(ask: Ask) -> Answer:
        spec = first(ask)
        shape = shape_of_spec(spec)
        axis = option(ask, "axis", position=1)
        keep = bool(option(ask, "keepdims", False)) and keepdims
        axes = set(range(len(shape))) if axis is None else set(axes_of(axis, len(shape)))
        out = tuple((1 if place in axes else size) for place, size in enumerate(shape) if keep or place not in axes)
        return Answer((TensorSpec(out, clean(option(ask, "dtype")) or dtype(spec.dtype)),))

    return rule


def cumulative(ask: Ask) -> Answer:
    """A running sum or product: along an axis, or over all values in a row."""
    spec = first(ask)
    shape = shape_of_spec(spec)
    axis = option(ask, "axis", position=1)
    out = (count(shape),) if axis is None else shape
    return Answer((TensorSpec(out, clean(option(ask, "dtype")) or _bool_to_int(spec.dtype)),))


def matmul(ask: Ask) -> Answer:
    """A product of matrices, batched by broadcasting."""
    one, two = pair(ask)
    a, b = shape_of_spec(one), shape_of_spec(two)
    if not a or not b:
        raise Misfit("A product of matrices takes tensors with axes.", None)
    first = (1, *a) if len(a) == 1 else a
    second = (*b, 1) if len(b) == 1 else b
    if option(ask, "transpose_a", False):
        first = (*first[:-2], first[-1], first[-2])
    if option(ask, "transpose_b", False):
        second = (*second[:-2], second[-1], second[-2])
    if None not in (first[-1], second[-2]) and first[-1] != second[-2]:
        raise Misfit(
            f"A product of {show(a)} and {show(b)} needs equal inner sizes: {first[-1]} is not {second[-2]}.",
            "Transpose one of them, or change its size.",
        )
    out = [*broadcast(first[:-2], second[:-2]), first[-2], second[-1]]
    if len(a) == 1:
        del out[-2]
    if len(b) == 1:
        del out[-1]
    dtype = promote((one.dtype, two.dtype))
    if one.dtype == two.dtype == "int8":
        dtype = "int32"
    places, inner = count(out[1:]), first[-1]
    return Answer((TensorSpec(tuple(out), dtype),), (), None if places is None or inner is None else places * inner)


def concatenate(ask: Ask) -> Answer:
    """Tensors one after the other along an axis."""
    specs = _several(ask)
    axis = option(ask, "axis", 0, position=1)
    shapes = [shape_of_spec(spec) for spec in specs]
    dtype = promote(spec.dtype for spec in specs)
    if axis is None:
        totals = [count(shape) for shape in shapes]
        total = None if None in totals else sum(size for size in totals if size is not None)
        return Answer((TensorSpec((total,), dtype),))
    rank = len(shapes[0])
    place = axis_of(axis, rank)
    out = list(shapes[0])
    size: int | None = 0
    for shape in shapes:
        if len(shape) != rank or any(
            a != b and None not in (a, b) for n, (a, b) in enumerate(zip(out, shape, strict=False)) if n != place
        ):
            raise Misfit(
                f"Tensors {', '.join(show(shape) for shape in shapes)} cannot be joined along axis {place}.",
                "All other sizes must be equal.",
            )
        size = None if size is None or shape[place] is None else size + (shape[place] or 0)
    out[place] = size
    return Answer((TensorSpec(tuple(out), dtype),))


def stack(ask: Ask) -> Answer:
    """Tensors of one shape along a new axis."""
    specs = _several(ask)
    shape = shape_of_spec(specs[0])
    for spec in specs[1:]:
        if len(shape_of_spec(spec)) != len(shape):
            raise Misfit(f"Tensors of {show(shape)} and {show(spec.shape)} cannot be stacked.", "Make them equal.")
    axis = axis_of(option(ask, "axis", 0, position=1), len(shape) + 1)
    return Answer((TensorSpec((*shape[:axis], len(specs), *shape[axis:]), promote(spec.dtype for spec in specs)),))


def expand_dims(ask: Ask) -> Answer:
    """New axes of 1."""
    spec = first(ask)
    axis = option(ask, "axis", position=1)
    axes = axis if isinstance(axis, list) else [axis]
    rank = len(shape_of_spec(spec)) + len(axes)
    places = {axis_of(one, rank) for one in axes}
    sizes_left = iter(shape_of_spec(spec))
    return Answer((TensorSpec(tuple(1 if n in places else next(sizes_left) for n in range(rank)), spec.dtype),))


def squeeze(ask: Ask) -> Answer:
    """Axes of 1 away."""
    spec = first(ask)
    shape = shape_of_spec(spec)
    axis = option(ask, "axis", position=1)
    if axis is None:
        return Answer((TensorSpec(tuple(size for size in shape if size != 1), spec.dtype),))
    places = axes_of(axis, len(shape))
    for place in places:
        if shape[place] not in (1, None):
            raise Misfit(f"Axis {place} of {show(shape)} is not 1 and cannot be taken away.", "Choose another axis.")
    return Answer((TensorSpec(tuple(size for n, size in enumerate(shape) if n not in places), spec.dtype),))


def transpose(ask: Ask) -> Answer:
    """Axes in another order, the batch included."""
    spec = first(ask)
    shape = shape_of_spec(spec)
    order = option(ask, "axes", position=1)
    order = option(ask, "perm") if order is None else order
    if order is None:
        return Answer((TensorSpec(shape[::-1], spec.dtype),))
    places = axes_of(order, len(shape), "axes")
    if sorted(places) != list(range(len(shape))):
        raise Misfit(f"axes {order} are no order of the axes of {show(shape)}.", "Name every axis once.")
    return Answer((TensorSpec(tuple(shape[place] for place in places), spec.dtype),))


def reshape(ask: Ask) -> Answer:
    """Another shape, the batch included."""
    spec = first(ask)
    target = option(ask, "newshape", position=1)
    target = option(ask, "shape") if target is None else target
    if isinstance(target, list):
        # A size that is itself computed in the graph is a tensor here, and as a size not known.
        target = [item if type(item) is int else None for item in target]
    shape = (target,) if type(target) is int else shape_of(target)
    if shape is None:
        raise Unknown("the new shape is computed in the graph")
    return Answer((TensorSpec(reshaped(shape_of_spec(spec), shape, "the new shape"), spec.dtype),))


def broadcast_to(ask: Ask) -> Answer:
    """Repeated up to a shape."""
    spec = first(ask)
    shape = shape_of(option(ask, "shape", position=1))
    if shape is None:
        raise Unknown("the shape is computed in the graph")
    return Answer((TensorSpec(broadcast(shape_of_spec(spec), shape), spec.dtype),))


def _parts(value: Any, size: int | None) -> list[int | None]:
    """Sizes of the parts of a split: a number of equal parts, or the places of the cuts."""
    if isinstance(value, list):
        cuts = [whole(item, "indices", least=None) for item in value]
        result: list[int | None] = []
        start = 0
        for cut in cuts:
            result.append(max(cut - start, 0) if size is None or cut <= size else max(size - start, 0))
            start = cut
        return [*result, None if size is None else max(size - start, 0)]
    number = whole(value, "sections")
    if size is not None and size % number:
        raise Misfit(f"{size} values cannot be split into {number} equal parts.", "Choose another number of parts.")
    return [None if size is None else size // number] * number


def split_into(axis: int | None = None) -> Rule:
    """Parts along an axis."""

    def rule(ask: Ask) -> Answer:
        spec = first(ask)
        shape = shape_of_spec(spec)
        where = option(ask, "axis", 0, position=2) if axis is None else axis
        place = axis_of(where, len(shape)) if axis != 1 or len(shape) > 1 else 0
        value = option(ask, "indices_or_sections", position=1)
        if value is None:
            value = option(ask, "num_or_size_splits", position=1)
            if isinstance(value, list):  # TensorFlow gives the sizes of the parts
                parts = [size if type(size) is int and size >= 0 else None for size in value]
                return Answer([TensorSpec((*shape[:place], size, *shape[place + 1 :]), spec.dtype) for size in parts])
        return Answer(
            [
                TensorSpec((*shape[:place], size, *shape[place + 1 :]), spec.dtype)
                for size in _parts(value, shape[place])
            ]
        )

    return rule


def unstack(ask: Ask) -> Answer:
    """One tensor for each place along an axis."""
    spec = first(ask)
    shape = shape_of_spec(spec)
    place = axis_of(option(ask, "axis", 0), len(shape))
    number = option(ask, "num")
    number = shape[place] if number is None else number
    if number is None:
        raise Misfit(f"A tensor of {show(shape)} cannot be taken apart along axis {place} of unknown size.", "Set num.")
    part = TensorSpec((*shape[:place], *shape[place + 1 :]), spec.dtype)
    return Answer([part] * whole(number, "num", least=0))


def get_item(ask: Ask) -> Answer:
    """Indexing: numbers take an axis away, slices shorten it, None adds one."""
    spec = first(ask)
    key = option(ask, "key", position=1)
    if key is None and "slice_spec" in ask.kwargs:
        key = ask.kwargs["slice_spec"]
    keys = list(key) if isinstance(key, list) else [key]
    keys = [_index(item) for item in keys]
    rest = list(shape_of_spec(spec))
    if Ellipsis not in keys:
        keys.append(Ellipsis)
    out: list[int | None] = []
    for number, item in enumerate(keys):
        if item is Ellipsis:
            needed = sum(1 for later in keys[number + 1 :] if later is not None)
            taken = max(len(rest) - needed, 0)
            out += rest[:taken]
            rest = rest[taken:]
        elif item is None:
            out.append(1)
        elif not rest:
            raise Misfit(f"A tensor of {show(spec.shape)} has too few axes for this index.", "Use fewer indices.")
        else:
            size = rest.pop(0)
            if isinstance(item, slice):
                out.append(_slice_length(item, size))
            elif type(item) is int and size is not None and not -size <= item < size:
                raise Misfit(f"Index {item} is outside of {show(spec.shape)}.", f"Use an index below {size}.")
    return Answer((TensorSpec(tuple(out), spec.dtype),))


def _index(value: Any) -> Any:
    """One element of a key in the form of a file."""
    if isinstance(value, dict):
        config = value.get("config", value)
        if value.get("class_name") == "__ellipsis__":
            return Ellipsis
        if value.get("class_name") == "__slice__" or (isinstance(config, dict) and {"start", "stop"} <= config.keys()):
            return slice(*(_bound(config.get(name)) for name in ("start", "stop", "step")))
    if value in ("...", "Ellipsis"):
        return Ellipsis
    return value


def _bound(value: Any) -> Any:
    return value if value is None or type(value) is int else "unknown"


def _slice_length(part: slice, size: int | None) -> int | None:
    if "unknown" in (part.start, part.stop, part.step) or size is None:
        return None
    return len(range(*part.indices(size)))


def einsum(ask: Ask) -> Answer:
    """Einstein's sum; a letter is the size that any operand knows for it."""
    equation = option(ask, "subscripts")
    operands = list(ask.args)
    if equation is None and operands and isinstance(operands[0], str):
        equation, operands = operands[0], operands[1:]
    if isinstance(equation, list) or not isinstance(equation, str):
        raise Unknown("the equation is not known")
    if len(operands) == 1 and isinstance(operands[0], list):
        operands = operands[0]
    if not operands:  # tf_keras writes of a call whose first argument is a string nothing but the string.
        raise Unknown("the file does not say what the operands are")
    specs = [_spec(item) for item in operands]
    read, arrow, write = equation.replace(" ", "").partition("->")
    parts = read.split(",")
    if len(parts) != len(specs):
        raise Misfit(f"{equation!r} reads {len(parts)} tensors, but gets {len(specs)}.", "Connect as many.")
    letters: dict[str, int | None] = {}
    free: tuple[int | None, ...] = ()
    for part, spec in zip(parts, specs, strict=True):
        free = broadcast(free, _letters(part, shape_of_spec(spec), letters, equation))
    if not arrow:
        single = [name for name in sorted(set(read)) if name.isalpha() and read.count(name) == 1]
        write = ("..." if "..." in read else "") + "".join(single)
    head, dots, tail = write.partition("...")
    out = (
        [letters.get(name, 1) for name in head] + (list(free) if dots else []) + [letters.get(name, 1) for name in tail]
    )
    dtypes = {spec.dtype for spec in specs}
    dtype = "int32" if dtypes == {"int8"} else promote(spec.dtype for spec in specs)
    first = write[:1]
    cost = count([size for name, size in letters.items() if name != first])
    return Answer((TensorSpec(tuple(out), dtype),), (), cost)


def _letters(part: str, shape: Shape, letters: dict[str, int | None], equation: str) -> Shape:
    """Notes the sizes that one operand gives to its letters; the sizes under the dots are returned."""
    head, dots, tail = part.partition("...")
    if len(head) + len(tail) > len(shape) or (not dots and len(head) != len(shape)):
        raise Misfit(f"{equation!r} does not fit a tensor of {show(shape)}.", "Use one letter for each axis.")
    end = len(shape) - len(tail)
    for name, size in [*zip(head, shape, strict=False), *zip(tail, shape[end:], strict=True)]:
        before = letters.get(name)
        if before is not None and size not in (None, 1, before) and before != 1:
            raise Misfit(f"In {equation!r} the axis {name!r} is {before} and {size}.", "Make both sizes equal.")
        letters[name] = size if before in (None, 1) else before
    return shape[len(head) : end] if dots else ()


def cast(ask: Ask) -> Answer:
    """Another dtype."""
    spec = first(ask)
    stated = clean(option(ask, "dtype", position=1))
    return Answer((TensorSpec(spec.shape, stated or spec.dtype),))


def softmax(ask: Ask) -> Answer:
    """Same shape and dtype; the axis must exist."""
    spec = first(ask)
    axis = option(ask, "axis", -1)
    if axis is not None:
        axes_of(axis, len(shape_of_spec(spec)))
    return Answer((spec,))


def one_hot(ask: Ask) -> Answer:
    """Indices to vectors along a new axis."""
    spec = first(ask)
    shape = shape_of_spec(spec)
    depth = option(ask, "num_classes", position=1)
    depth = option(ask, "depth") if depth is None else depth
    axis = axis_of(option(ask, "axis", -1), len(shape) + 1)
    out = (*shape[:axis], whole(depth, "num_classes"), *shape[axis:])
    return Answer((TensorSpec(out, clean(option(ask, "dtype")) or "float32"),))


def where(ask: Ask) -> Answer:
    """One of two tensors, by a condition."""
    values = [*ask.args, *ask.kwargs.values()]
    specs = [_spec(value) for value in values if value is not None]
    if len(specs) != 3:
        raise Unknown("the number of places where a condition holds is not known")
    shape = broadcast(broadcast(shape_of_spec(specs[0]), shape_of_spec(specs[1])), shape_of_spec(specs[2]))
    return Answer((TensorSpec(shape, promote((specs[1].dtype, specs[2].dtype))),))


def take(ask: Ask) -> Answer:
    """Values by index along an axis."""
    one, two = pair(ask)
    shape, indices = shape_of_spec(one), shape_of_spec(two)
    axis = option(ask, "axis", position=2)
    if axis is None:
        return Answer((TensorSpec(indices, one.dtype),))
    place = axis_of(axis, len(shape))
    return Answer((TensorSpec((*shape[:place], *indices, *shape[place + 1 :]), one.dtype),))


def tile(ask: Ask) -> Answer:
    """Repeated whole along each axis."""
    spec = first(ask)
    repeats = option(ask, "repeats", position=1)
    repeats = option(ask, "multiples") if repeats is None else repeats
    times = list(repeats) if isinstance(repeats, list) else [repeats]
    shape = list(shape_of_spec(spec))
    rank = max(len(times), len(shape))
    times = [1] * (rank - len(times)) + times
    shape = [*(1,) * (rank - len(shape)), *shape]
    out = tuple(
        None if size is None or type(factor) is not int else size * factor
        for size, factor in zip(shape, times, strict=True)
    )
    return Answer((TensorSpec(out, spec.dtype),))


def repeat(ask: Ask) -> Answer:
    """Each value repeated along an axis."""
    spec = first(ask)
    shape = list(shape_of_spec(spec))
    repeats = option(ask, "repeats", position=1)
    axis = option(ask, "axis", position=2)
    if axis is None:
        shape, place = [count(shape)], 0
    else:
        place = axis_of(axis, len(shape))
    if isinstance(repeats, list) and len(repeats) > 1:
        shape[place] = sum(whole(item, "repeats", least=0) for item in repeats)
    else:
        factor = whole(repeats[0] if isinstance(repeats, list) else repeats, "repeats", least=0)
        size = shape[place]
        shape[place] = None if size is None else size * factor
    return Answer((TensorSpec(tuple(shape), spec.dtype),))


def pad(ask: Ask) -> Answer:
    """Values added before and after each axis."""
    spec = first(ask)
    shape = shape_of_spec(spec)
    widths = option(ask, "pad_width", position=1)
    widths = option(ask, "paddings") if widths is None else widths
    if type(widths) is int:
        widths = [[widths, widths]] * len(shape)
    elif isinstance(widths, list) and len(widths) == 1:
        widths = [plain(widths[0])] * len(shape)
    elif isinstance(widths, list) and len(widths) == 2 and all(type(item) is int for item in widths):
        widths = [widths] * len(shape)
    if not isinstance(widths, list) or len(widths) != len(shape):
        raise Misfit(f"The padding does not fit a tensor of {show(shape)}.", "Give one pair for each axis.")
    out: list[int | None] = []
    for size, width in zip(shape, widths, strict=True):
        before, after = sizes(width, 2, "pad_width", least=0)
        out.append(None if size is None else size + before + after)
    return Answer((TensorSpec(tuple(out), spec.dtype),))


def swapaxes(ask: Ask) -> Answer:
    """Two axes change places."""
    spec = first(ask)
    shape = list(shape_of_spec(spec))
    one = axis_of(option(ask, "axis1", position=1), len(shape))
    two = axis_of(option(ask, "axis2", position=2), len(shape))
    shape[one], shape[two] = shape[two], shape[one]
    return Answer((TensorSpec(tuple(shape), spec.dtype),))


def moveaxis(ask: Ask) -> Answer:
    """Axes to other places."""
    spec = first(ask)
    shape = shape_of_spec(spec)
    source = axes_of(option(ask, "source", position=1), len(shape), "source")
    target = axes_of(option(ask, "destination", position=2), len(shape), "destination")
    if len(source) != len(target):
        raise Misfit("source and destination must name as many axes.", None)
    order = [place for place in range(len(shape)) if place not in source]
    for place, axis in sorted(zip(target, source, strict=True)):
        order.insert(place, axis)
    return Answer((TensorSpec(tuple(shape[place] for place in order), spec.dtype),))


def ravel(ask: Ask) -> Answer:
    """All values in a row."""
    spec = first(ask)
    return Answer((TensorSpec((count(shape_of_spec(spec)),), spec.dtype),))


def arg_reduction(dtype: str = "int32") -> Rule:
    """The place of the largest or smallest value."""

    def rule(ask: Ask) -> Answer:
        spec = first(ask)
        shape = shape_of_spec(spec)
        axis = option(ask, "axis", position=1)
        keep = bool(option(ask, "keepdims", False))
        if axis is None:
            return Answer((TensorSpec((1,) * len(shape) if keep else (), dtype),))
        place = axis_of(axis, len(shape))
        out = (*shape[:place], *((1,) if keep else ()), *shape[place + 1 :])
        return Answer((TensorSpec(out, dtype),))

    return rule


def top_k(ask: Ask) -> Answer:
    """The largest values and their places."""
    spec = first(ask)
    number = whole(option(ask, "k", 1, position=1), "k")
    shape = (*shape_of_spec(spec)[:-1], number)
    return Answer((TensorSpec(shape, spec.dtype), TensorSpec(shape, "int32")))


def moments(ask: Ask) -> Answer:
    """Mean and variance over axes."""
    spec = first(ask)
    shape = shape_of_spec(spec)
    axes = set(axes_of(option(ask, "axes", position=1), len(shape), "axes"))
    keep = bool(option(ask, "keepdims", False))
    out = TensorSpec(tuple(1 if n in axes else s for n, s in enumerate(shape) if keep or n not in axes), spec.dtype)
    return Answer((out, out))


def diff(ask: Ask) -> Answer:
    """Differences of neighbours, n times."""
    spec = first(ask)
    shape = list(shape_of_spec(spec))
    place = axis_of(option(ask, "axis", -1), len(shape))
    size = shape[place]
    shape[place] = None if size is None else max(size - whole(option(ask, "n", 1), "n", least=0), 0)
    return Answer((TensorSpec(tuple(shape), spec.dtype),))


def dot(ask: Ask) -> Answer:
    """NumPy's dot: the last axis of one with the last but one of the other."""
    one, two = pair(ask)
    a, b = shape_of_spec(one), shape_of_spec(two)
    dtype = promote((one.dtype, two.dtype))
    if not a or not b:
        return Answer((TensorSpec(a or b, dtype),))
    inner = b[-1] if len(b) == 1 else b[-2]
    if None not in (a[-1], inner) and a[-1] != inner:
        raise Misfit(f"A product of {show(a)} and {show(b)} needs equal inner sizes.", "Change one of them.")
    out = a[:-1] if len(b) == 1 else (*a[:-1], *b[:-2], b[-1])
    return Answer((TensorSpec(out, dtype),), (), None)


def tensordot(ask: Ask) -> Answer:
    """A sum over several axes of two tensors."""
    one, two = pair(ask)
    a, b = shape_of_spec(one), shape_of_spec(two)
    axes = option(ask, "axes", 2, position=2)
    if isinstance(axes, list):
        if len(axes) != 2:
            raise Misfit("axes of a tensordot are a number, or axes for each tensor.", None)
        first, second = axes_of(axes[0], len(a), "axes"), axes_of(axes[1], len(b), "axes")
    else:
        number = whole(axes, "axes", least=0)
        first, second = tuple(range(len(a) - number, len(a))), tuple(range(number))
    out = [size for n, size in enumerate(a) if n not in first] + [size for n, size in enumerate(b) if n not in second]
    return Answer((TensorSpec(tuple(out), promote((one.dtype, two.dtype))),), (), None)


def outer(ask: Ask) -> Answer:
    """Every value of one with every value of the other."""
    one, two = pair(ask)
    return Answer(
        (TensorSpec((count(shape_of_spec(one)), count(shape_of_spec(two))), promote((one.dtype, two.dtype))),)
    )


def resize(ask: Ask) -> Answer:
    """Images of another size."""
    spec = first(ask)
    shape = list(shape_of_spec(spec))
    size = option(ask, "size", position=1)
    height, width = sizes(size, 2, "size")
    if len(shape) not in (3, 4):
        raise Misfit(f"Images have rank 3, or 4 with the batch, not {show(spec.shape)}.", "Reshape them first.")
    place = len(shape) - (2 if option(ask, "data_format") == "channels_first" else 3)
    shape[place], shape[place + 1] = height, width
    return Answer((TensorSpec(tuple(shape), spec.dtype),))


def pool(ask: Ask) -> Answer:
    """A window over the spatial axes."""
    spec = first(ask)
    shape = shape_of_spec(spec)
    rank = len(shape) - 2
    leading = option(ask, "data_format") == "channels_first"
    spatial, channels = split(shape, leading)
    window = sizes(option(ask, "pool_size", position=1), rank, "pool_size")
    steps = option(ask, "strides")
    strides = window if steps is None else sizes(steps, rank, "strides")
    out = window_sizes(spatial, window, strides, (1,) * rank, padding_of(ask), ask.class_name)
    return Answer((TensorSpec(join(shape[0], out, channels, leading), spec.dtype),))


def adaptive_pool(ask: Ask) -> Answer:
    """A pooling that is told its output sizes."""
    spec = first(ask)
    shape = shape_of_spec(spec)
    leading = option(ask, "data_format") == "channels_first"
    _, channels = split(shape, leading)
    out = sizes(option(ask, "output_size"), len(shape) - 2, "output_size")
    return Answer((TensorSpec(join(shape[0], out, channels, leading), spec.dtype),))


def convolution(kind: str) -> Rule:
    """A convolution whose kernel is a tensor of the graph."""

    def rule(ask: Ask) -> Answer:
        spec, kernel = pair(ask)
        shape, window = shape_of_spec(spec), shape_of_spec(kernel)
        rank = len(shape) - 2
        if len(window) != len(shape):
            raise Misfit(f"A kernel of {show(window)} does not fit an input of {show(shape)}.", "Use equal ranks.")
        if None in window:
            raise Unknown("the kernel's sizes are not known")
        widths = tuple(size or 0 for size in window[:rank])
        leading = option(ask, "data_format") == "channels_first"
        spatial, _ = split(shape, leading)
        strides = sizes(option(ask, "strides", 1), rank, "strides")
        dilation = sizes(option(ask, "dilation_rate", 1), rank, "dilation_rate")
        padding = padding_of(ask, ("valid", "same", "causal"))
        if kind == "transpose":
            extra = option(ask, "output_padding")
            extras = (None,) * rank if extra is None else sizes(extra, rank, "output_padding", least=0)
            out = transposed_sizes(spatial, widths, strides, dilation, extras, padding)
            filters = window[-2]
        else:
            out = window_sizes(spatial, widths, strides, dilation, padding, ask.class_name)
            filters = window[-1] if kind == "plain" else (window[-2] or 0) * (window[-1] or 0)
        if kind == "separable":
            filters = shape_of_spec(_spec([*ask.args, *ask.kwargs.values()][2]))[-1]
        cost = None if None in out else math.prod(size or 0 for size in out) * math.prod(size or 0 for size in window)
        return Answer((TensorSpec(join(shape[0], out, filters, leading), spec.dtype),), (), cost)

    return rule


def attention(ask: Ask) -> Answer:
    """Scaled dot-product attention."""
    values = [*ask.args, *ask.kwargs.values()]
    if len(values) < 3:
        raise Misfit("Attention takes a query, a key and a value.", "Connect all three.")
    query, key = _spec(values[0]), _spec(values[1])
    shape = shape_of_spec(query)
    length = shape_of_spec(key)[1]
    places = count(shape[1:])
    cost = None if places is None or length is None else 2 * places * length
    return Answer((TensorSpec(shape, query.dtype),), (), cost)


def glu(ask: Ask) -> Answer:
    """One half of an axis gates the other."""
    spec = first(ask)
    shape = list(shape_of_spec(spec))
    place = axis_of(option(ask, "axis", -1), len(shape))
    size = shape[place]
    if size is not None and size % 2:
        raise Misfit(f"glu needs an even size, but {show(spec.shape)} has {size} along axis {place}.", None)
    shape[place] = None if size is None else size // 2
    return Answer((TensorSpec(tuple(shape), spec.dtype),))


def grayscale(ask: Ask) -> Answer:
    """Three channels become one."""
    spec = first(ask)
    shape = list(shape_of_spec(spec))
    shape[-3 if option(ask, "data_format") == "channels_first" else -1] = 1
    return Answer((TensorSpec(tuple(shape), spec.dtype),))


def extract_patches(ask: Ask) -> Answer:
    """Patches of an image, each as one long channel axis."""
    spec = first(ask)
    shape = shape_of_spec(spec)
    size = sizes(option(ask, "size", position=1), 2, "size")
    steps = option(ask, "strides")
    strides = size if not steps else sizes(steps, 2, "strides")
    dilation = sizes(option(ask, "dilation_rate", 1), 2, "dilation_rate")
    leading = option(ask, "data_format") == "channels_first"
    batched = shape if len(shape) == 4 else (1, *shape)
    spatial, channels = split(batched, leading)
    out = window_sizes(spatial, size, strides, dilation, padding_of(ask), "extract_patches")
    depth = None if channels is None else math.prod(size) * channels
    found = join(batched[0], out, depth, leading)
    return Answer((TensorSpec(found if len(shape) == 4 else found[1:], spec.dtype),))


def blocks(grow: bool) -> Rule:
    """Values moved between channels and space."""

    def rule(ask: Ask) -> Answer:
        spec = first(ask)
        shape = shape_of_spec(spec)
        block = whole(option(ask, "block_size", position=1), "block_size")
        leading = option(ask, "data_format") in ("channels_first", "NCHW")
        spatial, channels = split(shape, leading)
        if grow:
            out = tuple(None if size is None else size * block for size in spatial)
            depth = None if channels is None else channels // block**2
        else:
            out = tuple(None if size is None else size // block for size in spatial)
            depth = None if channels is None else channels * block**2
        return Answer((TensorSpec(join(shape[0], out, depth, leading), spec.dtype),))

    return rule


def full_like(ask: Ask) -> Answer:
    """A tensor of the same shape with one value."""
    spec = first(ask)
    return Answer((TensorSpec(spec.shape, clean(option(ask, "dtype")) or spec.dtype),))


def crossentropy(ask: Ask) -> Answer:
    """A loss for each sample: the last axis goes."""
    _, output = pair(ask)
    return Answer((TensorSpec(shape_of_spec(output)[:-1], output.dtype),))


def first_two(dtype: Callable[[str | None, str | None], str | None]) -> Rule:
    """The shape of the first tensor, the dtype of both: what Keras declares of bitwise operations."""

    def rule(ask: Ask) -> Answer:
        one, two = pair(ask)
        return Answer((TensorSpec(one.shape, dtype(one.dtype, two.dtype)),))

    return rule


def fixed(shape: Shape, dtype: str) -> Rule:
    """An output that does not depend on the input's shape."""
    return lambda ask: Answer((TensorSpec(shape, dtype),))


def matrices(*shapes: str) -> Rule:
    """Functions of matrices: each output by letters, m and n being the last two sizes, k the smaller of them."""

    def rule(ask: Ask) -> Answer:
        spec = first(ask)
        shape = shape_of_spec(spec)
        if len(shape) < 2:
            raise Misfit(f"A matrix has rank 2 or more, not {show(shape)}.", None)
        m, n = shape[-2:]
        least = None if m is None or n is None else min(m, n)
        named = {"m": m, "n": n, "k": least}
        return Answer([TensorSpec((*shape[:-2], *(named[name] for name in one)), spec.dtype) for one in shapes])

    return rule


_UNARY_SAME = """
    GaussianBlur ElasticTransform Rsqrt Erf Erfinv Relu Relu6 Sigmoid SparseSigmoid Softplus Softsign SoftShrink
    SparsePlus Silu Squareplus LogSigmoid LeakyRelu HardSigmoid HardSilu Elu Selu Gelu Celu TanhShrink HardTanh
    HardShrink Threshold Absolute Abs Array BitwiseInvert BitwiseNot Conjugate Conj Copy EmptyLike Flip Fliplr
    Flipud Imag NanToNum OnesLike ZerosLike Real Round Sign Sort Tril Triu Trunc Negative StopGradient Roll
    RGBToHSV HSVToRGB Cholesky CholeskyInverse Inv RMSNorm LayerNorm BatchNorm AffineTransform
    PerspectiveTransform
"""
_UNARY_FLOAT = """
    Erfc Fabs Angle Arccos Arccosh Arcsin Arcsinh Arctan Arctanh Ceil Cos Cosh Exp Exp2 Expm1 Floor Log Log10
    Log1p Log2 Sin Sinc Sinh Tan Tanh Sqrt
"""
_UNARY_BOOL = "Isfinite Isinf Isnan Isneginf Isposinf Isreal LogicalNot Signbit"
_BINARY = "Add Gcd Lcm Maximum Fmax Minimum Fmin Subtract Multiply Power FloorDivide"
_COMPARISON = "Equal Greater GreaterEqual Isclose Less LessEqual LogicalAnd LogicalOr NotEqual LogicalXor"
_BINARY_FLOAT = "Ldexp Logaddexp Logaddexp2 Divide DivideNoNan TrueDivide Nextafter"
_BITWISE = "BitwiseAnd BitwiseOr BitwiseXor BitwiseLeftShift LeftShift BitwiseRightShift RightShift"


def _clip(ask: Ask) -> Answer:
    spec = first(ask)
    return Answer((TensorSpec(spec.shape, _bool_to_int(spec.dtype)),))


OPERATIONS: dict[str, Rule] = {
    **dict.fromkeys(_UNARY_SAME.split(), unary(same)),
    **dict.fromkeys(_UNARY_FLOAT.split(), unary(_floating)),
    **dict.fromkeys(("Cbrt", "Deg2rad", "Rad2deg", "I0"), unary(_floating_64)),
    **dict.fromkeys(_UNARY_BOOL.split(), unary(_always("bool"))),
    **dict.fromkeys(("Argsort",), unary(_always("int32"))),
    **dict.fromkeys(("Reciprocal", "Normalize"), unary(_always("float32"))),
    "Square": unary(_bool_to_int),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Sparsemax"), softmax),
    **dict.fromkeys(_BINARY.split(), binary(_promoted)),
    **dict.fromkeys(_COMPARISON.split(), binary(lambda one, two: "bool")),
    **dict.fromkeys(_BINARY_FLOAT.split(), binary(_promoted_float)),
    "Arctan2": _arctan2,
    "Heaviside": binary(_heaviside),
    "Hypot": binary(_promoted_float_64),
    "Mod": binary(_modulo),
    "Fmod": binary(_modulo),
    **dict.fromkeys(_BITWISE.split(), first_two(_bitwise)),
    "IsIn": first_two(lambda one, two: "bool"),
    "Polar": first_two(lambda one, two: "float32"),
    **dict.fromkeys(
        ("Mean", "Std", "Var", "Median", "Nanmean", "Nanmedian", "Nanstd", "Nanvar", "Norm"), reduction(_floating)
    ),
    "Average": reduction(_floating, keepdims=False),
    "Logsumexp": reduction(_always("float32")),
    **dict.fromkeys(("Amax", "Amin", "Max", "Min", "Nanmax", "Nanmin", "Ptp"), reduction(same)),
    **dict.fromkeys(("Sum", "Prod", "Nansum", "Nanprod"), reduction(_summed)),
    **dict.fromkeys(("All", "Any"), reduction(_always("bool"))),
    "CountNonzero": reduction(_always("int32"), keepdims=False),
    **dict.fromkeys(("Argmax", "Argmin", "Nanargmax", "Nanargmin"), arg_reduction()),
    **dict.fromkeys(("Cumsum", "Cumprod", "Nancumsum", "Nancumprod"), cumulative),
    "Matmul": matmul,
    "Dot": dot,
    "Tensordot": tensordot,
    "Outer": outer,
    "Einsum": einsum,
    "Concatenate": concatenate,
    "Stack": stack,
    "Unstack": unstack,
    "Split": split_into(),
    "Hsplit": split_into(1),
    "Vsplit": split_into(0),
    "Dsplit": split_into(2),
    "ExpandDims": expand_dims,
    "Squeeze": squeeze,
    "Transpose": transpose,
    "Swapaxes": swapaxes,
    "Moveaxis": moveaxis,
    "Reshape": reshape,
    "Ravel": ravel,
    "BroadcastTo": broadcast_to,
    "GetItem": get_item,
    "Take": take,
    "Where": where,
    "Tile": tile,
    "Repeat": repeat,
    "Pad": pad,
    "Diff": diff,
    "Clip": _clip,
    "Cast": cast,
    "SaturateCast": cast,
    "ConvertToTensor": cast,
    "View": cast,
    "OneHot": one_hot,
    "TopK": top_k,
    "Moments": moments,
    "FullLike": full_like,
    "Size": fixed((), "int32"),
    "Resize": resize,
    "RGBToGrayscale": grayscale,
    "ExtractPatches": extract_patches,
    "DepthToSpace": blocks(True),
    "SpaceToDepth": blocks(False),
    "MaxPool": pool,
    "AveragePool": pool,
    "AdaptiveMaxPool": adaptive_pool,
    "AdaptiveAveragePool": adaptive_pool,
    "Conv": convolution("plain"),
    "DepthwiseConv": convolution("depthwise"),
    "SeparableConv": convolution("separable"),
    "ConvTranspose": convolution("transpose"),
    "DotProductAttention": attention,
    "Glu": glu,
    "CategoricalCrossentropy": crossentropy,
    "SparseCategoricalCrossentropy": crossentropy,
    "BinaryCrossentropy": binary(lambda one, two: two),
    "Det": matrices(""),
    "Qr": matrices("mk", "kn"),
    "Pinv": matrices("nm"),
    "Eigh": matrices("m", "mn"),
}
"""Rules of Keras 3's operations, by class name."""
