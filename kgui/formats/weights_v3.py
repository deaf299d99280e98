"""Weights as Keras 3 and tf.keras from 2.12 on write them: a tree of attribute paths, `layers/conv2d_3/vars/0`.

The tree does not know the names of layers. Each list of layers numbers its members per class, so the tree can only be
read along with the architecture, in the order of its layers (`keras.src.saving.saving_lib._walk_saveable`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from kgui.errors import FileError
from kgui.formats.notes import quoted
from kgui.formats.weight_names import (
    class_of_group,
    expects_weights,
    guess,
    is_trainable,
    listed,
    members,
    numbered,
    own_names,
    parts,
    to_snake_case,
)
from kgui.graph import Layer, Model, Weight
from kgui.reports.risks import Risk

if TYPE_CHECKING:
    import numpy as np

    from kgui.formats.hdf5 import SafeHdf5
    from kgui.formats.store import Selection

CONTAINERS = ("layers", "_layer_checkpoint_dependencies")
"""Where a Functional or Sequential keeps its layers: Keras 3 and tf.keras 2.15, tf.keras 2.12 to 2.14."""

NOT_LAYERS = frozenset({"optimizer", "optimizer_weights", "compile_metrics", "_compile_metrics", "metrics", "_metrics"})
"""What stands beside the layers at the root of a file."""


class Entry(Protocol):
    """An array as a file lists it."""

    path: str
    shape: tuple[int, ...]
    dtype: str


class Node:
    """An object in the tree: its own arrays and the objects in its attributes, in the order of the file."""

    __slots__ = ("arrays", "children", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.children: dict[str, Node] = {}
        self.arrays: list[Entry] = []

    def child(self, name: str) -> Node:
        """The object in an attribute, made if it is new."""
        found = self.children.get(name)
        if found is None:
            found = self.children[name] = Node(f"{self.path}/{name}" if self.path else name)
        return found

    def find(self, path: str) -> Node | None:
        """The object at a path of attributes. tf.keras keeps the parts of attention layers in private attributes."""
        node: Node | None = self
        for name in path.split("/"):
            assert node is not None
            node = node.children.get(name) or node.children.get("_" + name)
            if node is None:
                return None
        return node

    def everything(self) -> Iterable[Entry]:
        """All arrays in the object and below."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield from node.arrays
            stack.extend(reversed(node.children.values()))


def build_tree(entries: Iterable[Entry]) -> Node:
    """The tree of the arrays that stand in a group `vars`; others are put where their path says."""
    root = Node("")
    nodes = {"": root}
    for entry in entries:
        parent, _, _ = entry.path.rpartition("/")
        node = nodes.get(parent)
        if node is None:
            names = parent.split("/")
            node = root
            for name in names[:-1] if names[-1] == "vars" else names:
                node = node.child(name)
            nodes[parent] = node
        node.arrays.append(entry)
    for node in nodes.values():
        if len(node.arrays) > 1:
            node.arrays.sort(key=_number)
    return root


def _number(entry: Entry) -> tuple[int, str]:
    name = entry.path.rpartition("/")[2]
    return (int(name), "") if name.isdecimal() and len(name) < 10 else (1 << 40, name)


