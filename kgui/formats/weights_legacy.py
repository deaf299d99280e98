"""Weights as Keras 0.x to 2.x, tf.keras and Keras 3's `.h5` write them: one group per layer name, arrays in a list.

Layouts: Keras 0.x numbers layers and arrays (`layer_3/param_0`, or one group `graph`); from 1.0 on the attributes
`layer_names` and `weight_names` give names and order, trainable before non-trainable; whole models have it all in the
group `model_weights`. A nested model has one flat group. Source: `keras.src.legacy.saving.legacy_h5_format` (3.15),
`keras.engine.topology` and `keras.engine.saving` (1.x, 2.x), `keras.models` (0.3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kgui.errors import FileError
from kgui.formats.notes import quoted
from kgui.formats.weight_names import Expected, class_of_layer, expected, guess, is_trainable, listed
from kgui.graph import Layer, Model, Weight
from kgui.layers.eras import modern

if TYPE_CHECKING:
    import numpy as np

    from kgui.formats.hdf5 import SafeHdf5
    from kgui.formats.store import Selection
    from kgui.formats.weights_v3 import Entry
    from kgui.reports.risks import Risk

BESIDE = ("optimizer_weights", "top_level_model_weights")
"""Groups beside the layers."""

MAX_PARAMS = 100_000


class Array(NamedTuple):
    """An array of a layer: its name in the file ("dense/kernel:0"), and where it is."""

    name: str
    dataset: Entry


class Group(NamedTuple):
    """The arrays of a layer, in Keras' order: trainable first."""

    name: str
    arrays: list[Array]


class Leaf(NamedTuple):
    """A layer that is no model, and what it should have, trainable first; None if its class does not tell."""

    layer: Layer
    wanted: list[Expected] | None


class WeightsLegacy:
    """The weights in a legacy HDF5 file, whole model or weights only.

    Args:
        file: The HDF5 file.

    Attributes:
        risks: See `WeightStore`.
    """

    def __init__(self, file: SafeHdf5) -> None:
        self.file = file
        self.risks: list[Risk] = []
        self._notes: list[str] = []
        self._groups: list[Group] | None = None

    # -- the file ------------------------------------------------------------------------------------------------

    def groups(self) -> list[Group]:
        """The groups of all layers, those without arrays included.

        Raises:
            FileError: The file has no such layout, or its lists of names are damaged.
        """
        if self._groups is None:
            self._groups = list(self._find_groups())
            self.risks.extend(self.file.risks)
            if self.file.damaged:
                self._notes.append(f"HDF5 cannot read {listed('object', self.file.damaged)}; the file is damaged.")
        return self._groups

    def _find_groups(self) -> Iterator[Group]:
        for root in ("model_weights", ""):
            names = self.file.names(root, "layer_names") if not root or root in self.file.tree.groups else None
            if names is not None:
                yield from (self._named_group(root, name) for name in names)
                return
        count = self.file.attribute("", "nb_layers")
        if isinstance(count, int):
            for index in range(min(max(count, 0), MAX_PARAMS)):
                yield self._numbered_group(f"layer_{index}")
        elif "graph" in self.file.tree.groups:
            yield self._numbered_group("graph")
        else:
            raise FileError("The file does not list its layers", where=str(self.file.path))

    def _named_group(self, root: str, name: str) -> Group:
        path = _join(root, name)
        names = self.file.names(path, "weight_names")
        if names is None:
            below = [d for d in self.file.tree.datasets.values() if d.path.startswith(f"{path}/")]
            if not below and path not in self.file.tree.groups:
                self._notes.append(f"The file lists the layer {quoted(name)} but has no group for it.")
            return Group(name, [Array(d.path[len(path) + 1 :], d) for d in below])
        return Group(name, list(self._arrays(path, names)))

    def _arrays(self, path: str, names: Sequence[str]) -> Iterator[Array]:
        for name in names:
            dataset = self.file.tree.datasets.get(_join(path, name))
            if dataset is None:
                self._notes.append(f"The array {quoted(name)} is listed, but not in the file.")
            else:
                yield Array(name, dataset)

    def _numbered_group(self, name: str) -> Group:
        count = self.file.attribute(name, "nb_params")
        most = count if isinstance(count, int) else MAX_PARAMS
        arrays = []
        for index in range(min(max(most, 0), MAX_PARAMS)):
            dataset = self.file.tree.datasets.get(f"{name}/param_{index}")
            if dataset is None:
                break
            arrays.append(Array(f"param_{index}", dataset))
        return Group(name, arrays)

    # -- the model -----------------------------------------------------------------------------------------------

    def attach(self, model: Model) -> list[str]:
        """See `WeightStore`. A model of the kind "weights" or "subclassed" without layers gets layers made up."""
        groups = self.groups()
        notes = list(self._notes)
        if not model.layers and model.kind in ("weights", "subclassed"):
            for group in groups:
                _make_layer(model, group)
        else:
            notes += Assignment(model).give(groups)
        top = [path for path in self.file.tree.datasets if path.startswith("top_level_model_weights/")]
        top += [path for path in self.file.tree.datasets if path.startswith("model_weights/top_level_model_weights/")]
        if top:
            notes.append(f"The model has weights of its own, outside its layers: {listed('array', top)}.")
        return notes

    def optimizer_entries(self) -> list[Weight]:
        """The state of the optimizer, which `entries` has too."""
        return [weight for weight in self.entries() if (weight.path or "").startswith("optimizer_weights/")]

    def entries(self) -> list[Weight]:
        """See `WeightStore`."""
        found = self.file.tree.datasets.values()
        return [Weight(dataset.path, dataset.shape, dataset.dtype, dataset.path) for dataset in found]

    def read(self, weight: Weight, selection: Selection | None = None) -> np.ndarray[Any, Any]:
        """See `WeightStore`."""
        return self.file.read(weight.path or "", selection)

    def close(self) -> None:
        """See `WeightStore`."""
        self.file.close()


