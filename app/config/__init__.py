"""The raw config: what the file says about a layer or the model, as a tree that unfolds and can be copied."""

from app.config.panel import ConfigPanel

__all__ = ["ConfigPanel"]
