"""Small Keras models of many kinds, for tests that have Keras as the judge.

Every function takes the module `keras` (Keras 3) or `tf_keras` and returns a built model. Nothing here imports
either: `KINDS["mlp"].build(keras)`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Kind:
    """One kind of model.

    Attributes:
        name: The function's name.
        build: Takes `keras` or `tf_keras`, returns the model.
        keras3: Keras 3 can build it.
        keras2: tf_keras can build it.
        graph: False for a subclassed model, whose graph no file holds.
        custom: Names of classes that only the test knows (registered while it is built).
        bytecode: The model holds Python byte code (a Lambda): Keras loads it only with safe_mode=False.
        random: A forward pass is random even at inference.
    """

    name: str
    build: Callable[[Any], Any]
    keras3: bool = True
    keras2: bool = True
    graph: bool = True
    custom: tuple[str, ...] = ()
    bytecode: bool = False
    random: bool = False


KINDS: dict[str, Kind] = {}
"""All kinds by name."""


def kind(**facts: Any) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Enters a function into `KINDS`."""

    def enter(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
        KINDS[build.__name__] = Kind(build.__name__, build, **facts)
        return build

    return enter


def fill(model: Any, seed: int = 0) -> None:
    """Gives every floating weight a random value, so that two layers never agree by chance."""
    rng = np.random.default_rng(seed)
    values = []
    for value in model.get_weights():
        if np.issubdtype(value.dtype, np.floating) or value.dtype.name == "bfloat16":
            values.append(rng.uniform(0.05, 0.5, value.shape).astype(value.dtype))
        else:
            values.append(value)
    model.set_weights(values)


def example(model: Any, seed: int = 0) -> Any:
    """Input values for a forward pass, in the structure that the model takes."""
    taken = model.input if hasattr(model, "input") else model.inputs
    if type(model).__name__ == "Sequential" and isinstance(taken, (list, tuple)):
        taken = taken[0]
    return _example(taken, seed, any(_dtype(item) == "string" for item in model.inputs))


def _dtype(tensor: Any) -> str:
    return str(getattr(tensor.dtype, "name", tensor.dtype))


def _example(taken: Any, seed: int, as_tensors: bool) -> Any:
    """Values for one structure; Keras takes strings as tensors only, and does not take tensors and arrays mixed."""
    if isinstance(taken, dict):
        return {key: _example(value, seed + index, as_tensors) for index, (key, value) in enumerate(taken.items())}
    if isinstance(taken, (list, tuple)):
        return [_example(value, seed + index, as_tensors) for index, value in enumerate(taken)]
    values = _values([2 if index == 0 else (size or 6) for index, size in enumerate(taken.shape)], _dtype(taken), seed)
    if as_tensors:
        import tensorflow as tf

        return tf.constant(values.tolist(), dtype=_dtype(taken))
    return values


def _values(shape: list[int], dtype: str, seed: int) -> Any:
    rng = np.random.default_rng(seed + zlib.crc32(str(shape).encode()))
    if dtype == "string":
        return rng.choice(["red", "green", "blue fish", "one fish"], shape)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if "int" in dtype:
        return rng.integers(0, 4, shape).astype(dtype)
    return rng.normal(size=shape).astype(np.float32)


# Dense and convolutional


@kind()
def mlp(keras: Any) -> Any:
    x = inputs = keras.Input((8,))
    x = keras.layers.Dense(16, activation="relu")(x)
    x = keras.layers.Dropout(0.3)(x)
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))


@kind()
def mlp_sequential(keras: Any) -> Any:
    return keras.Sequential(
        [keras.layers.Input((8,)), keras.layers.Dense(16, activation="relu", use_bias=False), keras.layers.Dense(3)],
        name="plain",
    )


@kind()
def sequential_deferred(keras: Any) -> Any:
    model = keras.Sequential([keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(2)])
    model.build((None, 5))
    return model


@kind()
def cnn(keras: Any) -> Any:
    x = inputs = keras.Input((16, 16, 3), name="image")
    for filters in (8, 16):
        x = keras.layers.Conv2D(filters, 3, padding="same")(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.ReLU()(x)
        x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(10, name="logits")(x), name="cnn")


