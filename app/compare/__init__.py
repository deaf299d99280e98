"""What differs between two models: both canvases side by side, and a list."""

from app.compare.choose import ChooseDialog
from app.compare.comparison import Comparison
from app.compare.page import ComparePage
from app.compare.panel import DifferencesPanel

__all__ = ["ChooseDialog", "ComparePage", "Comparison", "DifferencesPanel"]
