"""Samples in a file, read by rows: what feeds training.

A source is opened lazily and can be pickled, so that a worker process may open the file for itself. It reads whole
chunks, each once per call, and never follows a file's links to other files.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kgui.errors import DataError

if TYPE_CHECKING:
    import h5py
    import numpy as np

    Array = np.ndarray[Any, Any]

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
HDF5_FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 4: "szip", 6: "scale-offset", 32000: "lzf"}
"""What libhdf5 and h5py bring along. For any other, libhdf5 would load a plug-in's code."""

MAX_CHUNK_BYTES = 256 << 20
"""A chunk is inflated as a whole: one value of a small file can cost this much memory."""

BLOCK_BYTES = 1 << 20
"""What is read at once from a dataset that is not chunked."""


@dataclass(frozen=True, slots=True)
class Field:
    """One array of samples.

    Attributes:
        dataset: Its path in the file.
        shape: Of one sample.
        dtype: As numpy names it.
    """

    dataset: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def row_bytes(self) -> int:
        """Bytes of one sample."""
        import numpy as np

        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


class Source(Protocol):
    """Samples by row number, in one array per field.

    Attributes:
        fields: The arrays, by the name that their reader gave them.
        rows: Number of samples; the same in all fields.
        block: Rows that are best read together; 1 where any row costs the same.
    """

    fields: dict[str, Field]
    rows: int
    block: int

    def read(self, rows: Array) -> dict[str, Array]:
        """The samples of some rows, in the order of `rows`.

        Raises:
            DataError: The file has become unreadable.
        """
        ...


class ArraySource:
    """A source in memory."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.arrays = dict(arrays)
        self.fields = {name: Field(name, array.shape[1:], array.dtype.str) for name, array in self.arrays.items()}
        self.rows = len(next(iter(self.arrays.values())))
        self.block = 1

    def read(self, rows: Array) -> dict[str, Array]:
        """The samples of some rows, in the order of `rows`."""
        return {name: array[rows] for name, array in self.arrays.items()}


class Hdf5Source:
    """Datasets of an HDF5 file, side by side.

    Args:
        path: The file.
        datasets: Paths of the datasets in the file, by the name that the reader gives them.

    Raises:
        DataError: The file is missing or damaged, a dataset is missing, holds no numbers or points out of the file, or
            the datasets differ in length.
    """

    def __init__(self, path: str | Path, datasets: Mapping[str, str]) -> None:
        self.path = Path(path)
        self.datasets = dict(datasets)
        self._open: tuple[h5py.File, dict[str, h5py.Dataset]] | None = None
        opened = self._opened()
        self.fields = {
            name: Field(self.datasets[name], tuple(dataset.shape[1:]), dataset.dtype.str)
            for name, dataset in opened.items()
        }
        self.rows = _common_length({self.datasets[name]: dataset.shape[0] for name, dataset in opened.items()}, path)
        self.block = max(_block(dataset) for dataset in opened.values())

    def __getstate__(self) -> dict[str, Any]:
        # An open file cannot go to another process; it is opened there again.
        return {**self.__dict__, "_open": None}

    def read(self, rows: Array) -> dict[str, Array]:
        """The samples of some rows, in the order of `rows`.

        Raises:
            DataError: The file has become unreadable.
        """
        import numpy as np

        wanted, back = np.unique(rows, return_inverse=True)
        try:
            return {name: _read_rows(dataset, wanted)[back] for name, dataset in self._opened().items()}
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise DataError(
                f"The data have become unreadable ({_first_line(error)})",
                where=str(self.path),
                hint="Check that the file is whole and has not been moved or changed.",
            ) from error

    def close(self) -> None:
        """Closes the file; reading opens it again."""
        if self._open is not None:
            self._open[0].close()
            self._open = None

    def _opened(self) -> dict[str, h5py.Dataset]:
        if self._open is None:
            file = _open_hdf5(self.path)
            try:
                self._open = file, {name: _dataset(file, path, self.path) for name, path in self.datasets.items()}
            except BaseException:
                file.close()
                raise
        return self._open[1]


def open_source(path: str | Path, datasets: Mapping[str, str]) -> Source:
    """Opens the samples in a file: HDF5, or `.npz`.

    Args:
        path: The file; what it is, is told from its contents.
        datasets: Paths of its datasets (names of arrays in `.npz`), by the name that the reader gives them.

    Raises:
        DataError: The file cannot be read, or does not hold these datasets as numbers of one length.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError:
        raise DataError("The data file is missing", where=str(path), hint="Choose the file where it is now.") from None
    except OSError as error:
        raise DataError(f"The data file cannot be read ({error.strerror or error})", where=str(path)) from error
    if start == HDF5_SIGNATURE:
        return Hdf5Source(path, datasets)
    if start.startswith(b"PK\x03\x04"):
        return _npz(path, datasets)
    raise DataError("This is no data file that kgui can train from", where=str(path), hint="Use HDF5 or .npz.")


