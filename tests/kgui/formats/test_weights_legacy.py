"""Legacy HDF5 weights, as each era wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kgui.errors import FileError
from kgui.formats.hdf5 import SafeHdf5
from kgui.formats.weights_legacy import WeightsLegacy
from kgui.graph import Layer, Model

Groups = dict[str, dict[str, tuple[int, ...]]]


def save(path: Path, groups: Groups, root: str = "/", *, chunked: bool = False) -> WeightsLegacy:
    """Keras 1 and later."""
    with h5py.File(path, "w") as file:
        top = file.require_group(root)
        names = [name.encode() for name in groups]
        if chunked:
            half = len(names) // 2
            top.attrs["layer_names0"], top.attrs["layer_names1"] = names[:half], names[half:]
        else:
            top.attrs["layer_names"] = names
        for name, arrays in groups.items():
            group = top.create_group(name)
            group.attrs["weight_names"] = [array.encode() for array in arrays]
            for number, (array, shape) in enumerate(arrays.items()):
                group[array] = np.full(shape, number, "float32")
    return WeightsLegacy(SafeHdf5(path))


def numbered(path: Path, layers: list[list[tuple[int, ...]]], *, graph: bool = False) -> WeightsLegacy:
    """Keras 0.x."""
    with h5py.File(path, "w") as file:
        if not graph:
            file.attrs["nb_layers"] = len(layers)
        for index, arrays in enumerate(layers):
            group = file.create_group("graph" if graph else f"layer_{index}")
            group.attrs["nb_params"] = len(arrays)
            for number, shape in enumerate(arrays):
                group[f"param_{number}"] = np.full(shape, number, "float32")
    return WeightsLegacy(SafeHdf5(path))


def model(*layers: tuple[str, str] | tuple[str, str, dict[str, Any]], era: str = "keras-2") -> Model:
    made = [Layer(i, item[1], item[0], item[2] if len(item) > 2 else {}) for i, item in enumerate(layers)]
    return Model("functional", era=era, layers={layer.id: layer for layer in made})  # type: ignore[arg-type]


def names(layer: Layer) -> list[str]:
    return [weight.name for weight in layer.weights or ()]


@pytest.mark.parametrize("root", ["/", "model_weights"])
@pytest.mark.parametrize("chunked", [False, True])
def test_groups_go_to_the_layers_of_their_name(tmp_path: Path, root: str, chunked: bool) -> None:
    groups: Groups = {
        "in": {},
        "dense_1": {"dense_1/kernel:0": (2, 3), "dense_1/bias:0": (3,)},
        "lstm": {"lstm/k:0": (2, 8), "lstm/r:0": (2, 8), "lstm/b:0": (8,)},
    }
    store = save(tmp_path / "w.h5", groups, root, chunked=chunked)
    result = model(("InputLayer", "in"), ("LSTM", "lstm"), ("Dense", "dense_1"))
    assert store.attach(result) == []
    assert names(result.layers[2]) == ["kernel", "bias"]
    assert names(result.layers[1]) == ["cell/kernel", "cell/recurrent_kernel", "cell/bias"]
    assert store.read((result.layers[2].weights or [])[1]).tolist() == [1, 1, 1]


def test_names_of_keras_1(tmp_path: Path) -> None:
    keys = [f"{letter}_{gate}" for gate in "icfo" for letter in "WUb"]
    groups: Groups = {
        "convolution2d_1": {"convolution2d_1_W": (3, 3, 1, 4), "convolution2d_1_b": (4,)},
        "lstm_1": {f"lstm_1_{key}": (4,) if key[0] == "b" else (4, 4) for key in keys},
    }
    result = model(("Convolution2D", "convolution2d_1"), ("LSTM", "lstm_1"), era="keras-1")
    assert save(tmp_path / "w.h5", groups).attach(result) == []
    assert names(result.layers[0]) == ["kernel", "bias"]
    assert names(result.layers[1]) == keys


def test_a_nested_model_is_one_flat_group_trained_weights_first(tmp_path: Path) -> None:
    inner = model(("Conv1D", "conv1d_1"), ("BatchNormalization", "bn_1"), ("Conv1D", "conv1d_2"))
    outer = model(("Model", "model_1"), ("Dense", "dense_1"))
    outer.layers[0].model = inner
    flat: dict[str, tuple[int, ...]] = {
        # TensorFlow 1 put numbers behind the names of the layers.
        "conv1d_1_3/kernel:0": (3, 2, 4), "conv1d_1_3/bias:0": (4,), "bn_1_3/gamma:0": (4,), "bn_1_3/beta:0": (4,),
        "conv1d_2_3/kernel:0": (3, 4, 5), "conv1d_2_3/bias:0": (5,),
        "bn_1_3/moving_mean:0": (4,), "bn_1_3/moving_variance:0": (4,),
    }  # fmt: skip
    groups: Groups = {"model_1": flat, "dense_1": {"dense_1/kernel:0": (5, 1), "dense_1/bias:0": (1,)}}
    assert save(tmp_path / "w.h5", groups).attach(outer) == []
    assert [w.shape for w in inner.layers[0].weights or ()] == [(3, 2, 4), (4,)]
    assert names(inner.layers[1]) == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [w.path for w in inner.layers[1].weights or ()][2] == "model_1/bn_1_3/moving_mean:0"
    assert [w.shape for w in inner.layers[2].weights or ()] == [(3, 4, 5), (5,)]


def test_custom_layers_in_a_nested_model_are_found_by_name(tmp_path: Path) -> None:
    inner = model(("Mine", "mine"), ("Dense", "dense"))
    outer = model(("Functional", "inner"))
    outer.layers[0].model = inner
    groups: Groups = {"inner": {"mine/odd:0": (7,), "dense/kernel:0": (2, 3), "dense/bias:0": (3,), "what:0": (1,)}}
    notes = save(tmp_path / "w.h5", groups).attach(outer)
    assert names(inner.layers[0]) == ["odd"]
    assert names(inner.layers[1]) == ["kernel", "bias"]
    assert notes == ["No layer claims the array 'inner/what:0'."]


def test_weights_of_a_model_that_was_built_again_go_by_order(tmp_path: Path) -> None:
    groups: Groups = {
        "dense_7": {"dense_7/kernel:0": (2, 3), "dense_7/bias:0": (3,)},
        "dropout_3": {},
        "dense_8": {"dense_8/kernel:0": (3, 4), "dense_8/bias:0": (4,)},
    }
    result = model(("Dense", "dense_1"), ("Dropout", "dropout_1"), ("Dense", "dense_2"))
    assert save(tmp_path / "w.h5", groups).attach(result) == []
    assert [w.shape for w in result.layers[2].weights or ()] == [(3, 4), (4,)]


def test_keras_0_goes_by_number(tmp_path: Path) -> None:
    result = model(("Convolution1D", "a"), ("Flatten", "b"), ("Dense", "c"), era="keras-0")
    result.layers[9] = Layer(9, "a_input", "InputLayer", implied=True)
    assert numbered(tmp_path / "w.h5", [[(4, 2, 3, 1), (4,)], [], [(8, 2), (2,)]]).attach(result) == []
    assert [w.shape for w in result.layers[2].weights or ()] == [(8, 2), (2,)]
    assert names(result.layers[0]) == ["kernel", "bias"]


def test_the_graph_of_keras_0_is_one_list(tmp_path: Path) -> None:
    result = model(("Dense", "a"), ("BatchNormalization", "b"), ("Dense", "c"), era="keras-0")
    arrays = [(2, 3), (3,), (3,), (3,), (3,), (3,), (3, 1), (1,)]
    assert numbered(tmp_path / "w.h5", [arrays], graph=True).attach(result) == []
    assert [len(layer.weights or ()) for layer in result.layers.values()] == [2, 4, 2]
    assert [w.shape for w in result.layers[2].weights or ()] == [(3, 1), (1,)]


def test_layers_are_guessed_only_where_name_or_shapes_leave_no_doubt(tmp_path: Path) -> None:
    groups: Groups = {
        "conv2d_3": {"conv2d_3/kernel:0": (3, 3, 1, 4), "conv2d_3/bias:0": (4,)},
        "flatten_1": {},
        "head": {"head/kernel:0": (4, 2), "head/bias:0": (2,)},
        "what": {"what/a:0": (3, 3)},
    }
    result = Model("weights", era="keras-2")
    assert save(tmp_path / "w.h5", groups).attach(result) == []
    assert [layer.class_name for layer in result.layers.values()] == ["Conv2D", "Flatten", "Dense", ""]
    assert names(result.layers[3]) == ["a"]


def test_optimizer_state_and_own_weights_stand_apart(tmp_path: Path) -> None:
    path = tmp_path / "w.h5"
    groups: Groups = {"dense": {"dense/kernel:0": (2, 3), "dense/bias:0": (3,)}}
    save(path, groups, "model_weights").close()
    with h5py.File(path, "a") as file:
        file["optimizer_weights/Adam/m:0"] = np.zeros((2, 3))
        file["top_level_model_weights/own:0"] = np.zeros(1)
    store = WeightsLegacy(SafeHdf5(path))
    notes = store.attach(model(("Dense", "dense")))
    assert [weight.path for weight in store.optimizer_entries()] == ["optimizer_weights/Adam/m:0"]
    assert len(notes) == 1
    assert "top_level_model_weights/own:0" in notes[0]
    assert len(store.entries()) == 4


def test_says_what_is_listed_but_not_there(tmp_path: Path) -> None:
    path = tmp_path / "w.h5"
    save(path, {"dense": {"dense/kernel:0": (2, 3), "dense/bias:0": (3,)}, "gone": {}}).close()
    with h5py.File(path, "a") as file:
        del file["dense/dense/bias:0"]
        del file["gone"]
    notes = WeightsLegacy(SafeHdf5(path)).attach(model(("Dense", "dense"), ("Conv2D", "missing")))
    assert any("'dense/bias:0'" in note for note in notes)
    assert any("'gone'" in note for note in notes)
    assert any("'missing'" in note for note in notes)


def test_a_file_without_lists_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file["x"] = [1.0]
    with pytest.raises(FileError, match="does not list"):
        WeightsLegacy(SafeHdf5(tmp_path / "w.h5")).attach(Model("weights"))
