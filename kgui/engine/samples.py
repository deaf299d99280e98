"""The samples of a plan. Without TensorFlow: what is wrong with them is told before it has started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kgui.data.order import split
from kgui.data.source import ArraySource, Source, open_source
from kgui.errors import DataError
from kgui.training import Plan

IN_MEMORY_BYTES = 1 << 30
"""Samples that need no more than this are read once and kept."""


@dataclass(slots=True)
class Samples:
    """The samples of a plan, split.

    Attributes:
        source: All of them.
        training: Row numbers to train on.
        validation: Row numbers kept for validation.
    """

    source: Source
    training: np.ndarray[Any, Any]
    validation: np.ndarray[Any, Any]


def load(plan: Plan) -> Samples:
    """Opens a plan's samples and splits them; reads them into memory where they fit.

    Raises:
        DataError: The file cannot be read, or does not hold what the plan names.
    """
    datasets = {f"input {name}": feed.dataset for name, feed in plan.data.inputs.items()}
    datasets |= {f"target {name}": feed.dataset for name, feed in plan.data.targets.items()}
    source = open_source(plan.data.file, datasets)
    if source.rows < 2 and plan.split.validation_fraction > 0:
        raise DataError("One sample cannot be split into training and validation", where=plan.data.file)
    training, validation = split(source.rows, plan.split.validation_fraction, plan.split.seed)
    for part, rows in (("training", training), ("validation", validation)):
        if 0 < len(rows) < plan.devices.replicas:
            raise DataError(
                f"{len(rows)} samples for {part} are fewer than the {plan.devices.replicas} devices",
                where=plan.data.file,
                hint="Train on fewer devices.",
            )
    if sum(field.row_bytes for field in source.fields.values()) * source.rows <= IN_MEMORY_BYTES:
        source = ArraySource(source.read(np.arange(source.rows)))
    return Samples(source, training, validation)
