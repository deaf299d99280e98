"""Time per layer of opening a model, from 100 to 20,000 layers: it should not grow."""

from __future__ import annotations

import gc
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rows import Row

import kgui


def measure() -> Iterator[Row]:
    """One row per size; the peer of each is the smallest size."""
    with tempfile.TemporaryDirectory() as folder:
        first = None
        for layers in (100, 1_000, 5_000, 20_000):
            path = Path(folder) / f"{layers}.json"
            path.write_text(json.dumps(residual(layers)))
            cost = per_layer(path, layers)
            yield Row(f"open and infer {layers:,} layers, per layer", cost, "µs", first, "100 layers", "constant")
            first = first or cost


def per_layer(path: Path, layers: int) -> float:
    """Microseconds per layer, median of several openings."""
    times = []
    for _ in range(9 if layers < 5_000 else 4):
        gc.collect()
        start = time.perf_counter()
        with kgui.open_model(path) as file:
            assert len(file.inference.layers) >= layers
        times.append(time.perf_counter() - start)
        # Freeing one model is no part of opening the next.
        del file
    return 1e6 * statistics.median(times[1:]) / layers


def residual(layers: int) -> dict[str, Any]:
    """A functional model of dense layers with a connection around every second one, as Keras 3 writes it."""

    def tensor(name: str) -> dict[str, Any]:
        config = {"shape": [None, 16], "dtype": "float32", "keras_history": [name, 0, 0]}
        return {"class_name": "__keras_tensor__", "config": config}

    def entry(name: str, class_name: str, config: dict[str, Any], inputs: list[Any]) -> dict[str, Any]:
        return {
            "module": "keras.layers",
            "class_name": class_name,
            "config": {"name": name, "trainable": True, "dtype": "float32", **config},
            "registered_name": None,
            "name": name,
            "inbound_nodes": inputs,
        }

    entries = [entry("input", "InputLayer", {"batch_shape": [None, 16]}, [])]
    names = ["input"]
    while len(entries) < layers:
        dense, add = f"dense_{len(entries)}", f"add_{len(entries)}"
        config = {"units": 16, "activation": "relu", "use_bias": True}
        entries.append(entry(dense, "Dense", config, [{"args": [tensor(names[-1])], "kwargs": {}}]))
        entries.append(entry(add, "Add", {}, [{"args": [[tensor(dense), tensor(names[-1])]], "kwargs": {}}]))
        names.append(add)
    config = {
        "name": "residual",
        "trainable": True,
        "layers": entries,
        "input_layers": ["input", 0, 0],
        "output_layers": [names[-1], 0, 0],
    }
    return {"module": "keras", "class_name": "Functional", "config": config, "registered_name": "Functional"}
