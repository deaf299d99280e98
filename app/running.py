"""The training of one project: its runs, the one that is shown, and what is new in it, ten times a second.

A thread does everything that touches the disk or starts a process; the window's thread only gets finished snapshots.
Runs belong to nobody in this process: they go on when the window closes, and the next window finds them again.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from kgui.errors import KguiError
from kgui.training.follow import RunFollower, Update
from kgui.training.project import Project
from kgui.training.runs import RunFolder, RunState, list_runs, start_run

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger(__name__)

FOLLOW_EVERY = 0.1
"""Seconds between two looks at a run that goes on."""
LIST_EVERY = 1.0
"""Seconds between two looks for runs that others have started or ended."""
REPLACED = {"loss": "batch_loss"}
"""Shown metric to the column that is drawn for it: the loss of each step, not the mean since the epoch began."""
MOST_POINTS = 1500
"""Points of one curve: about as many as a plot has columns of pixels. A longer history is averaged down to that."""


@dataclass(frozen=True)
class Curve:
    """One metric over the epochs.

    Attributes:
        steps: Epochs done (a float) at each point, and the metric as it was measured there.
        smooth: The same smoothed.
        validation: Epochs done at the end of each epoch, and the metric on the validation data.
        last: What was measured last in training, or None.
        last_validation: What was measured last in validation, or None.
    """

    steps: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
    smooth: np.ndarray[Any, Any]
    validation: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
    last: float | None = None
    last_validation: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """All that the window shows of a run at one moment.

    Attributes:
        run: The run.
        state: How it stands.
        phase: What the training process does, or None before it has said anything.
        epochs: In all; 0 before it is known.
        epoch: That runs now, from 0.
        step: Steps done within `epoch`.
        steps_per_epoch: 0 before it is known.
        rate: Steps per second, or None.
        left: Seconds until the end, or None.
        replicas: Copies of the model that are trained side by side.
        curves: By metric, in the order of the run.
        best: Epoch (from 0), metric and value of the best epoch, once the run has ended.
        notes: What the user should know.
    """

    run: RunFolder
    state: RunState
    phase: str | None = None
    epochs: int = 0
    epoch: int = 0
    step: int = 0
    steps_per_epoch: int = 0
    rate: float | None = None
    left: float | None = None
    replicas: int = 1
    curves: dict[str, Curve] = field(default_factory=dict)
    best: tuple[int, str, float] | None = None
    notes: tuple[str, ...] = ()

    @property
    def done(self) -> float:
        """Share of the whole training that is done, 0 to 1."""
        whole = self.epochs * self.steps_per_epoch
        return min(1.0, (self.epoch * self.steps_per_epoch + self.step) / whole) if whole else 0.0


@dataclass(frozen=True)
class RunRow:
    """A run in the list of runs."""

    run: RunFolder
    state: RunState
    created: float
    has_result: bool


class Running(QObject):
    """The runs of one project. Lives as long as its session.

    Args:
        project: What is trained.
        parent: The session.
    """

    runs_changed = Signal()
    """`runs` is another list, or one of them has another state."""
    updated = Signal()
    """`snapshot` is newer, at most ten times a second."""
    shown_changed = Signal()
    """Another run is shown; `snapshot` is of it, or None until it has been read."""
    ended = Signal(object)
    """A run that was going on in this window has ended: its last `Snapshot`."""
    failed = Signal(object)
    """A run could not be started or steered: a `KguiError`."""

    _listed = Signal(object)
    _snapped = Signal(object, bool)
    _started = Signal(object)
    _start_failed = Signal(object)

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.runs: list[RunRow] = []
        self.shown: RunFolder | None = None
        self.snapshot: Snapshot | None = None
        self.starting = False
        self.pausing = False
        self._listed.connect(self._on_listed)
        self._snapped.connect(self._on_snapped)
        self._started.connect(self._on_started)
        self._start_failed.connect(self._on_start_failed)
        # Last: its thread speaks at once, and what is said before somebody listens is lost.
        self._worker = _Worker(project, self._listed.emit, self._snapped.emit)

    @property
    def active(self) -> bool:
        """Whether the shown run goes on, or one is being started."""
        return self.starting or (self.snapshot is not None and not self.snapshot.state.ended)

    def start(self, overrides: Mapping[str, Any] | None = None) -> None:
        """Starts a run and shows it; returns at once."""
        if self.active:
            return
        self.starting = True
        self.pausing = False
        self.snapshot = None
        self.shown = None
        self.shown_changed.emit()

        def start() -> None:
            try:
                self._started.emit(start_run(self.project, overrides))
            except KguiError as error:
                self._start_failed.emit(error)

        self._worker.do(start)

    def stop(self) -> None:
        """Asks the shown run to end after the present step."""
        self._steer(lambda run: run.stop())

    def pause(self, value: bool) -> None:
        """Asks the shown run to wait, or to go on."""
        self.pausing = value
        self._steer(lambda run: run.pause() if value else run.resume())
        self.updated.emit()

    def show(self, run: RunFolder) -> None:
        """Shows a run, whether it goes on or ended long ago."""
        if run != self.shown:
            self.shown = run
            self.snapshot = None
            self.pausing = False
            self.shown_changed.emit()
            self._worker.follow(run)

    def close(self) -> None:
        """Stops looking. The runs go on."""
        self._worker.close()

    def _steer(self, call: Callable[[RunFolder], None]) -> None:
        run = self.shown
        if run is None or not self.active:
            return

        def steer() -> None:
            try:
                call(run)
            except KguiError as error:
                self.failed.emit(error)

        self._worker.do(steer)

    def _on_listed(self, runs: list[RunRow]) -> None:
        first = not self.runs
        self.runs = runs
        self.runs_changed.emit()
        if first and runs and self.shown is None and not self.starting:
            # A run that an earlier window or the command line started is what the user comes back for.
            self.show(runs[0].run)

    def _on_started(self, run: RunFolder) -> None:
        self.starting = False
        self.show(run)

    def _on_start_failed(self, error: KguiError) -> None:
        self.starting = False
        self.shown_changed.emit()
        self.failed.emit(error)

    def _on_snapped(self, snapshot: Snapshot, was_going_on: bool) -> None:
        if snapshot.run != self.shown:
            return
        self.snapshot = snapshot
        self.updated.emit()
        if snapshot.state.ended and was_going_on:
            self.pausing = False
            self.ended.emit(snapshot)


class _Worker:
    """The thread behind a `Running`."""

    def __init__(
        self, project: Project, listed: Callable[[list[RunRow]], None], snapped: Callable[[Snapshot, bool], None]
    ) -> None:
        self._project = project
        self._listed = listed
        self._snapped = snapped
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._history: _History | None = None
        self._last_list: list[RunRow] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"runs of {project.name}")
        self._thread.start()

    def do(self, call: Callable[[], None]) -> None:
        """Calls in the thread."""
        self._queue.put(call)

    def follow(self, run: RunFolder) -> None:
        """Reads a run from its beginning and goes on with it until it ends."""
        self._queue.put(lambda: self._follow(run))

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join(5)

    def _run(self) -> None:
        next_list = 0.0
        while True:
            if (now := time.monotonic()) >= next_list:
                self._list()
                next_list = now + LIST_EVERY
            wait = FOLLOW_EVERY if self._history is not None else LIST_EVERY
            try:
                call = self._queue.get(timeout=wait)
            except queue.Empty:
                call = self._poll
            if call is None:
                break
            try:
                call()
            except Exception:
                # One broken run folder must not end the following of all others.
                log.exception("following runs of %s failed", self._project.name)
                self._leave()
        self._leave()

    def _follow(self, run: RunFolder) -> None:
        self._leave()
        self._history = _History(run)
        self._poll()

    def _leave(self) -> None:
        if self._history is not None:
            self._history.close()
            self._history = None

    def _poll(self) -> None:
        history = self._history
        if history is None:
            return
        snapshot = history.look()
        if snapshot is not None:
            self._snapped(snapshot, history.was_going_on)
            if snapshot.state.ended:
                self._leave()
                self._list()

    def _list(self) -> None:
        rows = []
        for run in list_runs(self._project.path):
            try:
                created = float(run.status().get("created", 0))
                rows.append(RunRow(run, run.state(), created, run.result_path.exists()))
            except KguiError:
                # Deleted meanwhile, or damaged: not a run that can be shown.
                continue
        if rows != self._last_list:
            self._last_list = rows
            self._listed(rows)


class _History:
    """All rows of one run, and the snapshot made of them. In the worker's thread only."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self.was_going_on = False
        self._follower = RunFollower(run)
        self._chunks: list[Any] = []
        self._columns: list[str] = []
        self._started: dict[str, Any] = {}
        self._best: tuple[int, str, float] | None = None
        self._notes: list[str] = []
        self._phase: str | None = None
        self._state: RunState | None = None

    def look(self) -> Snapshot | None:
        """A snapshot, or None where nothing is new."""
        update = self._follower.poll()
        new = update.rows is not None or update.events or update.phase != self._phase or update.state != self._state
        if not update.state.ended:
            self.was_going_on = True
        if not new:
            return None
        self._take(update)
        return self._snapshot(update)

    def close(self) -> None:
        self._follower.close()

    def _take(self, update: Update) -> None:
        self._phase, self._state = update.phase, update.state
        if update.rows is not None:
            # A copy: the rows are mapped from a file that may be deleted.
            self._columns = update.columns
            self._chunks.append(update.rows.copy())
        for event in update.events:
            if event["event"] == "started":
                self._started = event
            elif event["event"] == "note":
                self._notes.append(str(event.get("text", "")))
            elif event["event"] == "end" and isinstance(best := event.get("best"), dict):
                self._best = (int(best["epoch"]), str(best["metric"]), float(best["value"]))

    def _snapshot(self, update: Update) -> Snapshot:
        per_epoch = int(self._started.get("steps_per_epoch") or 0)
        epochs = int(self._started.get("epochs") or 0)
        known = {
            "run": self.run,
            "state": update.state,
            "phase": update.phase,
            "epochs": epochs,
            "steps_per_epoch": per_epoch,
            "replicas": int(self._started.get("replicas") or 1),
            "best": self._best,
            "notes": tuple(self._notes),
        }
        if not self._chunks:
            return Snapshot(**known)
        import numpy as np

        from kgui.training.metrics import EPOCH, STEP

        if len(self._chunks) > 1:
            self._chunks = [np.concatenate(self._chunks)]
        rows = self._chunks[0]
        steps, ends = rows[rows["kind"] == STEP], rows[rows["kind"] == EPOCH]
        last = int(steps["step"][-1]) if len(steps) else 0
        epoch = min(last // per_epoch, max(0, epochs - 1)) if per_epoch else int(rows["epoch"][-1])
        rate, left = _speed(steps, per_epoch * epochs) if not update.state.ended else (None, None)
        return Snapshot(
            **known,
            epoch=epoch,
            step=last - epoch * per_epoch,
            rate=rate,
            left=left,
            curves=_curves(self._columns, steps, ends, per_epoch),
        )


def _speed(steps: np.ndarray[Any, Any], whole: int) -> tuple[float | None, float | None]:
    """Steps per second of late, and seconds that are left at the pace so far (validation included)."""
    if len(steps) < 2:
        return None, None
    times = steps["time"]
    first = int(times.searchsorted(times[-1] - 3.0))
    recent = max(1, len(steps) - 1 - first)
    seconds = float(times[-1] - times[len(steps) - 1 - recent])
    rate = recent / seconds if seconds > 0 else None
    pace = float(times[-1] - times[0]) / (len(steps) - 1)
    return rate, pace * (whole - int(steps["step"][-1])) if whole else None


def _curves(
    columns: list[str], steps: np.ndarray[Any, Any], ends: np.ndarray[Any, Any], per_epoch: int
) -> dict[str, Curve]:
    import numpy as np

    unit = float(per_epoch or 1)
    curves = {}
    for place, column in enumerate(columns):
        if column.startswith("val_") or (column in REPLACED and REPLACED[column] in columns):
            continue
        name = next((shown for shown, measured in REPLACED.items() if measured == column), column)
        x, raw = _finite(steps["step"] / unit, steps["values"][:, place])
        twin = columns.index(f"val_{name}") if f"val_{name}" in columns else None
        empty = np.empty(0)
        val_x, val = _finite(ends["epoch"] + 1.0, ends["values"][:, twin]) if twin is not None else (empty, empty)
        x, raw = _thinned(x, raw)
        curves[name] = Curve(
            steps=(x, raw),
            smooth=_smoothed(raw),
            validation=(val_x, val),
            last=float(raw[-1]) if len(raw) else None,
            last_validation=float(val[-1]) if len(val) else None,
        )
    return curves


def _finite(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    import numpy as np

    there = np.isfinite(y)
    return x[there].astype(float), y[there].astype(float)


def _thinned(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """At most `MOST_POINTS` points, each the mean of as many neighbours."""
    by = -(-len(x) // MOST_POINTS)
    if by <= 1:
        return x, y
    whole = len(x) // by * by
    return x[:whole].reshape(-1, by).mean(1), y[:whole].reshape(-1, by).mean(1)


def _smoothed(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An exponential mean over about a fortieth of the curve, without the pull of its first value towards 0."""
    import numpy as np

    keep = 1.0 - 1.0 / max(1.0, len(values) / 40)
    mean, weight = 0.0, 0.0
    made = np.empty(len(values))
    for place, value in enumerate(values.tolist()):
        mean = keep * mean + (1 - keep) * value
        weight = keep * weight + (1 - keep)
        made[place] = mean / weight
    return made
