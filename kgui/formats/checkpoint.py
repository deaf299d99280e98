"""TensorFlow checkpoints: `x.index` with names, shapes and places, `x.data-00000-of-00001` with values.

The index is a table as LevelDB writes it (blocks of sorted, prefix-compressed keys); its values are messages of
`tensorflow/core/protobuf/tensor_bundle.proto` and `trackable_object_graph.proto`.
"""

from __future__ import annotations

import math
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgui.errors import FileError, LimitError
from kgui.formats.file import ModelFile
from kgui.formats.hdf5 import as_bfloat16, selected_bytes
from kgui.formats.notes import quoted
from kgui.formats.protobuf import Damaged, Message, varint
from kgui.formats.recognise import TABLE_MAGIC
from kgui.formats.source import Source, look_at, unreadable
from kgui.formats.trackables import Trackable, TrackableMapper, without_dangling
from kgui.graph import Model, Weight
from kgui.reports.risks import Risk

if TYPE_CHECKING:
    import numpy as np

    from kgui.formats.store import Selection

MAX_INDEX_BYTES = 64 << 20
MAX_ENTRIES = 500_000
MAX_KEY_BYTES = 64 << 10
MAX_GRAPH_BYTES = 256 << 20
GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE_KEY = "/.ATTRIBUTES/VARIABLE_VALUE"
FOOTER_BYTES = 48

DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 8: "complex64",
    9: "int64", 10: "bool", 11: "qint8", 12: "quint8", 13: "qint32", 14: "bfloat16", 15: "qint16", 16: "quint16",
    17: "uint16", 18: "complex128", 19: "float16", 20: "resource", 21: "variant", 22: "uint32", 23: "uint64",
    24: "float8_e5m2", 25: "float8_e4m3fn", 29: "int4", 30: "uint4",
}  # fmt: skip
"""`tensorflow.DataType` to names."""

_READABLE = {"bool", "bfloat16"} | {name for name in DTYPES.values() if name[:3] in ("flo", "int", "uin", "com")}


@dataclass(slots=True)
class BundleEntry:
    """A tensor of a checkpoint: what it is, and where its values are.

    Attributes:
        dtype: Name.
        shape: Sizes.
        shard: Number of the data file.
        offset: Of the values in the data file.
        size: Bytes of the values.
        sliced: True for a partitioned variable, whose values are in other entries.
    """

    dtype: str
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    sliced: bool = False


def parse_shape(message: Message) -> tuple[int | None, ...] | None:
    """`TensorShapeProto` {2: dims {1: size}, 3: unknown rank}; None if the rank is not known."""
    if message.number(3):
        return None
    sizes = [dim.signed(1) for dim in message.messages(2)]
    return tuple(None if size < 0 else size for size in sizes)


def parse_table(data: memoryview) -> dict[str, memoryview]:
    """The keys and values of a table.

    Raises:
        FileError: It is damaged, or packed (TensorFlow does not pack checkpoints).
        LimitError: It is larger than any checkpoint.
    """
    if len(data) < FOOTER_BYTES or bytes(data[-8:]) != TABLE_MAGIC:
        raise Damaged("The file is no checkpoint index, or not whole: its last bytes are missing")
    footer = data[-FOOTER_BYTES:-8]
    _, at = varint(footer, 0)
    _, at = varint(footer, at)
    offset, at = varint(footer, at)
    size, _ = varint(footer, at)
    found: dict[str, memoryview] = {}
    for _, handle in _block(data, offset, size):
        inner_offset, at = varint(handle, 0)
        inner_size, _ = varint(handle, at)
        for key, value in _block(data, inner_offset, inner_size):
            found[key.decode("utf-8", "replace")] = value
            if len(found) > MAX_ENTRIES:
                raise LimitError(f"The checkpoint has more than {MAX_ENTRIES:,} entries")
    return found


