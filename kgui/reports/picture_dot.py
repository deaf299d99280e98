"""A model as a graph for Graphviz, through pydot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kgui.graph import Model
from kgui.inference.result import Inference
from kgui.layout import Card, diagram
from kgui.layout.text import clean
from kgui.reports.picture import PictureOptions

if TYPE_CHECKING:
    import pydot


def dot(
    model: Model,
    inference: Inference | None = None,
    options: PictureOptions | None = None,
    *,
    subgraph: bool = False,
) -> pydot.Dot | pydot.Cluster:
    """The graph, as Keras' `model_to_dot` gives it.

    Args:
        model: The graph.
        inference: Its shapes.
        options: What to show.
        subgraph: Whether to give a cluster, to be put into a larger graph, instead of a graph.
    """
    import pydot

    options = options or PictureOptions()
    cards = diagram(model, inference, options.diagram_options())
    root: pydot.Dot | pydot.Cluster
    if subgraph:
        root = pydot.Cluster(graph_name=_quoted(model.name or "model"), style="dashed", label=_quoted(model.name))
    else:
        root = pydot.Dot(graph_type="digraph", rankdir=options.rankdir, concentrate="true")
        if options.dpi is not None:
            root.set("dpi", str(options.dpi))
        root.set_node_defaults(shape="record", fontname="Helvetica", fontsize="11")
    graphs: dict[int | None, pydot.Dot | pydot.Cluster] = {None: root}
    ends: dict[int, tuple[str, str]] = {}
    for number, card in enumerate(cards.cards):
        graph = graphs[card.parent]
        if card.expanded:
            inner = pydot.Cluster(graph_name=f"n{number}", style="dashed", label=_quoted(card.name or card.title))
            # Edges cannot end at a cluster: two points stand for where tensors go in and come out.
            for name in (f"n{number}_in", f"n{number}_out"):
                inner.add_node(pydot.Node(name, shape="point"))
            graph.add_subgraph(inner)
            graphs[number] = inner
            ends[number] = (f"n{number}_in", f"n{number}_out")
        else:
            graph.add_node(pydot.Node(f"n{number}", label=_label(card)))
            ends[number] = (f"n{number}", f"n{number}")
    for edge in cards.edges:
        source, target = cards.cards[edge.source], cards.cards[edge.target]
        tail = ends[edge.source][0 if target.parent == edge.source else 1]
        head = ends[edge.target][1 if source.parent == edge.target else 0]
        words = {"label": _quoted(edge.keyword)} if edge.keyword else {}
        root.add_edge(pydot.Edge(tail, head, **words))
    return root


def _label(card: Card) -> str:
    """A record: one field per line of the card."""
    rows = [card.title, card.name, card.arguments, card.output]
    return _quoted("{" + "|".join(_field(row) for row in rows if row) + "}", escaped=True)


def _field(text: str) -> str:
    """A text as a field of a record, whose own signs must be escaped."""
    return "".join(f"\\{c}" if c in '\\{}|<>" ' else c for c in text)


def _quoted(text: str, *, escaped: bool = False) -> str:
    plain = clean(text)
    return '"' + (plain if escaped else plain.replace("\\", "\\\\").replace('"', '\\"')) + '"'
