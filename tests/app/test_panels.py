"""Outline, summary, inspector and problems: they show the model, and what is selected in one is selected in all."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit

from app.window import Window
from kgui import resources

pytestmark = [pytest.mark.gui, pytest.mark.slow]

SAMPLE = resources.path("samples", "digits.kgui")


def key_of(window: Window, name: str):
    return ((window.session.model.named(name).id,), 0)


def test_the_summary_has_a_row_for_every_layer(open_sample: Window) -> None:
    panel = open_sample.feature("summary")
    model = open_sample.session.model
    assert panel.table.rowCount() == len(model.layers)
    shown = [panel.table.index(row, 0).data() for row in range(panel.table.rowCount())]
    assert shown == [layer.name for layer in model.layers.values()]
    total = sum(int(panel.table.index(row, 4).data().replace(",", "")) for row in range(panel.table.rowCount()))
    assert total == open_sample.session.inference.params


def test_the_filter_keeps_rows_with_all_words(open_sample: Window, qtbot) -> None:
    panel = open_sample.feature("summary")
    qtbot.keyClicks(panel.search, "conv2d residual")
    names = [panel.table.index(row, 0).data() for row in range(panel.table.rowCount())]
    assert names == ["residual_a_conv", "residual_b_conv"]


def test_numbers_are_sorted_as_numbers(open_sample: Window) -> None:
    panel = open_sample.feature("summary")
    panel.view.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    counts = [int(panel.table.index(row, 4).data().replace(",", "")) for row in range(panel.table.rowCount())]
    assert counts == sorted(counts, reverse=True)


def test_a_click_in_the_summary_selects_everywhere(open_sample: Window, qtbot) -> None:
    window = open_sample
    panel, outline, inspector = (window.feature(name) for name in ("summary", "outline", "inspector"))
    index = panel.table.index(1, 0)
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=panel.view.visualRect(index).center())
    assert window.session.selection == (key_of(window, "stem_conv"),)
    assert [item.data() for item in outline.tree.selectionModel().selectedIndexes()] == ["stem_conv"]
    fields = {field.accessibleName(): field.text() for field in inspector.findChildren(QLineEdit)}
    assert fields["filters"] == "32"
    assert fields["kernel_size"] == "3 × 3"


def test_a_selection_made_elsewhere_is_followed(open_sample: Window) -> None:
    window = open_sample
    panel, outline = window.feature("summary"), window.feature("outline")
    window.session.reveal(key_of(window, "join"))
    assert panel.view.currentIndex().siblingAtColumn(0).data() == "join"
    assert outline.tree.currentIndex().data() == "join"


def test_arguments_that_are_the_default_are_dimmed(open_sample: Window) -> None:
    window = open_sample
    inspector = window.feature("inspector")
    window.session.reveal(key_of(window, "stem_conv"))
    roles = {field.accessibleName(): field.property("role") for field in inspector.findChildren(QLineEdit)}
    assert roles["filters"] is None
    assert roles["use_bias"] is None
    assert {roles[name] for name in ("strides", "groups", "kernel_initializer", "kernel_regularizer")} == {"default"}


def test_names_in_tooltips_are_never_markup(open_sample: Window) -> None:
    from app.words import tip

    layer = next(iter(open_sample.session.model.layers.values()))
    layer.name = "<img src='file:///etc/hostname'>"
    open_sample.session.inference_changed.emit()
    item = open_sample.feature("outline").items.item(0)
    assert "<img" not in item.toolTip()
    assert tip("<b>") == "<p>&lt;b&gt;</p>"


def test_files_can_be_dropped_anywhere(window: Window, qtbot) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(SAMPLE))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(400, 300), copy, data, left, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(400, 300), copy, data, left, none))
    qtbot.waitUntil(lambda: window.session is not None and not window.busy, timeout=30_000)
    assert window.session.path == SAMPLE


def test_a_file_that_is_open_comes_to_the_front(open_sample: Window, qtbot) -> None:
    window = open_sample
    model = SAMPLE.with_name("digits.keras")
    window.open_paths([model])
    qtbot.waitUntil(lambda: len(window.sessions) == 2 and not window.busy, timeout=30_000)
    window.open_paths([SAMPLE])
    qtbot.waitUntil(lambda: not window.busy, timeout=30_000)
    assert len(window.sessions) == 2
    assert window.session.path == SAMPLE


def test_both_themes_are_painted(open_sample: Window) -> None:
    lights = []
    for name in ("theme_light", "theme_dark"):
        open_sample.actions_table[name].trigger()
        QApplication.processEvents()
        lights.append(open_sample.grab().toImage().pixelColor(8, open_sample.height() - 60).lightness())
    assert lights[0] > 200 > 60 > lights[1]


@pytest.mark.parametrize("attempt", range(5))
def test_runs_of_earlier_windows_are_listed(window: Window, qtbot, attempt: int) -> None:
    from kgui.training.project import Project
    from kgui.training.runs import RunFolder

    project = Project.load(SAMPLE)
    run = RunFolder.create(project, project.plan)
    run.update_status(state="done", sentence="Trained 3 epochs. The model is saved.")
    window.open_paths([SAMPLE])
    panel = window.feature("runs")
    qtbot.waitUntil(lambda: panel.list.count() == 1 and not window.busy, timeout=30_000)
    assert window.session.running.shown == run
    assert "Trained 3 epochs" in window.feature("training").status.text()
