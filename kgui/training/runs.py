"""A run of training: a folder with all that went in, all that happened, and what came out.

| in the folder | |
|---|---|
| `plan.json` | the plan as it was, with absolute paths |
| `model.keras` | the model as it was |
| `environment.json` | versions and machine |
| `run.json` | how the run stands: who runs it, and how it ended; replaced atomically, by the supervisor |
| `metrics.klog` | every step's and epoch's metrics (`kgui.training.metrics`) |
| `events.jsonl` | what happened (`kgui.training.events`) |
| `launched.json` | the supervisor, as whoever started it saw it |
| `control` | flags that steer it (`kgui.training.control`) |
| `log.txt` | what the training process printed |
| `result/model.keras` | the trained model |

Window, command line and training process meet in this folder and nowhere else.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kgui import resources
from kgui.errors import FileError, PlanError
from kgui.training import life
from kgui.training.control import PAUSE, STOP, STOP_AFTER_EPOCH, Control
from kgui.training.events import EventReader, EventWriter
from kgui.training.files import data_dir, read_json, sync_folder, write_json
from kgui.training.metrics import MetricsReader
from kgui.training.plan import Plan, check, data_file
from kgui.training.project import Project

StateKind = Literal["starting", "running", "done", "stopped", "failed", "killed", "died"]
ENDED: tuple[StateKind, ...] = ("done", "stopped", "failed", "killed", "died")

LAUNCHED_WITHIN = 10.0
"""Seconds between making the folder of a run and starting its supervisor at the most."""


@dataclass(frozen=True, slots=True)
class RunState:
    """How a run stands.

    Attributes:
        kind: "starting", "running"; or how it ended: "done" (all epochs), "stopped" (on request), "failed" (an error,
            which `sentence` explains), "killed" (by a signal), "died" (nobody was left to say how).
        sentence: The same for people.
    """

    kind: StateKind
    sentence: str

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.kind in ENDED


class RunFolder:
    """A run.

    Args:
        path: The folder, which must be there; `RunFolder.create` makes new ones.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunFolder) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def name(self) -> str:
        """The folder's name: when the run began."""
        return self.path.name

    @property
    def plan_path(self) -> Path:
        """The plan as it was."""
        return self.path / "plan.json"

    @property
    def model_path(self) -> Path:
        """The model as it was."""
        return self.path / "model.keras"

    @property
    def status_path(self) -> Path:
        """How the run stands."""
        return self.path / "run.json"

    @property
    def launched_path(self) -> Path:
        """The supervisor, noted by whoever started it."""
        return self.path / "launched.json"

    @property
    def metrics_path(self) -> Path:
        """The log of metrics; there from the first step on."""
        return self.path / "metrics.klog"

    @property
    def events_path(self) -> Path:
        """What happened."""
        return self.path / "events.jsonl"

    @property
    def control_path(self) -> Path:
        """The flags that steer the run."""
        return self.path / "control"

    @property
    def log_path(self) -> Path:
        """What the training process printed."""
        return self.path / "log.txt"

    @property
    def result_path(self) -> Path:
        """The trained model; there from the end on, also of a run that was stopped after its first step."""
        return self.path / "result" / "model.keras"

    @property
    def plan(self) -> Plan:
        """The plan as it was.

        Raises:
            FileError: The folder is no run, or is damaged.
            PlanError: The plan is damaged.
        """
        return Plan.from_json(read_json(self.plan_path, "plan").get("plan"))

    @property
    def project_path(self) -> Path:
        """The project that the run was started from."""
        return Path(str(read_json(self.plan_path, "plan").get("project")))

    @classmethod
    def create(cls, project: Project, plan: Plan) -> RunFolder:
        """Makes the folder of a new run: copies of plan and model, and what the machine is.

        Raises:
            FileError: The model is missing, no Keras file, or the disk is full.
            PlanError: The plan cannot work; the message says what to change.
        """
        for problem in check(plan, project.folder):
            if problem.severity == "error":
                raise problem.to_error()
        model = project.model_path
        if model.suffix.lower() != ".keras":
            raise FileError(
                "Only models in the .keras format can be trained", where=str(model), hint="Save it as .keras first."
            )
        if not model.is_file():
            raise FileError("The model file is missing", where=str(model), hint="Choose the file where it is now.")
        root = runs_folder(project.path)
        run = None
        try:
            root.mkdir(parents=True, exist_ok=True)
            run = cls(_new_folder(root))
            shutil.copyfile(model, run.model_path)
        except OSError as error:
            if run is not None:
                shutil.rmtree(run.path, ignore_errors=True)
            raise FileError(
                f"A run cannot be kept here ({error.strerror or error})",
                where=str(root),
                hint="Check that the folder is writable and the disk is not full.",
            ) from error
        plan = plan.changed(data=_absolute_data(plan, project.folder))
        write_json(
            run.plan_path, {"kgui": 1, "project": str(project.path), "name": project.name, "plan": plan.to_json()}
        )
        write_json(run.path / "environment.json", _environment(project.folder))
        Control(run.control_path).close()
        # Last, as it makes the folder a run: `list_runs` passes over a folder that a crash left half made.
        write_json(run.status_path, {"kgui": 1, "state": "starting", "created": time.time()})
        sync_folder(root)
        return run

    @classmethod
    def of_result(cls, path: str | Path) -> RunFolder | None:
        """The run whose trained model this file is, or None for any other file."""
        run = cls(Path(path).absolute().parent.parent)
        return run if Path(path).absolute() == run.result_path and run.status_path.is_file() else None

    def status(self) -> dict[str, Any]:
        """What `run.json` says.

        Raises:
            FileError: The folder is no run, or is damaged.
        """
        return read_json(self.status_path, "run")

    def state(self) -> RunState:
        """How the run stands, whatever has died meanwhile.

        Raises:
            FileError: The folder is no run, or is damaged.
        """
        status = self.status()
        kind = status.get("state")
        if kind in ENDED:
            return RunState(kind, str(status.get("sentence", "")))
        if life.is_alive(status.get("supervisor")) or life.is_alive(status.get("trainer")):
            return RunState("running", "Training is running.")
        if kind == "starting" and self._is_launched(float(status.get("created", 0))):
            return RunState("starting", "Training is starting.")
        # The supervisor may have ended between our two looks.
        if (again := self.status()) != status:
            return RunState(again["state"], str(again.get("sentence", ""))) if again["state"] in ENDED else self.state()
        return self._end_without_supervisor()

    def _is_launched(self, created: float) -> bool:
        """Whether a supervisor that has not said so yet is on its way, however slow the machine."""
        try:
            return life.is_alive(read_json(self.launched_path, "run"))
        except FileError:
            return time.time() - created < LAUNCHED_WITHIN

    def _end_without_supervisor(self) -> RunState:
        for event in reversed(EventReader(self.events_path).read()):
            if event["event"] == "end":
                return ending(event)
            if event["event"] == "error":
                return RunState("failed", str(event.get("sentence", "")))
        return RunState(
            "died",
            "Training ended without a word: it was killed together with its supervisor, or the machine was "
            "switched off. All metrics until then are kept.",
        )

    def update_status(self, **values: Any) -> None:
        """Changes what `run.json` says, atomically. For the supervisor alone: it is the file's one writer."""
        write_json(self.status_path, {**self.status(), **values})

    def events(self) -> EventReader:
        """Reads what happened."""
        return EventReader(self.events_path)

    def event_writer(self) -> EventWriter:
        """Notes what happens."""
        return EventWriter(self.events_path)

    def metrics(self) -> MetricsReader:
        """Reads the metrics.

        Raises:
            FileError: There are none before the first step.
        """
        return MetricsReader(self.metrics_path)

    def stop(self) -> None:
        """Asks for an end now: after the step that is computed at the moment, validation included."""
        self._steer(STOP, True)

    def stop_after_epoch(self) -> None:
        """Asks for an end after the running epoch and its validation."""
        self._steer(STOP_AFTER_EPOCH, True)

    def pause(self) -> None:
        """Asks the run to wait before its next step."""
        self._steer(PAUSE, True)

    def resume(self) -> None:
        """Lets a paused run go on."""
        self._steer(PAUSE, False)

    def _steer(self, flag: int, value: bool) -> None:
        try:
            with Control(self.control_path) as control:
                control.set(flag, value)
        except OSError as error:
            raise FileError(
                f"The run cannot be steered ({error.strerror or error})", where=str(self.control_path)
            ) from error

    def wait(self, timeout: float | None = None, every: float = 0.05) -> RunState:
        """Waits until the run has ended.

        Returns:
            How it ended, or how it stands when `timeout` (in seconds) is over.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not (state := self.state()).ended and (deadline is None or time.monotonic() < deadline):
            time.sleep(every)
        return state


def ending(event: Mapping[str, Any]) -> RunState:
    """How a run ended, from its "end" event."""
    epochs = event.get("epochs", 0)
    counted = f"{epochs} epoch" + ("" if epochs == 1 else "s")
    if event.get("how") == "done":
        return RunState("done", f"Trained {counted}. The model is saved.")
    if not event.get("saved", True):
        return RunState("stopped", "Stopped as asked, before the first step.")
    return RunState("stopped", f"Stopped as asked, after {counted}. The model is saved as it was then.")


def runs_folder(project: str | Path) -> Path:
    """Where the runs of a project are: beside it, or where nothing may be written there, in the user's data folder."""
    project = Path(project).absolute()
    name = f"{project.stem}.runs"
    # The samples that ship with the program stay as they are, even where they could be written to.
    bundled = project.resolve().is_relative_to(resources.path("samples").resolve())
    if not bundled and os.access(project.parent, os.W_OK):
        return project.parent / name
    return data_dir() / "runs" / project.stem


