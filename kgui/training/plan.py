"""What a training run needs to know, as plain values: the plan.

A plan is kept beside the model in a project file and copied into every run folder. It is text, so it is read with
care: each key is checked for its kind, what kgui does not know is kept as it is, and `check` says what cannot work
before anything starts.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kgui.errors import PlanError

Object = str | dict[str, Any]
"""An optimizer, loss or metric: its Keras name ("adam"), or its Keras config ({"class_name": …, "config": …})."""

DEVICE_KINDS = ("cpu", "logical-cpu", "gpu")


@dataclass(slots=True)
class Feed:
    """What one input or output of the model is fed with.

    Attributes:
        dataset: Path of the dataset in the data file.
        scale: Values are multiplied by this, …
        offset: … and this is added then. Where both are neutral the values keep their type.
    """

    dataset: str
    scale: float = 1.0
    offset: float = 0.0
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Data:
    """Where the samples are.

    Attributes:
        file: The data file (HDF5 or `.npz`), relative to the project.
        inputs: One feed per input of the model, by the input's name.
        targets: One feed per output of the model, by the output's name.
    """

    file: str
    inputs: dict[str, Feed]
    targets: dict[str, Feed]
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Split:
    """Which samples are kept for validation.

    Attributes:
        validation_fraction: Share of the samples, 0 for none.
        seed: Which ones: the same seed always keeps the same samples.
    """

    validation_fraction: float = 0.2
    seed: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Devices:
    """What to train on.

    Attributes:
        kind: "cpu"; "logical-cpu": the processor taken as `count` devices, to try training on several without
            GPUs; "gpu": the GPUs of `ids`.
        count: Number of logical devices.
        ids: Numbers of GPUs, as TensorFlow counts them.
    """

    kind: Literal["cpu", "logical-cpu", "gpu"] = "cpu"
    count: int = 1
    ids: tuple[int, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def replicas(self) -> int:
        """Number of copies of the model that are trained side by side."""
        return {"cpu": 1, "logical-cpu": self.count, "gpu": len(self.ids)}[self.kind]

    def __str__(self) -> str:
        if self.kind == "cpu" or (self.kind == "logical-cpu" and self.count == 1):
            return "the CPU"
        if self.kind == "logical-cpu":
            return f"{self.count} logical CPU devices"
        return ("GPU " if len(self.ids) == 1 else "GPUs ") + ", ".join(map(str, self.ids))

    @classmethod
    def parse(cls, text: str) -> Devices:
        """Devices as the command line writes them: "cpu", "2xcpu", "gpu:0,1".

        Raises:
            PlanError: The text is none of these.
        """
        words = text.strip().lower()
        if words == "cpu":
            return cls()
        count, cross, rest = words.partition("xcpu")
        if cross and not rest and count.isdecimal() and int(count) > 0:
            return cls("logical-cpu", int(count))
        if words == "gpu":
            return cls("gpu", ids=(0,))
        prefix, _, ids = words.partition(":")
        if prefix == "gpu" and ids and all(part.isdecimal() for part in ids.split(",")):
            return cls("gpu", ids=tuple(int(part) for part in ids.split(",")))
        raise PlanError(
            f'"{text}" names no devices',
            where="devices",
            hint='Write "cpu", "2xcpu" (two logical devices) or "gpu:0,1".',
        )


@dataclass(slots=True)
class Plan:
    """A training plan.

    Attributes:
        data: Where the samples are and what feeds what.
        split: Which samples are kept for validation.
        optimizer: Keras name or config.
        loss: One, or one per output by the output's name.
        metrics: For the output; or a list per output, by the output's name.
        epochs: How often the samples are gone through.
        batch_size: Samples per step, over all devices together.
        devices: What to train on.
        seed: Of weights that are initialised, of the order of the samples, of dropout.
    """

    data: Data
    split: Split = field(default_factory=Split)
    optimizer: Object = "adam"
    loss: Object | dict[str, Any] = "sparse_categorical_crossentropy"
    metrics: list[Object] | dict[str, Any] = field(default_factory=list)
    epochs: int = 10
    batch_size: int = 32
    devices: Devices = field(default_factory=Devices)
    seed: int = 0
    extra: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values, with everything that was in the file and that kgui does not know."""
        told: dict[str, Any] = _plain(self)
        return told

    @classmethod
    def from_json(cls, value: Any, where: str = "plan") -> Plan:
        """Reads a plan from JSON values.

        Raises:
            PlanError: A key is missing or of the wrong kind; the message names it.
        """
        plan: Plan = _PLAN(value, where)
        return plan

    def changed(self, **changes: Any) -> Plan:
        """A copy with some attributes replaced."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """Something about a plan that does not work.

    Attributes:
        severity: "error" if training would fail or go silently wrong.
        message: What does not fit, as a sentence without a full stop.
        fix: What would mend it, as a sentence.
        where: The key of the plan.
    """

    severity: Literal["error", "warning"]
    message: str
    fix: str
    where: str

    def to_error(self) -> PlanError:
        """The problem as an exception."""
        return PlanError(self.message, where=self.where, hint=self.fix)


def data_file(plan: Plan, folder: Path) -> Path:
    """The plan's data file, where relative paths start at `folder`."""
    return folder / plan.data.file


