"""NumPy archives: names, shapes and dtypes from the headers of the arrays. Nothing is ever unpickled.

A header is a Python literal, of which only the three keys that NumPy writes are taken, by pattern. Layout:
https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import io
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kgui.errors import FileError, LimitError
from kgui.formats.file import ModelFile
from kgui.formats.hdf5 import MAX_RATIO, as_bfloat16, selected_bytes
from kgui.formats.notes import quoted
from kgui.formats.source import Source, unreadable
from kgui.graph import Layer, Model, Weight
from kgui.reports.risks import Risk, risk

if TYPE_CHECKING:
    import numpy as np

    from kgui.formats.store import Selection

MAX_MEMBERS = 100_000
MAX_HEADER_BYTES = 64 << 10
MAX_FREE_BYTES = 16 << 20
"""Arrays up to this size are read without asking how well they are packed."""

_MAGIC = b"\x93NUMPY"
_DESCR = re.compile(rb"'descr'\s*:\s*'([^']{1,32})'")
_ORDER = re.compile(rb"'fortran_order'\s*:\s*(True|False)")
_SHAPE = re.compile(rb"'shape'\s*:\s*\(([\d\s,L]*)\)")
_PLAIN = re.compile(r"[<>|=]?[biufc?]\d{0,2}")
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError)


@dataclass(slots=True)
class NpzArray:
    """An array of an archive.

    Attributes:
        path: Its name, without ".npy".
        shape: Sizes.
        dtype: Name; "object" if its values are pickled.
        descr: The dtype as NumPy's header has it.
        fortran: Whether the first axis varies fastest.
        start: Bytes of the header.
        member: Name of the member.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    descr: str
    fortran: bool
    start: int
    member: str


def parse_header(data: bytes) -> tuple[tuple[int, ...], str, bool, int]:
    """Shape, dtype, order and length of the header of a `.npy`.

    Raises:
        FileError: It is none.
    """
    if len(data) < 10 or not data.startswith(_MAGIC):
        raise FileError("It is no NumPy array")
    wide = data[6] >= 2
    length = int.from_bytes(data[8:12] if wide else data[8:10], "little")
    start = (12 if wide else 10) + length
    if length > MAX_HEADER_BYTES or start > len(data):
        raise FileError("Its header is damaged")
    text = data[12 if wide else 10 : start]
    descr, order, shape = _DESCR.search(text), _ORDER.search(text), _SHAPE.search(text)
    if order is None or shape is None:
        raise FileError("Its header is damaged")
    sizes = tuple(int(part.strip().rstrip(b"L")) for part in shape.group(1).split(b",") if part.strip().rstrip(b"L"))
    if len(sizes) > 64 or any(size >= 1 << 62 for size in sizes):
        raise FileError("Its header is damaged")
    return sizes, descr.group(1).decode("latin-1") if descr else "", order.group(1) == b"True", start


def dtype_name(descr: str) -> str:
    """The name of a dtype in a header: "<f4" to "float32"."""
    import numpy as np

    if descr.lstrip("<>|=") == "V2":
        return "bfloat16"
    if descr.lstrip("<>|=")[:1] == "O":
        return "object"
    if descr.lstrip("<>|=")[:1] in ("S", "U"):
        return "string"
    if not _PLAIN.fullmatch(descr):
        return "compound"
    try:
        return str(np.dtype(descr).name)
    except TypeError:
        return "unknown"


