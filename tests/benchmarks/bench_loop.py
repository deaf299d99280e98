"""How long the window stands still at the longest while TensorFlow starts in its own process, trains, and is done."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rows import Row
from windowed import in_process, live

from kgui import resources

SAMPLE = resources.path("samples", "digits.kgui")


def measure() -> Iterator[Row]:
    """The longest gap between two turns of a 5 ms timer, by the clock and on the processor, median of three runs."""
    runs = in_process("bench_loop.py", str(SAMPLE), runs=3)
    clock = statistics.median(run["clock"] for run in runs)
    processor = statistics.median(run["processor"] for run in runs)
    yield Row("window's longest standstill while a run starts and trains", clock, "ms", goal="≤ 50 ms")
    yield Row("  on the processor of its own thread", processor, "ms", goal="≤ 50 ms")


def main(path: Path) -> None:
    """Trains the sample in a window, and prints the longest gaps in milliseconds."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from app.theme import themes
    from app.window import Window

    application = QApplication([])
    themes().start()
    window = Window(remember=False)
    window.resize(1440, 900)
    window.show()
    window.start_processes(engine=False)
    window.open_paths([path])
    live(lambda: window.session is not None and not window.busy)
    window.show_dock("training")
    panel = window.feature("training")
    live(lambda: panel._plots_loaded)
    longest = {"clock": 0.0, "processor": 0.0}
    last = [time.perf_counter(), time.thread_time()]

    def tick() -> None:
        now = [time.perf_counter(), time.thread_time()]
        longest["clock"] = max(longest["clock"], 1000 * (now[0] - last[0]))
        longest["processor"] = max(longest["processor"], 1000 * (now[1] - last[1]))
        last[:] = now

    running = window.session.running
    timer = QTimer(interval=5)
    timer.timeout.connect(tick)
    timer.start()
    window.actions_table["train"].trigger()
    live(lambda: running.snapshot is not None and running.snapshot.state.ended, within=300)
    timer.stop()
    print(json.dumps(longest))
    window.close()
    application.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
