"""Models of every kind, saved by Keras, written again by kgui, loaded by Keras: the same config, the same weights."""

import json
import warnings

import numpy as np
import pytest

import kgui
from kgui.errors import ModelError
from kgui.formats import save

pytestmark = [pytest.mark.keras, pytest.mark.slow]


def load_kinds():
    import importlib.util
    from pathlib import Path

    path = Path(__file__).parents[2] / "model_kinds.py"
    spec = importlib.util.spec_from_file_location("model_kinds_for_round_trips", path)
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their own module up while they are made
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.KINDS


KINDS = load_kinds()
CASES = [
    (framework, name)
    for framework, flag in (("keras", "keras3"), ("tf_keras", "keras2"))
    for name, kind in KINDS.items()
    if getattr(kind, flag)
]

REFUSED = (
    # Files that Keras itself writes and then cannot load, found by loading each before kgui touches it.
    ValueError, TypeError, KeyError, OSError, AttributeError, RuntimeError, NotImplementedError,
)  # fmt: skip


def load(keras, path, kind):
    if path.suffix == ".json":
        return keras.models.model_from_json(path.read_text())
    return keras.models.load_model(path, safe_mode=not (kind.bytecode or not kind.graph))


def plain(config):
    """A config without the numbers that Keras makes up anew in every process."""
    if isinstance(config, dict):
        return {key: plain(value) for key, value in config.items() if key != "shared_object_id"}
    if isinstance(config, (list, tuple)):
        return [plain(value) for value in config]
    return config


def same(one, other, third=None):
    """`third` is the original loaded once more: what differs between the two is random in Keras itself."""
    assert json.dumps(plain(one.get_config()), default=str) == json.dumps(plain(other.get_config()), default=str)
    weights = one.get_weights(), other.get_weights(), (third or one).get_weights()
    assert len(weights[0]) == len(weights[1])
    for a, b, c in zip(*weights, strict=True):
        if np.array_equal(a, c):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("framework", "name"), CASES, ids=[f"{framework}-{name}" for framework, name in CASES])
def test_written_again_it_is_the_same_model(framework, name, tmp_path, monkeypatch):
    keras = pytest.importorskip(framework)
    kind = KINDS[name]
    warnings.simplefilter("ignore")
    keras.backend.clear_session()
    model = kind.build(keras)
    done = []
    for suffix in (".keras", ".h5", ".json"):
        path = tmp_path / f"a{suffix}"
        try:
            path.write_text(model.to_json()) if suffix == ".json" else model.save(path)
            keras.backend.clear_session()
            original = load(keras, path, kind)
        except REFUSED:
            continue
        if not hasattr(original, "get_config"):
            continue  # tf_keras answers a string for the JSON of a subclassed model
        ways = [suffix, f".again{suffix}"] if suffix == ".keras" else [suffix]
        for way in ways:
            if way != suffix:
                # The weights are copied byte by byte where nothing has changed; this proves the other way too.
                monkeypatch.setattr(save, "_weights_as_they_are", lambda job, graph: None)
            with kgui.open_model(path) as opened:
                remarks = [note for note in opened.notes if not note.startswith("Paired")]
                assert not remarks or not kind.graph or framework == "tf_keras"
                opened.save(tmp_path / f"b{way}")
            keras.backend.clear_session()
            written = load(keras, tmp_path / f"b{way}", kind)
            monkeypatch.undo()
            if suffix == ".json":
                assert plain(json.loads(written.to_json())) == plain(json.loads(original.to_json()))
                continue
            keras.backend.clear_session()
            same(original, written, load(keras, path, kind))
        done.append(suffix)
    assert done or kind.custom or not kind.graph, "Keras loads nothing of this kind"


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", ["mlp", "unet", "siamese", "bidirectional", "transformer", "shared_layer"])
def test_an_edited_model_keeps_the_weights_of_what_was_not_edited(name, suffix, tmp_path):
    keras = pytest.importorskip("keras")
    keras.backend.clear_session()
    model = KINDS[name].build(keras)
    model.save(tmp_path / "a.keras")
    with kgui.open_model(tmp_path / "a.keras") as opened:
        renamed = [layer for layer in opened.model.layers.values() if layer.weights]
        renamed[0].name = "renamed_by_the_user"
        renamed[0].config = {**renamed[0].config, "name": "renamed_by_the_user"}
        opened.save(tmp_path / f"b{suffix}")
    again = keras.models.load_model(tmp_path / f"b{suffix}")
    assert "renamed_by_the_user" in [layer.name for layer in again.layers]
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_layer_with_other_units_gets_fresh_weights_and_the_rest_keep_theirs(tmp_path):
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5), keras.layers.Dense(6), keras.layers.Dense(2)])
    model.save(tmp_path / "a.keras")
    with kgui.open_model(tmp_path / "a.keras") as opened:
        middle = opened.model.named(model.layers[1].name)
        middle.config = {**middle.config, "units": 9}
        opened.save(tmp_path / "b.keras")
    again = keras.models.load_model(tmp_path / "b.keras")
    assert [weight.shape for weight in again.get_weights()] == [(4, 5), (5,), (5, 9), (9,), (9, 2), (2,)]
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])
    assert np.abs(again.get_weights()[2]).max() > 0


@pytest.mark.parametrize(("suffix", "other"), [(".h5", ".keras"), (".keras", ".h5")])
@pytest.mark.parametrize("name", ["mlp", "unet", "siamese", "bidirectional", "transformer", "attention_keywords"])
def test_from_one_format_of_keras3_to_the_other(name, suffix, other, tmp_path):
    keras = pytest.importorskip("keras")
    keras.backend.clear_session()
    model = KINDS[name].build(keras)
    model.save(tmp_path / f"a{suffix}")
    with kgui.open_model(tmp_path / f"a{suffix}") as opened:
        opened.save(tmp_path / f"b{other}")
    again = keras.models.load_model(tmp_path / f"b{other}", compile=False)
    for one, two in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_what_keras3_does_not_have_is_said(tmp_path):
    tf_keras = pytest.importorskip("tf_keras")
    KINDS["transformer"].build(tf_keras).save(tmp_path / "a.h5")
    with kgui.open_model(tmp_path / "a.h5") as opened, pytest.raises(ModelError, match="TFOpLambda"):
        opened.save(tmp_path / "b.keras")
    assert not (tmp_path / "b.keras").exists()


@pytest.mark.parametrize("name", ["mlp", "unet", "siamese", "bidirectional"])
def test_a_model_of_keras2_becomes_one_of_keras3(name, tmp_path):
    tf_keras, keras = pytest.importorskip("tf_keras"), pytest.importorskip("keras")
    model = KINDS[name].build(tf_keras)
    model.save(tmp_path / "a.h5")
    with kgui.open_model(tmp_path / "a.h5") as opened:
        opened.model.record.pop("compile_config", None)
        converted = save.save_model(opened, tmp_path / "b.keras")
    again = keras.models.load_model(converted, compile=False)
    for one, two in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
