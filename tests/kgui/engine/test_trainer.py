"""Real runs of the bundled sample: real processes, real Keras."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kgui import resources
from kgui.training import (
    EPOCH,
    STEP,
    Data,
    Devices,
    Feed,
    Plan,
    Project,
    RunFolder,
    RunFollower,
    list_runs,
    start_run,
)

pytestmark = [pytest.mark.keras, pytest.mark.slow, pytest.mark.timeout(600)]

PATIENCE = 200.0
"""Seconds that starting TensorFlow may take on a machine that is busy with other things."""


def copied(folder: Path) -> Project:
    for name in ("digits.kgui", "digits.keras", "digits.h5"):
        shutil.copy(resources.path("samples", name), folder / name)
    return Project.load(folder / "digits.kgui")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return copied(tmp_path)


def wait_for(run: RunFolder, seen: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Waits for an event of a run."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for event in run.events().read():
            if seen(event):
                return event
        assert not run.state().ended, run.state().sentence + run.log_path.read_text()
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def phase(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event["event"] == "phase" and event["phase"] == name


def python(code: str, *arguments: object) -> str:
    """Runs code in a process that knows nothing of kgui."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The sample trained as its plan says, by a run whose starter was killed as soon as training began."""
    project = copied(tmp_path_factory.mktemp("trained"))
    code = "import sys, time; from kgui.training import *; start_run(Project.load(sys.argv[1])); time.sleep(600)"
    starter = subprocess.Popen([sys.executable, "-c", code, str(project.path)])
    try:
        deadline = time.monotonic() + PATIENCE
        while not list_runs(project.path) and time.monotonic() < deadline:
            time.sleep(0.02)
        (run,) = list_runs(project.path)
        wait_for(run, phase("training"))
    finally:
        starter.kill()
        starter.wait()
    state = run.wait(PATIENCE)
    assert state.kind == "done", state.sentence + run.log_path.read_text()
    return run


def test_the_sample_learns_on_two_devices_though_its_starter_was_killed(trained: RunFolder) -> None:
    *_, end = trained.events().read()
    assert end["how"] == "done"
    assert end["epochs"] == 3
    assert end["values"]["val_accuracy"] >= 0.9
    assert end["best"]["metric"] == "val_loss"
    (versions,) = [event for event in trained.events().read() if event["event"] == "versions"]
    assert versions["devices"] == ["CPU:0", "CPU:1"]


