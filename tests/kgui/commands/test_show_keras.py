"""`kgui show` beside Keras' own summary, for every kind of model."""

from __future__ import annotations

import json
import math

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
    trainable, non_trainable = size(model.trainable_weights), size(model.non_trainable_weights)
    assert report["params"] == {
        "total": trainable + non_trainable,
        "trainable": trainable,
        "non_trainable": non_trainable,
    }
    names = [layer["name"] for layer in report["layers"]]
    for layer in model.layers:
        assert layer.name in names
    if kind.graph:
        assert shapes(report["inputs"]) == [list(tensor.shape) for tensor in model.inputs]
        expected = [(list(tensor.shape), tensor.dtype) for tensor in keras.tree.flatten(model.outputs)]
        found = [(port["shape"], port["dtype"]) for port in report["outputs"]]
        if kind.name == "dict_inputs_outputs":  # Keras has them in the order of their keys, the file as they were given
            expected, found = sorted(expected, key=str), sorted(found, key=str)
        assert found == expected


def size(weights):
    return sum(math.prod(weight.shape) for weight in weights)


def shapes(ports):
    return [port["shape"] for port in ports]
