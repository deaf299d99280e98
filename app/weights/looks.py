"""How an array is best looked at: as a value, a curve, a matrix in colours, or a grid of convolution kernels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from app.weights.rows import ArrayRow
from kgui.graph.model import Layer

Kind = Literal["none", "value", "line", "matrix", "kernels"]

LARGEST_KERNEL = 31
"""Along one axis. What is longer is no kernel but data."""
MOST_KERNELS = 1024
"""In one picture; the next ones are a page further."""
GATES = {"LSTM": "ifco", "LSTMCell": "ifco", "CuDNNLSTM": "ifco", "GRU": "zrh", "GRUCell": "zrh", "CuDNNGRU": "zrh"}
"""What Keras keeps side by side in the last axis of a recurrent kernel, see keras/src/layers/rnn/lstm.py and gru.py:
input, forget, cell, output; update, reset, hidden."""


@dataclass(frozen=True)
class Look:
    """How an array is shown.

    Attributes:
        kind: "none" for texts and for what has no values.
        axes: Those of the picture: of the curve, of the matrix (rows, columns), of one kernel (rows, columns).
        filters: For kernels: the axis along which one kernel stands beside the next.
        channels: For kernels: the axis from which one is picked.
        others: Axes that are neither: one place of each is shown.
        color: Whether the channels are red, green and blue, and can be shown as one colour picture.
        gates: Letters of equal parts along the last axis, or "".
    """

    kind: Kind
    axes: tuple[int, ...] = ()
    filters: int = -1
    channels: int = -1
    others: tuple[int, ...] = ()
    color: bool = False
    gates: str = ""


def look(row: ArrayRow, layer: Layer | None) -> Look:
    """How an array of a layer is best looked at."""
    lengths = row.weight.shape
    rank = len(lengths)
    if row.bytes is None or not row.weight.size:
        return Look("none")
    if rank == 0:
        return Look("value")
    if rank == 1:
        return Look("line", (0,), gates=_gates(row, layer))
    if rank >= 4 and (kernels := _kernels(row)) is not None:
        return kernels
    # Axes of length 1 make no picture: (1, 1, 64, 128) is a matrix, and so is (64, 1, 128, 1).
    long = [axis for axis in range(rank) if lengths[axis] > 1]
    if len(long) == 1 and rank > 2:
        return Look("line", (long[0],), others=tuple(axis for axis in range(rank) if axis != long[0]))
    axes = (long[-2], long[-1]) if len(long) >= 2 else (rank - 2, rank - 1)
    others = tuple(axis for axis in range(rank) if axis not in axes)
    return Look("matrix", axes, others=others, gates=_gates(row, layer) if axes[-1] == rank - 1 else "")


def _kernels(row: ArrayRow) -> Look | None:
    """Kernels as Keras has them since 2.0: space, then channels of the input, then filters, see keras base_conv.py.

    A transposed convolution has filters before channels, a depthwise one a filter for each channel.
    """
    lengths = row.weight.shape
    rank = len(lengths)
    rows, columns = rank - 4, rank - 3
    if lengths[rows] * lengths[columns] == 1 or max(lengths[:-2]) > LARGEST_KERNEL:
        return None
    words = f"{row.class_name} {row.weight.name}".lower()
    swapped = "transpose" in words or "depthwise" in words
    filters, channels = (rank - 2, rank - 1) if swapped else (rank - 1, rank - 2)
    color = lengths[channels] == 3 and not swapped
    return Look("kernels", (rows, columns), filters, channels, tuple(range(rank - 4)), color)


def _gates(row: ArrayRow, layer: Layer | None) -> str:
    name = row.class_name
    if layer is not None and isinstance(inner := layer.config.get("layer"), dict):
        # Bidirectional and its like hold the layer that has the gates.
        name = str(inner.get("class_name", name))
    found = GATES.get(name, "")
    return found if found and row.weight.shape[-1] % len(found) == 0 else ""


def plane_bytes(row: ArrayRow, look: Look) -> int:
    """What has to be read for the picture."""
    whole = row.bytes or 0
    size = row.weight.size or 1
    axes = look.axes if look.kind != "kernels" else (*look.axes, look.filters)
    return whole * math.prod(row.weight.shape[axis] for axis in axes) // size
