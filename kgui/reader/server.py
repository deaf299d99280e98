"""What the reader does: open files, list weights, read values, compute statistics.

Nothing here imports, unmarshals, unpickles or evaluates what a file says.
"""

from __future__ import annotations

import faulthandler
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgui.errors import FileError, KguiError, LimitError
from kgui.processes import Answer, Task
from kgui.reader.cache import FileCache, stamp

if TYPE_CHECKING:
    from kgui.formats import ModelFile
    from kgui.formats.store import Selection
    from kgui.graph import Weight

MAX_VALUES = 256 << 20
"""Bytes of values in one answer. A window shows less, and asks for a part."""
MAX_PROJECT = 4 << 20
SILENCE = 25.0
"""Seconds without an answer or progress after which the process ends itself, if nobody has ended it before. A thread
of C measures it, as a library that is stuck lets no thread of Python run."""


class _Held:
    """An open file, and its arrays by path: the window asks for hundreds of parts while somebody scrolls."""

    def __init__(self, file: ModelFile) -> None:
        self.file = file
        self._arrays: dict[str, Weight] | None = None

    def array(self, path: str) -> Weight | None:
        """The array at a path within the file, whether a layer claims it or not."""
        if self._arrays is None:
            entries = self.file.list_weights()
            claimed = [weight for _, layer in self.file.model.walk() for weight in layer.weights or ()]
            self._arrays = {weight.path: weight for weight in (*claimed, *entries) if weight.path is not None}
        return self._arrays.get(path)

    def close(self) -> None:
        self.file.close()


class ModelReader:
    """The operations on model files. Each takes a `Task` whose `params` are its arguments."""

    def __init__(self) -> None:
        from kgui.formats import open_model

        self.files: FileCache[_Held] = FileCache(lambda path: _Held(open_model(path, weights=False)))

    def handlers(self) -> dict[str, Any]:
        """By operation, for `kgui.processes.serve`."""
        operations = {
            "open": self.open,
            "weights": self.weights,
            "values": self.values,
            "statistics": self.statistics,
            "overview": self.overview,
            "compare": self.compare,
            "close": self.close,
            "ping": lambda task: Answer(),
        }
        return {name: _in_words(operation) for name, operation in operations.items()}

    def open(self, task: Task) -> Answer:
        """`path`, `weights`: the model, what is inferred from it, its risks, and what else the file says."""
        from kgui.graph.transfer import model_to_json
        from kgui.inference.transfer import inference_to_json
        from kgui.reports.risks import find_notices

        path = Path(task.params["path"])
        project = read_project(path)
        target = path if project is None else path.parent / project["model"]
        file = self.files.get(target).file
        if task.params.get("weights"):
            file.list_weights()
        value = {
            "path": str(target),
            "format": file.format,
            "keras_version": file.keras_version,
            "backend": file.backend,
            "model": model_to_json(file.model),
            "inference": inference_to_json(file.inference),
            "risks": [_fields(risk) for risk in file.risks],
            "notices": [_fields(notice) for notice in find_notices(file.model, file.training)],
            "notes": file.notes,
            "facts": file.facts,
            "assets": file.assets,
            "training": file.training,
            "project": project,
        }
        return Answer(value)

    def weights(self, task: Task) -> Answer:
        """`path`: the arrays of every layer, by the ids that lead to it, and all arrays of the file."""
        from kgui.inference.transfer import inference_to_json

        file = self.files.get(_target(task)).file
        entries = file.list_weights()
        layers = [
            [list(ids), [_weight(weight) for weight in layer.weights]]
            for ids, layer in file.model.walk()
            if layer.weights is not None
        ]
        return Answer(
            {
                "layers": layers,
                "entries": [_weight(weight) for weight in entries],
                "inference": inference_to_json(file.inference),
                "risks": [_fields(risk) for risk in file.risks],
                "notes": file.notes,
            }
        )

    def values(self, task: Task) -> Answer:
        """`path`, `weight`, `selection`: a part of an array, as raw bytes."""
        from kgui.reader.arrays import to_raw

        file, weight = self._array(task)
        selection = _selection(task.params.get("selection"))
        shape = _selected(weight.shape, selection)
        size = math.prod(shape) * _itemsize(weight.dtype)
        if size > MAX_VALUES:
            raise LimitError(
                f"This part has {size:,} bytes, and one answer holds {MAX_VALUES:,}",
                where=f"{file.path}: {weight.path}",
                hint="Ask for a smaller part.",
            )
        value, buffers = to_raw(file.read(weight, selection or None))
        return Answer(value, buffers)

    def statistics(self, task: Task) -> Answer:
        """`path`, `weight`, `bins`: minimum, maximum, mean, …, and a histogram."""
        from kgui.reader.arrays import statistics

        file, weight = self._array(task)
        result = statistics(
            lambda selection: file.read(weight, selection or None),
            weight.shape,
            _itemsize(weight.dtype),
            bins=task.params.get("bins", 64),
            progress=lambda fraction: _alive(task, fraction, weight.name),
        )
        return Answer(result.to_json())

    def overview(self, task: Task) -> Answer:
        """`path`, `weight`, `axes`, `index`, `most`: lowest and highest value of each block of a plane."""
        from kgui.reader.arrays import to_raw
        from kgui.reader.overview import overview

        file, weight = self._array(task)
        low, high = overview(
            lambda selection: file.read(weight, selection or None),
            weight.shape,
            _itemsize(weight.dtype),
            axes=task.params["axes"],
            index=task.params["index"],
            most=task.params["most"],
            progress=lambda fraction: _alive(task, fraction, weight.name),
        )
        value, buffers = to_raw(low)
        return Answer(value, [*buffers, *to_raw(high)[1]])

    def compare(self, task: Task) -> Answer:
        """`path`, `other`, `values`, `known`: what differs between two files, and both models.

        The models are left out where the caller has them already, as the stamps of the files in `known` say: the
        window asks first for the structure, and then for the values.
        """
        from kgui.reader.comparison import compare
        from kgui.reports.diff_transfer import difference_to_json

        tasks = [Task({**task.params, "path": task.params[key]}, [], task._tell) for key in ("path", "other")]
        paths = [_target(each) for each in tasks]
        files = [self.files.get(path).file for path in paths]
        stamps = [list(map(str, stamp(path))) for path in paths]
        found = compare(
            *files,
            values=bool(task.params.get("values")),
            progress=lambda fraction: _alive(task, fraction, ""),
        )
        models = None if stamps == task.params.get("known") else [self.open(each).value for each in tasks]
        return Answer({"difference": difference_to_json(found), "stamps": stamps, "models": models})

    def close(self, task: Task) -> Answer:
        """`path`: gives the file back."""
        return Answer(self.files.forget(_target(task)))

    def _array(self, task: Task) -> tuple[ModelFile, Weight]:
        path, name = _target(task), task.params["weight"]
        held = self.files.get(path)
        weight = held.array(name)
        if weight is not None:
            return held.file, weight
        raise FileError(
            "The file has no such array (any more)",
            where=f"{path}: {name}",
            hint="Open the file again if it has changed.",
        )


