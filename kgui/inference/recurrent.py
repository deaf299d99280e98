"""Rules for recurrent layers, their cells, and the wrappers Bidirectional and TimeDistributed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from kgui.graph import Shape, TensorSpec, Weight
from kgui.inference.convolution import join, padding_of, split, strides_and_dilation, window_sizes
from kgui.inference.dtypes import policy
from kgui.inference.normalization import prefixed
from kgui.inference.rule import Answer, Ask, Misfit, Rule, Unknown, count, known, need_rank, plain, show, sizes, whole


class Cell(NamedTuple):
    """What an RNN needs to know of its cell.

    Attributes:
        units: Size of its output.
        states: Size of each of its states; a list where the cell is a stack.
        weights: What it owns.
        multiply_adds: For one step of one sample.
    """

    units: int
    states: list[Any]
    weights: list[Weight]
    multiply_adds: int | None


_GATES = {"SimpleRNNCell": 1, "GRUCell": 3, "LSTMCell": 4}
_CELL_OF = {"SimpleRNN": "SimpleRNNCell", "GRU": "GRUCell", "LSTM": "LSTMCell"}


def plain_cell(class_name: str, config: dict[str, Any], size: int, dtype: str, prefix: str = "") -> Cell:
    """One of Keras' own three cells, with an input of that size."""
    units = whole(config.get("units"), "units")
    gates = _GATES[class_name]
    weights = [
        Weight(f"{prefix}kernel", (size, units * gates), dtype, None, True),
        Weight(f"{prefix}recurrent_kernel", (units, units * gates), dtype, None, True),
    ]
    if config.get("use_bias", True):
        twice = class_name == "GRUCell" and config.get("reset_after", True)
        bias = (2, units * gates) if twice else (units * gates,)
        weights.append(Weight(f"{prefix}bias", bias, dtype, None, True))
    states = [units, units] if class_name == "LSTMCell" else [units]
    return Cell(units, states, weights, (size + units) * units * gates)


def nested_cell(value: Any, size: int, prefix: str, depth: int = 0) -> Cell:
    """A serialized cell, or a stack of them, with an input of that size."""
    value = plain(value)
    if isinstance(value, (list, tuple)):
        return _stack(list(value), size, prefix, depth)
    if not isinstance(value, dict) or not isinstance(value.get("config"), dict) or depth > 20:
        raise Unknown("the cell is none that kgui knows")
    class_name, config = value.get("class_name"), value["config"]
    if class_name == "StackedRNNCells":
        cells = plain(config.get("cells"))
        return _stack(list(cells) if isinstance(cells, (list, tuple)) else [], size, prefix, depth)
    if class_name not in _GATES or value.get("registered_name"):
        raise Unknown(f"the cell {class_name!r} is none of Keras' own")
    cell = plain_cell(class_name, config, size, policy(config.get("dtype"))[1], prefix)
    if config.get("trainable", True):
        return cell
    return cell._replace(weights=[Weight(w.name, w.shape, w.dtype, None, False) for w in cell.weights])


def _stack(cells: list[Any], size: int, prefix: str, depth: int) -> Cell:
    if not cells:
        raise Misfit("An RNN needs at least one cell.", "Give it a cell.")
    weights: list[Weight] = []
    states: list[Any] = []
    cost: int | None = 0
    units = size
    for number, value in enumerate(cells):
        cell = nested_cell(value, units, f"{prefix}cells/{number}/", depth + 1)
        units = cell.units
        weights += cell.weights
        states.append(cell.states[0] if len(cell.states) == 1 else cell.states)
        cost = None if cost is None or cell.multiply_adds is None else cost + cell.multiply_adds
    return Cell(units, states, weights, cost)


