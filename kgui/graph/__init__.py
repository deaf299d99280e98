"""What a model is: layers, calls, tensors and nested models, and changes to them."""

from kgui.graph.model import Call, Era, Kind, Layer, Model, Weight
from kgui.graph.tensors import Shape, Structure, TensorRef, TensorSpec, map_refs, refs

__all__ = [
    "Call",
    "Era",
    "Kind",
    "Layer",
    "Model",
    "Shape",
    "Structure",
    "TensorRef",
    "TensorSpec",
    "Weight",
    "map_refs",
    "refs",
]
