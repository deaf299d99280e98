"""The table of actions: everything in it can be triggered at any time."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from app.actions import REASONS, TABLE, text
from app.window import Window

pytestmark = pytest.mark.gui

NAMES = [row.id for row in TABLE if row.id not in ("quit", "train")]


@pytest.fixture(autouse=True)
def no_desktop(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    return opened


@pytest.mark.parametrize("name", NAMES)
def test_every_action_on_an_empty_window(window: Window, qtbot, name: str) -> None:
    action = window.actions_table[name]
    with qtbot.captureExceptions() as errors:
        action.setEnabled(True)
        action.trigger()
        QApplication.processEvents()
        _close_dialogs(window)
    assert errors == []


@pytest.mark.slow
def test_every_action_on_a_model(open_sample: Window, qtbot) -> None:
    window = open_sample
    window.session.selection = [((next(iter(window.session.model.layers)),), 0)]
    with qtbot.captureExceptions() as errors:
        for name in NAMES:
            if name == "close":
                continue
            window.actions_table[name].trigger()
            QApplication.processEvents()
            _close_dialogs(window)
        qtbot.waitUntil(lambda: not window.busy, timeout=30_000)
        window.actions_table["close"].trigger()
    assert errors == []
    assert window.sessions == []


def test_what_cannot_be_done_says_why(window: Window) -> None:
    for row, action in window.actions_table:
        if row.needs:
            assert not action.isEnabled(), row.id
            assert text(REASONS[row.needs]) in action.toolTip()


def test_shortcuts_are_not_given_twice(window: Window) -> None:
    keys = [key.toString() for _, action in window.actions_table for key in action.shortcuts()]
    assert len(keys) == len(set(keys))


def test_the_command_palette_runs_what_was_typed(window: Window, qtbot) -> None:
    window.actions_table["command_palette"].trigger()
    palette = window._palette
    qtbot.keyClicks(palette.field, "theme dark")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.palette().window().color().lightness() < 60
    assert window.actions_table["theme_dark"].isChecked()
    assert not palette.isVisible()


def _close_dialogs(window: Window) -> None:
    for dialog in window.findChildren(QDialog):
        if dialog.isVisible() or isinstance(dialog, QFileDialog):
            dialog.reject()
    if window._palette is not None:
        window._palette.hide()
    if window.isFullScreen():
        window.showNormal()
