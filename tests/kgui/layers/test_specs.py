import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from kgui.layers import category, defaults, spec
from kgui.layers.specs import activations, class_names, parts


def test_what_a_form_needs_for_a_convolution():
    found = spec("Conv2D")
    assert found.category == "Convolution"
    assert found.summary == "2D convolution layer."
    filters, kernel = found.arguments[:2]
    assert (filters.name, filters.kind, filters.required, filters.low) == ("filters", "int", True, 1)
    assert (kernel.kind, kernel.rank) == ("tuple", 2)
    assert found.argument("padding").choices == ("valid", "same")
    assert found.argument("kernel_initializer").kind == "initializer"
    assert found.argument("dtype").kind == "dtype policy"
    assert defaults("Conv2D")["strides"] == [1, 1]
    assert "filters" not in defaults("Conv2D")


def test_aliases_and_unknown_classes():
    assert spec("Convolution2D") is spec("Conv2D") or spec("Convolution2D") == spec("Conv2D")
    assert spec("NoSuchLayer") is None
    assert defaults("NoSuchLayer") == {}


def test_every_class_has_a_category_and_documented_arguments():
    names = class_names()
    assert len(names) > 130
    assert [name for name in names if category(name) == "Custom"] == []
    arguments = [argument for name in names for argument in spec(name).arguments]
    assert len(arguments) > 1000
    assert sum(1 for argument in arguments if argument.documentation) > 0.7 * len(arguments)
    for argument in arguments:
        if argument.kind == "choice" and argument.default is not None:
            assert argument.default in argument.choices, argument


def test_parts():
    assert "relu" in activations()
    names = [part.class_name for part in parts("initializers")]
    assert "GlorotUniform" in names
    assert [part.class_name for part in parts("regularizers")] == ["L1", "L1L2", "L2", "OrthogonalRegularizer"]


@pytest.mark.keras
@pytest.mark.slow
def test_specs_are_those_of_the_installed_keras():
    script = Path(__file__).parents[3] / "packaging" / "make_layer_specs.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "up to date"


_NEEDED = {"int": 4, "float": 0.5, "tuple": 3, "shape": [4], "string": "ab,bc->ac", "axis": 1, "activation": "relu"}
_NEEDED_BY_NAME = {"factor": 0.1, "scale": 1.0, "height_factor": 0.1, "width_factor": 0.1, "x_factor": 0.1}
_NEEDED_BY_CLASS = {
    "CategoryEncoding": {"num_tokens": 4},
    "Discretization": {"num_bins": 4},
    "RandomPosterization": {"factor": 4},
}


@pytest.mark.keras
def test_keras_takes_every_choice():
    import keras

    taken = 0
    for name in class_names():
        found = spec(name)
        if name == "STFTSpectrogram" and importlib.util.find_spec("scipy") is None:
            continue  # Keras makes its windows with SciPy.
        if any(argument.required and argument.kind in ("layer", "layers", "function") for argument in found.arguments):
            continue
        base = {a.name: _NEEDED_BY_NAME.get(a.name, _NEEDED.get(a.kind)) for a in found.arguments if a.required}
        base.update(_NEEDED_BY_CLASS.get(name, {}))
        for argument in found.arguments:
            for choice in argument.choices:
                getattr(keras.layers, name)(**{**base, argument.name: choice})
                taken += 1
    assert taken > 200
