"""Generated Python with Keras as the judge: the same configs, and the same outputs for the same weights."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("keras")
from model_kinds import KINDS, example, fill

from kgui import open_model
from kgui.reports.code import code

pytestmark = pytest.mark.keras

GRAPHS = [kind for kind in KINDS.values() if kind.graph]


@pytest.fixture(scope="module")
def keras():
    import keras

    return keras


def run(source):
    """Runs generated code as a module, and gives the model that it builds."""
    namespace = {"__name__": "generated"}
    exec(compile(source, "generated.py", "exec"), namespace)
    return namespace["build_model"]()


def generated(path):
    with open_model(path) as file:
        return code(file.model, file.inference, training=file.training, source=path.name)


def comparable(value):
    """A config without the names of operations (Keras numbers them anew) and without ids."""
    names = {}
    _collect(value, names)
    return _renamed(value, names)


def _collect(value, names):
    if isinstance(value, dict):
        if str(value.get("module")).startswith("keras.src.ops"):
            names.setdefault(value["config"]["name"], f"operation {len(names)}")
        for item in value.values():
            _collect(item, names)
    elif isinstance(value, list):
        for item in value:
            _collect(item, names)


def _renamed(value, names):
    if isinstance(value, dict):
        left_out = ("shared_object_id", "build_config", "compile_config")
        return {key: _renamed(item, names) for key, item in value.items() if key not in left_out}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, float):
        return float(np.float32(value))
    return names.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("kind", [kind for kind in GRAPHS if kind.keras3 and not kind.bytecode], ids=lambda k: k.name)
def test_the_code_builds_the_same_model(keras, kind, tmp_path):
    keras.backend.clear_session()
    model = kind.build(keras)
    fill(model)
    finish(model)
    path = tmp_path / f"{kind.name}.keras"
    model.save(path)
    source = generated(path)
    keras.backend.clear_session()
    built = run(source)
    expected, found = json.loads(model.to_json()), json.loads(built.to_json())
    assert comparable(found["config"]) == comparable(expected["config"]), source
    assert found.get("compile_config") == expected.get("compile_config"), source
    built.set_weights(model.get_weights())
    finish(built)
    if not kind.random:
        values = example(model)
        same(keras, model(values), built(values))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MobileNetV3Small", "EfficientNetV2B0", "ConvNeXtTiny"])
def test_the_code_builds_the_models_of_keras(keras, name, tmp_path):
    model = getattr(keras.applications, name)(weights=None)
    path = tmp_path / f"{name}.keras"
    model.save(path)
    source = generated(path)
    assert max(map(len, source.splitlines())) <= 120
    keras.backend.clear_session()
    built = run(source)
    expected, found = json.loads(model.to_json()), json.loads(built.to_json())
    assert comparable(found["config"]) == comparable(expected["config"])
    built.set_weights(model.get_weights())
    values = np.random.default_rng(0).uniform(size=(1, 64, 64, 3) if name.startswith("Mob") else (1, 224, 224, 3))
    same(keras, model(values), built(values))


def finish(model):
    """A Normalization layer computes with what it derives from its weights when they are loaded."""
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def same(keras, expected, found, rtol=1e-5):
    expected, found = keras.tree.flatten(expected), keras.tree.flatten(found)
    assert len(expected) == len(found)
    for one, other in zip(expected, found, strict=True):
        one, other = np.asarray(one), np.asarray(other)
        if one.dtype.kind in "fV":
            np.testing.assert_allclose(one.astype(np.float32), other.astype(np.float32), rtol=rtol, atol=rtol / 10)
        else:
            np.testing.assert_array_equal(one, other)


def test_a_lambda_is_left_to_fill_in(keras, tmp_path):
    model = KINDS["lambda_layer"].build(keras)
    fill(model)
    path = tmp_path / "lambda.keras"
    model.save(path)
    source = generated(path)
    built = run(source)
    with pytest.raises(NotImplementedError, match="byte code"):
        built(np.ones((2, 4), np.float32))
    filled = source.replace("raise NotImplementedError(", "return args[0] * 2.0\n    print(")
    built = run(filled)
    built.set_weights(model.get_weights())
    values = example(model)
    same(keras, model(values), built(values))


def test_classes_that_are_not_registered_are_named(keras, tmp_path):
    model = KINDS["custom_layer"].build(keras)
    path = tmp_path / "custom.keras"
    model.save(path)
    source = generated(path)
    keras.saving.get_custom_objects().clear()
    with pytest.raises(ImportError, match="Tests>Scale"):
        run(source)


def test_a_trusted_class_is_imported(keras, tmp_path, monkeypatch):
    model = KINDS["custom_layer"].build(keras)
    path = tmp_path / "custom.keras"
    model.save(path)
    with open_model(path) as file:
        source = code(file.model, file.inference, imports={"Tests>Scale": "my_layers"})
    assert "from my_layers import Scale\n" in source
    assert "registered" not in source


# Layers of Keras 2 in today's words


@pytest.mark.parametrize(
    "kind",
    [kind for kind in GRAPHS if kind.keras2 and not kind.bytecode and not kind.custom and kind.name != "odd_names"],
    ids=lambda k: k.name,
)
def test_code_for_a_model_of_keras_2_runs_in_keras_3(keras, kind, tmp_path):
    tf_keras = pytest.importorskip("tf_keras")
    tf_keras.backend.clear_session()
    model = kind.build(tf_keras)
    fill(model)
    path = tmp_path / f"{kind.name}.h5"
    model.save(path)
    source = generated(path)
    built = run(source)
    weights = model.get_weights()
    assert [value.shape for value in built.get_weights()] == [value.shape for value in weights], source
    built.set_weights(weights)
    finish(built)
    if not kind.random:
        values = example(model)
        same(keras, model(values), built(values), rtol=0.02 if kind.name == "mixed_precision" else 1e-5)


def test_states_of_stacked_cells_are_told_apart(keras, tmp_path):
    """Keras returns a list of states for a cell that has several, and a tensor for one that has one."""
    inputs = keras.Input((5, 7))
    cells = [keras.layers.LSTMCell(4), keras.layers.GRUCell(3)]
    outputs, (h, _), last = keras.layers.RNN(cells, return_state=True)(inputs)
    model = keras.Model(inputs, [outputs, h, last])
    fill(model)
    model.save(tmp_path / "stacked.keras")
    built = run(generated(tmp_path / "stacked.keras"))
    built.set_weights(model.get_weights())
    values = example(model)
    same(keras, model(values), built(values))


def test_a_sequential_model_without_a_shape(keras, tmp_path):
    keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(2)]).save(tmp_path / "open.keras")
    built = run(generated(tmp_path / "open.keras"))
    assert not built.built and built(np.zeros((2, 3))).shape == (2, 2)
