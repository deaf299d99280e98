"""The model as Python code, to read and to copy."""

from app.python_code.dialog import CodeDialog

__all__ = ["CodeDialog"]
