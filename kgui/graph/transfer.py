"""A model as plain JSON values and back, exact: how the reader hands it to the window, and autosave to the disk."""

from __future__ import annotations

from typing import Any

from kgui.graph.model import Call, Layer, Model, Weight
from kgui.graph.tensors import Structure, TensorRef, TensorSpec

REF = "\u0001ref"
"""Marks a `TensorRef` as a dict with this one key. A control character, so that no config of a model has it."""


def model_to_json(model: Model) -> dict[str, Any]:
    """Plain JSON values from which `model_from_json` builds an equal model."""
    return {
        "kind": model.kind,
        "name": model.name,
        "class_name": model.class_name,
        "module": model.module,
        "registered_name": model.registered_name,
        "era": model.era,
        "layers": [_layer_to_json(layer) for layer in model.layers.values()],
        "inputs": _structure_to_json(model.inputs),
        "outputs": _structure_to_json(model.outputs),
        "stored": [[*ref, spec.shape, spec.dtype] for ref, spec in model.stored.items()],
        "config": model.config,
        "record": model.record,
    }


def model_from_json(value: dict[str, Any]) -> Model:
    """The model that `model_to_json` was given."""
    layers = [_layer_from_json(item) for item in value["layers"]]
    return Model(
        kind=value["kind"],
        name=value["name"],
        class_name=value["class_name"],
        module=value["module"],
        registered_name=value["registered_name"],
        era=value["era"],
        layers={layer.id: layer for layer in layers},
        inputs=_structure_from_json(value["inputs"]),
        outputs=_structure_from_json(value["outputs"]),
        stored={
            TensorRef(layer, call, tensor): TensorSpec(None if shape is None else tuple(shape), dtype)
            for layer, call, tensor, shape, dtype in value["stored"]
        },
        config=value["config"],
        record=value["record"],
    )


def _layer_to_json(layer: Layer) -> dict[str, Any]:
    return {
        "id": layer.id,
        "name": layer.name,
        "class_name": layer.class_name,
        "config": layer.config,
        "module": layer.module,
        "registered_name": layer.registered_name,
        "calls": [
            [_structure_to_json(call.args), _structure_to_json(call.kwargs), call.record] for call in layer.calls
        ],
        "model": None if layer.model is None else model_to_json(layer.model),
        "weights": None
        if layer.weights is None
        else [[w.name, w.shape, w.dtype, w.path, w.trainable] for w in layer.weights],
        "implied": layer.implied,
        "record": layer.record,
    }


def _layer_from_json(value: dict[str, Any]) -> Layer:
    weights = value["weights"]
    return Layer(
        id=value["id"],
        name=value["name"],
        class_name=value["class_name"],
        config=value["config"],
        module=value["module"],
        registered_name=value["registered_name"],
        calls=[
            Call(_structure_from_json(args), _structure_from_json(kwargs), record)
            for args, kwargs, record in value["calls"]
        ],
        model=None if value["model"] is None else model_from_json(value["model"]),
        weights=None
        if weights is None
        else [Weight(name, tuple(shape), dtype, path, trainable) for name, shape, dtype, path, trainable in weights],
        implied=value["implied"],
        record=value["record"],
    )


def _structure_to_json(structure: Structure) -> Any:
    if isinstance(structure, TensorRef):
        return {REF: [*structure]}
    if isinstance(structure, dict):
        return {key: _structure_to_json(value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_structure_to_json(value) for value in structure]
    return structure


def _structure_from_json(value: Any) -> Structure:
    if isinstance(value, dict):
        if REF in value:
            return TensorRef(*value[REF])
        return {key: _structure_from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_structure_from_json(item) for item in value]
    return value
