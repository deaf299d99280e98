"""The summary: one row per call of a layer, sortable and filterable, linked to the canvas."""

from app.summary.panel import SummaryPanel

__all__ = ["SummaryPanel"]
