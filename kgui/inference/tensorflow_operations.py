"""Rules for TensorFlow's functions in the graphs of tf.keras: TFOpLambda, SlicingOpLambda, TensorFlowOpLayer.

Each function is one of Keras 3's operations under another name; the table says which.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kgui.graph import TensorSpec
from kgui.inference.operations import OPERATIONS, arg_reduction, first, get_item, option, pair, reduction, same, unary
from kgui.inference.operations import shape_of_spec as _shape
from kgui.inference.rule import Answer, Ask, Rule, Unknown, axis_of, whole

_TF_NAMES = """
    math.add add __operators__.add AddV2 Add BiasAdd nn.bias_add:Add math.subtract subtract Sub
    __operators__.sub:Subtract math.multiply multiply Mul __operators__.mul:Multiply math.truediv math.divide
    divide RealDiv Div math.divide_no_nan:Divide math.pow pow Pow:Power math.maximum maximum Maximum:Maximum
    math.minimum minimum Minimum:Minimum math.floordiv math.floormod:FloorDivide math.mod FloorMod:Mod math.equal
    equal Equal:Equal math.not_equal NotEqual:NotEqual math.greater Greater:Greater math.greater_equal
    GreaterEqual:GreaterEqual math.less Less:Less math.less_equal LessEqual:LessEqual math.logical_and:LogicalAnd
    math.logical_or:LogicalOr math.logical_not:LogicalNot math.squared_difference:Subtract math.abs abs Abs:Abs
    math.exp exp Exp:Exp math.log Log:Log math.log1p:Log1p math.sqrt Sqrt:Sqrt math.rsqrt Rsqrt:Rsqrt math.square
    square Square:Square math.negative negative Neg:Negative math.sign:Sign math.sin:Sin math.cos:Cos math.tanh
    nn.tanh Tanh:Tanh math.sigmoid nn.sigmoid sigmoid Sigmoid:Sigmoid math.erf:Erf math.floor:Floor math.ceil:Ceil
    math.round round:Round math.softplus nn.softplus:Softplus nn.relu Relu:Relu nn.relu6 Relu6:Relu6 nn.elu:Elu
    nn.selu:Selu nn.gelu:Gelu nn.silu nn.swish:Silu nn.leaky_relu LeakyRelu:LeakyRelu nn.softmax Softmax
    compat.v1.nn.softmax:Softmax nn.log_softmax:LogSoftmax math.l2_normalize nn.l2_normalize linalg.l2_normalize
    linalg.normalize stop_gradient identity StopGradient Identity clip_by_value math.reciprocal ensure_shape
    grad_pass_through reverse roll:tf_same zeros_like ones_like compat.v1.zeros_like compat.v1.ones_like:ZerosLike
    math.is_nan:Isnan math.is_finite:Isfinite math.reduce_mean reduce_mean Mean compat.v1.reduce_mean
    math.reduce_std math.reduce_variance:tf_mean math.reduce_sum reduce_sum Sum math.reduce_max reduce_max Max
    math.reduce_min reduce_min Min math.reduce_prod Prod compat.v1.reduce_sum compat.v1.reduce_max
    math.reduce_logsumexp math.reduce_euclidean_norm norm linalg.norm:tf_reduce math.reduce_any
    math.reduce_all:tf_reduce math.argmax argmax math.argmin argmin:tf_arg math.cumsum cumsum math.cumprod
    math.cumulative_logsumexp:tf_same linalg.matmul matmul MatMul BatchMatMulV2:Matmul einsum linalg.einsum:Einsum
    tensordot linalg.tensordot:Tensordot concat ConcatV2 compat.v1.concat:Concatenate stack Pack:Stack
    unstack:Unstack split compat.v1.split:Split expand_dims ExpandDims compat.v1.expand_dims:ExpandDims squeeze
    Squeeze compat.v1.squeeze:Squeeze transpose Transpose compat.v1.transpose:Transpose reshape Reshape:Reshape
    broadcast_to BroadcastTo:BroadcastTo __operators__.getitem:GetItem cast Cast compat.v1.cast:Cast
    one_hot:OneHot tile Tile:Tile repeat:Repeat pad Pad compat.v1.pad PadV2 MirrorPad:Pad where
    compat.v1.where:Where gather compat.v1.gather:tf_gather image.resize compat.v1.image.resize:Resize
    nn.depth_to_space:DepthToSpace nn.space_to_depth:SpaceToDepth math.top_k nn.top_k:TopK shape compat.v1.shape
    Shape:tf_shape
