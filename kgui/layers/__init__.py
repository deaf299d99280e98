"""What Keras offers: one spec per layer class and argument, and today's words for those of earlier eras."""

from kgui.layers.categories import CATEGORIES, Category, category
from kgui.layers.eras import modern
from kgui.layers.specs import ArgumentSpec, LayerSpec, PartSpec, defaults, spec

__all__ = [
    "CATEGORIES",
    "ArgumentSpec",
    "Category",
    "LayerSpec",
    "PartSpec",
    "category",
    "defaults",
    "modern",
    "spec",
]
