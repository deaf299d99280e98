"""Measures kgui beside its peers, in one run on one machine: `.venv/bin/python tests/benchmarks [NAME …]`.

Prints one table. Nothing here passes or fails: machines differ, ratios on one machine do not.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from rows import Row

BENCHMARKS = {
    "show": "kgui show of a large model beside keras load_model + summary",
    "growth": "time per layer from 100 to 20,000 layers",
    "open": "opening a large model in the window beside load_model + plot_model",
    "start": "cold start of the window",
    "loop": "standstills of the window while a run starts and trains",
    "training": "throughput of a run beside plain fit",
    "canvas": "frames of the canvas with large models",
}


def main() -> int:
    """Runs the chosen benchmarks, all of them by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    chosen = parser.parse_args().names or list(BENCHMARKS)
    if unknown := set(chosen) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}\n", flush=True)
    show(header())
    for name in chosen:
        for row in importlib.import_module(f"bench_{name}").measure():
            show(cells(row))
    return 0


def header() -> Iterable[str]:
    """Names of the table's columns."""
    return ("what", "kgui", "peer", "ratio", "goal")


def cells(row: Row) -> Iterable[str]:
    """A row as texts."""
    ratio = "" if row.peer is None else f"{row.peer / row.ours:.2f} ×"
    peer = "" if row.peer is None else f"{row.peer:,.4g} {row.unit} ({row.peer_name})"
    return (row.what, f"{row.ours:,.4g} {row.unit}", peer, ratio, row.goal)


def show(texts: Iterable[str]) -> None:
    """Prints one line of the table."""
    print(
        "  ".join(text.ljust(width) for text, width in zip(texts, (58, 16, 44, 10, 0), strict=True)).rstrip(),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