def _target(task: Task) -> Path:
    """The model file that is meant: that of the project, where the path is one."""
    path = Path(task.params["path"])
    project = read_project(path)
    return path if project is None else path.parent / project["model"]


def read_project(path: Path) -> dict[str, Any] | None:
    """The JSON of a `.kgui` project, or None where the file is no project: a project has a version under "kgui".

    Raises:
        FileError: It is a project, and names no model.
    """
    try:
        if not path.is_file() or path.stat().st_size > MAX_PROJECT:
            return None
        with path.open("rb") as stream:
            if stream.read(64).lstrip()[:1] != b"{":
                return None
            stream.seek(0)
            value = json.loads(stream.read(MAX_PROJECT))
    except (OSError, ValueError, RecursionError):
        # Not a project; `open_model` looks at it and has the words for what is wrong.
        return None
    if not isinstance(value, dict) or not isinstance(value.get("kgui"), int):
        return None
    if not isinstance(value.get("model"), str) or not value["model"]:
        raise FileError('This project names no model (key "model")', where=str(path))
    return value


def _in_words(operation: Any) -> Any:
    """The operation, with what Python raises for a file without measure put in words."""

    def run(task: Task) -> Answer:
        where = str(task.params.get("path"))
        faulthandler.dump_traceback_later(SILENCE, exit=True)
        try:
            answer: Answer = operation(task)
        except KguiError:
            raise
        except RecursionError as error:
            raise LimitError("The file is nested deeper than any model", where=where) from error
        except MemoryError as error:
            raise LimitError("The file asks for more memory than kgui gives to one file", where=where) from error
        finally:
            faulthandler.cancel_dump_traceback_later()
        return answer

    return run


def _alive(task: Task, fraction: float, text: str) -> None:
    faulthandler.dump_traceback_later(SILENCE, exit=True)
    task.progress(fraction, text)


def _fields(risk: Any) -> list[str]:
    return [risk.kind, risk.where, risk.detail, risk.runs_when]


def _weight(weight: Weight) -> list[Any]:
    return [weight.name, weight.shape, weight.dtype, weight.path, weight.trainable]


def _itemsize(dtype: str) -> int:
    from kgui.reader.arrays import named_dtype

    try:
        return named_dtype(dtype).itemsize or 1
    except (TypeError, AttributeError, ImportError):
        return 1  # texts of any length; the store has its own limit for what it reads


def _selection(parts: list[Any] | None) -> Selection:
    return tuple(part if isinstance(part, int) else slice(*part) for part in parts or ())


def _selected(shape: tuple[int, ...], selection: Selection) -> tuple[int, ...]:
    """The shape of a part.

    Raises:
        LimitError: There is no such part.
    """
    if len(selection) > len(shape):
        raise LimitError(f"The array has {len(shape)} dimensions, and {len(selection)} were selected")
    lengths = []
    for part, length in zip(selection, shape, strict=False):
        if isinstance(part, int):
            if not -length <= part < length:
                raise LimitError(f"There is no row {part} among {length}")
        else:
            lengths.append(len(range(*part.indices(length))))
    return (*lengths, *shape[len(selection) :])


def main() -> None:
    """The reader process: limits itself, loads what it needs, locks itself, and answers until nobody asks any more."""
    from kgui.reader.limits import limit_this_process, lock_this_process

    limit_this_process()
    # What is imported now can still write its byte code to the disk, and need not be opened later under the lock.
    import h5py
    import numpy

    import kgui.formats.containers
    import kgui.formats.functional
    import kgui.formats.hdf5_model
    import kgui.formats.keras_zip
    import kgui.formats.sequential
    import kgui.graph.transfer
    import kgui.inference.transfer
    import kgui.reader.arrays
    import kgui.reader.overview
    import kgui.reports.risks  # noqa: F401
    from kgui.layers import specs
    from kgui.processes import serve

    # The table of all layers: the first file should not wait for it.
    specs.spec("Dense")

    handlers = ModelReader().handlers()
    held = lock_this_process()
    serve(handlers, hello={"locks": held, "h5py": h5py.__version__, "numpy": numpy.__version__})
