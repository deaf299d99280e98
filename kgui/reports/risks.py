"""What in a model file could run code, read other files, or exhaust a machine, and which loader would let it.

`find_risks` reads configurations. What stands in a container (zip, HDF5, YAML, SavedModel) is found by the module of
`kgui.formats` that reads it, which calls `risk` with a kind from `RISK_KINDS`.

Sources: section 9 of the format reference; `keras.src.saving.serialization_lib` of Keras 3.15 and of tf_keras 2.21 for
what a loader does with a name.
"""

from __future__ import annotations

from kgui.reports.risk_kinds import RISK_KINDS, Risk, RiskKind, risk

__all__ = ["RISK_KINDS", "Risk", "RiskKind", "risk"]
