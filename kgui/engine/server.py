"""The engine: a process that has Keras and answers questions about models.

| operation | with | answers |
|---|---|---|
| verify | "path" of a `.keras` file, or "config": what `Model.to_json` gives, as text or value | see `verify` |
"""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any

from kgui.errors import ModelError
from kgui.processes import Answer, Task, serve

ENVIRONMENT = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}

UNKNOWN_SIZE = 8
"""Taken for a size that a model leaves open, when it is tried with random input. Layers that need more say so."""


def verify(task: Task) -> Answer:
    """Builds a model with Keras, and runs it once on random input.

    Returns:
        "name"; "layers": of every layer, nested ones included, "path" (names that lead to it), "class_name",
        "output_shapes" (per call, per tensor; None where Keras does not say), "params", "trainable_params";
        "params" and "trainable_params" of the model; "forward": shapes of the outputs for one sample and "seconds", or
        "error".

    Raises:
        ModelError: Keras cannot build it.
    """
    import keras

    keras.backend.clear_session()
    task.progress(None, "building")
    model = _build(task.params)
    task.progress(None, "trying it on random input")
    return Answer(
        {
            "name": model.name,
            "layers": [told for layer in model.layers for told in _layer(layer, [])],
            "params": model.count_params(),
            "trainable_params": _count(model.trainable_weights),
            "forward": _forward(model),
        }
    )


def _build(params: dict[str, Any]) -> Any:
    import keras

    from kgui.engine import building
    from kgui.engine.sentences import gist

    if "path" in params:
        return building.load(Path(params["path"]))
    config = params["config"]
    try:
        return keras.models.model_from_json(config if isinstance(config, str) else json.dumps(config))
    except MemoryError:
        raise
    except Exception as error:
        # Keras raises whatever a layer's constructor raises; for the user all of it means the same.
        raise ModelError(f"Keras cannot build this model ({gist(error)})") from error


def _layer(layer: Any, above: list[str]) -> list[dict[str, Any]]:
    path = [*above, layer.name]
    told = {
        "path": path,
        "class_name": type(layer).__name__,
        "output_shapes": _output_shapes(layer),
        "params": layer.count_params() if layer.built else None,
        "trainable_params": _count(layer.trainable_weights) if layer.built else None,
    }
    return [told, *(inner for nested in getattr(layer, "layers", []) for inner in _layer(nested, path))]


def _output_shapes(layer: Any) -> list[list[list[int | None]]] | None:
    # One node per call; those of a layer in a model that is called elsewhere too are all here.
    nodes = getattr(layer, "_inbound_nodes", [])
    return [[list(tensor.shape) for tensor in node.output_tensors] for node in nodes] or None


def _count(weights: Any) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _forward(model: Any) -> dict[str, Any]:
    import keras
    import numpy as np

    random = np.random.default_rng(0)

    def made(tensor: Any) -> Any:
        shape = [1, *(UNKNOWN_SIZE if size is None else size for size in tensor.shape[1:])]
        if keras.backend.is_float_dtype(tensor.dtype):
            return random.normal(size=shape).astype("float32")
        if tensor.dtype == "string":
            return np.full(shape, "kgui")
        # 0 is a valid index of every embedding, and a valid boolean.
        return np.zeros(shape, tensor.dtype)

    began = time.perf_counter()
    try:
        outputs = model(keras.tree.map_structure(made, model.input), training=False)
    except Exception as error:
        # Any failure of any layer is the answer to the question.
        from kgui.engine.sentences import gist

        return {"error": gist(error)}
    shapes = [list(output.shape) for output in keras.tree.flatten(outputs)]
    return {"shapes": shapes, "seconds": time.perf_counter() - began}


def _hello() -> dict[str, Any]:
    import h5py
    import keras
    import numpy
    import tensorflow

    modules = (tensorflow, keras, numpy, h5py)
    devices = [device.name.partition("device:")[2] for device in tensorflow.config.list_physical_devices()]
    # The GPUs' memory belongs to training.
    tensorflow.config.set_visible_devices([], "GPU")
    return {
        "versions": {module.__name__: str(module.__version__) for module in modules},
        "devices": devices,
        "pid": os.getpid(),
    }


def main() -> None:
    """Answers requests until the other side closes the connection."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    serve({"verify": verify}, hello=_hello())
