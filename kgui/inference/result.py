"""What inference says about a model: for every call its output tensors, for every layer its parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kgui.graph import TensorSpec, Weight

Source = Literal["rule", "stored", "assumed", "unknown"]
"""Where an output shape comes from: computed by rule, stated in the file, assumed from the neighbours, not known."""

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a layer that does not fit.

    Attributes:
        severity: "error" if Keras would refuse the model.
        message: What does not fit, with both shapes, as one sentence.
        path: Ids of the layers that lead to it, its own last.
        call: The call that it occurs at, or None for the layer as a whole.
        hint: What would mend it, or None.
    """

    severity: Severity
    message: str
    path: tuple[int, ...]
    call: int | None = None
    hint: str | None = None


@dataclass(slots=True)
class CallResult:
    """One call of a layer.

    Attributes:
        outputs: The output tensors, by tensor index.
        source: Where `outputs` comes from.
        multiply_adds: Multiplications with addition for one sample; None where not known.
        activation_bytes: Bytes of the output tensors for one sample; None where not known.
    """

    outputs: list[TensorSpec]
    source: Source
    multiply_adds: int | None = None
    activation_bytes: int | None = None


@dataclass(slots=True)
class LayerResult:
    """One layer.

    Attributes:
        calls: In the order of `Layer.calls`.
        weights: What the layer owns, in Keras' order (trainable first), nested ones included; None where not known.
        params: Number of values in them; None where not known.
        trainable_params: Those of `params` that training changes.
        model: Of a nested model: what holds within it, called with its own inputs.
    """

    calls: list[CallResult] = field(default_factory=list)
    weights: list[Weight] | None = None
    params: int | None = None
    trainable_params: int | None = None
    model: Inference | None = None


@dataclass(slots=True)
class Inference:
    """A whole model. Totals count a shared layer once, and what is not known as nothing (`complete` is then False)."""

    layers: dict[int, LayerResult] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    params: int = 0
    trainable_params: int = 0
    complete: bool = True
    users: dict[int, set[int]] | None = field(default=None, repr=False, compare=False)
    """Which layers take tensors of each layer: kept by `infer` for the next edit, and not part of the result."""

    @property
    def non_trainable_params(self) -> int:
        """Values that training does not change by gradient."""
        return self.params - self.trainable_params
