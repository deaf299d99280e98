"""Arrays of open files, asked for without waiting: the window's side of `kgui.reader.client.Reader`.

These are processes beside the one that opens files: a gigabyte that is gone over for its statistics keeps nobody from
opening the next file, and a table can be scrolled meanwhile.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from kgui.errors import KguiError

if TYPE_CHECKING:
    from kgui.formats.store import Selection
    from kgui.graph.model import Weight
    from kgui.reader.client import Reader, Request

log = logging.getLogger(__name__)

Done = Callable[[Any], None]
Failed = Callable[[Exception], None]
Progress = Callable[[float | None], None]


class Asked:
    """A question that has been put. Its answer comes in the window's thread, or never once it has been dropped.

    Attributes:
        open: Whether an answer may still come.
    """

    def __init__(self, done: Done, failed: Failed, progress: Progress | None) -> None:
        self.open = True
        self._done = done
        self._failed = failed
        self._progress = progress
        self._request: Request[Any] | None = None

    def drop(self) -> None:
        """The answer is no longer wanted."""
        if self.open:
            self.open = False
            if self._request is not None:
                self._request.cancel()

    def _finish(self, error: Exception | None, value: Any) -> None:
        if self.open:
            self.open = False
            if error is None:
                self._done(value)
            else:
                self._failed(error)

    def _tell(self, fraction: float | None) -> None:
        if self.open and self._progress is not None:
            self._progress(fraction)


class Arrays(QObject):
    """What the files of this window hold, read on demand. Its processes are started by the first question."""

    closing = Signal()
    """The processes are about to end: who waits for an answer in a thread stops waiting now."""
    restarted = Signal(str)
    """A process ended by itself and another one has taken its place: a sentence for the user."""
    _finished = Signal(object, object, object)
    _told = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader: Reader | None = None
        self._closed = False
        self._words: int | None = None
        # Queued even within one thread: an answer that was there at once must not come before the question is known.
        queued = Qt.ConnectionType.QueuedConnection
        self._finished.connect(self._on_finished, queued)
        self._told.connect(self._on_told, queued)

    @property
    def processes(self) -> list[int]:
        """Ids of the processes that read arrays now."""
        return self._reader.processes if self._reader is not None else []

    @property
    def reader(self) -> Reader:
        """The reader itself, for a thread that waits for its answers."""
        from kgui.reader.client import Reader

        if self._closed:
            raise RuntimeError("the arrays of a closed window cannot be read")
        if self._reader is None:
            self._words = _log_file()
            self._reader = Reader(stderr=self._words, on_restart=self._on_restart)
        return self._reader

    def weights(self, path: Path, done: Done, failed: Failed) -> Asked:
        """Asks for the `kgui.reader.client.ListedWeights` of a file."""
        return self._ask(lambda _: self.reader.weights(path), done, failed)

    def values(self, path: Path, weight: Weight, selection: Selection | None, done: Done, failed: Failed) -> Asked:
        """Asks for a part of an array."""
        return self._ask(lambda _: self.reader.values(path, weight, selection), done, failed)

    def statistics(
        self, path: Path, weight: Weight, bins: int, done: Done, failed: Failed, progress: Progress | None = None
    ) -> Asked:
        """Asks for the `kgui.reader.arrays.Statistics` of an array."""
        return self._ask(
            lambda tell: self.reader.statistics(path, weight, bins=bins, on_progress=tell), done, failed, progress
        )

    def overview(
        self,
        path: Path,
        weight: Weight,
        axes: Sequence[int],
        index: Sequence[int],
        most: Sequence[int],
        done: Done,
        failed: Failed,
        progress: Progress | None = None,
    ) -> Asked:
        """Asks for the lowest and highest values of the blocks of a plane: see `kgui.reader.overview`."""
        return self._ask(
            lambda tell: self.reader.overview(path, weight, axes=axes, index=index, most=most, on_progress=tell),
            done,
            failed,
            progress,
        )

    def close(self) -> None:
        """Ends the processes. Nothing is answered any more."""
        if not self._closed:
            self.closing.emit()
        self._closed = True
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._words is not None:
            os.close(self._words)
            self._words = None

    def _ask(
        self,
        put: Callable[[Callable[[float | None, str], None]], Request[Any]],
        done: Done,
        failed: Failed,
        progress: Progress | None = None,
    ) -> Asked:
        asked = Asked(done, failed, progress)
        # Both are called in threads of the reader's; the signals carry them to the window's.
        asked._request = put(lambda fraction, _: self._told.emit(asked, fraction))
        asked._request.future.add_done_callback(lambda future: self._answered(asked, future))
        return asked

    def _on_restart(self, text: str) -> None:
        # In a thread of the reader's, like the answers.
        log.warning("%s", text)
        self.restarted.emit(text)

    def _on_finished(self, asked: Asked, error: Exception | None, value: Any) -> None:
        asked._finish(error, value)

    def _on_told(self, asked: Asked, fraction: float | None) -> None:
        asked._tell(fraction)

    def _answered(self, asked: Asked, future: Future[Any]) -> None:
        if future.cancelled() or self._closed:
            return
        try:
            value, error = future.result(), None
        except CancelledError:
            return
        except KguiError as told:
            value, error = None, told
        self._finished.emit(asked, error, value)


def _log_file() -> int:
    """Where the processes' standard error goes: beside the log of the window."""
    from kgui.training.files import data_dir

    try:
        data_dir().mkdir(parents=True, exist_ok=True)
        return os.open(data_dir() / "arrays.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
