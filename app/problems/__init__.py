"""Problems: what Keras would refuse, and what a file could do that a user should know first."""

from app.problems.panel import ProblemsPanel

__all__ = ["ProblemsPanel"]
