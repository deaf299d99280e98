"""Bugs of Keras under replicas: each shown as it is, and put right. Devices are fixed per process: one process each."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = [pytest.mark.keras, pytest.mark.slow]

TWO_DEVICES = """
import json
from kgui.engine import devices, workarounds
from kgui.training import Devices
strategy = devices.set_up(Devices("logical-cpu", 2))
import keras, numpy as np, tensorflow as tf
"""


def on_two_devices(code: str) -> object:
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_dropout_draws_a_mask_of_its_own_on_every_replica() -> None:
    told = on_two_devices(
        """
        def masks(mended):
            keras.utils.set_random_seed(1)
            with strategy.scope():
                model = keras.Sequential([keras.Input((64,)), keras.layers.Dropout(0.5)])
            if mended:
                workarounds.dropout_per_replica(model)
            step = tf.function(lambda: strategy.run(lambda: model(tf.ones((1, 64)), training=True)))
            return [[part.numpy().tolist() for part in strategy.experimental_local_results(step())] for _ in range(2)]
        print(json.dumps([masks(False), masks(True)]))
        """
    )
    keras_itself, mended = told
    assert all(first == second for first, second in keras_itself), "Keras draws them apart by now: take it out"
    assert all(first != second for first, second in mended)
    # A replica draws anew at every step, and the first what a single device would.
    assert mended[0][1] != mended[1][1]
    assert [step[0] for step in mended] == [step[0] for step in keras_itself]


def test_gradients_are_clipped_as_those_of_the_whole_batch() -> None:
    told = on_two_devices(
        """
        def weights(mended):
            with strategy.scope():
                model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "linear", False, "zeros")])
                model.compile(keras.optimizers.SGD(1.0, clipnorm=1.0), "mse")
            x, y = np.array([[1.0], [1.0]]), np.array([[100.0], [-100.2]])
            workarounds.build_without_data(model, (tf.zeros((1, 1)), tf.zeros((1, 1))), strategy)
            if mended:
                workarounds.clip_after_reduction(model.optimizer, strategy)
            model.fit(x, y, batch_size=2, verbose=0)
            return float(model.get_weights()[0][0, 0])
        print(json.dumps([weights(False), weights(True)]))
        """
    )
    keras_itself, mended = told
    # The gradient of the batch is 0.2. Clipped per replica the two cancel out, or add up to something else.
    assert mended == pytest.approx(-0.2, abs=1e-4)
    assert keras_itself != pytest.approx(-0.2, abs=1e-2), "Keras clips rightly by now: take it out"
