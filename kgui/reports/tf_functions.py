"""TensorFlow functions that tf.keras recorded as layers (TFOpLambda, TensorFlowOpLayer), as operations of Keras 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OPERATORS: Mapping[str, str] = {
    "add": "+",
    "subtract": "-",
    "sub": "-",
    "multiply": "*",
    "mul": "*",
    "truediv": "/",
    "divide": "/",
    "realdiv": "/",
    "floordiv": "//",
    "mod": "%",
    "floormod": "%",
    "pow": "**",
    "matmul": "@",
    "greater": ">",
    "greater_equal": ">=",
    "less": "<",
    "less_equal": "<=",
    "addv2": "+",
    "radd": "+",
    "rsub": "-",
    "rmul": "*",
    "rtruediv": "/",
}
"""Functions of two tensors that Python has an operator for, by the last part of their name in lower case."""


@dataclass(frozen=True, slots=True)
class Function:
    """An operation that does what a TensorFlow function does.

    Attributes:
        name: Below `keras.ops`.
        renamed: TensorFlow's parameters that have another name there.
        parameters: TensorFlow's parameters in order, for arguments that are given by position.
    """

    name: str
    renamed: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[str, ...] = ("x",)


_REDUCE = ("x", "axis", "keepdims")
_INPUT = {"input_tensor": "x", "input": "x", "tensor": "x", "features": "x", "logits": "x", "value": "x", "a": "x"}


def _function(name: str, parameters: tuple[str, ...] = ("x",), **renamed: str) -> Function:
    return Function(name, {**_INPUT, **renamed}, parameters)


FUNCTIONS: Mapping[str, Function] = {
    **{f"math.reduce_{name}": _function(name, _REDUCE) for name in ("mean", "sum", "max", "min", "prod", "any", "all")},
    **{f"math.{name}": _function(name) for name in (
        "abs", "exp", "log", "log1p", "sqrt", "rsqrt", "square", "sin", "cos", "tanh", "sigmoid", "negative", "sign",
        "floor", "ceil", "round", "is_nan", "erf", "logical_not", "softplus", "reciprocal",
    )},
    **{f"math.{name}": _function(name, ("x1", "x2"), x="x1", y="x2") for name in (
        "maximum", "minimum", "logical_and", "logical_or", "equal", "not_equal", "squared_difference",
    )},
    **{f"nn.{name}": _function(name) for name in (
        "relu", "relu6", "sigmoid", "tanh", "elu", "selu", "silu", "swish", "softplus", "softsign",
    )},
    "nn.softmax": _function("softmax", ("x", "axis")),
    "nn.log_softmax": _function("log_softmax", ("x", "axis")),
    "nn.gelu": _function("gelu", ("x", "approximate")),
    "nn.leaky_relu": _function("leaky_relu", ("x", "negative_slope"), alpha="negative_slope"),
    "math.l2_normalize": _function("normalize", ("x", "axis", "epsilon")),
    "math.argmax": _function("argmax", ("x", "axis")),
    "math.argmin": _function("argmin", ("x", "axis")),
    "math.cumsum": _function("cumsum", ("x", "axis")),
    "concat": Function("concatenate", {"values": "xs"}, ("xs", "axis")),
    "stack": Function("stack", {"values": "x"}, ("x", "axis")),
    "reshape": _function("reshape", ("x", "newshape"), shape="newshape"),
    "expand_dims": _function("expand_dims", ("x", "axis")),
    "squeeze": _function("squeeze", ("x", "axis")),
    "cast": _function("cast", ("x", "dtype")),
    "transpose": _function("transpose", ("x", "axes"), perm="axes"),
    "tile": _function("tile", ("x", "repeats"), multiples="repeats"),
    "repeat": _function("repeat", ("x", "repeats", "axis")),
    "split": _function(
        "split", ("x", "indices_or_sections", "axis"), num_or_size_splits="indices_or_sections"
    ),
    "clip_by_value": _function(
        "clip", ("x", "x_min", "x_max"), t="x", clip_value_min="x_min", clip_value_max="x_max"
    ),
    "where": Function("where", {"x": "x1", "y": "x2"}, ("condition", "x1", "x2")),
    "zeros_like": _function("zeros_like"),
    "ones_like": _function("ones_like"),
    "one_hot": _function("one_hot", ("x", "num_classes"), indices="x", depth="num_classes"),
    "gather": _function("take", ("x", "indices"), params="x"),
    "stop_gradient": Function("stop_gradient", {"input": "variable"}, ("variable",)),
    "shape": _function("shape"),
}  # fmt: skip
"""By the name that tf.keras wrote. What is not here cannot be told from a name with certainty."""

_MOVED: Mapping[str, str] = {
    "concat_v2": "concat",
    "concatv2": "concat",
    "math.sigmoid": "nn.sigmoid",
    "math.tanh": "nn.tanh",
    "nn.l2_normalize": "math.l2_normalize",
    "compat.v1.transpose": "transpose",
    "compat.v1.squeeze": "squeeze",
    "compat.v1.shape": "shape",
    "compat.v1.gather": "gather",
    "where_v2": "where",
}


def operator(name: str) -> str | None:
    """Python's operator for a function: "*" for "math.multiply" and "__operators__.mul"."""
    return OPERATORS.get(name.rpartition(".")[2].lower())


def function(name: str) -> Function | None:
    """The operation of Keras 3 for a function, or None."""
    return FUNCTIONS.get(name) or FUNCTIONS.get(_MOVED.get(name, ""))


NODES: Mapping[str, str] = {
    "Mean": "math.reduce_mean",
    "Sum": "math.reduce_sum",
    "Max": "math.reduce_max",
    "Min": "math.reduce_min",
    "Abs": "math.abs",
    "Exp": "math.exp",
    "Log": "math.log",
    "Sqrt": "math.sqrt",
    "Square": "math.square",
    "Neg": "math.negative",
    "Relu": "nn.relu",
    "Relu6": "nn.relu6",
    "Sigmoid": "nn.sigmoid",
    "Tanh": "nn.tanh",
    "Softmax": "nn.softmax",
    "ExpandDims": "expand_dims",
    "Reshape": "reshape",
    "Transpose": "transpose",
    "Maximum": "math.maximum",
    "Minimum": "math.minimum",
    "ConcatV2": "concat",
}
"""Functions for the nodes of TensorFlow graphs that tf.keras 2.0 to 2.3 recorded."""
