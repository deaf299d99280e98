"""Runs of identical blocks in a model: the sixteen same layers of a transformer, the blocks of a residual network."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from kgui.graph import Layer, Model, TensorRef, refs

MAX_PERIOD = 24
"""Most pieces (see `_pieces`) that one block may have."""

MIN_FOLDED = 6
"""Fewest layers that folding must take out of sight to be worth it."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A run of identical blocks, each of which reads only the last layer of the one before.

    Attributes:
        first: Ids of the layers of the first block, in their order.
        hidden: Ids of the layers of all the other blocks.
        count: How many blocks there are.
    """

    first: tuple[int, ...]
    hidden: tuple[int, ...]
    count: int

    @property
    def last(self) -> int:
        """The layer whose output leaves the run."""
        return self.hidden[-1]


def find_repeats(model: Model, says: dict[int, Hashable]) -> list[Repeat]:
    """The runs in one model (not in those nested in it), none overlapping another.

    Args:
        model: The graph, whose layers must be in an order in which inputs come before their readers. Where they are
            not, nothing is found.
        says: For each layer what must be equal for two to be the same; a layer without is like no other.
    """
    layers = list(model.layers.values())
    ends = _pieces(model, layers)
    if len(ends) < 2:
        return []
    position = {layer.id: number for number, layer in enumerate(layers)}
    known: dict[Hashable, int] = {}
    pieces: list[int] = []
    starts = [0, *(end + 1 for end in ends[:-1])]
    for start, end in zip(starts, ends, strict=True):
        signature = tuple(_signature(layer, position, start, says) for layer in layers[start : end + 1])
        pieces.append(known.setdefault(signature, len(known)))
    found: list[Repeat] = []
    at = 1  # The first piece is what the model starts with: it has no block before it.
    while at < len(pieces):
        period, count = _best(pieces, at, starts, ends)
        if count < 2:
            at += 1
            continue
        ids = [layer.id for layer in layers[starts[at] : ends[at + period * count - 1] + 1]]
        length = len(ids) // count
        found.append(Repeat(tuple(ids[:length]), tuple(ids[length:]), count))
        at += period * count
    return found


def _pieces(model: Model, layers: Sequence[Layer]) -> list[int]:
    """Where the graph can be cut: numbers of layers past which nothing leads but their own outputs."""
    position = {layer.id: number for number, layer in enumerate(layers)}
    beyond = len(layers)
    # Over each layer lie the edges that start before and end behind it: counted by where they begin and stop.
    change = [0] * (beyond + 2)
    for number, layer in enumerate(layers):
        for call in layer.calls:
            for ref in call.inputs():
                source = position.get(ref.layer, number)
                if source > number:
                    return []
                change[source + 1] += 1
                change[max(number, source + 1)] -= 1
    for ref in refs(model.outputs):
        if ref.layer in position:
            change[position[ref.layer] + 1] += 1
            change[beyond] -= 1
    over = 0
    ends = []
    for number in range(beyond):
        over += change[number]
        if over == 0:
            ends.append(number)
    if ends and ends[-1] != beyond - 1:
        ends.append(beyond - 1)
    return ends


def _signature(layer: Layer, position: dict[int, int], start: int, says: dict[int, Hashable]) -> Hashable:
    """What two layers at the same place of two blocks have in common."""
    if len(layer.calls) != 1 or layer.id not in says:
        return ("unlike", layer.id)
    call = layer.calls[0]
    inputs = [_relative(ref, position, start) for ref in refs(call.args)]
    named = [(key, *(_relative(ref, position, start) for ref in refs(value))) for key, value in call.kwargs.items()]
    return says[layer.id], tuple(inputs), tuple(named)


def _relative(ref: TensorRef, position: dict[int, int], start: int) -> tuple[int, int, int]:
    return max(position.get(ref.layer, start) - start, -1), ref.call, ref.tensor


def _best(pieces: Sequence[int], at: int, starts: Sequence[int], ends: Sequence[int]) -> tuple[int, int]:
    """Period and number of the repetitions from a piece on that take most layers out of sight; (1, 1) for none."""
    best, gain = (1, 1), MIN_FOLDED - 1
    for period in range(1, min(MAX_PERIOD, (len(pieces) - at) // 2) + 1):
        count = 1
        while pieces[at + period * count : at + period * (count + 1)] == list(pieces[at : at + period]):
            count += 1
        folded = ends[at + period * count - 1] - ends[at + period - 1]
        if count > 1 and folded > gain and ends[at + period - 1] > starts[at]:
            best, gain = (period, count), folded
    return best