def _block(data: memoryview, offset: int, size: int) -> list[tuple[bytes, memoryview]]:
    """Entries of a block: each key says how much of the key before it it shares."""
    if offset + size + 5 > len(data) or size < 4:
        raise Damaged
    if data[offset + size] != 0:
        raise FileError("The checkpoint index is packed, which TensorFlow does not write")
    block = data[offset : offset + size]
    restarts = struct.unpack("<I", block[-4:])[0]
    end = size - 4 - 4 * restarts
    if end < 0:
        raise Damaged
    found: list[tuple[bytes, memoryview]] = []
    at, key = 0, b""
    while at < end:
        shared, at = varint(block, at)
        fresh, at = varint(block, at)
        length, at = varint(block, at)
        if shared > len(key) or fresh + length > end - at or shared + fresh > MAX_KEY_BYTES:
            raise Damaged
        key = key[:shared] + bytes(block[at : at + fresh])
        at += fresh
        found.append((key, block[at : at + length]))
        at += length
        if len(found) > MAX_ENTRIES:
            raise LimitError(f"The checkpoint has more than {MAX_ENTRIES:,} entries")
    return found


def parse_entry(value: memoryview) -> BundleEntry:
    """`BundleEntryProto` {1: dtype, 2: shape, 3: shard, 4: offset, 5: size, 7: slices}."""
    message = Message(value)
    shape = parse_shape(message.message(2)) or ()
    return BundleEntry(
        DTYPES.get(message.number(1), "unknown"),
        tuple(size or 0 for size in shape),
        message.number(3),
        message.number(4),
        message.number(5),
        7 in message,
    )


class Bundle:
    """An index with its data files.

    Args:
        prefix: Path of the checkpoint, without ".index".
        index: The index, where it is called otherwise.

    Raises:
        FileError: The index is missing or damaged.

    Attributes:
        entries: By key, in the order of the index.
        shards: Number of data files.
    """

    def __init__(self, prefix: Path, index: Path | None = None) -> None:
        self.prefix = prefix
        self.path = index or prefix.with_name(prefix.name + ".index")
        try:
            table = parse_table(memoryview(look_at(self.path).read(MAX_INDEX_BYTES, "The checkpoint index")))
            header = Message(table.pop("", memoryview(b"")))
            self.shards = min(max(header.number(1, 1), 1), 100_000)
            self.big_endian = header.number(2) == 1
            self.entries = {key: parse_entry(value) for key, value in table.items()}
        except FileError as error:
            raise error if error.where else type_of(error)(error.what, where=str(self.path)) from error

    def _shard(self, number: int) -> Path:
        return self.prefix.with_name(f"{self.prefix.name}.data-{number:05d}-of-{self.shards:05d}")

    def bytes_of(self, key: str, start: int = 0, size: int | None = None) -> bytes:
        """The stored bytes of a tensor, or a part of them.

        Raises:
            FileError: The data file is missing or too short.
        """
        entry = self.entries.get(key)
        if entry is None:
            raise FileError(f"There is no array {quoted(key)}", where=str(self.path))
        path = self._shard(entry.shard)
        wanted = entry.size - start if size is None else size
        try:
            with path.open("rb") as file:
                end = os.fstat(file.fileno()).st_size
                if start < 0 or wanted < 0 or start + wanted > entry.size or entry.offset + entry.size > end:
                    raise FileError(f"The values of {quoted(key)} end after the end of the file", where=str(path))
                file.seek(entry.offset + start)
                data = file.read(wanted)
        except OSError as error:
            raise unreadable(path, error) from error
        if len(data) < wanted:
            raise FileError(f"The values of {quoted(key)} are not whole", where=str(path))
        return data

    def read(self, key: str, selection: Selection | None = None) -> np.ndarray[Any, Any]:
        """Values of a tensor, or of a part of it. Only the rows that the first index takes are read.

        Raises:
            FileError: The values are missing, damaged, or no numbers.
        """
        import numpy as np

        entry = self.entries.get(key)
        if entry is None:
            raise FileError(f"There is no array {quoted(key)}", where=str(self.path))
        if entry.sliced:
            raise FileError(f"The values of {quoted(key)} are stored in slices", where=str(self.path))
        dtype, itemsize = numpy_dtype(entry.dtype, str(self.path))
        if math.prod(entry.shape) * itemsize != entry.size:
            raise FileError(f"The values of {quoted(key)} do not fit its shape", where=str(self.path))
        selected_bytes(entry.shape, entry.size, selection)
        row = entry.size // entry.shape[0] if entry.shape and entry.shape[0] else entry.size
        first, rows, rest = leading(entry.shape, selection)
        data = self.bytes_of(key, first * row, rows * row) if entry.shape else self.bytes_of(key)
        shape = (rows, *entry.shape[1:]) if entry.shape else ()
        values = np.frombuffer(data, dtype=dtype.newbyteorder(">" if self.big_endian else "<")).reshape(shape)
        values = values[rest] if rest is not None and entry.shape else values
        return as_bfloat16(np.asarray(values)) if entry.dtype == "bfloat16" else np.asarray(values)

    def object_graph(self) -> list[Trackable]:
        """The objects that were saved, or [] if the checkpoint has none (TensorFlow 1, or its data file is missing)."""
        entry = self.entries.get(GRAPH_KEY)
        if entry is None:
            return []
        if entry.size > MAX_GRAPH_BYTES:
            raise LimitError("The object graph of the checkpoint is too large", where=str(self.path))
        data = memoryview(self.bytes_of(GRAPH_KEY))
        length, at = varint(data, 0)  # a string tensor: length, 4 bytes of checksum, the string
        if at + 4 + length > len(data):
            raise Damaged
        return self._objects(Message(data[at + 4 : at + 4 + length]))

    def _objects(self, graph: Message) -> list[Trackable]:
        """`TrackableObjectGraph` {1: nodes {1: children {1: id, 2: name}, 2: attributes {1, 2: full name, 3: key}}}."""
        nodes = []
        for message in graph.messages(1):
            node = Trackable({child.text(2): child.number(1) for child in message.messages(1)})
            for attribute in message.messages(2):
                key = attribute.text(3)
                entry = self.entries.get(key)
                if attribute.text(1) == "VARIABLE_VALUE" and entry is not None:
                    node.weight = Weight(attribute.text(2) or key, entry.shape, entry.dtype, key)
            nodes.append(node)
        return without_dangling(nodes)


