"""The runs of the open project: those that go on, and those that have ended."""

from app.runs.panel import RunsPanel

__all__ = ["RunsPanel"]
