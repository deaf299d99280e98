"""The inspector: all about what is selected, or about the model itself."""

from app.inspector.panel import InspectorPanel

__all__ = ["InspectorPanel"]