def list_runs(project: str | Path) -> list[RunFolder]:
    """The runs of a project, newest first."""
    root = runs_folder(project)
    try:
        found = [RunFolder(path.parent) for path in root.glob("*/run.json")]
    except OSError:
        return []
    return sorted(found, key=lambda run: run.path.name, reverse=True)


def start_run(project: Project, overrides: Mapping[str, Any] | None = None) -> RunFolder:
    """Starts training in the background and returns at once.

    The run belongs to a supervisor in a session of its own: it goes on when this process ends, however it ends.

    Args:
        project: What to train.
        overrides: Attributes of the plan to replace for this run ("epochs", "devices", …).

    Returns:
        The run, to be watched with `kgui.training.RunFollower`.

    Raises:
        FileError: The model is missing, or a run cannot be kept.
        PlanError: The plan cannot work; the message says what to change.
    """
    try:
        plan = project.plan.changed(**(overrides or {}))
    except TypeError as error:
        raise PlanError(f"A plan has no such entry ({error})") from error
    run = RunFolder.create(project, plan)
    with run.log_path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kgui.training.supervisor", str(run.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=run.path,
            close_fds=True,
            **_detached(),
        )
    write_json(run.launched_path, life.note(process.pid))
    # Somebody must ask how it ended, or it stays a zombie for as long as this process lives.
    threading.Thread(target=process.wait, daemon=True, name=f"end of {run.name}").start()
    return run


def _detached() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _new_folder(root: Path) -> Path:
    stem = time.strftime("%Y-%m-%d_%H-%M-%S")
    for number in range(1, 1000):
        path = root / (stem if number == 1 else f"{stem}_{number}")
        with contextlib.suppress(FileExistsError):
            path.mkdir()
            return path
    raise FileError("A thousand runs began in this very second", where=str(root))


def _absolute_data(plan: Plan, folder: Path) -> Any:
    import dataclasses

    return dataclasses.replace(plan.data, file=str(data_file(plan, folder).absolute()))


def _environment(folder: Path) -> dict[str, Any]:
    import platform
    from importlib import metadata

    versions = {}
    for name in ("kgui", "tensorflow", "keras", "numpy", "h5py"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "versions": versions,
        "git": _git_revision(folder),
    }


def _git_revision(folder: Path) -> str | None:
    """The revision of the repository that the project is in, or None."""
    try:
        told = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=2, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout.strip() or None
