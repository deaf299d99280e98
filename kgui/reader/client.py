"""The side of the reader that asks: `Reader` opens files in processes that may die, and never blocks or dies itself."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, InvalidStateError
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kgui.errors import FileError, KguiError, ProcessDied, exit_reason
from kgui.graph import Model, Weight
from kgui.graph.transfer import model_from_json
from kgui.inference import Inference
from kgui.inference.transfer import inference_from_json
from kgui.processes import Answer, Child
from kgui.processes import Request as ChildRequest
from kgui.reports.risks import Risk

if TYPE_CHECKING:
    import numpy as np

    from kgui.formats.store import Selection
    from kgui.reader.arrays import Statistics

LOG = logging.getLogger(__name__)

CHILDREN = 2
"""Reader processes at the most: a second file opens while the first one is still being read."""
OPEN_SECONDS = 20.0
VALUES_SECONDS = 30.0
STATISTICS_SECONDS = 30.0
"""Between two reports of progress, not for the whole array."""
START_SECONDS = 60.0
CANCEL_SECONDS = 2.0
"""How long a process may go on with what nobody wants any more before it is replaced."""
EARLY_SECONDS = 1.0
"""A process that ends this soon after its start, with nothing answered, is one that cannot start."""
MAX_EARLY_DEATHS = 5
MAX_BACK_OFF = 30.0

T = TypeVar("T")
Progress = Callable[[float | None, str], None]


@dataclass(slots=True)
class Opened:
    """A file that the reader has opened: `kgui.formats.ModelFile` without the file.

    Attributes:
        path: The file of the model (for a project: the one that it points to).
        format: As in `ModelFile`.
        model: The graph.
        inference: Shapes, dtypes, parameters and cost.
        keras_version: Of the Keras that wrote it.
        backend: Of the Keras that wrote it.
        risks: What could run code, read other files, or exhaust a machine.
        notices: Custom classes and functions: worth knowing, and no risk by themselves.
        notes: What else the user should know.
        facts: Label to text.
        assets: Files that the model carries, with their size in bytes.
        training: What the file says about compiling and training.
        project: The JSON of the `.kgui` project that was opened, or None.
    """

    path: Path
    format: str
    model: Model
    inference: Inference
    keras_version: str | None = None
    backend: str | None = None
    risks: list[Risk] = field(default_factory=list)
    notices: list[Risk] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    assets: dict[str, int] = field(default_factory=dict)
    training: dict[str, Any] | None = None
    project: dict[str, Any] | None = None


@dataclass(slots=True)
class ListedWeights:
    """The arrays of a file.

    Attributes:
        layers: Weights by the ids that lead to their layer.
        entries: Every array of the file in its order, whether a layer claims it or not.
        inference: What can be inferred with the weights known.
        risks: All of the file, those that the weights showed included.
        notes: All of the file, those about weights included.
    """

    layers: dict[tuple[int, ...], list[Weight]]
    entries: list[Weight]
    inference: Inference
    risks: list[Risk]
    notes: list[str]

    def attach(self, model: Model) -> None:
        """Sets `Layer.weights` of a model of that file."""
        for ids, layer in model.walk():
            layer.weights = self.layers.get(ids)


@dataclass(slots=True, eq=False)
class Request(Generic[T]):
    """Something asked of the reader.

    Attributes:
        future: Gets the answer, a `KguiError`, or `concurrent.futures.CancelledError`. Its callbacks run in a thread of
            the reader's, never in the caller's.
    """

    _job: _Job
    future: Future[T] = field(default_factory=Future)

    def result(self, timeout: float | None = None) -> T:
        """Waits for the answer."""
        return self.future.result(timeout)

    def cancel(self) -> None:
        """The answer is no longer wanted. The future is cancelled at once."""
        if self.future.cancel():
            self._job.reader._post(partial(self._job.reader._cancelled, self._job))


@dataclass(slots=True, eq=False)
class _Job:
    reader: Reader
    op: str
    params: dict[str, Any]
    path: str
    deadline: float
    convert: Callable[[Answer], Any]
    on_progress: Progress | None
    background: bool
    request: Request[Any] = field(init=False)
    asked: ChildRequest | None = None


@dataclass(slots=True, eq=False)
class _Slot:
    """A place for one process, and what it is doing."""

    child: Child | None = None
    ready: bool = False
    job: _Job | None = None
    letting_go: bool = False
    paths: dict[str, None] = field(default_factory=dict)
    started: float = 0.0
    answered: bool = False
    early_deaths: int = 0
    not_before: float = 0.0


class Reader:
    """Opens files in reader processes. No method waits, and any thread may call it.

    One process is started at once, ahead of the first file; a second one when two files are read at a time. A process
    that dies takes with it only the request that it was working on; another one is started by itself.

    Args:
        on_restart: Called with a sentence for the user whenever a process has ended by itself and another one takes
            its place. Called in a thread of the reader's.
        children: Processes at the most.
        env: Additional environment of the processes.
        stderr: Where their standard error goes; a file descriptor, or None for this process' own.
    """

    def __init__(
        self,
        *,
        on_restart: Callable[[str], None] | None = None,
        children: int = CHILDREN,
        env: Mapping[str, str] | None = None,
        stderr: int | None = None,
    ) -> None:
        self._on_restart = on_restart
        self._env = env
        self._stderr = stderr
        self._slots = [_Slot() for _ in range(max(1, children))]
        self._jobs: list[_Job] = []
        self._closing = False
        # All state belongs to one thread; everything that happens is a function that it runs.
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True, name="reader")
        self._thread.start()
        self._post(partial(self._start, self._slots[0]))

    def open(
        self,
        path: Path | str,
        *,
        weights: bool = False,
        on_progress: Progress | None = None,
        deadline: float = OPEN_SECONDS,
    ) -> Request[Opened]:
        """Opens a model file, or the model of a `.kgui` project.

        Args:
            path: The file or folder.
            weights: Whether to list the weights at once; without, the graph is there sooner.
            on_progress: Called with the fraction done and a text, in a thread of the reader's.
            deadline: Seconds after which the file is given up.
        """
        return self.ask("open", path, {"weights": weights}, convert=_opened, on_progress=on_progress, deadline=deadline)

    def weights(
        self, path: Path | str, *, on_progress: Progress | None = None, deadline: float = OPEN_SECONDS
    ) -> Request[ListedWeights]:
        """Lists the arrays of a file, without their values."""
        return self.ask("weights", path, convert=_listed, on_progress=on_progress, deadline=deadline)

    def values(
        self,
        path: Path | str,
        weight: Weight | str,
        selection: Selection | None = None,
        *,
        deadline: float = VALUES_SECONDS,
    ) -> Request[np.ndarray[Any, Any]]:
        """Reads an array or a part of it.

        Args:
            path: The file.
            weight: The array, or its `Weight.path`.
            selection: Slices and integers for the leading dimensions; None for all.
            deadline: Seconds after which the file is given up.
        """
        params = {"weight": _path_of(weight), "selection": _selection_to_json(selection)}
        return self.ask("values", path, params, convert=_values, deadline=deadline)

    def statistics(
        self,
        path: Path | str,
        weight: Weight | str,
        *,
        bins: int = 64,
        on_progress: Progress | None = None,
        deadline: float = STATISTICS_SECONDS,
    ) -> Request[Statistics]:
        """Minimum, maximum, mean, standard deviation, zeros, NaN, infinities and a histogram of an array."""
        return self.ask(
            "statistics",
            path,
            {"weight": _path_of(weight), "bins": bins},
            convert=_statistics,
            on_progress=on_progress,
            deadline=deadline,
            background=True,
        )

    def overview(
        self,
        path: Path | str,
        weight: Weight | str,
        *,
        axes: Sequence[int],
        index: Sequence[int],
        most: Sequence[int],
        on_progress: Progress | None = None,
        deadline: float = STATISTICS_SECONDS,
    ) -> Request[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        """Lowest and highest value of each block of a plane through an array: see `kgui.reader.overview.overview`."""
        return self.ask(
            "overview",
            path,
            {"weight": _path_of(weight), "axes": list(axes), "index": list(index), "most": list(most)},
            convert=_extremes,
            on_progress=on_progress,
            deadline=deadline,
            background=True,
        )

    def forget(self, path: Path | str) -> None:
        """Lets the processes close a file that is no longer shown."""
        key = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links
        self._post(partial(self._forget, key))

    def ask(
        self,
        op: str,
        path: Path | str,
        params: dict[str, Any] | None = None,
        *,
        convert: Callable[[Answer], Any],
        on_progress: Progress | None = None,
        deadline: float = VALUES_SECONDS,
        background: bool = False,
    ) -> Request[Any]:
        """Asks for an operation of `kgui.reader.server` on a file.

        Args:
            op: Its name.
            path: The file.
            params: Its other arguments, as JSON values.
            convert: Makes the result from the answer, in a thread of the reader's.
            on_progress: Called with the fraction done and a text, in a thread of the reader's.
            deadline: Seconds without an answer or progress after which the file is given up.
            background: Whether it may wait while others want the processes: it never takes the last free one.
        """
        key = os.path.abspath(path)  # noqa: PTH100
        job = _Job(self, op, {"path": key, **(params or {})}, key, deadline, convert, on_progress, background)
        request: Request[Any] = Request(job)
        job.request = request
        self._post(partial(self._submitted, job))
        return request

    @property
    def processes(self) -> list[int]:
        """Ids of the reader processes that run now."""
        return [slot.child.process.pid for slot in self._slots if slot.child is not None]

    def close(self, timeout: float = 5.0) -> None:
        """Ends the processes. What has not been answered is cancelled."""
        self._post(self._close)
        self._thread.join(timeout)

    # What happens, one thing at a time, in the reader's own thread.

    def _post(self, event: Callable[[], None]) -> None:
        self._events.put(event)

    def _run(self) -> None:
        while not self._closing:
            try:
                event = self._events.get(timeout=self._patience())
            except queue.Empty:
                event = self._dispatch
            try:
                event()
                self._dispatch()
            except Exception:
                # A bug of ours: the reader must go on all the same, and the log must have it.
                LOG.exception("an event of the reader failed")

    def _patience(self) -> float | None:
        waits = [slot.not_before for slot in self._slots if slot.child is None and slot.not_before > 0]
        return max(0.01, min(waits) - time.monotonic()) if waits else None

    def _submitted(self, job: _Job) -> None:
        self._jobs.append(job)

    def _dispatch(self) -> None:
        if self._closing:
            return
        now = time.monotonic()
        for slot in self._slots:
            # A process that has died is replaced as soon as it may be, wanted or not: the next file should not wait.
            if slot.child is None and 0 < slot.not_before <= now:
                self._start(slot)
        for job in list(self._jobs):
            if job.request.future.cancelled():
                self._jobs.remove(job)
                continue
            place = self._slot_for(job)
            if place is not None:
                self._jobs.remove(job)
                self._send(place, job)

    def _slot_for(self, job: _Job) -> _Slot | None:
        free = [slot for slot in self._slots if slot.ready and slot.job is None and not slot.letting_go]
        behind = sum(slot.job is not None and slot.job.background for slot in self._slots)
        if job.background and behind >= max(1, len(self._slots) - 1):
            return None
        if free:
            return next((slot for slot in free if job.path in slot.paths), free[0])
        fresh = next((slot for slot in self._slots if slot.child is None and slot.not_before == 0), None)
        starting = any(slot.child is not None and not slot.ready for slot in self._slots)
        if fresh is not None and not starting:
            self._start(fresh)
        return None

    def _send(self, slot: _Slot, job: _Job) -> None:
        assert slot.child is not None
        slot.job = job
        slot.paths.pop(job.path, None)
        slot.paths[job.path] = None
        while len(slot.paths) > 8:
            slot.paths.pop(next(iter(slot.paths)))
        job.asked = slot.child.request(job.op, job.params, deadline=job.deadline, on_progress=job.on_progress)
        job.asked.future.add_done_callback(partial(self._answer, slot, slot.child, job))

    def _answer(self, slot: _Slot, child: Child, job: _Job, future: Future[Answer]) -> None:
        """In the thread of the child's connection: the answer is made ready here, so that no other one waits."""
        if future.cancelled():
            if not job.request.future.cancelled():
                job.request.future.cancel()
            return  # `_cancelled` waits until the process has let go
        error = future.exception()
        self._post(partial(self._answered, slot, child, job, died=isinstance(error, ProcessDied)))
        try:
            if error is None:
                job.request.future.set_result(job.convert(future.result()))
            else:
                job.request.future.set_exception(_in_words(error, job, child))
        except InvalidStateError:
            pass  # cancelled in this very moment
        except Exception as bug:
            LOG.exception("an answer of the reader to %r could not be understood", job.op)
            _try_to_fail(job, _in_words(bug, job, child))

    def _answered(self, slot: _Slot, child: Child, job: _Job, *, died: bool) -> None:
        if slot.child is not child:
            return
        if slot.job is job:
            slot.job = None
        if died:
            slot.ready = False
        else:
            slot.answered = True
            slot.early_deaths = 0

    def _cancelled(self, job: _Job) -> None:
        slot = next((slot for slot in self._slots if slot.job is job), None)
        if slot is None or slot.child is None or job.asked is None:
            return
        job.asked.cancel()
        slot.job = None
        slot.letting_go = True
        # The process is free once it answers this; if it does not, the deadline kills it.
        ping = slot.child.request("ping", deadline=CANCEL_SECONDS)
        child = slot.child
        ping.future.add_done_callback(lambda _: self._post(partial(self._let_go, slot, child)))

    def _let_go(self, slot: _Slot, child: Child) -> None:
        if slot.child is child and child.alive:
            slot.letting_go = False

    def _forget(self, key: str) -> None:
        for slot in self._slots:
            if slot.child is not None and slot.ready and slot.paths.pop(key, key) is None:
                slot.child.request("close", {"path": key})

    def _start(self, slot: _Slot) -> None:
        if slot.child is not None or self._closing:
            return
        slot.ready = slot.answered = slot.letting_go = False
        slot.job = None
        slot.paths.clear()
        slot.not_before = 0.0
        slot.started = time.monotonic()
        try:
            child = Child(
                "reader",
                "kgui.reader",
                env=self._env,
                stderr=self._stderr,
                on_exit=lambda code: self._post(partial(self._ended, slot, code)),
            )
        except OSError as error:
            LOG.warning("the reader process cannot be started: %s", error)
            self._ended(slot, None)
            return
        slot.child = child
        timer = threading.Timer(START_SECONDS, child.kill)
        timer.daemon = True
        timer.start()
        child.hello.add_done_callback(lambda hello: self._greeted(slot, child, timer, hello))

    def _greeted(self, slot: _Slot, child: Child, timer: threading.Timer, hello: Future[dict[str, Any]]) -> None:
        timer.cancel()
        if hello.exception() is None:
            self._post(partial(self._is_ready, slot, child))

    def _is_ready(self, slot: _Slot, child: Child) -> None:
        if slot.child is child and child.alive:
            slot.ready = True

    def _ended(self, slot: _Slot, returncode: int | None) -> None:
        quiet = slot.letting_go
        slot.child, slot.job, slot.ready, slot.letting_go = None, None, False, False
        if self._closing:
            return
        now = time.monotonic()
        early = not slot.answered and now - slot.started < EARLY_SECONDS
        slot.early_deaths = slot.early_deaths + 1 if early else 0
        slot.not_before = now + (min(MAX_BACK_OFF, 0.25 * 2 ** (slot.early_deaths - 1)) if early else 0.0)
        if slot.early_deaths >= MAX_EARLY_DEATHS and not any(other.ready or other.job for other in self._slots):
            self._give_up(returncode)
        if self._on_restart is not None and not quiet:
            self._on_restart(f"The reader stopped ({exit_reason(returncode)}) and has been started again.")

    def _give_up(self, returncode: int | None) -> None:
        waiting, self._jobs = self._jobs, []
        for job in waiting:
            _try_to_fail(
                job,
                ProcessDied("reader", returncode, hint="It cannot be started; kgui tries again with the next file."),
            )

    def _close(self) -> None:
        self._closing = True
        for job in self._jobs + [slot.job for slot in self._slots if slot.job is not None]:
            job.request.future.cancel()
        self._jobs.clear()
        for slot in self._slots:
            if slot.child is not None:
                slot.child.kill()
        for slot in self._slots:
            if slot.child is not None:
                slot.child.close()
                slot.child = None


