"""Bytes to graph and back: one module per format and era, one front door."""

from kgui.formats.file import ModelFile

__all__ = ["ModelFile"]
