"""What can be said where no rule can: whether a guess fits what follows, and where shapes are known again.

A custom layer is taken to keep the shape of its input, unless the next layers with weights say otherwise. A layer
whose input is not known still tells its own rank and last size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kgui.graph import Shape, TensorSpec, Weight
from kgui.inference.convolution import join
from kgui.inference.normalization import batch_normalization
from kgui.inference.rule import Rule, same, shape_of

KEEPING: frozenset[Rule] = frozenset({same, batch_normalization})
"""Rules of layers that keep the shape, through which an assumption can be followed."""

_RANKS = {f"{kind}{rank}D": rank + 2 for rank in (1, 2, 3) for kind in (
    "Conv", "DepthwiseConv", "SeparableConv", "MaxPooling", "AveragePooling", "GlobalMaxPooling",
    "GlobalAveragePooling", "ZeroPadding", "Cropping", "UpSampling", "LocallyConnected",
)}  # fmt: skip
_RANKS |= {f"Conv{rank}DTranspose": rank + 2 for rank in (1, 2, 3)}
_RANKS |= dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU"), 3)
_RANKS["RepeatVector"] = 2
_CONVOLUTIONS = tuple(f"Conv{rank}D" for rank in (1, 2, 3))
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU")


def could_take(class_name: str, config: dict[str, Any], weights: Sequence[Weight] | None, shape: Shape) -> bool:
    """Whether a layer could take an input of that shape, as far as its rank and its weights in the file tell."""
    rank = _RANKS.get(class_name)
    if rank is not None and len(shape) != rank:
        return False
    if not weights:
        return True
    sizes = _input_sizes(class_name, config, weights)
    if sizes is None:
        return True
    first = config.get("data_format") == "channels_first" and class_name in _CONVOLUTIONS
    size = shape[1] if first else shape[-1] if shape else None
    return size is None or size in sizes


def _input_sizes(class_name: str, config: dict[str, Any], weights: Sequence[Weight]) -> set[int] | None:
    """Sizes of the axis that the weights act on; None where they do not tell."""
    shape = weights[0].shape
    if (class_name == "Dense" or class_name in _RECURRENT) and len(shape) == 2:
        return {shape[0]}
    if class_name in _CONVOLUTIONS and len(shape) == int(class_name[4]) + 2:
        groups = config.get("groups")
        # Theano's order, in files of Keras 1, has the input channels second.
        return {shape[-2] * (groups if isinstance(groups, int) else 1), shape[1]}
    if class_name == "BatchNormalization" and len(shape) == 1 and config.get("axis", -1) == -1:
        return {shape[0]}
    return None


def restart(
    class_name: str, config: dict[str, Any], dtypes: tuple[str, str], weights: Sequence[Weight] | None
) -> TensorSpec | None:
    """The output of a layer whose input is not known, as far as the layer itself tells it; None if it does not."""
    tell = _RESTARTS.get(class_name)
    shape = None if tell is None else tell(class_name, config, weights)
    return None if shape is None else TensorSpec(shape, dtypes[0])


def _convolution(class_name: str, config: dict[str, Any], weights: Sequence[Weight] | None) -> Shape | None:
    filters = config.get("filters")
    rank = _RANKS[class_name] - 2
    if type(filters) is not int:
        return None
    return join(None, (None,) * rank, filters, config.get("data_format") == "channels_first")


def _dense(class_name: str, config: dict[str, Any], weights: Sequence[Weight] | None) -> Shape | None:
    units = config.get("units")
    # Only a kernel in the file is reason enough to take the input for rows of features.
    return (None, units) if weights and type(units) is int else None


def _recurrent(class_name: str, config: dict[str, Any], weights: Sequence[Weight] | None) -> Shape | None:
    units = config.get("units")
    if type(units) is not int or config.get("return_state"):
        return None
    return (None, None, units) if config.get("return_sequences") else (None, units)


def _flatten(class_name: str, config: dict[str, Any], weights: Sequence[Weight] | None) -> Shape | None:
    return (None, None)


def _reshape(class_name: str, config: dict[str, Any], weights: Sequence[Weight] | None) -> Shape | None:
    target = shape_of(config.get("target_shape"))
    return None if target is None else (None, *(None if size == -1 else size for size in target))


_RESTARTS: dict[str, Callable[[str, dict[str, Any], Sequence[Weight] | None], Shape | None]] = {
    **dict.fromkeys((*_CONVOLUTIONS, *(f"{name}Transpose" for name in _CONVOLUTIONS)), _convolution),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _convolution),
    "Dense": _dense,
    **dict.fromkeys(_RECURRENT, _recurrent),
    "Flatten": _flatten,
    "Reshape": _reshape,
}
