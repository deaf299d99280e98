"""A model file that has been opened: what `open_model` returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgui.graph import Model
from kgui.inference.result import Inference
from kgui.reports.risks import Risk

if TYPE_CHECKING:
    from kgui.formats.store import WeightStore


@dataclass
class ModelFile:
    """A file, what it says about itself, and the model in it.

    Attributes:
        path: The file or folder.
        format: "keras-zip", "keras-hdf5", "hdf5", "saved-model", "checkpoint", "json", "yaml", "weights", ….
        keras_version: Of the Keras that wrote it, or None where the file does not say.
        model: The graph. Weights are listed by `list_weights`, not before.
        training: What the file says about compiling and training (compile_config, training_config), as it has it.
        facts: What else is known, for people: label to text ("saved" to "2024-05-01 10:00", "size" to "12.3 MB", …).
        risks: What could run code, read other files, or exhaust a machine.
        notes: What the user should know and that is no risk: "subclassed model: the file has no graph", ….
        store: Where the weights are, or None where the file has none.
        assets: Files that the model carries (vocabularies), by their path within it, with their size in bytes.
    """

    path: Path
    format: str
    model: Model
    keras_version: str | None = None
    backend: str | None = None
    training: dict[str, Any] | None = None
    facts: dict[str, str] = field(default_factory=dict)
    risks: list[Risk] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    assets: dict[str, int] = field(default_factory=dict)
    store: WeightStore | None = None

    @cached_property
    def inference(self) -> Inference:
        """Shapes, dtypes, parameters and cost of every layer, computed by rule."""
        from kgui.inference import infer

        return infer(self.model)