@kind()
def cnn_sequential(keras: Any) -> Any:
    return keras.Sequential(
        [
            keras.layers.Input((12, 12, 1)),
            keras.layers.Conv2D(4, (3, 5), strides=2, activation="relu"),
            keras.layers.AveragePooling2D((2, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )


@kind()
def open_size(keras: Any) -> Any:
    x = inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, dilation_rate=2, padding="same", activation="gelu")(x)
    return keras.Model(inputs, keras.layers.GlobalMaxPooling2D()(x))


@kind()
def fixed_batch(keras: Any) -> Any:
    inputs = keras.Input(batch_shape=(2, 5, 4))
    return keras.Model(inputs, keras.layers.LSTM(3, stateful=True)(inputs))


@kind()
def conv_1d_causal(keras: Any) -> Any:
    x = inputs = keras.Input((20, 3))
    for rate in (1, 2, 4):
        x = keras.layers.Conv1D(6, 2, padding="causal", dilation_rate=rate, activation="relu")(x)
    x = keras.layers.MaxPooling1D(2, strides=1, padding="same")(x)
    return keras.Model(inputs, keras.layers.SeparableConv1D(5, 3)(x))


@kind()
def conv_3d(keras: Any) -> Any:
    x = inputs = keras.Input((6, 8, 8, 1))
    x = keras.layers.Conv3D(2, (1, 3, 3), strides=(1, 2, 2))(x)
    x = keras.layers.Conv3DTranspose(2, 2, strides=2)(x)
    x = keras.layers.AveragePooling3D(2)(x)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling3D()(x))


@kind()
def separable(keras: Any) -> Any:
    x = inputs = keras.Input((10, 10, 3))
    x = keras.layers.SeparableConv2D(6, 3, depth_multiplier=2)(x)
    x = keras.layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, use_bias=False)(x)
    return keras.Model(inputs, keras.layers.Conv2D(8, 1, groups=4)(x))


@kind()
def residual(keras: Any) -> Any:
    x = inputs = keras.Input((8, 8, 4))
    for _ in range(3):
        y = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
        y = keras.layers.BatchNormalization()(y)
        x = keras.layers.Activation("relu")(keras.layers.Add()([x, y]))
    return keras.Model(inputs, x)


@kind()
def inception(keras: Any) -> Any:
    inputs = keras.Input((8, 8, 4))
    branches = [keras.layers.Conv2D(3, size, padding="same", activation="relu")(inputs) for size in (1, 3, 5)]
    branches.append(keras.layers.MaxPooling2D(3, strides=1, padding="same")(inputs))
    return keras.Model(inputs, keras.layers.Concatenate(axis=-1)(branches))


@kind()
def autoencoder(keras: Any) -> Any:
    x = inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    x = code = keras.layers.Conv2D(2, 3, strides=2, padding="same", name="code")(x)
    x = keras.layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu")(code)
    x = keras.layers.UpSampling2D(interpolation="bilinear")(x)
    return keras.Model(inputs, keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x))


@kind()
def unet(keras: Any) -> Any:
    x = inputs = keras.Input((16, 16, 1))
    skips = []
    for filters in (4, 8):
        x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        skips.append(x)
        x = keras.layers.MaxPooling2D()(x)
    for filters, skip in zip((8, 4), reversed(skips), strict=True):
        x = keras.layers.Conv2DTranspose(filters, 2, strides=2)(x)
        x = keras.layers.Concatenate()([skip, x])
        x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return keras.Model(inputs, keras.layers.Conv2D(1, 1)(x))


# Sharing and nesting


@kind()
def shared_layer(keras: Any) -> Any:
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    shared = keras.layers.Dense(4, name="shared")
    return keras.Model([a, b], keras.layers.Concatenate()([shared(a), shared(b)]))


@kind()
def shared_in_line(keras: Any) -> Any:
    x = inputs = keras.Input((6,))
    shared = keras.layers.Dense(6, activation="tanh")
    for _ in range(3):
        x = shared(x)
    return keras.Model(inputs, x)


@kind()
def siamese(keras: Any) -> Any:
    x = inner = keras.Input((6,))
    encoder = keras.Model(inner, keras.layers.Dense(3)(keras.layers.Dense(5, activation="relu")(x)), name="encoder")
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    distance = keras.layers.Subtract()([encoder(left), encoder(right)])
    return keras.Model([left, right], keras.layers.Dense(1, activation="sigmoid")(distance))


def _block(keras: Any, name: str, width: int) -> Any:
    inputs = keras.Input((width,))
    x = keras.layers.Dense(width, activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Add()([inputs, x]), name=name)


