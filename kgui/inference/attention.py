"""Rules for attention layers."""

from __future__ import annotations

from typing import Any

from kgui.graph import Shape, TensorSpec, Weight
from kgui.inference.rule import Answer, Ask, Misfit, Unknown, count, known, shape_of, show, whole


def _named(ask: Ask, *names: str) -> list[Shape | None]:
    """Shapes of the named tensors of a call, by position or by keyword; None where one is not given."""
    result: list[Shape | None] = []
    for position, name in enumerate(names):
        value = ask.argument(position, name)
        if value is None:
            result.append(None)
        elif type(value) is not TensorSpec:
            raise Misfit(f"{ask.class_name} takes a tensor as {name}.", f"Connect a tensor to {name}.")
        elif value.shape is None:
            raise Unknown("the shape of an input is not known")
        else:
            result.append(value.shape)
    return result


def _query_value_key(ask: Ask) -> tuple[Shape, Shape, Shape]:
    query, value, key = _named(ask, "query", "value", "key")
    if query is None or value is None:
        raise Misfit(f"{ask.class_name} takes a query and a value.", "Connect both.")
    return query, value, key if key is not None else value


def _projection(ask: Ask, name: str, kernel: Shape, bias: Shape) -> list[Weight]:
    weights = [ask.weight(f"{name}/kernel", kernel)]
    if ask.flag("use_bias", True):
        weights.append(ask.weight(f"{name}/bias", bias))
    return weights


def _product(*factors: int | None) -> int | None:
    return count(factors)


def _total(costs: list[int | None]) -> int | None:
    return None if None in costs else sum(cost for cost in costs if cost is not None)


def multi_head_attention(ask: Ask) -> Answer:
    """MultiHeadAttention: three projections into heads, attention over the inner axes, and one projection back."""
    query, value, key = _query_value_key(ask)
    if len(query) < 3 or len(value) < 2:
        raise Misfit(
            f"MultiHeadAttention takes tensors of rank 3 or more, but gets {show(query)} and {show(value)}.",
            "Add an axis of steps after the batch.",
        )
    if value[1:-1] != key[1:-1]:
        raise Misfit(
            f"MultiHeadAttention needs value and key of equal sizes but for the last, not {show(value)} and "
            f"{show(key)}.",
            "Feed it a key and a value of one source.",
        )
    heads, width = ask.whole("num_heads"), ask.whole("key_dim")
    value_width = width if ask.config.get("value_dim") is None else ask.whole("value_dim")
    sizes = [known(shape[-1], "last size", "MultiHeadAttention") for shape in (query, key, value)]
    stated = ask.config.get("output_shape")
    target = (stated,) if type(stated) is int else shape_of(stated)
    out = tuple(known(size, "output_shape", "MultiHeadAttention") for size in target) if target else (sizes[0],)
    weights = _projection(ask, "query", (sizes[0], heads, width), (heads, width))
    weights += _projection(ask, "key", (sizes[1], heads, width), (heads, width))
    if ask.flag("use_gate", False):
        weights += _projection(ask, "gate", (sizes[0], heads, value_width), (heads, value_width))
    weights += _projection(ask, "value", (sizes[2], heads, value_width), (heads, value_width))
    weights += _projection(ask, "attention_output", (heads, value_width, *out), out)
    shape = (*query[:-1], *out) if target else query
    outputs = [TensorSpec(shape, ask.compute)]
    if ask.argument(7, "return_attention_scores"):
        # As Keras declares it, also where query and value have different lengths.
        outputs.append(TensorSpec((query[0], heads, query[1], query[1]), ask.compute))
    asked, answered = count(query[1:-1]), count(value[1:-1])
    costs = [
        _product(asked, sizes[0], heads, width),
        _product(answered, sizes[1], heads, width),
        _product(answered, sizes[2], heads, value_width),
        _product(asked, answered, heads, width + value_width),
        _product(asked, heads, value_width, *out),
    ]
    if ask.flag("use_gate", False):
        costs.append(_product(asked, sizes[0], heads, value_width))
    return Answer(outputs, weights, _total(costs))


