"""The console: what happened, as it happened, and the file that keeps it."""

from app.console.panel import ConsolePanel

__all__ = ["ConsolePanel"]
