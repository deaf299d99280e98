"""kgui: a workbench for Keras models.

The names that a script needs are imported on first use, so that `import kgui` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from kgui.errors import KguiError
    from kgui.formats import ModelFile

_PLACES = {
    "KguiError": "kgui.errors",
    "ModelFile": "kgui.formats",
    "open_model": "kgui.formats",
    "save_model": "kgui.formats.save",
}

__all__ = ["KguiError", "ModelFile", "__version__", "open_model", "save_model"]


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        import importlib

        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'kgui' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
