"""Layers of earlier eras, and functions of TensorFlow as nodes, with tf_keras as the judge."""

import json

import pytest

from kgui.formats.notes import Notes
from kgui.formats.structure import decode_model
from kgui.inference import infer

pytestmark = pytest.mark.keras

LAYERS = {
    "LocallyConnected1D": ((9, 3), {"filters": 4, "kernel_size": 3, "strides": 2}),
    "LocallyConnected2D": ((9, 8, 3), {"filters": 4, "kernel_size": (3, 2), "use_bias": False}),
    "ThresholdedReLU": ((5,), {"theta": 0.5}),
    "RandomHeight": ((8, 8, 3), {"factor": 0.2}),
    "RandomWidth": ((8, 8, 3), {"factor": 0.2}),
    "LeakyReLU": ((5,), {"alpha": 0.1}),
    "GRU": ((5, 3), {"units": 4, "reset_after": False}),
    "LSTM": ((5, 3), {"units": 4, "implementation": 1, "return_state": True}),
    "Embedding": ((5,), {"input_dim": 9, "output_dim": 3, "input_length": 5}),
    "BatchNormalization": ((5, 3), {"axis": [2]}),
    "ConvLSTM2D": ((4, 6, 6, 2), {"filters": 3, "kernel_size": 2, "return_sequences": True}),
    "DepthwiseConv2D": ((6, 6, 2), {"kernel_size": 2, "depth_multiplier": 3}),
    "Conv2DTranspose": ((6, 6, 2), {"filters": 3, "kernel_size": 3, "strides": 2, "output_padding": 1}),
    "UpSampling2D": ((6, 6, 2), {"size": (2, 3)}),
}

FUNCTIONS = {
    "add": lambda tf, x: tf.add(x, 1.0),
    "operators": lambda tf, x: (x * 2 + 1) / x - x**2,
    "reversed operators": lambda tf, x: 1.0 - x,
    "broadcast": lambda tf, x: x + x[:, :1],
    "slice": lambda tf, x: x[:, 1:, ..., -1],
    "new axis": lambda tf, x: x[:, tf.newaxis],
    "reduce_mean": lambda tf, x: tf.reduce_mean(x, axis=[1, 2], keepdims=True),
    "reduce_sum": lambda tf, x: tf.reduce_sum(x, axis=-1),
    "argmax": lambda tf, x: tf.argmax(x, axis=-1),
    "matmul": lambda tf, x: tf.matmul(x, x, transpose_b=True),
    "concat": lambda tf, x: tf.concat([x, x], axis=-1),
    "stack": lambda tf, x: tf.stack([x, x], axis=1),
    "split": lambda tf, x: tf.split(x, 2, axis=-1)[1],
    "reshape": lambda tf, x: tf.reshape(x, [-1, 24]),
    "transpose": lambda tf, x: tf.transpose(x, [0, 2, 1]),
    "expand": lambda tf, x: tf.squeeze(tf.expand_dims(x, -1), axis=-1),
    "cast": lambda tf, x: tf.cast(x, tf.float16),
    "one_hot": lambda tf, x: tf.one_hot(tf.argmax(x, axis=-1), 7),
    "relu": lambda tf, x: tf.nn.relu(x),
    "softmax": lambda tf, x: tf.nn.softmax(x, axis=-1),
    "norm": lambda tf, x: tf.math.l2_normalize(x, axis=-1),
    "compare": lambda tf, x: tf.greater(x, 0.5),
    "clip": lambda tf, x: tf.clip_by_value(x, 0.0, 1.0),
    "tile": lambda tf, x: tf.tile(x, [1, 2, 3]),
    "pad": lambda tf, x: tf.pad(x, [[0, 0], [1, 2], [0, 1]]),
    "gather": lambda tf, x: tf.gather(x, [0, 2], axis=1),
    "shape": lambda tf, x: tf.shape(x),
    "tensordot": lambda tf, x: tf.tensordot(x, [[1.0] * 2] * 6, axes=1),
    "top_k": lambda tf, x: tf.math.top_k(x, k=2)[0],
    "cumsum": lambda tf, x: tf.cumsum(x, axis=1),
    "where": lambda tf, x: tf.where(x > 0, x, 0.0),
    "maximum": lambda tf, x: tf.maximum(x, 0.0),
    "exp": lambda tf, x: tf.exp(tf.sqrt(tf.abs(x))),
}


def _same(model):
    graph = decode_model(json.loads(model.to_json()), Notes())
    found = infer(graph)
    assert found.problems == []
    assert found.params == model.count_params()
    last = [layer for layer in graph.layers.values() if not layer.is_input]
    for layer in last:
        node = model.get_layer(layer.name)
        import tensorflow as tf

        expected = [(tuple(t.shape), t.dtype.name) for t in tf.nest.flatten(node.inbound_nodes[0].outputs)]
        result = found.layers[layer.id].calls[0]
        assert result.source == "rule", layer.config
        assert [(spec.shape, spec.dtype) for spec in result.outputs] == expected, layer.config


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name):
    import tf_keras

    shape, config = LAYERS[name]
    x = tf_keras.Input(shape, dtype="int32" if name == "Embedding" else "float32")
    y = getattr(tf_keras.layers, name)(**config)(x)
    _same(tf_keras.Model(x, y))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    import tensorflow as tf
    import tf_keras

    x = tf_keras.Input((4, 6))
    _same(tf_keras.Model(x, FUNCTIONS[name](tf, x)))
