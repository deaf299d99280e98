"""Where everything stands: cards and edges of a model, their positions and routes.

`diagram` says what a picture shows, `layout` where. Both give plain values that know nothing of a screen.
"""

from kgui.layout.diagram import Badge, Card, Diagram, DiagramOptions, Edge, NodeKey, Place, diagram
from kgui.layout.placement import Direction, LayoutOptions, Placement, Rect, layout

__all__ = [
    "Badge",
    "Card",
    "Diagram",
    "DiagramOptions",
    "Direction",
    "Edge",
    "LayoutOptions",
    "NodeKey",
    "Place",
    "Placement",
    "Rect",
    "diagram",
    "layout",
]
