"""`kgui diff`, as a user runs it."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def edited(architecture, tmp_path):
    path = tmp_path / "edited.json"
    text = architecture.read_text().replace('"units": 1', '"units": 2').replace('"gap"', '"difference"')
    path.write_text(text)
    return path


def test_equal_models(kgui, architecture):
    code, out, err = kgui("diff", architecture, architecture)
    assert (code, err) == (0, "")
    assert "are the same model: 7 layers" in out


def test_what_differs(kgui, architecture, edited):
    code, out, _ = kgui("diff", architecture, edited)
    assert code == 0
    assert "= difference (Subtract) was called gap" in out
    assert "score (Dense) units: 1 → 2" in out


def test_what_differs_as_json(kgui, architecture, edited):
    code, out, _ = kgui("diff", architecture, edited, "--json")
    report = json.loads(out)
    assert (code, report["same"]) == (0, False)
    assert {layer["new"]: layer["kinds"] for layer in report["layers"]} == {
        "difference": ["renamed"],
        "score": ["arguments", "weights", "shapes"],
    }


def test_weights_of_files(kgui, architecture, edited, tmp_path):
    one, other = tmp_path / "one.keras", tmp_path / "other.h5"
    kgui("convert", architecture, one)
    kgui("convert", one, other)
    _, out, _ = kgui("diff", one, other)
    assert "the values of 4 weights are equal" in out
    _, out, _ = kgui("diff", one, edited)
    assert "score (Dense) kernel: shape (3, 1) → (3, 2)" in out
    _, out, _ = kgui("diff", one, other, "--no-weights", "--json")
    assert json.loads(out)["weights"] is None


def test_a_missing_file(kgui, architecture):
    code, out, err = kgui("diff", architecture, "missing.keras")
    assert (code, out) == (1, "")
    assert "missing.keras" in err
