"""Notices that files of open tabs have changed on the disk."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

Stamp = tuple[int, int] | None
"""Time of the last change in nanoseconds, and size; None where there is no file."""

QUIET = 400
"""Milliseconds without another change after which a file counts as written: a model of 2 GB is written for seconds."""


class FileWatch(QObject):
    """Watches files. Each change is told once, when it is over."""

    changed = Signal(Path)
    """The file is another one than the one that was opened."""
    gone = Signal(Path)
    """The file is no longer there."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[Path, Stamp] = {}
        self._moving: dict[Path, Stamp] = {}
        self._watcher: QFileSystemWatcher | None = None
        self._timer = QTimer(self, singleShot=True, interval=QUIET)
        self._timer.timeout.connect(self._look)

    def watch(self, path: Path) -> None:
        """From now on: what is on the disk is what is shown."""
        if self._watcher is None:
            self._watcher = QFileSystemWatcher(self)
            self._watcher.fileChanged.connect(self._touched)
            self._watcher.directoryChanged.connect(self._touched)
        self._known[path] = _stamp(path)
        self._moving.pop(path, None)
        self._watcher.addPath(str(path))

    def forget(self, path: Path) -> None:
        """Nobody shows the file any more."""
        if self._known.pop(path, None) is not None and self._watcher is not None:
            self._watcher.removePath(str(path))
        self._moving.pop(path, None)

    def _touched(self, name: str) -> None:
        path = Path(name)
        if path in self._known:
            self._moving[path] = _stamp(path)
            self._timer.start()

    def _look(self) -> None:
        for path, before in list(self._moving.items()):
            now = _stamp(path)
            if now != before:
                # It is still being written.
                self._moving[path] = now
                self._timer.start()
                continue
            del self._moving[path]
            if now is not None and self._watcher is not None:
                # Programs that write a new file and put it in the place of the old one end the watching of that.
                self._watcher.addPath(str(path))
            if now != self._known[path]:
                self._known[path] = now
                (self.gone if now is None else self.changed).emit(path)


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