def type_of(error: FileError) -> type[FileError]:
    """The kind of an error that is raised again with the file's name."""
    return LimitError if isinstance(error, LimitError) else FileError


def numpy_dtype(name: str, where: str) -> tuple[Any, int]:
    """NumPy's dtype for a name of `DTYPES`, and bytes per value; bfloat16 comes as 16 bits.

    Raises:
        FileError: NumPy has none.
    """
    import numpy as np

    if name == "bfloat16":
        return np.dtype(np.uint16), 2
    if name not in _READABLE:
        raise FileError(f"kgui cannot show values of the dtype {name}", where=where)
    try:
        dtype = np.dtype(name)
    except TypeError as error:
        raise FileError(f"kgui cannot show values of the dtype {name}", where=where) from error
    return dtype, dtype.itemsize


def leading(shape: tuple[int, ...], selection: Selection | None) -> tuple[int, int, Any]:
    """First row, number of rows to read, and what remains to be selected of them."""
    if not shape:
        return 0, 1, None
    length = shape[0]
    if not selection:
        return 0, length, None
    head = selection[0]
    if isinstance(head, slice):
        places = range(*head.indices(length))
        if not places:
            return 0, 0, (slice(None), *selection[1:])
        low, high = min(places), max(places)
        return low, high - low + 1, (slice(None, None, places.step), *selection[1:])
    index = head + length if head < 0 else head
    return index, 1, (0, *selection[1:])


