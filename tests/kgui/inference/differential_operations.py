"""Random operations as nodes of a functional model, asked of kgui's rules and of Keras.

python tests/kgui/inference/differential_operations.py --cases 4000 [--seed N] [--only Matmul,Pad]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from kgui.graph import Call, Layer, Model, TensorRef
from kgui.inference import infer
from kgui.inference.rules import OPERATIONS

Shape = tuple[int | None, ...]
Made = tuple[list[tuple[Shape, str]], Callable[[Any, list[Any]], Any]]
"""Inputs, and the operation on them: a function of `keras.ops` and the tensors."""

DTYPES = ("float32", "float32", "float32", "float16", "bfloat16", "float64", "int32", "int64", "uint8", "bool")


def _size(r: random.Random) -> int | None:
    return None if r.random() < 0.2 else r.randint(1, 6)


def _shape(r: random.Random, low: int = 2, high: int = 4) -> Shape:
    return (None, *(_size(r) for _ in range(r.randint(low, high) - 1)))


def _one(r: random.Random, low: int = 2, high: int = 4, dtype: str | None = None) -> list[tuple[Shape, str]]:
    return [(_shape(r, low, high), dtype or r.choice(DTYPES))]


def _two(r: random.Random) -> list[tuple[Shape, str]]:
    shape = _shape(r)
    other = tuple(size if r.random() < 0.7 else r.choice((1, size)) for size in shape)
    if r.random() < 0.2:
        other = other[1:]
        other = tuple(1 if size is None else size for size in other)
    return [
        (shape, r.choice(DTYPES)),
        ((None, *other[1:]) if len(other) == len(shape) else (None, *other), r.choice(DTYPES)),
    ]


def _call(name: str, **kwargs: Any) -> Callable[[Any, list[Any]], Any]:
    return lambda ops, tensors: getattr(ops, name)(*tensors, **kwargs)


_UNARY = """
    absolute arccos arccosh arcsin arcsinh arctan arctanh ceil conj copy cos cosh exp exp2 expm1 floor isfinite
    isinf isnan log log10 log1p log2 logical_not negative ones_like zeros_like real imag reciprocal round sign
    sin sinh sqrt square tan tanh erf rsqrt relu relu6 sigmoid softplus softsign silu swish log_sigmoid
    hard_sigmoid hard_silu elu selu gelu celu tanh_shrink hard_tanh hard_shrink soft_shrink sparse_plus
    sparse_sigmoid squareplus leaky_relu trunc cbrt deg2rad stop_gradient nan_to_num angle bitwise_not fabs sinc
    signbit flip sort argsort normalize softmax log_softmax size triu tril erfc
"""
_BINARY = """
    add subtract multiply divide true_divide power maximum minimum mod floor_divide equal not_equal greater
    greater_equal less less_equal logical_and logical_or logical_xor arctan2 logaddexp hypot heaviside
    divide_no_nan bitwise_and left_shift
