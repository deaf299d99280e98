"""`kgui code` and `kgui convert`, as a user runs them."""

from __future__ import annotations

import ast

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
    assert "cannot be written" in err and "Traceback" not in err


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
