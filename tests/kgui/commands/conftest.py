"""Files for the commands, made without Keras."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from kgui.cli import main


def layer(class_name, name, *inputs, **config):
    call = [[[other, 0, 0, {}] for other in inputs]] if inputs else []
    return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": call}


def functional(*layers, outputs, name="net"):
    inputs = [item["name"] for item in layers if item["class_name"] == "InputLayer"]
    return {
        "class_name": "Functional",
        "keras_version": "2.15.0",
        "backend": "tensorflow",
        "config": {
            "name": name,
            "trainable": True,
            "layers": list(layers),
            "input_layers": [[other, 0, 0] for other in inputs],
            "output_layers": [[other, 0, 0] for other in outputs],
        },
    }


@pytest.fixture
def architecture(tmp_path):
    """A JSON architecture of Keras 2 with two inputs and a nested model."""
    encoder = functional(
        layer("InputLayer", "inner", batch_input_shape=[None, 4], dtype="float32"),
        layer("Dense", "code", "inner", units=3, activation="relu"),
        outputs=["code"],
        name="encoder",
    )
    nested = {"class_name": "Functional", "name": "encoder", "config": encoder["config"], "inbound_nodes": []}
    nested["inbound_nodes"] = [[["left", 0, 0, {}]], [["right", 0, 0, {}]]]
    merge = layer("Subtract", "gap")
    merge["inbound_nodes"] = [[["encoder", 1, 0, {}], ["encoder", 2, 0, {}]]]
    model = functional(
        layer("InputLayer", "left", batch_input_shape=[None, 4], dtype="float32"),
        layer("InputLayer", "right", batch_input_shape=[None, 4], dtype="float32"),
        nested,
        merge,
        layer("Dense", "score", "gap", units=1),
        outputs=["score"],
        name="siamese",
    )
    path = tmp_path / "siamese.json"
    path.write_text(json.dumps(model))
    return path


@pytest.fixture
def kgui(capsys):
    """Runs a command in this process: exit code, standard output, standard error."""

    def run(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def process():
    """Runs a command in a process of its own, as a user would."""

    def run(*words, **options):
        options.setdefault("capture_output", True)
        return subprocess.run([sys.executable, "-m", "kgui", *map(str, words)], timeout=60, check=False, **options)

    return run
