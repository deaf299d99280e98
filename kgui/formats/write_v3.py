"""Writes the tree of weights of Keras 3 and tf.keras from 2.12 on: `layers/conv2d_3/vars/0`.

Source: `keras.src.saving.saving_lib._walk_saveable` and `H5IOStore` (3.15).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kgui.formats.hdf5 import import_h5py
from kgui.formats.values import Values
from kgui.formats.weight_names import Config, file_order, members, numbered, parts
from kgui.formats.weights_v3 import CONTAINERS, WeightsV3
from kgui.graph import Layer, Model

Path = tuple[int, ...]


def prefixes(model: Model, container: str, base: str = "", path: Path = ()) -> Iterator[tuple[Path, Layer, str]]:
    """The group of every layer, at every depth, outer before inner.

    Args:
        model: With its layers in the order in which Keras keeps them.
        container: "layers", or "_layer_checkpoint_dependencies" as tf.keras 2.12 to 2.14 has it.
        base: The group of the model itself, "" or ending with "/".
        path: Ids of the layers that lead to the model.
    """
    if model.kind == "subclassed":
        return  # the layers that the listing of its weights has made up have no place in a list
    layers = [layer for layer in model.layers.values() if _is_held(model, layer)]
    for layer, group in zip(layers, numbered([layer.class_name for layer in layers]), strict=True):
        where = f"{base}{container}/{group}"
        yield (*path, layer.id), layer, where
        if layer.model is not None:
            yield from prefixes(layer.model, container, f"{where}/", (*path, layer.id))


def _is_held(model: Model, layer: Layer) -> bool:
    """Operations of Keras 3 are no layers; a Sequential does not hold its InputLayer."""
    if layer.implied or (model.kind == "sequential" and layer.is_input):
        return False
    return not (layer.module or "").startswith(("keras.src.ops", "keras.ops"))


def write(file: Any, model: Model, values: Values) -> None:
    """Writes the weights of a model into an open HDF5 file.

    Args:
        file: An `h5py.File` that is open for writing.
        model: With its layers in the order in which Keras will keep them.
        values: Where the values come from.
    """
    store = _same_layout(values)
    groups = [path for part in store.files for path in part.tree.groups] if store is not None else []
    # tf.keras 2.12 to 2.14 has another name for the list of layers, and its loader knows no other.
    container = CONTAINERS[1] if any(CONTAINERS[1] in path.split("/") for path in groups) else CONTAINERS[0]
    file.require_group("vars")
    moves: dict[str, str | None] = {}
    old: dict[Path, str] = {}
    if store is not None and values.original is not None:
        old = {path: where for path, _, where in prefixes(values.original, container)}
        moves = dict.fromkeys(old.values())
    for path, layer, where in prefixes(model, container):
        file.require_group(f"{where}/vars").attrs["name"] = layer.name
        if path in old and values.keeps(path, layer) and (layer.weights or layer.model is not None):
            moves[old[path]] = where
        elif layer.model is None or layer.weights:
            _write_named(file, path, layer, where, values)
    if store is not None:
        _move(file, groups, values, moves)


def _same_layout(values: Values) -> WeightsV3 | None:
    """The source's store, if it has the layout that is to be written."""
    store = values.source.store if values.source is not None else None
    return store if isinstance(store, WeightsV3) else None


def _move(file: Any, groups: list[str], values: Values, moves: dict[str, str | None]) -> None:
    """Everything that the source has, to where its layer is now; what belongs to a layer that is gone, nowhere.

    Arrays that no rule expects come along, and groups without arrays, which tf_keras looks for. The state of the
    optimizer fits only as long as nothing has been changed.
    """
    assert values.source is not None
    for path in groups:
        new = _moved(path, moves, values.same)
        if new:
            file.require_group(new)
    for weight in values.source.list_weights():
        new = _moved(weight.path or "", moves, values.same)
        if new:
            put(file, new, values.source.read(weight))


def _moved(path: str, moves: dict[str, str | None], same: bool) -> str | None:
    head = path
    while head:
        if head in moves:
            new = moves[head]
            return None if new is None else new + path[len(head) :]
        head = head.rpartition("/")[0]
    top = path.split("/")[0]
    return path if same or top == "vars" else None


class _Part(NamedTuple):
    """An object in a layer: the attribute path that it is kept at, its class and arguments, and its first number."""

    place: str
    class_name: str
    config: Config
    first: int = 0


def _write_named(file: Any, path: Path, layer: Layer, where: str, values: Values) -> None:
    """Weights that come from elsewhere, or are fresh: to where Keras keeps what has these names."""
    known = dict(_parts(layer.class_name, layer.config))
    found: dict[str, tuple[_Part, list[tuple[str, Any]]]] = {}
    for weight, array in values(path, layer):
        prefix, _, name = weight.name.rpartition("/")
        part = known.get(prefix) or _Part(prefix, "", {})
        found.setdefault(part.place, (part, []))[1].append((name, array))
    for part, named in found.values():
        group = "/".join(filter(None, (where, part.place, "vars")))
        for number, index in enumerate(file_order(part.class_name, part.config, [name for name, _ in named])):
            put(file, f"{group}/{part.first + number}", named[index][1])
        if part.class_name == "SpectralNormalization":
            # The wrapper keeps the kernel of its layer as its own, and both of them are written.
            put(file, f"{group.removesuffix('vars')}layer/vars/0", named[0][1])


def _parts(
    class_name: str, config: Any, name: str = "", place: str = "", first: int = 0
) -> Iterator[tuple[str, _Part]]:
    """For each object in a layer what names of weights begin with, and where it is."""
    yield name.rstrip("/"), _Part(place.rstrip("/"), class_name, config, first)
    if class_name in ("Functional", "Sequential") and isinstance(config.get("layers"), list):
        for group, label, inner, given in members(class_name, config):
            yield from _parts(inner, given, f"{name}{label}/", f"{place}layers/{group}/")
        return
    first = int(class_name == "SpectralNormalization")
    for part in parts(class_name, config) or ():
        place_of_part = f"{place}{part.attribute}"
        yield from _parts(part.class_name, part.config, f"{name}{part.label}/", f"{place_of_part}/", first)
        # Names of variables have a stacked cell by its own name, not by its number.
        other = part.attribute.removeprefix("cells/")
        if other != part.label:
            yield f"{name}{other}", _Part(place_of_part, part.class_name, part.config, first)


def put(file: Any, path: str, array: Any) -> None:
    """One array. bfloat16, which HDF5 does not know, is written as two opaque bytes with a mark, as Keras does."""
    if path in file:
        del file[path]
    if str(array.dtype) == "bfloat16" or array.dtype.kind == "V":
        dataset = file.create_dataset(path, data=array.view("V2"))
        dataset.attrs["dtype"] = "bfloat16"
    else:
        file.create_dataset(path, data=array)


def open_for_writing(path: Any) -> Any:
    """An `h5py.File` for a new file, in the layout that every HDF5 from 1.8 on reads."""
    return import_h5py().File(path, "w", libver=("earliest", "v108"), track_order=False)
