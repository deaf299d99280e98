"""Work that ends in a file or on the clipboard: in a thread, with a way to give it up."""

from __future__ import annotations

import logging
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from kgui.atomic import replacing
from kgui.errors import KguiError

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The user has given up."""


class Control:
    """What the work asks whether it should go on, and what runs programs that can be ended at once."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def check(self) -> None:
        """Raises `Stopped` once the user has given up."""
        if self._stop.is_set():
            raise Stopped

    def stop(self) -> None:
        """The user gives up."""
        self._stop.set()
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def run(self, command: list[str], told: bytes) -> bytes:
        """What a program writes when it is told this.

        Raises:
            Stopped: The user has given up; the program is gone.
            KguiError: The program ended without an answer.
        """
        self.check()
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        with self._lock:
            self._process = process
        if self._stop.is_set():
            # Given up between the two: nobody has ended it yet.
            process.kill()
        answer, words = process.communicate(told)
        with self._lock:
            self._process = None
        self.check()
        if process.returncode != 0:
            log.error("%s: %s", command, words.decode(errors="replace"))
            raise KguiError("The picture could not be drawn", hint="The log says more. Fewer dots per inch may help.")
        return answer


Work = Callable[[Control], bytes]


class Job(QObject):
    """One piece of work.

    Args:
        work: Makes the content.
        target: The file, or None to hand the content over.
        parent: Owns it.
    """

    done = Signal(object)
    """The content, or the `Path` of the file."""
    failed = Signal(str)
    """Why, in a sentence."""
    stopped = Signal()
    _ended = Signal(str, object)

    def __init__(self, work: Work, target: Path | None, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._target = target
        self._control = Control()
        self._thread = threading.Thread(target=self._run, name="export")
        # Queued: it is emitted in the thread that is about to end.
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Gives up. No file is left."""
        self._control.stop()

    def close(self) -> None:
        """Gives up and waits."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            content = self._work(self._control)
            self._control.check()
            if self._target is not None:
                with replacing(self._target) as part:
                    part.write_bytes(content)
        except Stopped:
            self._ended.emit("stopped", None)
        except KguiError as error:
            self._ended.emit("failed", str(error))
        except Exception:
            log.exception("an export failed")
            self._ended.emit("failed", "")
        else:
            self._ended.emit("done", content if self._target is None else self._target)

    def _on_ended(self, outcome: str, value: object) -> None:
        self._thread.join()
        if outcome == "stopped":
            self.stopped.emit()
        elif outcome == "failed":
            self.failed.emit(value or self.tr("It failed because of an error in kgui itself. The log says more."))
        else:
            self.done.emit(value)
