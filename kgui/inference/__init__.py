"""Shapes, dtypes, parameters, operations and memory by rule, without Keras."""

from kgui.inference.infer import infer
from kgui.inference.result import CallResult, Inference, LayerResult, Problem, Severity, Source
from kgui.inference.transfer import inference_from_json, inference_to_json

__all__ = [
    "CallResult",
    "Inference",
    "LayerResult",
    "Problem",
    "Severity",
    "Source",
    "infer",
    "inference_from_json",
    "inference_to_json",
]
