"""Rules for preprocessing layers."""

from __future__ import annotations

from kgui.inference.rule import Rule, same

RULES: dict[str, Rule] = {**dict.fromkeys(("Rescaling",), same)}