class NpzStore:
    """The arrays of a NumPy archive.

    Args:
        path: The file.
        window: Offset and size of the archive in the file, if it is a stored member of another.
        data: The archive itself, if it has been unpacked from another.

    Attributes:
        risks: See `WeightStore`.
    """

    def __init__(self, path: Path, window: tuple[int, int] | None = None, data: bytes | None = None) -> None:
        self.path = path
        self.risks: list[Risk] = []
        self._notes: list[str] = []
        self._arrays: dict[str, NpzArray] | None = None
        try:
            stream: IO[bytes] = io.BytesIO(data) if data is not None else path.open("rb")
            if window is not None:
                stream = io.BufferedReader(_Part(stream, *window))
        except OSError as error:
            raise unreadable(path, error) from error
        try:
            self._zip = zipfile.ZipFile(stream)
        except (*_ZIP_ERRORS, OSError) as error:
            stream.close()
            raise FileError("The NumPy archive is damaged", where=str(path)) from error
        self._stream = stream

    def arrays(self) -> dict[str, NpzArray]:
        """All arrays by name, those whose values are pickled included."""
        if self._arrays is None:
            self._arrays = {array.path: array for array in self._list()}
        return self._arrays

    def _list(self) -> Iterator[NpzArray]:
        members = self._zip.infolist()
        if len(members) > MAX_MEMBERS:
            raise LimitError(f"The archive has {len(members):,} members", where=str(self.path))
        seen: set[str] = set()
        for member in members:
            if member.filename in seen:
                detail = "The archive holds two members of this name"
                self.risks.append(risk("duplicate-member", f"archive member {quoted(member.filename)}", detail))
            seen.add(member.filename)
            array = self._array(member.filename)
            if array is not None:
                yield array

    def _array(self, name: str) -> NpzArray | None:
        where = f"archive member {quoted(name)}"
        try:
            with self._zip.open(name) as stream:
                head = stream.read(MAX_HEADER_BYTES + 12)
        except (*_ZIP_ERRORS, OSError):
            self._notes.append(f"The member {quoted(name)} cannot be read; the archive is damaged.")
            return None
        try:
            shape, descr, fortran, start = parse_header(head)
        except FileError as error:
            if head[:1] == b"\x80":
                self.risks.append(risk("pickle", where, "It is a bare pickle. kgui does not unpickle it"))
            else:
                self._notes.append(f"The member {quoted(name)} is left out. {error.what}.")
            return None
        dtype = dtype_name(descr)
        if dtype == "object":
            detail = "Its values are pickled Python objects. kgui does not unpickle them"
            self.risks.append(risk("pickle", where, detail))
        path = name.removesuffix(".npy").replace("\\", "/")
        array = NpzArray(path, shape, dtype, descr, fortran, start, name)
        stored = self._zip.getinfo(name).compress_size
        if math.prod(shape) > max(MAX_FREE_BYTES, stored * MAX_RATIO):
            detail = f"Claims {math.prod(shape):,} values, but {stored:,} bytes are in the file"
            self.risks.append(risk("shape-bomb", where, detail))
        return array

    def attach(self, model: Model) -> list[str]:
        """See `WeightStore`. Arrays without paths are taken in the order of `model.get_weights()`."""
        from kgui.formats.weights_legacy import Array, Assignment, Group
        from kgui.formats.weights_v3 import TreeMapper, build_tree

        arrays = [array for array in self.arrays().values() if array.dtype not in ("object", "compound", "unknown")]
        notes = list(self._notes)
        pickled = len(self.arrays()) - len(arrays)
        if pickled:
            notes.append(f"The values of {pickled} arrays are pickled Python objects, which kgui does not open.")
        if any("/vars" in array.path for array in arrays):
            mapper = TreeMapper(build_tree(arrays), lambda _: None, model.era)
            mapper.map(model)
            return notes + mapper.notes
        if not model.layers and model.kind in ("weights", "subclassed"):
            if arrays:
                layer = Layer(0, model.name or "arrays", "")
                layer.weights = [Weight(a.path, a.shape, a.dtype, a.path) for a in arrays]
                model.layers[0] = layer
            return notes
        arrays.sort(key=lambda a: int(a.path[4:]) if re.fullmatch(r"arr_\d{1,9}", a.path) else -1)
        return notes + Assignment(model).give([Group("graph", [Array(a.path, a) for a in arrays])])

    def entries(self) -> list[Weight]:
        """See `WeightStore`."""
        return [Weight(array.path, array.shape, array.dtype, array.path) for array in self.arrays().values()]

    def read(self, weight: Weight, selection: Selection | None = None) -> np.ndarray[Any, Any]:
        """See `WeightStore`."""
        import numpy as np

        from kgui.formats.checkpoint import leading

        array = self.arrays().get(weight.path or "")
        if array is None:
            raise FileError(f"There is no array {quoted(weight.path)}", where=str(self.path))
        if array.dtype in ("object", "compound", "unknown", "string"):
            raise FileError(f"The values of {quoted(array.path)} are no numbers", where=str(self.path))
        dtype = np.dtype(np.uint16) if array.dtype == "bfloat16" else np.dtype(array.descr)
        nbytes = math.prod(array.shape) * dtype.itemsize
        selected_bytes(array.shape, nbytes, selection)
        first, rows, rest = (0, 0, selection) if array.fortran else leading(array.shape, selection)
        row = nbytes // array.shape[0] if array.shape and array.shape[0] else nbytes
        whole = array.fortran or not array.shape
        start, size = (0, nbytes) if whole else (first * row, rows * row)
        data = self._bytes(array, start, size)
        shape = array.shape if whole else (rows, *array.shape[1:])
        values = np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if array.fortran else "C")
        values = values[rest] if rest is not None and array.shape else values
        return as_bfloat16(np.asarray(values)) if array.dtype == "bfloat16" else np.asarray(values)

    def _bytes(self, array: NpzArray, start: int, size: int) -> bytes:
        member = self._zip.getinfo(array.member)
        if size > MAX_FREE_BYTES and start + size > member.compress_size * MAX_RATIO:
            raise LimitError(f"{quoted(array.path)} claims more bytes than the file can hold", where=str(self.path))
        try:
            with self._zip.open(array.member) as stream:
                stream.seek(array.start + start)
                data = stream.read(size)
        except (*_ZIP_ERRORS, OSError) as error:
            raise FileError(f"The values of {quoted(array.path)} are damaged", where=str(self.path)) from error
        if len(data) != size:
            raise FileError(f"The values of {quoted(array.path)} are not whole", where=str(self.path))
        return data

    def close(self) -> None:
        """See `WeightStore`."""
        self._zip.close()
        self._stream.close()


class _Part(io.RawIOBase):
    """A part of a file as a file."""

    def __init__(self, stream: IO[bytes], offset: int, size: int) -> None:
        self._stream, self._offset, self._size, self._at = stream, offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), max(0, self._size - self._at))
        self._stream.seek(self._offset + self._at)
        data = self._stream.read(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def store_in_window(path: Path, *, window: tuple[int, int] | None = None, data: bytes | None = None) -> NpzStore:
    """The store for an archive of arrays within another archive."""
    return NpzStore(path, window, data)


def open_npz(source: Source) -> ModelFile:
    """Opens a NumPy archive as weights without an architecture.

    Raises:
        FileError: It is damaged.
    """
    model = Model("weights", name=source.path.name.split(".")[0], class_name="")
    file = ModelFile(source.path, "npz", model)
    store = NpzStore(source.path)
    file.notes.append("The file holds weights without an architecture.")
    file.find_store = lambda _: store
    return file