"""
_REDUCE = "mean std var median sum prod max min amax amin all any norm logsumexp count_nonzero ptp"


def _makers() -> dict[str, Callable[[random.Random], Made]]:
    found: dict[str, Callable[[random.Random], Made]] = {}
    for name in _UNARY.split():
        found[name] = lambda r, name=name: (_one(r), _call(name))
    for name in _BINARY.split():
        found[name] = lambda r, name=name: _binary(r, name)
    for name in _REDUCE.split():
        found[name] = lambda r, name=name: _reduce(r, name)
    found.update({key.removeprefix("_make_"): value for key, value in globals().items() if key.startswith("_make_")})
    return found


def _binary(r: random.Random, name: str) -> Made:
    inputs = _two(r)
    if r.random() < 0.3:
        constant = r.choice((2, 0.5, True))
        if r.random() < 0.5:
            return inputs[:1], lambda ops, tensors: getattr(ops, name)(tensors[0], constant)
        return inputs[:1], lambda ops, tensors: getattr(ops, name)(constant, tensors[0])
    return inputs, _call(name)


def _reduce(r: random.Random, name: str) -> Made:
    inputs = _one(r)
    rank = len(inputs[0][0])
    axis = r.choice((None, -1, r.randint(0, rank - 1), (0, -1) if rank > 1 else 0))
    kwargs: dict[str, Any] = {"axis": axis}
    if name not in ("count_nonzero",) and r.random() < 0.5:
        kwargs["keepdims"] = True
    return inputs, _call(name, **kwargs)


def _make_argmax(r: random.Random) -> Made:
    inputs = _one(r)
    kwargs: dict[str, Any] = {"axis": r.choice((None, -1, 1))}
    if r.random() < 0.5:
        kwargs["keepdims"] = True
    return inputs, _call(r.choice(("argmax", "argmin")), **kwargs)


def _make_cumsum(r: random.Random) -> Made:
    return _one(r), _call(r.choice(("cumsum", "cumprod")), axis=r.choice((None, -1, 1)))


def _make_matmul(r: random.Random) -> Made:
    inner = r.randint(1, 5)
    first = (*_shape(r, 1, 3), _size(r), inner)
    second = (*r.choice((first[:-2], ())), inner, r.randint(1, 5))
    if len(second) == 2:
        second = (*first[:-2], *second)
    return [(first, r.choice(DTYPES[:6])), (second, r.choice(DTYPES[:6]))], _call("matmul")


def _make_dot(r: random.Random) -> Made:
    inner = r.randint(1, 5)
    return [((*_shape(r, 1, 2), inner), "float32"), ((None, inner, 4), "float32")], _call("dot")


def _make_tensordot(r: random.Random) -> Made:
    return [((None, 3, 4), "float32"), ((None, 4, 3), "float32")], _call(
        "tensordot", axes=r.choice(([[1, 2], [2, 1]], [[2], [1]]))
    )


def _make_einsum(r: random.Random) -> Made:
    equation, shapes = r.choice(
        [
            ("bij,bjk->bik", [(None, 3, 4), (None, 4, 5)]),
            ("bhwc,bc->bhw", [(None, None, 5, 4), (None, 4)]),
            ("...ij,...jk->...ik", [(None, 2, 3, 4), (None, 2, 4, 5)]),
            ("bij->bji", [(None, 3, None)]),
            ("bij,bkj->bik", [(None, None, 4), (None, 6, 4)]),
            ("bij->b", [(None, 3, 4)]),
            ("bqhd,bkhd->bhqk", [(None, None, 2, 3), (None, 7, 2, 3)]),
        ]
    )
    return [(shape, r.choice(DTYPES[:6])) for shape in shapes], lambda ops, tensors: ops.einsum(equation, *tensors)


def _make_concatenate(r: random.Random) -> Made:
    shape = _shape(r)
    axis = r.randint(1, len(shape) - 1)
    inputs = []
    for _ in range(r.randint(2, 3)):
        sizes = list(shape)
        sizes[axis] = _size(r)
        inputs.append((tuple(sizes), r.choice(DTYPES)))
    axis = axis - (len(shape) if r.random() < 0.5 else 0)
    return inputs, lambda ops, tensors: ops.concatenate(tensors, axis=axis)


def _make_stack(r: random.Random) -> Made:
    shape = _shape(r)
    axis = r.choice((1, -1, 0))
    return [(shape, r.choice(DTYPES)) for _ in range(3)], lambda ops, tensors: ops.stack(tensors, axis=axis)


def _make_unstack(r: random.Random) -> Made:
    return [((None, 3, 4), r.choice(DTYPES))], _call("unstack", axis=r.choice((1, 2, -1)))


def _make_split(r: random.Random) -> Made:
    return [((None, 6, 4), r.choice(DTYPES))], lambda ops, tensors: ops.split(
        *tensors, r.choice((2, [1, 3], 1)), axis=1
    )


def _make_expand_dims(r: random.Random) -> Made:
    return _one(r), _call("expand_dims", axis=r.choice((1, -1, 0, 2)))


def _make_squeeze(r: random.Random) -> Made:
    return [((None, 1, 4, 1), r.choice(DTYPES))], _call("squeeze", axis=r.choice((None, 1, -1, (1, 3))))


def _make_transpose(r: random.Random) -> Made:
    inputs = _one(r)
    axes = list(range(len(inputs[0][0])))
    r.shuffle(axes)
    return inputs, _call("transpose", axes=r.choice((None, tuple(axes))))


def _make_swapaxes(r: random.Random) -> Made:
    return _one(r, 3, 4), lambda ops, tensors: ops.swapaxes(tensors[0], 1, -1)


def _make_moveaxis(r: random.Random) -> Made:
    source, target = r.choice(((1, -1), (-1, 1), ((1, 2), (2, 1)), ((0, 2), (1, 0))))
    return _one(r, 3, 4), lambda ops, tensors: ops.moveaxis(tensors[0], source, target)


def _make_reshape(r: random.Random) -> Made:
    target = r.choice(((-1, 6), (-1, 2, 3), (-1, 24), (None, 4, 6), (-1, 4, 3, 2)))
    return [((None, 4, 6), r.choice(DTYPES))], lambda ops, tensors: ops.reshape(tensors[0], target)


def _make_ravel(r: random.Random) -> Made:
    return _one(r), _call("ravel")


def _make_broadcast_to(r: random.Random) -> Made:
    return [((1, 1, 4), r.choice(DTYPES))], _call("broadcast_to", shape=(2, 3, 4))


def _make_get_item(r: random.Random) -> Made:
    every = slice(None)
    keys: list[Any] = [
        (every, 0),
        (every, slice(1, 3)),
        (Ellipsis, 0),
        (every, None, 1),
        (every, -1, slice(None, None, 2)),
    ]
    keys += [(Ellipsis, slice(None, -1)), (0,), (every, every, slice(4, 1, -1))]
    key = r.choice(keys)
    return [((None, r.choice((4, None)), 6), r.choice(DTYPES))], lambda ops, tensors: tensors[0][key]


def _make_take(r: random.Random) -> Made:
    axis = r.choice((1, -1, None))
    return [(_shape(r), r.choice(DTYPES)), ((None, 2), "int32")], lambda ops, tensors: ops.take(*tensors, axis=axis)


def _make_where(r: random.Random) -> Made:
    shape = _shape(r)
    return [(shape, "bool"), (shape, r.choice(DTYPES)), (shape, r.choice(DTYPES))], _call("where")


def _make_tile(r: random.Random) -> Made:
    return [((None, 3, 2), r.choice(DTYPES))], _call("tile", repeats=r.choice(([1, 2, 3], [2, 1], [1, 1, 1, 2], 2)))


def _make_repeat(r: random.Random) -> Made:
    return [((None, 3, 2), r.choice(DTYPES))], lambda ops, tensors: ops.repeat(
        tensors[0], r.choice((2, 3)), axis=r.choice((1, -1, None))
    )


def _make_pad(r: random.Random) -> Made:
    width = r.choice((((0, 0), (1, 2), (0, 3)), 1, ((1, 1),)))
    return [((None, _size(r), 2), r.choice(DTYPES))], lambda ops, tensors: ops.pad(tensors[0], width)


def _make_clip(r: random.Random) -> Made:
    return _one(r), _call("clip", x_min=0, x_max=1)


def _make_cast(r: random.Random) -> Made:
    return _one(r), _call("cast", dtype=r.choice(DTYPES))


def _make_one_hot(r: random.Random) -> Made:
    return _one(r, 1, 3, "int32"), _call("one_hot", num_classes=5, axis=r.choice((-1, 1)))


def _make_top_k(r: random.Random) -> Made:
    return [((None, 6), r.choice(DTYPES[:7]))], _call("top_k", k=3)


def _make_moments(r: random.Random) -> Made:
    return _one(r, 2, 4, "float32"), _call("moments", axes=[1], keepdims=r.random() < 0.5)


def _make_diff(r: random.Random) -> Made:
    return [((None, 6, _size(r)), r.choice(DTYPES[:7]))], _call("diff", axis=r.choice((1, -1)), n=r.randint(1, 2))


def _make_full_like(r: random.Random) -> Made:
    return _one(r), _call("full_like", fill_value=2)


def _make_outer(r: random.Random) -> Made:
    return [((2, 3), "float32"), ((4,), "float32")], _call("outer")


def _make_resize(r: random.Random) -> Made:
    first = r.random() < 0.3
    shape = (None, 3, 8, 8) if first else (None, 8, _size(r), 3)
    name = "channels_first" if first else "channels_last"
    return [(shape, r.choice(("float32", "uint8")))], lambda ops, tensors: ops.image.resize(
        tensors[0], (5, 4), data_format=name
    )


def _make_rgb_to_grayscale(r: random.Random) -> Made:
    return [((None, 8, 8, 3), "float32")], lambda ops, tensors: ops.image.rgb_to_grayscale(tensors[0])


def _make_extract_patches(r: random.Random) -> Made:
    padding = r.choice(("valid", "same"))
    return [((None, 9, 8, 3), "float32")], lambda ops, tensors: ops.image.extract_patches(
        tensors[0], (2, 3), padding=padding
    )


def _make_pool(r: random.Random) -> Made:
    name = r.choice(("max_pool", "average_pool"))
    return [((None, 9, _size(r), 3), "float32")], _call(
        name, pool_size=2, strides=r.choice((None, 1, 2)), padding="same"
    )


def _make_conv(r: random.Random) -> Made:
    return [((None, 9, 9, 3), "float32"), ((2, 2, 3, 5), "float32")], _call(
        "conv", strides=r.choice((1, 2)), padding=r.choice(("valid", "same"))
    )


def _make_depthwise_conv(r: random.Random) -> Made:
    return [((None, 9, 9, 3), "float32"), ((2, 2, 3, 2), "float32")], _call(
        "depthwise_conv", padding=r.choice(("valid", "same"))
    )


def _make_conv_transpose(r: random.Random) -> Made:
    return [((None, 9, 9, 3), "float32"), ((2, 2, 5, 3), "float32")], _call(
        "conv_transpose", strides=2, padding=r.choice(("valid", "same"))
    )


def _make_attention(r: random.Random) -> Made:
    query, value = (None, 7, 2, 4), (None, _size(r), 2, 4)
    return [(query, "float32"), (value, "float32"), (value, "float32")], _call("dot_product_attention")


def _make_glu(r: random.Random) -> Made:
    return [((None, 3, 6), "float32")], _call("glu", axis=-1)


def _make_depth_to_space(r: random.Random) -> Made:
    return [((None, 4, 6, 8), "float32")], _call(r.choice(("depth_to_space", "space_to_depth")), block_size=2)


def _make_crossentropy(r: random.Random) -> Made:
    return [((None, 5), "float32"), ((None, 5), "float32")], _call(
        r.choice(("categorical_crossentropy", "binary_crossentropy"))
    )


def _make_roll(r: random.Random) -> Made:
    return _one(r), _call("roll", shift=1, axis=1)


MAKERS = _makers()


def by_keras(made: Made) -> tuple[dict[str, Any], list[Any]]:
    """The node as Keras writes it into the config of a functional model, and the outputs that it declares."""
    import keras

    inputs, operation = made
    tensors = [keras.Input(batch_shape=shape, dtype=dtype, name=f"x{n}") for n, (shape, dtype) in enumerate(inputs)]
    outputs = keras.tree.flatten(operation(keras.ops, tensors))
    model = keras.Model(tensors, outputs)
    return json.loads(model.to_json())["config"], [(tuple(t.shape), str(t.dtype)) for t in outputs]


def graph_of(config: dict[str, Any]) -> Model:
    """The functional config as a graph."""
    model = Model("functional")
    ids = {item["name"]: number for number, item in enumerate(config["layers"])}

    def value(item: Any) -> Any:
        if isinstance(item, dict):
            if item.get("class_name") == "__keras_tensor__":
                name, call, tensor = item["config"]["keras_history"]
                return TensorRef(ids[name], call, tensor)
            return {key: value(inner) for key, inner in item.items()}
        return [value(inner) for inner in item] if isinstance(item, list) else item

    for item in config["layers"]:
        calls = [Call(value(node["args"]), value(node["kwargs"])) for node in item["inbound_nodes"]] or [Call()]
        number = ids[item["name"]]
        model.layers[number] = Layer(
            number, item["name"], item["class_name"], item["config"], item["module"], item["registered_name"], calls
        )
    model.outputs = [TensorRef(ids[name], call, tensor) for name, call, tensor in _leaves(config["output_layers"])]
    return model


def _leaves(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list) and value and isinstance(value[0], str):
        yield value
    else:
        for item in value:
            yield from _leaves(item)


def run(number: int, seed: int, only: list[str] | None = None) -> tuple[int, list[str], Counter[str], set[str]]:
    """Compares that many cases: how many were compared, the differences, what Keras refused, the classes seen."""
    import keras

    names = only or sorted(MAKERS)
    compared, different, refused, classes = 0, [], Counter[str](), set[str]()
    for index in range(number):
        name = names[index % len(names)]
        made = MAKERS[name](random.Random(seed * 1_000_003 + index))
        try:
            config, expected = by_keras(made)
        except Exception as error:  # Keras raises errors of all kinds for tensors that do not fit.
            refused[f"{name}: {str(error).splitlines()[0][:80]}"] += 1
            continue
        model = graph_of(config)
        inference = infer(model)
        found = [inference.layers[ref.layer].calls[ref.call].outputs[ref.tensor] for ref in model.outputs]
        classes |= {layer.class_name for layer in model.layers.values() if layer.is_operation}
        compared += 1
        if [(spec.shape, spec.dtype) for spec in found] != expected or inference.problems:
            nodes = [
                (layer.class_name, layer.config, layer.calls) for layer in model.layers.values() if layer.is_operation
            ]
            different.append(f"{name} {made[0]} {nodes}\n    Keras {expected}\n    kgui  {found} {inference.problems}")
        if index % 500 == 499:
            keras.backend.clear_session()
    return compared, different, refused, classes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    start = time.perf_counter()
    compared, different, refused, classes = run(
        options.cases, options.seed, [name for name in options.only.split(",") if name] or None
    )
    for text in different[: options.show]:
        print(text)
    for text, count in refused.most_common(options.show):
        print(f"Keras refuses ({count}): {text}")
    print(
        f"{options.cases} cases: {compared} compared, {len(different)} different, {sum(refused.values())} refused, "
        f"{len(classes)} operation classes of {len(OPERATIONS)} with a rule; {time.perf_counter() - start:.0f} s"
    )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
