"""Shapes, dtypes, parameters, operations and memory by rule, without Keras."""

from kgui.inference.result import CallResult, Inference, LayerResult, Problem, Severity, Source

__all__ = ["CallResult", "Inference", "LayerResult", "Problem", "Severity", "Source"]
