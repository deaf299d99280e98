"""TensorFlow.js models: the architecture in JSON, arrays cut out of binary files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kgui.errors import FileError
from kgui.formats.open import open_model

KERNEL = np.arange(6, dtype="<f4").reshape(2, 3)


def layer(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": name, "trainable": True, **config}}


def save(folder: Path, weights: list[dict[str, Any]], files: dict[str, bytes], paths: list[str] | None = None) -> Path:
    config = {
        "name": "net",
        "layers": [
            layer("Dense", "dense_1", units=3, use_bias=True, batch_input_shape=[None, 2], dtype="float32"),
            layer("Dense", "dense_2", units=1, use_bias=True),
        ],
    }
    topology = {
        "keras_version": "2.4.0",
        "backend": "tensorflow",
        "model_config": {"class_name": "Sequential", "config": config},
    }
    value = {
        "format": "layers-model",
        "generatedBy": "keras v2.4.0",
        "modelTopology": topology,
        "weightsManifest": [{"paths": list(files) if paths is None else paths, "weights": weights}],
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    path = folder / "model.json"
    path.write_text(json.dumps(value))
    return path


def entry(name: str, shape: list[int], **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape, "dtype": "float32", **more}


PLAIN = [
    entry("dense_1/kernel", [2, 3]), entry("dense_1/bias", [3]),
    entry("dense_2/kernel", [3, 1]), entry("dense_2/bias", [1]),
]  # fmt: skip
DATA = KERNEL.tobytes() + np.arange(7, dtype="<f4").tobytes()


@pytest.mark.parametrize("cut", [4, 24, 30, 51])
def test_arrays_run_over_the_files_of_a_group(tmp_path: Path, cut: int) -> None:
    path = save(tmp_path, PLAIN, {"a.bin": DATA[:cut], "b.bin": DATA[cut:]})
    with open_model(path) as file:
        assert file.format == "tfjs"
        assert file.keras_version == "2.4.0"
        first = file.model.named("dense_1")
        second = file.model.named("dense_2")
        assert first is not None
        assert second is not None
        assert [w.name for w in first.weights or ()] == ["kernel", "bias"]
        assert np.array_equal(file.read((first.weights or [])[0]), KERNEL)
        assert np.array_equal(file.read((first.weights or [])[0], (1, slice(1, None))), KERNEL[1, 1:])
        assert file.read((second.weights or [])[1]).tolist() == [6]


def test_quantized_arrays_come_as_numbers(tmp_path: Path) -> None:
    quantization = {"dtype": "uint8", "scale": 0.5, "min": -1.0, "original_dtype": "float32"}
    weights = [entry("dense_1/kernel", [2, 3], quantization=quantization), entry("dense_1/bias", [3])]
    path = save(tmp_path, weights, {"a.bin": bytes(range(6)) + np.ones(3, "<f4").tobytes()})
    with open_model(path) as file:
        dense = file.model.named("dense_1")
        assert dense is not None
        assert file.read((dense.weights or [])[0]).tolist() == [[-1, -0.5, 0], [0.5, 1, 1.5]]
        assert file.read((dense.weights or [])[1]).tolist() == [1, 1, 1]


def test_opens_by_folder(tmp_path: Path) -> None:
    save(tmp_path, PLAIN, {"a.bin": DATA})
    with open_model(tmp_path) as file:
        assert file.model.kind == "sequential"


def test_binary_files_that_are_missing_or_short(tmp_path: Path) -> None:
    path = save(tmp_path, PLAIN, {"a.bin": DATA[:20]})
    with open_model(path) as file:
        dense = file.model.named("dense_1")
        assert dense is not None
        with pytest.raises(FileError, match="not whole"):
            file.read((dense.weights or [])[0])
        (tmp_path / "a.bin").unlink()
        with pytest.raises(FileError, match="no such file"):
            file.read((dense.weights or [])[0])


def test_paths_that_lead_elsewhere_are_risks(tmp_path: Path) -> None:
    path = save(tmp_path, PLAIN, {"a.bin": DATA}, ["../a.bin", "https://host/a.bin"])
    with open_model(path) as file:
        assert [risk.kind for risk in file.container_risks] == ["outside-file"] * 2


@pytest.mark.parametrize(
    "bad",
    [
        {"shape": "x"},
        {"shape": [-1]},
        {"dtype": "object"},
        {"name": 3},
        {"shape": [1.5]},
        {"quantization": {"dtype": "x"}},
    ],
)
def test_damaged_entries_end_the_list(tmp_path: Path, bad: dict[str, Any]) -> None:
    path = save(tmp_path, [PLAIN[0], {**PLAIN[1], **bad}], {"a.bin": DATA})
    with open_model(path) as file:
        assert [entry.name for entry in file.list_weights()] == ["dense_1/kernel"]
        assert any("damaged" in note for note in file.notes)


def test_graph_models_are_named(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"format": "graph-model", "modelTopology": {"node": [{"op": "Const"}] * 5}}))
    with pytest.raises(FileError, match="5 operations"):
        open_model(path)
