"""`kgui show` beside Keras' own summary, for every kind of model."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("keras")
from model_kinds import KINDS

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.keras3], ids=lambda kind: kind.name)
def test_what_keras_says_is_said(kgui, kind, tmp_path):
    import keras

    model = kind.build(keras)
    path = tmp_path / "model.keras"
    model.save(path)
    code, out, err = kgui("show", path, "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    # Keras counts the state of random seeds, which no file has.
    seeds = sum(2 for weight in model.non_trainable_variables if "seed_generator_state" in weight.path)
    trainable = sum(weight.value.numpy().size for weight in model.trainable_weights)
    non_trainable = sum(weight.value.numpy().size for weight in model.non_trainable_weights)
    assert report["params"] == {
        "total": trainable + non_trainable,
        "trainable": trainable,
        "non_trainable": non_trainable,
    }, seeds
    names = [layer["name"] for layer in report["layers"]]
    for layer in model.layers:
        assert layer.name in names
    if kind.graph:
        assert shapes(report["inputs"]) == [list(tensor.shape) for tensor in model.inputs]
        assert shapes(report["outputs"]) == [list(tensor.shape) for tensor in keras.tree.flatten(model.outputs)]
        dtypes = [str(keras.backend.standardize_dtype(tensor.dtype)) for tensor in keras.tree.flatten(model.outputs)]
        assert [port["dtype"] for port in report["outputs"]] == dtypes


def shapes(ports):
    return [port["shape"] for port in ports]
