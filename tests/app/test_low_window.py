"""What a low window still shows: nothing lies over something else, and no panel is pressed to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.welcome.page import Entry
from app.window import DOCKS, Window

pytestmark = pytest.mark.gui


def test_recent_files_do_not_lie_over_each_other(window: Window, qtbot, tmp_path: Path) -> None:
    window.resize(1100, 700)
    window.welcome.show_recent([tmp_path / f"model_{number}.keras" for number in range(6)])
    qtbot.wait(50)
    page = window.welcome.widget()
    places = [entry.geometry() for entry in page.findChildren(Entry) if not entry.isHidden()]
    assert len(places) >= 7
    assert not [(a, b) for a in places for b in places if a is not b and a.intersects(b)]
    assert all(entry.height() >= entry.layout().sizeHint().height() for entry in page.findChildren(Entry))


@pytest.mark.parametrize("size", [(1100, 700), (640, 420)])
def test_every_panel_keeps_some_height(window: Window, qtbot, size: tuple[int, int]) -> None:
    window.resize(*size)
    for row in DOCKS:
        window.show_dock(row.id)
        qtbot.wait(20)
        assert window.docks[row.id].widget().height() >= 100, row.id


def test_the_empty_training_panel_offers_what_works(window: Window, qtbot) -> None:
    window.show_dock("training")
    panel = window.feature("training")
    shown = [button for button, action in panel._empty._buttons if not button.isHidden()]
    assert [button.text() for button in shown] == ["Open the Sample"]
    shown[0].click()
    qtbot.waitUntil(lambda: window.session is not None and not window.busy, timeout=30_000)
    shown = [button for button, action in panel._empty._buttons if not button.isHidden()]
    assert [button.text() for button in shown] == ["Train"]