class TreeMapper:
    """Gives the arrays of a tree to the layers of a model.

    Args:
        root: The tree.
        name_of: The layer's name that a group carries (Keras >= 3.6), by the group's path; None if it has none.
        era: Whose file it is: tf.keras numbers shared layers in another way.
    """

    def __init__(self, root: Node, name_of: Callable[[str], str | None], era: str) -> None:
        self.root = root
        self._name_of = name_of
        self._era = era
        self._claimed: set[str] = set()
        self._missing: list[tuple[Layer, bool]] = []
        self._by_twin: dict[tuple[str, str], Layer] = {}
        self.notes: list[str] = []

    def map(self, model: Model) -> None:
        """Sets `Layer.weights` of every layer at every depth; layers of a model without a graph are made up."""
        if not model.layers and model.kind in ("weights", "subclassed"):
            self._make_layers(model)
        else:
            self._model(model, self.root, trainable=True)
            self._share()
        self._remark_leftovers()

    # -- models --------------------------------------------------------------------------------------------------

    def _model(self, model: Model, node: Node | None, *, trainable: bool) -> None:
        layers = [layer for layer in model.layers.values() if self._islisted(layer, model)]
        groups = self._groups(node, layers)
        for layer in model.layers.values():
            layer.weights = []
        for layer in layers:
            self._layer(layer, groups.get(layer.id), trainable=trainable)

    def _islisted(self, layer: Layer, model: Model) -> bool:
        """Whether a layer is in Keras' `model.layers`: operations are not, nor the input of a Sequential."""
        if layer.is_operation and self._era == "keras-3":
            return False
        return not (layer.is_input and (layer.implied or model.kind == "sequential"))

    def _groups(self, node: Node | None, layers: Sequence[Layer]) -> dict[int, Node]:
        """The group of each layer, by the layer's id."""
        if node is None:
            return {}
        name = next((name for name in CONTAINERS if name in node.children), None)
        container = node.children[name] if name else Node("")
        if name == "_layer_checkpoint_dependencies":
            found = self._count_twice(container, layers)
        else:
            found = self._count(container, layers)
        taken = {id(group) for group in found.values()}
        spare = [child for child in container.children.values() if id(child) not in taken and any(child.everything())]
        if spare:
            found = self._by_name(container.children.values(), layers, found) or found
        return self._by_attribute(node, name, layers, found)

    def _count(self, container: Node, layers: Sequence[Layer]) -> dict[int, Node]:
        """Keras' own rule: per class, in the order of the layers."""
        if self._era == "tf-keras":
            # tf.keras gives no number to a layer that it has already written as part of an earlier one.
            layers = [layer for layer in layers if self._twin(layer) not in self._by_twin]
        names = numbered([layer.class_name for layer in layers])
        pairs = ((layer.id, container.children.get(name)) for layer, name in zip(layers, names, strict=True))
        return {key: group for key, group in pairs if group is not None}

    def _count_twice(self, container: Node, layers: Sequence[Layer]) -> dict[int, Node]:
        """tf.keras 2.12 to 2.14 lists a layer with weights twice, as "layer_with_weights-0" and as "layer-3".

        The second time it is skipped, but has already moved the number on: dense, dense_2, dense_4, ….
        """
        found: dict[int, Node] = {}
        used: dict[str, int] = {}
        single = self._count(container, layers)
        for layer in layers:
            name = to_snake_case(layer.class_name)
            count = used.get(name, 0)
            group = container.children.get(f"{name}_{count}" if count else name)
            if group is not None:
                found[layer.id] = group
            used[name] = count + (2 if group is not None and any(group.everything()) else 1)
        return found if len(found) > len(single) else single

    def _by_name(
        self, children: Iterable[Node], layers: Sequence[Layer], counted: dict[int, Node]
    ) -> dict[int, Node] | None:
        """By the names that groups carry, where counting has left groups over. None if that finds no more."""
        named: dict[str, Node] = {}
        for child in children:
            name = self._name_of(child.path)
            if name is not None:
                named.setdefault(name, child)
        found = {layer.id: named[layer.name] for layer in layers if layer.name in named}
        return found if len(found) > len(counted) else None

    def _by_attribute(
        self, node: Node, container: str | None, layers: Sequence[Layer], found: dict[int, Node]
    ) -> dict[int, Node]:
        """Subclasses of Functional keep layers in attributes too, and the first path that is visited has the arrays."""
        others = [
            child
            for name, child in node.children.items()
            if name != container and not (node is self.root and name in NOT_LAYERS)
        ]
        if not others:
            return found
        for layer in layers:
            if layer.id in found and any(found[layer.id].everything()):
                continue
            for child in others:
                if child.path.rpartition("/")[2] == layer.name or self._name_of(child.path) == layer.name:
                    found[layer.id] = child
        return found

    # -- layers --------------------------------------------------------------------------------------------------

    def _layer(self, layer: Layer, node: Node | None, *, trainable: bool) -> None:
        trainable = trainable and layer.config.get("trainable", True) is not False
        if layer.model is not None:
            inner = trainable and layer.model.config.get("trainable", True) is not False
            self._model(layer.model, node, trainable=inner)
            layer.weights = [] if node is None else self._own(node, "", {}, "", trainable)
            return
        if node is None:
            layer.weights = []
            self._missing.append((layer, trainable))
            return
        layer.weights = self._object(node, layer.class_name, layer.config, "", trainable)
        if not layer.weights:
            self._missing.append((layer, trainable))
        self._by_twin.setdefault(self._twin(layer), layer)

    @staticmethod
    def _twin(layer: Layer) -> tuple[str, str]:
        return (layer.class_name, layer.name)

    def _object(
        self, node: Node, class_name: str, config: Mapping[str, Any], prefix: str, trainable: bool
    ) -> list[Weight]:
        """The arrays of an object with those of its parts, in Keras' order, named from the object on."""
        if class_name in ("Functional", "Sequential") or "layers" in config:
            return self._inner_model(node, class_name, config, prefix, trainable)
        weights = self._own(node, class_name, config, prefix, trainable)
        rest = dict(node.children)
        for part in parts(class_name, config) or ():
            inner = node.find(part.attribute)
            if inner is None:
                continue
            rest = {
                name: child
                for name, child in rest.items()
                if child is not inner and name != part.attribute.split("/")[0]
            }
            free = trainable and part.config.get("trainable", True) is not False
            weights += self._object(inner, part.class_name, part.config, f"{prefix}{part.label}/", free)
        if class_name == "SpectralNormalization":
            weights = _without_copy(weights, prefix)
        for name, child in rest.items():
            weights += self._object(child, class_of_group(name), {}, f"{prefix}{name}/", trainable)
        return weights

    def _inner_model(
        self, node: Node, class_name: str, config: Mapping[str, Any], prefix: str, trainable: bool
    ) -> list[Weight]:
        """A model in a wrapper, whose layers are in the wrapper's config."""
        container = next((node.children[name] for name in CONTAINERS if name in node.children), None)
        items = config.get("layers")
        if container is None or not isinstance(items, list):
            return [
                weight
                for name, child in (container or node).children.items()
                for weight in self._object(child, class_of_group(name), {}, f"{prefix}{name}/", trainable)
            ]
        weights: list[Weight] = []
        for group, label, name, inner in members(class_name, config):
            child = container.children.get(group)
            if child is not None:
                free = trainable and inner.get("trainable", True) is not False
                weights += self._object(child, name, inner, f"{prefix}{label}/", free)
        return weights

    def _own(
        self, node: Node, class_name: str, config: Mapping[str, Any], prefix: str, trainable: bool
    ) -> list[Weight]:
        arrays = node.arrays
        if not arrays:
            return []
        names = own_names(class_name, config, [a.shape for a in arrays], [a.dtype for a in arrays])
        quantized = any(array.dtype.startswith(("int", "uint")) for array in arrays) and bool(class_name)
        weights = []
        for array, name in zip(arrays, names, strict=True):
            self._claimed.add(array.path)
            free = trainable and is_trainable(name, array.dtype, quantized=quantized)
            known = None if name.isdecimal() and trainable else free
            weights.append(Weight(prefix + name, array.shape, array.dtype, array.path, known))
        # Keras lists what is trained first; quantized layers write their integers before their bias.
        return weights if class_name == "SpectralNormalization" else sorted(weights, key=lambda w: w.trainable is False)

    # -- what is left --------------------------------------------------------------------------------------------

    def _share(self) -> None:
        """An object that is in two models is written once, at the first path; the others get the same arrays."""
        missing = []
        for layer, _ in self._missing:
            twin = self._by_twin.get(self._twin(layer))
            if twin is not None and twin is not layer and twin.config == layer.config and twin.weights:
                layer.weights = list(twin.weights)
            elif expects_weights(layer.class_name, layer.config):
                missing.append(layer.name)
        if missing and self._claimed:
            self.notes.append(f"The file has no weights for {listed('layer', missing)}.")
        elif missing:
            self.notes.append("The file has no weights for any layer.")

    def _remark_leftovers(self) -> None:
        left = [
            entry.path
            for name, child in self.root.children.items()
            if name not in NOT_LAYERS
            for entry in child.everything()
            if entry.path not in self._claimed
        ]
        left += [entry.path for entry in self.root.arrays if entry.path not in self._claimed]
        if left:
            self.notes.append(f"No layer claims {listed('array', left)}.")

    # -- models without a graph ----------------------------------------------------------------------------------

    def _make_layers(self, model: Model) -> None:
        """Layers for the objects of a file that has no graph. None of them is written back."""
        for name, child in self.root.children.items():
            if name not in NOT_LAYERS:
                self._make_from(model, name, child)
        if self.root.arrays:
            self._make_layer(model, model.name or "weights", self.root, "", whole=False)

    def _make_from(self, model: Model, name: str, node: Node) -> None:
        """One layer for an object, or one for each in a list: a group without arrays whose children are layers."""
        is_list = not node.arrays and any(class_of_group(child) for child in node.children)
        if name in CONTAINERS or (is_list and name not in _SINGLE):
            for key, child in node.children.items():
                label = self._name_of(child.path) or (key if name in CONTAINERS else f"{name}/{key}")
                self._make_layer(model, label, child, class_of_group(key))
        else:
            self._make_layer(model, self._name_of(node.path) or name, node, class_of_group(name))

    def _make_layer(self, model: Model, name: str, node: Node, class_name: str, *, whole: bool = True) -> None:
        if not any(node.everything()):
            return
        layer = Layer(max(model.layers, default=-1) + 1, name, class_name)
        model.layers[layer.id] = layer
        if class_name in ("Functional", "Sequential") or any(inner in node.children for inner in CONTAINERS):
            layer.model = Model("weights", name, class_name, era=model.era)
            for key, child in node.children.items():
                self._make_from(layer.model, key, child)
            layer.weights = self._own(node, "", {}, "", True)
            return
        if not class_name:
            sure = guess([array.shape for array in node.arrays])
            layer.class_name = sure.class_name if sure is not None and not node.children else ""
        if whole:
            layer.weights = self._object(node, class_name, {}, "", True)
        else:
            layer.weights = self._own(node, class_name, {}, "", True)