@kind()
def nested(keras: Any) -> Any:
    x = inputs = keras.Input((4,))
    for index in range(3):
        x = _block(keras, f"block_{index}", 4)(x)
    return keras.Model(inputs, keras.layers.Dense(1)(x))


@kind()
def nested_deep(keras: Any) -> Any:
    inner_input = keras.Input((4,))
    inner = _block(keras, "innermost", 4)
    middle = keras.Model(inner_input, inner(inner(inner_input)), name="middle")
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(2)(middle(inputs)))


@kind()
def nested_many_ports(keras: Any) -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((4,), name="b")
    joined = keras.layers.Concatenate()([a, b])
    inner = keras.Model([a, b], [keras.layers.Dense(2)(joined), keras.layers.Dense(3)(joined)], name="ports")
    left, right = keras.Input((3,)), keras.Input((4,))
    first, second = inner([left, right])
    return keras.Model([left, right], keras.layers.Concatenate()([second, first]))


@kind()
def sequential_of_models(keras: Any) -> Any:
    generator = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(6, activation="relu")], name="generator")
    inputs = keras.Input((6,))
    judge = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(inputs), name="judge")
    judge.trainable = False
    return keras.Sequential([keras.layers.Input((5,)), generator, judge], name="gan")


@kind()
def nested_sequential(keras: Any) -> Any:
    block = keras.Sequential([keras.layers.Dense(4), keras.layers.BatchNormalization(), keras.layers.ReLU()], name="b")
    x = inputs = keras.Input((4,))
    return keras.Model(inputs, block(block(x)))


@kind()
def cut_out(keras: Any) -> Any:
    """A model over the middle of a larger graph: call indices of its layers do not start at zero."""
    dense = keras.layers.Dense(4)
    outer = keras.Input((4,))
    keras.Model(outer, dense(outer))
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.ReLU()(dense(inputs)))


# Inputs and outputs


@kind()
def many_inputs_outputs(keras: Any) -> Any:
    a, b = keras.Input((6,), name="numbers"), keras.Input((5,), dtype="int32", name="words")
    text = keras.layers.Flatten()(keras.layers.Embedding(10, 4)(b))
    joined = keras.layers.Concatenate()([a, text])
    return keras.Model(
        [a, b],
        [keras.layers.Dense(1, name="price")(joined), keras.layers.Dense(3, activation="softmax", name="type")(joined)],
    )


@kind()
def dict_inputs_outputs(keras: Any) -> Any:
    a, b = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    joined = keras.layers.Concatenate()([a, b])
    return keras.Model(
        {"left": a, "right": b}, {"sum": keras.layers.Add()([a, b]), "score": keras.layers.Dense(1)(joined)}
    )


@kind()
def nested_dicts(keras: Any) -> Any:
    """A nested model that takes and returns dicts, whose keys are not in the order of the alphabet."""
    left, right = keras.Input((3,), name="left"), keras.Input((4,), name="a_right")
    joined = keras.layers.Concatenate()([left, right])
    inner = keras.Model(
        {"left": left, "a_right": right},
        {"z": keras.layers.Dense(2)(joined), "a": keras.layers.Dense(3)(joined)},
        name="inner",
    )
    first, second = keras.Input((3,), name="first"), keras.Input((4,), name="second")
    outputs = inner({"left": first, "a_right": second})
    return keras.Model([first, second], [keras.layers.ReLU()(outputs["z"]), outputs["a"]])


@kind()
def list_of_one(keras: Any) -> Any:
    inputs = keras.Input((4,))
    return keras.Model([inputs], [keras.layers.Dense(2)(inputs)])


@kind()
def pass_through(keras: Any) -> Any:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    dense = keras.layers.Dense(2)(b)
    return keras.Model([a, b], [a, dense, dense])


@kind()
def same_twice(keras: Any) -> Any:
    inputs = keras.Input((4,))
    x = keras.layers.Dense(4)(inputs)
    return keras.Model(inputs, keras.layers.Concatenate()([keras.layers.Add()([x, x]), x, inputs]))


@kind()
def odd_names(keras: Any) -> Any:
    """Names that are no Python identifiers, or are Python's own."""
    inputs = keras.Input((4,), name="class")
    x = keras.layers.Dense(4, name="1st-layer")(inputs)
    x = keras.layers.Dense(4, name="keras")(x)
    x = keras.layers.Dense(4, name="lambda")(x)
    return keras.Model(inputs, keras.layers.Dense(2, name="output.final")(x), name="my model")


