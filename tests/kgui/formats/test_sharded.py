"""Weights in several files, and maps of them that lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kgui.errors import FileError
from kgui.formats.open import open_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "x_00000.weights.h5", "w") as file:
        file["layers/dense/vars/0"] = np.ones((2, 3), "float32")
    with h5py.File(tmp_path / "x_00001.weights.h5", "w") as file:
        file["layers/dense/vars/1"] = np.zeros(3, "float32")
        file["layers/dense_1/vars/0"] = np.full((3, 4), 2, "float32")
        file["layers/dense_1/vars/1"] = np.zeros(4, "float32")
    write(
        tmp_path,
        {
            "/layers/dense/vars": ["x_00000.weights.h5", "x_00001.weights.h5"],
            "/layers/dense_1/vars": "x_00001.weights.h5",
        },
    )
    return tmp_path


def write(folder: Path, mapping: Any) -> Path:
    path = folder / "x.weights.json"
    path.write_text(json.dumps({"metadata": {"total_size": 100.0}, "weight_map": mapping}))
    return path


def test_shards_are_one_tree(folder: Path) -> None:
    with open_model(folder / "x.weights.json") as file:
        assert file.facts["shards"] == "2"
        layers = list(file.model.layers.values())
        assert [[(w.name, w.shape) for w in layer.weights or ()] for layer in layers] == [
            [("kernel", (2, 3)), ("bias", (3,))],
            [("kernel", (3, 4)), ("bias", (4,))],
        ]
        assert file.read((layers[1].weights or [])[0]).sum() == 24


def test_names_that_lead_elsewhere_are_not_followed(folder: Path) -> None:
    path = write(
        folder, {"/a": "../x_00000.weights.h5", "/b": "/etc/passwd", "/c": "x_00001.weights.h5", "/d": "C:\\x"}
    )
    with open_model(path) as file:
        assert [risk.kind for risk in file.container_risks] == ["outside-file"] * 3
        assert file.facts["shards"] == "1"


def test_says_which_files_are_missing(folder: Path) -> None:
    (folder / "x_00000.weights.h5").unlink()
    with open_model(folder / "x.weights.json") as file:
        assert any("1 of 2 files" in note for note in file.notes)
    (folder / "x_00001.weights.h5").unlink()
    with pytest.raises(FileError, match="None of the files"):
        open_model(folder / "x.weights.json")


@pytest.mark.parametrize("mapping", [[], None, "x", 3])
def test_a_map_that_is_none_is_refused(tmp_path: Path, mapping: Any) -> None:
    with pytest.raises(FileError):
        open_model(write(tmp_path, mapping))
