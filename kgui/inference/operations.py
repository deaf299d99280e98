"""Rules for operations: nodes of a graph that are functions of Keras or TensorFlow and own nothing."""

from __future__ import annotations

from kgui.inference.rule import Rule

OPERATIONS: dict[str, Rule] = {}
