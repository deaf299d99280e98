"""The time that opening takes: little, and the same for each layer however many there are."""

import json
import time

import pytest

import kgui


def chain(count):
    """A functional model of Keras 3: an input and Dense layers in a line."""

    def layer(number):
        config = {"name": f"l{number}", "units": 4, "activation": "relu", "dtype": "float32", "trainable": True}
        history = {"shape": [None, 4], "dtype": "float32", "keras_history": [f"l{number - 1}", 0, 0]}
        call = {"args": [{"class_name": "__keras_tensor__", "config": history}], "kwargs": {}}
        first = number == 0
        return {
            "module": "keras.layers",
            "class_name": "InputLayer" if first else "Dense",
            "config": {"name": "l0", "batch_shape": [None, 4], "dtype": "float32"} if first else config,
            "registered_name": None,
            "name": f"l{number}",
            "inbound_nodes": [] if first else [call],
        }

    config = {
        "name": "m",
        "layers": [layer(number) for number in range(count)],
        "input_layers": ["l0", 0, 0],
        "output_layers": [f"l{count - 1}", 0, 0],
    }
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}


def seconds(path):
    """Processor time of opening with shapes and parameters, the best of several, for other programs run beside."""
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        with kgui.open_model(path, weights=False) as opened:
            assert opened.inference.params > 0
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.slow
def test_time_per_layer_is_constant_up_to_twenty_thousand(tmp_path):
    per_layer = {}
    for count in (1_000, 5_000, 20_000):
        path = tmp_path / f"{count}.json"
        path.write_text(json.dumps(chain(count)))
        per_layer[count] = seconds(path) / count
    print({count: f"{value * 1e6:.1f} µs" for count, value in per_layer.items()})
    assert per_layer[20_000] < 2.5 * per_layer[1_000]


def test_a_thousand_layers_open_in_a_blink(tmp_path):
    path = tmp_path / "m.json"
    path.write_text(json.dumps(chain(1_000)))
    assert seconds(path) < 0.25
