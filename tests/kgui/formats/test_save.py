"""Writing: whole or not at all, and nothing that a crash could leave behind."""

import json
import os
import zipfile

import pytest

import kgui
from kgui.atomic import replacing
from kgui.errors import FileError, KguiError, ModelError
from kgui.formats.order import keras_order
from kgui.graph import Call, Layer, Model, TensorRef


def small():
    layers = [
        Layer(0, "x", "InputLayer", {"name": "x", "batch_shape": [None, 4]}, "keras.layers", calls=[Call()]),
        Layer(1, "d", "Dense", {"name": "d", "units": 3}, "keras.layers", calls=[Call([TensorRef(0)])]),
    ]  # fmt: skip
    return Model(
        "functional", "m", module="keras.src.models.functional", layers={layer.id: layer for layer in layers},
        inputs=[TensorRef(0)], outputs=[TensorRef(1)], config={"name": "m", "trainable": True},
    )  # fmt: skip


def test_a_model_made_anew_is_written_with_fresh_weights(tmp_path):
    path = kgui.save_model(small(), tmp_path / "m.keras")
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        assert {item.compress_type for item in archive.infolist()} == {zipfile.ZIP_STORED}
        config = json.loads(archive.read("config.json"))
    call = config["config"]["layers"][1]["inbound_nodes"][0]
    assert call["args"][0]["config"] == {"shape": [None, 4], "dtype": "float32", "keras_history": ["x", 0, 0]}
    with kgui.open_model(path) as opened:
        kernel, bias = opened.model.named("d").weights
        assert abs(opened.read(kernel)).max() > 0
        assert (opened.read(bias) == 0).all()


def test_an_error_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "m.keras"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["m.keras"]


def test_rights_of_the_file_stay(tmp_path):
    path = tmp_path / "m.json"
    kgui.save_model(small(), path)
    assert path.stat().st_mode & 0o777 == 0o666 & ~_mask()
    path.chmod(0o640)
    kgui.save_model(small(), path)
    assert path.stat().st_mode & 0o777 == 0o640


def _mask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("name", ["m.docx", "m", "m.pb"])
def test_unknown_ending_is_said_before_anything_is_written(tmp_path, name):
    with pytest.raises(ModelError, match=r"\.keras"):
        kgui.save_model(small(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_said(tmp_path):
    with pytest.raises(FileError, match="folder does not exist"):
        kgui.save_model(small(), tmp_path / "nowhere" / "m.keras")


def test_saving_over_the_file_that_is_open(tmp_path):
    path = kgui.save_model(small(), tmp_path / "m.keras")
    with kgui.open_model(path) as opened:
        before = opened.read(opened.model.named("d").weights[0])
        opened.model.named("d").config["activation"] = "relu"
        opened.save(path)
    with kgui.open_model(path) as again:
        assert again.model.named("d").config["activation"] == "relu"
        assert (again.read(again.model.named("d").weights[0]) == before).all()


def test_a_vocabulary_moves_with_its_layer(tmp_path):
    model = small()
    lookup = Layer(2, "look", "StringLookup", {"name": "look"}, "keras.layers", calls=[])
    model.layers[2] = lookup
    path = kgui.save_model(model, tmp_path / "a.keras")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("assets/layers/string_lookup/vocabulary.txt", "one\ntwo")
    with kgui.open_model(path) as opened:
        earlier = Layer(3, "first", "StringLookup", {"name": "first"}, "keras.layers", calls=[])
        opened.model.layers = {3: earlier, **opened.model.layers}
        opened.save(tmp_path / "b.keras")
    with kgui.open_model(tmp_path / "b.keras") as again:
        slots = [layer.name for layer in again.model.layers.values() if layer.class_name == "StringLookup"]
        number = slots.index("look")
        assert list(again.assets) == [f"assets/layers/string_lookup{f'_{number}' if number else ''}/vocabulary.txt"]


def test_order_of_a_long_chain_needs_no_stack():
    layers = {0: Layer(0, "x", "InputLayer", calls=[Call()])}
    for number in range(1, 20_000):
        layers[number] = Layer(number, f"d{number}", "Dense", calls=[Call([TensorRef(number - 1)])])
    model = Model("functional", layers=layers, inputs=TensorRef(0), outputs=TensorRef(19_999))
    assert [layer.id for layer in keras_order(model)] == list(range(20_000))


@pytest.mark.parametrize("change", [{"name": ""}, {"units": 10**30}, {"units": 10**15}])
@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_what_a_damaged_file_asks_for_is_refused_and_leaves_nothing(tmp_path, change, suffix):
    model = small()
    model.layers[1].config.update(change)
    model.layers[1].name = change.get("name", "d")
    try:
        kgui.save_model(model, tmp_path / f"m{suffix}")
    except KguiError as error:
        assert error.where in (str(tmp_path / f"m{suffix}"), "layer 'd'")
        assert list(tmp_path.iterdir()) == []
    else:
        assert change == {"name": ""}
