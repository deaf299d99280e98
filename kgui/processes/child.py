"""The side that asks: a child process and the requests that it has not answered yet."""

from __future__ import annotations

import itertools
import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Any, cast

from kgui import errors
from kgui.processes.frames import Buffer, FrameError, read_frame, write_frame
from kgui.processes.serve import Answer

LOG = logging.getLogger(__name__)


class ChildBug(Exception):
    """A bug in the child process, with its traceback. Not for the user's eyes, but for the log."""


@dataclass(slots=True, eq=False)
class Request:
    """Something asked of a child process.

    Attributes:
        future: Gets an `Answer`, a `KguiError`, or `concurrent.futures.CancelledError`. Its callbacks run in a
            thread of the child's connection.
        deadline: Seconds without an answer or progress after which the child is killed, or None.
    """

    child: Child
    number: int
    future: Future[Answer] = field(default_factory=Future)
    on_progress: Callable[[float | None, str], None] | None = None
    deadline: float | None = None
    timer: threading.Timer | None = None

    def result(self, timeout: float | None = None) -> Answer:
        """Waits for the answer."""
        return self.future.result(timeout)

    def cancel(self) -> None:
        """Tells the child to stop working on this. The future is cancelled at once."""
        self.child._cancel(self)


class Child:
    """A process of kgui that answers requests, started at once.

    No method waits for the process, however busy or stuck it is, but for `close`.

    Args:
        role: What the user calls it: "reader", "engine".
        module: Run as `python -m MODULE`.
        on_exit: Called with the return code, in the connection's thread, after all open requests have failed.
        stderr: Where its standard error goes; a file descriptor, or None for this process' own.
    """

    def __init__(
        self,
        role: str,
        module: str,
        *,
        env: Mapping[str, str] | None = None,
        on_exit: Callable[[int | None], None] | None = None,
        stderr: int | None = None,
    ) -> None:
        self.role = role
        self.hello: Future[dict[str, Any]] = Future()
        self.timed_out = False
        """Whether it was killed because a request was over its deadline."""
        self._on_exit = on_exit
        self._numbers = itertools.count(1)
        self._open: dict[int, Request] = {}
        self._lock = threading.Lock()
        self._closed = False
        # A process that is stuck does not read its requests, and a full pipe would stop the caller: a thread writes.
        self._outbox: queue.SimpleQueue[tuple[dict[str, Any], Sequence[Buffer]] | None] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            # -P: without it the current folder comes first in sys.path, and a numpy.py beside a downloaded model runs.
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, **(env or {})},
            # Ctrl+C in the terminal is for the window; the child ends when the window closes its end.
            start_new_session=True,
        )
        self._writer = threading.Thread(target=self._write, daemon=True, name=f"{role} requests")
        self._writer.start()
        self._thread = threading.Thread(target=self._listen, daemon=True, name=f"{role} connection")
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the process runs and can be asked."""
        return not self._closed and self.process.poll() is None

    def request(
        self,
        op: str,
        params: dict[str, Any] | None = None,
        buffers: Sequence[Buffer] = (),
        *,
        deadline: float | None = None,
        on_progress: Callable[[float | None, str], None] | None = None,
    ) -> Request:
        """Asks the child to do something; returns at once.

        Args:
            op: One of the child's operations.
            params: JSON values.
            buffers: Raw bytes that go beside them. They must not change until the answer is there.
            deadline: Seconds without an answer or progress after which the child is killed (and the request fails
                with `ProcessDied`).
            on_progress: Called with fraction done and a text, in the connection's thread.
        """
        request = Request(self, next(self._numbers), on_progress=on_progress, deadline=deadline)
        with self._lock:
            if self._closed:
                request.future.set_exception(errors.ProcessDied(self.role, self.process.poll()))
                return request
            self._open[request.number] = request
            self._watch(request, deadline)
            self._outbox.put(({"id": request.number, "op": op, "params": params or {}}, buffers))
        return request

    def kill(self) -> None:
        """Ends the process at once. Its open requests fail with `ProcessDied`."""
        self.process.kill()

    def close(self, timeout: float = 2.0) -> None:
        """Lets the process end by itself, kills it if it does not, and waits for the connection's threads."""
        self._outbox.put(None)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._thread.join(timeout)
        self._writer.join(timeout)

    def _watch(self, request: Request, seconds: float | None) -> None:
        _stop_timer(request)
        if seconds is not None:
            request.timer = threading.Timer(seconds, self._kill_late, [request])
            request.timer.daemon = True
            request.timer.start()

    def _kill_late(self, request: Request) -> None:
        with self._lock:
            late = request.number in self._open
        if late:
            self.timed_out = True
            self.process.kill()

    def _cancel(self, request: Request) -> None:
        with self._lock:
            known = self._open.pop(request.number, None)
            if known is None or self._closed:
                return
            self._outbox.put(({"cancel": request.number}, ()))
        _stop_timer(request)
        request.future.cancel()

    def _write(self) -> None:
        stream = cast(Any, self.process.stdin)
        while (item := self._outbox.get()) is not None:
            try:
                write_frame(stream, *item)
            except OSError:
                break  # the process is gone, which the connection's thread sees, and it fails the requests
            except (TypeError, ValueError, RecursionError) as error:
                # What was asked is no JSON: a mistake of the caller, told to the caller. Nothing has been written yet.
                self._fail(item[0].get("id"), error)
        try:
            stream.close()
        except OSError:
            pass  # what was still to be flushed has no reader any more

    def _fail(self, number: int | None, error: Exception) -> None:
        with self._lock:
            request = None if number is None else self._open.pop(number, None)
        if request is not None:
            _stop_timer(request)
            _settle(request, error=error)

    def _listen(self) -> None:
        try:
            while (frame := read_frame(cast(Any, self.process.stdout))) is not None:
                self._receive(*frame)
        except (FrameError, OSError, ValueError, KeyError, TypeError, RecursionError, MemoryError) as error:
            # A child that writes nonsense is as good as dead.
            LOG.warning("the %s process wrote something that is no message: %r", self.role, error)
            self.process.kill()
        returncode = self.process.wait()
        cast(Any, self.process.stdout).close()
        with self._lock:
            self._closed = True
            left = list(self._open.values())
            self._open.clear()
        self._outbox.put(None)
        died = errors.ProcessDied(self.role, returncode)
        if not self.hello.done():
            self.hello.set_exception(died)
        for request in left:
            _stop_timer(request)
            _settle(request, error=died)
        if self._on_exit is not None:
            self._on_exit(returncode)

    def _receive(self, message: dict[str, Any], buffers: list[bytearray]) -> None:
        if "hello" in message:
            self.hello.set_result(message["hello"])
            return
        number = message["id"]
        if "progress" in message:
            self._report(number, message["progress"], message["text"])
            return
        with self._lock:
            request = self._open.pop(number, None)
        if request is None:
            return
        _stop_timer(request)
        if "error" in message:
            _settle(request, error=_raised(message["error"]))
        elif "cancelled" in message:
            request.future.cancel()
        else:
            _settle(request, answer=Answer(message["value"], buffers))

    def _report(self, number: int, fraction: float | None, text: str) -> None:
        with self._lock:
            request = self._open.get(number)
            if request is None:
                return
            self._watch(request, request.deadline)
        if request.on_progress is not None:
            try:
                request.on_progress(fraction, text)
            except Exception:
                # A bug of the caller's must not take the connection down with it.
                LOG.exception("a progress callback of the %s process failed", self.role)


def _settle(request: Request, *, answer: Answer | None = None, error: Exception | None = None) -> None:
    try:
        if error is not None:
            request.future.set_exception(error)
        else:
            request.future.set_result(cast(Answer, answer))
    except InvalidStateError:
        pass  # whoever held the future has cancelled it himself


def _stop_timer(request: Request) -> None:
    if request.timer is not None:
        request.timer.cancel()


def _raised(told: dict[str, Any]) -> Exception:
    if told["kind"] == "bug":
        return ChildBug(f"{told['what']}\n{told.get('traceback', '')}")
    kind = getattr(errors, told["kind"], errors.KguiError)
    if not (isinstance(kind, type) and issubclass(kind, errors.KguiError)) or kind is errors.ProcessDied:
        kind = errors.KguiError
    return kind(told["what"], where=told.get("where"), hint=told.get("hint"))
