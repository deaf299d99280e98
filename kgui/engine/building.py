"""The model of a run: loaded, matched with its data, compiled as the plan says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kgui.data.source import Field, Source
from kgui.engine.sentences import gist
from kgui.errors import DataError, KguiError, ModelError, PlanError
from kgui.training import Feed, Plan

SPARSE_LOSSES = {"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"}
ONE_HOT_LOSSES = {"categorical_crossentropy", "CategoricalCrossentropy", "categorical_focal_crossentropy"}
LABEL_ROWS = 1 << 16
"""Labels that are looked at together."""


def load(path: Path) -> Any:
    """Loads a model file; nothing in it is run that does not come with Keras.

    Raises:
        ModelError: Keras cannot build it.
    """
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except MemoryError:
        raise
    except Exception as error:
        # Keras raises whatever a layer's constructor raises; for the user all of it means the same.
        raise ModelError(
            f"Keras cannot build this model ({gist(error)})", where=str(path), hint="Check it in the model's tab."
        ) from error


def compile_model(model: Any, plan: Plan) -> None:
    """Compiles a model as the plan says. Within the scope of the strategy.

    Raises:
        PlanError: Keras does not accept the optimizer, the loss or a metric.
    """
    optimizer = _accepted(keras.optimizers.get, plan.optimizer, "optimizer")
    told: Any = plan.loss
    if len(plan.data.targets) > 1 and _is_one(told):
        told = dict.fromkeys(plan.data.targets, told)
    loss = _each(told, lambda one: _accepted(keras.losses.get, one, "loss"))
    metrics = _each_metric(plan.metrics)
    try:
        model.compile(optimizer=optimizer, loss=loss, metrics=metrics)
    except (ValueError, TypeError) as error:
        raise PlanError(f"Keras does not accept loss and metrics ({gist(error)})", where="plan") from error


def ends(model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs and the outputs of a model, by the names that data go by in Keras.

    Raises:
        ModelError: The model has no graph of layers, so that only its code knows what goes in and out.
    """
    if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
        raise ModelError(
            f'The inputs and outputs of "{model.name}" are not fixed in the file',
            hint="Train a functional or sequential model.",
        )
    # A model that was made with a dictionary goes by its keys, whatever its tensors and layers are called.
    inputs, outputs = getattr(model, "_inputs_struct", None), getattr(model, "_outputs_struct", None)
    if not isinstance(inputs, dict):
        inputs = {tensor.name: tensor for tensor in model.inputs}
    if not isinstance(outputs, dict):
        names = getattr(model, "output_names", None) or [model.layers[-1].name]
        outputs = dict(zip(names, model.outputs, strict=True))
    return inputs, outputs


def match(model: Any, plan: Plan, source: Source) -> None:
    """Checks data against the model's inputs and outputs.

    Raises:
        PlanError: An input or output has no data, or data have no input or output.
        DataError: Shapes do not fit, or labels are out of range.
    """
    inputs, outputs = ends(model)
    for side, feeds, tensors in (("input", plan.data.inputs, inputs), ("output", plan.data.targets, outputs)):
        _same_names(side, feeds, tensors)
    for name, tensor in inputs.items():
        _input_fits(name, tuple(tensor.shape[1:]), _field(source, "input", name, plan.data.inputs))
    for name, tensor in outputs.items():
        loss = _loss_name(plan, name)
        field = _field(source, "target", name, plan.data.targets)
        _target_fits(name, tuple(tensor.shape[1:]), field, loss)
        if loss in SPARSE_LOSSES:
            _labels_fit(source, name, field, plan.data.targets, tensor.shape[-1])


def _same_names(side: str, feeds: dict[str, Feed], tensors: dict[str, Any]) -> None:
    where = "data.inputs" if side == "input" else "data.targets"
    told = ", ".join(f'"{name}"' for name in tensors)
    if missing := [name for name in tensors if name not in feeds]:
        raise PlanError(
            f'The {side} "{missing[0]}" of the model has no data',
            where=where,
            hint=f"The model's {side}s are {told}: choose a dataset for each.",
        )
    if surplus := [name for name in feeds if name not in tensors]:
        raise PlanError(
            f'The model has no {side} "{surplus[0]}"', where=where, hint=f"Its {side}s are {told}: take this one out."
        )


