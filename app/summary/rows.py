"""The rows of the summary, computed from a session without Qt."""

from __future__ import annotations

from dataclasses import dataclass

from app.session import NodeKey
from app.words import dtypes, shapes
from kgui.graph.model import Layer, Model
from kgui.inference.result import CallResult, Inference, LayerResult


@dataclass(frozen=True, slots=True)
class Row:
    """One call of a layer, in the words of the table.

    Attributes:
        key: The node.
        depth: How deep it is nested; 0 in the model itself.
        shared: Which call of how many, or None for a layer that is called once.
    """

    key: NodeKey
    depth: int
    name: str
    class_name: str
    module: str | None
    output: str
    dtype: str
    params: int | None
    trainable: str
    multiply_adds: int | None
    activation_bytes: int | None
    inputs: str
    source: str
    shared: tuple[int, int] | None
    nested: bool


def rows(model: Model, inference: Inference) -> list[Row]:
    """The rows of a model in the order of the file, the layers of a nested model below it."""
    made: list[Row] = []
    # A stack, not recursion: a hostile file may nest deeper than Python's own stack.
    stack: list[tuple[Model, Inference | None, Layer, tuple[int, ...]]] = [
        (model, inference, layer, ()) for layer in reversed(model.layers.values())
    ]
    while stack:
        owner, known, layer, prefix = stack.pop()
        path = (*prefix, layer.id)
        result = known.layers.get(layer.id) if known is not None else None
        made.extend(_row(owner, layer, result, path, index) for index in range(max(1, len(layer.calls))))
        if layer.model is not None:
            inner = result.model if result is not None else None
            stack.extend((layer.model, inner, child, path) for child in reversed(layer.model.layers.values()))
    return made


def _row(owner: Model, layer: Layer, result: LayerResult | None, path: tuple[int, ...], index: int) -> Row:
    call = result.calls[index] if result is not None and index < len(result.calls) else CallResult([], "unknown")
    return Row(
        key=(path, index),
        depth=len(path) - 1,
        name=layer.name,
        class_name=layer.class_name,
        module=layer.module,
        output=shapes(call.outputs),
        dtype=dtypes(call.outputs),
        # A shared layer has its parameters once.
        params=(result.params if result is not None else None) if index == 0 else 0,
        trainable=_trainable(layer, result),
        multiply_adds=call.multiply_adds,
        activation_bytes=call.activation_bytes,
        inputs=_inputs(owner, layer, index),
        source=call.source,
        shared=(index + 1, len(layer.calls)) if len(layer.calls) > 1 else None,
        nested=layer.model is not None,
    )


def _trainable(layer: Layer, result: LayerResult | None) -> str:
    if result is None or not result.params:
        return ""
    if layer.config.get("trainable") is False or result.trainable_params == 0:
        return "no"
    return "yes" if result.trainable_params == result.params else "partly"


def _inputs(owner: Model, layer: Layer, index: int) -> str:
    if index >= len(layer.calls):
        return ""
    names = []
    for ref in layer.calls[index].inputs():
        source = owner.layers.get(ref.layer)
        if source is None:
            continue
        call = f":{ref.call}" if len(source.calls) > 1 else ""
        tensor = f"[{ref.tensor}]" if ref.tensor else ""
        names.append(f"{source.name}{call}{tensor}")
    return ", ".join(dict.fromkeys(names))
