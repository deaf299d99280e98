"""Models of Keras 0.x: flat configs, whose "name" is the class, and the Graph, which has no calls but wires by name.

Source: `keras.models` and `keras.layers.containers` of 0.1 to 0.3.
"""

from __future__ import annotations

import re
from typing import Any

from kgui.formats import sequential
from kgui.formats.notes import FORM, Notes, form_of, quoted
from kgui.graph import Call, Layer, Model, TensorRef

Json = dict[str, Any]

GRAPH_KEYS = ("input_config", "node_config", "output_config", "nodes", "input_order", "output_order")


def is_keras0(value: Json) -> bool:
    """True for the object of a model of Keras 0.x: there is no class_name, and the name is the class."""
    return "class_name" not in value and (
        (value.get("name") in ("Sequential", None) and isinstance(value.get("layers"), list))
        or isinstance(value.get("node_config"), list)
    )


def decode(value: Json, notes: Notes) -> Model:
    """The model of an object."""
    if isinstance(value.get("node_config"), list):
        return _decode_graph(value, notes)
    model = Model("sequential", class_name="Sequential", era="keras-0")
    model.record = {key: item for key, item in value.items() if key not in ("name", "layers")}
    model.record[FORM] = {"name": value.get("name")} if "name" in value else {}
    layers: list[Layer] = []
    counts: dict[str, int] = {}
    for index, item in enumerate(value["layers"]):
        if isinstance(item, dict):
            layers.append(decode_layer(item, index, _fresh_name(item, counts), notes))
        else:
            notes.add(f"Layer {index + 1} of the model is no layer and was left out.")
    sequential.chain(model, layers, notes)
    return model


def decode_layer(value: Json, number: int, name: str, notes: Notes) -> Layer:
    """A layer: everything in it but its class is an argument. A Sequential or Graph may be a layer."""
    if is_keras0(value):
        model = decode(value, notes)
        model.name = name
        return Layer(number, name, model.class_name, model=model, record={FORM: {"given": name}})
    class_name = value.get("name")
    config = {key: item for key, item in value.items() if key != "name"}
    return Layer(
        number,
        name,
        class_name if isinstance(class_name, str) else "Layer",
        config,
        record={FORM: {"given": name, "class": class_name}},
    )


def _fresh_name(value: Json, counts: dict[str, int]) -> str:
    """A name for a layer: its own, numbered, since Keras 0.x called every Dense "dense"."""
    custom = value.get("custom_name")
    if isinstance(custom, str) and custom:
        base = custom
    else:
        base = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(value.get("name") or "layer")).lower()
    counts[base] = counts.get(base, 0) + 1
    return f"{base}_{counts[base]}"


# The Graph -----------------------------------------------------------------------------------------------------------


def _decode_graph(value: Json, notes: Notes) -> Model:
    model = Model("functional", class_name="Graph", era="keras-0")
    model.record = {key: item for key, item in value.items() if key not in GRAPH_KEYS and key != "name"}
    form: Json = {"keys": [key for key in GRAPH_KEYS if key in value], "nodes": []}
    if "name" in value:
        form["name"] = value["name"]
    model.record[FORM] = form
    form["orders"] = {key: value[key] for key in ("input_order", "output_order") if key in value}
    by_name: dict[str, Layer] = {}
    inputs: dict[str, TensorRef] = {}
    for entry in _entries(value, "input_config", notes):
        layer = _graph_input(entry, len(model.layers))
        model.layers[layer.id] = by_name[layer.name] = layer
        inputs[layer.name] = TensorRef(layer.id)
    nodes = value.get("nodes")
    nodes = nodes if isinstance(nodes, dict) else {}
    wired: list[tuple[Layer, Json]] = []
    for entry in _entries(value, "node_config", notes):
        name = str(entry.get("name"))
        config = nodes.get(name)
        if not isinstance(config, dict):
            notes.add(f"The file says how layer {quoted(name)} is wired, but not what it is.")
            config = {"name": None}
        layer = decode_layer(config, len(model.layers), name, notes)
        if name in by_name:
            notes.add(f"Two layers are called {quoted(name)}; what names that layer is taken to mean the last.")
        model.layers[layer.id] = by_name[name] = layer
        layer.record[FORM]["node"] = {key: item for key, item in entry.items() if key not in ("input", "inputs")}
        wired.append((layer, entry))
        form["nodes"].append(layer.id)
    for layer, entry in wired:
        source = _wire(model, by_name, entry, layer.name, notes)
        layer.calls.append(Call([] if source is None else [source]))
    outputs: dict[str, Any] = {}
    form["outputs"] = []
    for entry in _entries(value, "output_config", notes):
        name = str(entry.get("name"))
        source = _wire(model, by_name, entry, name, notes)
        if source is not None:
            outputs[name] = source
        form["outputs"].append({key: item for key, item in entry.items() if key not in ("input", "inputs")})
    model.inputs, model.outputs = dict(inputs), outputs
    return model


def _entries(value: Json, key: str, notes: Notes) -> list[Json]:
    items = value.get(key)
    if not isinstance(items, list):
        notes.add(f"The model has no {key}.")
        return []
    return [item for item in items if isinstance(item, dict)]