class Assignment:
    """Gives the groups of a file to the layers of a model: by name, by number in Keras 0.x, else in order."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.notes: list[str] = []
        self._left: list[str] = []

    def give(self, groups: Sequence[Group]) -> list[str]:
        """Sets `Layer.weights` of every layer. Returns notes for the user."""
        for _, layer in self.model.walk():
            layer.weights = []
        pairs = self._pairs(groups)
        for layers, group in pairs:
            self._fill(layers, group)
        served = {layer.id for layers, group in pairs for layer in layers if group.arrays}
        missing = [
            layer.name
            for layer in self.model.layers.values()
            if layer.id not in served and layer.model is None and self._wanted(layer, trainable=True)
        ]
        if missing:
            some = any(group.arrays for group in groups)
            self.notes.append(f"The file has no weights for {listed('layer', missing) if some else 'any layer'}.")
        if self._left:
            self.notes.append(f"No layer claims {listed('array', self._left)}.")
        return self.notes

    def _pairs(self, groups: Sequence[Group]) -> list[tuple[list[Layer], Group]]:
        listed_layers = [layer for layer in self.model.layers.values() if not (layer.implied and layer.is_input)]
        numbered = self._numbered(groups, listed_layers)
        if numbered is not None:
            return numbered
        outer = {layer.name: layer for layer in reversed(listed_layers)}
        every = {layer.name: layer for _, layer in reversed(list(self.model.walk()))}
        pairs = []
        strangers = []
        for group in groups:
            layer = outer.get(group.name) or every.get(group.name)
            if layer is not None:
                pairs.append(([layer], group))
            elif group.arrays:
                strangers.append(group)
        if not strangers:
            return pairs
        # Weights of a model that was built again have other names; Keras itself then goes by the order.
        served = {id(layer) for layers, group in pairs for layer in layers if group.arrays}
        free = [x for x in listed_layers if id(x) not in served and self._has_weights(x)]
        if len(free) == len(strangers):
            return [*pairs, *(([layer], group) for layer, group in zip(free, strangers, strict=True))]
        for group in strangers:
            self.notes.append(f"The file has weights of a layer {quoted(group.name)}, which the model does not have.")
        return pairs

    def _numbered(self, groups: Sequence[Group], layers: Sequence[Layer]) -> list[tuple[list[Layer], Group]] | None:
        """Pairs for a file of Keras 0.x, which knows its layers by number; None for any other."""
        if [group.name for group in groups] == ["graph"]:
            return [(list(layers), groups[0])]
        if not groups or any(not re.fullmatch(r"layer_\d+", group.name) for group in groups):
            return None
        units: list[list[Layer]] = []
        branches: list[Layer] = []
        for layer in layers:
            if layer.implied:  # a branch of the Merge that follows, which has the arrays of its branches
                branches.append(layer)
            else:
                units.append([*branches, layer])
                branches = []
        for group in groups[len(units) :]:
            self._left += [array.dataset.path for array in group.arrays]
        return list(zip(units, groups, strict=False))

    def _has_weights(self, layer: Layer) -> bool:
        if layer.model is not None:
            return any(self._has_weights(inner) for inner in layer.model.layers.values())
        wanted = self._wanted(layer, trainable=True)
        return wanted is None or bool(wanted)

    # -- one group -----------------------------------------------------------------------------------------------

    def _fill(self, layers: Sequence[Layer], group: Group) -> None:
        if len(layers) == 1 and layers[0].model is None:
            layer = layers[0]
            free = layer.config.get("trainable", True) is not False
            layer.weights = _weights(layer, group.arrays, self._wanted(layer, trainable=True), free)
            return
        leaves = [leaf for layer in layers for leaf in self._leaves(layer, trainable=True)]
        if group.arrays and not self._in_order(leaves, group.arrays):
            self._left += self._by_name(leaves, group.arrays)

    def _leaves(self, layer: Layer, *, trainable: bool) -> Iterator[Leaf]:
        if layer.model is None:
            yield Leaf(layer, self._wanted(layer, trainable=trainable))
            return
        for config in (layer.config, layer.model.config):
            trainable = trainable and config.get("trainable", True) is not False
        for inner in layer.model.layers.values():
            yield from self._leaves(inner, trainable=trainable)

    def _wanted(self, layer: Layer, *, trainable: bool) -> list[Expected] | None:
        class_name, config = modern(layer.class_name, layer.config, self.model.era)
        wanted = expected(class_name, config, trainable=trainable)
        return None if wanted is None else sorted(wanted, key=lambda item: not item.trainable)

    def _in_order(self, leaves: Sequence[Leaf], arrays: Sequence[Array]) -> bool:
        """By position. Keras 1 and later write what is trained of all layers first, Keras 0.x layer by layer."""
        by_layer = [(leaf, item) for leaf in leaves for item in leaf.wanted or ()]
        if any(leaf.wanted is None for leaf in leaves) or len(by_layer) != len(arrays):
            return False
        orders = [sorted(by_layer, key=lambda pair: not pair[1].trainable), by_layer]
        best = max(orders, key=lambda order: _fit(order, arrays))
        if not _possible(best, arrays):
            return False
        for (leaf, item), array in zip(best, arrays, strict=True):
            assert leaf.layer.weights is not None
            leaf.layer.weights.append(_weight(item.name, array, item.trainable))
        return True

    def _by_name(self, leaves: Sequence[Leaf], arrays: Sequence[Array]) -> list[str]:
        """By the inner layer that an array's name begins with. Returns the paths of those that say none."""
        found: dict[int, list[Array]] = {}
        left = []
        for array in arrays:
            index = _index_of(leaves, array.name)
            if index is None:
                left.append(array.dataset.path)
            else:
                found.setdefault(index, []).append(array)
        for index, own in found.items():
            layer, wanted = leaves[index]
            layer.weights = _weights(layer, own, wanted, layer.config.get("trainable", True) is not False)
        return left


