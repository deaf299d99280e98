"""An inference as plain JSON values and back, exact: how the reader hands it to the window."""

from __future__ import annotations

from typing import Any

from kgui.graph import TensorSpec, Weight
from kgui.inference.result import CallResult, Inference, LayerResult, Problem


def inference_to_json(inference: Inference) -> dict[str, Any]:
    """Plain JSON values from which `inference_from_json` builds an equal inference."""
    return {
        "layers": [[key, *_layer_to_json(layer)] for key, layer in inference.layers.items()],
        "problems": [
            [problem.severity, problem.message, list(problem.path), problem.call, problem.hint]
            for problem in inference.problems
        ],
        "params": inference.params,
        "trainable_params": inference.trainable_params,
        "complete": inference.complete,
    }


def inference_from_json(value: dict[str, Any]) -> Inference:
    """The inference that `inference_to_json` was given."""
    return Inference(
        layers={key: _layer_from_json(*rest) for key, *rest in value["layers"]},
        problems=[
            Problem(severity, message, tuple(path), call, hint)
            for severity, message, path, call, hint in value["problems"]
        ],
        params=value["params"],
        trainable_params=value["trainable_params"],
        complete=value["complete"],
    )


def _layer_to_json(layer: LayerResult) -> list[Any]:
    calls = [
        [[[spec.shape if spec.shape is None else list(spec.shape), spec.dtype] for spec in call.outputs],
         call.source, call.multiply_adds, call.activation_bytes]
        for call in layer.calls
    ]  # fmt: skip
    weights = None
    if layer.weights is not None:
        weights = [[w.name, list(w.shape), w.dtype, w.path, w.trainable] for w in layer.weights]
    model = None if layer.model is None else inference_to_json(layer.model)
    return [calls, weights, layer.params, layer.trainable_params, model]


def _layer_from_json(calls: Any, weights: Any, params: Any, trainable_params: Any, model: Any) -> LayerResult:
    return LayerResult(
        calls=[
            CallResult(
                [TensorSpec(None if shape is None else tuple(shape), dtype) for shape, dtype in outputs],
                source,
                multiply_adds,
                activation_bytes,
            )
            for outputs, source, multiply_adds, activation_bytes in calls
        ],
        weights=None
        if weights is None
        else [Weight(name, tuple(shape), dtype, path, trainable) for name, shape, dtype, path, trainable in weights],
        params=params,
        trainable_params=trainable_params,
        model=None if model is None else inference_from_json(model),
    )
