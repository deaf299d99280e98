"""The reader is killed at any moment: the window stays, says so, and works again."""

from __future__ import annotations

import json
import os
import random
import signal
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint

from app.window import Window

pytestmark = [pytest.mark.gui, pytest.mark.slow]

KILLS = 50


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A model that the reader is busy with for some 100 ms."""
    layers = [
        {"class_name": "Dense", "config": {"name": f"dense_{number}", "units": 8, "batch_input_shape": [None, 8]}}
        for number in range(3_000)
    ]
    path = tmp_path / "large.json"
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"name": "large", "layers": layers}}))
    return path


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")
def test_the_window_survives_the_death_of_the_reader_at_50_moments(window: Window, qtbot, large: Path) -> None:
    chance = random.Random(1)
    window.start_processes(engine=False)
    window.open_paths([large])
    qtbot.waitUntil(lambda: window.session is not None and not window.busy, timeout=30_000)
    with qtbot.captureExceptions() as errors:
        for _ in range(KILLS):
            reader = window.processes.reader
            qtbot.waitUntil(lambda reader=reader: _ready(reader), timeout=30_000)
            session = window.session
            # Opening: the file is read again. Scrolling goes on all the while.
            window.actions_table["reload"].trigger()
            view = window.graphs.canvas.view
            for _ in range(chance.randrange(12)):
                view.scroll_by(QPoint(0, chance.randrange(-400, 400)))
                qtbot.wait(chance.randrange(20))
            os.kill(reader.pid, signal.SIGKILL)
            view.scroll_by(QPoint(0, 100))
            qtbot.waitUntil(lambda: bool(window.bars.bars()) and not window.busy, timeout=30_000)
            assert window.session is session and len(session.model.layers) >= 3_000
            qtbot.wait(30)
            said = [bar.text for bar in window.bars.bars()]
            assert len(said) <= 2 and all("reader ended" in text for text in said)
            for bar in window.bars.bars():
                bar.close_bar()
    assert errors == []
    qtbot.waitUntil(lambda: _ready(window.processes.reader), timeout=30_000)
    before = window.session.inference
    window.actions_table["reload"].trigger()
    qtbot.waitUntil(lambda: window.session.inference is not before and not window.busy, timeout=30_000)
    assert not window.bars.bars()


def _ready(reader) -> bool:
    # After three deaths in a row it waits until somebody asks for it, as a person would by opening a file.
    reader.start()
    return reader.state == "ready" and reader.pid is not None
