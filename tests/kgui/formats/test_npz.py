"""NumPy archives: headers by pattern, values by rows, nothing unpickled."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgui.errors import FileError, KguiError
from kgui.formats.npz import NpzStore, open_npz, parse_header, store_in_window
from kgui.formats.open import open_model
from kgui.formats.source import look_at
from kgui.graph import Layer, Model

KERNEL = np.arange(12, dtype="float32").reshape(3, 4)


class Boom:
    """Says so if anyone unpickles it."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.write_text, (Path("/nonexistent-kgui"), "boom"))  # type: ignore[return-value]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "w.npz"
    np.savez(path, KERNEL, np.ones(4), np.asfortranarray(KERNEL.astype("int16")), np.float64(2.5))
    return path


@pytest.mark.parametrize("selection", [None, (1,), (slice(0, 2), 3), (slice(None, None, -2),), (slice(5, 1),)])
def test_reads_whole_arrays_and_parts(path: Path, selection: tuple[slice | int, ...] | None) -> None:
    store = NpzStore(path)
    listed = {entry.name: entry for entry in store.entries()}
    assert {name: (entry.shape, entry.dtype) for name, entry in listed.items()} == {
        "arr_0": ((3, 4), "float32"), "arr_1": ((4,), "float64"), "arr_2": ((3, 4), "int16"), "arr_3": ((), "float64"),
    }  # fmt: skip
    expected = KERNEL if selection is None else KERNEL[selection]
    assert np.array_equal(store.read(listed["arr_0"], selection), expected)
    assert np.array_equal(store.read(listed["arr_2"], selection), expected)
    assert store.read(listed["arr_3"]) == 2.5
    store.close()


def test_arrays_without_paths_go_by_the_order_of_get_weights(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    np.savez(
        path, KERNEL, np.zeros(4), np.zeros(4), np.zeros(4), np.zeros(4), np.zeros(4), np.zeros((4, 2)), np.zeros(2)
    )
    layers = [Layer(0, "a", "Dense"), Layer(1, "b", "BatchNormalization"), Layer(2, "c", "Dense")]
    model = Model("functional", layers={layer.id: layer for layer in layers})
    store = NpzStore(path)
    assert store.attach(model) == []
    store.close()
    assert [len(layer.weights or ()) for layer in layers] == [2, 4, 2]
    assert [w.shape for w in layers[2].weights or ()] == [(4, 2), (2,)]


def test_paths_of_attributes_go_to_layers(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    np.savez(path, **{"layers/dense/vars/0": KERNEL, "layers/dense/vars/1": np.zeros(4)})  # type: ignore[arg-type]
    with open_model(path) as file:
        assert file.format == "npz"
        assert [(layer.class_name, len(layer.weights or ())) for layer in file.model.layers.values()] == [("Dense", 2)]


def test_pickled_arrays_are_named_and_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    np.savez(path, bad=np.array([Boom()], dtype=object), good=np.ones(3))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("bare.npy", b"\x80\x04K\x01.")
    store = NpzStore(path)
    model = Model("weights")
    notes = store.attach(model)
    assert [risk.kind for risk in store.risks] == ["pickle", "pickle"]
    assert "pickled" in notes[0]
    assert [w.name for w in model.layers[0].weights or ()] == ["good"]
    bad = next(entry for entry in store.entries() if entry.name == "bad")
    with pytest.raises(FileError, match="no numbers"):
        store.read(bad)
    store.close()
    assert not Path("/nonexistent-kgui").exists()


def test_arrays_that_claim_more_than_the_file_holds(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)})  # type: ignore[arg-type]
    path = tmp_path / "w.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("huge.npy", buffer.getvalue())
    store = NpzStore(path)
    entry = store.entries()[0]
    assert [risk.kind for risk in store.risks] == ["shape-bomb"]
    with pytest.raises(KguiError, match="more bytes"):
        store.read(entry)
    store.close()


def test_reads_in_place_and_from_memory(path: Path, tmp_path: Path) -> None:
    outer = tmp_path / "model.keras"
    outer.write_bytes(b"x" * 100 + path.read_bytes() + b"y" * 50)
    window = store_in_window(outer, window=(100, path.stat().st_size))
    memory = store_in_window(outer, data=path.read_bytes())
    for store in (window, memory):
        assert np.array_equal(store.read(store.entries()[0]), KERNEL)
        store.close()


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': __import__('os'), }",
        "{'shape': (3,)}",
        "not a dict",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, -1), }",
    ],
)
def test_headers_are_taken_by_pattern(text: str) -> None:
    data = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
    with pytest.raises(FileError):
        parse_header(data)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes_give_values_or_a_sentence(path: Path, changes: list[tuple[float, int]]) -> None:
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[int(place * len(data))] = value
    changed = path.with_name("changed.npz")
    changed.write_bytes(data)
    try:
        file = open_npz(look_at(changed))
        with file:
            for entry in file.list_weights():
                file.read(entry, tuple(0 for _ in entry.shape))
    except KguiError as error:
        assert str(error)
