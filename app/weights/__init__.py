"""The weights: the arrays of what is selected, and one of them as statistics, pictures and numbers."""

from app.weights.panel import WeightsPanel

__all__ = ["WeightsPanel"]
