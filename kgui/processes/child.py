"""The side that asks: a child process and the requests that it has not answered yet."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, cast

from kgui import errors
from kgui.processes.frames import Buffer, FrameError, read_frame, write_frame
from kgui.processes.serve import Answer


class ChildBug(Exception):
    """A bug in the child process, with its traceback. Not for the user's eyes, but for the log."""


@dataclass(slots=True, eq=False)
class Request:
    """Something asked of a child process.

    Attributes:
        future: Gets an `Answer`, a `KguiError`, or `concurrent.futures.CancelledError`. Its callbacks run in a
            thread of the child's connection.
    """

    child: Child
    number: int
    future: Future[Answer] = field(default_factory=Future)
    on_progress: Callable[[float | None, str], None] | None = None
    timer: threading.Timer | None = None

    def result(self, timeout: float | None = None) -> Answer:
        """Waits for the answer."""
        return self.future.result(timeout)

    def cancel(self) -> None:
        """Tells the child to stop working on this. The future is cancelled at once."""
        self.child._cancel(self)


class Child:
    """A process of kgui that answers requests, started at once.

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
        self._on_exit = on_exit
        self._numbers = itertools.count(1)
        self._open: dict[int, Request] = {}
        self._lock = threading.Lock()
        self._closed = False
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, **(env or {})},
            # Ctrl+C in the terminal is for the window; the child ends when the window closes its end.
            start_new_session=True,
        )
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
            buffers: Raw bytes that go beside them.
            deadline: Seconds after which the child is killed (and the request fails with `ProcessDied`).
            on_progress: Called with fraction done and a text, in the connection's thread.
        """
        request = Request(self, next(self._numbers), on_progress=on_progress)
        with self._lock:
            if self._closed:
                request.future.set_exception(errors.ProcessDied(self.role, self.process.poll()))
                return request
            self._open[request.number] = request
            if deadline is not None:
                request.timer = threading.Timer(deadline, self.kill)
                request.timer.daemon = True
                request.timer.start()
            try:
                write_frame(
                    cast(Any, self.process.stdin), {"id": request.number, "op": op, "params": params or {}}, buffers
                )
            except (OSError, ValueError):
                # The connection's thread sees the end of the process and fails the request.
                pass
        return request

    def kill(self) -> None:
        """Ends the process at once. Its open requests fail with `ProcessDied`."""
        self.process.kill()

    def close(self, timeout: float = 2.0) -> None:
        """Lets the process end by itself, kills it if it does not, and waits for the connection's thread."""
        with self._lock, contextlib.suppress(OSError):
            cast(Any, self.process.stdin).close()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._thread.join(timeout)

    def _cancel(self, request: Request) -> None:
        with self._lock:
            known = self._open.pop(request.number, None)
            if known is None or self._closed:
                return
            with contextlib.suppress(OSError, ValueError):
                write_frame(cast(Any, self.process.stdin), {"cancel": request.number})
        _stop_timer(request)
        request.future.cancel()

    def _listen(self) -> None:
        try:
            while (frame := read_frame(cast(Any, self.process.stdout))) is not None:
                self._receive(*frame)
        except (FrameError, OSError, ValueError):
            # A child that writes nonsense is as good as dead.
            self.process.kill()
        returncode = self.process.wait()
        cast(Any, self.process.stdout).close()
        with self._lock:
            self._closed = True
            left = list(self._open.values())
            self._open.clear()
        died = errors.ProcessDied(self.role, returncode)
        if not self.hello.done():
            self.hello.set_exception(died)
        for request in left:
            _stop_timer(request)
            request.future.set_exception(died)
        if self._on_exit is not None:
            self._on_exit(returncode)

    def _receive(self, message: dict[str, Any], buffers: list[bytearray]) -> None:
        if "hello" in message:
            self.hello.set_result(message["hello"])
            return
        with self._lock:
            request = self._open.get(message["id"])
            if request is None:
                return
            if "progress" not in message:
                del self._open[request.number]
        if "progress" in message:
            if request.on_progress is not None:
                request.on_progress(message["progress"], message["text"])
            return
        _stop_timer(request)
        if "error" in message:
            request.future.set_exception(_raised(message["error"]))
        elif "cancelled" in message:
            request.future.cancel()
        else:
            request.future.set_result(Answer(message["value"], buffers))


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