class CheckpointStore:
    """The weights in a checkpoint.

    Args:
        bundle: The checkpoint.
        objects: The objects that were saved, where they are known from elsewhere (a SavedModel).

    Attributes:
        risks: See `WeightStore`.
    """

    def __init__(self, bundle: Bundle, objects: list[Trackable] | None = None) -> None:
        self.bundle = bundle
        self.risks: list[Risk] = []
        self._objects = objects

    def attach(self, model: Model) -> list[str]:
        """See `WeightStore`."""
        notes = []
        if self._objects is None:
            try:
                self._objects = self.bundle.object_graph()
            except FileError as error:
                notes.append(
                    f"The objects of the checkpoint cannot be read, so its names are all that is known: {error}"
                )
                self._objects = []
        nodes = self._objects or nodes_of_keys(self.bundle.entries)
        return notes + TrackableMapper(nodes).attach(model)

    def entries(self) -> list[Weight]:
        """See `WeightStore`."""
        return [
            Weight(key.removesuffix(VALUE_KEY), entry.shape, entry.dtype, key)
            for key, entry in self.bundle.entries.items()
            if key != GRAPH_KEY
        ]

    def read(self, weight: Weight, selection: Selection | None = None) -> np.ndarray[Any, Any]:
        """See `WeightStore`."""
        return self.bundle.read(weight.path or "", selection)

    def close(self) -> None:
        """See `WeightStore`: files are opened for each reading only."""


def nodes_of_keys(entries: dict[str, BundleEntry]) -> list[Trackable]:
    """Objects from the keys alone: TensorFlow 1's names, or a checkpoint whose data file is missing."""
    nodes = [Trackable()]
    for key, entry in entries.items():
        path = key.removesuffix(VALUE_KEY)
        if key == GRAPH_KEY or "/.OPTIMIZER_SLOT/" in key or entry.dtype in ("string", "unknown"):
            continue
        at = 0
        names = path.split("/")
        if len(names) > 200:
            continue
        for name in names:
            inner = nodes[at].children.get(name)
            if inner is None:
                inner = nodes[at].children[name] = len(nodes)
                nodes.append(Trackable())
            at = inner
        nodes[at].weight = Weight(path, entry.shape, entry.dtype, key)
    return nodes


_STATE = re.compile(r'^\s*model_checkpoint_path:\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)


def open_checkpoint(source: Source) -> ModelFile:
    """Opens a checkpoint by its index, by the text file `checkpoint` beside it, or by their folder.

    Raises:
        FileError: It is damaged, or the folder has no index.
    """
    file = ModelFile(source.path, "checkpoint", Model("weights", class_name="", era="tf-keras"))
    prefix = _prefix(source, file)
    bundle = Bundle(prefix, source.path if source.tail.endswith(TABLE_MAGIC) else None)
    file.model.name = prefix.name
    file.facts["checkpoint"] = prefix.name
    file.facts["data files"] = str(bundle.shards)
    file.notes.append("The file holds weights without an architecture.")
    file.find_store = lambda _: CheckpointStore(bundle)
    return file


def _prefix(source: Source, file: ModelFile) -> Path:
    if source.is_folder:
        if "checkpoint" in source.names:
            return _prefix(look_at(source.inner("checkpoint")), file)
        found = sorted(name for name in source.names if name.endswith(".index"))
        if not found:
            raise FileError("The folder has no checkpoint index", where=str(source.path))
        if len(found) > 1:
            file.notes.append(f"The folder holds {len(found)} checkpoints; this is {quoted(found[-1])}.")
        return source.inner(found[-1].removesuffix(".index"))
    if source.tail.endswith(TABLE_MAGIC):
        return source.path.with_name(source.path.name.removesuffix(".index"))
    state = _STATE.search(source.read(1 << 20, "The checkpoint's state").decode("utf-8", "replace"))
    # Only the name counts: a path in the text may lead anywhere, and people move folders.
    name = re.split(r"[\\/]", state.group(1))[-1] if state else ""
    if not name or name in (".", "..") or not source.path.with_name(f"{name}.index").is_file():
        raise FileError(
            f"The checkpoint {quoted(name)} that this file names is not beside it",
            where=str(source.path),
            hint="Open the .index file itself.",
        )
    return source.path.with_name(name)
