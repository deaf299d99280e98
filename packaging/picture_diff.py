"""The picture of two versions of a model side by side."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".benchmarks"
"""Not part of the repository."""
NAMES = ("faces-v1.keras", "faces-v2.keras")

PAIR = """
import keras, sys
from keras import layers

def build(activation, embedding, later):
    image = keras.Input((64, 64, 3), name="image")
    x = layers.Conv2D(32, 3, padding="same", name="stem_conv")(image)
    x = layers.BatchNormalization(name="stem_norm")(x)
    for number in range(3):
        skip = x
        x = layers.Conv2D(32, 3, padding="same", activation="relu", name=f"block{number}_in")(x)
        if number == 0 and not later:
            x = layers.SpatialDropout2D(0.1, name="block0_drop")(x)
        if number == 1 and later:
            x = layers.LayerNormalization(name="block1_norm")(x)
        x = layers.Conv2D(32, 3, padding="same", activation=activation, name=f"block{number}_out")(x)
        x = layers.Add(name=f"block{number}_add")([x, skip])
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dense(embedding, name="embed")(x)
    return keras.Model(image, layers.Dense(10, activation="softmax", name="person")(x), name="faces")

keras.utils.set_random_seed(1)
old, new = build("relu", 64, False), build("gelu", 128, True)
for layer in new.layers:
    known = next((other for other in old.layers if other.name == layer.name), None)
    if known is not None and [w.shape for w in known.weights] == [w.shape for w in layer.weights]:
        layer.set_weights(known.get_weights())
trained = new.get_layer("block0_in")
trained.set_weights([value + 0.01 * keras.random.normal(value.shape, seed=2) for value in trained.get_weights()])
old.save(sys.argv[1])
new.save(sys.argv[2])
"""


def take(window: Any, wait: Callable[[Callable[[], object]], None], picture: Callable[[str], None]) -> None:
    """Takes the picture "diff".

    Args:
        window: The window.
        wait: Lets it live until something is so.
        picture: Takes its picture under a name.
    """
    window.actions_table["reset_panels"].trigger()
    page = window.tools.compare(*made())
    wait(lambda: page.comparison.state in ("done", "failed") and not page.busy and not window.busy)
    window.show_dock("inspector")
    window.show_dock("differences")
    for canvas in page.canvases[:1]:
        canvas.view.set_scale(0.7)
    panel = window.feature("differences")
    places = range(panel.list.topLevelItemCount())
    rows = [panel.list.topLevelItem(place) for place in places]
    panel.list.setCurrentItem(next(row for row in rows if row.text(1) == row.text(2) == "block1_out"))
    picture("diff")


def made() -> tuple[Path, Path]:
    """The files of both, made where they are not there yet."""
    paths = (CACHE / NAMES[0], CACHE / NAMES[1])
    if not all(path.exists() for path in paths):
        CACHE.mkdir(exist_ok=True)
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run([sys.executable, "-c", PAIR, *map(str, paths)], env=environment, check=True)
    return paths
