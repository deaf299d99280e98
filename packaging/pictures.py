"""Makes the pictures of the window in docs/pictures, by driving a real one: `python packaging/pictures.py`.

Needs no display. Takes about a minute: the sample project is really trained.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import picture_diff  # noqa: E402
import picture_models  # noqa: E402
from PySide6.QtCore import QSettings, Qt  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from app.session import NodeKey  # noqa: E402
from app.theme import themes  # noqa: E402
from app.window import Window  # noqa: E402
from kgui import resources  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"
SAMPLES = resources.path("samples")
SIZE = (1440, 900)
WEIGHTS_WIDTH = 400
"""Of the dock with the weights, in their picture."""
EPOCHS = 12
"""More than the sample asks for, so that the curves are worth a picture."""


def main() -> None:
    """Writes every picture in light and dark."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["KGUI_DATA_DIR"] = os.environ["HOME"] = home
        sample = Path(shutil.copytree(SAMPLES, Path(home) / "digits")) / "digits.kgui"
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, home)
        application = QApplication(sys.argv[:1])
        themes().start()
        window = Window(remember=False)
        window.resize(*SIZE)
        window.show()
        window.start_processes()
        studio = Studio(application, window)
        studio.wait(lambda: window.processes.engine.state == "ready")
        studio.take("welcome")
        window.open_paths([sample])
        studio.wait(lambda: window.session is not None)
        window.session.reveal(_a_convolution(window))
        studio.take("sample")
        window.session.selection = ()
        running = window.session.running
        window.show_dock("training")
        running.start({"epochs": EPOCHS})
        studio.wait(lambda: running.snapshot is not None and running.snapshot.done > 0.6)
        running.pause(True)
        studio.wait(lambda: running.snapshot.phase == "paused")
        running.pausing = False
        studio.take("training")
        running.pause(False)
        running.stop()
        studio.wait(lambda: running.snapshot.state.ended)
        studio.wait(lambda: len(window.sessions) == 2)
        window.show_dock("summary")
        window.show_dock("weights")
        window.resizeDocks([window.docks["weights"]], [WEIGHTS_WIDTH], Qt.Orientation.Horizontal)
        window.session.reveal(_a_convolution(window, 2))
        studio.take("weights")
        picture_models.take(window, studio.wait, studio.take)
        picture_diff.take(window, studio.wait, studio.take)
        window.close()


def _a_convolution(window: Window, number: int = 0) -> NodeKey:
    """A layer with filters, counted from 0, for the inspector to explain."""
    layers = window.session.model.layers
    return (([key for key, layer in layers.items() if layer.config.get("filters")][number],), 0)


class Studio:
    """Waits until the window has come to rest, and takes its picture in both themes."""

    def __init__(self, application: QApplication, window: Window) -> None:
        self._application = application
        self._window = window

    def wait(self, until: Callable[[], object], within: float = 180.0) -> None:
        """Lets the window live until something is so."""
        end = time.monotonic() + within
        while not until():
            if time.monotonic() > end:
                raise SystemExit("the window did not get there in time")
            self._application.processEvents()
            time.sleep(0.005)

    def take(self, name: str) -> None:
        """Writes NAME-light.png and NAME-dark.png."""
        for choice in ("light", "dark"):
            themes().choice = choice
            quiet = time.monotonic() + 0.6
            self.wait(lambda quiet=quiet: not self._window.busy and time.monotonic() > quiet)
            path = FOLDER / f"{name}-{choice}.png"
            self._window.grab().save(str(path))
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
