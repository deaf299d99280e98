"""Weights of the first eras in today's layout, with tf_keras as the judge: it still has the code that did so."""

import importlib
import json

import h5py
import numpy as np
import pytest

import kgui
from kgui.errors import ModelError
from kgui.formats.old_layouts import in_todays_layout

RANDOM = np.random.default_rng(3)


def array(*shape):
    return RANDOM.normal(size=shape).astype("float32")


def gates(count, kernel, recurrent, bias):
    return [value for _ in range(count) for value in (array(*kernel), array(*recurrent), array(*bias))]


FIRST, LAST = {"data_format": "channels_first"}, {"data_format": "channels_last"}
CASES = {
    "Conv1D": ((7, 2), {"filters": 3, "kernel_size": 4}, lambda: [array(4, 1, 2, 3), array(3)]),
    "Conv1D of 1.0": ((7, 2), {"filters": 3, "kernel_size": 4}, lambda: [array(3, 2, 4, 1), array(3)]),
    "Conv2D": ((6, 6, 2), {"filters": 3, "kernel_size": [2, 3], **LAST}, lambda: [array(2, 3, 2, 3), array(3)]),
    "Conv2D first": ((2, 6, 6), {"filters": 3, "kernel_size": [2, 3], **FIRST}, lambda: [array(3, 2, 2, 3), array(3)]),
    "Conv2DTranspose": ((6, 6, 2), {"filters": 3, "kernel_size": 2, **LAST}, lambda: [array(2, 2, 2, 3), array(3)]),
    "Conv2DTranspose first": (
        (2, 6, 6), {"filters": 3, "kernel_size": [2, 4], **FIRST}, lambda: [array(3, 2, 2, 4), array(3)]
    ),
    "Conv3D first": (
        (2, 6, 6, 6), {"filters": 3, "kernel_size": [2, 3, 4], **FIRST}, lambda: [array(3, 2, 2, 3, 4), array(3)]
    ),
    "LSTM": ((5, 2), {"units": 3}, lambda: gates(4, (2, 3), (3, 3), (3,))),
    "GRU": ((5, 2), {"units": 3, "reset_after": False}, lambda: gates(3, (2, 3), (3, 3), (3,))),
    "Dense": ((5,), {"units": 3}, lambda: [array(5, 3), array(3)]),
}  # fmt: skip


@pytest.mark.keras
@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_the_code_of_that_time(name):
    tf_keras = pytest.importorskip("tf_keras")
    judge = importlib.import_module("tf_keras.src.saving.legacy.hdf5_format").preprocess_weights_for_loading
    shape, config, make = CASES[name]
    class_name = name.split()[0]
    layer = getattr(tf_keras.layers, class_name)(**config)
    # TensorFlow does not convolve with channels first on a processor, but it builds the layer.
    layer.build((None, *shape))
    arrays = make()
    expected = judge(layer, list(arrays), original_keras_version="1")
    found = in_todays_layout(class_name, config, arrays, era="keras-1", backend="tensorflow")
    assert [value.shape for value in found] == [tuple(weight.shape) for weight in layer.weights]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_directions_are_translated_each():
    inner = {"class_name": "LSTM", "config": {"units": 3}}
    forward, backward = gates(4, (2, 3), (3, 3), (3,)), gates(4, (2, 3), (3, 3), (3,))
    found = in_todays_layout("Bidirectional", {"layer": inner}, [*forward, *backward], era="keras-1", backend=None)
    assert [value.shape for value in found] == [(2, 12), (3, 12), (12,)] * 2
    np.testing.assert_array_equal(found[3][:, 3:6], backward[6])  # the forget gate comes second today


def test_kernels_of_theano_are_turned():
    kernel, bias = array(2, 3, 1, 1), array(1)
    found = in_todays_layout("Conv2D", {}, [kernel, bias], era="keras-2", backend="theano")
    np.testing.assert_array_equal(found[0], kernel[::-1, ::-1])
    np.testing.assert_array_equal(found[1], bias)


def old_file(path, layer, arrays, *, shape, backend="tensorflow"):
    """A whole model of Keras 1 with one layer."""
    config = {"class_name": "Sequential", "config": [{"class_name": layer[0], "config": {
        "name": "old", "batch_input_shape": [None, *shape], **layer[1]}}]}  # fmt: skip
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = b"1.2.2"
        file.attrs["backend"] = backend.encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([b"old"])
        inner = group.create_group("old")
        inner.attrs["weight_names"] = np.array([f"old_{number}".encode() for number in range(len(arrays))])
        for number, value in enumerate(arrays):
            inner[f"old_{number}"] = value


def test_a_file_of_keras_1_becomes_one_of_keras_3_with_its_values(tmp_path):
    arrays = gates(4, (2, 3), (3, 3), (3,))
    old_file(tmp_path / "a.h5", ("LSTM", {"output_dim": 3}), arrays, shape=(5, 2))
    with kgui.open_model(tmp_path / "a.h5") as opened:
        opened.save(tmp_path / "b.keras")
    with kgui.open_model(tmp_path / "b.keras") as again:
        kernel, recurrent, bias = (again.read(weight) for weight in again.model.named("old").weights)
    np.testing.assert_array_equal(kernel, np.concatenate([arrays[0], arrays[6], arrays[3], arrays[9]], axis=-1))
    np.testing.assert_array_equal(recurrent[:, :3], arrays[1])
    np.testing.assert_array_equal(bias[3:6], arrays[8])


def test_what_does_not_fit_is_refused_in_a_sentence(tmp_path):
    old_file(tmp_path / "a.h5", ("LSTM", {"output_dim": 3}), [array(2, 12), array(3, 12)], shape=(5, 2))
    with kgui.open_model(tmp_path / "a.h5") as opened, pytest.raises(ModelError, match="keras 1 did it") as error:
        opened.save(tmp_path / "b.keras")
    assert "old" in str(error.value)
    assert not (tmp_path / "b.keras").exists()


@pytest.mark.parametrize("class_name", ["CuDNNLSTM", "SReLU", "Highway", "LocallyConnected1D"])
def test_classes_that_keras_3_does_not_have_are_said(tmp_path, class_name):
    old_file(tmp_path / "a.h5", (class_name, {"units": 3}), [array(2, 12)], shape=(5, 2))
    with kgui.open_model(tmp_path / "a.h5") as opened, pytest.raises(ModelError, match=class_name):
        opened.save(tmp_path / "b.keras")
