import json

import pytest

from kgui.layers.eras import modern


def test_keras_3_is_handed_back_as_it_is():
    config = {"units": 3}
    name, result = modern("Dense", config, "keras-3")
    assert name == "Dense"
    assert result is config


def test_convolution_of_keras_1():
    config = {
        "name": "conv",
        "nb_filter": 8,
        "nb_row": 3,
        "nb_col": 5,
        "border_mode": "same",
        "subsample": [2, 1],
        "dim_ordering": "th",
        "init": "normal",
        "bias": False,
        "W_regularizer": {"name": "L2Regularizer", "l2": 0.5},
        "W_constraint": {"name": "MaxNorm", "m": 2, "axis": 0},
        "input_dim": None,
        "batch_input_shape": [None, 3, 10, 10],
    }
    before = json.dumps(config)
    name, result = modern("Convolution2D", config, "keras-1")
    assert name == "Conv2D"
    assert result == {
        "name": "conv",
        "filters": 8,
        "kernel_size": [3, 5],
        "padding": "same",
        "strides": [2, 1],
        "data_format": "channels_first",
        "kernel_initializer": "random_normal",
        "use_bias": False,
        "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}},
        "kernel_constraint": {"class_name": "MaxNorm", "config": {"max_value": 2, "axis": 0}},
        "batch_shape": [None, 3, 10, 10],
    }
    assert json.dumps(config) == before


@pytest.mark.parametrize(
    ("class_name", "config", "era", "expected"),
    [
        ("Dense", {"output_dim": 4, "input_dim": 3}, "keras-0", ("Dense", {"units": 4})),
        (
            "Embedding",
            {"input_dim": 9, "output_dim": 4, "init": "uniform", "input_length": 5},
            "keras-1",
            ("Embedding", {"input_dim": 9, "output_dim": 4, "embeddings_initializer": "random_uniform"}),
        ),
        ("Dropout", {"p": 0.5}, "keras-1", ("Dropout", {"rate": 0.5})),
        ("MaxPooling1D", {"pool_length": 2, "stride": 3}, "keras-1", ("MaxPooling1D", {"pool_size": 2, "strides": 3})),
        ("UpSampling1D", {"length": 2}, "keras-1", ("UpSampling1D", {"size": 2})),
        ("Merge", {"mode": "sum", "concat_axis": -1, "dot_axes": -1}, "keras-1", ("Add", {})),
        ("Merge", {"mode": "concat", "concat_axis": 1}, "keras-0", ("Concatenate", {"axis": 1})),
        ("Merge", {"mode": "cos", "dot_axes": [[1], [2]]}, "keras-1", ("Dot", {"axes": [1, 2], "normalize": True})),
        (
            "LSTM",
            {"output_dim": 4, "forget_bias_init": "one"},
            "keras-1",
            ("LSTM", {"units": 4, "unit_forget_bias": True}),
        ),
        ("GRU", {"units": 4, "implementation": 2}, "keras-2", ("GRU", {"units": 4, "reset_after": False})),
        ("LeakyReLU", {"alpha": 0.1}, "tf-keras", ("LeakyReLU", {"negative_slope": 0.1})),
        ("BatchNormalization", {"axis": [3]}, "tf-keras", ("BatchNormalization", {"axis": 3})),
        ("ZeroPadding2D", {"padding": [1, 2, 3, 4]}, "keras-1", ("ZeroPadding2D", {"padding": [[1, 2], [3, 4]]})),
        (
            "AtrousConvolution1D",
            {"nb_filter": 2, "filter_length": 3, "atrous_rate": 2},
            "keras-1",
            ("Conv1D", {"filters": 2, "kernel_size": 3, "dilation_rate": 2}),
        ),
        ("Reshape", {"dims": [2, 3]}, "keras-0", ("Reshape", {"target_shape": [2, 3]})),
        (
            "Bidirectional",
            {"layer": {"class_name": "LSTM", "config": {"output_dim": 3}}},
            "keras-1",
            ("Bidirectional", {"layer": {"class_name": "LSTM", "config": {"units": 3}}}),
        ),
        ("Mine", {"alpha": 1, "whatever": [1]}, "keras-2", ("Mine", {"alpha": 1, "whatever": [1]})),
    ],
)
def test_words_of_earlier_eras(class_name, config, era, expected):
    assert modern(class_name, config, era) == expected


def test_before_dim_ordering_all_was_channels_first():
    assert modern("MaxPooling2D", {"poolsize": [2, 2]}, "keras-0")[1]["data_format"] == "channels_first"


@pytest.mark.parametrize("value", [None, 3, "x", [], {}, [[]], {"class_name": 3}])
def test_wrong_types_pass_through(value):
    for key in ("layer", "cells", "axis", "padding", "dim_ordering", "dtype", "W_regularizer", "mode", "dot_axes"):
        for name in ("BatchNormalization", "ZeroPadding2D", "Merge", "LSTM", "Bidirectional"):
            modern(name, {key: value}, "keras-1")
