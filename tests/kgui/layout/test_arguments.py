"""The telling line of a card, for layers of every kind and era."""

import pytest

# ruff: noqa: E501 - a table reads best with one case per line.
from kgui.graph import Call, Layer, TensorRef
from kgui.layout.arguments import activation_of, telling


def line(class_name, era="keras-3", module="keras.layers", calls=(), **config):
    return telling(Layer(0, "x", class_name, config, module, calls=list(calls)), era)


@pytest.mark.parametrize(
    ("class_name", "config", "said"),
    [
        ("Conv2D", {"filters": 64, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same", "use_bias": False}, "64 · 3×3 · stride 2×2 · same · no bias"),
        ("Conv1D", {"filters": 8, "kernel_size": [5], "dilation_rate": [4], "groups": 2, "padding": "causal"}, "8 · 5 · causal · dilation 4 · groups 2"),
        ("DepthwiseConv2D", {"kernel_size": (3, 3), "depth_multiplier": 2, "padding": "valid"}, "3×3 · multiplier 2 · valid"),
        ("Dense", {"units": 10, "activation": "softmax"}, "10 · softmax"),
        ("Dense", {"units": 10, "activation": "linear"}, "10"),
        ("Dense", {"units": 3, "activation": {"class_name": "LeakyReLU", "config": {}}}, "3 · LeakyReLU"),
        ("BatchNormalization", {"axis": -1, "momentum": 0.99, "epsilon": 0.001}, "axis −1 · momentum 0.99"),
        ("BatchNormalization", {"axis": [3], "scale": False}, "axis 3 · no scale"),
        ("LSTM", {"units": 32, "activation": "tanh", "return_sequences": True}, "32 · sequences"),
        ("Dropout", {"rate": 0.25}, "0.25"),
        ("Embedding", {"input_dim": 20000, "output_dim": 128, "mask_zero": True}, "20000 · → 128 · mask 0"),
        ("MultiHeadAttention", {"num_heads": 8, "key_dim": 64}, "heads 8 · key 64"),
        ("ZeroPadding2D", {"padding": [[0, 1], [2, 3]]}, "0×1×2×3"),
        ("Add", {}, ""),
        ("TimeDistributed", {"layer": {"class_name": "Dense", "config": {"units": 4}}}, "Dense · 4"),
        ("Bidirectional", {"layer": {"class_name": "GRU", "config": {"units": 4}}, "merge_mode": "concat"}, "GRU · 4 · concat"),
        ("Lambda", {"function": "4wEAAAAA" * 40}, ""),
        ("SomethingOfMine", {"units": 5, "other": 1}, "5"),
    ],
)  # fmt: skip
def test_the_line_of_a_layer(class_name, config, said):
    assert line(class_name, **config) == said


def test_words_of_earlier_eras_are_put_into_todays():
    old = {"nb_filter": 32, "nb_row": 3, "nb_col": 5, "subsample": [2, 2], "border_mode": "same", "activation": "relu"}
    assert line("Convolution2D", "keras-1", **old) == "32 · 3×5 · stride 2×2 · same · relu"
    assert line("Dense", "keras-1", output_dim=7, activation="linear") == "7"


def test_an_operation_says_what_it_does_with_which_constants():
    call = Call([TensorRef(0), 0.5], {"axis": -1, "name": None})
    assert line("TFOpLambda", "tf-keras", calls=[call], function="math.multiply") == "math.multiply · 0.5 · axis −1"


def test_wrappers_in_wrappers_end():
    config = {"units": 3}
    for _ in range(50):
        config = {"layer": {"class_name": "TimeDistributed", "config": config}}
    assert line("TimeDistributed", **config).count("TimeDistributed") < 6


def test_the_activation_of_a_layer():
    assert activation_of(Layer(0, "x", "Dense", {"activation": "linear"}), "keras-3") == "linear"
    assert activation_of(Layer(0, "x", "Flatten", {}), "keras-3") is None
