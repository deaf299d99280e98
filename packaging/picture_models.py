"""The models of the pictures, made by Keras in a process of its own and kept for the next time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPointF

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".benchmarks"
"""Not part of the repository."""

RESNET = """
import keras, sys
keras.applications.ResNet50(weights=None).save(sys.argv[1])
"""

NESTED = """
import keras, sys
from keras import layers

def encoder(name):
    image = keras.Input((64, 64, 3), name="pixels")
    x = layers.Conv2D(32, 3, activation="relu", name="conv")(image)
    skip = x = layers.MaxPooling2D(name="pool")(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu", name="refine")(x)
    x = layers.Add(name="add")([x, skip])
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(image, layers.Dense(64, name="embed")(x), name=name)

left, right = keras.Input((64, 64, 3), name="left"), keras.Input((64, 64, 3), name="right")
facts = keras.Input((12,), name="facts")
shared = encoder("encoder")
tabular = keras.Sequential(
    [layers.Dense(32, activation="relu", name="widen"), layers.Dropout(0.2, name="drop")], name="tabular"
)
x = layers.Concatenate(name="join")([shared(left), shared(right), tabular(facts)])
x = layers.Dense(64, activation="relu", name="mix")(x)
outputs = [layers.Dense(1, activation="sigmoid", name="same")(x), layers.Dense(5, activation="softmax", name="kind")(x)]
keras.Model([left, right, facts], outputs, name="siamese").save(sys.argv[1])
"""

RISKY = """
import keras, sys
from keras import layers
image = keras.Input((28, 28, 1), name="image")
x = layers.Conv2D(16, 3, activation="relu", name="conv")(image)
x = layers.Lambda(lambda t: t * 2.0 - 1.0, output_shape=(26, 26, 16), name="rescale")(x)
x = layers.GlobalAveragePooling2D(name="mean")(x)
keras.Model(image, layers.Dense(10, activation="softmax", name="digit")(x), name="from_the_net").save(sys.argv[1])
"""


def made(name: str, code: str) -> Path:
    """The file of a model, made where it is not there yet."""
    path = CACHE / f"{name}.keras"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        half = path.with_suffix(".half.keras")
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run([sys.executable, "-c", code, str(half)], env=environment, check=True)
        half.rename(path)
    return path


def take(window: Any, wait: Callable[[Callable[[], object]], None], picture: Callable[[str], None]) -> None:
    """Takes the pictures of ResNet-50 with its summary, of nested models and of a file with a risk.

    Args:
        window: The window.
        wait: Lets it live until something is so.
        picture: Takes its picture under a name.
    """
    window.actions_table["reset_panels"].trigger()
    for name, code, arrange in (
        ("resnet50", RESNET, _resnet),
        ("nested", NESTED, _nested),
        ("risky", RISKY, _risky),
    ):
        path = made(name, code)
        window.open_paths([path])
        wait(lambda path=path: window.session is not None and window.session.path == path and not window.busy)
        arrange(window)
        wait(lambda: not window.busy)
        picture(name)
        for bar in window.bars.bars():
            bar.close_bar()


def _resnet(window: Any) -> None:
    window.show_dock("summary")
    session = window.session
    session.reveal(((session.model.named("conv2_block1_add").id,), 0))
    window.graphs.canvas.view.set_scale(0.6)


def _nested(window: Any) -> None:
    session = window.session
    bottom = ("summary", "differences", "problems", "training", "console")
    for name in bottom:
        window.docks[name].hide()
    canvas = window.graphs.canvas
    canvas.expand_all()
    encoder = session.model.named("encoder").id
    session.reveal(((encoder,), 0))
    canvas.view.set_scale(0.62)
    first, last = (canvas.scene.at(((encoder, call),)) for call in (0, 1))
    around = canvas.scene.rect(first).united(canvas.scene.rect(last))
    # From a little above the frames on.
    below = canvas.view.viewport().height() / 0.62 / 2 - 48
    canvas.view.show_at(0.62, QPointF(around.center().x(), around.top() + below))


def _risky(window: Any) -> None:
    session = window.session
    for name in ("summary", "problems"):
        window.show_dock(name)
    session.selection = [((session.model.named("rescale").id,), 0)]
    window.graphs.canvas.fit()
