"""Opening HDF5 that nobody should trust: what is listed, what is refused, and what is said about it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from kgui.errors import FileError, LimitError
from kgui.formats.hdf5 import SafeHdf5, Window, has_signature, is_hdf5


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.h5"
    with h5py.File(path, "w") as file:
        file["a/kernel"] = np.arange(12, dtype="float32").reshape(3, 4)
        file["a/bias"] = np.zeros(4, "float16")
        file["b\\vars\\0"] = np.ones(2, "int8")
        file.attrs["text"] = "héllo"
        file.attrs["fixed"] = np.bytes_("fixed")
        file.attrs["names"] = [b"one", b"two"]
        file["a"].attrs["names0"] = np.array([b"x"] * 3)
        file["a"].attrs["names1"] = np.array([b"y"] * 2)
        file["a"].attrs["number"] = 7
    return path


def test_lists_every_array_with_shape_and_dtype(plain: Path) -> None:
    with SafeHdf5(plain) as file:
        found = {d.path: (d.shape, d.dtype, d.nbytes) for d in file.tree.datasets.values()}
    assert found == {
        "a/bias": ((4,), "float16", 8),
        "a/kernel": ((3, 4), "float32", 48),
        "b/vars/0": ((2,), "int8", 2),
    }


def test_reads_whole_arrays_and_parts(plain: Path) -> None:
    with SafeHdf5(plain) as file:
        assert file.read("a/kernel").tolist() == np.arange(12).reshape(3, 4).tolist()
        assert file.read("a/kernel", (slice(None, None, 2), 1)).tolist() == [1, 9]
        assert file.read("b/vars/0").tolist() == [1, 1]
        with pytest.raises(FileError, match="no array"):
            file.read("a/nothing")
        with pytest.raises(FileError, match="outside"):
            file.read("a/kernel", (3,))


@pytest.mark.parametrize("walked", [False, True])
def test_reads_attributes_of_every_kind_that_keras_writes(plain: Path, walked: bool) -> None:
    with SafeHdf5(plain) as file:
        if walked:
            assert file.tree.groups
        assert file.text("", "text") == "héllo"
        assert file.text("", "fixed") == "fixed"
        assert file.text("", "missing") is None
        assert file.names("", "names") == ["one", "two"]
        assert file.names("a", "names") == ["x", "x", "x", "y", "y"]
        assert file.names("a", "other") is None
        assert file.attribute("a", "number") == 7
        assert file.attribute("no/such/group", "number") is None


def test_reads_in_place_through_a_window(plain: Path, tmp_path: Path) -> None:
    archive = tmp_path / "model.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.write(plain, "weights.h5")
    start = archive.read_bytes().index(b"\x89HDF")
    with SafeHdf5(archive, Window(start, plain.stat().st_size)) as file:
        assert list(file.tree.datasets) == ["a/bias", "a/kernel", "b/vars/0"]
        assert file.read("a/kernel")[2, 3] == 11
        assert file.text("", "text") == "héllo"
    with pytest.raises(FileError):
        SafeHdf5(archive, Window(start, 10**9))


@pytest.mark.parametrize("block", [0, 512, 1024, 4096])
def test_finds_hdf5_after_a_user_block(tmp_path: Path, block: int) -> None:
    path = tmp_path / "block"
    with h5py.File(path, "w", userblock_size=block) as file:
        file["x"] = [1.0]
    assert is_hdf5(path)
    assert has_signature(path.read_bytes())
    with SafeHdf5(path) as opened:
        assert list(opened.tree.datasets) == ["x"]


def test_bfloat16_is_two_opaque_bytes(tmp_path: Path) -> None:
    import ml_dtypes

    path = tmp_path / "b.h5"
    values = np.array([1.5, -2.0, 3.25], dtype=ml_dtypes.bfloat16)
    with h5py.File(path, "w") as file:
        file.create_dataset("k", data=values).attrs["dtype"] = "bfloat16"
    with SafeHdf5(path) as opened:
        assert opened.tree.datasets["k"].dtype == "bfloat16"
        assert opened.read("k").astype("float32").tolist() == [1.5, -2.0, 3.25]


def test_names_what_points_out_of_the_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"s" * 64)
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["d"] = np.arange(4.0)
    path = tmp_path / "evil.h5"
    with h5py.File(path, "w") as file:
        file["good"] = [1.0]
        file["soft"] = h5py.SoftLink("/good")
        file["ext"] = h5py.ExternalLink(str(other), "d")
        file.create_dataset("raw", (16,), "float32", external=[(str(secret), 0, 64)])
        layout = h5py.VirtualLayout((4,), "float64")
        layout[:] = h5py.VirtualSource(str(other), "d", (4,))
        file.create_virtual_dataset("virtual", layout)
    with SafeHdf5(path) as opened:
        listed = opened.tree.datasets
        kinds = {risk.kind: risk.where for risk in opened.risks}
        with pytest.raises(FileError, match="another file"):
            opened.read("raw")
        with pytest.raises(FileError, match="no array"):
            opened.read("ext")
        assert opened.attribute("ext", "anything") is None
    assert sorted(listed) == ["good", "raw"]
    assert sorted(kinds) == ["external-link", "external-storage", "soft-link", "virtual-dataset"]
    assert kinds["external-storage"] == "HDF5 dataset 'raw'"


def test_refuses_arrays_that_are_not_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bomb.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("huge", (1 << 20, 1 << 20), "float32", chunks=(64, 64), compression="gzip")
        file.create_dataset("fine", (1000,), "float32", chunks=(100,))
    with SafeHdf5(path) as opened:
        assert opened.tree.datasets["huge"].shape == (1 << 20, 1 << 20)
        assert [risk.kind for risk in opened.risks] == ["shape-bomb"]
        with pytest.raises(LimitError, match="claims"):
            opened.read("huge")
        assert opened.read("huge", (0, slice(0, 4))).tolist() == [0, 0, 0, 0]
        assert opened.read("fine").sum() == 0


def test_refuses_one_chunk_that_inflates_to_more_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "chunk.h5"
    side = 6_000
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (side, side), "float32", chunks=(side, side), compression="gzip", data=None)
    with SafeHdf5(path) as opened, pytest.raises(LimitError, match="pieces"):
        opened.read("x", (0, 0))


def test_reads_compressed_arrays(tmp_path: Path) -> None:
    path = tmp_path / "z.h5"
    values = np.random.default_rng(0).integers(0, 3, (300, 300)).astype("float32")
    with h5py.File(path, "w") as file:
        for name in ("gzip", "lzf"):
            file.create_dataset(name, data=values, compression=name, shuffle=True, fletcher32=True)
    with SafeHdf5(path) as opened:
        for name in ("gzip", "lzf"):
            assert np.array_equal(opened.read(name), values)
        assert opened.risks == []


def test_refuses_filters_that_need_a_plugin(tmp_path: Path) -> None:
    path = tmp_path / "plugin.h5"
    with h5py.File(path, "w") as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((4,))
        properties.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (1,))
        space = h5py.h5s.create_simple((4,))
        h5py.h5d.create(file.id, b"zstd", h5py.h5t.IEEE_F32LE, space, dcpl=properties)
    with SafeHdf5(path) as opened:
        assert opened.tree.datasets["zstd"].refused == "unknown-filter"
        assert [risk.kind for risk in opened.risks] == ["unknown-filter"]
        with pytest.raises(FileError, match="packed"):
            opened.read("zstd")


def test_a_group_in_itself_ends(tmp_path: Path) -> None:
    path = tmp_path / "cycle.h5"
    with h5py.File(path, "w") as file:
        file["a/x"] = [1.0]
        file["a/again"] = file["/"]
        file["a/self"] = file["a"]
    with SafeHdf5(path) as opened:
        assert list(opened.tree.datasets) == ["a/x"]
        assert [risk.kind for risk in opened.risks] == ["hdf5-cycle", "hdf5-cycle"]


def test_depth_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "deep.h5"
    with h5py.File(path, "w") as file:
        group = file
        for _ in range(400):
            group = group.create_group("g")
    with SafeHdf5(path) as opened, pytest.raises(LimitError, match="deep"):
        assert opened.tree


def test_says_in_a_sentence_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        SafeHdf5(tmp_path / "nothing.h5")
    with pytest.raises(FileError, match="no file"):
        SafeHdf5(tmp_path)
    broken = tmp_path / "broken.h5"
    broken.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    with pytest.raises(FileError, match="damaged"):
        SafeHdf5(broken)


def test_no_plugin_folder_is_searched(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    code = (
        "from kgui.formats.hdf5 import import_h5py; import_h5py(); import os; print(os.environ['HDF5_PLUGIN_PRELOAD'])"
    )
    environment = {key: value for key, value in os.environ.items() if key != "HDF5_PLUGIN_PRELOAD"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "::"


def test_texts_whose_list_never_ends_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "heap.h5"
    with h5py.File(path, "w") as file:
        file.attrs["text"] = "variable length"
    data = bytearray(path.read_bytes())
    heap = data.index(b"GCOL")
    data[heap + 16 : heap + 32] = bytes(16)  # an entry of length 0, on which libhdf5 1.14.6 hangs
    path.write_bytes(data)
    with SafeHdf5(path) as opened, pytest.raises(FileError, match="damaged"):
        opened.text("", "text")


MUTATIONS = """
import random, sys
from pathlib import Path
from kgui.errors import KguiError
from kgui.formats.hdf5 import SafeHdf5

seed, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
original = seed.read_bytes()
changed = seed.with_name("changed.h5")
for number in range(first, last):
    print(number, flush=True)
    random.seed(number)
    data = bytearray(original)
    for _ in range(random.randint(1, 6)):
        data[random.randrange(8, len(data))] = random.randrange(256)
    changed.write_bytes(data)
    try:
        with SafeHdf5(changed) as opened:
            for dataset in list(opened.tree.datasets.values()):
                try:
                    opened.read(dataset.path, tuple(0 for _ in dataset.shape))
                except KguiError:
                    pass
            opened.names("a", "names")
    except KguiError as error:
        assert "changed.h5" in str(error)
"""


def test_changed_bytes_give_values_or_a_sentence(plain: Path) -> None:
    """In a process of its own: libhdf5 itself crashes on some damaged files, which is why kgui has a reader process."""
    import subprocess
    import sys

    first, last, deaths = 0, 400, 0
    while first < last:
        words = [sys.executable, "-c", MUTATIONS, str(plain), str(first), str(last)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode == 0:
            return
        # A signal is libhdf5's; anything else is an error that kgui should have put into words.
        assert done.returncode < 0, done.stderr
        deaths += 1
        assert deaths < 40
        first = int(done.stdout.split()[-1]) + 1
