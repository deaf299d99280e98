"""What a script asks an opened file for, by the names that a person would use."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

import kgui
from kgui.errors import FileError, ModelError
from kgui.graph import Call, Layer, Model, TensorRef


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A compiled model with a model of the name "part/one" in it."""

    def dense(key: int, name: str, units: int) -> Layer:
        return Layer(key, name, "Dense", {"name": name, "units": units}, "keras.layers", calls=[Call([TensorRef(0)])])

    def build(name: str, inner: Layer) -> Model:
        image = Layer(0, "x", "InputLayer", {"name": "x", "batch_shape": [None, 4]}, "keras.layers", calls=[Call()])
        layers = {0: image, 1: inner}
        made = Model("functional", name, "Functional", "keras.src.models.functional", layers=layers)
        made.inputs, made.outputs, made.config = [TensorRef(0)], [TensorRef(1)], {"name": name, "trainable": True}
        return made

    nested = Layer(1, "part/one", "Functional", model=build("part/one", dense(1, "dense", 3)))
    nested.module, nested.calls = "keras.src.models.functional", [Call([TensorRef(0)])]
    model = build("net", nested)
    return kgui.save_model(model, tmp_path / "net.keras")


def test_names_lead_to_layers_and_arrays(path: Path) -> None:
    with kgui.open_model(path, weights=False) as file:
        assert [layer.name for layer in file.layers] == ["x", "part/one"]
        assert file.layer("part/one") is file.layers[1]
        dense = file.layer("part/one/dense")
        assert dense.class_name == "Dense"
        values = file.read("part/one/dense/kernel")
        assert values.shape == (4, 3)
        assert dense.weights is not None
        assert np.array_equal(values, file.read(dense.weights[0]))
        assert np.array_equal(file.read("part/one/dense/kernel", (0,)), values[0])
        assert np.array_equal(file.read(dense.weights[0].path or ""), values)


def test_a_wrong_name_is_answered_with_right_ones(path: Path) -> None:
    with kgui.open_model(path) as file:
        with pytest.raises(ModelError, match=r"no layer named 'dens'. Similar names are part/one/dense"):
            file.layer("dens")
        with pytest.raises(ModelError, match=r"no layer named 'zzz'. `summary\(\)` lists the names"):
            file.layer("zzz")
        for name in ("dense", "part/one/dense/gamma", "/", ""):
            with pytest.raises(ModelError, match="no array named"):
                file.read(name)


def test_it_says_what_it_is_in_one_line(path: Path) -> None:
    with kgui.open_model(path) as file:
        assert repr(file) == f"<ModelFile {str(path)!r}: keras-zip, functional, 2 layers>"


def test_the_summary_is_that_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The optimizer and the notes are in it, and it can still be had after the file has been closed."""
    from kgui.cli import main

    path = tmp_path / "net.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = (
            '{"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "Dense", "config": '
            '{"name": "d", "units": 3, "batch_input_shape": [null, 4]}}]}}'
        )
        file.attrs["training_config"] = '{"loss": "mse", "optimizer_config": {"class_name": "SGD", "config": {}}}'
        file.create_group("model_weights").attrs["layer_names"] = np.array([b"d"])
        file["model_weights"].create_group("d").attrs["weight_names"] = np.array([b"d/kernel:0", b"d/bias:0"])
        file["model_weights/d/d/kernel:0"] = np.zeros((4, 3), "float32")
        file["model_weights/d/d/bias:0"] = np.zeros(3, "float32")
        file["optimizer_weights/SGD/iter:0"] = np.int64(1)
    with kgui.open_model(path) as opened:
        text = opened.summary(line_length=80)
        assert "Optimizer params: 1 " in text
        assert [weight.shape for weight in opened.optimizer_weights()] == [()]
    assert opened.summary(line_length=80) == text
    assert main(["show", str(path), "--line-length", "80"]) == 0
    assert capsys.readouterr().out == text + "\n"
    with kgui.open_model(path, weights=False) as early:
        pass
    assert "Total params: 15 " in early.summary()


def test_what_a_class_of_the_users_own_trains_is_not_claimed(path: Path) -> None:
    with kgui.open_model(path) as file:
        assert "are trained" not in file.summary()
        dense = file.layer("part/one/dense")
        for weight in dense.weights or ():
            weight.trainable = None
        assert "Note: Which weights of the layer 'dense' are trained is not in the file; they count as trained." in (
            file.summary()
        )
        dense.config["trainable"] = False
        assert "are trained" not in file.summary()


def test_an_empty_name_is_not_the_working_folder() -> None:
    with pytest.raises(FileError, match=r"^The name of the file is empty\.$"):
        kgui.open_model("")


def test_the_module_lists_what_it_has() -> None:
    assert set(dir(kgui)) >= {"open_model", "save_model", "KguiError", "ModelFile"}
