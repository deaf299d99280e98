"""The arguments of a layer that tell what it does, in one line: `64 · 3×3 · same · relu`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kgui.graph import Era, Layer
from kgui.layers.eras import modern

SEPARATOR = " · "

Say = Callable[[Any], str | None]
"""Words for the value of an argument, or None if it says nothing (its default, a value of a wrong kind)."""


def telling(layer: Layer, era: Era) -> str:
    """The line for one layer; empty where nothing is worth a place on the card."""
    config = layer.config if isinstance(layer.config, dict) else {}
    if layer.is_operation:
        return _operation(layer, config)
    name, config = modern(layer.class_name, config, era)
    return SEPARATOR.join(_parts(name, config))


def activation_of(layer: Layer, era: Era) -> str | None:
    """The activation of a layer, or None if it has none."""
    config = layer.config if isinstance(layer.config, dict) else {}
    return _word(modern(layer.class_name, config, era)[1].get("activation"))


def _parts(name: str, config: Mapping[str, Any], depth: int = 0) -> list[str]:
    said = []
    for key, say in TELLING.get(name, _GENERAL):
        text = say(config[key]) if key in config else None
        if text:
            said.append(text)
    if name in _WRAPPERS and depth < _MAX_WRAPPERS:
        said = [*_wrapped(config, depth), *said]
    return said


def _wrapped(config: Mapping[str, Any], depth: int) -> list[str]:
    """What a wrapper wraps: its class, and what is telling about that."""
    inner = config.get("layer") or config.get("cell")
    if isinstance(inner, list):
        return [f"{len(inner)} cells"]
    if not isinstance(inner, dict):
        return []
    name, own = inner.get("class_name"), inner.get("config")
    if not isinstance(name, str):
        return []
    return [name, *(_parts(name, own, depth + 1) if isinstance(own, dict) else [])]


_MAX_WRAPPERS = 3
_WRAPPERS = frozenset(
    {"TimeDistributed", "Bidirectional", "RNN", "StackedRNNCells", "SpectralNormalization", "Wrapper"}
)


def _operation(layer: Layer, config: Mapping[str, Any]) -> str:
    """The function that an operation of tf.keras is, and its plain arguments."""
    said = [text for key in ("function", "symbol") if (text := _word(config.get(key)))]
    for call in layer.calls[:1]:
        plain = [value for value in call.args[1:] if isinstance(value, (int, float)) and not isinstance(value, bool)]
        said += [_number(value) or "" for value in plain[:3]]
        said += [f"{key} {text}" for key, value in call.kwargs.items() if key != "name" and (text := _plain(value))]
    return SEPARATOR.join(said[:4])


def _plain(value: Any) -> str | None:
    if isinstance(value, str):
        return _word(value)
    return _size(value)


def _number(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    text = f"{value:.4g}" if isinstance(value, float) else str(value) if abs(value) < 10**15 else f"{value:.3e}"
    return text.replace("-", "−")


def _size(value: Any) -> str | None:
    """`3×3` for a size per axis."""
    if isinstance(value, (list, tuple)):
        parts = [_size(item) if isinstance(item, (list, tuple)) else _number(item) for item in value[:8]]
        return "×".join(part or "?" for part in parts) if parts else None
    return _number(value)


def _unless(*usual: Any, say: Say) -> Say:
    """Nothing for the values that go without saying."""

    def words(value: Any) -> str | None:
        plain = list(value) if isinstance(value, tuple) else value
        return None if any(plain == other and type(plain) is type(other) for other in usual) else say(value)

    return words


def _labelled(label: str, say: Say = _number) -> Say:
    def words(value: Any) -> str | None:
        text = say(value)
        return f"{label} {text}" if text else None

    return words


def _flag(label: str, when: bool = True) -> Say:
    return lambda value: label if value is when else None


def _word(value: Any) -> str | None:
    """A name: of an activation, a mode, an object in its serialised form."""
    if isinstance(value, dict):
        inner = value.get("config")
        name = value.get("class_name") or value.get("registered_name")
        if name in ("function", "__keras_tensor__") or (isinstance(inner, str) and name != "__lambda__"):
            name = inner
        return _word(name)
    if not isinstance(value, str) or not value:
        return None
    # A Lambda's bytecode is text as well; nobody wants to read it here.
    return value if len(value) <= 40 and value.isprintable() else None


def _count(value: Any) -> str | None:
    return f"{len(value)} values" if isinstance(value, (list, tuple)) and value else None


_ONES = (1, [1], [1, 1], [1, 1, 1])
_activation = _unless("linear", None, say=_word)
_strides = _unless(*_ONES, say=_labelled("stride", _size))
_dilation = _unless(*_ONES, say=_labelled("dilation", _size))
_bias = _flag("no bias", when=False)
_padding = _word
_CONVOLUTION: tuple[tuple[str, Say], ...] = (
    ("filters", _number),
    ("kernel_size", _size),
    ("strides", _strides),
    ("padding", _padding),
    ("dilation_rate", _dilation),
    ("groups", _unless(1, say=_labelled("groups"))),
    ("activation", _activation),
    ("use_bias", _bias),
)
_DEPTHWISE: tuple[tuple[str, Say], ...] = (
    ("kernel_size", _size),
    ("depth_multiplier", _unless(1, say=_labelled("multiplier"))),
    *_CONVOLUTION[2:5],
    *_CONVOLUTION[6:],
)
_SEPARABLE = (_CONVOLUTION[0], *_DEPTHWISE)
_POOLING: tuple[tuple[str, Say], ...] = (
    ("pool_size", _size),
    ("strides", _unless(None, say=_labelled("stride", _size))),
    ("padding", _padding),
)
_GLOBAL: tuple[tuple[str, Say], ...] = (("keepdims", _flag("keep dims")),)
_RECURRENT: tuple[tuple[str, Say], ...] = (
    ("units", _number),
    ("filters", _number),
    ("kernel_size", _size),
    ("activation", _unless("tanh", None, say=_word)),
    ("return_sequences", _flag("sequences")),
    ("return_state", _flag("state")),
    ("go_backwards", _flag("backwards")),
    ("stateful", _flag("stateful")),
    ("dropout", _unless(0, 0.0, say=_labelled("dropout"))),
)
_HEADS: tuple[tuple[str, Say], ...] = (
    ("num_heads", _labelled("heads")),
    ("num_query_heads", _labelled("heads")),
    ("num_key_value_heads", _labelled("groups")),
    ("key_dim", _labelled("key")),
    ("head_dim", _labelled("head")),
    ("value_dim", _labelled("value")),
    ("dropout", _unless(0, 0.0, say=_labelled("dropout"))),
)
_NOISE: tuple[tuple[str, Say], ...] = (("rate", _number), ("stddev", _number))
_AXIS: tuple[tuple[str, Say], ...] = (("axis", _labelled("axis", _size)),)
_NORM: tuple[tuple[str, Say], ...] = (
    ("groups", _labelled("groups")),
    *_AXIS,
    ("momentum", _labelled("momentum")),
    ("epsilon", _unless(0.001, say=_labelled("ε"))),
    ("center", _flag("no center", when=False)),
    ("scale", _flag("no scale", when=False)),
)
_ATTENTION: tuple[tuple[str, Say], ...] = (
    ("score_mode", _unless("dot", say=_word)),
    ("use_scale", _flag("scaled")),
    ("dropout", _unless(0, 0.0, say=_labelled("dropout"))),
)
_RESIZE: tuple[tuple[str, Say], ...] = (
    ("size", _size),
    ("padding", _size),
    ("cropping", _size),
    ("interpolation", _unless("nearest", say=_word)),
)
_VOCABULARY: tuple[tuple[str, Say], ...] = (
    ("max_tokens", _labelled("tokens")),
    ("num_bins", _labelled("bins")),
    ("num_tokens", _labelled("tokens")),
    ("output_mode", _word),
    ("output_sequence_length", _labelled("length")),
)
_RANDOM: tuple[tuple[str, Say], ...] = (
    ("mode", _word),
    ("factor", _size),
    ("height_factor", _size),
    ("width_factor", _size),
    ("height", _number),
    ("width", _number),
)
_GENERAL: tuple[tuple[str, Say], ...] = (
    ("units", _number),
    ("filters", _number),
    ("kernel_size", _size),
    ("size", _size),
    ("num_heads", _labelled("heads")),
    ("rate", _number),
    ("axis", _labelled("axis", _size)),
    ("activation", _activation),
)
"""For classes without a row of their own, custom ones among them."""

_GROUPS: tuple[tuple[str, tuple[tuple[str, Say], ...]], ...] = (
    ("InputLayer", (("dtype", _word), ("sparse", _flag("sparse")))),
    ("Dense", (("units", _number), ("activation", _activation), ("use_bias", _bias))),
    ("EinsumDense", (("equation", _word), ("output_shape", _size), ("activation", _activation))),
    (
        "Embedding ReversibleEmbedding",
        (("input_dim", _number), ("output_dim", _labelled("→")), ("mask_zero", _flag("mask 0"))),
    ),
    ("Masking", (("mask_value", _number),)),
    ("Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose", _CONVOLUTION),
    ("LocallyConnected1D LocallyConnected2D", _CONVOLUTION),
    ("DepthwiseConv1D DepthwiseConv2D", _DEPTHWISE),
    ("SeparableConv1D SeparableConv2D", _SEPARABLE),
    ("MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D", _POOLING),
    ("GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D", _GLOBAL),
    ("GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D", _GLOBAL),
    ("LSTM GRU SimpleRNN LSTMCell GRUCell SimpleRNNCell RNN CuDNNLSTM CuDNNGRU", _RECURRENT),
    ("ConvLSTM1D ConvLSTM2D ConvLSTM3D", _RECURRENT),
    ("Bidirectional", (("merge_mode", _word),)),
    ("TimeDistributed SpectralNormalization Wrapper StackedRNNCells", ()),
    ("MultiHeadAttention GroupedQueryAttention GroupQueryAttention", _HEADS),
    ("Attention AdditiveAttention", _ATTENTION),
    ("BatchNormalization LayerNormalization GroupNormalization RMSNormalization UnitNormalization", _NORM),
    ("Concatenate Softmax Normalization", _AXIS),
    ("Add Subtract Multiply Average Maximum Minimum Flatten Identity", ()),
    ("Dot", (("axes", _labelled("axes", _size)), ("normalize", _flag("normalized")))),
    ("Activation", (("activation", _word),)),
    (
        "ReLU LeakyReLU ELU ThresholdedReLU",
        (
            ("max_value", _labelled("max")),
            ("negative_slope", _unless(0, 0.0, say=_labelled("slope"))),
            ("alpha", _labelled("α")),
            ("threshold", _unless(0, 0.0, say=_labelled("threshold"))),
            ("theta", _labelled("θ")),
        ),
    ),
    ("PReLU", (("shared_axes", _labelled("shared axes", _size)),)),
    ("Dropout AlphaDropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D", _NOISE),
    ("ActivityRegularization", (("l1", _labelled("l1")), ("l2", _labelled("l2")))),
    ("Reshape", (("target_shape", _size),)),
    ("Permute", (("dims", _size),)),
    ("RepeatVector", (("n", _labelled("×")),)),
    ("UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D", _RESIZE),
    ("Cropping1D Cropping2D Cropping3D", _RESIZE),
    ("Rescaling", (("scale", _number), ("offset", _unless(0, 0.0, say=_labelled("+"))))),
    (
        "Resizing CenterCrop RandomCrop",
        (("height", _labelled("height")), ("width", _labelled("width")), ("interpolation", _word)),
    ),
    ("TextVectorization StringLookup IntegerLookup Hashing HashedCrossing CategoryEncoding", _VOCABULARY),
    ("Discretization", (("num_bins", _labelled("bins")), ("bin_boundaries", _count), ("output_mode", _word))),
    ("RandomFlip RandomRotation RandomZoom RandomTranslation RandomContrast RandomBrightness", _RANDOM),
    ("Lambda", (("function", _word),)),
)

TELLING: Mapping[str, tuple[tuple[str, Say], ...]] = {name: rows for names, rows in _GROUPS for name in names.split()}
"""For each class of Keras 3 its telling arguments in the order of the line, and how each is put into words."""
