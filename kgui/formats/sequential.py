"""Sequential models: a list of layers, whose input the file mostly only implies.

Keras 1 to 2.2.2 keep the list as the config itself, later ones under "layers". The shape of the input stands in any of
seven places (measured over the eras): an InputLayer, "batch_input_shape" or "input_shape" of the first layer,
"input_dim" of it, the layer that it wraps, the first layer of a model that comes first, or "build_input_shape".
"""

from __future__ import annotations

from typing import Any

from kgui.errors import ModelError
from kgui.formats.calls import as_shape, as_text
from kgui.formats.notes import FORM, Notes, form_of, quoted
from kgui.formats.structure import (
    decode_layer,
    encode_layer,
    is_model_object,
    layer_keys,
    named_config,
)
from kgui.graph import Call, Era, Layer, Model, TensorRef, TensorSpec

Json = dict[str, Any]


def decode(config: Any, era: Era, notes: Notes) -> Model:
    """The model of a Sequential's config. Its class, name and record are the caller's to fill in."""
    model = Model("sequential", era=era)
    is_list = isinstance(config, list)
    items = config if is_list else config["layers"]
    if not is_list:
        model.config = {key: value for key, value in config.items() if key != "layers"}
    values = [value for value in items if isinstance(value, dict)]
    if len(values) < len(items):
        notes.add(f"{len(items) - len(values)} of the model's layers are no layers and were left out.")
    usual, exceptions = layer_keys(values)
    layers = []
    for index, value in enumerate(values):
        layer = decode_layer(value, index, era, notes)
        if index in exceptions:
            layer.record.setdefault(FORM, {})["keys"] = exceptions[index]
        if "inbound_nodes" in value:
            layer.record["inbound_nodes"] = value["inbound_nodes"]
        layers.append(layer)
    model.record[FORM] = {"keys": usual, "list": is_list}
    chain(model, layers, notes)
    return model


def chain(model: Model, layers: list[Layer], notes: Notes) -> None:
    """Strings layers together: an input is put in front where the file only implies it."""
    if not layers:
        return
    names: set[str] = set()
    for layer in layers:
        if layer.name in names:
            notes.add(f"Two layers are called {quoted(layer.name)}.")
        names.add(layer.name)
    sources = _sources(model, layers, notes)
    previous: Any = sources[0] if len(sources) == 1 else sources
    for layer in layers:
        model.layers[layer.id] = layer
        if layer.is_input and not layer.calls and layer is layers[0]:
            layer.calls.append(Call())
        else:
            layer.calls.append(Call([previous]))
            build = layer.record.get("build_config")
            shape = as_shape(build.get("input_shape")) if isinstance(build, dict) else None
            if shape is not None and isinstance(previous, TensorRef):
                model.stored.setdefault(previous, TensorSpec(shape, None))
        previous = TensorRef(layer.id)
    model.outputs = previous


def _sources(model: Model, layers: list[Layer], notes: Notes) -> list[TensorRef]:
    """What goes into the first layer; sets the model's inputs."""
    first = layers[0]
    if first.is_input:
        model.inputs = TensorRef(first.id)
        return [TensorRef(first.id)]
    branches = first.config.get("layers")
    if first.class_name == "Merge" and isinstance(branches, list) and branches:
        return _branches(model, first, branches, len(layers), notes)
    shape, dtype = input_of(first)
    if shape is None:
        shape = as_shape(model.config.get("build_input_shape"))
    source = implied_input(len(layers), f"{first.name}_input", shape, dtype)
    model.layers[source.id] = source
    model.inputs = TensorRef(source.id)
    return [TensorRef(source.id)]


def _branches(model: Model, merge: Layer, branches: list[Any], number: int, notes: Notes) -> list[TensorRef]:
    """The models that a Merge of Keras 0.x or 1 joins at the head: implied layers, with an input each."""
    from kgui.formats import graph0

    inputs, outputs, ids = [], [], []
    for index, value in enumerate(branches):
        if not isinstance(value, dict):
            notes.add(f"A branch of layer {quoted(merge.name)} is no model and was left out.")
            continue
        if model.era == "keras-0":
            branch = graph0.decode_layer(value, number + 1, f"{merge.name}_branch_{index + 1}", notes)
        else:
            branch = decode_layer(value, number + 1, model.era, notes)
        branch.implied = True
        shape, dtype = input_of(branch)
        source = implied_input(number, f"{branch.name}_input", shape, dtype)
        branch.calls.append(Call([TensorRef(source.id)]))
        model.layers[source.id] = source
        model.layers[branch.id] = branch
        inputs.append(TensorRef(source.id))
        outputs.append(TensorRef(branch.id))
        ids.append(branch.id)
        number += 2
    merge.config = {key: value for key, value in merge.config.items() if key != "layers"}
    merge.record.setdefault(FORM, {})["branches"] = ids
    model.inputs = inputs
    return outputs


