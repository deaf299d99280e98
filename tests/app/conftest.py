"""Every test of the window runs in a home of its own, and fails if it leaves anything behind."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

pytest.importorskip("PySide6")

from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from app.theme import themes
from app.window import Window
from kgui import resources

SAMPLE = resources.path("samples", "digits.kgui")

HARMLESS = (
    # The offscreen platform says this of every window that is put in front.
    "This plugin does not support",
)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, log and runs of the user that the test is."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("KGUI_DATA_DIR", str(folder / "data"))
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "config"))
    return folder


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that leaves a thread, a running timer or a top-level widget, or that made Qt complain."""
    qtlog = request.getfixturevalue("qtlog")
    threads, widgets = set(threading.enumerate()), set(map(id, qapp.topLevelWidgets()))
    timers = {id(timer) for timer in qapp.findChildren(QTimer)}
    yield
    settle(qapp)
    deadline = time.monotonic() + 5
    while (left := _threads_since(threads)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left, f"threads are left: {left}"
    windows = [widget for widget in qapp.topLevelWidgets() if id(widget) not in widgets]
    assert not windows, f"top-level widgets are left: {windows}"
    running = [timer for timer in qapp.findChildren(QTimer) if id(timer) not in timers and timer.isActive()]
    assert not running, f"timers are left: {running}"
    said = [record for record in qtlog.records if record.type_name in ("QtWarningMsg", "QtCriticalMsg", "QtFatalMsg")]
    said = [record for record in said if not any(text in record.message for text in HARMLESS)]
    assert not said, f"Qt complained: {[record.message for record in said]}"


def _threads_since(before: set[threading.Thread]) -> list[threading.Thread]:
    # Who waits for a run that outlives the window on purpose ends with the run.
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and not thread.name.startswith(("end of", "pytest", "Dummy"))
    ]


def settle(application: QApplication) -> None:
    """Lets Qt delete what waits for it."""
    for _ in range(3):
        application.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


@pytest.fixture
def new_window(qapp: QApplication) -> Iterator[Callable[..., Window]]:
    """Makes windows that are shown, and closed after the test."""
    made: list[Window] = []
    themes().start()

    def make(*, remember: bool = False) -> Window:
        window = Window(remember=remember)
        made.append(window)
        window.resize(1280, 800)
        window.show()
        return window

    yield make
    for window in made:
        window.close()
        window.deleteLater()
    themes().choice = "system"
    settle(qapp)


@pytest.fixture
def window(new_window: Callable[..., Window]) -> Window:
    """An empty window."""
    return new_window()


@pytest.fixture
def open_sample(qtbot, window: Window) -> Window:
    """A window with the bundled sample project open."""
    window.open_paths([SAMPLE])
    qtbot.waitUntil(lambda: window.session is not None and not window.busy, timeout=30_000)
    return window
