"""The table of Keras' API is that of the installed Keras."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from kgui.reports.keras_words import layer_defaults, layer_signature, object_signature, operation


def maker():
    spec = importlib.util.spec_from_file_location("maker", Path(__file__).with_name("keras_words_maker.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.keras
def test_the_table_is_that_of_the_installed_keras():
    module = maker()
    made = module.make()
    stored = json.loads(module.TABLE.read_text(encoding="utf-8"))
    for section, entries in made.items():
        assert stored[section] == entries, f"run tests/kgui/reports/keras_words_maker.py: {section} have changed"


def test_a_layer():
    dense = layer_signature("Dense")
    assert dense.required == ("units",)
    assert layer_defaults("Dense")["use_bias"] is True
    assert layer_defaults("Dense")["trainable"] is True


def test_an_operation_knows_its_function_and_what_it_is_called_with():
    mean = operation("keras.src.ops.numpy", "Mean")
    assert (mean.function, mean.call, mean.defaults["keepdims"]) == ("mean", ("x",), False)
    assert operation("keras.src.ops.image", "Resize").function == "image.resize"


def test_what_keras_does_not_have():
    assert layer_signature("Convolution2D") is None
    assert layer_defaults("Convolution2D") == {}
    assert object_signature("initializers", "system") is None
    assert operation("os", "system") is None
