"""What people do to files without meaning harm: one clear sentence each, and exit code 1."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kgui.errors import FileError, KguiError
from kgui.processes.child import ChildBug
from kgui.reader.client import Reader

TEXT = ("yaml", "tflite", "onnx")
"""A part of these can still be a whole."""


def _load_fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hostile_fuzz", Path(__file__).with_name("fuzz.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hostile_fuzz"] = module
    spec.loader.exec_module(module)
    return module


SEEDS = {seed.name: seed for seed in _load_fuzz().seeds()}
SINGLE = [name for name, seed in SEEDS.items() if len(seed.files) == 1 and seed.target]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    started = Reader(children=1)
    yield started
    started.close()


def sentence(error: BaseException) -> str:
    """The message, which must be one that a person can use."""
    assert isinstance(error, KguiError) and not isinstance(error.__cause__, ChildBug), error
    text = str(error)
    assert text.count("\n") == 0 and 20 < len(text) < 600
    assert "Error(" not in text and "Traceback" not in text and "<class" not in text
    return text


@pytest.mark.parametrize("name", SINGLE)
def test_truncated_at_every_tenth(name: str, reader: Reader, tmp_path: Path) -> None:
    seed = SEEDS[name]
    data = seed.files[seed.target]
    refused = 0
    for tenth in range(10):
        path = tmp_path / f"{tenth}-{seed.target}"
        path.write_bytes(data[: len(data) * tenth // 10])
        try:
            reader.open(path, weights=True).result(30)
        except KguiError as error:
            assert str(path) in sentence(error)
            refused += 1
    assert refused == 10 or (name.startswith(TEXT) and refused >= 1)


@pytest.mark.parametrize("name", SINGLE)
def test_the_name_does_not_matter(name: str, reader: Reader, tmp_path: Path) -> None:
    seed = SEEDS[name]
    told = []
    for wrong in (seed.target, "model", "model.keras", "model.h5", "model.json", "model.txt"):
        path = tmp_path / wrong
        path.write_bytes(seed.files[seed.target])
        try:
            opened = reader.open(path, weights=True).result(30)
            told.append(
                (opened.format.replace("keras-hdf5", "hdf5"), len(opened.model.layers), opened.inference.params)
            )
        except KguiError as error:
            told.append((sentence(error).replace(str(path), ""), 0, 0))
        path.unlink()
    assert told == [told[0]] * 6


@pytest.mark.parametrize("command", ["check", "show"])
@pytest.mark.parametrize("what", ["missing", "folder", "empty", "folder with other things", "text"])
def test_the_command_line_says_one_sentence(command: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    if "folder" in what:
        path.mkdir()
        if "things" in what:
            (path / "notes.txt").write_text("notes")
    elif what == "empty":
        path.touch()
    elif what == "text":
        path.write_text("to be or not to be")
    words = [sys.executable, "-m", "kgui", command, str(path)]
    told = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("kgui: ") and told.stderr.count("\n") == 1
    assert str(path) in told.stderr


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="Windows has no such rights")
def test_no_permission_is_said_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(SEEDS["keras-zip"].files["m.keras"])
    # Root may read everything: as root, the command becomes nobody once it has loaded what it needs.
    code = (
        "import os, sys; from kgui.cli import main; path = sys.argv[1]\n"
        "assert main(['check', path]) == 0; main(['check', path + '-missing']); os.chmod(path, 0)\n"
        "os.geteuid() == 0 and os.setuid(65534)\nprint('now', file=sys.stderr); sys.exit(main(['check', path]))"
    )
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        if folder.owner() == tmp_path.owner():
            folder.chmod(0o755)
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60)
    assert told.returncode == 1
    assert told.stderr.split("now\n")[1].count("\n") == 1
    assert f"kgui: {path}: The file may not be read by this user." in told.stderr


def test_a_sentence_is_no_bug(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        reader.open(tmp_path / "nothing").result(30)
    assert sentence(caught.value).startswith(str(tmp_path / "nothing"))
    with pytest.raises(AssertionError):
        sentence(ValueError("a bug"))
