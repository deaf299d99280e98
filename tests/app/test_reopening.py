"""What the next window finds of one that was killed, and of what was trained."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings import Settings
from app.window import Window
from kgui import resources
from kgui.training import Project
from kgui.training.files import write_json
from kgui.training.runs import RunFolder

pytestmark = pytest.mark.gui

SAMPLES = resources.path("samples")
SAMPLE = SAMPLES / "digits.kgui"


def settled(qtbot, window: Window, tabs: int) -> None:
    qtbot.waitUntil(lambda: len(window.sessions) == tabs and not window.busy, timeout=30_000)


@pytest.fixture
def finished() -> RunFolder:
    """A run of the sample that has ended, with its result."""
    project = Project.load(SAMPLE)
    run = RunFolder.create(project, project.plan)
    run.result_path.parent.mkdir()
    shutil.copyfile(run.model_path, run.result_path)
    write_json(
        run.status_path,
        {"kgui": 1, "state": "done", "created": time.time(), "sentence": "Trained 3 epochs. The model is saved."},
    )
    return run


def test_a_killed_window_leaves_what_was_open(new_window: Callable[..., Window], qtbot, tmp_path: Path) -> None:
    other = Path(shutil.copyfile(SAMPLES / "digits.keras", tmp_path / "other.keras"))
    window = new_window(remember=True)
    window.open_paths([SAMPLE, other])
    settled(qtbot, window, 2)
    window.show_session(next(session for session in window.sessions if session.path == SAMPLE))
    # Nobody closes the window: whoever is killed does not either.
    qtbot.waitUntil(lambda: Settings().front == SAMPLE, timeout=5000)
    assert set(Settings().open_files) == {SAMPLE, other}
    window.actions_table["close"].trigger()
    qtbot.waitUntil(lambda: Settings().open_files == [other], timeout=5000)


def test_a_file_that_is_still_being_opened_is_not_forgotten(new_window: Callable[..., Window], qtbot) -> None:
    window = new_window(remember=True)
    window.settings.open_files = [SAMPLE]
    window._opening[SAMPLE] = window.processes.reader.request("ping")
    window._leave_open_files()
    assert Settings().open_files == [SAMPLE]
    window._opening.clear()
    window._leave_open_files()
    assert Settings().open_files == []


def test_a_trained_model_knows_its_training_again(window: Window, qtbot, finished: RunFolder) -> None:
    window.open_paths([finished.result_path])
    settled(qtbot, window, 1)
    session = window.session
    assert session.title == f"digits · trained {time.strftime('%H:%M')}"
    assert session.running is not None
    qtbot.waitUntil(lambda: session.running.shown == finished, timeout=10_000)
    assert window.actions_table["train"].isEnabled()
    window.open_paths([SAMPLE])
    settled(qtbot, window, 2)
    assert window.session.running is session.running
    window.actions_table["close"].trigger()
    qtbot.waitUntil(lambda: window.session is session, timeout=5000)
    assert window.session.running.runs


def test_only_the_result_of_a_run_counts_as_one(finished: RunFolder, tmp_path: Path) -> None:
    assert RunFolder.of_result(finished.result_path) == finished
    assert RunFolder.of_result(finished.model_path) is None
    assert RunFolder.of_result(tmp_path / "result" / "model.keras") is None
