"""The training process: `python -m kgui.engine.trainer RUN` trains one run and ends.

Started by `kgui.training.supervisor`. All that it has to say is in the run folder; what TensorFlow prints goes to the
run's log.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgui.engine.samples import load
from kgui.errors import KguiError
from kgui.training.control import STOP, Control
from kgui.training.events import EventWriter
from kgui.training.files import sync_folder
from kgui.training.plan import Plan
from kgui.training.runs import RunFolder

if TYPE_CHECKING:
    from kgui.engine.recorder import Recorder

NICE = 10
"""By how much training gives way to what the user does meanwhile."""

LOOK_EVERY = 0.05
"""Seconds between two looks at the stop flag before the first step."""

OOM_SCORE = "500"
"""When memory runs out, the system ends the training process before the window."""


def train(run: RunFolder, events: EventWriter) -> None:
    """Trains a run to its end.

    Raises:
        KguiError: The run cannot be trained; the message says why.
    """
    plan = run.plan
    stepping = threading.Event()
    threading.Thread(target=_stop_early, args=(run, events, stepping), daemon=True, name="early stop").start()
    events.write("phase", phase="importing", epoch=0)
    samples = load(plan)
    if plan.devices.kind != "gpu":
        # TensorFlow would look for a driver, and complain in the log where there is none.
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import keras
    import tensorflow as tf

    from kgui.engine import building, devices, feed, workarounds
    from kgui.engine.recorder import Recorder

    strategy = devices.set_up(plan.devices)
    events.write("versions", versions=_versions(), devices=devices.names())
    events.write("phase", phase="building", epoch=0)
    keras.utils.set_random_seed(plan.seed)
    with devices.scope(strategy):
        model = building.load(run.model_path)
        building.match(model, plan, samples.source)
        building.compile_model(model, plan)
    position = feed.Position()
    batches = feed.Batches(plan, samples, position)
    if strategy is not None:
        share = plan.batch_size // strategy.num_replicas_in_sync
        workarounds.build_without_data(model, batches.zeros(share), strategy)
        workarounds.clip_after_reduction(model.optimizer, strategy)
        workarounds.dropout_per_replica(model)
        if not batches.even:
            workarounds.weigh_by_samples(model)
    events.write(
        "started",
        epochs=plan.epochs,
        steps_per_epoch=batches.steps,
        samples=len(samples.training),
        validation_samples=len(samples.validation),
        replicas=plan.devices.replicas,
    )
    recorder = Recorder(
        run,
        model,
        events,
        position,
        validates=len(samples.validation) > 0,
        epochs=plan.epochs,
        steps=batches.steps,
        on_first_step=stepping.set,
    )
    try:
        _fit(model, batches, recorder, plan)
    except tf.errors.OpError as error:
        # The reader of the data runs within TensorFlow, which wraps what it raises.
        raise (batches.failure or error) from error
    finally:
        recorder.close()
    recorder.phase("saving")
    with devices.scope(strategy):
        save(model, run.result_path)
    events.write(
        "end",
        how="stopped" if recorder.stopped else "done",
        saved=True,
        epochs=recorder.epochs_done,
        values=recorder.values,
        best=recorder.best,
    )


def _stop_early(run: RunFolder, events: EventWriter, stepping: threading.Event) -> None:
    """Ends the process when it shall stop before its first step: importing and tracing look at no flag for seconds."""
    with Control(run.control_path) as control:
        while not stepping.wait(LOOK_EVERY):
            if control[STOP]:
                events.write("end", how="stopped", saved=False, epochs=0, values={}, best=None)
                events.close()
                os._exit(0)


def _fit(model: Any, batches: Any, recorder: Recorder, plan: Plan) -> None:
    from kgui.engine.recorder import StopNow

    try:
        model.fit(
            batches.training(),
            validation_data=batches.validation(),
            epochs=plan.epochs,
            shuffle=False,
            callbacks=recorder,
            verbose=0,
        )
    except StopNow:
        # What `fit` does at its end: averaged weights (EMA) take the place of the last ones.
        if hasattr(model.optimizer, "finalize_variable_values"):
            model.optimizer.finalize_variable_values(model.trainable_weights)
        recorder.on_train_end()


def save(model: Any, path: Path) -> None:
    """Saves a model so that whoever opens the file meets all of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name("unfinished.keras")
    try:
        model.save(unfinished)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        # On a full disk, what was begun takes the place that is needed to say so.
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _versions() -> dict[str, str]:
    import h5py
    import keras
    import numpy
    import tensorflow

    modules = (tensorflow, keras, numpy, h5py)
    return {"python": sys.version.split()[0], **{module.__name__: str(module.__version__) for module in modules}}


def _give_way() -> None:
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE)


def main() -> int:
    """Trains the run that the command line names.

    Returns:
        0 if it was trained to its end or stopped, 1 if it failed for a reason that its events tell.
    """
    _give_way()
    run = RunFolder(sys.argv[1])
    events = EventWriter(run.events_path)
    try:
        train(run, events)
    except Exception as error:
        # Whatever it is, the run must say so in one sentence; the log gets the traceback.
        traceback.print_exc()
        # On a full disk not even this may have a place; the supervisor then tells what it sees.
        with contextlib.suppress(OSError):
            events.write("error", sentence=_sentence(error), kind=type(error).__name__)
        return 1
    finally:
        with contextlib.suppress(OSError):
            events.close()
    return 0


def _sentence(error: Exception) -> str:
    if isinstance(error, KguiError):
        # Told before TensorFlow is imported, where that is possible.
        return str(error)
    from kgui.engine.sentences import sentence

    return sentence(error)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is on the disk. TensorFlow's threads take their time to end, and nobody needs them to.
    os._exit(code)
