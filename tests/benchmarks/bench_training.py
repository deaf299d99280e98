"""Steps per second of a run of the sample, every step recorded, beside a plain `fit` of the same model and data."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator

from rows import Row, python

from kgui import resources
from kgui.training import EPOCH, STEP, Devices, Project, start_run

EPOCHS = 12
SAMPLE = resources.path("samples", "digits.kgui")

PLAIN = """
import json, time, h5py, keras
with h5py.File({data!r}) as file:
    images, labels = file["images"][:].astype("float32") / 16, file["labels"][:]
model = keras.models.load_model({model!r})
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None): self.start = time.perf_counter()
    def on_epoch_end(self, epoch, logs=None): seconds.append(time.perf_counter() - self.start)
seconds = []
model.fit(images[:1438], labels[:1438], batch_size=32, epochs={epochs}, verbose=0, callbacks=[Clock()])
print(json.dumps([45 / s for s in seconds[2:]]))
"""


def measure() -> Iterator[Row]:
    """Alternates the two, and takes the median over the epochs of all rounds but the first of each run."""
    ours, plain = [], []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KGUI_DATA_DIR"] = folder
        for _ in range(3):
            ours += run()
            plain += fit()
    yield Row(
        "training the sample, one device, every step recorded",
        statistics.median(ours),
        "steps/s",
        statistics.median(plain),
        "plain fit (peer ÷ kgui)",
        "≤ 1 / 0.99",
    )


def run() -> list[float]:
    """Steps per second within each epoch of a run, validation left out."""
    run = start_run(Project.load(SAMPLE), {"epochs": EPOCHS, "devices": Devices.parse("cpu")})
    run.wait(600)
    with run.metrics() as metrics:
        rows = metrics.read()
    rates = []
    for epoch in range(2, EPOCHS):
        times = rows["time"][(rows["kind"] == STEP) & (rows["epoch"] == epoch)]
        rates.append((len(times) - 1) / (times[-1] - times[0]))
    assert (rows["kind"] == EPOCH).sum() == EPOCHS
    return rates


def fit() -> list[float]:
    """Steps per second of each epoch of a plain script."""
    files = {"data": str(SAMPLE.with_suffix(".h5")), "model": str(SAMPLE.with_suffix(".keras"))}
    printed = subprocess.run(python(PLAIN.format(**files, epochs=EPOCHS)), capture_output=True, text=True, check=True)
    rates: list[float] = json.loads(printed.stdout.splitlines()[-1])
    return rates
