"""Values of layers as earlier eras laid them out, in the layout of today: for files that become files of Keras 3.

Source: `tf_keras.src.saving.legacy.hdf5_format.preprocess_weights_for_loading` (2.21), and the same function in Keras
2.3 for kernels of the Theano backend, which turned them by 180 degrees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kgui.formats.weight_names import Config, serialized

Array = np.ndarray[Any, Any]
Arrays = list[Array]


def in_todays_layout(
    class_name: str, config: Config, arrays: Sequence[Array], *, era: str, backend: str | None
) -> Arrays:
    """The arrays that Keras 3 has in the place of those of an earlier era. They are not checked: see the shapes.

    Args:
        class_name: In Keras 3's words.
        config: The layer's arguments in Keras 3's words.
        arrays: In the order of the file.
        era: Of the file.
        backend: What the file says that its Keras ran on: "theano", "tensorflow", ….
    """
    found = list(arrays)
    if class_name == "Bidirectional" and len(found) % 2 == 0:
        inner = serialized(config.get("layer"))
        half = len(found) // 2
        return [
            array
            for part in (found[:half], found[half:])
            for array in in_todays_layout(*inner, part, era=era, backend=backend)
        ]
    if class_name == "TimeDistributed":
        return in_todays_layout(*serialized(config.get("layer")), found, era=era, backend=backend)
    if era in ("keras-0", "keras-1") and found and class_name in _FIRST_ERAS:
        found = _FIRST_ERAS[class_name](found, config)
    if backend == "theano" and class_name in _TURNED:
        kernels = _TURNED[class_name]
        found = [_turn(array) if index < kernels else array for index, array in enumerate(found)]
    return found


_TURNED = {"Conv1D": 1, "Conv2D": 1, "Conv3D": 1, "Conv2DTranspose": 1, "ConvLSTM2D": 2}
"""Layers that Theano convolved with a turned kernel, and how many of their arrays are kernels."""


def _turn(kernel: Array) -> Array:
    return np.flip(kernel, axis=tuple(range(kernel.ndim - 2))) if kernel.ndim > 2 else kernel


def _conv_1d(arrays: Arrays, config: Config) -> Arrays:
    """(length, 1, inputs, filters); Keras 1.0 and 1.1 had (filters, inputs, length, 1)."""
    kernel, *rest = arrays
    if kernel.ndim != 4:
        return arrays
    size = config.get("kernel_size")
    length = size[0] if isinstance(size, (list, tuple)) and size else size
    if kernel.shape[:2] != (length, 1) or kernel.shape[3] != config.get("filters"):
        kernel = kernel.transpose(2, 3, 1, 0)
    return [kernel[:, 0], *rest]


def _is_first(config: Config) -> bool:
    return config.get("data_format") == "channels_first"


def _axes(first: tuple[int, ...], last: tuple[int, ...] | None = None) -> Callable[[Arrays, Config], Arrays]:
    """Reorders the axes of the kernel, as it is needed for channels first and for channels last."""

    def convert(arrays: Arrays, config: Config) -> Arrays:
        axes = first if _is_first(config) else last
        kernel, *rest = arrays
        return arrays if axes is None or kernel.ndim != len(axes) else [kernel.transpose(axes), *rest]

    return convert


def _gates(order: tuple[int, ...]) -> Callable[[Arrays, Config], Arrays]:
    """Joins what was kept gate by gate: kernel, recurrent kernel and bias of each, in the order of that time."""

    def convert(arrays: Arrays, config: Config) -> Arrays:
        if len(arrays) != 3 * len(order):
            return arrays
        return [np.concatenate([arrays[3 * gate + part] for gate in order], axis=-1) for part in range(3)]

    return convert


def _conv_lstm(arrays: Arrays, config: Config) -> Arrays:
    joined = _gates((0, 2, 1, 3))(arrays, config)
    if len(joined) == 3 and _is_first(config) and joined is not arrays:
        return [*(kernel.transpose(2, 3, 1, 0) for kernel in joined[:2]), joined[2]]
    return joined


_FIRST_ERAS: dict[str, Callable[[Arrays, Config], Arrays]] = {
    "Conv1D": _conv_1d,
    "Conv2D": _axes((2, 3, 1, 0)),
    "Conv2DTranspose": _axes((2, 3, 0, 1), (0, 1, 3, 2)),
    "Conv3D": _axes((2, 3, 4, 1, 0)),
    "LSTM": _gates((0, 2, 1, 3)),
    "GRU": _gates((0, 1, 2)),
    "ConvLSTM2D": _conv_lstm,
}
"""Keras 0.x and 1 kept kernels in the order of Theano where channels came first, and recurrent layers gate by gate."""