"""


def _table(text: str) -> dict[str, str]:
    """Names before each colon, all of them meaning the word after it."""
    result: dict[str, str] = {}
    waiting: list[str] = []
    for word in text.split():
        name, colon, target = word.partition(":")
        waiting.append(name)
        if colon:
            result.update(dict.fromkeys(waiting, target))
            waiting = []
    return result


_TF_OPERATIONS = _table(_TF_NAMES)


def _tf_gather(ask: Ask) -> Answer:
    one, two = pair(ask)
    shape = _shape(one)
    place = axis_of(option(ask, "axis", 0, position=2) or 0, len(shape))
    batched = whole(option(ask, "batch_dims", 0) or 0, "batch_dims", least=0)
    return Answer((TensorSpec((*shape[:place], *_shape(two)[batched:], *shape[place + 1 :]), one.dtype),))


def _tf_shape(ask: Ask) -> Answer:
    spec = first(ask)
    return Answer((TensorSpec((len(_shape(spec)),), "int32"),))


_TF_ONLY: dict[str, Rule] = {
    "tf_same": unary(same),
    "tf_mean": reduction(same),
    "tf_reduce": reduction(same),
    "tf_arg": arg_reduction("int64"),
    "tf_gather": _tf_gather,
    "tf_shape": _tf_shape,
}
_TF_NO_PROMOTION = frozenset(
    {"Add", "Subtract", "Multiply", "Divide", "Power", "Maximum", "Minimum", "FloorDivide", "Mod"}
)


def tf_op_lambda(ask: Ask) -> Answer:
    """TFOpLambda: a function of TensorFlow by its name."""
    name = ask.config.get("function")
    word = _TF_OPERATIONS.get(name) if isinstance(name, str) else None
    if word is None:
        raise Unknown(f"no rule for TensorFlow's {name!r}")
    return _by_name(ask, word)


def _by_name(ask: Ask, word: str) -> Answer:
    rule = _TF_ONLY.get(word) or OPERATIONS[word]
    answer = rule(Ask(word, {}, ask.args, ask.kwargs, (ask.compute, ask.variable), ask.inner))
    if word in _TF_NO_PROMOTION and word != "Concatenate":
        # TensorFlow does not promote: a constant takes the dtype of the tensor beside it.
        dtype = next((spec.dtype for spec in ask.any_tensors()), None)
        return answer._replace(outputs=[TensorSpec(spec.shape, dtype) for spec in answer.outputs])
    return answer


def slicing_op_lambda(ask: Ask) -> Answer:
    """SlicingOpLambda: indexing, in tf.keras."""
    return get_item(ask)


def method(ask: Ask) -> Answer:
    """InstanceMethod and ClassMethod: a method of a tensor by its name."""
    name = ask.config.get("method", ask.config.get("function"))
    word = _TF_OPERATIONS.get(name) if isinstance(name, str) else None
    if word is None:
        raise Unknown(f"no rule for the method {name!r}")
    return _by_name(ask, word)


def tensorflow_op_layer(ask: Ask) -> Answer:
    """TensorFlowOpLayer of TF 2.0 to 2.3: one node of a TensorFlow graph, with its constant inputs beside it."""
    node = ask.config.get("node_def")
    if isinstance(node, str):
        node = json.loads(node)
    name = node.get("op") if isinstance(node, dict) else None
    word = _TF_OPERATIONS.get(name) if isinstance(name, str) else None
    if word is None:
        raise Unknown(f"no rule for TensorFlow's {name!r}")
    tensors: Sequence[Any] = ask.args[0] if ask.args and isinstance(ask.args[0], list) else ask.args
    values = list(tensors)
    constants = ask.config.get("constants")
    for place, value in sorted((constants or {}).items(), key=lambda item: int(item[0])):
        values.insert(int(place), value)
    if word in ("Concatenate", "Stack"):
        values = [values[:-1], values[-1]] if word == "Concatenate" else [values]
    return _by_name(Ask(ask.class_name, {}, values, {}, (ask.compute, ask.variable), ask.inner), word)


RULES: dict[str, Rule] = {
    "TFOpLambda": tf_op_lambda,
    "SlicingOpLambda": slicing_op_lambda,
    "ClassMethod": method,
    "InstanceMethod": method,
    "TensorFlowOpLayer": tensorflow_op_layer,
}
"""Rules of the layers that wrap functions of TensorFlow, by class name."""
