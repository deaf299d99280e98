"""Keras as the judge of the rules: random layers and operations, and whole models."""

import importlib.util
import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.keras


def _load(name):
    import sys

    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def layers():
    return _load("differential")


@pytest.fixture(scope="module")
def operations():
    return _load("differential_operations")


def test_sample_of_random_layers(layers):
    tally = layers.run(134 * 3, seed=20)
    assert tally.different == []
    assert tally.compared > 134 * 3 * 0.9


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_random_layers(layers):
    tally = layers.run(10_000, seed=1)
    assert tally.different == []
    assert tally.compared > 9_500


def test_every_layer_that_can_be_called_symbolically_has_cases(layers):
    from kgui.layers.specs import class_names

    # Foreign code, or nothing to call.
    left_out = {"InputLayer", "Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper", "StackedRNNCells"}
    assert set(class_names()) - set(layers.MAKERS) == left_out


def test_sample_of_random_operations(operations):
    compared, different, _, classes = operations.run(len(operations.MAKERS) * 2, seed=20)
    assert different == []
    assert compared > 200
    assert len(classes) > 120


@pytest.mark.slow
def test_thousands_of_random_operations(operations):
    compared, different, _, _ = operations.run(4_000, seed=1)
    assert different == []
    assert compared > 3_800


SMALL = ("MobileNetV2", "MobileNetV3Small")
LARGE = """ConvNeXtTiny DenseNet121 DenseNet201 EfficientNetB0 EfficientNetB7 EfficientNetV2B0 EfficientNetV2L
    InceptionResNetV2 InceptionV3 MobileNet MobileNetV3Large NASNetLarge NASNetMobile ResNet50 ResNet101V2 VGG16 VGG19
    Xception"""


@pytest.mark.parametrize("name", [*SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE.split())])
@pytest.mark.timeout(900)
def test_every_call_of_an_application(name):
    import keras

    from kgui.formats.notes import Notes
    from kgui.formats.structure import decode_model
    from kgui.inference import infer

    model = getattr(keras.applications, name)(weights=None)
    graph = decode_model(json.loads(model.to_json()), Notes())
    found = infer(graph)
    assert _differences(graph, found, model) == []
    assert found.params == model.count_params()
    assert found.problems == []
    keras.backend.clear_session()


def _differences(graph, found, model):
    import keras

    wrong = []
    for layer, operation in zip(graph.layers.values(), model._operations, strict=True):
        assert layer.name == operation.name
        result = found.layers[layer.id]
        for call, node in zip(result.calls, operation._inbound_nodes[-len(result.calls) :], strict=True):
            expected = [(tuple(t.shape), t.dtype) for t in node.output_tensors]
            if [(spec.shape, spec.dtype) for spec in call.outputs] != expected or call.source != "rule":
                wrong.append((layer.name, layer.class_name, call, expected))
        params = operation.count_params() if isinstance(operation, keras.Layer) else 0
        if result.params != params:
            wrong.append((layer.name, layer.class_name, result.params, params))
        if layer.model is not None and hasattr(operation, "_operations"):
            wrong += _differences(layer.model, result.model, operation)
    return wrong
