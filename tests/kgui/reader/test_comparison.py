"""Two files compared by the reader: real processes, real files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kgui.errors import FileError
from kgui.formats import open_model
from kgui.processes import Answer
from kgui.reader.client import Reader
from kgui.reports.diff import Difference, diff
from kgui.reports.diff_transfer import difference_from_json, difference_to_json

Made = dict[str, Any]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    started = Reader(children=1)
    yield started
    started.close()


def write(path: Path, units: int = 3, last: float = 1.0, activation: str = "relu") -> Path:
    dense = {"name": "d", "units": units, "activation": activation, "batch_input_shape": [None, 4]}
    layers = [{"class_name": "Dense", "config": dense}]
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}, "keras_version": "2.4.0"}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(config), "2.4.0"
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"d"]
        inner = group.create_group("d")
        inner.attrs["weight_names"] = [b"d/kernel:0", b"d/bias:0"]
        inner["d/kernel:0"] = np.arange(4 * units, dtype="f4").reshape(4, units)
        inner["d/bias:0"] = np.array([0.0] * (units - 1) + [last], "f4")
    return path


def ask(reader: Reader, old: Path, new: Path, **params: Any) -> Made:
    answer: Answer = reader.ask("compare", old, {"other": str(new), **params}, convert=lambda it: it).result(30)
    value: Made = answer.value
    return value


def test_the_reader_says_what_diff_says(reader: Reader, tmp_path: Path) -> None:
    old, new = write(tmp_path / "a.h5"), write(tmp_path / "b.h5", last=float("nan"), activation="tanh")
    found = difference_from_json(ask(reader, old, new, values=True)["difference"])
    with open_model(old) as a, open_model(new) as b:
        expected = diff(a.model, b.model, a.inference, b.inference, read_a=a.read, read_b=b.read)
    assert found.text() == expected.text()
    [layer] = found.layers
    assert layer.kinds == ["arguments", "weights"]
    assert [(change.old, change.new) for change in layer.arguments] == [("relu", "tanh")]
    assert found.compared == 2 and found.equal == 1
    assert layer.old_path in [pair[0] for pair in found.pairs]


def test_without_values_only_shapes_are_compared(reader: Reader, tmp_path: Path) -> None:
    old = write(tmp_path / "a.h5")
    same = difference_from_json(ask(reader, old, write(tmp_path / "b.h5", last=2.0))["difference"])
    assert same.same and not same.read_weights
    other = difference_from_json(ask(reader, old, write(tmp_path / "c.h5", units=5))["difference"])
    [layer] = other.layers
    assert [weight.new_shape for weight in layer.weights] == [(4, 5), (5,)]


def test_models_come_once_unless_a_file_changes(reader: Reader, tmp_path: Path) -> None:
    old, new = write(tmp_path / "a.h5"), write(tmp_path / "b.h5")
    first = ask(reader, old, new)
    assert [model["model"]["name"] for model in first["models"]] == ["s", "s"]
    assert ask(reader, old, new, known=first["stamps"])["models"] is None
    write(new, units=7)
    assert ask(reader, old, new, known=first["stamps"])["models"] is not None


def test_a_file_that_cannot_be_read_is_a_sentence(reader: Reader, tmp_path: Path) -> None:
    old = write(tmp_path / "a.h5")
    with pytest.raises(FileError, match="gone"):
        ask(reader, old, tmp_path / "gone.h5")


def test_transfer_is_exact(tmp_path: Path) -> None:
    old, new = write(tmp_path / "a.h5"), write(tmp_path / "b.h5", units=5, activation="tanh")
    with open_model(old) as a, open_model(new) as b:
        found = diff(a.model, b.model, a.inference, b.inference, read_a=a.read, read_b=b.read)
    assert difference_from_json(json.loads(json.dumps(difference_to_json(found)))) == found
    assert difference_from_json(difference_to_json(Difference())) == Difference()
