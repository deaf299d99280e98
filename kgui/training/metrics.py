"""The metrics of a run: one file that is the live feed, the history, and what is left after a crash.

Layout, little endian: the magic `KGUILOG1`, u32 length of a JSON header, the header, zeros up to a multiple of 8, then
rows of one fixed size, only ever appended. The header is `{"columns": [...]}`. A row is

    u32 check    CRC-32 of the rest of the row, mixed with the row's number
    u16 kind     1: a training step, 2: the end of an epoch
    u16 unused
    u32 epoch    from 0
    u32 unused
    u64 step     steps done since the run began
    f64 time     Unix time in seconds
    f32 values   one per column, NaN where the row has none; padded to a multiple of 8

A writer that is killed leaves whole rows, as each batch of rows is one `write`. A machine that loses power may leave
part of a row, or zeros: the first row whose kind is unknown ends the log, and so does a wrong check near the end. The
number in the check keeps a row that the file system repeats from counting twice.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgui.errors import FileError

if TYPE_CHECKING:
    import numpy as np

MAGIC = b"KGUILOG1"
STEP = 1
EPOCH = 2
HEAD = struct.Struct("<HHIIQd")
CHECK = struct.Struct("<I")
MAX_HEADER = 1 << 20
TAIL = 4096
"""Rows at the end of a log whose check is computed when it is opened. What is older has been on the disk for long."""

MAP_FROM = 1 << 22
"""Bytes from which rows are mapped into memory instead of read."""

Row = tuple[int, int, int, float, Sequence[float]]
"""Kind, epoch, step, time, values."""


def _padded(size: int) -> int:
    return -(-size // 8) * 8


def _row_size(columns: int) -> int:
    return _padded(CHECK.size + HEAD.size + 4 * columns)


def _check(number: int, body: bytes | memoryview) -> int:
    return zlib.crc32(body, number & 0xFFFFFFFF)


class MetricsWriter:
    """Appends rows to a metrics log; goes on after the last whole row of a log that is there already.

    Args:
        path: The file.
        columns: Names of the values of every row.

    Raises:
        FileError: The file is there and has other columns.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self._values = struct.Struct(f"<{len(self.columns)}f")
        size = _row_size(len(self.columns))
        self._padding = bytes(size - CHECK.size - HEAD.size - self._values.size)
        header = json.dumps({"columns": self.columns}).encode()
        start = MAGIC + CHECK.pack(len(header)) + header
        start += bytes(_padded(len(start)) - len(start))
        if path.exists() and path.stat().st_size >= len(start):
            with MetricsReader(path) as reader:
                if reader.columns != self.columns:
                    raise FileError(
                        f"This log of metrics has the columns {', '.join(reader.columns)}, not {', '.join(columns)}",
                        where=str(path),
                    )
                self.rows = len(reader.read())
        else:
            # A log that ends within its header holds nothing.
            self.rows = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        if self.rows == 0:
            os.ftruncate(self._file, 0)
            os.write(self._file, start)
        os.ftruncate(self._file, len(start) + self.rows * size)
        os.lseek(self._file, 0, os.SEEK_END)

    def write(self, rows: Iterable[Row]) -> None:
        """Appends rows in one write: a reader sees all of each row or nothing of it."""
        parts = []
        for kind, epoch, step, time, values in rows:
            body = HEAD.pack(kind, 0, epoch, 0, step, time) + self._values.pack(*values) + self._padding
            parts.append(CHECK.pack(_check(self.rows, body)) + body)
            self.rows += 1
        view = memoryview(b"".join(parts))
        while view:
            view = view[os.write(self._file, view) :]

    def sync(self) -> None:
        """Makes what was written survive a power cut."""
        os.fsync(self._file)

    def close(self) -> None:
        """Writes to the disk and closes the file."""
        if self._file >= 0:
            self.sync()
            os.close(self._file)
            self._file = -1


class MetricsReader:
    """Reads a metrics log, also while it is written.

    Args:
        path: The file.

    Attributes:
        columns: Names of the values.

    Raises:
        FileError: There is no log yet, or this is none.
    """

    def __init__(self, path: Path) -> None:
        import numpy as np

        self.path = path
        self._next = 0
        try:
            self._file = path.open("rb", buffering=0)
        except OSError as error:
            raise FileError(f"There are no metrics yet ({error.strerror or error})", where=str(path)) from error
        try:
            start = self._file.read(len(MAGIC) + CHECK.size)
            if len(start) < len(MAGIC) + CHECK.size or not start.startswith(MAGIC):
                raise FileError("This is not a log of metrics", where=str(path))
            (length,) = CHECK.unpack(start[len(MAGIC) :])
            header = self._file.read(min(length, MAX_HEADER))
            self.columns = _columns(header if len(header) == length else b"", path)
        except BaseException:
            self._file.close()
            raise
        self._offset = _padded(len(MAGIC) + CHECK.size + length)
        self._row = _row_size(len(self.columns))
        names = ["check", "kind", "epoch", "step", "time", "values"]
        self.dtype = np.dtype(
            {
                "names": names,
                "formats": ["<u4", "<u2", "<u4", "<u8", "<f8", ("<f4", (len(self.columns),))],
                "offsets": [0, 4, 8, 16, 24, 32],
                "itemsize": self._row,
            }
        )

    def read(self) -> np.ndarray[Any, Any]:
        """The rows that were added since the last call; at first, all.

        Returns:
            A read-only structured array: "kind", "epoch", "step", "time", and "values" of shape (rows, columns). Where
            there is much it is mapped from the file, not read.
        """
        import numpy as np

        count = (os.fstat(self._file.fileno()).st_size - self._offset) // self._row - self._next
        if count <= 0:
            return np.empty(0, self.dtype)
        start = self._offset + self._next * self._row
        rows: np.ndarray[Any, Any]
        if count * self._row >= MAP_FROM:
            rows = np.memmap(self._file, self.dtype, "r", start, shape=(count,))
        else:
            # A mapping keeps a file descriptor: a window that keeps every few rows it got would run out of them.
            self._file.seek(start)
            read = self._file.read(count * self._row)
            rows = np.frombuffer(read, self.dtype, len(read) // self._row)
        rows = rows[: self._valid(rows)]
        self._next += len(rows)
        return rows

    def _valid(self, rows: np.ndarray[Any, Any]) -> int:
        import numpy as np

        known = np.isin(rows["kind"], (STEP, EPOCH))
        count = len(rows) if known.all() else int(known.argmin())
        raw = np.asarray(rows).view(np.uint8).reshape(len(rows), self._row)
        for index in range(max(0, count - TAIL), count):
            body = raw[index, CHECK.size :].tobytes()
            if int(rows["check"][index]) != _check(self._next + index, body):
                return index
        return count

    def close(self) -> None:
        """Closes the file. Rows that were read stay valid."""
        self._file.close()

    def __enter__(self) -> MetricsReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _columns(header: bytes, path: Path) -> list[str]:
    try:
        columns = json.loads(header)["columns"]
    except (ValueError, KeyError, TypeError, RecursionError):
        columns = None
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise FileError("The header of this log of metrics is damaged", where=str(path))
    return columns
