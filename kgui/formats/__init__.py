"""Bytes to graph and back: one module per format and era, one front door."""

from kgui.formats.file import ModelFile
from kgui.formats.open import open_model

__all__ = ["ModelFile", "open_model"]
