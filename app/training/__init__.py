"""The training dock: how a run stands, and its curves while it goes on."""

from app.training.panel import TrainingPanel

__all__ = ["TrainingPanel"]
