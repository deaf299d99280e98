"""Writes the weights of a legacy HDF5 file: one flat group per layer of the model, in the order of "weight_names".

Source: `keras.src.legacy.saving.legacy_h5_format` (3.15), `tf_keras.src.saving.legacy.hdf5_format` (2.21).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kgui.formats.values import Array, Values, find
from kgui.graph import Layer, Model, Weight

HEADER_LIMIT = 64_512
"""Bytes that fit into one attribute; a longer list of names is split into `name0`, `name1`, …."""

Path = tuple[int, ...]
Named = list[tuple[Weight, Array, str]]


def write(file: Any, model: Model, values: Values, version: str, backend: str) -> None:
    """Writes the group "model_weights", and the optimizer's state where it still fits.

    Args:
        file: An `h5py.File` that is open for writing.
        model: With its layers in the order in which Keras will keep them.
        values: Where the values come from.
        version: Of Keras, for its attribute.
        backend: Likewise.
    """
    group = file.create_group("model_weights")
    layers = [
        layer
        for layer in model.layers.values()
        if not layer.implied
        and not (model.kind == "sequential" and layer.is_input)
        and not (layer.module or "").startswith(("keras.src.ops", "keras.ops"))
    ]
    source = _source_groups(values)
    if model.kind == "subclassed":
        # Without a graph there is nothing to go by but the file.
        layers = []
        _copy_groups(group, source, values)
        _names(group, "layer_names", list(source))
    else:
        _names(group, "layer_names", [layer.name for layer in layers])
    group.attrs["backend"] = backend.encode()
    group.attrs["keras_version"] = version.encode()
    same = True
    for layer in layers:
        inner = group.require_group(layer.name)
        was = find(values.original, (layer.id,))
        named = source.get(was.name) if was is not None else None
        if named is not None and values.source is not None and _all_kept(values, (layer.id,), layer):
            _names(inner, "weight_names", [name for name, _ in named])
            for name, weight in named:
                _put(inner, name, values.source.read(weight))
            continue
        same = same and not layer.weights and layer.model is None
        trained, other = _split(values, (layer.id,), layer, layer.name, True)
        _write(inner, [*trained, *other])
    top = group.require_group("top_level_model_weights")
    _names(top, "weight_names", [])
    if same:
        _copy_optimizer(file, values)


def _copy_groups(group: Any, source: dict[str, list[tuple[str, Weight]]], values: Values) -> None:
    for layer_name, named in source.items():
        inner = group.require_group(layer_name)
        _names(inner, "weight_names", [name for name, _ in named])
        for name, weight in named:
            assert values.source is not None
            _put(inner, name, values.source.read(weight))


def _source_groups(values: Values) -> dict[str, list[tuple[str, Weight]]]:
    """What the source has per layer, in its order, if it has the same layout."""
    from kgui.formats.weights_legacy import WeightsLegacy

    store = values.source.store if values.source is not None else None
    if not isinstance(store, WeightsLegacy):
        return {}
    return {
        group.name: [
            (array.name, Weight(array.name, array.dataset.shape, array.dataset.dtype, array.dataset.path))
            for array in group.arrays
        ]
        for group in store.groups()
    }


def _all_kept(values: Values, path: Path, layer: Layer) -> bool:
    """Whether a layer, and every layer in it, has the weights that the file has for it, in the file's order."""
    was = find(values.original, path)
    if was is None or not values.keeps(path, layer) or (layer.model is None) != (was.model is None):
        return False
    if layer.model is None or was.model is None:
        return True
    if list(layer.model.layers) != list(was.model.layers):
        return False
    return all(_all_kept(values, (*path, inner.id), inner) for inner in layer.model.layers.values())


def _split(values: Values, path: Path, layer: Layer, scope: str, free: bool) -> tuple[Named, Named]:
    """Weights of a layer and of all in it: those that training changes, and the others, each in Keras' order.

    A frozen layer has all of them among the others, in the order that they have anyway.
    """
    free = free and layer.config.get("trainable", True) is not False
    trained: Named = []
    other: Named = []
    if layer.model is None or layer.weights:
        for weight, array in values(path, layer):
            (other if weight.trainable is False else trained).append((weight, array, f"{scope}/{weight.name}"))
    if layer.model is not None:
        for inner in layer.model.layers.values():
            if not inner.implied:
                more, rest = _split(values, (*path, inner.id), inner, f"{scope}/{inner.name}", free)
                trained += more
                other += rest
    return (trained, other) if free else ([], [*trained, *other])


def _write(group: Any, named: Named) -> None:
    used: set[str] = set()
    names = []
    for _, _, wanted in named:
        name, number = wanted, 1
        while name in used:
            number += 1
            name = f"{wanted}_{number}"
        used.add(name)
        names.append(name)
    _names(group, "weight_names", names)
    for (_, array, _), name in zip(named, names, strict=True):
        _put(group, name, array)


def _put(group: Any, name: str, array: Array) -> None:
    if str(array.dtype) == "bfloat16":
        array = array.view("V2")
    group.create_dataset(name, data=array)


def _names(group: Any, key: str, names: Sequence[str]) -> None:
    """A list of names as an attribute, in as many parts as it needs."""
    import numpy as np

    if not names:
        group.attrs[key] = np.array([], dtype="S1")
        return
    encoded = [name.encode() for name in names]
    width = max(map(len, encoded))
    per_part = max(1, HEADER_LIMIT // max(width, 1))
    if len(encoded) <= per_part:
        group.attrs[key] = np.array(encoded, dtype=f"S{width}")
        return
    for part, start in enumerate(range(0, len(encoded), per_part)):
        group.attrs[f"{key}{part}"] = np.array(encoded[start : start + per_part], dtype=f"S{width}")


def _copy_optimizer(file: Any, values: Values) -> None:
    from kgui.formats.weights_legacy import WeightsLegacy

    source = values.source
    if source is None or not isinstance(source.store, WeightsLegacy):
        return
    names = source.store.file.names("optimizer_weights", "weight_names")
    if names is None:
        return
    entries = {weight.path: weight for weight in source.store.optimizer_entries()}
    group = file.create_group("optimizer_weights")
    kept = [name for name in names if f"optimizer_weights/{name}" in entries]
    _names(group, "weight_names", kept)
    for name in kept:
        _put(group, name, source.read(entries[f"optimizer_weights/{name}"]))
