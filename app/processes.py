"""The reader and the engine: started behind the window, watched, started again when they die, asked without waiting.

What comes back from a child's connection arrives in a thread of it; signals carry it to the window's thread.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from app.arrays import Arrays
from kgui.errors import KguiError, ProcessDied

if TYPE_CHECKING:
    from kgui.processes import Answer, Child, Request

log = logging.getLogger(__name__)

State = Literal["off", "starting", "ready", "busy"]

DEATHS = 3
"""A process that dies this often within `DEATH_TIME` seconds is left alone until it is asked for again."""
DEATH_TIME = 20.0


class Reply(QObject):
    """The answer that is still to come. Its signals arrive in the window's thread, at most one of the last three."""

    progress = Signal(object, str)
    """Fraction done (None where not known) and a text."""
    done = Signal(object)
    """What the request's `convert` made of the answer."""
    failed = Signal(object)
    """A `KguiError` for the user, or another exception for the log."""
    cancelled = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._request: Request | None = None
        self._given_up = False

    def cancel(self) -> None:
        """Gives up on the answer; the child is told to stop working on it."""
        self._given_up = True
        if self._request is not None:
            self._request.cancel()

    def _sent(self, request: Request) -> None:
        self._request = request
        if self._given_up:
            request.cancel()


class Service(QObject):
    """One child process of the window.

    Args:
        role: What the user calls it: "reader", "engine".
        module: Run as `python -m MODULE`.
        env: Added to its environment.
        nice: How much it gives way to others, the window first of all, where the system knows how.
    """

    state_changed = Signal()
    died = Signal(object)
    """A `ProcessDied`: it ended without being asked to."""
    _exited = Signal(int, object)
    _greeted = Signal(int, object)
    _finished = Signal(object, str, object)

    def __init__(
        self, role: str, module: str, parent: QObject, *, env: dict[str, str] | None = None, nice: int = 0
    ) -> None:
        super().__init__(parent)
        self.role = role
        self.hello: dict[str, Any] = {}
        self._module = module
        self._env = env
        self._nice = nice
        self._child: Child | None = None
        self._generation = 0
        self._timed_out = False
        self._state: State = "off"
        self._open = 0
        self._deaths: list[float] = []
        self._closing = False
        # Starting a process and writing into a pipe can wait; the window must not.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{role} requests")
        self._exited.connect(self._on_exit)
        self._greeted.connect(self._on_hello)
        self._finished.connect(self._on_finished)

    @property
    def state(self) -> State:
        """What it does now."""
        return "busy" if self._state == "ready" and self._open else self._state

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return self._child.process.pid if self._child is not None and self._child.alive else None

    @property
    def timed_out(self) -> bool:
        """Whether the last process that ended was killed because it had not answered in time."""
        return self._timed_out

    def start(self) -> None:
        """Starts the process, if it does not run; returns at once."""
        if self._state == "off" and not self._closing:
            self._set_state("starting")
            self._thread.submit(self._ensure)

    def request(
        self,
        op: str,
        params: dict[str, Any] | None = None,
        buffers: Sequence[bytes] = (),
        *,
        convert: Callable[[Answer], Any] = lambda answer: answer,
        deadline: float | None = None,
    ) -> Reply:
        """Asks the process something, starting it if need be; returns at once.

        Args:
            op: One of the process' operations.
            params: JSON values.
            buffers: Raw bytes beside them.
            convert: Makes of the answer what `Reply.done` carries, in the connection's thread.
            deadline: Seconds without an answer or progress after which the process is killed and started again.
        """
        reply = Reply(self)
        self._open += 1
        self.start()
        self._thread.submit(self._send, reply, op, params, buffers, convert, deadline)
        self.state_changed.emit()
        return reply

    def close(self) -> None:
        """Ends the process and waits for it."""
        self._closing = True
        self._thread.shutdown(wait=True, cancel_futures=True)
        if self._child is not None:
            self._child.close()

    def _ensure(self) -> Child:
        """In the requests' thread: the running child, a new one if there is none."""
        from kgui.processes import Child

        if self._child is None or not self._child.alive:
            # A late word of an earlier child must not count for this one.
            number = self._generation = self._generation + 1
            with self._words() as words:
                self._child = Child(
                    self.role,
                    self._module,
                    env=self._env,
                    on_exit=lambda returncode: self._exited.emit(number, returncode),
                    stderr=words.fileno(),
                )
            if self._nice and hasattr(os, "setpriority"):
                os.setpriority(os.PRIO_PROCESS, self._child.process.pid, self._nice)
            self._child.hello.add_done_callback(lambda hello: self._greeted.emit(number, hello))
        return self._child

    def _words(self) -> IO[bytes]:
        """Where the process' standard error goes: a file of its own beside the log, begun anew by each window."""
        from kgui.training.files import data_dir

        try:
            data_dir().mkdir(parents=True, exist_ok=True)
            return (data_dir() / f"{self.role}.log").open("wb" if self._generation == 1 else "ab")
        except OSError:
            return Path(os.devnull).open("wb")

    def _send(
        self,
        reply: Reply,
        op: str,
        params: dict[str, Any] | None,
        buffers: Sequence[bytes],
        convert: Callable[[Answer], Any],
        deadline: float | None,
    ) -> None:
        try:
            child = self._ensure()
            request = child.request(
                op, params, buffers, deadline=deadline, on_progress=lambda part, text: reply.progress.emit(part, text)
            )
        except OSError as error:
            self._finished.emit(reply, "failed", KguiError(f"The {self.role} could not be started ({error})"))
            return
        reply._sent(request)
        request.future.add_done_callback(lambda future: self._answered(child, reply, future, convert))

    def _answered(self, child: Child, reply: Reply, future: Future[Answer], convert: Callable[[Answer], Any]) -> None:
        outcome, value = _outcome(future, convert)
        if isinstance(value, ProcessDied):
            self._timed_out = child.timed_out
        self._finished.emit(reply, outcome, value)

    def _on_finished(self, reply: Reply, outcome: str, value: object) -> None:
        # Here, in the window's thread, and not where the answer came in: the reply is deleted after its signal, and a
        # signal that is emitted in another thread reaches its receivers one by one, with time for that in between.
        self._open -= 1
        self.state_changed.emit()
        if outcome == "cancelled":
            reply.cancelled.emit()
        else:
            getattr(reply, outcome).emit(value)
        reply.deleteLater()

    def _set_state(self, state: State) -> None:
        self._state = state
        self.state_changed.emit()

    def _on_hello(self, number: int, hello: Future[dict[str, Any]]) -> None:
        if number == self._generation and hello.exception() is None:
            self.hello = hello.result()
            self._set_state("ready")

    def _on_exit(self, number: int, returncode: int | None) -> None:
        if self._closing or number != self._generation:
            return
        now = time.monotonic()
        self._deaths = [then for then in self._deaths if now - then < DEATH_TIME] + [now]
        error = ProcessDied(self.role, returncode)
        log.warning("%s", error)
        self._set_state("off")
        if len(self._deaths) < DEATHS:
            self.start()
        self.died.emit(error)


def _outcome(future: Future[Answer], convert: Callable[[Answer], Any]) -> tuple[str, object]:
    """Which signal of a reply an answer becomes, and what goes with it."""
    try:
        return "done", convert(future.result())
    except CancelledError:
        return "cancelled", None
    except KguiError as error:
        return "failed", error
    except Exception as error:
        log.exception("a request failed")
        return "failed", error


class Processes(QObject):
    """All children of one window."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.reader = Service("reader", "kgui.reader", self)
        # The engine may use every core for seconds; the window goes first.
        self.engine = Service("engine", "kgui.engine", self, env={"TF_CPP_MIN_LOG_LEVEL": "3"}, nice=10)
        self.arrays = Arrays(self)

    def close(self) -> None:
        """Ends all of them."""
        self.arrays.close()
        for service in (self.reader, self.engine):
            service.close()