@kind(keras2=False)
def hostile_names(keras: Any) -> Any:
    inputs = keras.Input((4,), name='x")\nraise SystemExit("ran")\n#')
    x = keras.layers.Dense(4, name="größe '''\"\"\" \\N{BULLET} {x} 日本")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, name="__import__('os')")(x), name='m"""\nexec("0()")')


# Sequences


@kind()
def sequence_to_sequence(keras: Any) -> Any:
    source, target = keras.Input((None, 5), name="source"), keras.Input((None, 4), name="target")
    _, hidden, cell = keras.layers.LSTM(6, return_state=True, name="encoder")(source)
    decoded, _, _ = keras.layers.LSTM(6, return_sequences=True, return_state=True, name="decoder")(
        target, initial_state=[hidden, cell]
    )
    return keras.Model([source, target], keras.layers.Dense(4, activation="softmax")(decoded))


@kind()
def recurrent_stack(keras: Any) -> Any:
    x = inputs = keras.Input((7, 3))
    x = keras.layers.GRU(4, return_sequences=True, reset_after=False)(x)
    x = keras.layers.SimpleRNN(4, return_sequences=True, go_backwards=True)(x)
    x = keras.layers.GRU(4, return_sequences=True)(x)
    return keras.Model(inputs, keras.layers.LSTM(5, unit_forget_bias=False, recurrent_dropout=0.1)(x))


@kind()
def bidirectional(keras: Any) -> Any:
    x = inputs = keras.Input((7,), dtype="int32")
    x = keras.layers.Embedding(20, 6, mask_zero=True)(x)
    x = keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True))(x)
    x = keras.layers.Bidirectional(keras.layers.GRU(3), merge_mode="sum")(x)
    return keras.Model(inputs, keras.layers.Dense(2)(x))


@kind()
def bidirectional_two_layers(keras: Any) -> Any:
    inputs = keras.Input((7, 3))
    forward = keras.layers.LSTM(4, return_sequences=True)
    backward = keras.layers.GRU(4, return_sequences=True, go_backwards=True)
    return keras.Model(inputs, keras.layers.Bidirectional(forward, backward_layer=backward)(inputs))


@kind()
def stacked_cells(keras: Any) -> Any:
    inputs = keras.Input((7, 3))
    cells = [keras.layers.LSTMCell(4), keras.layers.GRUCell(5), keras.layers.SimpleRNNCell(2)]
    return keras.Model(inputs, keras.layers.RNN(cells, return_sequences=True)(inputs))


@kind()
def single_cell(keras: Any) -> Any:
    inputs = keras.Input((7, 3))
    return keras.Model(inputs, keras.layers.RNN(keras.layers.GRUCell(4))(inputs))


@kind()
def time_distributed(keras: Any) -> Any:
    x = inputs = keras.Input((3, 8, 8, 1))
    x = keras.layers.TimeDistributed(keras.layers.Conv2D(2, 3, activation="relu"))(x)
    x = keras.layers.TimeDistributed(keras.layers.Flatten())(x)
    return keras.Model(inputs, keras.layers.LSTM(4)(x))


