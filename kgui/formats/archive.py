"""Zip archives, read by their central directory alone, with every trick that one can play named as a `Risk`.

The standard library's `zipfile` keeps the last of two members of one name without a word, and trusts sizes that the
archive states. Layout: APPNOTE.TXT of PKWARE, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 to 4.3.16.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kgui.errors import FileError, LimitError
from kgui.formats.notes import quoted
from kgui.formats.source import format_size, unreadable
from kgui.reports.risk_kinds import Risk, risk

MAX_MEMBERS = 20_000
"""A model has four members and one for each vocabulary."""

MAX_DIRECTORY_BYTES = 16 << 20
MAX_RATIO = 200
"""Deflated JSON shrinks 5 to 30 times; deflate itself can reach 1,032 to 1."""

STORED, DEFLATED = 0, 8
_ENCRYPTED, _STRONG_ENCRYPTION = 1, 1 << 6
_END = struct.Struct("<4s4H2LH")
_END64_PLACE = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".whl", ".egg")


@dataclass(frozen=True, slots=True)
class Member:
    """One member, as the central directory has it.

    Attributes:
        name: With "/" between its parts (archives made on Windows may have back-slashes).
        method: 0 stored, 8 deflated, others are not read.
        flags: The general purpose bits.
        packed: Bytes in the archive.
        size: Bytes when unpacked, as stated; never trusted.
        header: Where the local header is in the file.
        checksum: CRC-32 of the unpacked bytes.
    """

    name: str
    method: int
    flags: int
    packed: int
    size: int
    header: int
    checksum: int


class Archive:
    """A zip archive that has been opened for reading.

    Args:
        path: The file.

    Raises:
        FileError: It is damaged: the directory at the end is missing, or leads outside the file.
        LimitError: It has more members than any model.

    Attributes:
        members: By name. Of two with one name the last one, which is what Python and so Keras would take.
        risks: What is odd about the archive.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.risks: list[Risk] = []
        self.members: dict[str, Member] = {}
        try:
            with path.open("rb") as stream:
                self._length = stream.seek(0, 2)
                count, directory = self._directory(stream)
        except OSError as error:
            raise unreadable(path, error) from error
        for member, attributes in self._entries(count, directory):
            self._enter(member, attributes)

    def _damaged(self, what: str) -> FileError:
        return FileError(
            f"The archive is damaged: {what}",
            where=str(self.path),
            hint="It may be cut short; copy or download it again.",
        )

    def _directory(self, stream: BinaryIO) -> tuple[int, bytes]:
        """The number of entries and the bytes of the central directory."""
        tail_at = max(0, self._length - (1 << 16) - _END.size)
        stream.seek(tail_at)
        tail = stream.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END.size:
            raise self._damaged("the list of its members at the end is missing")
        _, disk, _, _, count, size, offset, _ = _END.unpack_from(tail, at)
        end = tail_at + at
        if (count == 0xFFFF or size == 0xFFFFFFFF or offset == 0xFFFFFFFF) and at >= _END64_PLACE.size:
            magic, _, place, _ = _END64_PLACE.unpack_from(tail, at - _END64_PLACE.size)
            if magic == b"PK\x06\x07":
                stream.seek(min(place, self._length))
                record = stream.read(_END64.size)
                if len(record) < _END64.size or record[:4] != b"PK\x06\x06":
                    raise self._damaged("the list of its members is not where it should be")
                _, _, _, _, _, _, _, count, size, offset = _END64.unpack(record)
                end = place
        if disk not in (0, 0xFFFF):
            raise FileError("The archive is one part of several", where=str(self.path))
        if size > MAX_DIRECTORY_BYTES or count > MAX_MEMBERS:
            raise LimitError(f"The archive has {count:,} members, which no model has", where=str(self.path))
        if offset + size > end:
            raise self._damaged("the list of its members lies outside the file")
        stream.seek(offset)
        directory = stream.read(size)
        if count and directory[:4] != b"PK\x01\x02":
            raise self._damaged("the list of its members is not where it should be")
        return count, directory

    def _entries(self, count: int, directory: bytes) -> Iterator[tuple[Member, int]]:
        at = 0
        for _ in range(count):
            if at + _ENTRY.size > len(directory) or directory[at : at + 4] != b"PK\x01\x02":
                raise self._damaged("the list of its members breaks off")
            fields = _ENTRY.unpack_from(directory, at)
            flags, method, checksum, packed, size = fields[3], fields[4], fields[7], fields[8], fields[9]
            name_length, extra_length, comment_length, attributes, header = (
                fields[10], fields[11], fields[12], fields[15], fields[16],
            )  # fmt: skip
            at += _ENTRY.size
            raw = directory[at : at + name_length]
            extra = directory[at + name_length : at + name_length + extra_length]
            at += name_length + extra_length + comment_length
            size, packed, header = _wide(extra, size, packed, header)
            name = raw.decode("utf-8" if flags & 0x800 else "cp437", "replace")
            yield Member(name, method, flags, packed, size, header, checksum), attributes

    def _enter(self, member: Member, attributes: int) -> None:
        where = f"archive member {quoted(member.name)}"
        name = member.name.replace("\\", "/")
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or parts[0].endswith(":") or "\0" in name:
            detail = "Its name leads out of the folder into which the archive would be unpacked"
            self.risks.append(risk("member-name", where, detail))
        if stat.S_ISLNK(attributes >> 16):
            self.risks.append(risk("odd-member", where, "It is a symbolic link, which no model has"))
        if member.flags & (_ENCRYPTED | _STRONG_ENCRYPTION):
            self.risks.append(risk("odd-member", where, "It is encrypted, which no model is"))
        if member.method not in (STORED, DEFLATED):
            self.risks.append(
                risk("odd-member", where, f"It is packed by method {member.method}, which Keras never uses")
            )
        elif member.method == STORED and member.packed != member.size:
            self.risks.append(risk("odd-member", where, "It states two different sizes"))
        elif member.size > MAX_RATIO * max(member.packed, 1) and member.size > 1 << 20:
            detail = f"{format_size(member.packed)} that unpack to {format_size(member.size)}"
            self.risks.append(risk("decompression-bomb", where, detail))
        if name.lower().endswith(_ARCHIVES):
            self.risks.append(risk("odd-member", where, "It is an archive in the archive, which no model has"))
        if member.header + _LOCAL.size + member.packed > self._length:
            self.risks.append(risk("odd-member", where, "It would lie outside the file"))
        if name in self.members:
            self.risks.append(risk("duplicate-member", where, "The archive holds two members of this name"))
        self.members[name] = Member(
            name, member.method, member.flags, member.packed, member.size, member.header, member.checksum
        )

    def place(self, name: str) -> tuple[int, int] | None:
        """Where a stored member's bytes are in the file: (offset, size). None for a packed member.

        Raises:
            FileError: There is no such member, it is encrypted, or it lies outside the file.
        """
        member = self._readable(name)
        if member.method != STORED:
            return None
        return self._start(member), member.packed

    def _readable(self, name: str) -> Member:
        member = self.members.get(name)
        if member is None:
            raise FileError(f"The archive has no member {quoted(name)}", where=str(self.path))
        if member.flags & (_ENCRYPTED | _STRONG_ENCRYPTION):
            raise FileError(f"The member {quoted(name)} of the archive is encrypted", where=str(self.path))
        if member.method not in (STORED, DEFLATED):
            raise FileError(
                f"The member {quoted(name)} is packed by method {member.method}, which Keras never uses",
                where=str(self.path),
                hint="Unpack the archive and open the folder.",
            )
        return member

    def _start(self, member: Member) -> int:
        try:
            with self.path.open("rb") as stream:
                stream.seek(member.header)
                header = stream.read(_LOCAL.size)
                if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
                    raise self._damaged(f"its member {quoted(member.name)} is not where it should be")
                fields = _LOCAL.unpack(header)
                start: int = member.header + _LOCAL.size + fields[9] + fields[10]
                if stream.read(fields[9]).replace(b"\\", b"/") != _raw(member.name, member.flags):
                    where = f"archive member {quoted(member.name)}"
                    self.risks.append(risk("odd-member", where, "It has another name where its bytes begin"))
        except OSError as error:
            raise unreadable(self.path, error) from error
        if start + member.packed > self._length:
            raise self._damaged(f"its member {quoted(member.name)} ends after the end of the file")
        return start

    def chunks(self, name: str, limit: int) -> Iterator[bytes]:
        """The unpacked bytes of a member in pieces, counted while they come and not by what the archive states.

        Raises:
            LimitError: There are more than `limit` bytes, or it unpacks to far more than any model's text does.
            FileError: The member is missing or damaged.
        """
        import zlib

        member = self._readable(name)
        start = self._start(member)
        unpack = zlib.decompressobj(-15) if member.method == DEFLATED else None
        total, checksum, left = 0, 0, member.packed
        try:
            with self.path.open("rb") as stream:
                stream.seek(start)
                while left > 0:
                    piece = stream.read(min(left, 1 << 18))
                    if not piece:
                        break
                    left -= len(piece)
                    while piece:
                        data = piece if unpack is None else unpack.decompress(piece, 1 << 20)
                        piece = b"" if unpack is None else unpack.unconsumed_tail
                        total += len(data)
                        checksum = zlib.crc32(data, checksum)
                        if total > limit or (total > 1 << 22 and total > MAX_RATIO * (member.packed - left + 1)):
                            raise LimitError(
                                f"The member {quoted(name)} unpacks to more than {format_size(min(total, limit))}, "
                                "which no model needs",
                                where=str(self.path),
                            )
                        yield data
        except OSError as error:
            raise unreadable(self.path, error) from error
        except zlib.error as error:
            raise self._damaged(f"its member {quoted(name)} cannot be unpacked") from error
        if checksum != member.checksum:
            raise self._damaged(f"the bytes of its member {quoted(name)} are not the ones that were written")

    def read(self, name: str, limit: int) -> bytes:
        """The unpacked bytes of a member. Errors as for `chunks`."""
        return b"".join(self.chunks(name, limit))


def _wide(extra: bytes, size: int, packed: int, header: int) -> tuple[int, int, int]:
    """Sizes and place of a member of more than 4 GB, from the extra field 1 (zip64)."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            values = [
                int.from_bytes(extra[i : i + 8], "little")
                for i in range(at + 4, min(at + 4 + length, len(extra)) - 7, 8)
            ]
            fields = [values.pop(0) if value == 0xFFFFFFFF and values else value for value in (size, packed, header)]
            return fields[0], fields[1], fields[2]
        at += 4 + length
    return size, packed, header


def _raw(name: str, flags: int) -> bytes:
    return name.encode("utf-8" if flags & 0x800 else "cp437", "replace")
