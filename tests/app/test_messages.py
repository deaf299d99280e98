"""Messages, counts and explanations: nothing that was said is lost, cut, or about what is no longer there."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

import app.window
from app.inspector.facts import about_model
from app.runs.panel import brief
from app.training.panel import LONG, _first
from app.training.plot import shown_epochs
from app.widgets.bar import MessageBars
from app.window import Window
from app.words import breakable
from kgui import resources
from kgui.training.runs import RunState

pytestmark = pytest.mark.gui

SAMPLES = resources.path("samples")
KILLED = "The training process was killed (SIGKILL): by hand, or for lack of memory. All metrics until then are kept."


def settled(qtbot, window: Window, tabs: int) -> None:
    qtbot.waitUntil(lambda: len(window.sessions) == tabs and not window.busy, timeout=30_000)


@pytest.fixture
def risky(tmp_path: Path) -> Path:
    """A model with a Lambda layer of byte code, and a custom class."""
    layers = [
        {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [None, 4]}},
        {
            "class_name": "Lambda",
            "config": {"name": "odd", "function": ["4wEAAAA=\n", None, None], "function_type": "lambda"},
        },
        {"class_name": "Mine", "config": {"name": "mine"}},
    ]
    path = tmp_path / "risky.json"
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"name": "risky", "layers": layers}}))
    return path


def test_the_fourth_message_hides_none_for_good(qtbot) -> None:
    bars = MessageBars()
    qtbot.addWidget(bars)
    for number in range(5):
        bars.tell("error", f"message {number}", about=number)
    assert [bar.text for bar in bars.bars() if not bar.isHidden()] == ["message 2", "message 3", "message 4"]
    assert not bars._more.isHidden() and "2" in bars._more.text()
    bars.bars()[-1].close_bar()
    assert [bar.text for bar in bars.bars() if not bar.isHidden()] == ["message 1", "message 2", "message 3"]
    bars.forget(0)
    bars.forget(2)
    assert [bar.text for bar in bars.bars()] == ["message 1", "message 3"]
    assert bars._more.isHidden()


def test_a_closed_tab_takes_its_messages_along(window: Window, qtbot, risky: Path) -> None:
    window.open_paths([SAMPLES / "digits.keras", risky])
    settled(qtbot, window, 2)
    assert any("risky.json holds" in bar.text for bar in window.bars.bars())
    session = next(session for session in window.sessions if session.path == risky)
    window.show_session(session)
    window.actions_table["close"].trigger()
    assert not window.bars.bars()


def test_the_tab_of_the_problems_counts_them(window: Window, qtbot, risky: Path) -> None:
    window.open_paths([SAMPLES / "digits.keras"])
    settled(qtbot, window, 1)
    assert window.docks["problems"].windowTitle() == "Problems"
    window.open_paths([risky])
    settled(qtbot, window, 2)
    session = window.session
    found = len(session.opened.risks) + sum(each.severity != "info" for each in session.inference.problems)
    assert found >= 1
    assert window.docks["problems"].windowTitle() == f"Problems  {found}"
    assert window.docks["problems"].toggleViewAction().text() == "Problems"
    window.show_dock("problems")
    panel = window.feature("problems")
    told = [panel.list.topLevelItem(place).text(0) for place in range(panel.list.topLevelItemCount())]
    assert any("'Mine' is not part of Keras" in text for text in told)
    window.show_session(window.sessions[0])
    assert window.docks["problems"].windowTitle() == "Problems"


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signal on this system")
def test_a_reader_that_is_stuck_is_given_up(window: Window, qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.window, "OPEN_WITHIN", 1.0)
    window.start_processes(engine=False)
    qtbot.waitUntil(lambda: window.processes.reader.state == "ready", timeout=30_000)
    os.kill(window.processes.reader.pid, signal.SIGSTOP)
    window.open_paths([SAMPLES / "digits.keras"])
    qtbot.waitUntil(lambda: bool(window.bars.bars()), timeout=30_000)
    assert ["stuck in it for 1 s" in bar.text for bar in window.bars.bars()] == [True]
    qtbot.waitUntil(lambda: window.processes.reader.state == "ready", timeout=30_000)
    window.open_paths([SAMPLES / "digits.keras"])
    settled(qtbot, window, 1)


def test_risks_fit_into_the_inspector(window: Window, qtbot, risky: Path) -> None:
    window.open_paths([risky])
    settled(qtbot, window, 1)
    scroll = window.feature("inspector")._scroll
    assert scroll.widget().minimumSizeHint().width() <= scroll.viewport().width()
    assert any(section.title == "Risks" for section in about_model(window.session))


def test_long_words_can_be_broken() -> None:
    digest = "8e3684e44fcca2168fb078b8d47e299142a595f0e17b3e06d6f5db02b4babacc"
    made = breakable(f"byte code (SHA-256 {digest}) runs")
    assert made.replace("\u200b", "") == f"byte code (SHA-256 {digest}) runs"
    assert max(map(len, made.replace("\u200b", " ").split(" "))) <= 16
    assert breakable("plain words") == "plain words"


def test_a_long_sentence_leaves_room_for_the_buttons() -> None:
    head, rest = _first(KILLED)
    assert head.endswith("lack of memory.") and rest == "All metrics until then are kept."
    assert _first("Trained 3 epochs. The model is saved.") == ("Trained 3 epochs. The model is saved.", "")
    assert len("Trained 3 epochs. The model is saved.") <= LONG


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RunState("killed", KILLED), "Killed"),
        (RunState("done", "Trained 3 epochs. The model is saved."), "Trained 3 epochs"),
        (RunState("running", "Training is running."), "Training is running"),
        (RunState("failed", "The loss became NaN. Lower the learning rate."), "The loss became NaN"),
    ],
)
def test_runs_are_told_in_few_words(state: RunState, words: str) -> None:
    assert brief(state) == words


def test_the_axis_of_a_long_run_grows_with_its_curves() -> None:
    assert [shown_epochs(reached, 400) for reached in (0, 5, 10, 21, 390)] == [10, 10, 20, 40, 400]
    assert shown_epochs(0.5, 3) == 3


def test_weights_alone_bring_their_list_to_the_front(window: Window, qtbot, tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "alone.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        group = file.create_group("dense")
        group.attrs["weight_names"] = [b"dense/kernel:0"]
        group.create_dataset("dense/kernel:0", data=[[1.0, 2.0]])
    window.open_paths([path])
    settled(qtbot, window, 1)
    assert not window.session.model.layers
    qtbot.waitUntil(lambda: window.feature("weights").isVisible(), timeout=5000)
    titles = [section.title for section in about_model(window.session)]
    assert "Totals" not in titles and "Notes" in titles


def test_a_message_names_the_file_and_not_all_its_folders(window: Window, qtbot, tmp_path: Path) -> None:
    path = tmp_path / "damaged.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    window.open_paths([path])
    qtbot.waitUntil(lambda: bool(window.bars.bars()), timeout=30_000)
    assert window.bars.bars()[0].text.startswith("damaged.h5: ")
