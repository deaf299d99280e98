"""`kgui plot` on a file."""

import json
import subprocess
import sys

import pytest

from kgui.cli import main

# fmt: off
CONFIG = {
    "class_name": "Sequential",
    "config": {
        "name": "small",
        "layers": [
            {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 8], "name": "in"}},
            {"module": "keras.layers", "class_name": "Dense",
             "config": {"name": "fc", "units": 3, "activation": "relu"}},
        ],
    },
    "module": "keras",
}
# fmt: on


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.json"
    path.write_text(json.dumps(CONFIG))
    return path


def test_a_picture_of_a_file(file, tmp_path):
    out = tmp_path / "small.svg"
    assert main(["plot", str(file), "-o", str(out), "--show-shapes", "--theme", "dark"]) == 0
    text = out.read_text(encoding="utf-8")
    assert "3 · relu" in text and "(None, 3)" in text


def test_an_unknown_ending_is_one_clear_sentence_and_nothing_is_opened(file, tmp_path, capsys):
    assert main(["plot", str(tmp_path / "missing.h5"), "-o", str(tmp_path / "x.bmp")]) == 1
    assert "BMP" in capsys.readouterr().err


def test_wrong_usage_is_2(file, capsys):
    assert main(["plot", str(file)]) == 2
    assert main(["plot", str(file), "-o", "x.png", "--dpi", "0"]) == 2
    capsys.readouterr()


@pytest.mark.slow
def test_a_picture_is_drawn_without_qt_and_without_keras(file, tmp_path):
    code = (
        "import sys; from kgui.cli import main; "
        f"assert main(['plot', {str(file)!r}, '-o', {str(tmp_path / 'a.png')!r}]) == 0; "
        "bad = {'PySide6', 'keras', 'tensorflow'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_a_model_without_layers_is_one_sentence(tmp_path, capsys):
    path = tmp_path / "empty.json"
    path.write_text(json.dumps({**CONFIG, "config": {"name": "empty", "layers": []}}))
    assert main(["plot", str(path), "-o", str(tmp_path / "x.svg")]) == 1
    assert capsys.readouterr().err == f"kgui: {path}: The model has no layers to draw.\n"
