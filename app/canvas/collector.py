"""Python's garbage collector, out of the way where it would cost frames."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection while a frame is painted or a graph laid out.

    The thousands of short-lived lines and rectangles of an overview make Python believe that it is time for a full
    collection, which takes 30 to 160 ms in a process with a large model. They are all freed at the end of the frame.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