def _field(source: Source, side: str, name: str, feeds: dict[str, Feed]) -> Field:
    field = source.fields[f"{side} {name}"]
    return Field(feeds[name].dataset, field.shape, field.dtype)


def _input_fits(name: str, shape: tuple[int | None, ...], field: Field) -> None:
    if len(shape) == len(field.shape) and all(
        wanted is None or wanted == got for wanted, got in zip(shape, field.shape, strict=True)
    ):
        return
    raise DataError(
        f'"{field.dataset}" has samples of shape {_shape(field.shape)}, but the input "{name}" takes {_shape(shape)}',
        where="data.inputs",
        hint="Choose another dataset, or change the model's input.",
    )


def _target_fits(name: str, shape: tuple[int | None, ...], field: Field, loss: str) -> None:
    if loss in SPARSE_LOSSES:
        fits = field.shape in (shape[:-1], (*shape[:-1], 1))
        wanted, hint = (
            f"one label per sample, as {loss} takes them",
            "Use categorical_crossentropy for one-hot targets.",
        )
    elif loss in ONE_HOT_LOSSES:
        fits = len(shape) == len(field.shape) and all(
            size is None or size == got for size, got in zip(shape, field.shape, strict=True)
        )
        wanted = f"{_shape(shape)}, one-hot, as {loss} takes them"
        hint = "Use sparse_categorical_crossentropy for labels that are numbers of classes."
    else:
        # Other losses let sizes of 1 stretch; what they refuse, they refuse themselves.
        return
    if not fits:
        raise DataError(
            f'"{field.dataset}" has targets of shape {_shape(field.shape)}, but the output "{name}" needs {wanted}',
            where="data.targets",
            hint=hint,
        )


def _labels_fit(source: Source, name: str, field: Field, feeds: dict[str, Feed], classes: int | None) -> None:
    if classes is None:
        return
    key = f"target {name}"
    feed = feeds[name]
    lowest, highest = np.inf, -np.inf
    for start in range(0, source.rows, LABEL_ROWS):
        labels = source.read(np.arange(start, min(start + LABEL_ROWS, source.rows)))[key] * feed.scale + feed.offset
        lowest, highest = min(lowest, labels.min()), max(highest, labels.max())
        if not (labels == np.floor(labels)).all():
            raise DataError(
                f'"{field.dataset}" holds labels that are no whole numbers',
                where="data.targets",
                hint="Use a regression loss.",
            )
    if lowest < 0 or highest >= classes:
        raise DataError(
            f'"{field.dataset}" holds labels from {lowest:g} to {highest:g}, but the output "{name}" has {classes} '
            f"classes, 0 to {classes - 1}",
            where="data.targets",
            hint="Correct the labels, or give the last layer as many units as there are classes.",
        )


def _loss_name(plan: Plan, output: str) -> str:
    loss: Any = plan.loss
    if not _is_one(loss):
        loss = loss.get(output, "")
    if isinstance(loss, dict):
        loss = loss.get("class_name", "")
    return str(loss)


def _is_one(value: Any) -> bool:
    """Whether this is one Keras object, not one per output."""
    return not isinstance(value, dict) or "class_name" in value


def _each(value: Any, read: Callable[[Any], Any]) -> Any:
    """Reads one Keras object, or one per output."""
    if not _is_one(value):
        return {name: read(one) for name, one in value.items()}
    return read(value)


def _each_metric(value: Any) -> Any:
    if not _is_one(value):
        return {name: _each_metric(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_metric(one) for one in value]
    return _metric(value)


def _metric(value: Any) -> Any:
    # Keras chooses between the kinds of "accuracy" by the shapes of output and target, so the word is left to it.
    if value in ("accuracy", "acc", "crossentropy", "ce"):
        return value
    return _accepted(keras.metrics.get, value, "metrics")


def _accepted(read: Callable[[Any], Any], value: Any, where: str) -> Any:
    try:
        return read(value)
    except KguiError:
        raise
    except Exception as error:
        # As above: a constructor may raise anything.
        raise PlanError(f"Keras does not accept {value!r} ({gist(error)})", where=where) from error


def _shape(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")" if shape else "(), one number"
