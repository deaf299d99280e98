"""Models that are an argument of a layer: TimeDistributed(model), Bidirectional(model).

The graph keeps the arguments of a layer as the file has them, so that such a model is still in the form of a config
there. Inference needs only its calls; what the formats keep besides (records, stored shapes) is not read here.
"""

from __future__ import annotations

from typing import Any

from kgui.graph import Call, Era, Layer, Model, TensorRef


def model_of(value: dict[str, Any], era: Era) -> Model | None:
    """The graph of a serialized model; None if it is no model, or one without a graph.

    Args:
        value: `{class_name, config, …}` of a Functional or Sequential model of any era.
        era: Whose words it is in.
    """
    config = value.get("config")
    if isinstance(config, list) and value.get("class_name") == "Sequential":
        return _sequential(config, era)
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        return None
    if "input_layers" in config and "output_layers" in config:
        return _functional(config, era)
    return _sequential(config["layers"], era) if value.get("class_name") == "Sequential" else None


def _layer(number: int, value: Any, era: Era) -> Layer:
    value = value if isinstance(value, dict) else {}
    config = value.get("config")
    own = config if isinstance(config, dict) else {}
    name = value.get("name", own.get("name"))
    layer = Layer(
        number,
        name if isinstance(name, str) else f"layer_{number}",
        str(value.get("class_name")),
        own,
        value["module"] if isinstance(value.get("module"), str) else None,
        value["registered_name"] if isinstance(value.get("registered_name"), str) else None,
    )
    layer.model = model_of(value, era)
    return layer


def _sequential(values: list[Any], era: Era) -> Model:
    model = Model("sequential", era=era)
    layers = [_layer(number, value, era) for number, value in enumerate(values, 1)]
    if not layers or not layers[0].is_input:
        first = layers[0].config.get("batch_input_shape") if layers else None
        layers.insert(0, Layer(0, "input", "InputLayer", {"batch_shape": first}, implied=True))
    previous: Layer | None = None
    for layer in layers:
        layer.calls = [Call([] if previous is None else [TensorRef(previous.id)])]
        model.layers[layer.id] = layer
        previous = layer
    model.inputs, model.outputs = TensorRef(layers[0].id), TensorRef(layers[-1].id)
    return model


def _functional(config: dict[str, Any], era: Era) -> Model:
    own: dict[str, Any] = {key: config[key] for key in ("name", "trainable") if key in config}
    model = Model("functional", era=era, config=own)
    values = [value for value in config["layers"] if isinstance(value, dict)]
    for number, value in enumerate(values):
        model.layers[number] = _layer(number, value, era)
    named = {layer.name: layer for layer in reversed(model.layers.values())}
    nodes = [value.get("inbound_nodes") for value in values]
    counts = {
        layer.name: max(1, len(node) if isinstance(node, list) else 0)
        for layer, node in zip(model.layers.values(), nodes, strict=True)
    }
    reader = _Reader(named, counts)
    for layer, node in zip(model.layers.values(), nodes, strict=True):
        layer.calls = [reader.call(item) for item in node] if isinstance(node, list) and node else [Call()]
    model.inputs, model.outputs = reader.ends(config["input_layers"]), reader.ends(config["output_layers"])
    return model


class _Reader:
    """Reads references to tensors, in the encodings of Keras 1 to 3."""

    def __init__(self, named: dict[str, Layer], counts: dict[str, int]) -> None:
        self.named = named
        self.counts = counts

    def call(self, item: Any) -> Call:
        """One call: `{args, kwargs}` of Keras 3, or a list of leaves of the eras before."""
        if isinstance(item, dict) and ("args" in item or "kwargs" in item):
            args, kwargs = self.tree(item.get("args")), self.tree(item.get("kwargs"))
            return Call(args if isinstance(args, list) else [], kwargs if isinstance(kwargs, dict) else {})
        if self.is_leaf(item):
            item = [item]
        if not isinstance(item, list):
            return Call()
        tensors = [self.ref(leaf) for leaf in item if self.is_leaf(leaf)]
        kwargs = next((leaf[3] for leaf in item if self.is_leaf(leaf) and len(leaf) > 3), {})
        kwargs = {key: self.keyword(value) for key, value in kwargs.items()} if isinstance(kwargs, dict) else {}
        return Call([tensors[0] if len(tensors) == 1 else tensors] if tensors else [], kwargs)

    def tree(self, value: Any) -> Any:
        if isinstance(value, dict):
            if value.get("class_name") == "__keras_tensor__" and isinstance(value.get("config"), dict):
                history = value["config"].get("keras_history")
                return self.ref(history) if self.is_leaf(history) else None
            return {key: self.tree(item) for key, item in value.items()}
        return [self.tree(item) for item in value] if isinstance(value, list) else value

    def keyword(self, value: Any) -> Any:
        return self.ref(value) if self.is_leaf(value) else value

    def is_leaf(self, value: Any) -> bool:
        return (
            isinstance(value, list)
            and len(value) >= 3
            and isinstance(value[0], str)
            and value[0] in self.named
            and type(value[1]) is int
            and type(value[2]) is int
        )

    def ref(self, leaf: list[Any]) -> TensorRef:
        layer = self.named[leaf[0]]
        # A nested model counts its calls from 1 in most files: its own creation was call 0.
        call = leaf[1] - 1 if leaf[1] >= self.counts[layer.name] and leaf[1] > 0 else leaf[1]
        return TensorRef(layer.id, call, leaf[2])

    def ends(self, value: Any) -> Any:
        if self.is_leaf(value):
            return self.ref(value)
        if isinstance(value, dict):
            return {key: self.ends(item) for key, item in value.items()}
        return [self.ends(item) for item in value] if isinstance(value, list) else None
