import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgui.data.source import ArraySource, Hdf5Source, open_source
from kgui.errors import DataError


@pytest.fixture(scope="module")
def images() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).integers(0, 17, (100, 4, 3), dtype=np.uint8)


@pytest.fixture(scope="module", params=["chunked", "contiguous", "npz"])
def file(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, images: np.ndarray[Any, Any]
) -> Path:
    path = tmp_path_factory.mktemp("data") / f"{request.param}.data"
    labels = np.arange(100, dtype=">i4")
    if request.param == "npz":
        with path.open("wb") as stream:
            np.savez(stream, images=images, labels=labels)
        return path
    stored: dict[str, Any] = {"chunks": (7, 4, 3), "compression": "gzip"} if request.param == "chunked" else {}
    with h5py.File(path, "w") as out:
        out.create_dataset("images", data=images, **stored)
        out.create_dataset("labels", data=labels)
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(rows=st.lists(st.integers(0, 99), max_size=150))
def test_any_rows_come_in_the_order_they_were_asked_for(
    file: Path, images: np.ndarray[Any, Any], rows: list[int]
) -> None:
    source = open_source(file, {"x": "images", "y": "labels"})
    assert source.rows == 100
    assert source.fields["x"].shape == (4, 3)
    read = source.read(np.array(rows, np.int64))
    np.testing.assert_array_equal(read["x"], images[rows])
    np.testing.assert_array_equal(read["y"], rows)


def test_a_source_goes_to_another_process_and_opens_its_file_there(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "d.h5", "w") as out:
        out["x"] = np.arange(10)
    source = pickle.loads(pickle.dumps(Hdf5Source(tmp_path / "d.h5", {"x": "x"})))
    assert source.read(np.array([3, 1]))["x"].tolist() == [3, 1]


def test_one_row_reads_no_more_than_its_chunk(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "d.h5", "w") as out:
        data = out.create_dataset("x", (100, 1000), "u1", chunks=(10, 1000), compression="gzip")
        data[:] = 1
    # All chunks but the second are damaged: reading from it alone must not meet them.
    with h5py.File(tmp_path / "d.h5") as held:
        places = [held["x"].id.get_chunk_info(index) for index in range(10)]
    raw = bytearray((tmp_path / "d.h5").read_bytes())
    for place in places:
        if place.chunk_offset[0] != 10:
            raw[place.byte_offset : place.byte_offset + place.size] = b"\xff" * place.size
    (tmp_path / "d.h5").write_bytes(raw)
    source = Hdf5Source(tmp_path / "d.h5", {"x": "x"})
    assert source.read(np.array([13, 17]))["x"].sum() == 2000
    with pytest.raises(DataError, match="have become unreadable"):
        source.read(np.array([23]))


def hdf5(path: Path) -> None:
    with h5py.File(path.parent / "other.h5", "w") as other:
        other["secret"] = np.arange(5)
    (path.parent / "raw.bin").write_bytes(bytes(40))
    with h5py.File(path, "w") as out:
        out["x"] = np.zeros((5, 2))
        out["short"] = np.zeros(4)
        out["scalar"] = 3.0
        out["words"] = ["a"] * 5
        out["empty"] = np.zeros((0, 3))
        out["null"] = h5py.Empty("f4")
        out["group/y"] = np.zeros(5)
        out["soft"] = h5py.SoftLink("/x")
        out["linked"] = h5py.ExternalLink("other.h5", "/secret")
        layout = h5py.VirtualLayout((5,), "i8")
        layout[:] = h5py.VirtualSource(str(path.parent / "other.h5"), "secret", (5,))
        out.create_virtual_dataset("virtual", layout)
        out.create_dataset("external", (5,), "i8", external=[(str(path.parent / "raw.bin"), 0, 40)])
        out.create_dataset("wide", (5, 1 << 29), "u1", chunks=(1, 1 << 29))


@pytest.mark.parametrize(
    ("dataset", "says"),
    [
        ("nothing", 'There is no dataset "nothing". There are: "empty", "external"'),
        ("x/deeper", 'There is no dataset "x/deeper".'),
        ("group", '"group" is a group, not a dataset'),
        ("", '"" is a group, not a dataset'),
        ("short", 'The datasets differ in their number of samples: "x" has 5, "short" has 4.'),
        ("scalar", '"scalar" holds one value, not one per sample'),
        ("null", '"null" holds one value, not one per sample'),
        ("words", '"words" holds no numbers'),
        ("soft", '"soft" is a link, which kgui does not follow'),
        ("linked", '"linked" is a link, which kgui does not follow'),
        ("virtual", '"virtual" keeps its values in other files'),
        ("external", '"external" keeps its values in other files'),
        ("wide", '"wide" has chunks of 512 MB'),
    ],
)
def test_what_cannot_feed_training_is_told(tmp_path: Path, dataset: str, says: str) -> None:
    path = tmp_path / "d.h5"
    hdf5(path)
    with pytest.raises(DataError) as error:
        open_source(path, {"a": "x", "b": dataset})
    assert says in str(error.value)
    assert str(path) in str(error.value)


def test_datasets_in_groups_are_found(tmp_path: Path) -> None:
    hdf5(tmp_path / "d.h5")
    assert open_source(tmp_path / "d.h5", {"a": "x", "b": "/group/y"}).rows == 5


def test_no_samples_are_told(tmp_path: Path) -> None:
    hdf5(tmp_path / "d.h5")
    with pytest.raises(DataError, match="hold no samples"):
        open_source(tmp_path / "d.h5", {"a": "empty"})


def test_damaged_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "d.h5"
    hdf5(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="damaged or cut short"):
        open_source(path, {"a": "x"})
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(DataError, match="damaged"):
        open_source(path, {"a": "x"})
    path.write_bytes(b"x,y\n1,2\n")
    with pytest.raises(DataError, match=r"no data file that kgui can train from\. Use HDF5 or \.npz"):
        open_source(path, {"a": "x"})
    with pytest.raises(DataError, match="is missing"):
        open_source(tmp_path / "nix.h5", {"a": "x"})


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.array([print, 3], dtype=object))
    with pytest.raises(DataError, match="damaged"):
        open_source(tmp_path / "d.npz", {"x": "x"})


def test_arrays_in_memory() -> None:
    source = ArraySource({"x": np.arange(6).reshape(3, 2)})
    assert source.fields["x"].row_bytes == 16
    assert source.read(np.array([2, 0]))["x"].tolist() == [[4, 5], [0, 1]]
