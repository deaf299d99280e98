"""Models that have no file yet: kgui makes their weights, and Keras loads them without a word."""

import importlib
import json
import warnings

import numpy as np
import pytest
from model_kinds import KINDS

import kgui
from kgui.formats.notes import Notes
from kgui.formats.structure import decode_model

pytestmark = [pytest.mark.keras, pytest.mark.slow]

FILES = {"keras": ("keras3", "m.keras"), "tf_keras": ("keras2", "m.h5")}
NOT_LOADED = {("tf_keras", "custom_function")}
"""Keras cannot load the file that it writes itself: see `test_round_trip`."""

CASES = [
    (framework, kind.name)
    for framework, (flag, _) in FILES.items()
    for kind in KINDS.values()
    # Of a custom layer nobody knows the weights without its code.
    if getattr(kind, flag) and kind.graph and kind.name != "custom_layer" and (framework, kind.name) not in NOT_LOADED
]  # fmt: skip


@pytest.mark.parametrize(("framework", "name"), CASES, ids=[f"{framework}-{name}" for framework, name in CASES])
def test_keras_loads_what_has_fresh_weights(framework, name, tmp_path):
    keras = importlib.import_module(framework)
    kind = KINDS[name]
    warnings.simplefilter("ignore")
    keras.backend.clear_session()
    built = kind.build(keras)
    path = kgui.save_model(decode_model(json.loads(built.to_json()), Notes()), tmp_path / FILES[framework][1])
    keras.backend.clear_session()
    known = {key.rpartition(">")[2]: value for key, value in keras.saving.get_custom_objects().items()}
    objects = {word: known[word] for word in kind.custom}
    loaded = keras.models.load_model(path, custom_objects=objects, safe_mode=not kind.bytecode)
    expected, weights = built.get_weights(), loaded.get_weights()
    assert [weight.shape for weight in weights] == [weight.shape for weight in expected]
    assert all(np.isfinite(np.asarray(weight, np.float64)).all() for weight in weights)
    # Kernels that are quantized, or added by LoRA, are made of zeros by Keras too.
    names = [variable.name for variable in loaded.weights]
    for name, weight in zip(names, weights, strict=True):
        assert weight.any() or weight.ndim < 2 or "kernel" not in name or "lora" in name or weight.dtype == np.int8