def _graph_input(entry: Json, number: int) -> Layer:
    name = str(entry.get("name"))
    shape = entry.get("input_shape")
    dtype = entry.get("dtype")
    config: Json = {
        "name": name,
        "batch_shape": [None, *shape] if isinstance(shape, list) else None,
        "dtype": {"float": "float32", "int": "int32"}.get(str(dtype), dtype),
    }
    return Layer(number, name, "InputLayer", config, calls=[Call()], record={FORM: {"entry": entry}})


def _wire(model: Model, by_name: dict[str, Layer], entry: Json, consumer: str, notes: Notes) -> TensorRef | None:
    """The tensor that an entry takes: of its "input", or of its "inputs" with a merge in front, which is made here."""
    single, several = entry.get("input"), entry.get("inputs")
    names = several if isinstance(several, list) and several else [single] if single else []
    found = []
    for name in names:
        layer = by_name.get(name) if isinstance(name, str) else None
        if layer is None:
            notes.add(f"Layer {quoted(consumer)} takes a tensor from layer {quoted(name)}, which is not in the model.")
        else:
            found.append(TensorRef(layer.id))
    if len(found) < 2:
        return found[0] if found else None
    config = {
        "mode": entry.get("merge_mode", "concat"),
        "concat_axis": entry.get("concat_axis", -1),
        "dot_axes": entry.get("dot_axes", -1),
    }
    merge = Layer(len(model.layers), f"{consumer}_merge", "Merge", config, implied=True, calls=[Call([found])])
    model.layers[merge.id] = merge
    return TensorRef(merge.id)


# Writing -------------------------------------------------------------------------------------------------------------


def encode(model: Model) -> Json:
    """The object from which `decode` makes an equal model."""
    form = form_of(model.record)
    value: Json = {key: item for key, item in model.record.items() if key != FORM}
    if "name" in form or not form:
        value["name"] = form.get("name", model.class_name)
    if model.kind == "sequential":
        value["layers"] = [_encode_member(model, layer) for layer in sequential.in_order(model)]
        return value
    value.update(_encode_graph(model, form))
    return value


def _encode_member(model: Model, layer: Layer) -> Json:
    value = encode_layer(layer)
    branches = form_of(layer.record).get("branches")
    if branches:
        value["layers"] = [encode_layer(model.layers[number]) for number in branches]
    return value


def encode_layer(layer: Layer) -> Json:
    """The flat object of a layer or nested model."""
    if layer.model is not None:
        return encode(layer.model)
    form = form_of(layer.record)
    value = {**layer.config, "name": form.get("class", layer.class_name)}
    if layer.name != form.get("given"):
        value["custom_name"] = layer.name
    return value


def _encode_graph(model: Model, form: Json) -> Json:
    entries, nodes, inputs = [], {}, []
    for layer in model.layers.values():
        if layer.is_input:
            inputs.append(_input_entry(layer))
        elif not layer.implied:
            inner = form_of(layer.record)
            entry = dict(inner.get("node", {"create_output": False}))
            entry["name"] = layer.name
            entry.update(_unwire(model, layer.calls[0].args[0] if layer.calls and layer.calls[0].args else None, entry))
            entries.append(entry)
            nodes[layer.name] = encode_layer(layer)
    outputs = model.outputs if isinstance(model.outputs, dict) else {}
    known = {entry.get("name"): entry for entry in form.get("outputs", ())}
    output_entries = []
    for name, ref in outputs.items():
        entry = dict(known.get(name, {"name": name}))
        entry.update(_unwire(model, ref, entry))
        output_entries.append(entry)
    value: Json = {
        "input_config": inputs,
        "node_config": entries,
        "nodes": nodes,
        "output_config": output_entries,
        "input_order": _order(form, "input_order", [entry["name"] for entry in inputs]),
        "output_order": _order(form, "output_order", list(outputs)),
    }
    keys = form.get("keys")
    return {key: item for key, item in value.items() if keys is None or key in keys or item}


def _order(form: Json, key: str, names: list[str]) -> list[str]:
    """The order of the file as long as it names what is there now."""
    was = form.get("orders", {}).get(key)
    return was if isinstance(was, list) and sorted(map(str, was)) == sorted(names) else names


def _input_entry(layer: Layer) -> Json:
    entry = form_of(layer.record).get("entry")
    shape = layer.config.get("batch_shape")
    made: Json = {
        "name": layer.name,
        "input_shape": list(shape[1:]) if isinstance(shape, list) else None,
        "dtype": {"float32": "float", "int32": "int"}.get(str(layer.config.get("dtype")), layer.config.get("dtype")),
    }
    if isinstance(entry, dict) and _graph_input(entry, layer.id).config == {**layer.config, "name": layer.name}:
        return entry
    return made


def _unwire(model: Model, ref: Any, entry: Json) -> Json:
    """The "input" or "inputs" of an entry, and the arguments of the merge in front."""
    if not isinstance(ref, TensorRef):
        return {"input": None, "inputs": []}
    source = model.layers[ref.layer]
    if not source.implied:
        return {"input": source.name, "inputs": []}
    names = [model.layers[item.layer].name for item in source.calls[0].inputs()]
    merge = {"merge_mode": source.config.get("mode")}
    merge.update((key, source.config[key]) for key in ("concat_axis", "dot_axes") if key in entry)
    return {"input": None, "inputs": names, **merge}
