"""The reader may die at any moment: the window says so, and goes on."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from app.window import Window
from kgui import resources

pytestmark = [pytest.mark.gui, pytest.mark.slow]

SAMPLE = resources.path("samples", "digits.kgui")


def texts(window: Window) -> list[str]:
    return [bar.text for bar in window.bars.bars()]


def test_a_missing_file_is_told_in_a_bar(window: Window, qtbot, tmp_path: Path) -> None:
    window.open_paths([tmp_path / "gone.keras"])
    qtbot.waitUntil(lambda: bool(texts(window)), timeout=30_000)
    assert "gone.keras" in texts(window)[0]
    assert window.sessions == []


def test_a_damaged_file_is_told_in_a_bar(window: Window, qtbot, tmp_path: Path) -> None:
    path = tmp_path / "damaged.keras"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    window.open_paths([path])
    qtbot.waitUntil(lambda: bool(texts(window)), timeout=30_000)
    assert "damaged.keras" in texts(window)[0]


def test_a_killed_reader_is_started_again(open_sample: Window, qtbot) -> None:
    window = open_sample
    first = window.processes.reader.pid
    os.kill(first, signal.SIGKILL)
    qtbot.waitUntil(lambda: bool(texts(window)), timeout=10_000)
    qtbot.waitUntil(lambda: window.processes.reader.state == "ready", timeout=30_000)
    assert window.processes.reader.pid != first
    window.actions_table["reload"].trigger()
    qtbot.waitUntil(lambda: not window.busy, timeout=30_000)
    assert len(window.session.model.layers) == 22


@pytest.mark.parametrize("seed", range(3))
def test_a_reader_killed_while_it_reads(window: Window, qtbot, seed: int) -> None:
    reader = window.processes.reader
    reader.start()
    qtbot.waitUntil(lambda: reader.state == "ready", timeout=30_000)
    window.open_paths([SAMPLE])
    qtbot.wait(int(1000 * random.Random(seed).uniform(0, 0.1)))
    os.kill(reader.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: not window.busy, timeout=30_000)
    # Whether the answer came first is a matter of luck; that it can be opened now is not.
    window.open_paths([SAMPLE])
    qtbot.waitUntil(lambda: window.session is not None and not window.busy, timeout=30_000)
    assert len(window.sessions) == 1


def test_opening_can_be_cancelled(window: Window, qtbot) -> None:
    window.open_paths([SAMPLE])
    window.work_cancel.click()
    qtbot.waitUntil(lambda: not window.busy, timeout=30_000)
    assert window.sessions == []
    assert texts(window) == []


def test_closing_with_an_answer_outstanding_leaves_nothing(window: Window) -> None:
    window.open_paths([SAMPLE])
    window.close()
    assert window.processes.reader.pid is None
