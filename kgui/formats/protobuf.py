"""Protocol buffers by wire format: fields by number, without the schema compiled in.

Every length is checked before it is used. https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from kgui.errors import FileError, LimitError

MAX_FIELDS = 4_000_000
"""Fields in one message. A graph of 100,000 nodes has 100,000."""

Value = int | memoryview


class Damaged(FileError):
    """The bytes are no message of the kind that was looked for."""

    def __init__(
        self,
        what: str = "The file is damaged: a message in it ends too early",
        *,
        where: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(what, where=where, hint=hint)


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number in the base-128 encoding, and where the next thing starts.

    Raises:
        Damaged: It does not end, or is longer than 64 bits.
    """
    value = shift = 0
    end = len(data)
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            break
    raise Damaged


def fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """The fields of a message in order: number, and an int (varint, fixed) or the bytes.

    Raises:
        Damaged: A field runs over the end, or is of a wire type that nobody writes.
        LimitError: More than `MAX_FIELDS`.
    """
    at, end, count = 0, len(data), 0
    while at < end:
        count += 1
        if count > MAX_FIELDS:
            raise LimitError(f"A message has more than {MAX_FIELDS:,} fields")
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        value: Value
        if wire == 2:
            length, at = varint(data, at)
            if length > end - at:
                raise Damaged
            value = data[at : at + length]
            at += length
        elif wire == 0:
            value, at = varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            if size > end - at:
                raise Damaged
            value = int.from_bytes(data[at : at + size], "little")
            at += size
        else:
            raise Damaged("The file is damaged: a message has a field of an unknown kind")
        yield number, value


class Message:
    """A message whose fields are read by number. Fields of another kind than asked for count as absent."""

    __slots__ = ("_fields",)

    def __init__(self, data: memoryview | bytes) -> None:
        found: dict[int, list[Value]] = {}
        for number, value in fields(memoryview(data)):
            found.setdefault(number, []).append(value)
        self._fields = found

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    def number(self, number: int, default: int = 0) -> int:
        """The last value of an integer field, unsigned."""
        for value in reversed(self._fields.get(number, ())):
            if isinstance(value, int):
                return value
        return default

    def signed(self, number: int, default: int = 0) -> int:
        """The last value of an integer field, as a signed 64-bit number."""
        value = self.number(number, default)
        return value - (1 << 64) if value >= 1 << 63 else value

    def real(self, number: int) -> float:
        """The last value of a float field."""
        return float(struct.unpack("<f", struct.pack("<I", self.number(number) & 0xFFFFFFFF))[0])

    def numbers(self, number: int) -> list[int]:
        """A repeated integer field, packed or not, signed."""
        found: list[int] = []
        for value in self._fields.get(number, ()):
            if isinstance(value, int):
                found.append(value)
            else:
                at = 0
                while at < len(value):
                    item, at = varint(value, at)
                    found.append(item)
        return [item - (1 << 64) if item >= 1 << 63 else item for item in found]

    def data(self, number: int) -> memoryview:
        """The bytes of a field, empty if it is absent."""
        for value in reversed(self._fields.get(number, ())):
            if not isinstance(value, int):
                return value
        return memoryview(b"")

    def text(self, number: int) -> str:
        """A string field, "" if it is absent."""
        return bytes(self.data(number)).decode("utf-8", "replace")

    def texts(self, number: int) -> list[str]:
        """A repeated string field."""
        return [bytes(value).decode("utf-8", "replace") for value in self.datas(number)]

    def datas(self, number: int) -> list[memoryview]:
        """The bytes of a repeated field."""
        return [value for value in self._fields.get(number, ()) if not isinstance(value, int)]

    def message(self, number: int) -> Message:
        """A field that is a message; an empty one if it is absent."""
        return Message(self.data(number))

    def messages(self, number: int) -> Iterator[Message]:
        """A repeated field of messages."""
        return (Message(value) for value in self.datas(number))
