"""Comparing two models in the window: real files, a real reader, real mouse events."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest
from model_files import FIRST, SECOND, write
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QDialog, QMessageBox

from app.compare import ChooseDialog, ComparePage
from app.compare.kinds import KINDS
from app.compare.panel import BY, KIND, WHAT
from app.compare.panel import FIRST as COLUMN_A
from app.compare.panel import SECOND as COLUMN_B
from app.theme import themes
from app.window import Window

pytestmark = pytest.mark.gui


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "a.h5", FIRST), write(tmp_path / "b.h5", SECOND, shift=0.5)


@pytest.fixture
def page(window: Window, files: tuple[Path, Path], qtbot) -> ComparePage:
    made = window.tools.compare(*files)
    qtbot.waitUntil(lambda: made.comparison.state == "done" and not window.busy and not made.busy, timeout=30_000)
    return made


def rows(window: Window) -> dict[tuple[str, str], tuple[str, str]]:
    panel = window.feature("differences")
    items = [panel.list.topLevelItem(place) for place in range(panel.list.topLevelItemCount())]
    return {(item.text(COLUMN_A), item.text(COLUMN_B)): (item.text(KIND), item.text(WHAT)) for item in items}


def layer(page: ComparePage, side: int, name: str) -> tuple[int, ...]:
    layers = page.comparison.sessions[side].model.layers
    return (next(key for key, found in layers.items() if found.name == name),)


def test_every_kind_of_difference_is_listed(page: ComparePage, window: Window) -> None:
    found = rows(window)
    assert found["", "normal"][0] == "Added"
    assert found["drop", ""][0] == "Removed"
    assert found["middle", "middle"] == ("Changed", "activation relu → tanh")
    kind, what = found["out", "out"]
    assert kind == "Weights differ" and "kernel" in what and "at most 0.5" in what
    assert ("hidden", "hidden") not in found
    assert window.docks["differences"].isVisible()


def test_cards_are_marked_on_their_side(page: ComparePage) -> None:
    for side, expected in enumerate(
        (
            {"drop": "removed", "middle": "changed", "out": "weights"},
            {"normal": "added", "middle": "changed", "out": "weights"},
        )
    ):
        scene = page.canvases[side].scene
        shown = {scene.diagram.cards[number].name: kind.id for number, kind in page._marks[side].kinds().items()}
        assert shown == expected


def test_a_row_shows_its_layer_on_both_sides(page: ComparePage, window: Window) -> None:
    panel = window.feature("differences")
    for place in range(panel.list.topLevelItemCount()):
        item = panel.list.topLevelItem(place)
        panel.list.setCurrentItem(item)
        for side, name in enumerate((item.text(COLUMN_A), item.text(COLUMN_B))):
            session, canvas = page.comparison.sessions[side], page.canvases[side]
            expected = ((layer(page, side, name), 0),) if name else ()
            assert session.selection == expected
            if name:
                [number] = canvas.scene.numbers(expected[0])
                assert canvas.view.visible_area().intersects(canvas.scene.rect(number))


def test_selecting_a_card_selects_the_same_layer_on_the_other_side(page: ComparePage, window: Window, qtbot) -> None:
    canvas = page.canvases[0]
    path = layer(page, 0, "middle")
    canvas.reveal((path, 0))
    [number] = canvas.scene.numbers((path, 0))
    at = canvas.view.mapFromScene(canvas.scene.rect(number).center())
    qtbot.mouseClick(canvas.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at.x(), at.y()))
    assert page.comparison.sessions[1].selection == ((layer(page, 1, "middle"), 0),)
    assert window.session is page.comparison.sessions[0]
    assert window.feature("differences").list.currentItem().text(COLUMN_A) == "middle"


def test_a_layer_without_a_match_selects_nothing_there(page: ComparePage) -> None:
    first, second = page.comparison.sessions
    second.selection = ((layer(page, 1, "out"), 0),)
    first.selection = ((layer(page, 0, "drop"), 0),)
    assert second.selection == ()


@pytest.mark.parametrize("leader", [0, 1])
def test_the_views_move_together(page: ComparePage, leader: int) -> None:
    ours, theirs = page.canvases[leader], page.canvases[1 - leader]
    ours.view.set_scale(1.3)
    ours.reveal((layer(page, leader, "out"), 0))
    assert theirs.view.scale_factor == pytest.approx(1.3)
    places = []
    for side in (leader, 1 - leader):
        canvas = page.canvases[side]
        [number] = canvas.scene.numbers((layer(page, side, "out"), 0))
        places.append(canvas.view.mapFromScene(canvas.scene.rect(number).center()))
    assert abs(places[0].y() - places[1].y()) < 40
    page.link_button.click()
    ours.view.set_scale(0.7)
    assert theirs.view.scale_factor == pytest.approx(1.3)


def test_next_and_previous_go_round(page: ComparePage, window: Window) -> None:
    panel = window.feature("differences")
    count = panel.list.topLevelItemCount()
    seen = []
    for _ in range(count + 1):
        window.actions_table["next_difference"].trigger()
        seen.append(panel.list.currentItem().text(WHAT))
    assert len(set(seen)) == count and seen[0] == seen[-1]
    window.actions_table["previous_difference"].trigger()
    assert panel.list.currentItem().text(WHAT) == seen[-2]


def test_the_list_can_be_filtered_sorted_and_copied(page: ComparePage, window: Window, qapp) -> None:
    panel = window.feature("differences")
    panel.search.setText("tanh")
    shown = [i for i in range(panel.list.topLevelItemCount()) if not panel.list.topLevelItem(i).isHidden()]
    assert len(shown) == 1
    panel.search.clear()
    panel.list.sortByColumn(BY, Qt.SortOrder.DescendingOrder)
    assert panel.list.topLevelItem(0).text(COLUMN_A) == "out"
    panel.list.topLevelItem(0).setExpanded(True)
    assert panel.list.topLevelItem(0).childCount() == 1
    panel.list.setCurrentItem(panel.list.topLevelItem(0))
    panel.copy()
    assert qapp.clipboard().text().startswith("Weights differ\tout\tout\t")


def test_swapping_turns_added_into_removed(page: ComparePage, window: Window, qtbot) -> None:
    page.comparison.swap()
    qtbot.waitUntil(lambda: page.comparison.state == "done" and not window.busy, timeout=30_000)
    found = rows(window)
    assert found["normal", ""][0] == "Removed" and found["", "drop"][0] == "Added"
    assert window.tabs.tabText(window.tabs.currentIndex()) == "b.h5 ↔ a.h5"


def test_reading_again_sees_what_has_changed(page: ComparePage, window: Window, files, qtbot) -> None:
    write(files[1], FIRST)
    window.actions_table["reload"].trigger()
    qtbot.waitUntil(lambda: page.comparison.state == "done" and not window.busy, timeout=30_000)
    assert page.comparison.difference.same
    assert window.feature("differences")._same.text.text().startswith("Nothing differs")


def test_a_dead_reader_is_told_in_a_sentence_and_can_be_tried_again(window: Window, files, qtbot) -> None:
    page = window.tools.compare(*files)
    service = window.tools._comparing
    qtbot.waitUntil(lambda: service.pid is not None, timeout=30_000)
    os.kill(service.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: page.comparison.state == "failed", timeout=30_000)
    assert "reader ended" in page._waiting._text.text()
    assert not window.findChildren(QMessageBox)
    page._waiting.button.click()
    qtbot.waitUntil(lambda: page.comparison.state == "done" and not window.busy, timeout=30_000)
    assert len(rows(window)) == 4


def test_a_file_that_is_gone_is_told_in_a_sentence(window: Window, files, qtbot) -> None:
    files[1].unlink()
    page = window.tools.compare(*files)
    qtbot.waitUntil(lambda: page.comparison.state == "failed", timeout=30_000)
    assert "b.h5" in page._waiting._text.text()


def test_cancelling_stops_and_closing_forgets(window: Window, files, qtbot) -> None:
    page = window.tools.compare(*files)
    page.comparison.stop()
    assert page.comparison.state == "stopped"
    window.actions_table["close"].trigger()
    assert window.tabs.count() == 0 and window.sessions == []


def test_the_dialog_offers_other_tabs_first(window: Window, files, tmp_path: Path, qtbot) -> None:
    window.open_paths(list(files))
    qtbot.waitUntil(lambda: len(window.sessions) == 2 and not window.busy, timeout=30_000)
    window.actions_table["compare"].trigger()
    [dialog] = window.findChildren(ChooseDialog)
    assert dialog.list.count() == 1 and dialog.list.item(0).text().startswith("a.h5")
    qtbot.keyClick(dialog.list, Qt.Key.Key_Return)
    page = window.tabs.currentWidget()
    assert isinstance(page, ComparePage)
    qtbot.waitUntil(lambda: page.comparison.state == "done" and not window.busy, timeout=30_000)
    # The documents of a comparison are its own: closing the tab leaves those of the other tabs.
    window.actions_table["close"].trigger()
    assert len(window.sessions) == 2
    assert not [shown for shown in window.findChildren(QDialog) if shown.isVisible()]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_signs_are_seen_in_both_themes(page: ComparePage, theme: str, qtbot) -> None:
    themes().choice = theme
    canvas, marks = page.canvases[1], page._marks[1]
    canvas.reveal((layer(page, 1, "normal"), 0))
    [number] = canvas.scene.numbers((layer(page, 1, "normal"), 0))
    corner = canvas.view.mapFromScene(canvas.scene.rect(number).topLeft())
    picture = canvas.view.grab().toImage()
    colors = {
        picture.pixelColor(corner.x() + dx, corner.y() + dy).name() for dx in range(-9, 10) for dy in range(-9, 10)
    }
    assert marks.kinds()[number].color.name() in colors


def test_kinds_differ_in_form_far_out_too() -> None:
    assert len({kind.tails for kind in KINDS.values()}) == len(KINDS)
    assert len({kind.sign for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.slow
def test_a_reader_killed_at_any_moment_leaves_the_window_whole(window: Window, tmp_path: Path, qtbot) -> None:
    layers: list = [("Dense", f"d{number}", {"units": 64 + number}) for number in range(60)]
    files = write(tmp_path / "a.h5", layers, rows=64), write(tmp_path / "b.h5", [*layers[:30], *layers[31:]], rows=64)
    page = window.tools.compare(*files)
    service, moments = window.tools._comparing, random.Random(1)
    for _ in range(12):
        qtbot.waitUntil(lambda: service.pid is not None, timeout=30_000)
        qtbot.wait(moments.randrange(0, 400))
        if service.pid is not None:
            os.kill(service.pid, signal.SIGKILL)
        qtbot.waitUntil(lambda: not page.comparison.busy, timeout=30_000)
        assert page.comparison.state in ("failed", "done")
        if page.comparison.state == "failed":
            words = page._status._text.text() if page.comparison.sessions else page._waiting._text.text()
            assert "reader ended" in words
        page.comparison.start()
    qtbot.waitUntil(lambda: page.comparison.state == "done" and not window.busy, timeout=60_000)
    assert [change.old for change in page.comparison.rows] == ["d30", "d31"]
    assert not window.findChildren(QMessageBox)
