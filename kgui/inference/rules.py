"""The one table of rules: which function says what a class makes of its inputs."""

from __future__ import annotations

from kgui.inference import (
    attention,
    convolution,
    core,
    legacy,
    merging,
    normalization,
    operations,
    pooling,
    preprocessing,
    recurrent,
    reshaping,
    tensorflow_operations,
)
from kgui.inference.rule import Rule

LAYERS: dict[str, Rule] = {
    **legacy.RULES,
    **core.RULES,
    **convolution.RULES,
    **pooling.RULES,
    **merging.RULES,
    **normalization.RULES,
    **reshaping.RULES,
    **recurrent.RULES,
    **attention.RULES,
    **preprocessing.RULES,
}
"""Rules of layer classes, by the name of the class in today's words."""

OPERATIONS: dict[str, Rule] = {**operations.OPERATIONS, **tensorflow_operations.RULES}
"""Rules of nodes that are functions, by the name of the operation's class, or of the layer that wraps the function."""
