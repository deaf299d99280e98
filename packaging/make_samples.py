"""Makes the sample project in `resources/samples`.

Needs scikit-learn, which carries the data, and keras:

    uv run --with scikit-learn python packaging/make_samples.py

The data are the test part of the UCI "Optical Recognition of Handwritten Digits", 1,797 digits of 13 people, each 8x8
pixels with values from 0 to 16, as scikit-learn's package carries them. The model is not trained: that is the user's
part.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

SAMPLES = Path(__file__).resolve().parents[1] / "resources" / "samples"

TITLE = "Optical Recognition of Handwritten Digits"
LICENCE = "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/"
SOURCE = "https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits"
CITATION = (
    "Alpaydin, E. & Kaynak, C. (1998). Optical Recognition of Handwritten Digits [Dataset]. "
    "UCI Machine Learning Repository. https://doi.org/10.24432/C50P49"
)
README = f"""digits.h5: {TITLE}

1,797 handwritten digits of 13 people: "images" (1797, 8, 8, 1), values 0 to 16, and "labels" (1797,), 0 to 9.
This is the test part of the UCI dataset, unchanged but for its file format, as scikit-learn carries it.

Source:   {SOURCE}
Licence:  {LICENCE}
Citation: {CITATION}

digits.keras is an untrained model and digits.kgui the project that trains it; both are kgui's own (Apache-2.0).
All are made by packaging/make_samples.py.
"""


def write_data(path: Path) -> None:
    """Writes the digits as HDF5, readable by every HDF5 since 1.8."""
    import h5py
    from sklearn.datasets import load_digits

    digits = load_digits()
    with h5py.File(path, "w") as file:
        file.attrs.update(title=TITLE, licence=LICENCE, source=SOURCE, citation=CITATION)
        images = digits.images.astype("uint8")[..., None]
        labels = digits.target.astype("uint8")
        stored = {"compression": "gzip", "compression_opts": 9, "shuffle": False, "track_times": False}
        file.create_dataset("images", data=images, chunks=(256, 8, 8, 1), **stored)
        file.create_dataset("labels", data=labels, chunks=(256,), **stored)
        file["images"].attrs["description"] = "Handwritten digits, 8x8 pixels, ink from 0 (none) to 16"
        file["labels"].attrs["description"] = "The digit that was written, 0 to 9"


def build_model() -> object:
    """A small convolutional network with what a graph should show: a residual block, and branches that join."""
    import keras
    from keras import layers

    def convolve(x: object, filters: int, size: int, name: str) -> object:
        x = layers.Conv2D(filters, size, padding="same", use_bias=False, name=f"{name}_conv")(x)
        # Over several devices, statistics of the whole batch: otherwise one device trains another model than two.
        x = layers.BatchNormalization(synchronized=True, momentum=0.9, name=f"{name}_norm")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    image = keras.Input((8, 8, 1), name="image")
    x = stem = convolve(image, 32, 3, "stem")
    x = convolve(x, 32, 3, "residual_a")
    x = layers.Conv2D(32, 3, padding="same", use_bias=False, name="residual_b_conv")(x)
    x = layers.BatchNormalization(synchronized=True, momentum=0.9, name="residual_b_norm")(x)
    x = layers.Add(name="residual_add")([stem, x])
    x = layers.ReLU(name="residual_relu")(x)
    x = layers.MaxPooling2D(name="pool")(x)
    fine = convolve(x, 32, 1, "fine")
    coarse = convolve(x, 32, 3, "coarse")
    x = layers.Concatenate(name="join")([fine, coarse])
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    digit = layers.Dense(10, activation="softmax", name="digit")(x)
    return keras.Model(image, digit, name="digits")


def main() -> int:
    """Writes all files of the sample."""
    import keras

    from kgui.training import Data, Devices, Feed, Plan, Project, Split

    keras.utils.set_random_seed(1)
    SAMPLES.mkdir(parents=True, exist_ok=True)
    write_data(SAMPLES / "digits.h5")
    model = build_model()
    model.save(SAMPLES / "digits.keras")
    plan = Plan(
        data=Data("digits.h5", {"image": Feed("images", scale=1 / 16)}, {"digit": Feed("labels")}),
        split=Split(0.2, seed=1),
        optimizer={"class_name": "Adam", "config": {"learning_rate": 0.003}},
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        epochs=3,
        batch_size=32,
        devices=Devices("logical-cpu", 2),
        seed=1,
    )
    Project(SAMPLES / "digits.kgui", "Handwritten digits", "digits.keras", plan).save()
    (SAMPLES / "README.txt").write_text(README, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
