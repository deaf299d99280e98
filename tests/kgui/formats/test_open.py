"""The front door: recognising by content, pairing, and one clear sentence for everything that is no model."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

import kgui
from kgui.errors import FileError, KguiError, LimitError
from kgui.formats.pairing import words_of
from kgui.formats.text import parse_json
from kgui.formats.yaml_text import parse_yaml

MODEL = {
    "class_name": "Sequential",
    "config": {"name": "s", "layers": [
        {"class_name": "Dense", "config": {"name": "d", "units": 3, "batch_input_shape": [None, 4]}},
        {"class_name": "Dense", "config": {"name": "e", "units": 2}},
    ]},
    "keras_version": "2.3.1",
    "backend": "tensorflow",
}  # fmt: skip


@pytest.fixture
def files(tmp_path):
    """One small model in each format that a test can make without Keras."""
    model = tmp_path / "model.json"
    model.write_text(json.dumps(MODEL))
    with kgui.open_model(model) as opened:
        for name in ("made.keras", "made.h5", "made.yaml"):
            opened.save(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "key"),
    [("model.json", "json"), ("made.keras", "keras-zip"), ("made.h5", "hdf5"), ("made.yaml", "yaml")],
)
def test_content_tells_the_format_whatever_the_name(files, name, key):
    odd = files / "holiday.jpg"
    (files / name).rename(odd)
    with kgui.open_model(odd) as opened:
        assert opened.format == key
        assert [layer.class_name for layer in opened.model.layers.values() if not layer.is_input] == ["Dense", "Dense"]
        assert opened.inference.params == 3 * 4 + 3 + 2 * 3 + 2


def test_hdf5_under_the_name_keras_is_said(files):
    (files / "made.h5").rename(files / "odd.keras")
    with kgui.open_model(files / "odd.keras") as opened:
        assert opened.format == "keras-hdf5"
        assert any("HDF5" in note for note in opened.notes)


def test_hdf5_behind_a_user_block(files):
    (files / "block.h5").write_bytes(b"\0" * 512 + (files / "made.h5").read_bytes())
    with kgui.open_model(files / "block.h5") as opened:
        assert opened.format == "hdf5"


def test_folder_of_an_unpacked_archive(files):
    with zipfile.ZipFile(files / "made.keras") as archive:
        archive.extractall(files / "folder")
    with kgui.open_model(files / "folder") as opened:
        assert opened.format == "keras-folder"
        assert [weight.shape for weight in opened.list_weights()] == [(4, 3), (3,), (3, 2), (2,)]


def test_deflated_archive_gives_the_same_weights(files):
    with zipfile.ZipFile(files / "made.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(files / "packed.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with kgui.open_model(files / "made.keras") as one, kgui.open_model(files / "packed.keras") as other:
        for a, b in zip(one.list_weights(), other.list_weights(), strict=True):
            assert (one.read(a) == other.read(b)).all()


def test_without_weights_neither_numpy_nor_h5py_is_imported(files):
    code = (
        "import sys, kgui; f = kgui.open_model(sys.argv[1], weights=False); f.inference.params;"
        "print('h5py' in sys.modules, 'numpy' in sys.modules, 'keras' in sys.modules)"
    )
    for name in ("model.json", "made.keras"):
        done = subprocess.run([sys.executable, "-c", code, files / name], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["False", "False", "False"]


# Pairing


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("model.json", "model.h5"),
        ("model.json", "weights.h5"),
        ("record_5_model_EKIIu_modelYaml.yaml", "record_5_model_EKIIu_modelWeights.h5"),
        ("a.arch.json", "a.weights.h5"),
        ("mnist_architecture.json", "mnist_weights.hdf5"),
    ],
)
def test_names_that_belong_together(one, other):
    assert words_of(one) == words_of(other)


def test_names_that_do_not_belong_together():
    assert words_of("cat.json") != words_of("dog.h5")
    assert words_of("run_1.json") != words_of("run_2.h5")


def test_architecture_is_paired_with_the_weights_beside_it(files):
    (files / "made.h5").rename(files / "model_weights.h5")
    with kgui.open_model(files / "model.json") as opened:
        assert opened.weights_path == files / "model_weights.h5"
        assert any("model_weights.h5" in note for note in opened.notes)
        assert [weight.shape for weight in opened.model.named("d").weights] == [(4, 3), (3,)]


def test_weights_that_do_not_fit_are_not_taken(files):
    other = json.loads(json.dumps(MODEL))
    other["config"]["layers"][0]["config"]["units"] = 7
    (files / "other.json").write_text(json.dumps(other))
    (files / "made.h5").rename(files / "other.h5")
    with kgui.open_model(files / "other.json") as opened:
        assert opened.weights_path is None
        assert opened.model.named("d").weights in (None, [])
        assert any("does not fit" in note for note in opened.notes)


def test_weights_that_the_caller_names_are_taken(files):
    with kgui.open_model(files / "model.json", weights_path=files / "made.h5") as opened:
        assert opened.weights_path == files / "made.h5"
        assert opened.read(opened.model.named("e").weights[0]).shape == (3, 2)


# What is no model


def one_sentence(path):
    with pytest.raises(KguiError) as caught:
        kgui.open_model(path)
    text = str(caught.value)
    assert str(path)[:60] in text
    assert "\n" not in text
    assert "Traceback" not in text
    return text


def test_missing_file(tmp_path):
    assert "no such file" in one_sentence(tmp_path / "x.keras")


def test_empty_file_and_folder(tmp_path):
    (tmp_path / "x.keras").touch()
    assert "empty" in one_sentence(tmp_path / "x.keras")
    (tmp_path / "folder").mkdir()
    assert "empty" in one_sentence(tmp_path / "folder")
    (tmp_path / "folder" / "notes.txt").write_text("nothing")
    assert "no model" in one_sentence(tmp_path / "folder")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "pipe" in one_sentence(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="rights work otherwise here")
def test_no_permission(files):
    path = files / "model.json"
    path.chmod(0)
    was = os.geteuid()
    if was == 0:
        files.chmod(0o755)
        for folder in files.parents[:3]:
            folder.chmod(folder.stat().st_mode | 0o011)
        os.seteuid(65534)
    try:
        assert "may not be read" in one_sentence(path)
    finally:
        os.seteuid(was)


@pytest.mark.parametrize("name", ["model.json", "made.keras", "made.h5", "made.yaml"])
@pytest.mark.parametrize("tenth", range(10))
def test_truncated_at_every_tenth(files, name, tenth):
    data = (files / name).read_bytes()
    cut = files / "cut"
    cut.write_bytes(data[: len(data) * tenth // 10])
    try:
        with kgui.open_model(cut) as opened:
            for weight in opened.list_weights():
                opened.read(weight)
    except KguiError as error:
        assert str(cut) in str(error)
    else:
        assert name == "made.yaml"  # the beginning of a YAML list is itself a YAML list


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\x80\x04\x95 pickle", "pickle"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"%PDF-1.4", "PDF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\x93NUMPY\x01\x00", "NumPy"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"hello there", "not a model"),
        (b"\xff\xff\xff\xff", "not a model"),
        (b'{"a": 1}', "no Keras model"),
        (b"[1, 2]", "no Keras model"),
        (b'{"class_name"', "breaks off"),
        (b'{"a": }', "not valid JSON"),
        (b"PK\x03\x04 nothing", "archive is damaged"),
    ],
)
def test_what_it_is_instead_is_said(tmp_path, data, word):
    (tmp_path / "x.keras").write_bytes(data)
    assert word in one_sentence(tmp_path / "x.keras")


def test_zip_of_something_else(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    assert "PyTorch" in one_sentence(tmp_path / "x.keras")


# Text that nobody trusts


def test_json_caps():
    with pytest.raises(LimitError, match="deep"):
        parse_json("[" * 300 + "]" * 300, "x", [])
    with pytest.raises(LimitError, match="deep"):
        parse_json("[" * 100_000 + "]" * 100_000, "x", [])
    with pytest.raises(LimitError, match="values"):
        parse_json("[" + "0," * 4_000_001 + "0]", "x", [])
    with pytest.raises(LimitError, match="digits"):
        parse_json("[" + "1" * 5000 + "]", "x", [])


def test_json_duplicate_keys_are_found_and_look_alikes_are_not():
    risks = []
    assert parse_json('{"a": 1, "b": {"a": 2, "a" : 3}}', "x", risks) == {"a": 1, "b": {"a": 3}}
    assert [risk.kind for risk in risks] == ["duplicate-key"]
    risks = []
    parse_json(json.dumps({"a": 'text with "b": in it'}), "x", risks)
    assert risks == []


def test_json_with_nan_and_byte_order_mark():
    value = parse_json(b'\xef\xbb\xbf{"a": NaN, "b": Infinity}', "x", [])
    assert value["a"] != value["a"]


def test_yaml_tuples_unicode_and_aliases():
    text = b"a: &id001 []\nb: *id001\nc: !!python/tuple [1, null]\nd: !!python/unicode 'x'\ne: 1.0e-07\nf: yes\n"
    value = parse_yaml(text, "x", [])
    assert value == {"a": [], "b": [], "c": [1, None], "d": "x", "e": 1e-07, "f": True}
    assert value["a"] is not value["b"]


def test_yaml_objects_are_named_and_never_made(tmp_path):
    risks = []
    text = f"a: !!python/object/apply:os.system ['touch {tmp_path}/ran']\n".encode()
    assert parse_yaml(text, "x", risks) == {"a": [f"touch {tmp_path}/ran"]}
    assert [risk.kind for risk in risks] == ["yaml-python-object"]
    assert not (tmp_path / "ran").exists()


def test_yaml_alias_bomb_and_nesting():
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    bomb += "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10))
    with pytest.raises(LimitError, match="values"):
        parse_yaml(bomb.encode(), "x", [])
    with pytest.raises(KguiError):
        parse_yaml(b"[" * 50_000, "x", [])
    with pytest.raises(FileError):
        parse_yaml(b"a: &a [*a]", "x", [])


def test_code_of_an_opened_file_compiles_and_builds_models_within_wrappers(tmp_path):
    inner = {
        "module": "keras.src.models.functional", "class_name": "Functional",
        "config": {
            "name": "frame",
            "layers": [
                {"module": "keras.layers", "class_name": "InputLayer", "name": "x",
                 "config": {"name": "x", "batch_shape": [None, 4]},
                 "inbound_nodes": []},
                {"module": "keras.layers", "class_name": "Dense", "name": "d", "config": {"name": "d", "units": 3},
                 "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {
                     "shape": [None, 4], "dtype": "float32", "keras_history": ["x", 0, 0]}}], "kwargs": {}}]},
            ],
            "input_layers": [["x", 0, 0]], "output_layers": [["d", 0, 0]],
        },
    }  # fmt: skip
    layers = [
        {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 5, 4], "name": "i"}},
        {"module": "keras.layers", "class_name": "TimeDistributed", "config": {"name": "t", "layer": inner}},
    ]
    value = {
        "module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": layers},
        "compile_config": {"optimizer": "adam", "loss": "mse"},
    }  # fmt: skip
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("config.json", json.dumps(value))
    with kgui.open_model(path) as opened:
        code = opened.code()
        assert "m.keras" in code
        assert "Dense(3" in code
        assert ".compile(" in code
        assert ".compile(" not in opened.code(training=None)


def test_diff_of_two_opened_files(tmp_path):
    from kgui.graph import Call, Layer, Model, TensorRef

    layers = [
        Layer(0, "x", "InputLayer", {"name": "x", "batch_shape": [None, 4]}, "keras.layers", calls=[Call()]),
        Layer(1, "d", "Dense", {"name": "d", "units": 3}, "keras.layers", calls=[Call([TensorRef(0)])]),
    ]
    model = Model(
        "functional", "m", module="keras.src.models.functional", layers={layer.id: layer for layer in layers},
        inputs=[TensorRef(0)], outputs=[TensorRef(1)], config={"name": "m", "trainable": True},
    )  # fmt: skip
    one, two = (kgui.save_model(model, tmp_path / f"{name}.keras") for name in ("one", "two"))
    with kgui.open_model(one, weights=False) as a, kgui.open_model(two, weights=False) as b:
        assert a.diff(a).same
        assert not a.diff(b).same  # fresh weights are random
        assert a.diff(b, weights=False).same
