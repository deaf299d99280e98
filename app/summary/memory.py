"""About how much memory a model takes: what its weights and activations come to, without Qt and without Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kgui.graph.model import Model, Weight
from kgui.inference.result import Inference

SLOTS = {
    "SGD": 0,
    "RMSprop": 1,
    "Adagrad": 1,
    "Lion": 1,
    "Adafactor": 0,
    "Adam": 2,
    "AdamW": 2,
    "Adamax": 2,
    "Nadam": 2,
    "Adadelta": 2,
    "Ftrl": 2,
    "Muon": 2,
}
"""Values that an optimizer keeps for each value that it trains. SGD keeps one with momentum, RMSprop up to three."""

DEFAULT = "Adam"
"""Taken for a model that was not compiled."""

_FOUR = 4


@dataclass(frozen=True, slots=True)
class Memory:
    """Estimates, in bytes.

    Attributes:
        weights: All weights.
        activations: The outputs of all layers for one sample.
        gradients: One value for each that is trained.
        optimizer: What the optimizer keeps.
        optimizer_name: Which optimizer that is.
        compiled: Whether the file says so.
        complete: Whether everything is known; otherwise it is more.
    """

    weights: int
    activations: int
    gradients: int
    optimizer: int
    optimizer_name: str
    compiled: bool
    complete: bool

    def training(self, batch: int) -> int:
        """To train with so many samples at once: every output is kept for the way back."""
        return self.weights + self.gradients + self.optimizer + batch * self.activations


def memory(model: Model, inference: Inference, training: dict[str, Any] | None) -> Memory:
    """What a model takes.

    Args:
        model: The graph.
        inference: Its shapes and weights.
        training: What the file says about compiling.
    """
    weights = trained = activations = 0
    complete = inference.complete
    levels: list[tuple[Model, Inference, int]] = [(model, inference, 1)]
    while levels:
        owner, known, times = levels.pop()
        for layer in owner.layers.values():
            result = known.layers.get(layer.id)
            if result is None:
                complete = False
                continue
            calls = max(1, len(layer.calls))
            if layer.model is not None and result.model is not None:
                levels.append((layer.model, result.model, times * calls))
                continue
            for call in result.calls:
                if call.activation_bytes is None:
                    complete = False
                else:
                    activations += times * call.activation_bytes
    for result in inference.layers.values():
        if result.weights is not None:
            weights += sum(map(_bytes, result.weights))
            trained += sum(_bytes(weight) for weight in result.weights if weight.trainable is not False)
        elif result.params:
            weights += _FOUR * result.params
            trained += _FOUR * (result.trainable_params or 0)
    # What the layers of a frozen model own is not trained, whatever the weights say by themselves.
    trained = min(trained, _FOUR * inference.trainable_params) if inference.complete else trained
    name, slots, compiled = _optimizer(training)
    return Memory(weights, activations, trained, slots * trained, name, compiled, complete)


def _bytes(weight: Weight) -> int:
    size = 1
    for length in weight.shape:
        size *= length
    digits = "".join(letter for letter in (weight.dtype or "") if letter.isdigit())[:3]
    return size * (max(1, int(digits) // 8) if digits else _FOUR if weight.dtype != "bool" else 1)


def _optimizer(training: dict[str, Any] | None) -> tuple[str, int, bool]:
    """Name, values that it keeps per value trained, and whether the file says so."""
    compiled = (training or {}).get("compile_config") or training or {}
    said = compiled.get("optimizer") or compiled.get("optimizer_config") or {}
    if isinstance(said, str):
        said = {"class_name": said}
    name, config = said.get("class_name"), said.get("config")
    known = next((each for each in SLOTS if isinstance(name, str) and each.lower() == name.lower()), None)
    if known is None:
        return DEFAULT, SLOTS[DEFAULT], False
    slots = SLOTS[known]
    if isinstance(config, dict):
        if known == "SGD":
            slots = 1 if config.get("momentum") else 0
        elif known == "RMSprop":
            slots += bool(config.get("momentum")) + bool(config.get("centered"))
        elif known in ("Adam", "AdamW"):
            slots += bool(config.get("amsgrad"))
    return known, slots, True
