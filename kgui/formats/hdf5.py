"""The one way in which kgui opens HDF5 model files: read-only, in place, and never following a link out of the file.

HDF5 lets a file point at other files in four ways (soft and external links, external raw storage, virtual datasets),
and h5py follows all of them without a word. It also lets a few bytes claim an array of terabytes. `SafeHdf5` names each
of these as a `Risk` and goes on with the rest of the file. Layout: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from kgui.errors import FileError, LimitError
from kgui.formats.source import unreadable
from kgui.reports.risks import Risk, risk

if TYPE_CHECKING:
    import numpy as np

    from kgui.formats.store import Selection

SIGNATURE = b"\x89HDF\r\n\x1a\n"

MAX_DEPTH = 200
"""Groups within groups. A model nested 40 deep has 80."""

MAX_OBJECTS = 400_000
"""Links in one file. NASNetLarge (1,041 layers) has 3,630."""

MAX_ATTRIBUTE_BYTES = 64 << 20
"""Keras writes up to 64,512 bytes into one attribute, and the architecture (some MB) into one that may be larger."""

MAX_CHUNK_BYTES = 128 << 20
"""A chunk is inflated as a whole, so that one value of a 1 MB file can cost a gigabyte (measured)."""

MAX_RATIO = 1_100
"""Deflate cannot do better than 1,032 to 1; an array that claims more than this was never written."""

BOMB_FLOOR_BYTES = 16 << 20
"""Smaller arrays may be all fill value without harm: `np.zeros` that were never written take no space in a file."""

MAX_SCANNED_BYTES = 64 << 20
"""Files up to this size are looked through before texts in them are read: 15 ms at most."""

_HEAP = b"GCOL\x01\0\0\0"
_COMPRESSORS = {1: "deflate", 4: "szip", 32000: "lzf"}
_FILTERS = {**_COMPRESSORS, 2: "shuffle", 3: "fletcher32"}

_H5_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, SystemError, AttributeError)
"""What h5py raises for damaged bytes. All of these have been seen while reading mutated files."""


class Window(NamedTuple):
    """A part of a file: the stored member of a zip archive, which HDF5 can be read from in place."""

    offset: int
    size: int


@dataclass(slots=True)
class Dataset:
    """An array in the file.

    Attributes:
        path: Names from the root, joined with "/", back-slashes made "/" (files saved on Windows have them).
        raw: The path as the file has it, for HDF5 itself.
        shape: Sizes.
        dtype: NumPy or ml_dtypes name, "bfloat16" for Keras' two opaque bytes.
        nbytes: Bytes that the whole array takes in memory.
        refused: Why its values are never read ("external-storage", "unknown-filter"), or None.
    """

    path: str
    raw: bytes
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    refused: str | None = None


@dataclass(slots=True)
class Tree:
    """What is in a file: `datasets` by path, and `groups`: path to the path as the file has it, both in file order."""

    datasets: dict[str, Dataset]
    groups: dict[str, bytes]


def import_h5py() -> Any:
    """h5py, with plug-in folders switched off: a file must not choose a library to load.

    HDF5 looks at the variable once, when h5py is first imported.
    """
    if "h5py" not in sys.modules:
        os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")
    import h5py

    return h5py


def has_signature(head: bytes) -> bool:
    """True if HDF5 starts here: at 0, or after a user block of 512, 1024, 2048, … bytes, as far as `head` goes."""
    offset = 0
    while offset + len(SIGNATURE) <= len(head):
        if head.startswith(SIGNATURE, offset):
            return True
        offset = offset * 2 or 512
    return False


def is_hdf5(path: Path) -> bool:
    """True if the file is HDF5 by its content. A user block may be of any size that is a power of two from 512."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        offset = 0
        while offset + len(SIGNATURE) <= size:
            file.seek(offset)
            if file.read(len(SIGNATURE)) == SIGNATURE:
                return True
            offset = offset * 2 or 512
    return False


