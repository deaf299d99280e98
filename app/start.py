"""The life of the window's process: application, window, what was asked for on the command line, the end."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from app import language, logs
from app.settings import Settings
from app.theme import themes
from app.window import Window

SETTLED = 400
"""Milliseconds without anything being opened or laid out after which a picture is taken."""
PICTURE_WITHIN = 60_000
"""Milliseconds after which a picture is given up."""


def run(parsed: argparse.Namespace) -> int:
    """Shows the window and stays until it is closed.

    Args:
        parsed: The command line, as `app.main` reads it.

    Returns:
        The exit code.
    """
    logs.start()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    logs.window_is_there()
    application.setApplicationName("kgui")
    application.setDesktopFileName("kgui")
    settings = Settings()
    language.start(application, settings.language)
    themes().start()
    for_picture = parsed.screenshot is not None
    window = Window(settings, remember=not for_picture)
    if parsed.theme is not None:
        themes().choice = parsed.theme
    if for_picture or parsed.size is not None:
        window.resize(*(parsed.size or (1440, 900)))
    # What was open is opened again, unless files are named or the user does not want it.
    again = settings.open_files if settings.restore_files and not for_picture else []
    files = [Path(path) for path in parsed.files] or again
    # The reader starts while the window paints; it is there when the first file is asked for.
    window.start_processes(engine=not for_picture)
    window.open_paths(files, train=parsed.train)
    window.painted.connect(_after_first_paint)
    window.show()
    if parsed.tab is not None:
        window.show_dock(parsed.tab)
    picture = _Picture(window, parsed.screenshot) if for_picture else None
    with _Interrupt(application, window):
        application.exec()
    return 0 if picture is None or picture.written else 1


def _after_first_paint() -> None:
    if os.environ.get("KGUI_TIME_START"):
        # For the test of the start time: the moment at which the window is on the screen.
        print("painted", flush=True)


class _Interrupt:
    """Ctrl+C in the terminal closes the window. Python sees a signal only when it gets a turn in Qt's loop."""

    def __init__(self, application: QApplication, window: Window) -> None:
        self._window = window
        self._timer = QTimer(application, interval=200)
        self._timer.timeout.connect(lambda: None)

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGINT, lambda *_: self._window.close())
        self._timer.start()

    def __exit__(self, *error: object) -> None:
        self._timer.stop()
        signal.signal(signal.SIGINT, self._before)


class _Picture(QObject):
    """Waits until everything is opened and painted, writes the picture, closes the window."""

    def __init__(self, window: Window, path: Path) -> None:
        super().__init__(window)
        self.written = False
        self._window = window
        self._path = path
        self._quiet = 0
        self._timer = QTimer(self, interval=50)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        QTimer.singleShot(PICTURE_WITHIN, self, self._give_up)

    def _look(self) -> None:
        self._quiet = 0 if self._window.busy else self._quiet + self._timer.interval()
        if self._quiet >= SETTLED:
            self._timer.stop()
            self.written = self._window.grab().save(str(self._path))
            if not self.written:
                print(f"kgui: the picture cannot be written to {self._path}", file=sys.stderr)
            self._window.close()

    def _give_up(self) -> None:
        print("kgui: the window did not come to rest; there is no picture", file=sys.stderr)
        self._window.close()
