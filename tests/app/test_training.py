"""Training from the window: real clicks, real processes, and what is left when one of them is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QToolButton

from app.running import Running, Snapshot
from app.window import Window
from kgui import resources
from kgui.training.runs import RunFolder, list_runs

pytestmark = [pytest.mark.gui, pytest.mark.slow, pytest.mark.keras]

SAMPLE = resources.path("samples", "digits.kgui")
STARTS = 120_000
"""Milliseconds within which TensorFlow starts on a machine that does a lot of other work."""


@pytest.fixture(autouse=True)
def no_run_left() -> Iterator[None]:
    yield
    for run in list_runs(SAMPLE):
        if not run.state().ended:
            run.stop()
            run.wait(60)


def press(qtbot, window: Window, name: str) -> None:
    """Clicks the button of an action in the toolbar."""
    if name == "train":
        qtbot.mouseClick(window.train_button, Qt.MouseButton.LeftButton)
        return
    action = window.actions_table[name]
    button = next(button for button in window.findChildren(QToolButton) if button.defaultAction() is action)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def started(qtbot, window: Window, steps: int = 1) -> Running:
    """Clicks Train and waits for the first steps."""
    running = window.session.running
    press(qtbot, window, "train")
    qtbot.waitUntil(lambda: _steps(running.snapshot) >= steps, timeout=STARTS)
    return running


def _steps(snapshot: Snapshot | None) -> int:
    return 0 if snapshot is None or not snapshot.curves else snapshot.epoch * snapshot.steps_per_epoch + snapshot.step


def test_train_to_the_end_without_blocking_the_window(open_sample: Window, qtbot) -> None:
    window = open_sample
    running = window.session.running
    # What TensorFlow's start costs the window is asked here, not what opening the first training panel costs.
    panel = window.feature("training")
    qtbot.waitUntil(lambda: panel._plots_loaded, timeout=30_000)
    watchdog = Watchdog(window)
    press(qtbot, window, "train")
    assert not window.actions_table["train"].isEnabled()
    qtbot.waitUntil(lambda: running.snapshot is not None and running.snapshot.state.ended, timeout=STARTS)
    watchdog.stop()
    assert running.snapshot.state.kind == "done", running.snapshot.state.sentence
    # Time of the window's own thread: a gap in which others had the processor is not a gap that kgui made.
    assert watchdog.longest <= 0.050
    qtbot.waitUntil(lambda: len(window.sessions) == 2 and not window.busy, timeout=30_000)
    assert window.session.path == running.shown.result_path
    curves = running.snapshot.curves
    assert len(curves["loss"].steps[0]) == running.snapshot.epochs * running.snapshot.steps_per_epoch
    assert curves["accuracy"].last_validation > 0.9
    assert set(panel.plots) == {"loss", "accuracy"}
    assert "Trained" in panel.status.text()
    assert window.actions_table["train"].isEnabled()


def test_stop_stops_and_pause_waits(open_sample: Window, qtbot) -> None:
    window = open_sample
    running = started(qtbot, window)
    press(qtbot, window, "pause")
    qtbot.waitUntil(lambda: running.snapshot.phase == "paused", timeout=20_000)
    before = _steps(running.snapshot)
    qtbot.wait(500)
    assert _steps(running.snapshot) == before
    assert window.actions_table["pause"].text() == "Resume"
    press(qtbot, window, "pause")
    qtbot.waitUntil(lambda: _steps(running.snapshot) > before, timeout=20_000)
    press(qtbot, window, "stop")
    qtbot.waitUntil(lambda: running.snapshot.state.ended, timeout=60_000)
    assert running.snapshot.state.kind == "stopped"
    qtbot.waitUntil(lambda: len(window.sessions) == 2 and not window.busy, timeout=30_000)


def test_a_killed_training_is_told_in_one_sentence_and_train_works_again(open_sample: Window, qtbot) -> None:
    window = open_sample
    running = started(qtbot, window)
    os.kill(running.shown.status()["trainer"]["pid"], signal.SIGKILL)
    qtbot.waitUntil(lambda: running.snapshot.state.ended, timeout=30_000)
    told = window.feature("training").status.text()
    assert "SIGKILL" in told
    assert len(window.sessions) == 1
    qtbot.waitUntil(lambda: window.actions_table["train"].isEnabled(), timeout=5_000)
    again = started(qtbot, window)
    assert again.snapshot.state.kind == "running"
    press(qtbot, window, "stop")
    qtbot.waitUntil(lambda: again.snapshot.state.ended, timeout=60_000)


SCRIPT = """
    import sys
    from pathlib import Path
    from PySide6.QtWidgets import QApplication
    from app.theme import themes
    from app.window import Window
    application = QApplication([])
    themes().start()
    window = Window(remember=False)
    window.show()
    window.open_paths([Path(sys.argv[1])], train=True)

    def tell():
        running = window.session.running
        if running.snapshot is not None and running.snapshot.curves:
            print(running.shown.path, flush=True)

    window.session_changed.connect(lambda: window.session.running.updated.connect(tell))
    application.exec()
"""


def test_a_killed_window_leaves_the_run_to_the_next_one(new_window: Callable[..., Window], qtbot) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(SAMPLE)], stdout=subprocess.PIPE, text=True
    )
    run = RunFolder(first.stdout.readline().strip())
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    window = new_window()
    window.open_paths([SAMPLE])
    qtbot.waitUntil(lambda: window.session is not None, timeout=30_000)
    running = window.session.running
    qtbot.waitUntil(lambda: running.snapshot is not None and running.snapshot.state.ended, timeout=STARTS)
    assert running.shown == run
    snapshot = running.snapshot
    assert snapshot.state.kind == "done", snapshot.state.sentence
    assert len(snapshot.curves["loss"].steps[0]) == snapshot.epochs * snapshot.steps_per_epoch
    panel = window.feature("runs")
    qtbot.waitUntil(lambda: panel.list.count() == 1, timeout=5_000)
    qtbot.waitUntil(lambda: not window.busy, timeout=30_000)


class Watchdog:
    """Measures how long the event loop is away at the longest, in time of the window's own thread."""

    def __init__(self, window: Window) -> None:
        self.longest = 0.0
        self._last = time.thread_time()
        self._timer = QTimer(window, interval=5)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.thread_time()
        self.longest = max(self.longest, now - self._last)
        self._last = now