class SafeHdf5:
    """An HDF5 file, or one in the window of another file.

    Args:
        path: The file.
        window: Where in the file the HDF5 is, if it is not the whole file.

    Raises:
        FileError: The file is missing, not permitted, or damaged beyond its first bytes.

    Attributes:
        risks: What `tree` has found that points out of the file or claims what is not there.
        damaged: Paths of objects that HDF5 could not read.
    """

    def __init__(self, path: Path | str, window: Window | None = None) -> None:
        self.path = Path(path)
        self.window = window
        self.risks: list[Risk] = []
        self.damaged: list[str] = []
        self._tree: Tree | None = None
        self._heaps_checked = False
        self._h5py = import_h5py()
        real = self._h5py.h5t.FLOAT
        self._plain_types = {(real, size): (f"float{8 * size}", size) for size in (2, 4, 8)}
        self._close = contextlib.ExitStack()
        with self._errors("The HDF5 file cannot be read; it is damaged or was not written to its end"):
            self._file = self._open_file()
        self._close.callback(self._file.close)

    def _open_file(self) -> Any:
        h5p, h5f = self._h5py.h5p, self._h5py.h5f
        access = h5p.create(h5p.FILE_ACCESS)
        access.set_fclose_degree(h5f.CLOSE_STRONG)
        try:
            status = self.path.stat()
        except OSError as error:
            raise unreadable(self.path, error) from error
        if not stat.S_ISREG(status.st_mode):
            raise FileError("This is no file, so it is no HDF5 file", where=str(self.path))
        self.size = status.st_size if self.window is None else self.window.size
        if self.window is not None:
            view = self._map(self.window)
            access.set_fileobj_driver(self._h5py.h5fd.fileobj_driver, _Reader(view))
            return h5f.open(os.fsencode(self.path), h5f.ACC_RDONLY, access)
        # A lock would keep a training run on the same machine from writing its next checkpoint.
        access.set_file_locking(False, True)
        return h5f.open(os.fsencode(self.path), h5f.ACC_RDONLY, access)

    def _map(self, window: Window) -> memoryview:
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise unreadable(self.path, error) from error
        with file:
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if window.offset < 0 or window.size < 0 or window.offset + window.size > len(whole):
            raise FileError("The weights end after the end of the file", where=str(self.path))
        return memoryview(whole)[window.offset : window.offset + window.size]

    def close(self) -> None:
        """Gives the file back. Reading afterwards is an error."""
        self._close.close()

    def __enter__(self) -> SafeHdf5:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- what is in the file ------------------------------------------------------------------------------------

    @property
    def tree(self) -> Tree:
        """Every group and dataset that is reached by hard links. Read once; NASNetLarge: 1,546 datasets in 0.1 s.

        Raises:
            LimitError: More than `MAX_DEPTH` levels or `MAX_OBJECTS` links.
        """
        if self._tree is None:
            self._tree = self._walk()
        return self._tree

    def _walk(self) -> Tree:
        h5py = self._h5py
        hard, group_id, dataset_id = h5py.h5l.TYPE_HARD, h5py.h5g.GroupID, h5py.h5d.DatasetID
        datasets: dict[str, Dataset] = {}
        with self._errors("The root group is damaged"):
            root = h5py.h5g.open(self._file, b"/")
            ancestors = [h5py.h5o.get_info(root).addr]
            seen = set(ancestors)
        groups: dict[str, bytes] = {"": b"/"}
        links = 0
        # A stack of iterators, not recursion: the file decides the depth. Depth first keeps the file's order.
        stack = [(root, b"", "", iter(self._links(root, "")))]
        while stack:
            group, raw, path, rest = stack[-1]
            link = next(rest, None)
            if link is None:
                stack.pop()
                ancestors.pop()
                continue
            name, kind, address = link
            links += 1
            if links > MAX_OBJECTS:
                raise LimitError(f"The HDF5 file has more than {MAX_OBJECTS:,} links", where=str(self.path))
            inner_raw = raw + b"/" + name
            inner = f"{path}/{_text(name)}" if path else _text(name)
            if kind != hard:
                self._outward(inner, kind)
                continue
            try:
                item = h5py.h5o.open(group, name)
                if isinstance(item, dataset_id):
                    found = self._dataset(item, inner, inner_raw)
                    if found is not None:
                        datasets[inner] = found
                elif isinstance(item, group_id):
                    if address in seen:
                        if address in ancestors:
                            self._cycle(inner)
                        continue
                    seen.add(address)
                    ancestors.append(address)
                    if len(stack) > MAX_DEPTH:
                        raise LimitError(f"Groups are nested more than {MAX_DEPTH} deep", where=str(self.path))
                    groups[inner] = inner_raw
                    stack.append((item, inner_raw, inner, iter(self._links(item, inner))))
            except _H5_ERRORS:
                self.damaged.append(inner)
        return Tree(datasets, groups)

    def _links(self, group: Any, path: str) -> list[tuple[bytes, int, int]]:
        """Names in a group with the kind of each link and, for hard links, the object's address."""
        found: list[tuple[bytes, int, int]] = []
        limit = MAX_OBJECTS

        def note(name: bytes, info: Any) -> bool | None:
            found.append((bytes(name), info.type, info.u))
            return True if len(found) > limit else None

        try:
            group.links.iterate(note, info=True)
        except _H5_ERRORS:
            self.damaged.append(path or "/")
        return found

    def _cycle(self, path: str) -> None:
        detail = "The group holds a group that it is itself in. kgui reads each group once"
        self.risks.append(risk("hdf5-cycle", f"HDF5 object '{path}'", detail))

    def _outward(self, path: str, kind: int) -> None:
        if kind == self._h5py.h5l.TYPE_SOFT:
            detail = "A soft link in the place of data. kgui does not follow it; Keras never writes one"
            self.risks.append(risk("soft-link", f"HDF5 object '{path}'", detail))
        else:
            detail = "An external link: whoever follows it opens another file of this computer. kgui does not"
            self.risks.append(risk("external-link", f"HDF5 object '{path}'", detail))

    def _dataset(self, item: Any, path: str, raw: bytes) -> Dataset | None:
        """One dataset. Asking a virtual dataset for no more than its shape opens other files, so layout comes first."""
        properties = item.get_create_plist()
        layout = properties.get_layout()
        where = f"HDF5 dataset '{path}'"
        if layout == self._h5py.h5d.VIRTUAL:
            detail = "A virtual dataset: its values come out of other files of this computer. kgui does not open them"
            self.risks.append(risk("virtual-dataset", where, detail))
            return None
        refused = None
        if layout == self._h5py.h5d.CONTIGUOUS and properties.get_external_count():
            detail = "The values are in another file of this computer, which may be any file. kgui does not open it"
            self.risks.append(risk("external-storage", where, detail))
            refused = "external-storage"
        shape = item.shape
        if shape is None:
            return None
        if layout == self._h5py.h5d.CHUNKED and (unknown := _unknown_filters(properties)):
            detail = f"The values are packed with {unknown}, which needs a plug-in library. kgui loads none"
            self.risks.append(risk("unknown-filter", where, detail))
            refused = "unknown-filter"
        dtype, itemsize = self._dtype(item)
        nbytes = math.prod(shape) * itemsize
        if refused is None and nbytes > BOMB_FLOOR_BYTES:
            stored = item.get_storage_size()
            if nbytes > stored * MAX_RATIO:
                detail = f"Claims {nbytes:,} bytes, but {stored:,} are in the file: loading it would exhaust the memory"
                self.risks.append(risk("shape-bomb", where, detail))
        return Dataset(path, raw, shape, dtype, nbytes, refused)

    def _dtype(self, item: Any) -> tuple[str, int]:
        """The name of a dataset's dtype, and bytes per value."""
        kind = item.get_type()
        # Two calls in the place of a NumPy dtype, which takes ten times as long to make as the rest of the line.
        if (name := self._plain_types.get((kind.get_class(), kind.get_size()))) is not None:
            return name
        if kind.get_class() == self._h5py.h5t.OPAQUE and kind.get_size() == 2:
            # Keras 3 says so in the attribute "dtype"; legacy HDF5 files do not, and nothing else is written so.
            return "bfloat16", 2
        try:
            dtype = kind.dtype
        except (TypeError, ValueError):
            return "unknown", int(kind.get_size())
        if dtype.hasobject:
            return "string" if self._h5py.check_string_dtype(dtype) else "object", int(kind.get_size())
        return str(dtype.name), int(dtype.itemsize)

    # -- attributes -----------------------------------------------------------------------------------------------

    def attribute(self, path: str, name: str) -> Any:
        """An attribute of the group or dataset at `path` ("" is the root).

        Returns:
            A str, number, or list of them; None if there is none, or if it is of a kind that no Keras has written.

        Raises:
            FileError: It cannot be read.
            LimitError: It is larger than `MAX_ATTRIBUTE_BYTES`.
        """
        h5a = self._h5py.h5a
        key = name.encode()
        with self._errors(f"The attribute '{name}' of '{path or '/'}' cannot be read"):
            item = self._item(path)
            if item is None or not h5a.exists(item, key):
                return None
            return self._attribute(h5a.open(item, key), name)

    def _attribute(self, attribute: Any, name: str) -> Any:
        import numpy as np

        kind = attribute.get_type()
        shape = attribute.shape if attribute.get_space().get_simple_extent_type() != self._h5py.h5s.NULL else None
        if shape is None:
            return None
        count = math.prod(shape)
        if count * max(kind.get_size(), 1) > MAX_ATTRIBUTE_BYTES:
            raise LimitError(
                f"The attribute '{name}' is larger than {MAX_ATTRIBUTE_BYTES >> 20} MB", where=str(self.path)
            )
        dtype = kind.dtype
        if dtype.hasobject and not self._h5py.check_string_dtype(dtype):
            return None
        if dtype.kind not in "OSUbiufV" or dtype.names:
            return None
        values = np.empty(shape, dtype=dtype)
        if count:
            if dtype.hasobject:
                self._check_heaps()
            attribute.read(values)
        plain = values.tolist()
        return [_plain(item) for item in plain] if isinstance(plain, list) else _plain(plain)

    def _check_heaps(self) -> None:
        """Refuses collections of strings that libhdf5 1.14 would walk for ever: an entry of length 0.

        Found by changing bytes at random. Only for files that are scanned in no time; in a larger one such an entry
        is left to the time limit of the process that reads.

        Raises:
            FileError: There is such an entry.
        """
        if self._heaps_checked or self.size > MAX_SCANNED_BYTES:
            return
        with self.path.open("rb") as stream:
            whole = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        with whole:
            start, size = self.window or Window(0, len(whole))
            at = whole.find(_HEAP, start, start + size)
            while at >= 0:
                if not _is_sound_heap(whole, at, start + size):
                    raise FileError("A list of texts in the file is damaged", where=str(self.path))
                at = whole.find(_HEAP, at + 8, start + size)
        self._heaps_checked = True

    def text(self, path: str, name: str) -> str | None:
        """An attribute as text, or None if there is none (a number is none)."""
        value = self.attribute(path, name)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return value if isinstance(value, str) else None

    def names(self, path: str, name: str) -> list[str] | None:
        """A list of names. Keras splits one of over 64,512 bytes into `name0`, `name1`, ….

        Returns:
            None if the group has neither the attribute nor its parts.
        """
        value = self.attribute(path, name)
        if value is not None:
            return _as_names(value)
        found: list[str] = []
        part = 0
        while (value := self.attribute(path, f"{name}{part}")) is not None:
            found.extend(_as_names(value))
            part += 1
            if part > 10_000 or len(found) > MAX_OBJECTS:
                raise LimitError(f"The attribute '{name}' has too many parts", where=str(self.path))
        return found if part else None

    def _item(self, path: str) -> Any:
        """The object at a path, or None. Every step is a hard link."""
        h5py = self._h5py
        if not path:
            return h5py.h5g.open(self._file, b"/")
        if self._tree is not None:
            raw = self._tree.groups.get(path)
            if raw is None and (found := self._tree.datasets.get(path)) is not None:
                raw = found.raw
            return None if raw is None else h5py.h5o.open(self._file, raw)
        item = h5py.h5g.open(self._file, b"/")
        for part in path.split("/"):
            name = part.encode("utf-8", "replace")
            if not isinstance(item, h5py.h5g.GroupID) or not item.links.exists(name):
                return None
            if item.links.get_info(name).type != h5py.h5l.TYPE_HARD:
                return None
            item = h5py.h5o.open(item, name)
        return item

    # -- values ---------------------------------------------------------------------------------------------------

    def read(self, path: str, selection: Selection | None = None) -> np.ndarray[Any, Any]:
        """Values of a dataset, or of a part of it.

        Raises:
            FileError: There is no such dataset, its values are damaged or elsewhere, or its filter is not known.
            LimitError: The part is larger than what the file can honestly hold.
        """
        import numpy as np

        found = self.tree.datasets.get(path)
        if found is None:
            raise FileError(f"There is no array '{path}'", where=str(self.path))
        if found.refused == "external-storage":
            raise FileError(
                f"The values of '{path}' are in another file, which kgui does not open", where=str(self.path)
            )
        if found.refused == "unknown-filter":
            raise FileError(f"The values of '{path}' are packed in a way that kgui does not know", where=str(self.path))
        if found.dtype in ("object", "string", "unknown"):
            raise FileError(f"'{path}' holds no numbers", where=str(self.path))
        with self._errors(f"The values of '{path}' cannot be read; the file is damaged"):
            item = self._h5py.h5d.open(self._file, found.raw)
            self._check_size(item, found, selection)
            dataset = self._h5py.Dataset(item, readonly=True)
            values = np.asarray(dataset[selection if selection is not None else ()])
        return as_bfloat16(values) if found.dtype == "bfloat16" else values

    def stored_bytes(self, path: str) -> int:
        """Bytes that a dataset takes in the file, 0 if there is none."""
        found = self.tree.datasets.get(path)
        if found is None:
            return 0
        with self._errors(f"'{path}' is damaged"):
            return int(self._h5py.h5d.open(self._file, found.raw).get_storage_size())

    def _check_size(self, item: Any, found: Dataset, selection: Selection | None) -> None:
        wanted = selected_bytes(found.shape, found.nbytes, selection)
        stored = item.get_storage_size()
        if wanted > BOMB_FLOOR_BYTES and wanted > stored * MAX_RATIO:
            raise LimitError(
                f"'{found.path}' claims {found.nbytes:,} bytes, but {stored:,} are in the file", where=str(self.path)
            )
        properties = item.get_create_plist()
        if properties.get_layout() == self._h5py.h5d.CHUNKED and properties.get_nfilters():
            itemsize = found.nbytes // max(math.prod(found.shape), 1)
            if math.prod(properties.get_chunk()) * itemsize > MAX_CHUNK_BYTES:
                raise LimitError(
                    f"'{found.path}' is packed in pieces of more than {MAX_CHUNK_BYTES >> 20} MB", where=str(self.path)
                )

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except FileError:
            raise
        except PermissionError as error:
            raise unreadable(self.path, error) from error
        except MemoryError as error:
            raise LimitError(f"{what}: it asks for too much memory", where=str(self.path)) from error
        except _H5_ERRORS as error:
            raise FileError(what, where=str(self.path)) from error


