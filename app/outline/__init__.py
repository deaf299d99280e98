"""The outline: the tree of the open model, selection synced with everything else."""

from app.outline.panel import OutlinePanel

__all__ = ["OutlinePanel"]