def _index_of(leaves: Sequence[Leaf], name: str) -> int | None:
    """Which layer an array's name speaks of. TensorFlow 1 may have put a number behind it: conv1d_1_3/kernel:0."""
    parts = name.split("/")
    tests: tuple[Callable[[str, str], bool], ...] = (
        lambda part, layer: part == layer,
        lambda part, layer: re.fullmatch(re.escape(layer) + r"_\d+", part) is not None,
        lambda part, layer: part.startswith(f"{layer}_"),
    )
    for test in tests:
        for index, leaf in enumerate(leaves):
            if any(test(part, leaf.layer.name) for part in parts[: max(len(parts) - 1, 1)]):
                return index
    return None


def _fit(order: Sequence[tuple[Leaf, Expected]], arrays: Sequence[Array]) -> int:
    """How well an order fits: names that agree, and ranks that can be right."""
    score = 0
    for (leaf, item), array in zip(order, arrays, strict=True):
        tail = item.name.rpartition("/")[2]
        score += 4 * (_tail(array.name) == tail) + _rank_fits(tail, len(array.dataset.shape))
        score += leaf.layer.name in array.name
    return score


def _possible(order: Sequence[tuple[Leaf, Expected]], arrays: Sequence[Array]) -> bool:
    return all(
        _rank_fits(item.name.rpartition("/")[2], len(array.dataset.shape))
        for (_, item), array in zip(order, arrays, strict=True)
    )


