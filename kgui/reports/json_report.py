"""All facts of an opened model as one JSON object, in the form that `kgui show --json` promises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from kgui.graph import Layer, Model, Shape, Structure, TensorRef, TensorSpec, Weight, refs
from kgui.inference.result import CallResult, Inference, LayerResult
from kgui.layers.categories import category
from kgui.reports.risks import Risk
from kgui.reports.summary import input_names, is_trainable

Json = dict[str, Any]


class Opened(Protocol):
    """What is needed of an opened file; `kgui.formats.ModelFile` is one."""

    @property
    def format(self) -> str:
        """The format's short name."""

    @property
    def keras_version(self) -> str | None:
        """Of the Keras that wrote it."""

    @property
    def model(self) -> Model:
        """The graph."""

    @property
    def inference(self) -> Inference:
        """What was inferred for it."""

    @property
    def risks(self) -> Sequence[Risk]:
        """What in it could run code."""


def to_json(file: Opened) -> Json:
    """The object that `kgui show --json` prints. Unknown values are None; keys keep their order."""
    model, inference = file.model, file.inference
    known = inference.complete
    return {
        "format": file.format,
        "keras_version": file.keras_version,
        "kind": model.kind,
        "name": model.name,
        "inputs": _ports(model, inference, model.inputs),
        "outputs": _ports(model, inference, model.outputs),
        "layers": layers_to_json(model, inference),
        "params": {
            "total": inference.params if known else None,
            "trainable": inference.trainable_params if known else None,
            "non_trainable": inference.non_trainable_params if known else None,
        },
        "risks": [
            {"kind": risk.kind, "where": risk.where, "detail": risk.detail, "runs_when": risk.runs_when}
            for risk in file.risks
        ],
    }


def layers_to_json(model: Model, inference: Inference, *, trainable: bool = True) -> list[Json]:
    """The layers of a model, nested ones with theirs. Layers that the file only implies are left out.

    Args:
        model: The model.
        inference: What was inferred for it.
        trainable: False within a frozen model.
    """
    return [
        _layer(model, layer, inference.layers.get(key) or LayerResult(), trainable)
        for key, layer in model.layers.items()
        if not layer.implied
    ]


def is_custom(layer: Layer) -> bool:
    """Whether the layer's class is the user's own, so that Keras alone cannot build it."""
    if category(layer.class_name, layer.module) == "Custom":
        return True
    # Keras writes a registered name for classes of its own only by mistake, and no module for classes of a script.
    return layer.module is None and bool(layer.registered_name)


def tensor_spec(model: Model, inference: Inference, ref: TensorRef) -> TensorSpec:
    """Shape and dtype of a tensor: as inferred, else as the file states."""
    result = inference.layers.get(ref.layer)
    if result is not None and ref.call < len(result.calls):
        outputs = result.calls[ref.call].outputs
        if ref.tensor < len(outputs):
            return outputs[ref.tensor]
    return model.stored.get(ref, TensorSpec(None, None))


def port_names(model: Model, structure: Structure) -> list[tuple[str, TensorRef]]:
    """Inputs or outputs with their names: the key where the model has a dict of them, else the layer's name."""
    if isinstance(structure, dict):
        return [(str(key), ref) for key, value in structure.items() for ref in refs(value)]
    return [(layer.name if (layer := model.layers.get(ref.layer)) is not None else "", ref) for ref in refs(structure)]


def _ports(model: Model, inference: Inference, structure: Structure) -> list[Json]:
    ports = []
    for name, ref in port_names(model, structure):
        spec = tensor_spec(model, inference, ref)
        ports.append({"name": name, "shape": _shape(spec.shape), "dtype": spec.dtype})
    return ports


def _shape(shape: Shape | None) -> list[int | None] | None:
    return None if shape is None else list(shape)


def _layer(model: Model, layer: Layer, result: LayerResult, trainable: bool) -> Json:
    alive = trainable and is_trainable(layer)
    inner = None
    if layer.model is not None:
        inner = layers_to_json(layer.model, result.model or Inference(), trainable=alive)
    weights = result.weights if result.weights is not None else layer.weights
    return {
        "name": layer.name,
        "class_name": layer.class_name,
        "module": layer.module,
        "custom": is_custom(layer),
        "trainable": alive,
        "calls": [
            _call(model, call.inputs(), result.calls[index] if index < len(result.calls) else None)
            for index, call in enumerate(layer.calls)
        ],
        "params": result.params,
        "trainable_params": result.trainable_params,
        "weights": None if weights is None else _weights(weights),
        "layers": inner,
    }


def _call(model: Model, inputs: Sequence[TensorRef], result: CallResult | None) -> Json:
    outputs = result.outputs if result is not None else []
    unknown = result is None
    return {
        "inputs": [list(named) for named in input_names(model, inputs)],
        "output_shapes": None if unknown else [_shape(spec.shape) for spec in outputs],
        "output_dtypes": None if unknown else [spec.dtype for spec in outputs],
        "source": "unknown" if result is None else result.source,
    }


def _weights(weights: Iterable[Weight]) -> list[Json]:
    return [{"name": weight.name, "shape": list(weight.shape), "dtype": weight.dtype} for weight in weights]
