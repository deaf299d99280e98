"""Opening NASNetLarge in the window, from the call to the painted graph, beside Keras' load_model + plot_model."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rows import Row, large_model
from windowed import in_process, live, resident, rest

KERAS = """
import json, sys, time
import keras
start = time.perf_counter()
model = keras.models.load_model(sys.argv[1])
loaded = time.perf_counter()
if sys.argv[2]:
    keras.utils.plot_model(model, sys.argv[2])
print(json.dumps([loaded - start, time.perf_counter() - start]))
"""


def measure() -> Iterator[Row]:
    """Opening, its longest standstill, and the memory of the window's process."""
    path = large_model()
    dot = shutil.which("dot") is not None
    peer = "load_model + plot_model" if dot else "load_model; no Graphviz for plot_model"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "with_keras.py"
        script.write_text(KERAS)
        loaded, plotted = in_process(str(script), str(path), str(Path(folder) / "plot.png") if dot else "")[0]
    runs = in_process("bench_open.py", str(path), runs=5)
    first = statistics.median(run["times"][0] for run in runs)
    again = statistics.median(time for run in runs for time in run["times"][1:])
    yield Row("open NASNetLarge.keras in the window, first file", first, "s", plotted, peer, "≤ 0.4 s")
    yield Row("  once more, in the same window", again, "s", plotted, peer, "≤ 0.4 s")
    yield Row("  beside load_model alone", first, "s", loaded, "load_model")
    yield Row("  longest standstill of the window", statistics.median(run["still"] for run in runs), "ms", goal="≤ 50")
    yield Row("  memory of the window's process", max(run["memory"] for run in runs), "MB", goal="≤ 350 MB")


def main(path: Path) -> None:
    """Opens the file four times, and prints seconds, the longest turn of the event loop, and megabytes."""
    from PySide6.QtWidgets import QApplication

    from app.theme import themes
    from app.window import Window

    application = QApplication([])
    themes().start()
    window = Window(remember=False)
    window.resize(1400, 900)
    window.show()
    window.start_processes(engine=False)
    live(lambda: window.processes.reader.state == "ready")
    rest(2.0)  # as long as it takes a person to find the file
    heart = Heart()
    times = []
    memory = 0.0
    for _ in range(4):
        times.append(_open(window, path, heart))
        live(lambda: not window.busy)
        heart.stop()
        rest(0.5)
        memory = memory or resident()
        window.actions_table["close"].trigger()
        rest(0.3)
    window.close()
    application.processEvents()
    print(json.dumps({"times": times, "still": 1000 * max(heart.turns), "memory": memory}))


class Heart:
    """Measures the turns of the event loop."""

    def __init__(self) -> None:
        from PySide6.QtCore import QTimer

        self.turns: list[float] = []
        self._last = 0.0
        self._timer = QTimer(interval=5)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """From now on."""
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> None:
        """Until now."""
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.turns.append(now - self._last)
        self._last = now


def _open(window, path, heart) -> float:
    from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer

    loop = QEventLoop()

    class Painted(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                # Behind the paint event itself.
                QTimer.singleShot(0, loop.quit)
            return False

    painted = Painted()

    def shown() -> None:
        page = window.tabs.currentWidget()
        if page is not None:
            page.view.viewport().installEventFilter(painted)

    window.session_changed.connect(shown)
    heart.start()
    start = time.perf_counter()
    window.open_paths([path])
    loop.exec()
    took = time.perf_counter() - start
    window.session_changed.disconnect(shown)
    page = window.tabs.currentWidget()
    assert page.scene.diagram.cards and not page.busy, "the graph was not laid out when it was painted"
    return took


if __name__ == "__main__":
    main(Path(sys.argv[1]))
