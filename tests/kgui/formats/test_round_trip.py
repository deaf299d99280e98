"""Models of every kind, saved by Keras, written again by kgui, loaded by Keras: the same config, the same weights."""

import importlib
import io
import json
import warnings
import zipfile

import h5py
import numpy as np
import pytest
from model_kinds import KINDS

import kgui
from kgui.errors import ModelError
from kgui.formats import save

pytestmark = [pytest.mark.keras, pytest.mark.slow]

FRAMEWORKS = {"keras": "keras3", "tf_keras": "keras2"}
SUFFIXES = (".keras", ".h5", ".json")
CASES = [(framework, name) for framework, flag in FRAMEWORKS.items() for name in KINDS if getattr(KINDS[name], flag)]

NOT_LOADED = {
    # An operation, or a function as an argument, in the legacy HDF5 of Keras 3.15, which then does not know it.
    ("keras", "bidirectional"): (".h5",),  # NotEqual, of the mask
    ("keras", "masking"): (".h5",),  # NotEqual, of the mask
    ("keras", "dot_attention"): (".h5",),  # score_mode comes back as the function "dot"
    ("keras", "transformer"): (".h5",),  # Add with two arguments
    ("keras", "operators"): (".h5",),
    ("keras", "slicing"): (".h5",),
    ("keras", "operations"): (".h5",),
    ("keras", "operations_many_outputs"): (".h5",),
    ("keras", "operations_choice"): (".h5",),
    # Others of its legacy HDF5
    ("keras", "normalizations"): (".h5",),  # LayerNormalization forgets all axes but the last
    ("keras", "bfloat16"): (".h5",),  # HDF5 has no such numbers
    ("keras", "subclassed"): (".h5",),
    ("tf_keras", "subclassed"): (".h5",),
    ("tf_keras", "custom_function"): (".h5",),  # a registered name where a function's own is looked for
    ("tf_keras", "slicing"): (".keras",),  # an Ellipsis cannot be written
}
"""Files that Keras itself cannot write or cannot load, found by loading each before kgui touches it.

Whatever is not in this table is compared. A row that is no longer true fails its test too.
"""


def load(keras, path, kind):
    """The model in a file, with the custom objects of its kind."""
    known = {key.rpartition(">")[2]: value for key, value in keras.saving.get_custom_objects().items()}
    objects = {name: known[name] for name in kind.custom}
    safe = not kind.bytecode
    if path.suffix == ".json":
        scope = importlib.import_module(f"{keras.__name__}.src.saving.serialization_lib").SafeModeScope
        with scope(safe_mode=safe):
            return keras.models.model_from_json(path.read_text(), custom_objects=objects)
    # Keras 3 cannot compile again from some of its own HDF5 files; `training` compares what they say.
    return keras.models.load_model(path, custom_objects=objects, safe_mode=safe, compile=path.suffix == ".keras")


def plain(config):
    """A config without the numbers that Keras makes up anew in every process."""
    if isinstance(config, dict):
        return {key: plain(value) for key, value in config.items() if key != "shared_object_id"}
    if isinstance(config, (list, tuple)):
        return [plain(value) for value in config]
    return config


def arrays(path):
    """Every array in the archive's weights: path, dtype, shape and bytes."""
    found = {}
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: (item.dtype, item.shape, item[()].tobytes())})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return found


def training(path):
    """What a legacy HDF5 file says about how the model is compiled."""
    with h5py.File(path) as file:
        return json.loads(file.attrs.get("training_config", "null"))


def facts(model, suffix):
    """What must be the same: the config, and the weights of a file that has them."""
    if suffix == ".json":
        return plain(json.loads(model.to_json())), []
    return json.dumps(plain(model.get_config()), default=str), model.get_weights()


def assert_same(one, other, again):
    """The same config and weights. What differs between `one` and what `again` loads is random in Keras itself."""
    (config, weights), (other_config, others) = one, other
    assert config == other_config
    assert [weight.shape for weight in weights] == [weight.shape for weight in others]
    different = [index for index, pair in enumerate(zip(weights, others, strict=True)) if not np.array_equal(*pair)]
    if different:
        once_more = again()[1]
        for index in different:
            assert not np.array_equal(weights[index], once_more[index]), f"weight {index} is another one"


def is_same(one, other):
    return one[0] == other[0] and all(map(np.array_equal, one[1], other[1])) and len(one[1]) == len(other[1])


@pytest.mark.parametrize(("framework", "name"), CASES, ids=[f"{framework}-{name}" for framework, name in CASES])
def test_written_again_it_is_the_same_model(framework, name, tmp_path, monkeypatch):
    keras = importlib.import_module(framework)
    kind = KINDS[name]
    warnings.simplefilter("ignore")
    keras.backend.clear_session()
    model = kind.build(keras)
    not_loaded = []

    def loaded(path):
        keras.backend.clear_session()
        return facts(load(keras, path, kind), path.suffix)

    for suffix in SUFFIXES:
        path, again = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
        try:
            path.write_text(model.to_json()) if suffix == ".json" else model.save(path)
        except Exception as error:  # whatever it is: the table has it, and a new one fails the test
            print(f"{framework} cannot write {name}{suffix}: {error}")
            not_loaded.append(suffix)
            continue
        with kgui.open_model(path) as opened:
            remarks = [note for note in opened.notes if not note.startswith("Paired")]
            assert not remarks or not kind.graph or framework == "tf_keras"
            opened.save(again)
            if suffix == ".keras":
                # The weights are copied byte by byte where nothing has changed; this proves the other way too.
                with monkeypatch.context() as patch:
                    patch.setattr(save, "_weights_as_they_are", lambda job, graph: None)
                    opened.save(tmp_path / "anew.keras")
                assert arrays(tmp_path / "anew.keras") == arrays(path)
        if suffix == ".h5":
            assert training(again) == training(path)
        try:
            written = loaded(again)
        except Exception as error:
            print(f"{framework} cannot load {name}{suffix}: {error}")
            with pytest.raises(type(error)):
                loaded(path)  # its own file, that is
            not_loaded.append(suffix)
            continue
        if not is_same(facts(model, suffix), written):
            # Some formats lose things; what the original file says when it is loaded is what must be said again.
            assert_same(loaded(path), written, lambda path=path: loaded(path))
    assert tuple(not_loaded) == NOT_LOADED.get((framework, name), ())


def test_how_many_kinds_are_compared(record_property):
    """Each row of `NOT_LOADED` is proved above, so that what is left has been compared."""
    compared = {
        (framework, name, suffix)
        for framework, name in CASES
        for suffix in SUFFIXES
        if suffix not in NOT_LOADED.get((framework, name), ())
    }
    everywhere = [name for name in KINDS if {(f, name, suffix) for f in FRAMEWORKS for suffix in SUFFIXES} <= compared]
    record_property("files", len(compared))
    record_property("kinds", len(everywhere))
    print(f"{len(compared)} files compared; {len(everywhere)} kinds in all formats of both")
    assert set(NOT_LOADED) <= set(CASES)
    assert len(everywhere) >= 40
    assert len(compared) >= 400


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