_SINGLE = frozenset({"cell", "layer", "forward_layer", "backward_layer"})
"""Attributes that hold one layer, however it is called."""


def _without_copy(weights: list[Weight], prefix: str) -> list[Weight]:
    """SpectralNormalization writes the kernel twice: as its own, and as that of the layer that it wraps."""
    if not weights or weights[0].name != f"{prefix}kernel":
        return weights
    start = f"{prefix}layer/"
    copy = next((w for w in weights[1:] if w.name.startswith(start) and w.shape == weights[0].shape), None)
    return [weight for weight in weights if weight is not copy]


class WeightsV3:
    """The weights in `model.weights.h5` or `*.weights.h5`, whole or in shards.

    Args:
        files: The HDF5 file, or the shards of one.

    Attributes:
        risks: See `WeightStore`.
    """

    def __init__(self, files: Sequence[SafeHdf5]) -> None:
        self.files = list(files)
        self.risks: list[Risk] = []
        self._where: dict[str, SafeHdf5] | None = None

    def _list(self) -> dict[str, SafeHdf5]:
        if self._where is None:
            self._where = {}
            for file in self.files:
                self._where.update(dict.fromkeys(file.tree.datasets, file))
                self.risks.extend(file.risks)
        return self._where

    def attach(self, model: Model) -> list[str]:
        """See `WeightStore`. A model of the kind "weights" or "subclassed" without layers gets layers made up."""
        where = self._list()
        root = build_tree(file.tree.datasets[path] for path, file in where.items())
        mapper = TreeMapper(root, self._name_of, model.era)
        mapper.map(model)
        damaged = [path for file in self.files for path in file.damaged]
        if damaged:
            mapper.notes.append(f"HDF5 cannot read {listed('object', damaged)}; the file is damaged.")
        return mapper.notes

    def _name_of(self, path: str) -> str | None:
        group = f"{path}/vars"
        for file in self.files:
            if group in file.tree.groups:
                try:
                    return file.text(group, "name")
                except FileError:
                    return None  # the arrays are found without names; a damaged one is no reason to refuse them
        return None

    def entries(self) -> list[Weight]:
        """See `WeightStore`."""
        found = []
        for path, file in self._list().items():
            dataset = file.tree.datasets[path]
            found.append(Weight(path, dataset.shape, dataset.dtype, path))
        return found

    def read(self, weight: Weight, selection: Selection | None = None) -> np.ndarray[Any, Any]:
        """See `WeightStore`."""
        path = weight.path or ""
        file = self._list().get(path)
        if file is None:
            raise FileError(f"There is no array {quoted(path)}", where=str(self.files[0].path))
        return file.read(path, selection)

    def close(self) -> None:
        """See `WeightStore`."""
        for file in self.files:
            file.close()
