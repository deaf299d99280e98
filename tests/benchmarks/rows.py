"""One line of the table of benchmarks, and ways to measure a whole process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".benchmarks"
"""Large models made once and kept for the next run. Not part of the repository."""


@dataclass(frozen=True)
class Row:
    """A figure of kgui beside a peer's.

    Attributes:
        what: What was measured.
        ours: kgui's figure, the median of several runs.
        unit: Of both figures.
        peer: The peer's figure in the same run, or None where there is no peer.
        peer_name: Who the peer is.
        goal: What the project promises.
    """

    what: str
    ours: float
    unit: str
    peer: float | None = None
    peer_name: str = ""
    goal: str = ""


def whole_process(command: Sequence[str], runs: int = 5) -> tuple[float, float]:
    """Medians of wall seconds and peak memory in MB of a command, after one run that does not count."""
    seconds, megabytes = [], []
    for number in range(runs + 1):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed")
        if number:
            seconds.append(took)
            megabytes.append(usage.ru_maxrss / 1024)
    return statistics.median(seconds), statistics.median(megabytes)


def python(code: str) -> list[str]:
    """A command that runs some Python in a fresh process."""
    return [sys.executable, "-c", code]


def large_model() -> Path:
    """NASNetLarge as Keras saves it: 1,041 layers, 360 MB. Made at the first call, which takes a minute."""
    path = CACHE / "nasnetlarge.keras"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        half = path.with_suffix(".half.keras")
        code = f"import keras; keras.applications.NASNetLarge(weights=None).save({str(half)!r})"
        subprocess.run(python(code), check=True)
        half.rename(path)
    return path
