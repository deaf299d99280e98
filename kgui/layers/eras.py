"""Today's words for layers of earlier eras: class names and arguments of Keras 0.x, 1.x, 2.x and tf.keras in Keras 3's.

A file keeps its own words; whoever needs to know what a layer does asks `modern` for them in today's. Sources: the
`get_config` methods of Keras 0.3.3, 1.2.2, 2.3.1, tf.keras 2.15 and Keras 3.15.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Config = dict[str, Any]
Fix = Callable[[Config, str], None]

CLASSES: Mapping[str, str] = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3DTranspose": "Conv3DTranspose",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "Deconv2D": "Conv2DTranspose",
    "Deconv3D": "Conv3DTranspose",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "DepthwiseConvolution2D": "DepthwiseConv2D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    # A Dense layer of today acts on the last axis at every step by itself.
    "TimeDistributedDense": "Dense",
    "SyncBatchNormalization": "BatchNormalization",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "LSTMCellV2": "LSTMCell",
    "GRUCellV2": "GRUCell",
    "DenseV2": "Dense",
    "Model": "Functional",
}
"""Names that a class had earlier, or has as an alias, and its name in Keras 3."""

_TWO_STAGE = {
    "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
    "SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D",
    "LocallyConnected1D", "LocallyConnected2D",
}  # fmt: skip
_RECURRENT = {"LSTM", "GRU", "SimpleRNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "JZS1", "JZS2", "JZS3"}

_ANY: Mapping[str, str] = {
    "batch_input_shape": "batch_shape",
    "border_mode": "padding",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "U_constraint": "recurrent_constraint",
    "init": "kernel_initializer",
    "bias": "use_bias",
    "nb_filter": "filters",
    "input_dtype": "dtype",
    "custom_name": "name",
}
"""Arguments renamed in every class that has them."""

_RECURRENT_KEYS: Mapping[str, str] = {
    "output_dim": "units",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
_CONVOLUTION_KEYS: Mapping[str, str] = {
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "atrous_rate": "dilation_rate",
}
_POOLING_KEYS: Mapping[str, str] = {"pool_length": "pool_size", "poolsize": "pool_size", "stride": "strides"}
_NORMALIZATION_KEYS: Mapping[str, str] = {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"}
_EMBEDDING_KEYS: Mapping[str, str] = {
    "init": "embeddings_initializer",
    "W_regularizer": "embeddings_regularizer",
    "W_constraint": "embeddings_constraint",
}

KEYS: Mapping[str, Mapping[str, str]] = {
    "Dense": {"output_dim": "units"},
    "MaxoutDense": {"output_dim": "units"},
    "Embedding": _EMBEDDING_KEYS,
    "Dropout": {"p": "rate"},
    "SpatialDropout1D": {"p": "rate"},
    "SpatialDropout2D": {"p": "rate"},
    "SpatialDropout3D": {"p": "rate"},
    "GaussianDropout": {"p": "rate"},
    "AlphaDropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "PReLU": {"init": "alpha_initializer"},
    "UpSampling1D": {"length": "size"},
    "Reshape": {"dims": "target_shape"},
    "BatchNormalization": _NORMALIZATION_KEYS,
    "CategoryEncoding": {"max_tokens": "num_tokens"},
    "Discretization": {"bins": "bin_boundaries"},
    "RNN": {},
    **dict.fromkeys(_RECURRENT, _RECURRENT_KEYS),
    **dict.fromkeys(_TWO_STAGE, _CONVOLUTION_KEYS),
    **{f"{kind}Pooling{rank}D": _POOLING_KEYS for kind in ("Max", "Average") for rank in (1, 2, 3)},
}
"""Arguments renamed in one class only: the same word meant different things in different classes."""

_KEEPS_INPUT_DIM = {"Embedding", "ReversibleEmbedding"}
_GONE = ("cache_enabled", "consume_less", "implementation", "input_dim", "input_length", "stack_size")
"""Arguments that told Keras how to compute, or what the input is, and have no word today."""

_CONVOLUTION_AXES = (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3"))
_ORDERINGS = {"tf": "channels_last", "th": "channels_first", "default": None}
_INITIALIZERS = {"zero": "zeros", "one": "ones", "normal": "random_normal", "uniform": "random_uniform"}
_MERGES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate"}
_DOTS = {"dot": False, "cos": True}


def modern(class_name: str, config: Config, era: str) -> tuple[str, Config]:
    """Class name and arguments of a layer in today's words.

    What is not known passes through unchanged: unknown classes, unknown arguments, values of a wrong type. The
    result of an era other than "keras-3" is a new dict; values that did not change are shared with `config`.

    Args:
        class_name: As the file has it.
        config: The layer's arguments, as the file has them.
        era: The words they are in, as `kgui.graph.Era` has it.

    Returns:
        The class name and the arguments that Keras 3 would have for the same layer. Classes that Keras 3 does not
        have any more keep their name, with arguments in today's words.
    """
    if era == "keras-3":
        return CLASSES.get(class_name, class_name), config
    name = CLASSES.get(class_name, class_name)
    own = KEYS.get(name, {})
    result: Config = {}
    for key, value in config.items():
        word = own.get(key) or _ANY.get(key) or key
        if word in result and word != key:
            continue  # The file has the argument in both words; the modern one counts.
        result[word] = value
    _forget(name, result)
    _shared_fixes(result, era)
    fix = _FIXES.get(name)
    if fix is not None:
        fix(result, class_name)
    if era in ("keras-0", "keras-1"):
        _old_values(name, result, era)
    if name == "Merge":
        name = _merge(result)
    _nested(result, era)
    return name, result


def _forget(name: str, config: Config) -> None:
    for key in _GONE:
        if key in config and not (key == "input_dim" and name in _KEEPS_INPUT_DIM):
            del config[key]


def _shared_fixes(config: Config, era: str) -> None:
    if "dim_ordering" in config:
        ordering = config.pop("dim_ordering")
        if isinstance(ordering, str):
            config["data_format"] = _ORDERINGS.get(ordering, ordering)
    for axes in _CONVOLUTION_AXES:
        if all(axis in config for axis in axes):
            config["kernel_size"] = [config.pop(axis) for axis in axes]
    dtype = config.get("dtype")
    if isinstance(dtype, dict) and dtype.get("class_name") in ("Policy", "PolicyV1"):
        config["dtype"] = {**dtype, "class_name": "DTypePolicy", "module": "keras"}


def _old_values(name: str, config: Config, era: str) -> None:
    """Changes values of Keras 0.x and 1.x that have another form today."""
    if era == "keras-0" and name in _TWO_STAGE | _SPATIAL and "data_format" not in config and not name.endswith("1D"):
        config["data_format"] = "channels_first"  # Before dim_ordering came, all was in Theano's order.
    for key, value in config.items():
        if key.endswith("_initializer") and isinstance(value, str):
            config[key] = _INITIALIZERS.get(value, value)
        elif key.endswith("_regularizer") and isinstance(value, dict) and "class_name" not in value:
            config[key] = _regularizer(value)
        elif key.endswith("_constraint") and isinstance(value, dict) and "class_name" not in value:
            config[key] = _constraint(value)


_SPATIAL = {
    f"{kind}{rank}D" for kind in ("MaxPooling", "AveragePooling", "UpSampling", "ZeroPadding") for rank in (2, 3)
}


def _regularizer(value: Config) -> Any:
    if "l1" not in value and "l2" not in value:
        return value
    return {"class_name": "L1L2", "config": {"l1": value.get("l1", 0.0), "l2": value.get("l2", 0.0)}}


def _constraint(value: Config) -> Any:
    if not isinstance(value.get("name"), str):
        return value
    arguments = {("max_value" if key == "m" else key): item for key, item in value.items() if key != "name"}
    return {"class_name": value["name"], "config": arguments}


def _batch_normalization(config: Config, class_name: str) -> None:
    axis = config.get("axis")
    if isinstance(axis, (list, tuple)) and len(axis) == 1:
        config["axis"] = axis[0]
    if class_name == "SyncBatchNormalization":
        config["synchronized"] = True
    for key in ("fused", "virtual_batch_size", "adjustment"):
        config.pop(key, None)


def _gru(config: Config, class_name: str) -> None:
    # Keras 3 resets after the matrix product unless told otherwise; before tf.keras 2.0 nobody did.
    config.setdefault("reset_after", False)


def _lstm(config: Config, class_name: str) -> None:
    if "forget_bias_init" in config:
        config["unit_forget_bias"] = config.pop("forget_bias_init") in ("one", "ones")


def _zero_padding_2d(config: Config, class_name: str) -> None:
    padding = config.get("padding")
    if isinstance(padding, (list, tuple)) and len(padding) == 4:  # Keras 1: top, bottom, left, right
        top, bottom, left, right = padding
        config["padding"] = [[top, bottom], [left, right]]
    elif isinstance(padding, dict):
        config["padding"] = [
            [padding.get("top_pad", 0), padding.get("bottom_pad", 0)],
            [padding.get("left_pad", 0), padding.get("right_pad", 0)],
        ]


def _zero_padding_1d(config: Config, class_name: str) -> None:
    padding = config.get("padding")
    if isinstance(padding, dict):
        config["padding"] = [padding.get("left_pad", 0), padding.get("right_pad", 0)]


def _attention(config: Config, class_name: str) -> None:
    for key in ("query_shape", "key_shape", "value_shape"):
        config.pop(key, None)  # tf.keras wrote what it was built with among the arguments.


def _lookup(config: Config, class_name: str) -> None:
    mode = config.get("output_mode")
    if isinstance(mode, str):
        config["output_mode"] = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode)


def _depthwise(config: Config, class_name: str) -> None:
    for key in ("filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint", "groups"):
        config.pop(key, None)  # tf.keras inherited them from Conv2D and ignored them.


def _separable(config: Config, class_name: str) -> None:
    for key in ("kernel_initializer", "kernel_regularizer", "kernel_constraint", "groups"):
        config.pop(key, None)


def _transposed(config: Config, class_name: str) -> None:
    config.pop("groups", None)


_FIXES: Mapping[str, Fix] = {
    "BatchNormalization": _batch_normalization,
    "GRU": _gru,
    "GRUCell": _gru,
    "LSTM": _lstm,
    "LSTMCell": _lstm,
    "ZeroPadding1D": _zero_padding_1d,
    "ZeroPadding2D": _zero_padding_2d,
    "MultiHeadAttention": _attention,
    "CategoryEncoding": _lookup,
    "StringLookup": _lookup,
    "IntegerLookup": _lookup,
    "TextVectorization": _lookup,
    "Discretization": _lookup,
    "DepthwiseConv1D": _depthwise,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv1D": _separable,
    "SeparableConv2D": _separable,
    "Conv1DTranspose": _transposed,
    "Conv2DTranspose": _transposed,
    "Conv3DTranspose": _transposed,
}


def _merge(config: Config) -> str:
    """Today's class for a Merge layer of Keras 0.x and 1.x, which had the operation as its `mode`."""
    mode = config.get("mode")
    if not isinstance(mode, str) or (mode not in _MERGES and mode not in _DOTS):
        return "Merge"  # A function as mode: only the file's output_shape tells what it does.
    axis = config.get("concat_axis", -1)
    axes = config.get("dot_axes", -1)
    for key in ("mode", "concat_axis", "dot_axes", "layers", "output_shape", "output_mask", "arguments"):
        config.pop(key, None)
    for key in ("mode_type", "output_shape_type", "output_mask_type", "node_indices", "tensor_indices"):
        config.pop(key, None)
    if mode in _MERGES:
        if mode == "concat":
            config["axis"] = axis
        return _MERGES[mode]
    if isinstance(axes, (list, tuple)):  # Keras 0.x had a list of axes for each of the two inputs
        axes = [axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis for axis in axes]
    config["axes"] = axes
    config["normalize"] = _DOTS[mode]
    return "Dot"


def _nested(config: Config, era: str) -> None:
    """Brings layers that are arguments of a layer (wrappers, cells) up to date as well."""
    for key in ("layer", "cell", "backward_layer", "forward_layer"):
        if key in config:
            config[key] = _nested_layer(config[key], era)
    cells = config.get("cells")
    if isinstance(cells, (list, tuple)):
        config["cells"] = [_nested_layer(cell, era) for cell in cells]


_CONTAINERS = ("Functional", "Model", "Sequential")


def _nested_layer(value: Any, era: str) -> Any:
    if not isinstance(value, dict) or not isinstance(value.get("class_name"), str):
        return value
    inner = value.get("config")
    if not isinstance(inner, dict) or value["class_name"] in _CONTAINERS:
        return value
    class_name, inner = modern(value["class_name"], inner, era)
    return {**value, "class_name": class_name, "config": inner}
