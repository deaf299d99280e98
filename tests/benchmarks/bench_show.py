"""`kgui show` of NASNetLarge, whole process, beside Keras; and opening it in a process that is warm."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator

from rows import Row, large_model, python, whole_process


def measure() -> Iterator[Row]:
    """Whole processes first, then the library alone."""
    path = str(large_model())
    seconds, megabytes = whole_process([sys.executable, "-m", "kgui", "show", path])
    code = f"import keras; keras.models.load_model({path!r}).summary()"
    peer_seconds, peer_megabytes = whole_process(python(code), runs=3)
    peer = "load_model + summary()"
    yield Row("show NASNetLarge.keras, whole process", seconds, "s", peer_seconds, peer, "≤ 0.5 s, ≥ 15 ×")
    yield Row("  its peak memory", megabytes, "MB", peer_megabytes, peer, "≤ 150 MB")
    yield Row("  warm: graph, shapes and parameters", 1000 * warm(path), "ms", goal="≤ 100 ms")


def warm(path: str) -> float:
    """Seconds from path to graph with shapes and parameters, in a process that has done it before."""
    import kgui

    times = []
    for _ in range(8):
        start = time.perf_counter()
        with kgui.open_model(path, weights=False) as file:
            assert file.inference.params > 0
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])
