"""The one table of rules: which function says what a class makes of its inputs."""

from __future__ import annotations

from kgui.inference import (
    attention,
    convolution,
    core,
    legacy,
    merging,
    normalization,
    pooling,
    preprocessing,
    recurrent,
    reshaping,
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
