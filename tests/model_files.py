"""Small model files of the era of Keras 2, written without Keras: two versions of one model to compare."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Layers = list[tuple[str, str, dict[str, Any]]]

FIRST: Layers = [
    ("Dense", "hidden", {"units": 8, "activation": "relu"}),
    ("Dropout", "drop", {"rate": 0.5}),
    ("Dense", "middle", {"units": 8, "activation": "relu"}),
    ("Dense", "out", {"units": 3, "activation": "softmax"}),
]
SECOND: Layers = [
    ("Dense", "hidden", {"units": 8, "activation": "relu"}),
    ("Dense", "middle", {"units": 8, "activation": "tanh"}),
    ("BatchNormalization", "normal", {"axis": [1]}),
    ("Dense", "out", {"units": 3, "activation": "softmax"}),
]


def write(path: Path, layers: Layers, *, shift: float = 0.0, rows: int = 4) -> Path:
    """Writes a chain of layers with weights; those of "out" are moved by `shift`."""
    made, size = [], rows
    with h5py.File(path, "w") as file:
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for _, name, _ in layers]
        for class_name, name, config in layers:
            config = {"name": name, **config}
            if not made:
                config["batch_input_shape"] = [None, rows]
            made.append({"class_name": class_name, "config": config})
            inner = group.create_group(name)
            weights: dict[str, Any] = {}
            if class_name == "Dense":
                units = config["units"]
                kernel = np.arange(size * units, dtype="f4").reshape(size, units)
                weights = {"kernel": kernel + (shift if name == "out" else 0), "bias": np.zeros(units, "f4")}
                size = units
            elif class_name == "BatchNormalization":
                weights = {part: np.ones(size, "f4") for part in ("gamma", "beta", "moving_mean", "moving_variance")}
            inner.attrs["weight_names"] = [f"{name}/{part}:0".encode() for part in weights]
            for part, values in weights.items():
                inner[f"{name}/{part}:0"] = values
        model = {"class_name": "Sequential", "config": {"name": "chain", "layers": made}}
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(model), "2.4.0"
    return path


def write_subclassed(path: Path) -> Path:
    """Writes a `.keras` file of a model that is a class of the user's own: layers and weights, and no graph."""
    config = {
        "module": "my_project.nets",
        "class_name": "MyNet",
        "config": {"units": 4},
        "registered_name": "my_project>MyNet",
        "build_config": {"input_shape": [None, 4]},
    }
    weights = BytesIO()
    with h5py.File(weights, "w") as file:
        for name, shape in (("first", (4, 8)), ("second", (8, 2))):
            group = file.create_group(f"{name}/vars")
            group["0"] = np.ones(shape, "f4")
            group["1"] = np.zeros(shape[-1], "f4")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "3.5.0", "date_saved": "2024-09-01@12:00:00"}))
        file.writestr("config.json", json.dumps(config))
        file.writestr("model.weights.h5", weights.getvalue())
    return path
