"""`kgui train PROJECT`: trains a project into a run folder, and shows how it goes."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kgui.training import RunFolder, RunFollower, RunState, Update

DRAW_EVERY = 0.1
"""Seconds between two pictures of the progress bar."""

BAR = 24

PHASES = {
    "importing": "starting TensorFlow",
    "building": "building the model",
    "tracing": "compiling the first step",
    "training": "training",
    "validating": "validating",
    "saving": "saving",
    "paused": "paused",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `kgui train`."""
    parser.add_argument("project", metavar="PROJECT", type=Path, help="a project file (.kgui)")
    parser.add_argument("--epochs", metavar="N", type=int, help="epochs to train, instead of the plan's")
    parser.add_argument(
        "--devices", metavar="DEVICES", help='"cpu", "2xcpu" (two logical devices) or "gpu:0,1", instead of the plan\'s'
    )


def run(arguments: argparse.Namespace) -> int:
    """Trains, and waits for the end.

    Returns:
        0 if all epochs were trained or the user stopped the run, 1 if it failed.
    """
    from kgui.training import Devices, Project, RunFollower, start_run

    project = Project.load(arguments.project)
    overrides: dict[str, Any] = {}
    if arguments.epochs is not None:
        overrides["epochs"] = arguments.epochs
    if arguments.devices is not None:
        overrides["devices"] = Devices.parse(arguments.devices)
    started = start_run(project, overrides)
    plan = started.plan
    print(f"{project.name}: {plan.epochs} epoch{'' if plan.epochs == 1 else 's'} on {plan.devices}")
    print(f"run: {started.path}", flush=True)
    with RunFollower(started) as follower:
        state = _follow(started, follower, _Screen(sys.stdout))
    if started.result_path.exists():
        print(f"model: {started.result_path}")
    if state.kind in ("done", "stopped"):
        print(state.sentence)
        return 0
    print(f"kgui: {state.sentence}", file=sys.stderr)
    print(f"log: {started.log_path}", file=sys.stderr)
    return 1


def _follow(run: RunFolder, follower: RunFollower, screen: _Screen) -> RunState:
    interrupted = False
    while True:
        try:
            for update in follower.updates(every=0.05):
                screen.show(update)
                if update.state.ended:
                    return update.state
        except KeyboardInterrupt:
            screen.clear()
            if interrupted:
                # The user does not want to wait for the end. The supervisor still sees to it.
                raise
            interrupted = True
            run.stop()
            print("stopping … (Ctrl+C again leaves it to itself)", flush=True)


class _Screen:
    """Shows a run as lines, and on a terminal a progress bar below them."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.bar = stream.isatty()
        self.epochs = 0
        self.steps = 0
        self.step = 0
        self.phase = ""
        self.values = ""
        self.first: tuple[int, float] | None = None
        self.speed = 0.0
        self._drawn = 0.0

    def show(self, update: Update) -> None:
        """Shows what is new."""
        for event in update.events:
            self._event(event)
        if update.rows is not None and len(update.rows):
            self._rows(update)
        if self.bar and not update.state.ended and time.monotonic() - self._drawn >= DRAW_EVERY:
            self._draw()
        if update.state.ended:
            self.clear()

    def clear(self) -> None:
        """Takes the progress bar away."""
        if self.bar:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def _event(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "phase":
            self.phase = str(event.get("phase"))
        elif kind == "started":
            self.epochs, self.steps = int(event["epochs"]), int(event["steps_per_epoch"])
            self._line(
                f"{event['samples']} samples to train on, {event['validation_samples']} for validation, "
                f"{self.steps} steps per epoch"
            )
        elif kind == "epoch":
            values = "  ".join(f"{name} {value:.4f}" for name, value in _ordered(event["values"]).items())
            self._line(f"epoch {event['epoch'] + 1}/{self.epochs}  {event['seconds']:.1f} s  {values}")
        elif kind == "note":
            self._line(f"note: {event['text']}")

    def _rows(self, update: Update) -> None:
        assert update.rows is not None
        last = update.rows[-1]
        self.step = int(last["step"])
        shown = dict(zip(update.columns, last["values"].tolist(), strict=True))
        shown = {name: value for name, value in shown.items() if value == value and name != "batch_loss"}
        self.values = "  ".join(f"{name} {value:.4f}" for name, value in _ordered(shown).items())
        if self.first is None:
            self.first = int(update.rows[0]["step"]), float(update.rows[0]["time"])
        elif last["time"] > self.first[1]:
            self.speed = (self.step - self.first[0]) / (float(last["time"]) - self.first[1])

    def _line(self, text: str) -> None:
        self.clear()
        self.stream.write(text + "\n")
        self.stream.flush()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        text = PHASES.get(self.phase, "starting")
        if total := self.epochs * self.steps:
            done = self.step / total
            full = round(done * BAR)
            text = f"{'━' * full}{'╌' * (BAR - full)} {done:4.0%}  {text}"
            if self.speed > 0 and self.phase == "training":
                text += f"  {_duration((total - self.step) / self.speed)} left"
            text += f"  {self.values}"
        with contextlib.suppress(OSError, ValueError):
            import shutil

            text = text[: shutil.get_terminal_size().columns - 1]
        self.stream.write(f"\r\x1b[K{text}")
        self.stream.flush()


def _ordered(values: Mapping[str, float]) -> dict[str, float]:
    """Training's metrics, then those of validation, each in Keras' order."""
    return {name: values[name] for name in sorted(values, key=lambda name: name.startswith("val_"))}


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
