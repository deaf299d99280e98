"""The log: to a file that Help can open, and to the console dock."""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QtMsgType, Signal, qInstallMessageHandler

FORMAT = "%(asctime)s  %(levelname)-7s  %(name)s  %(message)s"
LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}

TRIFLES = ("Detected locale",)
"""Beginnings of what Qt tells before there is a window, and what needs no user: it mends this by itself."""

_before_window = True


def file() -> Path:
    """The log file. Three older ones of the same size are kept beside it."""
    from kgui.training.files import data_dir

    return data_dir() / "kgui.log"


class Recorder(QObject):
    """Remembers the last lines of the log, and says when there is a new one."""

    added = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: deque[str] = deque(maxlen=2000)
        self._handler = _Handler(self)
        self._handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
        logging.getLogger().addHandler(self._handler)

    def close(self) -> None:
        """Stops listening."""
        logging.getLogger().removeHandler(self._handler)


class _Handler(logging.Handler):
    """Carries lines of any thread to the window's thread by a signal."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(logging.INFO)
        self._recorder = recorder

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        self._recorder.lines.append(line)
        self._recorder.added.emit(line)


class _LogFile(logging.Handler):
    """The log file, opened with the first line: most starts of kgui should pay for neither."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter(FORMAT))
        self._target: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._target is None:
            self._target = self._open()
            self._target.setFormatter(self.formatter)
        self._target.emit(record)

    def _open(self) -> logging.Handler:
        from logging.handlers import RotatingFileHandler

        try:
            file().parent.mkdir(parents=True, exist_ok=True)
            return RotatingFileHandler(file(), maxBytes=1 << 20, backupCount=3, encoding="utf-8")
        except OSError:
            return logging.StreamHandler()


def window_is_there() -> None:
    """From now on what Qt says goes to the log alone: there is a console to see it in."""
    global _before_window
    _before_window = False


def start() -> None:
    """Sends everything that goes wrong to the log file: our own words, exceptions that nobody caught, and Qt's."""
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(_LogFile())
    sys.excepthook = _uncaught
    threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)
    qInstallMessageHandler(_qt_message)


def _uncaught(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    # PySide calls this for an exception in a slot too; the window goes on.
    logging.getLogger("kgui").error("An error in kgui itself: %s", error, exc_info=(kind, error or kind(), traceback))


def _qt_message(kind: QtMsgType, context: object, message: str) -> None:
    if _before_window and not message.startswith(TRIFLES):
        # There may never be a window: the terminal is where the user looks.
        print(message, file=sys.stderr)
    logging.getLogger("qt").log(LEVELS.get(kind, logging.WARNING), "%s", message)
