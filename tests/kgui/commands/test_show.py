"""`kgui show`, as a user runs it."""

from __future__ import annotations

import json
import os

import pytest


def test_the_summary(kgui, architecture):
    code, out, err = kgui("show", architecture)
    assert (code, err) == (0, "")
    assert out.startswith('Model: "siamese" (Functional)\n')
    assert "encoder, encoder[1][0]" in out
    assert "Total params: 19 (76.00 B)" in out
    assert "code (Dense)" not in out
    assert "   └ code (Dense)" in kgui("show", architecture, "--expand-nested")[1]


def test_the_json_object(kgui, architecture):
    code, out, _ = kgui("show", architecture, "--json")
    report = json.loads(out)
    assert code == 0
    assert (report["format"], report["kind"], report["name"]) == ("json", "functional", "siamese")
    assert [port["name"] for port in report["inputs"]] == ["left", "right"]
    gap = next(layer for layer in report["layers"] if layer["name"] == "gap")
    assert gap["calls"][0]["inputs"] == [["encoder", 0, 0], ["encoder", 1, 0]]
    assert report["params"] == {"total": 19, "trainable": 19, "non_trainable": 0}


def test_columns_as_asked(kgui, architecture):
    _, out, _ = kgui("show", architecture, "--line-length", 100, "--positions", "0.4,0.6,0.75,1", "--show-trainable")
    header = out.splitlines()[1]
    assert header.split() == ["Layer", "(type)", "Output", "shape", "Params", "Connected", "to", "Trainable"]
    assert len(max(out.splitlines(), key=len)) <= 100
    _, out, _ = kgui("show", architecture, "--show-dtype", "--show-cost", "--line-length", 150)
    assert "Multiply-adds" in out and "float32" in out


@pytest.mark.parametrize(
    "words", [["--positions", "a,b"], ["--line-length", "wide"], ["--line-length", "0"], ["other.keras"], ["--what"]]
)
def test_wrong_usage(kgui, architecture, words):
    code, out, err = kgui("show", architecture, *words)
    assert (code, out) == (2, "")
    assert "usage: kgui show" in err


def test_bad_input_is_one_sentence_and_exit_code_1(kgui, tmp_path, architecture):
    empty = tmp_path / "empty.keras"
    empty.touch()
    folder = tmp_path / "folder"
    folder.mkdir()
    cut = tmp_path / "cut.json"
    cut.write_bytes(architecture.read_bytes()[:200])
    for path in (tmp_path / "missing.h5", empty, folder, cut):
        code, out, err = kgui("show", path)
        assert (code, out) == (1, ""), path
        assert err.startswith("kgui: ") and err.count("\n") == 1 and "Traceback" not in err


@pytest.mark.skipif(os.name == "nt", reason="encodings of consoles are set otherwise there")
def test_a_terminal_that_cannot_show_everything(process, architecture):
    text = architecture.read_text().replace('"score"', '"größe"')
    architecture.write_text(text, encoding="utf-8")
    done = process("show", architecture, "--expand-nested", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert b"gr\\xf6\\xdfe (Dense)" in done.stdout
    done = process("show", architecture, "--json", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert json.loads(done.stdout)["outputs"][0]["name"] == "größe"


def test_keras_and_numpy_stay_away(process, architecture):
    words = "import sys; from kgui.cli import main; main(['show', sys.argv[1]]); print(sorted(sys.modules))"
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", words, architecture], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    for module in ("'numpy'", "'h5py'", "'keras'", "'tensorflow'", "'PySide6'"):
        assert module not in loaded


@pytest.mark.skipif(os.name == "nt", reason="no such names of files there")
def test_a_name_with_signs_for_the_terminal_is_spelled_out(kgui, tmp_path):
    code, _, err = kgui("show", tmp_path / "red\x1b[31m\nname \u6a21.keras")
    assert code == 1
    assert "\x1b" not in err and err.count("\n") == 1 and "\u6a21" in err