@kind()
def time_distributed_model(keras: Any) -> Any:
    frame = keras.Sequential(
        [keras.layers.Input((6, 6, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()], name="frame"
    )
    inputs = keras.Input((3, 6, 6, 1))
    return keras.Model(inputs, keras.layers.GRU(4)(keras.layers.TimeDistributed(frame)(inputs)))


@kind()
def conv_lstm(keras: Any) -> Any:
    x = inputs = keras.Input((3, 8, 8, 1))
    x = keras.layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True)(x)
    return keras.Model(inputs, keras.layers.ConvLSTM2D(3, 3)(x))


@kind()
def masking(keras: Any) -> Any:
    x = inputs = keras.Input((6, 3))
    x = keras.layers.Masking(mask_value=-1.0)(x)
    return keras.Model(inputs, keras.layers.LSTM(4)(x))


# Attention


@kind()
def attention_keywords(keras: Any) -> Any:
    query, value = keras.Input((4, 8), name="query"), keras.Input((6, 8), name="value")
    mask = keras.Input((4, 6), dtype="bool", name="mask")
    attended = keras.layers.MultiHeadAttention(2, 4, value_dim=3)(
        query, value=value, key=value, attention_mask=mask, use_causal_mask=True
    )
    return keras.Model([query, value, mask], attended)


@kind()
def attention_scores(keras: Any) -> Any:
    inputs = keras.Input((4, 8))
    attended, scores = keras.layers.MultiHeadAttention(2, 4, output_shape=6)(
        inputs, inputs, return_attention_scores=True
    )
    return keras.Model(inputs, [attended, scores])


@kind()
def dot_attention(keras: Any) -> Any:
    query, value = keras.Input((4, 8)), keras.Input((6, 8))
    first = keras.layers.Attention(use_scale=True)([query, value])
    second = keras.layers.AdditiveAttention()([query, value, value])
    return keras.Model([query, value], keras.layers.Concatenate()([first, second]))


@kind(keras2=False)
def grouped_query_attention(keras: Any) -> Any:
    inputs = keras.Input((4, 8))
    return keras.Model(inputs, keras.layers.GroupQueryAttention(4, 4, 2)(inputs, inputs))


@kind()
def transformer(keras: Any) -> Any:
    tokens = keras.Input((6,), dtype="int32", name="tokens")
    x = keras.layers.Embedding(30, 8)(tokens)
    for index in range(2):
        y = keras.layers.LayerNormalization(epsilon=1e-6)(x)
        y = keras.layers.MultiHeadAttention(2, 4, name=f"attention_{index}")(y, y, use_causal_mask=True)
        x = x + y
        y = keras.layers.LayerNormalization(epsilon=1e-6)(x)
        y = keras.layers.Dense(8)(keras.layers.Dense(16, activation="gelu")(y))
        x = x + y
    return keras.Model(tokens, keras.layers.Dense(30)(x))


# Operations


@kind()
def operators(keras: Any) -> Any:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    x = (a + b) * 2.0 - 1.0
    x = 1.0 - x / (b * b + 3.0)
    return keras.Model([a, b], -x)


@kind()
def slicing(keras: Any) -> Any:
    inputs = keras.Input((6, 4))
    first = inputs[:, 0]
    rest = inputs[:, 1:-1:2, ..., 2]
    return keras.Model(inputs, [keras.layers.Dense(2)(first), rest, inputs[..., None]])


@kind(keras2=False)
def operations(keras: Any) -> Any:
    ops = keras.ops
    a, b = keras.Input((4, 6), name="a"), keras.Input((4, 6), name="b")
    x = ops.concatenate([a, b], axis=-1)
    x = ops.reshape(x, (-1, 6, 8))
    x = ops.einsum("bij,bik->bjk", x, x)
    x = ops.relu(ops.transpose(x, (0, 2, 1)))
    x = ops.mean(x, axis=1, keepdims=True)
    return keras.Model([a, b], [ops.squeeze(x, 1), ops.maximum(a, b), ops.stack([a, b], axis=1)])


@kind(keras2=False)
def operations_many_outputs(keras: Any) -> Any:
    inputs = keras.Input((4, 6))
    first, second, third = keras.ops.split(inputs, 3, axis=2)
    values, indices = keras.ops.top_k(first, 1)
    return keras.Model(inputs, [second + third, values, indices])


@kind(keras2=False)
def operations_choice(keras: Any) -> Any:
    ops = keras.ops
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    chosen = ops.where(ops.greater(a, b), a, ops.clip(b, -0.5, 0.5))
    return keras.Model([a, b], [chosen, ops.cast(ops.argmax(a, axis=-1), "int32"), ops.expand_dims(a, 1)])


@kind()
def merges(keras: Any) -> Any:
    a, b = keras.Input((5, 4)), keras.Input((5, 4))
    layers = keras.layers
    merged = [merge()([a, b]) for merge in (layers.Average, layers.Maximum, layers.Minimum, layers.Multiply)]
    merged.append(layers.Subtract()([a, b]))
    dot = layers.Dot(axes=(2, 2), normalize=True)([a, b])
    return keras.Model([a, b], [layers.Concatenate(axis=1)(merged), dot])


# Text, tables, images


@kind()
def text(keras: Any) -> Any:
    vectorize = keras.layers.TextVectorization(
        max_tokens=20, output_sequence_length=5, vocabulary=["fish", "one", "blue"]
    )
    inputs = keras.Input((), dtype="string")
    return keras.Model(inputs, keras.layers.Embedding(20, 4)(vectorize(inputs)))


@kind()
def lookups(keras: Any) -> Any:
    word, number = keras.Input((1,), dtype="string", name="word"), keras.Input((1,), dtype="int64", name="number")
    words = keras.layers.StringLookup(vocabulary=["red", "green"], num_oov_indices=2)(word)
    numbers = keras.layers.IntegerLookup(vocabulary=[1, 2, 3], output_mode="multi_hot")(number)
    encoded = keras.layers.CategoryEncoding(num_tokens=4, output_mode="one_hot")(words)
    return keras.Model([word, number], keras.layers.Concatenate()([encoded, numbers]))


@kind()
def table(keras: Any) -> Any:
    age, city = keras.Input((1,), name="age"), keras.Input((1,), dtype="string", name="city")
    bucket = keras.layers.Discretization(bin_boundaries=[0.0, 0.5, 1.0], output_mode="one_hot")(age)
    hashed = keras.layers.Hashing(8, output_mode="multi_hot")(city)
    normal = keras.layers.Normalization(mean=0.5, variance=2.0)(age)
    return keras.Model([age, city], keras.layers.Concatenate()([bucket, hashed, normal]))


@kind()
def normalization_adapted(keras: Any) -> Any:
    layer = keras.layers.Normalization(axis=-1)
    layer.adapt(np.arange(12, dtype=np.float32).reshape(4, 3))
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2)(layer(inputs)))