def _try_to_fail(job: _Job, error: Exception) -> None:
    try:
        job.request.future.set_exception(error)
    except InvalidStateError:
        pass  # it has been answered or cancelled


def _in_words(error: BaseException, job: _Job, child: Child) -> Exception:
    """The error that the user gets."""
    told: KguiError
    if isinstance(error, ProcessDied):
        told = _death_in_words(error, job, child)
    elif isinstance(error, (KguiError, CancelledError)):
        return error
    else:
        LOG.error("the reader has a bug, seen in %r of %s: %s", job.op, job.path, error)
        told = FileError(
            "kgui does not understand this file, which is a mistake in kgui",
            where=job.path,
            hint="Please report it; what happened is in the log.",
        )
    told.__cause__ = error
    return told


def _death_in_words(died: ProcessDied, job: _Job, child: Child) -> FileError:
    if child.timed_out:
        return FileError(
            f"The reader gave the file up, as it took more than {job.deadline:g} seconds",
            where=job.path,
            hint="The file is damaged, or made to keep programs busy, or its disk is very slow.",
        )
    reason = exit_reason(died.returncode)
    if died.returncode is not None and died.returncode < 0 and reason != "killed by SIGKILL":
        return FileError(
            f"The file made the reader stop ({reason})",
            where=job.path,
            hint="It is damaged or hostile. Nothing else was touched, and another reader has been started.",
        )
    return FileError(
        f"The reader stopped while it read the file ({reason})",
        where=job.path,
        hint="Try again; another reader has been started. If it happens again, the file may need too much memory.",
    )


