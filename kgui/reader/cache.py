"""The files that the reader has open."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

MAX_OPEN = 4
MAX_ENTRIES = 64
"""Entries of a folder whose stamps count. A model folder has fewer than ten."""

Stamp = tuple[Any, ...]


class Closeable(Protocol):
    """Something that holds a file open."""

    def close(self) -> None:
        """Gives the file back."""


T = TypeVar("T", bound=Closeable)


class FileCache(Generic[T]):
    """The most recently used open files. One that has changed on disk is opened anew.

    Args:
        opener: Opens a file.
        size: How many are kept open.
    """

    def __init__(self, opener: Callable[[Path], T], size: int = MAX_OPEN) -> None:
        self._opener = opener
        self._size = size
        self._open: OrderedDict[str, tuple[Stamp, T]] = OrderedDict()

    def get(self, path: Path) -> T:
        """The open file at a path, opened now if it is not, or has changed."""
        key, now = os.path.abspath(path), stamp(path)  # noqa: PTH100 - resolve() would follow links
        if key in self._open:
            then, file = self._open[key]
            if then == now:
                self._open.move_to_end(key)
                return file
            self.forget(path)
        file = self._opener(path)
        self._open[key] = (now, file)
        while len(self._open) > self._size:
            self._open.popitem(last=False)[1][1].close()
        return file

    def forget(self, path: Path) -> bool:
        """Closes a file, and says whether it was open."""
        known = self._open.pop(os.path.abspath(path), None)  # noqa: PTH100
        if known is not None:
            known[1].close()
        return known is not None

    def clear(self) -> None:
        """Closes all files."""
        while self._open:
            self._open.popitem()[1][1].close()


def stamp(path: Path) -> Stamp:
    """What changes when a file changes: time, size, inode; of a folder, of its entries too."""
    try:
        status = path.stat()
        mark: Stamp = (status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev)
        if path.is_dir():
            with os.scandir(path) as entries:
                for entry in islice(entries, MAX_ENTRIES):
                    inner = entry.stat()
                    mark += (entry.name, inner.st_mtime_ns, inner.st_size)
        return mark
    except (OSError, ValueError):
        # It cannot be looked at; the opener will say why, in words.
        return ()