def _rank_fits(name: str, rank: int) -> bool:
    if name in ("gamma", "beta", "moving_mean", "moving_variance"):
        return rank >= 1
    return rank >= 2 if name.endswith(("kernel", "embeddings")) else True


def _weights(layer: Layer, arrays: Sequence[Array], wanted: Sequence[Expected] | None, trainable: bool) -> list[Weight]:
    """The weights of a layer: named as Keras 3 would where their number fits, else as the file has it."""
    if wanted is not None and len(wanted) == len(arrays):
        ordered = list(wanted)
        tails = [_tail(array.name) for array in arrays]
        by_tail = {item.name.rpartition("/")[2]: item for item in wanted}
        if len(by_tail) == len(wanted) == len(set(tails)) and set(tails) == set(by_tail):
            ordered = [by_tail[tail] for tail in tails]
        return [_weight(item.name, array, item.trainable) for item, array in zip(ordered, arrays, strict=True)]
    quantized = any(array.dataset.dtype == "int8" for array in arrays)
    low_rank = any("lora_" in array.name for array in arrays)
    weights = []
    for array in arrays:
        name = _short(array.name, layer.name)
        # Of a custom layer nobody knows; a layer of Keras with more arrays than usual is quantized or low-rank.
        known = None if wanted is None else is_trainable(name, array.dataset.dtype, quantized=quantized)
        if known and low_rank and "lora_" not in name and name != "bias":
            known = False
        weights.append(_weight(name, array, known if trainable else False))
    return weights


def _weight(name: str, array: Array, trainable: bool | None) -> Weight:
    return Weight(name, array.dataset.shape, array.dataset.dtype, array.dataset.path, trainable)


def _tail(name: str) -> str:
    """The last word: "bn/moving_mean:0" to "moving_mean"."""
    return re.sub(r":\d+$", "", name.rpartition("/")[2])


def _short(name: str, layer: str) -> str:
    """An array's name without that of its layer: "dense_1_W" to "W", "lstm/cell/kernel:0" to "cell/kernel"."""
    name = re.sub(r":\d+$", "", name)
    if f"/{layer}/" in name:
        return name.rpartition(f"/{layer}/")[2]
    for mark in ("/", "_"):
        while name.startswith(layer + mark) and len(name) > len(layer) + 1:
            name = name[len(layer) + 1 :]
    return name


def _make_layer(model: Model, group: Group) -> None:
    """A layer for a group of a file without an architecture; its class only where name or shapes leave no doubt."""
    shapes = [array.dataset.shape for array in group.arrays]
    class_name = class_of_layer(group.name)
    wanted = expected(class_name, {}) if class_name else None
    wanted = None if wanted is None else sorted(wanted, key=lambda item: not item.trainable)
    if wanted is not None and len(wanted) != len(shapes):
        wanted = wanted[: len(shapes)] if len(shapes) and len(wanted) > len(shapes) else None
        wanted = wanted if class_name in ("Dense", "EinsumDense") or class_name.startswith("Conv") else None
    if not class_name and (sure := guess(shapes)) is not None:
        class_name = sure.class_name
        wanted = expected(class_name, {}) if class_name else None
    layer = Layer(len(model.layers), group.name, class_name)
    layer.weights = _weights(layer, group.arrays, wanted, trainable=True)
    model.layers[layer.id] = layer


def _join(path: str, name: str) -> str:
    name = name.replace("\\", "/").strip("/")
    return f"{path}/{name}" if path else name