def implied_input(number: int, name: str, shape: Any, dtype: str | None) -> Layer:
    """An InputLayer that the file does not have."""
    config: Json = {"name": name, "batch_shape": None if shape is None else list(shape), "dtype": dtype or "float32"}
    return Layer(number, name, "InputLayer", config, implied=True, calls=[Call()])


def input_of(layer: Layer) -> tuple[tuple[int | None, ...] | None, str | None]:
    """Shape (with batch) and dtype of the input that a first layer asks for, or None where it does not say."""
    if layer.model is not None:
        return _input_of_model(layer.model)
    return _input_of_config(layer.class_name, layer.config)


def _input_of_model(model: Model) -> tuple[tuple[int | None, ...] | None, str | None]:
    if isinstance(model.inputs, TensorRef):
        source = model.layers.get(model.inputs.layer)
        if source is not None:
            return _input_of_config(source.class_name, source.config)
    return None, None


_INTEGER_INPUT = {"Embedding": "int32"}


def _input_of_config(class_name: Any, config: Json) -> tuple[tuple[int | None, ...] | None, str | None]:
    dtype = as_text(config.get("input_dtype")) or as_text(config.get("dtype")) or _INTEGER_INPUT.get(str(class_name))
    for key in ("batch_shape", "batch_input_shape"):
        shape = as_shape(config.get(key))
        if shape is not None:
            return shape, dtype
    shape = as_shape(config.get("input_shape"))
    if shape is not None:
        return (None, *shape), dtype
    if class_name == "Embedding" and isinstance(config.get("input_length"), int):
        return (None, config["input_length"]), dtype
    size = config.get("input_dim")
    if isinstance(size, int) and class_name != "Embedding":
        if class_name in _SEQUENCE_INPUT:
            length = config.get("input_length")
            return (None, length if isinstance(length, int) else None, size), dtype
        return (None, size), dtype
    for key in ("layer", "forward_layer"):
        inner = config.get(key)
        if isinstance(inner, dict):
            return _input_of_wrapped(inner)
    return None, dtype


_SEQUENCE_INPUT = frozenset(
    {"LSTM", "GRU", "SimpleRNN", "TimeDistributedDense", "Convolution1D", "JZS1", "JZS2", "JZS3", "AtrousConvolution1D"}
)
"""Classes of Keras 0.x and 1 whose "input_dim" is the last of two sizes."""


def _input_of_wrapped(inner: Json) -> tuple[tuple[int | None, ...] | None, str | None]:
    config = inner.get("config")
    if isinstance(config, dict) and not is_model_object(inner):
        return _input_of_config(inner.get("class_name"), config)
    return None, None


# Writing -------------------------------------------------------------------------------------------------------------


def in_order(model: Model) -> list[Layer]:
    """The layers from the input to the output, without implied ones.

    Raises:
        ModelError: The layers are no longer one chain.
    """
    order: list[Layer] = []
    ref = model.outputs
    seen: set[int] = set()
    while isinstance(ref, TensorRef):
        layer = model.layers.get(ref.layer)
        if layer is None or layer.id in seen or ref[1:] != (0, 0) or len(layer.calls) != 1:
            raise _no_chain(model)
        seen.add(layer.id)
        if layer.implied:
            break
        order.append(layer)
        call = layer.calls[0]
        if form_of(layer.record).get("branches"):
            seen.update(other.id for other in model.layers.values() if other.implied)
            break
        if call.kwargs or len(call.args) > 1:
            raise _no_chain(model)
        ref = call.args[0] if call.args else None
    if any(layer.id not in seen for layer in model.layers.values() if not layer.implied):
        raise _no_chain(model)
    order.reverse()
    return order


def _no_chain(model: Model) -> ModelError:
    return ModelError(
        f"The layers of {quoted(model.name or 'the model')} are no longer one chain, so it cannot be a Sequential",
        hint="Make it a functional model first.",
    )


def encode(model: Model, own: Json, name: str, spec: Any) -> Any:
    """The config of a Sequential, with its own arguments and name as they stand now."""
    form = form_of(model.record)
    keys = form.get("keys", ["module", "registered_name"] if model.era == "keras-3" else [])
    layers = [encode_member(model, layer, keys, spec) for layer in in_order(model)]
    if form.get("list", model.era == "keras-1"):
        return layers
    return {**named_config(own, name), "layers": layers}


def encode_member(model: Model, layer: Layer, keys: list[str], spec: Any) -> Json:
    """The object of one layer; a Merge gets its branches back."""
    value = encode_layer(layer, keys, spec, None)
    branches = form_of(layer.record).get("branches")
    if branches:
        value["config"] = {
            **value["config"],
            "layers": [encode_layer(model.layers[number], keys, spec, None) for number in branches],
        }
    return value
