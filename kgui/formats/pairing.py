"""The weights file that belongs to an architecture: found by its name, confirmed by the shapes in it.

Of 38 such pairs among public files none is named like another: model.json and model.h5, x_modelYaml.yaml and
x_modelWeights.h5, x.arch.json and x.weights.h5. What they share is the name without the words for its role.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from kgui.errors import FileError
from kgui.formats.file import ModelFile
from kgui.formats.notes import quoted
from kgui.formats.source import MAX_NAMES, Source
from kgui.graph import Model

if TYPE_CHECKING:
    from kgui.formats.store import WeightStore

_ROLES = frozenset(
    {
        "arch", "architecture", "config", "h5", "hd5", "hdf5", "json", "keras", "model", "net", "network", "params",
        "structure", "weight", "weights", "yaml", "yml",
    }
)  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+\d*|\d+")


def words_of(name: str) -> tuple[str, ...]:
    """The words of a file's name without those that say its role, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(name) if word.lower() not in _ROLES)


def candidates(path: Path) -> list[Path]:
    """HDF5 files beside an architecture whose names say the same, the likeliest first."""
    from kgui.formats.hdf5 import is_hdf5

    wanted = words_of(path.name)
    found = []
    try:
        with os.scandir(path.parent) as entries:
            for number, entry in enumerate(entries):
                if number >= MAX_NAMES:
                    break
                if entry.name != path.name and words_of(entry.name) == wanted and entry.is_file():
                    found.append(Path(entry.path))
        found = [item for item in found if is_hdf5(item)]
    except OSError:
        return []  # The folder may not be listed, so nothing is known of what else is in it.
    # "x.weights.h5" before "x.h5", which may be another save of the whole model.
    return sorted(found, key=lambda item: ("weight" not in item.name.lower(), len(item.name), item.name))


def pair(file: ModelFile, source: Source) -> None:
    """Gives an architecture the weights that the caller named, or that lie beside it."""
    if source.weights_path is not None:
        file.weights_path = source.weights_path
    else:
        found = candidates(source.path)
        if not found:
            return
        file.weights_path = found[0]
        others = f" ({len(found) - 1} more would fit)" if len(found) > 1 else ""
        file.notes.append(f"Paired by name with the weights in {quoted(found[0].name)}{others}.")
    chosen = file.weights_path

    def find(opened: ModelFile) -> WeightStore | None:
        from kgui.formats.stores import store_in_file

        if source.weights_path is not None:
            return store_in_file(opened, chosen)
        try:
            store = store_in_file(opened, chosen)
            misfit = _misfit(opened.model, store)
        except FileError as error:
            misfit = f"cannot be read: {error.what}"
        else:
            if misfit is None:
                return store
            store.close()
        opened.weights_path = None
        opened.notes.append(f"The weights in {quoted(chosen.name)} were not taken: the file {misfit}.")
        return None

    file.find_store = find


def _misfit(model: Model, store: WeightStore) -> str | None:
    """Why weights are not those of a model, or None if they are. Layers are left without weights if they are not."""
    from kgui.inference import infer

    needed = infer(model)
    without_layers = not model.layers
    store.attach(model)
    found = any(layer.weights for _, layer in model.walk())
    why = None if found or (needed.complete and not needed.params) else "has no weights for any layer"
    for number, layer in model.layers.items():
        need = needed.layers[number].params if number in needed.layers else None
        have = sum(weight.size for weight in layer.weights or [])
        # Sizes and not shapes: Keras 1 stored the same values in other layouts, an LSTM in twelve arrays.
        quantized = any(weight.dtype.startswith(("int", "uint")) for weight in layer.weights or [])
        if layer.model is None and layer.weights and need is not None and need != have and not quantized:
            why = f"does not fit: layer {quoted(layer.name)} needs {need:,} values, and it has {have:,}"
            break
    if why is not None:
        for _, layer in model.walk():
            layer.weights = None
    if without_layers:  # a subclassed model: the layers were made up from the weights, and will be again
        model.layers.clear()
    return why