def recurrent(ask: Ask) -> Answer:
    """RNN, SimpleRNN, GRU, LSTM: a cell over the second axis."""
    spec = _sequence(ask)
    shape = spec.shape
    assert shape is not None
    if ask.class_name == "RNN":
        if len(shape) < 3:
            raise Misfit(f"RNN takes a sequence of rank 3, but the input has shape {show(shape)}.")
        size = known(shape[-1], "last size", "RNN")
        cell = nested_cell(ask.config.get("cell"), size, "cell/")
    else:
        need_rank(shape, 3, ask.class_name)
        size = known(shape[-1], "last size", ask.class_name)
        cell = plain_cell(_CELL_OF[ask.class_name], ask.config, size, ask.variable, "cell/")
    if ask.flag("stateful", False) and shape[0] is None:
        raise Misfit(
            f"{ask.class_name} is stateful, which needs a fixed batch size, but the input has shape {show(shape)}.",
            "Give the model's input a batch size, or set stateful to false.",
        )
    if ask.flag("unroll", False) and shape[1] is None:
        raise Misfit(
            f"{ask.class_name} is unrolled, which needs a known number of steps, but the input has shape "
            f"{show(shape)}.",
            "Fix the number of steps, or set unroll to false.",
        )
    return _answer(ask, shape, (cell.units,), _state_shapes(cell.states), cell.weights, cell.multiply_adds)


def _sequence(ask: Ask) -> TensorSpec:
    """The first input: others are initial states."""
    value = ask.args[0] if ask.args else ask.kwargs.get("sequences", ask.kwargs.get("inputs"))
    while type(value) is list and value:
        value = value[0]
    if type(value) is not TensorSpec:
        raise Misfit(f"{ask.class_name} takes a sequence.", "Connect a tensor to it.")
    if value.shape is None:
        raise Unknown("the shape of the input is not known")
    return value


def _state_shapes(states: Sequence[Any]) -> list[tuple[int, ...]]:
    """Shapes of the states without the batch, stacked ones flattened as the tensors of a call are."""
    result: list[tuple[int, ...]] = []
    for state in states:
        if isinstance(state, list):
            result += [(size,) for size in state]
        else:
            result.append((state,))
    return result


def _answer(
    ask: Ask, shape: Shape, out: Sequence[int | None], states: Sequence[Shape], weights: list[Weight], each: int | None
) -> Answer:
    batch, steps = shape[0], shape[1]
    if ask.config.get("time_major"):  # tf.keras: steps first
        batch, steps = steps, batch
        sequence: Shape = (steps, batch, *out)
    else:
        sequence = (batch, steps, *out)
    outputs = [TensorSpec(sequence if ask.flag("return_sequences", False) else (batch, *out), ask.compute)]
    if ask.flag("return_state", False):
        outputs += [TensorSpec((batch, *state), ask.compute) for state in states]
    cost = None if steps is None or each is None else steps * each
    return Answer(outputs, weights, cost)


def cell_layer(ask: Ask) -> Answer:
    """A cell called by itself: one step, with its states."""
    spec = _sequence(ask)
    shape = spec.shape
    assert shape is not None
    size = known(shape[-1], "last size", ask.class_name)
    if ask.class_name == "StackedRNNCells":
        cells = plain(ask.config.get("cells"))
        cell = _stack(list(cells) if isinstance(cells, (list, tuple)) else [], size, "", 0)
    else:
        cell = plain_cell(ask.class_name, ask.config, size, ask.variable)
    batch = shape[:-1]
    states = [TensorSpec((shape[0], *state), ask.compute) for state in _state_shapes(cell.states)]
    places = count(batch[1:])
    cost = None if places is None or cell.multiply_adds is None else places * cell.multiply_adds
    return Answer([TensorSpec((*batch, cell.units), ask.compute), *states], cell.weights, cost)


