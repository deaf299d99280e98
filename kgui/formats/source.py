"""What is to be opened: a file or folder, with the few bytes and names by which its format is recognised."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgui.errors import FileError, LimitError

HEAD_BYTES = 4096
MAX_NAMES = 10_000
"""Entries of a folder that are looked at: no model folder comes near, a folder of photographs easily does."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder that exists and may be read.

    Attributes:
        path: The file or folder.
        is_folder: Whether it is one.
        size: Bytes of the file; 0 for a folder.
        modified: Seconds since 1970 of the last change.
        head: The first 4,096 bytes of the file.
        tail: The last 64 bytes of the file.
        names: Names in the folder, folders among them with a "/" at the end.
        weights_path: Weights that the caller wants with the architecture, or None for those that belong to it by name.
    """

    path: Path
    is_folder: bool = False
    size: int = 0
    modified: float = 0.0
    head: bytes = b""
    tail: bytes = b""
    names: frozenset[str] = frozenset()
    weights_path: Path | None = None

    def read(self, limit: int, what: str = "The file") -> bytes:
        """The whole file.

        Raises:
            LimitError: It has more than `limit` bytes.
            FileError: It cannot be read.
        """
        if self.size > limit:
            raise LimitError(
                f"{what} is {format_size(self.size)} long; kgui reads no more than {format_size(limit)} of this kind",
                where=str(self.path),
            )
        try:
            with self.path.open("rb") as stream:
                return stream.read(limit + 1)[:limit]
        except OSError as error:
            raise unreadable(self.path, error) from error

    def inner(self, name: str) -> Path:
        """The path of an entry of the folder."""
        return self.path / name


def look_at(path: Path | str, *, weights_path: Path | str | None = None) -> Source:
    """Finds out what stands at a path.

    Raises:
        FileError: Nothing is there, it is empty, it may not be read, or it is a device or pipe.
    """
    if path == "":  # which pathlib takes for the working folder
        raise FileError("The name of the file is empty")
    try:
        path = Path(path)
        status = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise unreadable(path, error) from error
    weights = None if weights_path is None else Path(weights_path)
    if stat.S_ISDIR(status.st_mode):
        return Source(path, is_folder=True, modified=status.st_mtime, names=_names_in(path), weights_path=weights)
    if not stat.S_ISREG(status.st_mode):
        # Opening a pipe would wait for a writer for ever.
        raise FileError("This is neither a file nor a folder but a device or a pipe", where=str(path))
    if status.st_size == 0:
        raise FileError("The file is empty", where=str(path), hint="Copy or download it again.")
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
            stream.seek(max(0, status.st_size - 64))
            tail = stream.read(64)
    except OSError as error:
        raise unreadable(path, error) from error
    return Source(path, size=status.st_size, modified=status.st_mtime, head=head, tail=tail, weights_path=weights)


def _names_in(path: Path) -> frozenset[str]:
    names = set()
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                names.add(f"{entry.name}/" if entry.is_dir() else entry.name)
                if len(names) >= MAX_NAMES:
                    break
    except OSError as error:
        raise unreadable(path, error) from error
    return frozenset(names)


def unreadable(path: Any, error: BaseException) -> FileError:
    """The error for a file that the system does not give out, in a sentence."""
    number = getattr(error, "errno", None)
    where = str(path)
    if number in (errno.ENOENT, errno.ENOTDIR):
        return FileError("There is no such file or folder", where=where, hint="Check the path.")
    if number in (errno.EACCES, errno.EPERM):
        return FileError(
            "The file may not be read by this user", where=where, hint="Ask its owner for the right to read it."
        )
    if number == errno.ELOOP:
        return FileError("The link leads back to itself", where=where)
    if number == errno.ENAMETOOLONG:
        return FileError("The path is longer than the system allows", where=where[:200] + "…")
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return FileError(f"The file cannot be read ({text})", where=where)


def format_size(count: int) -> str:
    """Bytes for people: "312 bytes", "1.2 MB"."""
    if count < 1000:
        return f"{count} bytes"
    value, unit = count / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if value < 999.95:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}"