def test_a_follower_sees_every_step_of_every_epoch(trained: RunFolder) -> None:
    with RunFollower(trained) as follower:
        (update,) = follower.updates()
    assert update.columns == ["batch_loss", "loss", "accuracy", "val_loss", "val_accuracy"]
    rows = update.rows
    assert rows is not None
    steps, epochs = rows[rows["kind"] == STEP], rows[rows["kind"] == EPOCH]
    assert steps["step"].tolist() == list(range(1, 3 * 45 + 1))
    assert steps["epoch"].tolist() == [step // 45 for step in range(3 * 45)]
    assert epochs["step"].tolist() == [45, 90, 135]
    assert (np.diff(rows["time"]) >= 0).all()
    assert np.isfinite(epochs["values"][:, 1:]).all()


def test_the_loss_of_each_batch_adds_up_to_keras_mean(trained: RunFolder) -> None:
    with trained.metrics() as reader:
        rows = reader.read()
        batch_loss, loss = reader.columns.index("batch_loss"), reader.columns.index("loss")
    steps = rows[rows["kind"] == STEP]
    # 44 batches of 32 and one of 30.
    sizes = np.array([*[32] * 44, 30])
    for epoch in range(3):
        values = steps["values"][steps["epoch"] == epoch].astype(float)
        means = np.cumsum(values[:, batch_loss] * sizes) / np.cumsum(sizes)
        np.testing.assert_allclose(means, values[:, loss], rtol=2e-5)


def test_the_phases_are_told_in_order(trained: RunFolder) -> None:
    phases = [event["phase"] for event in trained.events().read() if event["event"] == "phase"]
    assert phases == ["importing", "building", "tracing", *["training", "validating"] * 3, "saving"]


def test_the_saved_model_predicts_the_same_in_plain_keras(trained: RunFolder) -> None:
    told = python(
        """
        import json, sys
        import h5py, keras, numpy as np
        # The split as kgui documents it, written down once more.
        path, data = sys.argv[1:]
        with h5py.File(data) as file:
            images, labels = file["images"][:], file["labels"][:]
        key = np.array([1, 2**64 - 1], np.uint64)
        kept = np.sort(np.random.Generator(np.random.Philox(key=key)).permutation(len(images))[:359])
        model = keras.models.load_model(path)
        values = model.evaluate(images[kept] / 16, labels[kept], batch_size=32, return_dict=True, verbose=0)
        print(json.dumps({"class": model.optimizer.name, "steps": int(model.optimizer.iterations.numpy()), **values}))
        """,
        trained.result_path,
        trained.plan.data.file,
    )
    values = json.loads(told.splitlines()[-1])
    *_, end = trained.events().read()
    assert values["accuracy"] == pytest.approx(end["values"]["val_accuracy"], abs=1e-6)
    assert values["loss"] == pytest.approx(end["values"]["val_loss"], abs=1e-6)
    assert values["class"] == "adam"
    assert values["steps"] == 3 * 45


def test_nothing_is_left_running(trained: RunFolder) -> None:
    status = trained.status()
    for role in ("supervisor", "trainer"):
        with pytest.raises(ProcessLookupError):
            os.kill(status[role]["pid"], 0)
    assert not list(trained.path.rglob("*.tmp"))
    assert not list(trained.path.rglob("unfinished*"))


def test_pause_resume_and_stop_answer_within_a_step(project: Project) -> None:
    run = start_run(project, {"epochs": 10_000, "devices": Devices()})
    wait_for(run, phase("validating"))
    run.pause()
    wait_for(run, phase("paused"))
    with RunFollower(run) as follower:
        follower.poll()
        time.sleep(0.5)
        update = follower.poll()
        assert update.rows is None
        assert update.phase == "paused"
        run.resume()
        deadline = time.monotonic() + PATIENCE
        while follower.poll().rows is None and time.monotonic() < deadline:
            time.sleep(0.01)
    asked = time.time()
    run.stop()
    state = run.wait(PATIENCE)
    assert state.kind == "stopped", run.log_path.read_text()
    assert state.sentence.startswith("Stopped as asked")
    with run.metrics() as reader:
        assert reader.read()["time"][-1] - asked < 1
    assert run.result_path.is_file()
    *_, end = run.events().read()
    assert end["saved"]
    # What a stop interrupts is no validated epoch.
    assert end["epochs"] == sum(event["event"] == "epoch" for event in run.events().read())


def test_a_stop_before_the_first_step_needs_no_patience(project: Project) -> None:
    run = start_run(project)
    wait_for(run, phase("importing"))
    asked = time.monotonic()
    run.stop()
    state = run.wait(PATIENCE)
    assert time.monotonic() - asked < 5
    assert state.kind == "stopped"
    assert state.sentence == "Stopped as asked, before the first step."
    assert not run.result_path.exists()


def test_a_killed_training_process_is_told_in_a_sentence_and_loses_no_metrics(project: Project) -> None:
    run = start_run(project, {"epochs": 10_000, "devices": Devices()})
    event = wait_for(run, lambda event: event["event"] == "epoch")
    os.kill(run.status()["trainer"]["pid"], signal.SIGKILL)
    state = run.wait(PATIENCE)
    assert state.kind == "killed"
    assert state.sentence == (
        "The training process was killed (SIGKILL): by hand, or for lack of memory. All metrics until then are kept."
    )
    with run.metrics() as reader:
        rows = reader.read()
    steps = rows[rows["kind"] == STEP]["step"]
    assert steps.tolist() == list(range(1, len(steps) + 1))
    assert len(steps) >= 45 * (event["epoch"] + 1)
    again = start_run(project, {"epochs": 1, "devices": Devices()})
    assert again.path != run.path
    assert again.wait(PATIENCE).kind == "done"


def failing(project: Project, **overrides: object) -> str:
    run = start_run(project, {"epochs": 1, "devices": Devices(), **overrides})
    state = run.wait(PATIENCE)
    assert state.kind == "failed"
    assert "\n" not in state.sentence
    return state.sentence


def test_a_truncated_data_file_is_told(project: Project) -> None:
    path = project.folder / "digits.h5"
    path.write_bytes(path.read_bytes()[:30_000])
    assert failing(project).startswith(f"{path}: The data file is damaged or cut short")


def test_a_missing_dataset_is_told(project: Project) -> None:
    project.plan.data.inputs["image"].dataset = "pictures"
    assert failing(project) == (
        f'{project.folder / "digits.h5"}: There is no dataset "pictures". There are: "images", "labels".'
    )


def test_labels_out_of_range_are_told(project: Project) -> None:
    with h5py.File(project.folder / "digits.h5", "r+") as file:
        file["labels"][7] = 10
    assert failing(project) == (
        'data.targets: "labels" holds labels from 0 to 10, but the output "digit" has 10 classes, 0 to 9. '
        "Correct the labels, or give the last layer as many units as there are classes."
    )


def test_images_of_another_shape_are_told(project: Project) -> None:
    with h5py.File(project.folder / "digits.h5", "r+") as file:
        file["flat"] = file["images"][:].reshape(-1, 64)
    project.plan.data.inputs["image"].dataset = "flat"
    assert failing(project) == (
        'data.inputs: "flat" has samples of shape (64), but the input "image" takes (8, 8, 1). '
        "Choose another dataset, or change the model's input."
    )


def test_an_unknown_optimizer_is_told(project: Project) -> None:
    assert failing(project, optimizer="adamant").startswith("optimizer: Keras does not accept 'adamant' (")


def test_a_damaged_model_is_told(project: Project) -> None:
    path = project.folder / "digits.keras"
    path.write_bytes(path.read_bytes()[:5000])
    assert "Keras cannot build this model" in failing(project)


def test_a_gpu_that_is_not_there_is_told(project: Project) -> None:
    assert failing(project, devices=Devices("gpu", ids=(97,))).startswith("devices: GPU 97 is not there")


def test_a_loss_that_is_no_number_is_noted_once(project: Project) -> None:
    optimizer = {"class_name": "SGD", "config": {"learning_rate": 1e30}}
    run = start_run(project, {"epochs": 2, "devices": Devices(), "optimizer": optimizer})
    assert run.wait(PATIENCE).kind == "done"
    (note,) = [event for event in run.events().read() if event["event"] == "note"]
    assert note["text"].startswith("The loss is no finite number any more (epoch 1, step ")


def test_devices_change_nothing_but_the_speed(tmp_path: Path) -> None:
    """Batch normalisation, clipping and a regularizer over 1 and 4 devices: the same losses.

    Without `clip_after_reduction` the losses differ by 0.05, without `weigh_by_samples` from the second epoch on.
    """
    python(
        """
        import sys
        import keras
        from keras import layers
        keras.utils.set_random_seed(3)
        image = keras.Input((8, 8, 1), name="image")
        x = layers.Conv2D(8, 3, use_bias=False)(image)
        x = layers.BatchNormalization(synchronized=True)(x)
        x = layers.Flatten()(layers.ReLU()(x))
        x = layers.Dense(16, activation="relu", kernel_regularizer="l2")(x)
        keras.Model(image, layers.Dense(10, activation="softmax", name="digit")(x)).save(sys.argv[1])
        """,
        tmp_path / "model.keras",
    )
    project = copied(tmp_path)
    project.model = "model.keras"
    # 1310 samples: 20 batches of 64, and one of 30 that four devices cannot share evenly.
    project.plan.split.validation_fraction = 487 / 1797
    optimizer = {"class_name": "Adam", "config": {"learning_rate": 0.01, "global_clipnorm": 0.05}}
    losses = []
    for count in (1, 4):
        overrides = {"epochs": 2, "batch_size": 64, "optimizer": optimizer, "devices": Devices("logical-cpu", count)}
        run = start_run(project, overrides)
        assert run.wait(PATIENCE).kind == "done", run.log_path.read_text()
        with run.metrics() as reader:
            rows = reader.read()
        # Between epochs Keras shows the mean of the replicas' means, which an uneven batch puts a little off.
        losses.append((rows[rows["kind"] == STEP]["values"][:, 0], rows[rows["kind"] == EPOCH]["values"]))
    for one, four in zip(*losses, strict=True):
        np.testing.assert_allclose(four, one, atol=1e-6)


def test_several_inputs_and_outputs_are_fed_by_name(tmp_path: Path) -> None:
    python(
        """
        import sys
        import keras
        from keras import layers
        left, right = keras.Input((2,), name="left"), keras.Input((3,), name="right")
        x = layers.Dense(16, activation="relu")(layers.Concatenate()([left, right]))
        total = layers.Dense(1, name="total")(x)
        sign = layers.Dense(2, activation="softmax", name="sign")(x)
        keras.Model([left, right], [total, sign]).save(sys.argv[1])
        """,
        tmp_path / "model.keras",
    )
    values = np.random.default_rng(0).normal(size=(600, 5)).astype("float32")
    total = values.sum(1, keepdims=True)
    np.savez(tmp_path / "d.npz", a=values[:, :2], b=values[:, 2:], total=total, sign=total[:, 0] > 0)
    feeds = {"right": Feed("b"), "left": Feed("a")}, {"sign": Feed("sign"), "total": Feed("total")}
    plan = Plan(
        Data("d.npz", *feeds),
        optimizer={"class_name": "Adam", "config": {"learning_rate": 0.02}},
        loss={"total": "mse", "sign": "sparse_categorical_crossentropy"},
        metrics={"sign": ["accuracy"]},
        epochs=12,
        devices=Devices("logical-cpu", 2),
    )
    run = start_run(Project(tmp_path / "p.kgui", "two", "model.keras", plan))
    assert run.wait(PATIENCE).kind == "done", run.log_path.read_text()
    *_, end = run.events().read()
    assert end["values"]["val_sign_accuracy"] > 0.9
    assert end["values"]["val_total_loss"] < 0.5


def test_a_sequential_model_is_trained_and_its_names_are_told(tmp_path: Path) -> None:
    python(
        """
        import sys
        import keras
        keras.Sequential([keras.Input((1,), name="x"), keras.layers.Dense(1, name="line")]).save(sys.argv[1])
        """,
        tmp_path / "model.keras",
    )
    np.savez(tmp_path / "d.npz", x=np.arange(64.0)[:, None] / 64, y=np.arange(64.0) / 32 + 1)
    plan = Plan(Data("d.npz", {"x": Feed("x")}, {"line": Feed("y")}), optimizer="adam", loss="mse", epochs=1)
    project = Project(tmp_path / "p.kgui", "line", "model.keras", plan)
    run = start_run(project)
    assert run.wait(PATIENCE).kind == "done", run.log_path.read_text()
    plan.data.targets = {"y": Feed("y")}
    assert failing(project) == (
        'data.targets: The output "line" of the model has no data. The model\'s outputs are "line": '
        "choose a dataset for each."
    )


def test_a_handful_of_samples_too_few_for_every_device_is_not_lost(project: Project) -> None:
    # 898 samples on 4 devices: 14 batches of 64, and 2 samples that would leave two devices without any.
    project.plan.split.validation_fraction = 899 / 1797
    run = start_run(project, {"epochs": 1, "batch_size": 64, "devices": Devices("logical-cpu", 4)})
    assert run.wait(PATIENCE).kind == "done", run.log_path.read_text()
    (started,) = [event for event in run.events().read() if event["event"] == "started"]
    assert started["samples"] == 898
    assert started["steps_per_epoch"] == 14
    with run.metrics() as reader:
        assert np.isfinite(reader.read()["values"][-1][1:]).all()