def _npz(path: Path, datasets: Mapping[str, str]) -> ArraySource:
    import numpy as np

    arrays = {}
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as held:
            for name, key in datasets.items():
                if key not in held.files:
                    raise _missing(key, path, held.files)
                arrays[name] = _numbers(held[key], key, path)
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"The data file is damaged ({_first_line(error)})", where=str(path)) from error
    _common_length({datasets[name]: len(array) for name, array in arrays.items()}, path)
    return ArraySource(arrays)


def _open_hdf5(path: Path) -> h5py.File:
    import h5py

    try:
        return h5py.File(path, "r", locking=False)
    except FileNotFoundError:
        raise DataError("The data file is missing", where=str(path), hint="Choose the file where it is now.") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(
            f"The data file is damaged or cut short ({_first_line(error)})",
            where=str(path),
            hint="Copy or make it again.",
        ) from error


def _dataset(file: h5py.File, wanted: str, path: Path) -> h5py.Dataset:
    """Finds a dataset through hard links alone, and refuses whatever would read beyond the file.

    The properties are asked for before the shape: asking a virtual dataset for its shape makes libhdf5 open the files
    that it is made of.
    """
    import h5py

    group = file
    parts = [part for part in wanted.split("/") if part]
    for depth, part in enumerate(parts):
        link = group.get(part, getlink=True) if isinstance(group, h5py.Group) else None
        if link is None:
            raise _missing(wanted, path, list(group.keys()) if isinstance(group, h5py.Group) else [])
        if not isinstance(link, h5py.HardLink):
            raise DataError(
                f'"{"/".join(parts[: depth + 1])}" is a link, which kgui does not follow',
                where=str(path),
                hint="Name the dataset that it points to.",
            )
        kind = group.get(part, getclass=True)
        if kind is h5py.Dataset:
            _refuse_outside(h5py.h5d.open(group.id, part.encode()), wanted, path)
        group = group[part]
    if not isinstance(group, h5py.Dataset):
        raise DataError(f'"{wanted}" is a group, not a dataset', where=str(path), hint="Name a dataset within it.")
    return _numbers(group, wanted, path)


def _refuse_outside(dataset: h5py.h5d.DatasetID, wanted: str, path: Path) -> None:
    import h5py

    properties = dataset.get_create_plist()
    if properties.get_layout() == h5py.h5d.VIRTUAL or properties.get_external_count():
        raise DataError(
            f'"{wanted}" keeps its values in other files, which kgui does not open',
            where=str(path),
            hint="Copy the values into this file.",
        )
    filters = [properties.get_filter(index)[0] for index in range(properties.get_nfilters())]
    if unknown := [number for number in filters if number not in HDF5_FILTERS]:
        raise DataError(
            f'"{wanted}" is compressed by a plug-in of HDF5 (filter {unknown[0]})',
            where=str(path),
            hint="Write it again with gzip or lzf.",
        )
    if properties.get_layout() == h5py.h5d.CHUNKED:
        size = math.prod(properties.get_chunk()) * dataset.dtype.itemsize
        if size > MAX_CHUNK_BYTES:
            raise DataError(
                f'"{wanted}" has chunks of {size >> 20} MB, too large to read',
                where=str(path),
                hint=f"Write it again with chunks below {MAX_CHUNK_BYTES >> 20} MB.",
            )


def _numbers(array: Any, name: str, path: Path) -> Any:
    if array.shape is None or len(array.shape) == 0:
        raise DataError(f'"{name}" holds one value, not one per sample', where=str(path))
    if array.dtype.kind not in "biuf":
        raise DataError(f'"{name}" holds no numbers (its type is {array.dtype})', where=str(path))
    return array


def _missing(wanted: str, path: Path, there: list[str]) -> DataError:
    names = ", ".join(f'"{name}"' for name in sorted(there)[:8])
    return DataError(f'There is no dataset "{wanted}"', where=str(path), hint=f"There are: {names}." if names else None)


def _common_length(lengths: Mapping[str, int], path: str | Path) -> int:
    if len(set(lengths.values())) > 1:
        told = ", ".join(f'"{name}" has {length}' for name, length in lengths.items())
        raise DataError(
            f"The datasets differ in their number of samples: {told}",
            where=str(path),
            hint="Inputs and targets need one row per sample each.",
        )
    rows: int = next(iter(lengths.values()), 0)
    if rows == 0:
        raise DataError("The datasets hold no samples", where=str(path))
    return rows


def _block(dataset: h5py.Dataset) -> int:
    if dataset.chunks is not None:
        rows: int = dataset.chunks[0]
        return rows
    row = math.prod(dataset.shape[1:]) * dataset.dtype.itemsize
    return BLOCK_BYTES // row if 0 < row < BLOCK_BYTES else 1


def _read_rows(dataset: h5py.Dataset, rows: Array) -> Array:
    """Reads rows (sorted, without repeats) by whole blocks, neighbouring blocks at once."""
    import numpy as np

    block = _block(dataset)
    result = np.empty((len(rows), *dataset.shape[1:]), dataset.dtype)
    if not len(rows):
        return result
    number = rows // block
    # Where the block is neither that of the row before nor the next one, a new read begins.
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 2) > 1)
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        first = int(number[start]) * block
        last = min((int(number[end - 1]) + 1) * block, dataset.shape[0])
        result[start:end] = dataset[first:last][rows[start:end] - first]
    return result


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".") or type(error).__name__
