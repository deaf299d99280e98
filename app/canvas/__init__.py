"""The canvas: a model as cards and wires, at any size."""

from app.canvas.arranging import Arranged, prepare
from app.canvas.canvas import Canvas
from app.canvas.state import CanvasState

__all__ = ["Arranged", "Canvas", "CanvasState", "prepare"]