def conv_lstm(rank: int) -> Rule:
    """The rule of ConvLSTM1D, ConvLSTM2D or ConvLSTM3D."""
    layer = f"ConvLSTM{rank}D"

    def rule(ask: Ask) -> Answer:
        spec = _sequence(ask)
        shape = spec.shape
        assert shape is not None
        need_rank(shape, rank + 3, layer)
        first = ask.channels_first()
        spatial, channels = split((shape[0], *shape[2:]), first)
        if None in spatial:
            raise Misfit(
                f"{layer} needs known spatial sizes, but the input has shape {show(shape)}.", "Fix the spatial sizes."
            )
        size = known(channels, "number of channels", layer)
        filters = ask.whole("filters")
        window = sizes(ask.config.get("kernel_size"), rank, "kernel_size")
        strides, dilation = strides_and_dilation(ask, rank, layer)
        out = window_sizes(spatial, window, strides, dilation, padding_of(ask), layer)
        weights = [
            ask.weight("cell/kernel", (*window, size, filters * 4)),
            ask.weight("cell/recurrent_kernel", (*window, filters, filters * 4)),
        ]
        if ask.flag("use_bias", True):
            weights.append(ask.weight("cell/bias", (filters * 4,)))
        state = join(None, out, filters, first)[1:]
        places = count(out)
        each = None if places is None else places * math.prod(window) * (size + filters) * filters * 4
        return _answer(ask, shape, state, (state, state), weights, each)

    return rule


_MERGES = ("sum", "mul", "ave", "concat", None)


def bidirectional(ask: Ask) -> Answer:
    """Bidirectional: the same layer forwards and backwards, merged."""
    layer = ask.config.get("layer")
    forward = ask.inner(layer, [_sequence(ask)], {})
    behind = ask.config.get("backward_layer")
    backward = forward if behind is None else ask.inner(behind, [_sequence(ask)], {})
    mode = ask.config.get("merge_mode", "concat")
    if mode not in _MERGES:
        raise Misfit(f"merge_mode of Bidirectional must be one of {_MERGES}, not {mode!r}.", "Choose one of these.")
    inner = layer.get("config") if isinstance(layer, dict) else None
    first, states = forward.outputs[0].shape, forward.outputs[1:]
    if not isinstance(inner, dict) or first is None:
        raise Unknown("the layer within is not known")
    if mode == "concat":
        size = first[-1]
        # Keras doubles the last size, whatever axis the channels are on.
        first = (*first[:-1], None if size is None else size * 2)
    outputs = [TensorSpec(first, ask.compute)] * (2 if mode is None else 1)
    outputs += [TensorSpec(state.shape, ask.compute) for state in (*states, *states)]
    weights = prefixed("forward_layer", forward.weights) + prefixed("backward_layer", backward.weights)
    costs = (forward.multiply_adds, backward.multiply_adds)
    return Answer(outputs, weights, None if None in costs else sum(cost for cost in costs if cost is not None))


def time_distributed(ask: Ask) -> Answer:
    """TimeDistributed: the same layer at every step of the second axis."""
    spec = ask.tensor()
    shape = ask.shape()
    if len(shape) < 3:
        raise Misfit(
            f"TimeDistributed takes an input of rank 3 or more, but the input has shape {show(shape)}.",
            "Add an axis of steps after the batch.",
        )
    step = TensorSpec((shape[0], *shape[2:]), ask.autocast(spec.dtype))
    inner = ask.inner(ask.config.get("layer"), [step], {})
    outputs = []
    for one in inner.outputs:
        out = None if one.shape is None else (one.shape[0], shape[1], *one.shape[1:])
        outputs.append(TensorSpec(out, ask.compute))
    cost = None if inner.multiply_adds is None or shape[1] is None else inner.multiply_adds * shape[1]
    return Answer(outputs, prefixed("layer", inner.weights), cost)


RULES: dict[str, Rule] = {
    **dict.fromkeys(("RNN", "SimpleRNN", "GRU", "LSTM"), recurrent),
    **dict.fromkeys(("SimpleRNNCell", "GRUCell", "LSTMCell", "StackedRNNCells"), cell_layer),
    **{f"ConvLSTM{rank}D": conv_lstm(rank) for rank in (1, 2, 3)},
    "Bidirectional": bidirectional,
    "TimeDistributed": time_distributed,
}