def _path_of(weight: Weight | str) -> str | None:
    return weight if isinstance(weight, str) else weight.path


def _selection_to_json(selection: Selection | None) -> list[Any] | None:
    if selection is None:
        return None
    return [[part.start, part.stop, part.step] if isinstance(part, slice) else int(part) for part in selection]


def _opened(answer: Answer) -> Opened:
    value = answer.value
    return Opened(
        path=Path(value["path"]),
        format=value["format"],
        model=model_from_json(value["model"]),
        inference=inference_from_json(value["inference"]),
        keras_version=value["keras_version"],
        backend=value["backend"],
        risks=[Risk(*fields) for fields in value["risks"]],
        notices=[Risk(*fields) for fields in value["notices"]],
        notes=value["notes"],
        facts=value["facts"],
        assets=value["assets"],
        training=value["training"],
        project=value["project"],
    )


def _listed(answer: Answer) -> ListedWeights:
    value = answer.value
    return ListedWeights(
        layers={tuple(ids): [_weight(fields) for fields in weights] for ids, weights in value["layers"]},
        entries=[_weight(fields) for fields in value["entries"]],
        inference=inference_from_json(value["inference"]),
        risks=[Risk(*fields) for fields in value["risks"]],
        notes=value["notes"],
    )


def _weight(fields: list[Any]) -> Weight:
    name, shape, dtype, path, trainable = fields
    return Weight(name, tuple(shape), dtype, path, trainable)


def _values(answer: Answer) -> np.ndarray[Any, Any]:
    from kgui.reader.arrays import from_raw

    return from_raw(answer.value, list(answer.buffers))


def _extremes(answer: Answer) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    from kgui.reader.arrays import from_raw

    low, high = answer.buffers
    return from_raw(answer.value, [low]), from_raw(answer.value, [high])


def _statistics(answer: Answer) -> Statistics:
    from kgui.reader.arrays import Statistics

    return Statistics(**answer.value)