@kind(random=True)
def image_preprocessing(keras: Any) -> Any:
    x = inputs = keras.Input((12, 12, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = keras.layers.Resizing(8, 8)(x)
    x = keras.layers.CenterCrop(6, 6)(x)
    x = keras.layers.RandomFlip("horizontal")(x)
    x = keras.layers.RandomRotation(0.1)(x)
    return keras.Model(inputs, keras.layers.Conv2D(2, 3)(x))


# Arguments of every sort


@kind()
def reshaping(keras: Any) -> Any:
    x = inputs = keras.Input((6, 6, 2))
    x = keras.layers.ZeroPadding2D(((1, 2), (0, 1)))(x)
    x = keras.layers.Cropping2D(((0, 1), (1, 0)))(x)
    x = keras.layers.Permute((3, 1, 2))(x)
    x = keras.layers.Reshape((-1, 4))(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(inputs, keras.layers.RepeatVector(3)(x))


@kind()
def activations(keras: Any) -> Any:
    x = inputs = keras.Input((4, 4, 3))
    x = keras.layers.LeakyReLU()(x)
    x = keras.layers.PReLU(shared_axes=[1, 2])(x)
    x = keras.layers.ELU(alpha=0.5)(x)
    x = keras.layers.ReLU(max_value=6.0)(x)
    x = keras.layers.Activation("swish")(x)
    return keras.Model(inputs, keras.layers.Softmax(axis=1)(x))


@kind()
def arguments(keras: Any) -> Any:
    """Regularizers, initializers and constraints, with and without arguments of their own."""
    x = inputs = keras.Input((6,))
    x = keras.layers.Dense(
        5,
        kernel_initializer=keras.initializers.HeNormal(seed=3),
        bias_initializer=keras.initializers.Constant(0.1),
        kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-3),
        bias_regularizer="l2",
        activity_regularizer=keras.regularizers.L1(1e-5),
        kernel_constraint=keras.constraints.MaxNorm(2.0, axis=0),
        bias_constraint="non_neg",
    )(x)
    x = keras.layers.Dense(4, kernel_initializer="orthogonal", activation=keras.activations.elu)(x)
    return keras.Model(inputs, keras.layers.ActivityRegularization(l2=0.01)(x))


@kind()
def normalizations(keras: Any) -> Any:
    x = inputs = keras.Input((4, 4, 8))
    x = keras.layers.LayerNormalization(axis=[1, 2, 3], center=False)(x)
    x = keras.layers.GroupNormalization(groups=4)(x)
    x = keras.layers.UnitNormalization()(x)
    return keras.Model(inputs, keras.layers.BatchNormalization(axis=1, momentum=0.9, scale=False)(x))


@kind(keras2=False)
def rms_normalization(keras: Any) -> Any:
    inputs = keras.Input((4, 8))
    return keras.Model(inputs, keras.layers.RMSNormalization()(inputs))


@kind()
def noise(keras: Any) -> Any:
    x = inputs = keras.Input((4, 8))
    x = keras.layers.GaussianNoise(0.1)(x)
    x = keras.layers.GaussianDropout(0.2)(x)
    x = keras.layers.AlphaDropout(0.2)(x)
    return keras.Model(inputs, keras.layers.SpatialDropout1D(0.2)(x))


@kind(keras2=False)  # tf_keras 2.21 refuses its own InputSpec there
def spectral_normalization(keras: Any) -> Any:
    x = inputs = keras.Input((6, 6, 2))
    x = keras.layers.SpectralNormalization(keras.layers.Conv2D(3, 3), power_iterations=2)(x)
    return keras.Model(inputs, keras.layers.SpectralNormalization(keras.layers.Dense(2))(x))


@kind()
def einsum_dense(keras: Any) -> Any:
    inputs = keras.Input((5, 4))
    x = keras.layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de")(inputs)
    return keras.Model(inputs, x)


@kind()
def frozen(keras: Any) -> Any:
    model = cnn(keras)
    for layer in model.layers[:4]:
        layer.trainable = False
    return model


@kind()
def frozen_nested(keras: Any) -> Any:
    base = _block(keras, "base", 4)
    base.trainable = False
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(2)(base(inputs)))


# Precision


@kind()
def mixed_precision(keras: Any) -> Any:
    x = inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, dtype="mixed_float16")(x)
    x = keras.layers.BatchNormalization(dtype="mixed_float16")(x)
    x = keras.layers.GlobalAveragePooling2D(dtype="mixed_float16")(x)
    return keras.Model(inputs, keras.layers.Dense(2, dtype="float32")(x))


