"""Frames of the canvas: pan, zoom and overview of NASNetLarge and of a synthetic model, rendered in software.

Beside the time on the clock stands the time on the processor: on a machine that has other work too, the clock counts
what that takes as well.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator

from bench_growth import residual
from rows import CACHE, Row, large_model
from windowed import in_process, live, rest

SIZE = (1400, 900)
SYNTHETIC = 10_000


def measure() -> Iterator[Row]:
    """Median and 99th percentile of each movement, per model."""
    CACHE.mkdir(exist_ok=True)
    synthetic = CACHE / f"residual-{SYNTHETIC}.json"
    synthetic.write_text(json.dumps(residual(SYNTHETIC)))
    for name, path in (("NASNetLarge", large_model()), (f"{SYNTHETIC:,} layers", synthetic)):
        for movement, (middle, late, own) in in_process("bench_canvas.py", str(path))[0].items():
            yield Row(f"{name}, {movement}: frame, median", middle, "ms")
            yield Row("  99th percentile", late, "ms", goal="≤ 16 ms")
            yield Row("  99th percentile, on the processor", own, "ms", goal="≤ 16 ms")


def main(path: str) -> None:
    """Opens a file in a window of its own and measures every frame of three movements."""
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from app.theme import themes
    from app.window import Window

    application = QApplication([])
    themes().start()
    window = Window(remember=False)
    window.resize(*SIZE)
    window.show()
    window.start_processes(engine=False)
    window.open_paths([Path(path)])
    live(lambda: window.session is not None and not window.busy)
    canvas = window.graphs.canvas
    # The canvas alone, in the size that the promise is about.
    for dock in window.docks.values():
        dock.hide()
    rest(0.5)
    found = {name: _frames(canvas, move) for name, move in MOVEMENTS.items()}
    window.close()
    application.processEvents()
    print(json.dumps(found))


def _frames(canvas, move: Callable) -> tuple[float, float, float]:
    """Median and 99th percentile by the clock, 99th percentile by the processor, in milliseconds."""
    steps = move(canvas)
    clock, processor = [], []
    while True:
        # The step counts as well: moving the view is part of the frame.
        start, worked = time.perf_counter(), time.thread_time()
        if next(steps, "end") == "end":
            break
        canvas.view.viewport().repaint()
        canvas.minimap.repaint()
        clock.append(1000 * (time.perf_counter() - start))
        processor.append(1000 * (time.thread_time() - worked))
    return statistics.median(clock), _late(clock), _late(processor)


def _late(times: list[float]) -> float:
    return sorted(times)[int(0.99 * (len(times) - 1))]


def _pan(canvas) -> Iterator[None]:
    from PySide6.QtCore import QPoint

    canvas.actual_size()
    canvas.view.start_view()
    for _ in range(400):
        canvas.view.scroll_by(QPoint(3, 60))
        yield


def _zoom(canvas) -> Iterator[None]:
    canvas.view.start_view()
    canvas.view.set_scale(1.0)
    for _ in range(4):
        for _ in range(60):
            canvas.view.set_scale(canvas.view.scale_factor / 1.06)
            yield
        for _ in range(60):
            canvas.view.set_scale(canvas.view.scale_factor * 1.06)
            yield


def _overview(canvas) -> Iterator[None]:
    from PySide6.QtCore import QPoint

    canvas.fit()
    for step in range(300):
        canvas.view.scroll_by(QPoint(2 if step % 40 < 20 else -2, 3 if step % 60 < 30 else -3))
        yield


MOVEMENTS = {"pan": _pan, "zoom": _zoom, "overview": _overview}


if __name__ == "__main__":
    main(sys.argv[1])
