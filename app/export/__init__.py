"""The model as files for others: pictures, tables, text."""

from app.export.picture import PictureDialog
from app.export.summary import SummaryDialog

__all__ = ["PictureDialog", "SummaryDialog"]
