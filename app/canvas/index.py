"""Which card is where in a diagram, and which wires and cards are next to it."""

from __future__ import annotations

from app.session import LayerPath, NodeKey
from kgui.layout import Diagram, Place


class DiagramIndex:
    """Made once per diagram, beside the window's own work where that is large.

    Attributes:
        numbers: For each node its cards; for one that is folded away the frame that it is in.
        at: For each place its card.
        layers: For each layer the cards of all its calls.
        wires: For each card its edges.
        readers: For each card those that read it.
        inputs: For each card those that it reads.
    """

    def __init__(self, diagram: Diagram) -> None:
        self.numbers: dict[NodeKey, list[int]] = {}
        self.at: dict[Place, int] = {}
        self.layers: dict[LayerPath, list[int]] = {}
        for number, card in enumerate(diagram.cards):
            key = card.key
            self.numbers.setdefault(key, []).append(number)
            self.layers.setdefault(key[0], []).append(number)
            self.at[card.place] = number
            for place in card.members:
                self.numbers.setdefault((tuple(layer for layer, _ in place), place[-1][1]), []).append(number)
        count = len(diagram.cards)
        self.wires: list[list[int]] = [[] for _ in range(count)]
        readers: list[dict[int, None]] = [{} for _ in range(count)]
        inputs: list[dict[int, None]] = [{} for _ in range(count)]
        for number, edge in enumerate(diagram.edges):
            self.wires[edge.source].append(number)
            if edge.target != edge.source:
                self.wires[edge.target].append(number)
            readers[edge.source][edge.target] = None
            inputs[edge.target][edge.source] = None
        self.readers = [list(cards) for cards in readers]
        self.inputs = [list(cards) for cards in inputs]
