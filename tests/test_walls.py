"""The import rules of the house are kept, and a violation would be noticed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("importlinter")

ROOT = Path(__file__).resolve().parent.parent

VIOLATIONS = {
    "the library imports Qt": ("kgui/graph/intruder.py", "import PySide6\n", "knows nothing of the screen"),
    "the library imports the window": ("kgui/reports/intruder.py", "import app\n", "knows nothing of the screen"),
    "the window imports TensorFlow": ("app/intruder.py", "import tensorflow\n", "Only the engine has Keras"),
    "the formats import Keras": ("kgui/formats/intruder.py", "import keras\n", "Only the engine has Keras"),
    "a lower room imports a higher one": ("kgui/graph/intruder.py", "import kgui.formats\n", "Downwards only"),
    "siblings import each other": ("kgui/formats/intruder.py", "import kgui.data\n", "Downwards only"),
    "one feature of the window imports another": (
        "app/canvas/intruder.py",
        "import app.training.intruder\n",
        "features",
    ),
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the sources, to do damage in."""
    for name in ("app", "kgui"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"], cwd=house, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(house)}
    )


def test_the_rules_are_kept(house: Path) -> None:
    outcome = lint(house)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_caught(house: Path, name: str) -> None:
    place, text, contract = VIOLATIONS[name]
    (house / place).parent.mkdir(exist_ok=True)
    (house / place).write_text(text)
    outcome = lint(house)
    assert outcome.returncode != 0
    broken = [line for line in outcome.stdout.splitlines() if line.rstrip().endswith("BROKEN")]
    assert any(contract in line for line in broken), outcome.stdout
