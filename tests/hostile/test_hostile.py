"""Hostile files run nothing, name their risk, crash and hang nobody, and cost little."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kgui.errors import KguiError
from kgui.reader.client import Reader

HERE = Path(__file__).parent
pytestmark = pytest.mark.slow  # most of it is the writing of large files
SECONDS = 2.0
MEGABYTES = 512


@pytest.fixture(scope="session")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("canary") / "ran"


def _load_makers(canary: Path | None = None) -> ModuleType:
    if canary is not None:
        os.environ["KGUI_CANARY"] = str(canary)
    spec = importlib.util.spec_from_file_location("hostile_makers", HERE / "makers.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hostile_makers"] = module
    spec.loader.exec_module(module)
    return module


KINDS = {kind.name: kind for kind in _load_makers().KINDS}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, canary: Path) -> Iterator[dict[str, Path]]:
    """Every hostile file, in a folder of its own."""
    root = tmp_path_factory.mktemp("hostile")
    paths = {}
    for kind in _load_makers(canary).KINDS:
        folder = root / kind.name
        folder.mkdir()
        paths[kind.name] = kind.make(folder)
    yield paths
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def results(made: dict[str, Path], canary: Path) -> dict[str, dict[str, Any]]:
    """What kgui made of each file, in a fresh process under watch."""
    process = subprocess.run(
        [sys.executable, str(HERE / "probe.py"), str(canary)],
        input="".join(json.dumps({"name": name, "path": str(path)}) + "\n" for name, path in made.items()),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    return {line["name"]: line for line in lines[1:]}


def test_there_are_enough_kinds() -> None:
    assert len(KINDS) >= 60


@pytest.mark.parametrize("name", KINDS)
def test_it_runs_nothing_and_does_no_harm(name: str, results: dict[str, dict[str, Any]]) -> None:
    result = results[name]
    assert not result["ran"], "the payload ran"
    assert result["status"] == 0, f"the process died or hung: status {result['status']}"
    assert result["events"] == []
    assert result["megabytes"] <= MEGABYTES
    # The time of the processor: the machine may be busy with other things.
    assert result["cpu"] <= SECONDS
    for error in [result.get("error"), *result.get("failed", [])]:
        assert error is None or error[0] == "user", error


@pytest.mark.parametrize("name", KINDS)
def test_it_is_named(name: str, results: dict[str, dict[str, Any]]) -> None:
    kind, result = KINDS[name], results[name]
    if kind.error is not None:
        assert ("error" in result) == kind.error, result.get("error", "it was opened")
    if "error" in result:
        assert len(result["error"][2]) > 20
    else:
        assert kind.risks <= {risk[0] for risk in result["risks"]}
        for told in result["risks"]:
            assert all(told), told


def test_one_reader_survives_all_of_them(made: dict[str, Path], canary: Path) -> None:
    restarts: list[str] = []
    reader = Reader(on_restart=restarts.append)
    try:
        for path in made.values():
            try:
                opened = reader.open(path, weights=True).result(60)
            except KguiError as error:
                assert str(path)[:50] in str(error) or error.where
                assert "mistake in kgui" not in str(error)
            else:
                assert opened.model is not None
    finally:
        reader.close()
    assert not canary.exists()
    assert restarts == []


@pytest.mark.parametrize(
    ("evil", "event"),
    [
        ("import os; os.system('true')", "os.system"),
        ("import pickle; pickle.loads(pickle.dumps(dict.fromkeys)[:0] or b'cos\\nsystem\\n.')", "pickle.find_class"),
        ("import marshal; marshal.loads(b'N')", "marshal.loads"),
        ("exec(code)", "exec"),
        ("compile('1', 'evil', 'eval')", "compile"),
        ("import socket; socket.socket()", "socket.__new__"),
        ("open('/etc/hostname')", "open /etc/hostname"),
        ("open('written', 'w')", "written"),
        ("import antigravity_of_the_file", "import antigravity_of_the_file"),
    ],
)
def test_the_watch_sees_what_it_should(evil: str, event: str, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(HERE)!r}); import probe, os, pickle, marshal, socket\n"
        "code = compile('1', 'x', 'exec'); sys.addaudithook(probe.WATCH)\n"
        f"probe.WATCH.folder, probe.WATCH.armed = '/nowhere', True\ntry:\n    {evil}\nexcept ImportError:\n    pass\n"
        "probe.WATCH.armed = False; print(probe.WATCH.events)"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True)
    assert event in told.stdout


@pytest.mark.parametrize("name", ["lambda_in_h5", "names_made_to_deceive", "two_configs_of_one_name", "empty_file"])
def test_check_says_it_in_plain_text_and_exits_with_1(
    name: str, made: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    from kgui.cli import main

    assert main(["check", str(made[name])]) == 1
    out, err = capsys.readouterr()
    assert ("Traceback" not in err) and (out or err)
    assert all(character.isprintable() or character == "\n" for character in out + err)
    for kind in KINDS[name].risks:
        assert f"[{kind}]" in out
