"""The reader as the window uses it: real processes, real files, and processes that die in the middle."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kgui.errors import FileError, KguiError, LimitError, ProcessDied
from kgui.formats import open_model
from kgui.graph.transfer import model_to_json
from kgui.inference.transfer import inference_to_json
from kgui.reader.client import Reader

DENSE = {"class_name": "Dense", "config": {"name": "d", "units": 3, "batch_input_shape": [None, 4]}}
MODEL = {"class_name": "Sequential", "config": {"name": "s", "layers": [DENSE]}, "keras_version": "2.4.0"}
LAMBDA = {"class_name": "Lambda", "config": {"name": "l", "function": ["4wAA" + "A" * 60, None, None]}}


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    started = Reader()
    yield started
    started.close()
    assert started.processes == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("reader")]


@pytest.fixture
def own_reader() -> Iterator[tuple[Reader, list[str]]]:
    told: list[str] = []
    started = Reader(on_restart=told.append, children=1)
    yield started, told
    started.close()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(MODEL), "2.4.0"
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"d"]
        inner = group.create_group("d")
        inner.attrs["weight_names"] = [b"d/kernel:0", b"d/bias:0"]
        inner["d/kernel:0"] = np.arange(12, dtype="f4").reshape(4, 3)
        inner["d/bias:0"] = np.array([np.nan, 0, 1], "f4")
    return path


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_open_gives_what_open_model_gives(reader: Reader, model: Path) -> None:
    opened = reader.open(model).result(30)
    with open_model(model, weights=False) as file:
        assert model_to_json(opened.model) == model_to_json(file.model)
        assert inference_to_json(opened.inference) == inference_to_json(file.inference)
        assert (opened.format, opened.keras_version, opened.facts) == (file.format, file.keras_version, file.facts)
        assert (opened.risks, opened.notes, opened.training) == (file.risks, file.notes, file.training)
    assert opened.path == model and opened.project is None


def test_risks_come_with_the_model(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps({**MODEL, "config": [DENSE, LAMBDA]}))
    [risk] = reader.open(path).result(30).risks
    assert (risk.kind, risk.where) == ("lambda-bytecode", "layer 'l', 'function'")


def test_weights_values_and_statistics(reader: Reader, model: Path) -> None:
    opened = reader.open(model).result(30)
    listed = reader.weights(model).result(30)
    listed.attach(opened.model)
    [layer] = [layer for layer in opened.model.layers.values() if layer.name == "d"]
    assert layer.weights is not None
    kernel, bias = layer.weights
    assert [kernel.shape, bias.shape] == [(4, 3), (3,)]
    np.testing.assert_array_equal(reader.values(model, kernel).result(30), np.arange(12, dtype="f4").reshape(4, 3))
    part = reader.values(model, kernel, (slice(1, None, 2), 2)).result(30)
    np.testing.assert_array_equal(part, [5, 11])
    told: list[Any] = []
    found = reader.statistics(model, bias, bins=4, on_progress=lambda *what: told.append(what)).result(30)
    assert (found.count, found.nan, found.zeros, found.minimum, found.maximum) == (3, 1, 1, 0, 1)
    assert found.histogram == [1, 0, 0, 1]


@pytest.mark.parametrize("selection", [(9,), (slice(None), 3), (0, 0, 0)])
def test_a_selection_that_is_not_there_is_a_sentence(reader: Reader, model: Path, selection: Any) -> None:
    entry = reader.weights(model).result(30).entries[0]
    with pytest.raises(KguiError):
        reader.values(model, entry, selection).result(30)
    with pytest.raises(FileError, match="no such array"):
        reader.values(model, "nothing").result(30)


def test_too_much_at_once_is_refused_with_a_hint(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "large.weights.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("layers/dense/vars/0", (1 << 27,), "f4")
        file["layers/dense/vars/0"][-1] = 1
    entry = reader.weights(path).result(30).entries[0]
    with pytest.raises(LimitError, match="smaller part"):
        reader.values(path, entry).result(30)


def test_a_file_that_has_changed_is_read_anew(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    for units in (3, 50):
        layer = {**DENSE, "config": {**DENSE["config"], "units": units}}
        path.write_text(json.dumps({**MODEL, "config": [layer]}))
        assert reader.open(path).result(30).inference.params == 5 * units


def test_a_project_opens_the_model_that_it_points_to(reader: Reader, model: Path) -> None:
    project = model.with_suffix(".kgui")
    project.write_text(json.dumps({"kgui": 1, "name": "p", "model": model.name, "plan": {"a": 1}}))
    opened = reader.open(project).result(30)
    assert opened.path == model
    assert opened.project is not None and opened.project["plan"] == {"a": 1}
    project.write_text(json.dumps({"kgui": 1}))
    with pytest.raises(FileError, match="names no model"):
        reader.open(project).result(30)


@pytest.mark.parametrize("name", ["missing.h5", "größe \udcff\n.h5", "folder", "empty", "text"])
def test_what_cannot_be_opened_is_one_sentence(reader: Reader, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif name in ("empty", "text"):
        path.write_text("" if name == "empty" else "to be or not to be")
    with pytest.raises(FileError) as caught:
        reader.open(path).result(30)
    assert "mistake" not in str(caught.value)


@pytest.mark.slow
def test_fifty_deaths_at_random_moments_cost_one_answer_each(own_reader: tuple[Reader, list[str]], model: Path) -> None:
    reader, told = own_reader
    reader.open(model).result(30)
    for moment in range(10):
        requests = [reader.open(model) for _ in range(5)]
        time.sleep(0.002 * moment)
        killed = reader.processes
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        failed = 0
        for request in requests:
            try:
                assert request.result(30).format == "hdf5"
            except FileError as error:
                assert "stopped while it read" in str(error)
                failed += 1
        assert failed <= 1
    # The last kill may not have been noticed yet: a request must not go to a process that is dead already.
    while set(killed) & set(reader.processes):
        time.sleep(0.01)
    assert reader.open(model).result(30).inference.params == 15
    assert 8 <= len(told) <= 10
    assert "SIGKILL" in told[0] and told[0].endswith("started again.")


def test_a_crash_names_the_file_and_its_signal(own_reader: tuple[Reader, list[str]], model: Path) -> None:
    reader, _ = own_reader
    reader.open(model).result(30)
    os.kill(reader.processes[0], signal.SIGSTOP)
    request = reader.open(model)
    time.sleep(0.1)
    os.kill(reader.processes[0], signal.SIGSEGV)
    os.kill(reader.processes[0], signal.SIGCONT)
    with pytest.raises(FileError, match=r"model.h5: The file made the reader stop \(killed by SIGSEGV\)"):
        request.result(30)


def test_a_reader_that_hangs_is_given_up_at_the_deadline(own_reader: tuple[Reader, list[str]], model: Path) -> None:
    reader, _ = own_reader
    reader.open(model).result(30)
    os.kill(reader.processes[0], signal.SIGSTOP)
    start = time.monotonic()
    with pytest.raises(FileError, match="gave the file up"):
        reader.open(model, deadline=0.3).result(30)
    assert time.monotonic() - start < 3
    assert reader.open(model).result(30).format == "hdf5"


@pytest.mark.slow
def test_cancel_frees_a_stuck_reader_and_is_no_crash(own_reader: tuple[Reader, list[str]], model: Path) -> None:
    reader, told = own_reader
    reader.open(model).result(30)
    os.kill(reader.processes[0], signal.SIGSTOP)
    first, second = reader.open(model), reader.open(model)
    time.sleep(0.05)
    second.cancel()
    first.cancel()
    for request in (first, second):
        with pytest.raises(CancelledError):
            request.result(1)
    assert reader.open(model).result(30).format == "hdf5"
    assert told == []


def test_a_second_file_opens_while_the_first_one_is_stuck(model: Path) -> None:
    reader = Reader()
    try:
        reader.open(model).result(30)
        [stuck] = reader.processes
        os.kill(stuck, signal.SIGSTOP)
        first = reader.open(model)
        assert reader.open(model).result(30).format == "hdf5"
        assert len(reader.processes) == 2
        os.kill(stuck, signal.SIGCONT)
        assert first.result(30).format == "hdf5"
    finally:
        reader.close()


def test_no_call_waits_even_for_a_process_that_is_not_there(model: Path) -> None:
    start = time.monotonic()
    reader = Reader()
    requests = [reader.open(model) for _ in range(50)]
    assert time.monotonic() - start < 1
    reader.close()
    for request in requests:
        try:
            request.result(5)
        except (CancelledError, KguiError):
            continue


@pytest.mark.slow
def test_a_process_that_cannot_start_is_not_started_for_ever(model: Path) -> None:
    told: list[str] = []
    reader = Reader(on_restart=told.append, children=1, env={"PYTHONHOME": "/nowhere"}, stderr=-3)
    try:
        with pytest.raises(ProcessDied, match="cannot be started"):
            reader.open(model).result(60)
        assert len(told) <= 6
    finally:
        reader.close()


def test_the_reader_is_locked(reader: Reader, model: Path) -> None:
    reader.open(model).result(30)
    status = Path(f"/proc/{reader.processes[0]}/status")
    if not status.exists():
        pytest.skip("no /proc")
    assert "Seccomp:\t2" in status.read_text()
    assert "NoNewPrivs:\t1" in status.read_text()


def test_forget_closes_the_file(own_reader: tuple[Reader, list[str]], model: Path) -> None:
    reader, _ = own_reader
    reader.open(model, weights=True).result(30)
    descriptors = Path(f"/proc/{reader.processes[0]}/fd")

    def is_open() -> bool:
        return any(link.readlink() == model for link in descriptors.iterdir() if link.exists())

    if not descriptors.exists() or not is_open():
        pytest.skip("the file is mapped, not held open, or there is no /proc")
    reader.forget(model)
    assert until(lambda: not is_open())


def test_an_overview_comes_as_two_arrays(reader: Reader, model: Path) -> None:
    low, high = reader.overview(model, "model_weights/d/d/kernel:0", axes=(0, 1), index=(0, 0), most=(2, 3)).result(30)
    np.testing.assert_array_equal(low, [[0, 1, 2], [6, 7, 8]])
    np.testing.assert_array_equal(high, [[3, 4, 5], [9, 10, 11]])


def test_arrays_of_a_project_are_those_of_its_model(reader: Reader, model: Path) -> None:
    project = model.with_name("p.kgui")
    project.write_text(json.dumps({"kgui": 1, "model": model.name}))
    listed = reader.weights(project).result(30)
    kernel = next(weight for weight in listed.entries if weight.shape == (4, 3))
    assert reader.values(project, kernel).result(30).shape == kernel.shape
    assert reader.statistics(project, kernel).result(30).count == 12
