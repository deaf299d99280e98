"""Objects as TensorFlow's checkpoints and SavedModels have them: a graph of attributes, with variables at its ends.

A Keras model has the attributes "layer-0", "layer-1", … for its layers in order, and "layer_with_weights-0", … for
those that have some. Source: `tf_keras.src.engine.functional.Functional._layer_checkpoint_dependencies` (2.21).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kgui.formats.weight_names import ATTENTION_PARTS, class_of_layer, expected, guess, listed
from kgui.graph import Layer, Model, Weight
from kgui.layers.eras import modern

MAX_BELOW = 20_000
"""Objects of one layer. A shared object is visited once for each layer that has it."""

_NOT_PARTS = frozenset(
    {
        "keras_api", "variables", "trainable_variables", "non_trainable_variables", "regularization_losses", "losses",
        "metrics", "layers", "layer_metrics", "layer_regularization_losses", "signatures", "optimizer", "_optimizer",
        "save_counter", "keras_training_states", "states", "_metrics", "_all_variables", "_trainable_variables",
        "_non_trainable_variables", "_tracked", "_self_tracked_trackables", "compiled_metrics", "compiled_loss",
        "_random_generator", "random_generator", "_seed_generator", "seed_generator",
    }
)  # fmt: skip
"""Attributes that lead to variables again, to variables that are no weights, or to no layer."""

_NO_WEIGHTS = frozenset(
    {
        "optimizer", "_optimizer", "save_counter", "keras_api", "_random_generator", "random_generator",
        "_seed_generator", "seed_generator", "keras_training_states", "metrics", "_metrics", "compiled_metrics",
    }
)  # fmt: skip
"""Attributes whose variables are no weights of the model: of the optimizer, of metrics, states of random numbers."""


@dataclass(slots=True)
class Trackable:
    """An object.

    Attributes:
        children: Attributes with the number of the object that each holds.
        weight: The variable, if it is one; its `name` is the full name ("dense/kernel").
        class_name: Where the file says so.
        name: The layer's name, where the file says so.
    """

    children: dict[str, int] = field(default_factory=dict)
    weight: Weight | None = None
    class_name: str = ""
    name: str = ""


def without_dangling(nodes: list[Trackable]) -> list[Trackable]:
    """The same objects without the attributes that lead to none: a damaged file may name any number."""
    count = len(nodes)
    for node in nodes:
        if any(not 0 <= child < count for child in node.children.values()):
            node.children = {name: child for name, child in node.children.items() if 0 <= child < count}
    return nodes


class Found(NamedTuple):
    """A variable below an object: the attributes that lead to it."""

    path: str
    weight: Weight


class TrackableMapper:
    """Gives the variables of an object graph to the layers of a model.

    Args:
        nodes: The objects; the first one is the model.
    """

    def __init__(self, nodes: Sequence[Trackable]) -> None:
        self.nodes = nodes
        # Keras 3 exports the states of random numbers among the variables; `model.weights` does not have them.
        self._random = {n.weight.path for n in nodes if n.weight and n.weight.name.endswith("seed_generator_state")}
        self._claimed: set[str | None] = set()
        self._missing: list[str] = []

    def attach(self, model: Model) -> list[str]:
        """Sets `Layer.weights`; a model without layers gets some made up. Returns notes for the user."""
        if not self.nodes:
            return []
        root = self._model_of(0)
        if not model.layers and model.kind in ("weights", "subclassed"):
            self._make_layers(model, root)
        else:
            for _, layer in model.walk():
                layer.weights = []
            self._model(model, root, trainable=True)
        notes = []
        if self._missing:
            notes.append(f"The file has no weights for {listed('layer', self._missing)}.")
        left = [
            found.path
            for found in self._below(root, whole=True)
            if found.weight.path not in self._claimed | self._random and not found.path.startswith("_all_variables/")
        ]
        if left:
            notes.append(f"No layer claims {listed('array', left)}.")
        return notes

    def _model_of(self, root: int) -> int:
        """`tf.train.Checkpoint(model=…)` has the model in an attribute."""
        children = self.nodes[root].children
        has_layers = any(name.startswith(("layer-", "layer_with_weights-")) for name in children)
        for name in () if has_layers else ("model", "root", "net", "network"):
            inner = children.get(name)
            if inner is not None and any(key.startswith("layer") for key in self.nodes[inner].children):
                return inner
        return root

    def _model(self, model: Model, node: int, *, trainable: bool) -> None:
        children = self.nodes[node].children
        listed_layers = [
            layer
            for layer in model.layers.values()
            if not (layer.is_input and (layer.implied or model.kind == "sequential"))
        ]
        for index, layer in enumerate(listed_layers):
            child = children.get(f"layer-{index}", children.get(layer.name))
            free = trainable and layer.config.get("trainable", True) is not False
            if child is None:
                self._remark_missing(layer, model)
            elif layer.model is not None:
                self._model(layer.model, child, trainable=free)
            else:
                layer.weights = self._layer(layer.class_name, layer.config, model.era, child, trainable=free)
                if not layer.weights:
                    self._remark_missing(layer, model)

    def _remark_missing(self, layer: Layer, model: Model) -> None:
        if layer.model is None and expected(*modern(layer.class_name, layer.config, model.era)):
            self._missing.append(layer.name)

    def _layer(self, class_name: str, config: dict[str, Any], era: str, node: int, *, trainable: bool) -> list[Weight]:
        found = list(self._below(node))
        wanted = expected(*modern(class_name, config, era), trainable=trainable)
        names = [_plain(item.path) for item in found]
        order = list(range(len(found)))
        known = {item.name: item.trainable for item in wanted or ()}
        if wanted is not None and len(wanted) == len(found):
            if set(known) == set(names):
                order = [names.index(item.name) for item in wanted]
            else:  # attributes of another version, or a list of cells by number: the order of the file is Keras' own
                names = [item.name for item in wanted]
        weights = []
        for index in order:
            weight = found[index].weight
            self._claimed.add(weight.path)
            free = known.get(names[index]) if weight.trainable is None else weight.trainable and trainable
            weights.append(Weight(names[index], weight.shape, weight.dtype, weight.path, free))
        return weights

    def _below(self, node: int, *, whole: bool = False) -> Iterator[Found]:
        """The variables below an object, each once, own ones before those of its parts.

        Args:
            node: The object.
            whole: Follow what leads out of a layer too, but for the optimizer.
        """
        seen = {node}
        keys: set[str | None] = set()
        level = [("", node)]
        while level:
            deeper: list[tuple[str, int]] = []
            for path, number in level:
                for name, child in self._parts(number, whole):
                    if child in seen:
                        continue
                    seen.add(child)
                    if len(seen) > MAX_BELOW and not whole:
                        return
                    inner = f"{path}/{name}" if path else name
                    weight = self.nodes[child].weight
                    if weight is None:
                        deeper.append((inner, child))
                    elif weight.path not in keys:
                        keys.add(weight.path)
                        yield Found(inner, weight)
            level = deeper

    def _parts(self, node: int, whole: bool) -> Iterable[tuple[str, int]]:
        children = self.nodes[node].children
        skip = _NO_WEIGHTS if whole else _NOT_PARTS
        for name, child in children.items():
            if name not in skip:
                yield name, child

    # -- models without a graph ----------------------------------------------------------------------------------

    def _make_layers(self, model: Model, root: int) -> None:
        children = self.nodes[root].children
        ordered = [(name, child) for name, child in children.items() if name.startswith("layer-")]
        ordered.sort(key=lambda item: int(item[0][6:]) if item[0][6:].isdecimal() else 0)
        shown = {child for _, child in ordered}
        ordered += [(name, child) for name, child in self._parts(root, whole=False) if child not in shown]
        # `save_weights` of tf.keras gives the model itself as its own attribute "root".
        seen = {root}
        for name, child in ordered:
            if child in seen:
                continue
            seen.add(child)
            node = self.nodes[child]
            if node.weight is not None:
                continue
            members = [(key, inner) for key, inner in node.children.items() if key.isdecimal()]
            if members and not any(self.nodes[inner].weight for _, inner in members):
                for key, inner in members:
                    if inner not in seen:
                        seen.add(inner)
                        self._make_layer(model, f"{name}/{key}", inner)
            else:
                self._make_layer(model, name, child)
        own: dict[str, list[Found]] = {}
        for found in self._direct(root):
            if found.weight.path not in self._claimed | self._random:
                self._claimed.add(found.weight.path)
                own.setdefault(_layer_name(found.path), []).append(found)
        for name, founds in own.items():
            self._add(model, name or model.name or "variables", class_of_layer(name), founds)

    def _add(self, model: Model, name: str, class_name: str, founds: Sequence[Found]) -> None:
        """A layer for variables of which nothing but the full names is known, as Keras 3 exports them."""
        if not class_name and (sure := guess([found.weight.shape for found in founds])) is not None:
            class_name = sure.class_name
        layer = Layer(len(model.layers), name, class_name)
        layer.weights = [
            Weight(path.removeprefix(f"{name}/"), w.shape, w.dtype, w.path, w.trainable) for path, w in founds
        ]
        model.layers[layer.id] = layer

    def _direct(self, root: int) -> Iterator[Found]:
        twice = "variables" in self.nodes[root].children
        for name, child in self._parts(root, whole=True):
            if name == "_all_variables" and twice:  # Keras 3 exports copies of the variables under this name
                continue
            node = self.nodes[child]
            if node.weight is not None:
                yield Found(node.weight.name or name, node.weight)
            elif name in _NOT_PARTS and name not in ("metrics", "keras_training_states"):
                for inner in node.children.values():
                    weight = self.nodes[inner].weight
                    if weight is not None:
                        yield Found(weight.name, weight)

    def _make_layer(self, model: Model, attribute: str, node: int) -> None:
        found = list(self._below(node))
        said = self.nodes[node]
        if not found:
            return
        name = said.name or _layer_name(found[0].weight.name) or attribute
        if not attribute.startswith("layer-") and not said.name:
            name = attribute
        class_name = said.class_name or class_of_layer(_layer_name(found[0].weight.name))
        if not class_name and (sure := guess([item.weight.shape for item in found])) is not None:
            class_name = sure.class_name
        layer = Layer(len(model.layers), name, class_name)
        layer.weights = self._layer(class_name, {}, model.era, node, trainable=True)
        model.layers[layer.id] = layer


def _layer_name(full_name: str) -> str:
    """The layer's name in a variable's: "dense/kernel" to "dense"."""
    return full_name.partition("/")[0] if "/" in full_name else ""


def _plain(path: str) -> str:
    """The path in Keras' names: "_query_dense/kernel" to "query/kernel"."""
    parts = (part.lstrip("_") or part for part in path.split("/"))
    return "/".join(ATTENTION_PARTS.get(part, part) for part in parts)
