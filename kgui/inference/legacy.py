"""Rules for layers that Keras had once and has no more."""

from __future__ import annotations

from kgui.inference.rule import Rule, same

RULES: dict[str, Rule] = {**dict.fromkeys(("ThresholdedReLU",), same)}