def grouped_query_attention(ask: Ask) -> Answer:
    """GroupedQueryAttention: heads of the query share heads of key and value."""
    query, value, key = _query_value_key(ask)
    if any(len(shape) != 3 for shape in (query, value, key)):
        raise Misfit(f"GroupQueryAttention takes tensors of rank 3, but gets {show(query)} and {show(value)}.")
    if query[-1] != value[-1]:
        raise Misfit(
            f"GroupQueryAttention needs query and value of one last size, not {show(query)} and {show(value)}.",
            "Project one of them first.",
        )
    if value[1:-1] != key[1:-1]:
        raise Misfit(f"GroupQueryAttention needs value and key of one length, not {show(value)} and {show(key)}.")
    heads, pairs, width = (ask.whole(name) for name in ("num_query_heads", "num_key_value_heads", "head_dim"))
    if heads % pairs:
        raise Misfit(
            f"num_query_heads {heads} is not a multiple of num_key_value_heads {pairs}.", "Choose a multiple of it."
        )
    size = known(query[-1], "last size", "GroupQueryAttention")
    other = known(key[-1], "last size", "GroupQueryAttention")
    weights = _projection(ask, "query", (size, heads, width), (heads, width))
    weights += _projection(ask, "key", (other, pairs, width), (pairs, width))
    if ask.flag("use_gate", False):
        weights += _projection(ask, "gate", (size, heads, width), (heads, width))
    weights += _projection(ask, "value", (size, pairs, width), (pairs, width))
    weights += _projection(ask, "attention_output", (heads, width, size), (size,))
    outputs = [TensorSpec(query, ask.compute)]
    if ask.argument(7, "return_attention_scores"):
        outputs.append(TensorSpec((query[0], heads, query[1], key[1]), ask.compute))
    gates = 2 if ask.flag("use_gate", False) else 1
    costs = [
        _product(query[1], size, heads, width, gates + 1),
        _product(key[1], other, pairs, width),
        _product(value[1], size, pairs, width),
        _product(query[1], key[1], heads, width, 2),
    ]
    return Answer(outputs, weights, _total(costs))


def _listed(ask: Ask) -> list[Shape]:
    value = ask.args[0] if ask.args else ask.kwargs.get("inputs")
    if not isinstance(value, list) or not 2 <= len(value) <= 3:
        raise Misfit(
            f"{ask.class_name} takes a list of two or three tensors: query, value and key.", "Connect two or three."
        )
    shapes: list[Shape] = []
    for item in value:
        if type(item) is not TensorSpec or item.shape is None:
            raise Unknown("the shape of an input is not known")
        if len(item.shape) < 2:
            raise Misfit(f"{ask.class_name} takes tensors of rank 3, but gets {show(item.shape)}.")
        shapes.append(item.shape)
    return shapes


def _attention(ask: Ask, weights: list[Weight], shapes: list[Shape]) -> Answer:
    query, value = shapes[:2]
    key = shapes[2] if len(shapes) > 2 else value
    outputs = [TensorSpec((*query[:-1], value[-1]), ask.compute)]
    if ask.argument(2, "return_attention_scores"):
        outputs.append(TensorSpec((*query[:-1], key[-2]), ask.compute))
    each = None if key[-1] is None or value[-1] is None else key[-1] + value[-1]
    return Answer(outputs, weights, _product(count(query[1:-1]), key[-2], each))


def attention(ask: Ask) -> Answer:
    """Attention: dot-product attention without projections."""
    shapes = _listed(ask)
    weights = []
    if ask.flag("use_scale", False):
        weights.append(ask.weight("scale", ()))
    if ask.config.get("score_mode") == "concat":
        weights.append(ask.weight("concat_score_weight", ()))
    return _attention(ask, weights, shapes)


def additive_attention(ask: Ask) -> Answer:
    """AdditiveAttention: a scale over the last axis of the query."""
    shapes = _listed(ask)
    weights = []
    if ask.flag("use_scale", True):
        weights.append(ask.weight("scale", (known(shapes[0][-1], "last size", "AdditiveAttention"),)))
    return _attention(ask, weights, shapes)


def head_count(value: Any) -> int:
    """A number of heads."""
    return whole(value, "num_heads")


RULES = {
    "MultiHeadAttention": multi_head_attention,
    "GroupQueryAttention": grouped_query_attention,
    "GroupedQueryAttention": grouped_query_attention,
    "Attention": attention,
    "AdditiveAttention": additive_attention,
}
