"""One message between two processes: a JSON object, and raw buffers beside it.

Layout, little endian: `KGF1`, u32 length of the JSON, u32 number of buffers, u64 length of each buffer, the JSON
in UTF-8, the buffers.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

MAGIC = b"KGF1"
HEAD = struct.Struct("<4sII")
MAX_JSON = 1 << 29
MAX_BUFFERS = 1 << 16
MAX_BUFFER_BYTES = 1 << 33
"""No message is anywhere near. A process that has lost its mind must not make the other one ask for a petabyte."""

Buffer = bytes | bytearray | memoryview


class FrameError(Exception):
    """The other side sent something that is no frame, or stopped in the middle of one."""


def write_frame(stream: BinaryIO, message: dict[str, Any], buffers: Sequence[Buffer] = ()) -> None:
    """Writes one message and flushes. NaN and infinities in the JSON are Python's own words for them."""
    text = json.dumps(message, separators=(",", ":")).encode()
    views = [memoryview(buffer).cast("B") for buffer in buffers]
    head = HEAD.pack(MAGIC, len(text), len(views)) + struct.pack(f"<{len(views)}Q", *map(len, views))
    stream.write(head + text)
    for view in views:
        stream.write(view)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], list[bytearray]] | None:
    """Reads one message, or None where the other side has closed its end between two messages.

    Raises:
        FrameError: The stream ends within a message, or does not hold a message.
    """
    head = stream.read(HEAD.size)
    if not head:
        return None
    if len(head) < HEAD.size:
        raise FrameError("a message ended within its head")
    magic, length, count = HEAD.unpack(head)
    if magic != MAGIC or length > MAX_JSON or count > MAX_BUFFERS:
        raise FrameError("not a message of kgui")
    sizes = struct.unpack(f"<{count}Q", _exactly(stream, 8 * count))
    if sum(sizes) > MAX_BUFFER_BYTES:
        raise FrameError("a message is larger than any of kgui's")
    message = json.loads(_exactly(stream, length))
    if not isinstance(message, dict):
        raise FrameError("a message is not a JSON object")
    return message, [_exactly(stream, size) for size in sizes]


def _exactly(stream: BinaryIO, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    done = 0
    while done < size:
        part = stream.read(min(size - done, 1 << 26))
        if not part:
            raise FrameError("a message ended within its body")
        view[done : done + len(part)] = part
        done += len(part)
    return data
