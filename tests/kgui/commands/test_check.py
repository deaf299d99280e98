"""`kgui check` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kgui.cli import main

DENSE = {"class_name": "Dense", "config": {"name": "d", "units": 3, "batch_input_shape": [None, 4]}}
LAMBDA = {"class_name": "Lambda", "config": {"name": "l\u202e", "function": ["4wAA" + "A" * 60, None, None]}}
CUSTOM = {"class_name": "MyLayer", "config": {"name": "mine"}}


def save(path: Path, *layers: Any) -> str:
    path.write_text(json.dumps({"class_name": "Sequential", "config": list(layers), "keras_version": "2.1.0"}))
    return str(path)


def test_a_plain_model_has_no_risks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = save(tmp_path / "m.json", DENSE)
    assert main(["check", path]) == 0
    assert capsys.readouterr().out == f"{path}: no risks found.\n"


def test_a_custom_layer_is_told_and_is_no_risk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", save(tmp_path / "m.json", DENSE, CUSTOM)]) == 0
    out = capsys.readouterr().out
    assert "no risks found" in out and "Worth knowing" in out and "'MyLayer'" in out


def test_a_risk_says_what_where_and_what_would_run_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", save(tmp_path / "m.json", DENSE, LAMBDA)]) == 1
    out = capsys.readouterr().out
    assert "2 risks. kgui has run nothing of it." in out
    assert "Python byte code [lambda-bytecode]" in out and "SHA-256" in out and "safe_mode=False" in out
    assert "\\u202e" in out and "\u202e" not in out
    assert max(map(len, out.splitlines())) <= 140


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", save(tmp_path / "m.json", DENSE, LAMBDA, CUSTOM)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {risk["kind"] for risk in told["risks"]} == {"lambda-bytecode", "odd-name"}
    assert [notice["kind"] for notice in told["notices"]] == ["custom-class"]
    assert set(told["risks"][0]) == {"kind", "where", "detail", "runs_when"}


def test_weights_that_cannot_be_listed_do_not_hide_the_risks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(tmp_path / "m.json", DENSE, LAMBDA)
    (tmp_path / "m_weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert main(["check", path]) == 1
    assert "[lambda-bytecode]" in capsys.readouterr().out
