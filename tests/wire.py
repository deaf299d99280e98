"""Protocol buffers and checkpoint tables written by hand, for tests of the readers. Nothing here imports TensorFlow."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

MAGIC = bytes.fromhex("57fb808b247547db")
DTYPE_NUMBERS = {"float32": 1, "int64": 9, "string": 7, "bfloat16": 14}


def varint(value: int) -> bytes:
    """A number in the base-128 encoding."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def field(number: int, value: int | str | bytes) -> bytes:
    """One field: a varint for an int, else bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def shape(sizes: Iterable[int]) -> bytes:
    """`TensorShapeProto`; -1 for a size that is not known."""
    return b"".join(field(2, field(1, size)) for size in sizes)


def block(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A block of a table, keys prefix-compressed, with its type and checksum."""
    body, last = b"", b""
    for key, value in entries:
        shared = 0
        while shared < min(len(key), len(last)) and key[shared] == last[shared]:
            shared += 1
        body += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    return body + struct.pack("<II", 0, 1) + b"\0" + bytes(4)


def table(entries: Mapping[bytes, bytes]) -> bytes:
    """A whole table of two data blocks, an index block and a footer."""
    items = sorted(entries.items())
    half = (len(items) + 1) // 2
    data, handles = b"", []
    for part in (items[:half], items[half:]):
        if part:
            piece = block(part)
            handles.append((part[-1][0], varint(len(data)) + varint(len(piece) - 5)))
            data += piece
    index = block(handles)
    footer = varint(0) + varint(0) + varint(len(data)) + varint(len(index) - 5)
    return data + index + footer.ljust(40, b"\0") + MAGIC


def checkpoint(
    prefix: Path, arrays: Mapping[str, tuple[str, tuple[int, ...], bytes]], graph: bytes | None = None
) -> None:
    """A checkpoint of one data file: key to dtype, shape and bytes; `graph` is a TrackableObjectGraph."""
    entries = {b"": field(1, 1)}
    data = b""
    items = dict(arrays)
    if graph is not None:
        items["_CHECKPOINTABLE_OBJECT_GRAPH"] = ("string", (), varint(len(graph)) + bytes(4) + graph)
    for key, (dtype, sizes, values) in items.items():
        entry = field(1, DTYPE_NUMBERS[dtype]) + field(2, shape(sizes)) + field(4, len(data)) + field(5, len(values))
        entries[key.encode()] = entry
        data += values
    prefix.parent.mkdir(parents=True, exist_ok=True)
    prefix.with_name(prefix.name + ".index").write_bytes(table(entries))
    prefix.with_name(prefix.name + ".data-00000-of-00001").write_bytes(data)


def node(children: Mapping[str, int], variable: tuple[str, str] | None = None) -> bytes:
    """A node of a TrackableObjectGraph; `variable` is full name and key."""
    found = b"".join(field(1, field(1, number) + field(2, name)) for name, number in children.items())
    if variable is not None:
        found += field(2, field(1, "VARIABLE_VALUE") + field(2, variable[0]) + field(3, variable[1]))
    return field(1, found)
