"""A sample of what `python tests/hostile/fuzz.py --count 50000` does, with files that are the same on every run."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hostile_fuzz", Path(__file__).with_name("fuzz.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hostile_fuzz"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_mutated_files_of_all_formats_never_harm_the_caller(fuzz: ModuleType, tmp_path: Path) -> None:
    report = fuzz.fuzz(600, 7, tmp_path)
    assert report.failures == []
    assert report.counts["opened"] > 100 and report.counts["refused in a sentence"] > 100
    assert report.counts[" values: read"] > 100
    assert report.slowest < fuzz.SECONDS


def test_equal_seeds_give_equal_files_and_others_do_not(fuzz: ModuleType) -> None:
    for seed in fuzz.seeds():
        first, again, other = (fuzz.variant(random.Random(number), seed) for number in ("a", "a", "b"))
        if "zip" not in seed.name:  # the time stands in an archive
            assert first == again
        assert first != other or seed.deep is None


def test_a_bug_in_the_reader_would_be_seen(fuzz: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import kgui.graph.transfer as transfer\n"
        "def broken(model):\n    raise ZeroDivisionError('planted')\n"
        "transfer.model_to_json = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    report = fuzz.fuzz(5, 1, tmp_path / "files", only="json 2")
    assert any("planted" in failure for failure in report.failures)
