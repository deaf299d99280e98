"""A window of its own for the benchmarks of the window, in a process that is used for nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def in_process(script: str, *arguments: str, runs: int = 1) -> list[Any]:
    """Runs a benchmark script of this folder in fresh processes, each in a home of its own.

    Returns:
        What each printed in its last line, which is JSON.
    """
    results = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as home:
            environment = {
                **os.environ,
                "KGUI_DATA_DIR": home,
                "XDG_CONFIG_HOME": home,
                "QT_QPA_PLATFORM": "offscreen",
                "PYTHONPATH": str(ROOT),
            }
            command = [sys.executable, str(Path(__file__).parent / script), *arguments]
            done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
        results.append(json.loads(done.stdout.decode().strip().rpartition("\n")[2]))
    return results


def resident() -> float:
    """Megabytes of memory that this process holds now."""
    import psutil

    return psutil.Process().memory_info().rss / 1e6


def live(until: Callable[[], object], within: float = 120.0) -> None:
    """Lets Qt's own event loop run until something is so."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    end = time.monotonic() + within

    def look() -> None:
        if until():
            loop.quit()
        elif time.monotonic() > end:
            raise SystemExit("the window did not get there in time")

    timer = QTimer(interval=5)
    timer.timeout.connect(look)
    timer.start()
    loop.exec()
    timer.stop()


def rest(seconds: float) -> None:
    """Lets the window live for a while."""
    end = time.monotonic() + seconds
    live(lambda: time.monotonic() > end)
