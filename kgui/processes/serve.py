"""The side that answers: a loop over requests, for the reader and the engine."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from kgui.errors import KguiError
from kgui.processes.frames import Buffer, FrameError, read_frame, write_frame

PROGRESS_EVERY = 0.05
"""Seconds between two progress messages of one request at the least."""


class Cancelled(Exception):
    """The other side no longer wants the answer."""


@dataclass(slots=True)
class Answer:
    """What a handler returns: JSON values, and raw buffers beside them."""

    value: Any = None
    buffers: Sequence[Buffer] = ()


@dataclass(slots=True)
class Task:
    """One request while it is worked on.

    Attributes:
        params: What was asked, as JSON values.
        buffers: Raw buffers that came with it.
    """

    params: dict[str, Any]
    buffers: list[bytearray]
    _tell: Callable[[dict[str, Any]], None]
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _told: float = 0.0

    def progress(self, fraction: float | None, text: str = "") -> None:
        """Tells the other side how far the work is (0 to 1, None where not known).

        Raises:
            Cancelled: The other side has given up on the request.
        """
        self.check_cancelled()
        now = time.monotonic()
        if now - self._told >= PROGRESS_EVERY:
            self._told = now
            self._tell({"progress": fraction, "text": text})

    def check_cancelled(self) -> None:
        """Raises `Cancelled` if the other side has given up on the request."""
        if self._cancelled.is_set():
            raise Cancelled


Handler = Callable[[Task], Answer]


def serve(handlers: Mapping[str, Handler], *, hello: dict[str, Any] | None = None) -> None:
    """Answers requests on standard input until the other side closes it, then leaves the process.

    Standard output belongs to the messages; what anything else prints there goes to standard error.

    Args:
        handlers: What to do for each operation.
        hello: Sent first, once the process is ready.
    """
    requests = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    answers = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    _Loop(handlers, requests, answers).run(hello or {})


class _Loop:
    def __init__(self, handlers: Mapping[str, Handler], requests: BinaryIO, answers: BinaryIO) -> None:
        self.handlers = handlers
        self.requests = requests
        self.answers = answers
        self.lock = threading.Lock()
        self.waiting: queue.SimpleQueue[tuple[dict[str, Any], list[bytearray]]] = queue.SimpleQueue()
        self.cancelled: dict[int, threading.Event] = {}

    def run(self, hello: dict[str, Any]) -> None:
        self.send({"hello": hello})
        threading.Thread(target=self.listen, daemon=True, name="requests").start()
        while True:
            message, buffers = self.waiting.get()
            self.handle(message, buffers)

    def listen(self) -> None:
        # Leaves the process as soon as the other side is gone, whatever the main thread is busy with.
        try:
            while (frame := read_frame(self.requests)) is not None:
                message, buffers = frame
                if "cancel" in message:
                    if (event := self.cancelled.get(message["cancel"])) is not None:
                        event.set()
                else:
                    self.cancelled[message["id"]] = threading.Event()
                    self.waiting.put((message, buffers))
        except (FrameError, OSError, ValueError) as error:
            print(f"kgui: the connection broke: {error}", file=sys.stderr)
        finally:
            os._exit(0)

    def handle(self, message: dict[str, Any], buffers: list[bytearray]) -> None:
        number = message["id"]
        task = Task(
            message.get("params", {}),
            buffers,
            lambda told: self.send({"id": number, **told}),
            self.cancelled[number],
        )
        try:
            task.check_cancelled()
            answer = self.handlers[message["op"]](task)
            self.send({"id": number, "value": answer.value}, answer.buffers)
        except Cancelled:
            self.send({"id": number, "cancelled": True})
        except KguiError as error:
            self.send({"id": number, "error": describe(error)})
        except MemoryError:
            self.send(
                {
                    "id": number,
                    "error": {"kind": "LimitError", "what": "This needs more memory than kgui gives to a file"},
                }
            )
        except Exception as error:
            # A bug of ours: the caller gets the traceback for the log, the user one sentence.
            self.send({"id": number, "error": {"kind": "bug", "what": str(error), "traceback": traceback.format_exc()}})
        finally:
            self.cancelled.pop(number, None)

    def send(self, message: dict[str, Any], buffers: Sequence[Buffer] = ()) -> None:
        with self.lock:
            write_frame(self.answers, message, buffers)


def describe(error: KguiError) -> dict[str, Any]:
    """An error as JSON values, for `kgui.processes.child` to raise again on its side."""
    return {"kind": type(error).__name__, "what": error.what, "where": error.where, "hint": error.hint}
