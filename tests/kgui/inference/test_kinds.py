"""Models of many kinds, with Keras 3 and tf_keras as judges: outputs, parameters and the trainable share."""

import importlib
import json

import pytest
from model_kinds import KINDS

from kgui.formats.notes import Notes
from kgui.formats.structure import decode_model
from kgui.inference import infer
from kgui.inference.infer import flat

pytestmark = pytest.mark.keras

# What a file without weights does not tell: the functions and classes of the user.
NOT_BY_RULE = {"custom_layer", "custom_function", "lambda_layer"}


def _cases():
    for kind in KINDS.values():
        if not kind.graph:
            continue
        if kind.keras3:
            yield pytest.param("keras", kind, id=f"keras3-{kind.name}")
        if kind.keras2:
            yield pytest.param("tf_keras", kind, id=f"keras2-{kind.name}")


def _count(weights):
    total = 0
    for weight in {id(weight): weight for weight in weights}.values():
        size = 1
        for length in weight.shape:
            size *= int(length)
        total += size
    return total


@pytest.mark.parametrize(("package", "kind"), _cases())
def test_kind(package, kind):
    keras = importlib.import_module(package)
    model = kind.build(keras)
    graph = decode_model(json.loads(model.to_json()), Notes())
    found = infer(graph)
    errors = [problem for problem in found.problems if problem.severity == "error"]
    assert errors == []
    if kind.name in NOT_BY_RULE:
        return
    # Keras 3 freezes what a frozen layer holds only if that was frozen after it was built.
    assert found.params == model.count_params()
    assert found.trainable_params == _count(model.trainable_weights)
    assert found.complete
    by_name = {layer.name: layer for layer in model.layers}
    for layer in graph.layers.values():
        if layer.name in by_name and not layer.is_operation:
            assert found.layers[layer.id].params == by_name[layer.name].count_params(), layer.name
    if (package, kind.name) == ("tf_keras", "einsum_dense"):
        return  # tf_keras traces and so knows a size that output_shape leaves open; Keras 3 leaves it open.
    outputs = [found.layers[ref.layer].calls[ref.call].outputs[ref.tensor] for ref in flat(graph.outputs)]
    tree = importlib.import_module("keras.tree") if package == "keras" else importlib.import_module("tensorflow").nest
    expected = [
        (tuple(t.shape), t.dtype if isinstance(t.dtype, str) else t.dtype.name) for t in tree.flatten(model.outputs)
    ]
    assert [(spec.shape, spec.dtype) for spec in outputs] == expected
