"""The open files of the reader: few, and never stale."""

from __future__ import annotations

import os
from pathlib import Path

from kgui.reader.cache import FileCache


class Opened:
    def __init__(self, path: Path) -> None:
        self.path, self.closed = path, False

    def close(self) -> None:
        self.closed = True


def test_a_file_is_opened_once_until_it_changes(tmp_path: Path) -> None:
    cache = FileCache(Opened)
    path = tmp_path / "a"
    path.write_text("1")
    first = cache.get(path)
    assert cache.get(path) is first
    path.write_text("22")
    second = cache.get(path)
    assert second is not first and first.closed and not second.closed
    # The same size and time, but another file under the name: an editor that saves by renaming.
    status = path.stat()
    other = tmp_path / "b"
    other.write_text("33")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    assert cache.get(path) is not second


def test_a_change_within_a_folder_counts(tmp_path: Path) -> None:
    cache = FileCache(Opened)
    (tmp_path / "saved_model.pb").write_text("1")
    first = cache.get(tmp_path)
    assert cache.get(tmp_path) is first
    (tmp_path / "saved_model.pb").write_text("22")
    assert cache.get(tmp_path) is not first


def test_the_oldest_is_closed_when_there_are_too_many(tmp_path: Path) -> None:
    cache = FileCache(Opened, size=2)
    a, b = cache.get(tmp_path / "a"), cache.get(tmp_path / "b")
    assert cache.get(tmp_path / "a") is a
    cache.get(tmp_path / "c")
    assert b.closed and not a.closed
    assert cache.forget(tmp_path / "a") and a.closed
    assert not cache.forget(tmp_path / "a")
    cache.clear()