def check(plan: Plan, folder: Path) -> list[PlanProblem]:
    """Problems that are known without opening the data and without Keras. Cheap: for every keystroke in a form.

    Args:
        plan: The plan.
        folder: Where its relative paths start: the folder of the project.
    """
    return [problem for rule in _RULES for problem in rule(plan, folder)]


def _numbers(plan: Plan, folder: Path) -> list[PlanProblem]:
    problems = []
    if plan.epochs < 1:
        problems.append(PlanProblem("error", f"{plan.epochs} epochs train nothing", "Set at least 1.", "epochs"))
    if plan.batch_size < 1:
        problems.append(
            PlanProblem("error", f"A batch of {plan.batch_size} samples is empty", "Set at least 1.", "batch_size")
        )
    if not 0 <= plan.split.validation_fraction < 1:
        problems.append(
            PlanProblem(
                "error",
                f"A validation fraction of {plan.split.validation_fraction:g} leaves nothing to train on",
                "Set a fraction from 0 to below 1, like 0.2.",
                "split.validation_fraction",
            )
        )
    return problems


def _file(plan: Plan, folder: Path) -> list[PlanProblem]:
    path = data_file(plan, folder)
    if path.is_file():
        return []
    return [PlanProblem("error", f"The data file {path} is missing", "Choose the file where it is now.", "data.file")]


def _feeds(plan: Plan, folder: Path) -> list[PlanProblem]:
    sides = {"data.inputs": (plan.data.inputs, "input"), "data.targets": (plan.data.targets, "output")}
    problems = []
    for where, (feeds, side) in sides.items():
        if not feeds:
            problems.append(
                PlanProblem("error", f"No {side} of the model has data", "Choose a dataset for each.", where)
            )
        for name, feed in feeds.items():
            if not (math.isfinite(feed.scale) and math.isfinite(feed.offset)):
                problems.append(
                    PlanProblem("error", f'Scale and offset of "{name}" must be finite', "Set a number.", where)
                )
    return problems


def _devices(plan: Plan, folder: Path) -> list[PlanProblem]:
    devices, batch = plan.devices, plan.batch_size
    if devices.kind == "gpu" and not devices.ids:
        return [PlanProblem("error", "No GPU is chosen", "Choose at least one, or the CPU.", "devices.ids")]
    if devices.kind == "gpu" and len(set(devices.ids)) < len(devices.ids):
        return [PlanProblem("error", "A GPU is chosen twice", "Name each GPU once.", "devices.ids")]
    replicas = devices.replicas
    if replicas < 1:
        return [PlanProblem("error", "There must be at least one device", "Set a count of 1 or more.", "devices.count")]
    if batch < 1 or batch % replicas == 0:
        return []
    # Keras 3.15 gives every replica the same weight, whatever its share (and fails in `_maybe_symbolic_build`
    # before that): the gradients of an uneven batch would be silently wrong.
    down = batch - batch % replicas
    choices = " or ".join(str(size) for size in (down, down + replicas) if size)
    return [
        PlanProblem(
            "error",
            f"A batch of {batch} samples cannot be split evenly over {replicas} devices",
            f"Set a batch size of {choices}.",
            "batch_size",
        )
    ]


