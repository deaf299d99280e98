"""What the README says is so: its examples run, its files are there, its commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_first_example_prints_what_it_says() -> None:
    outcome = subprocess.run([sys.executable, "-c", EXAMPLES[0]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    promised = re.findall(r"# → (.+)$", EXAMPLES[0], re.MULTILINE)
    assert len(promised) >= 4
    lines = outcome.stdout.splitlines()
    for text in promised:
        assert text in lines


def test_the_examples_import_no_framework() -> None:
    code = EXAMPLES[0] + "\nimport sys\nassert not {'tensorflow', 'keras', 'PySide6'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.keras
@pytest.mark.slow
def test_the_training_example_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGUI_DATA_DIR", str(tmp_path))
    code = EXAMPLES[1] + "\nstate = run.wait(240)\nprint(run.state().kind, run.result_path.exists())"
    outcome = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.stdout.splitlines()[-1] == "done True", outcome.stderr


@pytest.mark.parametrize(
    "path", re.findall(r'(?:src|srcset)="([^"]+)"', README) + re.findall(r"\]\(([^):]+)\)", README)
)
def test_every_file_that_it_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_command_that_it_names_exists() -> None:
    from kgui.cli import available

    named = set(re.findall(r"`kgui ([a-z]+) ", README))
    assert named == set(available())
