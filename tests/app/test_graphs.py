"""The actions of the graph, tabs of nested models, files that change, and what comes back at the next start."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from layout_models import nested, residual
from PySide6.QtWidgets import QApplication

from app.canvas.state import CanvasState
from app.session import Opened, Session
from app.window import Window
from kgui.graph import Model

pytestmark = pytest.mark.gui


@pytest.fixture
def show(window: Window, qtbot) -> Callable[..., Session]:
    """Shows a model made by hand in a tab of the window."""

    def make(built) -> Session:
        session = Session(Opened(None, built.model, built.inference), window)
        window.add_session(session)
        qtbot.waitUntil(lambda: window.session is session and not window.busy, timeout=20_000)
        return session

    return make


def written(folder: Path, name: str = "tiny.json", units: int = 4) -> Path:
    """A small model in a file."""
    dense = {"class_name": "Dense", "config": {"name": "dense", "units": units, "batch_input_shape": [None, 3]}}
    path = folder / name
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"name": "tiny", "layers": [dense]}}))
    return path


def layer_of(model: Model, name: str) -> int:
    return next(layer.id for layer in model.layers.values() if layer.name == name)


def test_zoom_actions_act_on_the_graph_in_front(window: Window, show) -> None:
    show(residual(40))
    view = window.graphs.canvas.view
    actions = window.actions_table
    actions["fit"].trigger()
    whole = view.scale_factor
    actions["actual_size"].trigger()
    assert view.scale_factor == 1.0 > whole
    actions["zoom_in"].trigger()
    assert view.scale_factor == pytest.approx(1.2)
    actions["zoom_out"].trigger()
    actions["zoom_out"].trigger()
    assert view.scale_factor == pytest.approx(1 / 1.2)


def test_direction_and_folding_are_seen_in_the_menu(window: Window, show, qtbot) -> None:
    show(residual(20))
    canvas, actions = window.graphs.canvas, window.actions_table
    assert actions["direction_tb"].isChecked()
    actions["direction_lr"].trigger()
    qtbot.waitUntil(lambda: not window.busy)
    assert canvas.direction == "LR" and canvas.scene.placement.direction == "LR"
    cards = len(canvas.scene.diagram.cards)
    actions["fold"].trigger()
    qtbot.waitUntil(lambda: not window.busy)
    assert actions["fold"].isChecked() and len(canvas.scene.diagram.cards) < cards
    show(residual(3))
    assert actions["direction_tb"].isChecked() and not actions["fold"].isChecked()


def test_why_nested_models_cannot_be_opened(window: Window, show) -> None:
    show(residual(2))
    assert "nested in this one" in window.actions_table["expand_all"].toolTip()
    session = show(nested(2))
    actions = window.actions_table
    assert actions["expand_all"].isEnabled() and not actions["open_nested"].isEnabled()
    model = next(layer for layer in session.model.layers.values() if layer.model is not None)
    session.selection = [((model.id,), 0)]
    assert actions["open_nested"].isEnabled()


def test_a_nested_model_opens_in_a_tab_of_its_own_once(window: Window, show, qtbot) -> None:
    session = show(nested(2))
    model = next(layer for layer in session.model.layers.values() if layer.model is not None)
    session.selection = [((model.id,), 0)]
    window.actions_table["open_nested"].trigger()
    qtbot.waitUntil(lambda: len(window.sessions) == 2 and not window.busy)
    inner = window.session
    assert inner.model is model.model
    assert model.model.name in window.tabs.tabText(1)
    window.tabs.setCurrentIndex(0)
    window.graphs.open_nested(session, (model.id,))
    QApplication.processEvents()
    assert window.tabs.count() == 2 and window.session is inner
    window.actions_table["close"].trigger()
    qtbot.waitUntil(lambda: window.session is session and not window.busy)
    window.graphs.open_nested(session, (model.id,))
    qtbot.waitUntil(lambda: window.tabs.count() == 2 and not window.busy)


def test_single_keys_are_left_to_who_has_the_focus(window: Window, show, qtbot) -> None:
    show(residual(30))
    view = window.graphs.canvas.view
    scale = view.scale_factor
    search = window.feature("summary").search
    window.activateWindow()
    search.setFocus()
    qtbot.keyClicks(search, "f1")
    assert search.text() == "f1"
    assert view.scale_factor == scale


def test_closing_tabs_while_the_docks_are_being_filled(window: Window, show, qtbot) -> None:
    with qtbot.captureExceptions() as errors:
        for _ in range(3):
            show(residual(2))
        for _ in range(3):
            window.actions_table["close"].trigger()
        qtbot.waitUntil(lambda: not window.busy)
        qtbot.wait(50)
    assert errors == []


def test_a_file_that_changed_can_be_read_again(window: Window, qtbot, tmp_path: Path) -> None:
    path = written(tmp_path)
    window.open_paths([path])
    qtbot.waitUntil(lambda: window.session is not None and not window.busy, timeout=30_000)
    session = window.session
    time.sleep(0.01)
    half = written(tmp_path, "half.json", units=7)
    half.replace(path)
    qtbot.waitUntil(lambda: len(window.bars.bars()) == 1, timeout=10_000)
    assert "tiny.json has changed" in window.bars.bars()[0].text
    window._read_again(path)
    qtbot.waitUntil(lambda: window.session.inference.params == 28, timeout=10_000)
    assert window.session is session
    path.unlink()
    qtbot.waitUntil(lambda: any("no longer there" in bar.text for bar in window.bars.bars()), timeout=10_000)
    assert window.session is session


def test_tabs_zoom_and_selection_come_back(new_window, qtbot, tmp_path: Path) -> None:
    paths = [written(tmp_path, f"{name}.json") for name in "abc"]
    first = new_window(remember=True)
    first.open_paths(paths)
    qtbot.waitUntil(lambda: len(first.sessions) == 3 and not first.busy, timeout=30_000)
    first.tabs.setCurrentIndex(1)
    canvas = first.graphs.canvas
    canvas.view.set_scale(1.7)
    key = ((layer_of(first.session.model, "dense"),), 0)
    first.session.selection = [key]
    first.docks["summary"].hide()
    left = canvas.state()
    first.close()
    second = new_window(remember=True)
    second.open_paths(second.settings.open_files)
    qtbot.waitUntil(lambda: len(second.sessions) == 3 and not second.busy, timeout=30_000)
    assert [session.path for session in second.sessions] == paths
    assert second.session.path == paths[1]
    again = second.graphs.canvas
    assert again.view.scale_factor == pytest.approx(1.7)
    assert again.state().centre == pytest.approx(left.centre, abs=1.5)
    assert second.session.selection == (key,)
    assert second.docks["summary"].isHidden() and not second.docks["inspector"].isHidden()


def test_the_state_of_a_canvas_survives_json() -> None:
    state = CanvasState(
        "LR",
        True,
        frozenset({((3, 0),)}),
        frozenset({((-4, 0),)}),
        {((3, 0), (1, 1)): (4.5, -2.0)},
        (((3, 1), 0), ((5,), 1)),
        0.75,
        (12.0, 40.5),
    )
    assert CanvasState.from_json(json.loads(json.dumps(state.to_json()))) == state


@pytest.mark.parametrize("value", [None, [], {}, {"direction": "LR"}, {"fixed": 3}, "x"])
def test_a_state_that_makes_no_sense_counts_as_none(value: object) -> None:
    assert CanvasState.from_json(value) == CanvasState()
