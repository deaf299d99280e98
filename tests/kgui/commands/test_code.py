"""`kgui code` and `kgui convert`, as a user runs them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kgui import open_model


def test_code_is_printed(kgui, architecture):
    code, out, err = kgui("code", architecture)
    assert (code, err) == (0, "")
    assert "def build_encoder() -> keras.Model:" in out
    ast.parse(out)


def test_code_is_written(kgui, architecture, tmp_path):
    target = tmp_path / "model.py"
    code, out, _ = kgui("code", architecture, "-o", target)
    assert (code, out) == (0, "")
    assert target.read_text() == kgui("code", architecture)[1]


def test_code_that_cannot_be_written(kgui, architecture, tmp_path):
    code, _, err = kgui("code", architecture, "-o", tmp_path / "missing" / "model.py")
    assert code == 1
    assert "The folder does not exist" in err and err.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full here")
def test_a_full_disk_is_one_sentence_and_what_was_there_stays(process, architecture, tmp_path):
    with Path("/dev/full").open("wb") as full:
        done = process("code", architecture, stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert b"The output cannot be written (No space left on device)" in done.stderr
    done = process("code", architecture, "-o", "/dev/full")
    assert (done.returncode, done.stderr) == (
        1,
        b"kgui: /dev/full: The disk is full. Make room, or choose another place.\n",
    )
    assert Path("/dev/full").is_char_device()


@pytest.mark.skipif(os.name == "nt", reason="closing an output is written otherwise there")
def test_without_an_output_that_is_said(architecture):
    command = f'"{sys.executable}" -m kgui show "{architecture}" >&-'
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, b"kgui: There is no standard output to write to.\n")


def test_a_link_is_written_through(kgui, architecture, tmp_path):
    target, link = tmp_path / "model.py", tmp_path / "latest.py"
    target.write_text("old")
    link.symlink_to(target)
    assert kgui("code", architecture, "-o", link)[0] == 0
    assert link.is_symlink() and "build_model" in target.read_text()


def test_convert_writes_a_model_of_today(kgui, architecture, tmp_path):
    target = tmp_path / "model.keras"
    code, out, _ = kgui("convert", architecture, target)
    assert code == 0
    assert str(target) in out
    with open_model(target) as file:
        assert (file.format, file.model.era) == ("keras-zip", "keras-3")
        assert file.inference.params == 19


def test_convert_needs_a_format(kgui, architecture, tmp_path):
    code, _, err = kgui("convert", architecture, tmp_path / "model.unknown")
    assert code == 1
    assert ".keras" in err
    assert kgui("convert", architecture, tmp_path / "model.unknown", "--format", "json")[0] == 0
