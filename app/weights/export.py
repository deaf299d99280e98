"""Arrays into files: read in pieces by the reader, written by a thread, so that the window goes on and memory stays."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Qt, Signal

from kgui.atomic import replacing
from kgui.errors import KguiError

if TYPE_CHECKING:
    import numpy as np

    from kgui.graph.model import Weight
    from kgui.reader.client import Reader, Request

    Array = np.ndarray[Any, Any]

log = logging.getLogger(__name__)

Kind = Literal["npy", "csv"]

PIECE_BYTES = 8 << 20
TRIES = 3
"""For each piece: a reader that dies is started again, and the export goes on."""


class Stopped(Exception):
    """The user has given up on the export."""


@dataclass(frozen=True)
class Order:
    """What is written where."""

    source: Path
    weight: Weight
    target: Path
    kind: Kind


class Export(QObject):
    """One export, in a thread of its own.

    Attributes:
        order: What is written where.
        part: How much of it is done.
    """

    progress = Signal(float)
    done = Signal()
    failed = Signal(object)
    """A `KguiError`, or another exception for the log."""
    stopped = Signal()
    _ended = Signal(str, object)

    def __init__(self, order: Order, reader: Reader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.order = order
        self.part = 0.0
        self._reader = reader
        self._stop = threading.Event()
        self._request: Request[Any] | None = None
        self._thread = threading.Thread(target=self._run, name="export of an array")
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Gives up; what has been written is removed."""
        self._stop.set()
        if (request := self._request) is not None:
            request.cancel()

    def close(self) -> None:
        """Gives up and waits for the thread."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            with replacing(self.order.target) as part:
                WRITERS[self.order.kind](part, self.order.weight, self._pieces())
        except (Stopped, CancelledError):
            self._ended.emit("stopped", None)
        except KguiError as error:
            self._ended.emit("failed", error)
        except Exception as error:
            log.exception("an export failed")
            self._ended.emit("failed", error)
        else:
            self._ended.emit("done", None)

    def _on_ended(self, outcome: str, error: object) -> None:
        self._thread.join()
        if outcome == "failed":
            self.failed.emit(error)
        else:
            getattr(self, outcome).emit()

    def _pieces(self) -> Iterator[Array]:
        from kgui.reader.arrays import named_dtype, pieces

        weight = self.order.weight
        itemsize = named_dtype(weight.dtype).itemsize
        parts = list(pieces(weight.shape, itemsize, PIECE_BYTES)) if weight.size else []
        for number, part in enumerate(parts):
            yield self._read(part)
            self.part = (number + 1) / len(parts)
            self.progress.emit(self.part)

    def _read(self, part: tuple[slice | int, ...]) -> Array:
        for attempt in range(1, TRIES + 1):
            if self._stop.is_set():
                raise Stopped
            self._request = self._reader.values(self.order.source, self.order.weight, part or None)
            try:
                return self._request.result()
            except CancelledError:
                raise Stopped from None
            except KguiError:
                if attempt == TRIES:
                    raise
        raise AssertionError("unreachable")


def stored_dtype(name: str) -> np.dtype[Any]:
    """The dtype in an NPY file: NumPy's own as it is; bfloat16, float8 and int4 as the next wider one that holds them.

    `numpy.save` writes those of ml_dtypes as raw bytes ("V2"), which nobody can read again as numbers.
    """
    import numpy as np

    from kgui.reader.arrays import named_dtype

    dtype = named_dtype(name)
    if dtype.isbuiltin == 1:
        return dtype.newbyteorder("<") if dtype.byteorder == ">" else dtype
    return np.dtype(np.int8 if "int" in name else np.float32)


def write_npy(path: Path, weight: Weight, pieces: Iterator[Array]) -> None:
    """The bytes that `numpy.save` writes."""
    import numpy as np

    dtype = stored_dtype(weight.dtype)
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": weight.shape}
        )
        for piece in pieces:
            stream.write(np.ascontiguousarray(piece, dtype=dtype).tobytes())


def write_csv(path: Path, weight: Weight, pieces: Iterator[Array]) -> None:
    """One line for each row of the last axis, as `numpy.loadtxt(delimiter=",")` reads it.

    An array of more than two axes has the places along the others in the first columns, and a head that says so.
    """
    rank = len(weight.shape)
    with path.open("w", encoding="utf-8", newline="") as stream:
        if rank > 2:
            names = [f"axis_{axis}" for axis in range(rank - 1)] + [str(place) for place in range(weight.shape[-1])]
            stream.write(",".join(names) + "\n")
        for line in _lines(weight.shape, pieces):
            stream.write(line)


def _lines(shape: tuple[int, ...], pieces: Iterator[Array]) -> Iterator[str]:
    """The pieces come in C order, but one may end in the middle of a row, if a row is very long."""
    width = shape[-1] if len(shape) > 1 else 1
    row, column = 0, 0
    for piece in pieces:
        texts = _texts(piece)
        place = 0
        while place < len(texts):
            taken = texts[place : place + width - column]
            if column == 0 and len(shape) > 2:
                yield ",".join(str(number) for number in _places(row, shape[:-1])) + ","
            yield ",".join(taken)
            place, column = place + len(taken), column + len(taken)
            if column == width:
                yield "\n"
                row, column = row + 1, 0
            else:
                yield ","


def _places(row: int, lengths: tuple[int, ...]) -> list[int]:
    found = []
    for length in reversed(lengths):
        row, place = divmod(row, length)
        found.append(place)
    return found[::-1]


def _texts(piece: Array) -> list[str]:
    """Numbers with as few figures as tell them from their neighbours."""
    import numpy as np

    flat = np.ascontiguousarray(piece).reshape(-1)
    if flat.dtype.kind not in "biufc":
        flat = flat.astype(np.int8 if "int" in flat.dtype.name else np.float32)
    if flat.dtype.kind == "b":
        flat = flat.astype(np.int8)
    texts: list[str] = flat.astype(str).tolist()
    return texts


WRITERS: dict[Kind, Callable[[Path, Weight, Iterator[Array]], None]] = {"npy": write_npy, "csv": write_csv}
