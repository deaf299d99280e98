"""The order in which Keras keeps the layers of a model, which numbers their weights in a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from kgui.graph import Layer, Model, TensorRef


def keras_order(model: Model) -> list[Layer]:
    """Layers as Keras will have them once it has rebuilt the model: by depth, then as found from the outputs.

    Keras sorts the layers of a functional model anew whenever it builds one (`keras.src.ops.function.map_graph`, the
    same in tf_keras), so that what is written in another order would meet its weights in the wrong order. Layers that
    no output needs come last; Keras would drop them.
    """
    if model.kind != "functional":
        return list(model.layers.values())
    finished: list[tuple[int, int]] = []
    found = _walk(model, finished)
    depths: dict[tuple[int, int], int] = {}
    layer_depths: dict[int, int] = {}
    for node in reversed(finished):
        depth = max(depths.get(node, 0), layer_depths.get(node[0], 0))
        layer_depths[node[0]] = depths[node] = depth
        for parent in _parents(model, node):
            depths[parent] = max(depth + 1, depths.get(parent, 0))
    for ref in flat(model.inputs):
        if ref.layer in model.layers and ref.layer not in layer_depths:
            layer_depths[ref.layer] = 0
            found[ref.layer] = -1
    known = sorted(layer_depths, key=lambda number: (-layer_depths[number], found[number]))
    rest = [number for number in model.layers if number not in layer_depths]
    return [model.layers[number] for number in (*known, *rest)]


def _walk(model: Model, finished: list[tuple[int, int]]) -> dict[int, int]:
    """Depth first from the outputs, without recursion: 20,000 layers in a line are no reason to fail.

    Returns:
        When each layer was first met. `finished` gets the calls, each after all that it takes tensors from.
    """
    found: dict[int, int] = {}
    seen: set[tuple[int, int]] = set()
    for output in flat(model.outputs):
        stack: list[tuple[tuple[int, int], list[tuple[int, int]]]] = []
        _enter(model, (output.layer, output.call), found, seen, stack)
        while stack:
            node, waiting = stack[-1]
            if waiting:
                _enter(model, waiting.pop(), found, seen, stack)
            else:
                stack.pop()
                finished.append(node)
    return found


def _enter(
    model: Model,
    node: tuple[int, int],
    found: dict[int, int],
    seen: set[tuple[int, int]],
    stack: list[tuple[tuple[int, int], list[tuple[int, int]]]],
) -> None:
    if node in seen or node[0] not in model.layers:
        return
    seen.add(node)
    found.setdefault(node[0], len(found))
    stack.append((node, _parents(model, node)[::-1]))


def _parents(model: Model, node: tuple[int, int]) -> list[tuple[int, int]]:
    calls = model.layers[node[0]].calls
    if node[1] >= len(calls):
        return []
    call = calls[node[1]]
    return [(ref.layer, ref.call) for ref in flat([call.args, call.kwargs]) if ref.layer in model.layers]


def flat(structure: Any) -> Iterator[TensorRef]:
    """The tensors in a structure as Keras flattens it: dicts by their sorted keys (`keras.src.tree`, `tf.nest`)."""
    if isinstance(structure, TensorRef):
        yield structure
    elif isinstance(structure, dict):
        for key in sorted(structure, key=str):
            yield from flat(structure[key])
    elif isinstance(structure, (list, tuple)):
        for item in structure:
            yield from flat(item)


STALE = frozenset({"input_shape", "shapes_dict"})


def in_keras_order(model: Model) -> Model:
    """An edited model for writing: layers, and those of nested models, as Keras will order them, without old shapes."""
    layers = {}
    for layer in keras_order(model):
        record = layer.record
        build = record.get("build_config")
        if isinstance(build, dict) and STALE & build.keys():
            # The shapes that it was built with may no longer hold. Keras builds it anew when it calls it.
            record = {key: value for key, value in record.items() if key != "build_config"}
        inner = None if layer.model is None else in_keras_order(layer.model)
        layer = replace(layer, model=inner, record=record)
        layers[layer.id] = layer
    return replace(model, layers=layers)