@kind(keras2=False)
def bfloat16(keras: Any) -> Any:
    inputs = keras.Input((8,))
    x = keras.layers.Dense(4, dtype="bfloat16")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, dtype=keras.DTypePolicy("mixed_bfloat16"))(x))


@kind(keras2=False)
def quantized(keras: Any) -> Any:
    model = keras.Sequential(
        [keras.layers.Input((8,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)]
    )
    model.quantize("int8")
    return model


@kind(keras2=False)
def low_rank(keras: Any) -> Any:
    inputs = keras.Input((8,))
    dense = keras.layers.Dense(4)
    model = keras.Model(inputs, dense(inputs))
    dense.enable_lora(2)
    return model


# Compiled


@kind()
def compiled(keras: Any) -> Any:
    model = mlp_sequential(keras)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.01, beta_1=0.8),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


@kind()
def compiled_many(keras: Any) -> Any:
    model = many_inputs_outputs(keras)
    model.compile(
        optimizer="sgd",
        loss={"price": "mse", "type": "categorical_crossentropy"},
        loss_weights={"price": 0.5, "type": 1.0},
        metrics={"type": ["accuracy"]},
    )
    return model


# Classes of the user


@kind(custom=("Scale",))
def custom_layer(keras: Any) -> Any:
    @keras.saving.register_keras_serializable(package="Tests")
    class Scale(keras.layers.Layer):
        def __init__(self, factor: float = 1.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.factor = factor

        def build(self, input_shape: Any) -> None:
            self.gain = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gain")
            self.built = True

        def call(self, x: Any) -> Any:
            return x * self.gain * self.factor

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "factor": self.factor}

    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(2)(Scale(2.0, name="scale")(inputs)))


@kind(custom=("swell",))
def custom_function(keras: Any) -> Any:
    @keras.saving.register_keras_serializable(package="Tests")
    def swell(x: Any) -> Any:
        return x * 2.0

    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(2, activation=swell)(inputs))


@kind(bytecode=True)
def lambda_layer(keras: Any) -> Any:
    inputs = keras.Input((4,))
    x = keras.layers.Lambda(lambda x: x * 2.0, output_shape=(4,), name="double")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2)(x))


@kind(custom=("Small",), graph=False)
def subclassed(keras: Any) -> Any:
    @keras.saving.register_keras_serializable(package="Tests")
    class Small(keras.Model):
        def __init__(self, units: int = 3, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.first = keras.layers.Dense(units, activation="relu")
            self.rest = [keras.layers.Dense(units), keras.layers.Dense(1)]

        def call(self, x: Any) -> Any:
            x = self.first(x)
            for layer in self.rest:
                x = layer(x)
            return x

        def get_config(self) -> dict[str, Any]:
            return {"units": self.units, "name": self.name}

    model = Small()
    model(np.zeros((1, 4), np.float32))
    return model
