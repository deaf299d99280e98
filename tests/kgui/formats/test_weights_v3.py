"""Attribute paths to layers: the rules of each version, without Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kgui.errors import FileError
from kgui.formats.hdf5 import SafeHdf5
from kgui.formats.weights_v3 import WeightsV3
from kgui.graph import Layer, Model


def save(path: Path, arrays: dict[str, Any], names: dict[str, str] | None = None) -> WeightsV3:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = np.asarray(values, "float32")
        for group, name in (names or {}).items():
            file[group].attrs["name"] = name
    return WeightsV3([SafeHdf5(path)])


def model(*layers: tuple[str, str], kind: str = "functional", era: str = "keras-3") -> Model:
    made = [Layer(i, name, class_name) for i, (class_name, name) in enumerate(layers)]
    return Model(kind, era=era, layers={layer.id: layer for layer in made})  # type: ignore[arg-type]


def shapes(result: Model) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
    return {layer.name: [(w.name, w.shape) for w in layer.weights or ()] for layer in result.layers.values()}


DENSE = ("Dense", "a"), ("Dense", "b"), ("Dense", "c")


def test_layers_are_counted_per_class(tmp_path: Path) -> None:
    arrays = {
        f"layers/dense{end}/vars/{k}": np.zeros([n + 1] * (2 - k))
        for n, end in enumerate(("", "_1", "_2"))
        for k in (0, 1)
    }
    result = model(("InputLayer", "x"), *DENSE)
    assert save(tmp_path / "w.h5", arrays).attach(result) == []
    assert shapes(result) == {
        "x": [],
        "a": [("kernel", (1, 1)), ("bias", (1,))],
        "b": [("kernel", (2, 2)), ("bias", (2,))],
        "c": [("kernel", (3, 3)), ("bias", (3,))],
    }
    assert [w.trainable for w in result.layers[1].weights or ()] == [True, True]


def test_tf_keras_2_12_counts_layers_with_weights_twice(tmp_path: Path) -> None:
    start = "_layer_checkpoint_dependencies"
    arrays = {
        f"{start}/dense{end}/vars/{k}": np.zeros([n + 1] * (2 - k))
        for n, end in enumerate(("", "_2", "_4"))
        for k in (0, 1)
    }
    result = model(("InputLayer", "x"), *DENSE, era="tf-keras")
    assert save(tmp_path / "w.h5", arrays).attach(result) == []
    assert [shapes(result)[name][0][1] for name in "abc"] == [(1, 1), (2, 2), (3, 3)]


def test_back_slashes_of_windows_are_separators(tmp_path: Path) -> None:
    start = "_layer_checkpoint_dependencies\\dense\\vars"
    result = model(("Dense", "a"), era="tf-keras")
    store = save(tmp_path / "w.h5", {f"{start}/0": [[1.0, 2.0]], f"{start}/1": [3.0, 4.0]})
    assert store.attach(result) == []
    kernel = (result.layers[0].weights or [])[0]
    assert store.read(kernel).tolist() == [[1, 2]]


def test_names_in_the_file_mend_an_order_that_does_not_fit(tmp_path: Path) -> None:
    arrays = {"layers/dense_5/vars/0": np.zeros((2, 3)), "layers/dense_5/vars/1": np.zeros(3)}
    result = model(("Dense", "a"))
    assert save(tmp_path / "w.h5", arrays, {"layers/dense_5/vars": "a"}).attach(result) == []
    assert shapes(result)["a"] == [("kernel", (2, 3)), ("bias", (3,))]


def test_says_what_is_missing_and_what_is_left_over(tmp_path: Path) -> None:
    arrays = {"layers/dense/vars/0": np.zeros((2, 3)), "layers/dense/vars/1": np.zeros(3), "extra/vars/0": np.zeros(5)}
    result = model(("Dense", "a"), ("Conv2D", "gone"), ("Dropout", "none"))
    notes = save(tmp_path / "w.h5", arrays).attach(result)
    assert notes == ["The file has no weights for the layer 'gone'.", "No layer claims the array 'extra/vars/0'."]


def test_the_optimizer_is_no_layer(tmp_path: Path) -> None:
    arrays = {"layers/dense/vars/0": np.zeros((2, 3)), "layers/dense/vars/1": np.zeros(3), "optimizer/vars/0": 1}
    result = model(("Dense", "a"))
    store = save(tmp_path / "w.h5", arrays)
    assert store.attach(result) == []
    assert [entry.path for entry in store.entries()] == [
        "layers/dense/vars/0",
        "layers/dense/vars/1",
        "optimizer/vars/0",
    ]


def test_a_layer_in_two_models_is_written_once(tmp_path: Path) -> None:
    inner = model(("Dense", "shared"))
    outer = model(("Functional", "inner"), ("Dense", "shared"))
    outer.layers[0].model = inner
    start = "layers/functional/layers/dense/vars"
    assert save(tmp_path / "w.h5", {f"{start}/0": np.zeros((2, 3)), f"{start}/1": np.zeros(3)}).attach(outer) == []
    first, second = inner.layers[0].weights, outer.layers[1].weights
    assert first
    assert second
    assert [w.path for w in first] == [w.path for w in second]


def test_frozen_layers_and_statistics_are_not_trained(tmp_path: Path) -> None:
    arrays = {f"layers/batch_normalization{end}/vars/{k}": np.zeros(4) for end in ("", "_1") for k in range(4)}
    result = model(("BatchNormalization", "free"), ("BatchNormalization", "frozen"))
    result.layers[1].config["trainable"] = False
    assert save(tmp_path / "w.h5", arrays).attach(result) == []
    assert [w.trainable for w in result.layers[0].weights or ()] == [True, True, False, False]
    assert [w.name for w in result.layers[0].weights or ()] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert not any(w.trainable for w in result.layers[1].weights or ())


def test_float8_and_int4_layers_have_more_arrays_than_logical_weights(tmp_path: Path) -> None:
    extra = {f"layers/dense/vars/{k}": np.zeros((2, 3) if k == 0 else 3) for k in range(8)}
    result = model(("Dense", "a"))
    result.layers[0].config["dtype"] = {"class_name": "QuantizedFloat8DTypePolicy", "config": {"mode": "float8"}}
    assert save(tmp_path / "w.h5", extra).attach(result) == []
    assert [w.name for w in result.layers[0].weights or ()][-2:] == ["outputs_grad_scale", "outputs_grad_amax_history"]


def test_subclassed_models_get_a_layer_for_each_object(tmp_path: Path) -> None:
    arrays = {
        "first/vars/0": np.zeros((4, 3)), "first/vars/1": np.zeros(3),
        "blocks/dense/vars/0": np.zeros((3, 3)), "blocks/dense/vars/1": np.zeros(3),
        "blocks/dense_1/vars/0": np.zeros((3, 3)), "blocks/dense_1/vars/1": np.zeros(3),
        "odd/inner/vars/0": np.zeros((7, 2)), "vars/0": np.zeros(9),
    }  # fmt: skip
    result = Model("subclassed", name="own")
    assert save(tmp_path / "w.h5", arrays, {"blocks/dense_1/vars": "last"}).attach(result) == []
    assert {layer.name: layer.class_name for layer in result.layers.values()} == {
        "blocks/dense": "Dense", "last": "Dense", "first": "Dense", "odd": "", "own": "",
    }  # fmt: skip
    assert sum(w.size for layer in result.layers.values() for w in layer.weights or ()) == 15 + 12 + 12 + 14 + 9


def test_reading_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    store = save(tmp_path / "w.h5", {"layers/dense/vars/0": np.zeros((2, 3))})
    entry = store.entries()[0]
    assert store.read(entry, (slice(0, 1),)).shape == (1, 3)
    entry.path = "layers/none/vars/0"
    with pytest.raises(FileError, match="no array"):
        store.read(entry)


def test_parts_of_layers_have_the_names_that_keras_gives_them(tmp_path: Path) -> None:
    start = "layers/{}/vars/{}"
    attention = {
        start.format(f"multi_head_attention/_{part}_dense", k): np.zeros((4, 2, 2) if k == 0 else (2, 2))
        for part in ("query", "key", "value", "output")
        for k in (0, 1)
    }
    cells = {
        start.format(f"rnn/cell/cells/{cell}", k): np.zeros((3, 12) if k < 2 else 12)
        for cell in ("lstm_cell", "lstm_cell_1")
        for k in range(3)
    }
    spectral = {
        start.format("spectral_normalization", 0): np.zeros((3, 2)),
        start.format("spectral_normalization", 1): np.zeros((1, 2)),
        start.format("spectral_normalization/layer", 0): np.zeros((3, 2)),
        start.format("spectral_normalization/layer", 1): np.zeros(2),
    }
    result = model(("MultiHeadAttention", "m"), ("RNN", "r"), ("SpectralNormalization", "s"), era="tf-keras")
    cell = {"class_name": "LSTMCell", "config": {"units": 3}}
    result.layers[1].config["cell"] = {"class_name": "StackedRNNCells", "config": {"cells": [cell, cell]}}
    result.layers[2].config["layer"] = {"class_name": "Dense", "config": {"units": 2}}
    assert save(tmp_path / "w.h5", {**attention, **cells, **spectral}).attach(result) == []
    names = {name: [weight for weight, _ in weights] for name, weights in shapes(result).items()}
    parts = ("query", "key", "value", "attention_output")
    assert names["m"] == [f"{part}/{end}" for part in parts for end in ("kernel", "bias")]
    assert names["r"] == [f"cell/cells/{i}/{end}" for i in (0, 1) for end in ("kernel", "recurrent_kernel", "bias")]
    assert names["s"] == ["kernel", "vector_u", "layer/bias"]
