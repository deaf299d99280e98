"""`kgui show --json`: the object has exactly the keys that are promised, in their order."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from kgui.graph import Call, Layer, Model, TensorRef, TensorSpec, Weight
from kgui.inference.result import CallResult, Inference, LayerResult
from kgui.reports.json_report import to_json
from kgui.reports.risks import Risk


@dataclass
class Opened:
    model: Model
    inference: Inference
    format: str = "keras-zip"
    keras_version: str | None = "3.15.1"
    risks: list[Risk] = field(default_factory=list)


def result(shape, params=0, source="rule", weights=(), model=None):
    return LayerResult([CallResult([TensorSpec(shape, "float32")], source)], list(weights), params, params, model)


@pytest.fixture
def opened():
    inner = Model(
        "sequential",
        "inner",
        layers={
            0: Layer(0, "inner_input", "InputLayer", implied=True, calls=[Call()]),
            1: Layer(1, "conv", "Conv2D", module="keras.layers", calls=[Call([TensorRef(0)])]),
        },
    )
    kernel = Weight("kernel", (3, 3, 3, 8), "float32", trainable=True)
    inside = Inference({0: result((None, 32, 32, 3)), 1: result((None, 32, 32, 8), 216, weights=[kernel])})
    model = Model(
        "functional",
        "net",
        layers={
            0: Layer(0, "image", "InputLayer", module="keras.layers", calls=[Call()]),
            1: Layer(
                1, "inner", "Sequential", module="keras", model=inner, calls=[Call([TensorRef(0)])],
                config={"trainable": False},
            ),
            2: Layer(
                2, "scale", "Scale", registered_name="Tests>Scale",
                calls=[Call([TensorRef(1)], {"mask": TensorRef(0)})],
            ),
        },
        inputs={"picture": TensorRef(0)},
        outputs=[TensorRef(2)],
    )  # fmt: skip
    inference = Inference(
        {
            0: result((None, 32, 32, 3)),
            1: result((None, 32, 32, 8), 216, weights=[kernel], model=inside),
            2: LayerResult([CallResult([TensorSpec(None, None)], "unknown")]),
        },
        params=216,
        complete=False,
    )
    return Opened(model, inference, risks=[Risk("lambda-bytecode", "layer 'lam'", "detail.", "when.")])


def test_keys_and_their_order(opened):
    report = json.loads(json.dumps(to_json(opened)))
    assert list(report) == [
        "format", "keras_version", "kind", "name", "inputs", "outputs", "layers", "params", "risks",
    ]  # fmt: skip
    assert list(report["layers"][0]) == [
        "name", "class_name", "module", "custom", "trainable", "calls", "params", "trainable_params", "weights",
        "layers",
    ]  # fmt: skip
    assert list(report["layers"][0]["calls"][0]) == ["inputs", "output_shapes", "output_dtypes", "source"]
    assert list(report["inputs"][0]) == ["name", "shape", "dtype"]
    assert list(report["params"]) == ["total", "trainable", "non_trainable"]
    assert report["risks"] == [
        {"kind": "lambda-bytecode", "where": "layer 'lam'", "detail": "detail.", "runs_when": "when."}
    ]


def test_names_of_ports_are_keys_where_there_are_keys(opened):
    report = to_json(opened)
    assert report["inputs"] == [{"name": "picture", "shape": [None, 32, 32, 3], "dtype": "float32"}]
    assert report["outputs"] == [{"name": "scale", "shape": None, "dtype": None}]


def test_tensors_by_keyword_are_inputs_too(opened):
    scale = to_json(opened)["layers"][2]
    assert scale["calls"] == [
        {"inputs": [["inner", 0, 0], ["image", 0, 0]], "output_shapes": [None], "output_dtypes": [None],
         "source": "unknown"}
    ]  # fmt: skip
    assert (scale["custom"], scale["params"], scale["weights"]) == (True, None, None)


def test_nested_layers_have_the_same_form_without_what_is_implied(opened):
    inner = to_json(opened)["layers"][1]
    assert [layer["name"] for layer in inner["layers"]] == ["conv"]
    conv = inner["layers"][0]
    assert conv["calls"][0]["inputs"] == []
    assert conv["weights"] == [{"name": "kernel", "shape": [3, 3, 3, 8], "dtype": "float32"}]
    assert conv["layers"] is None
    assert conv["trainable"] is False  # the model around it is frozen


def test_unknown_totals_are_null(opened):
    assert to_json(opened)["params"] == {"total": None, "trainable": None, "non_trainable": None}