def _replicated_optimizer(plan: Plan, folder: Path) -> list[PlanProblem]:
    # Measured on Keras 3.15 with MirroredStrategy: accumulation fails (merge_call inside a condition); a loss-scaled
    # optimizer decides per replica whether gradients are finite (keras issue 20763).
    config = plan.optimizer.get("config", {}) if isinstance(plan.optimizer, dict) else {}
    if plan.devices.replicas < 2 or not isinstance(config, Mapping):
        return []
    problems = []
    if config.get("gradient_accumulation_steps"):
        problems.append(
            PlanProblem(
                "error",
                "Keras cannot accumulate gradients over several devices",
                "Take gradient_accumulation_steps out, or train on one device.",
                "optimizer.gradient_accumulation_steps",
            )
        )
    if isinstance(plan.optimizer, dict) and plan.optimizer.get("class_name") == "LossScaleOptimizer":
        problems.append(
            PlanProblem(
                "error",
                "Keras scales losses wrongly over several devices",
                "Use the optimizer without LossScaleOptimizer, or train on one device.",
                "optimizer",
            )
        )
    return problems


_RULES: tuple[Callable[[Plan, Path], list[PlanProblem]], ...] = (
    _numbers,
    _file,
    _feeds,
    _devices,
    _replicated_optimizer,
)


# Reading and writing: each class is a table of keys, read by one function.

_Reader = Callable[[Any, str], Any]


def _kind(wanted: str, fits: Callable[[Any], bool], convert: Callable[[Any], Any] = lambda value: value) -> _Reader:
    def read(value: Any, where: str) -> Any:
        if not fits(value):
            raise PlanError(f"Here should be {wanted}, not {_short(value)}", where=where)
        return convert(value)

    return read


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_text = _kind("a text", lambda value: isinstance(value, str))
_number = _kind("a number", _is_number, float)
_whole = _kind("a whole number", lambda value: _is_whole(value) and abs(value) < 1 << 63)
_seed = _kind("a whole number from 0 to 4294967295", lambda value: _is_whole(value) and 0 <= value < 1 << 32)
_object = _kind("the name or the config of a Keras object", lambda value: isinstance(value, str | dict))
_objects = _kind("a list of Keras names or configs", lambda value: isinstance(value, list | dict))
_device_kind = _kind("one of " + ", ".join(f'"{kind}"' for kind in DEVICE_KINDS), lambda value: value in DEVICE_KINDS)
_device_ids = _kind(
    "a list of numbers of GPUs",
    lambda value: isinstance(value, list) and all(_is_whole(number) and number >= 0 for number in value),
    tuple,
)


def _named(read: _Reader) -> _Reader:
    def read_all(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise PlanError(f"Here should be names with their values, not {_short(value)}", where=where)
        return {name: read(entry, f"{where}.{name}") for name, entry in value.items()}

    return read_all


def _record(kind: type[Any], readers: Mapping[str, _Reader]) -> _Reader:
    needed = [
        entry.name
        for entry in dataclasses.fields(kind)
        if entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
    ]

    def read(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise PlanError(f"Here should be names with their values, not {_short(value)}", where=where)
        if missing := [key for key in needed if key not in value]:
            raise PlanError(f'"{missing[0]}" is missing', where=where)
        known = {key: read_one(value[key], f"{where}.{key}") for key, read_one in readers.items() if key in value}
        return kind(**known, extra={key: entry for key, entry in value.items() if key not in readers})

    return read


_FEED = _record(Feed, {"dataset": _text, "scale": _number, "offset": _number})
_DATA = _record(Data, {"file": _text, "inputs": _named(_FEED), "targets": _named(_FEED)})
_SPLIT = _record(Split, {"validation_fraction": _number, "seed": _seed})
_DEVICES = _record(Devices, {"kind": _device_kind, "count": _whole, "ids": _device_ids})
_PLAN = _record(
    Plan,
    {
        "data": _DATA,
        "split": _SPLIT,
        "optimizer": _object,
        "loss": _object,
        "metrics": _objects,
        "epochs": _whole,
        "batch_size": _whole,
        "devices": _DEVICES,
        "seed": _seed,
    },
)

_ALWAYS_WRITTEN = (Plan, Data, Split)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        known = {}
        for entry in dataclasses.fields(value):
            held = getattr(value, entry.name)
            # A feed says its dataset, and its scale only where there is one.
            if entry.name == "extra" or (held == entry.default and not isinstance(value, _ALWAYS_WRITTEN)):
                continue
            known[entry.name] = _plain(held)
        if isinstance(value, Devices):
            known = {"kind": value.kind, **known}
        return {**known, **value.extra}  # type: ignore[attr-defined]
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
