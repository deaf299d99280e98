"""The canvas: a model as cards and wires, at any size."""

from app.canvas.canvas import Canvas

__all__ = ["Canvas"]