class _Reader:
    """A read-only file object over a memory map, no more than h5py's file driver asks for.

    `io.BytesIO` would copy the file, and `zipfile`'s own objects decode from the start at every seek back.
    """

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._size = len(view)
        self._at = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:
        start = self._at
        part = self._view[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at = start + len(part)
        return len(part)

    def read(self, size: int) -> bytes:
        part = self._view[self._at : self._at + size]
        self._at += len(part)
        return bytes(part)

    def write(self, _data: bytes) -> int:
        raise OSError("this file is read-only")

    def truncate(self, _size: int | None = None) -> int:
        raise OSError("this file is read-only")

    def flush(self) -> None:
        """Nothing is ever written."""


def selected_bytes(shape: tuple[int, ...], nbytes: int, selection: Selection | None) -> int:
    """Bytes in memory of a part of an array.

    Raises:
        FileError: The selection does not fit the array.
    """
    count = math.prod(shape)
    if not selection or not count:
        return nbytes
    if len(selection) > len(shape):
        raise FileError(f"A selection of {len(selection)} axes does not fit an array of {len(shape)}")
    taken = 1
    for length, part in zip(shape, selection, strict=False):
        if isinstance(part, slice):
            taken *= len(range(*part.indices(length)))
        elif not -length <= part < length:
            raise FileError(f"Index {part} is outside an axis of {length}")
    return taken * math.prod(shape[len(selection) :]) * (nbytes // count)


def as_bfloat16(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Two-byte values as ml_dtypes.bfloat16, or widened to float32 (exact) where ml_dtypes is not installed."""
    import numpy as np

    raw = np.ascontiguousarray(values).view(np.uint16).reshape(values.shape)
    try:
        import ml_dtypes
    except ImportError:
        return (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.view(ml_dtypes.bfloat16)


def _is_sound_heap(data: mmap.mmap, at: int, end: int) -> bool:
    """Whether a global heap collection (format specification, III.E) ends: each entry leads on, and none outside."""
    if at + 16 > end:
        return False
    size = int.from_bytes(data[at + 8 : at + 16], "little")
    if at + size > end:
        return False
    place = 16
    while place + 16 <= size:
        index = int.from_bytes(data[at + place : at + place + 2], "little")
        length = int.from_bytes(data[at + place + 8 : at + place + 16], "little")
        step = length if index == 0 else 16 + (length + 7) // 8 * 8
        if step < 16:
            return False
        place += step
    return place <= size


def _unknown_filters(properties: Any) -> str:
    """What is odd about a dataset's filters, in words, or "". Two compressors in a row would hide a bomb."""
    codes = [properties.get_filter(index)[0] for index in range(properties.get_nfilters())]
    unknown = [f"filter {code}" for code in codes if code not in _FILTERS]
    if unknown:
        return ", ".join(unknown)
    return "several compressors in a row" if sum(code in _COMPRESSORS for code in codes) > 1 else ""


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace").replace("\\", "/")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _as_names(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]
