"""Architectures beside their weights: what is paired is the same as if it came from one file."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np

from kgui import open_model


def test_a_subclassed_model_has_the_layers_of_its_weights(tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text(
        json.dumps({"class_name": "Net", "config": {"size": 3}, "module": None, "registered_name": "Net"})
    )
    with h5py.File(tmp_path / "net.weights.h5", "w") as file:
        for place in ("blocks/dense", "blocks/dense_1", "head"):
            file[f"{place}/vars/0"] = np.zeros((2, 3), "float32")
            file[f"{place}/vars/1"] = np.zeros(3, "float32")
    with open_model(tmp_path / "net.json") as paired, open_model(tmp_path / "net.weights.h5") as alone:
        for opened in (paired, alone):
            opened.list_weights()
            assert opened.inference.params == 27, opened.notes
        assert [len(layer.weights or ()) for layer in paired.model.layers.values()] == [2, 2, 2]
        assert paired.notes[1:] == ["Paired by name with the weights in 'net.weights.h5'."]
