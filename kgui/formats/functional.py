"""Functional models: layers that name the tensors they are called with, in the encodings of `kgui.formats.calls`."""

from __future__ import annotations

from typing import Any

from kgui.formats import calls as codec
from kgui.formats.calls import BARE, CallDecoder, CallEncoder, Producer, as_shape
from kgui.formats.notes import FORM, Notes, form_of, quoted
from kgui.formats.operations import implied_module
from kgui.formats.structure import GRAPH_KEYS, decode_layer, encode_layer, layer_keys, named_config
from kgui.graph import Call, Era, Layer, Model, TensorRef, TensorSpec

Json = dict[str, Any]


def decode(config: Json, era: Era, notes: Notes) -> Model:
    """The model of a functional config. Its class, name and record are the caller's to fill in."""
    model = Model("functional", era=era)
    model.config = {key: value for key, value in config.items() if key not in GRAPH_KEYS}
    values = [value for value in config["layers"] if isinstance(value, dict)]
    if len(values) < len(config["layers"]):
        notes.add(f"{len(config['layers']) - len(values)} of the model's layers are no layers and were left out.")
    usual, exceptions = layer_keys(values)
    for index, value in enumerate(values):
        layer = decode_layer(value, index, era, notes)
        if index in exceptions:
            layer.record.setdefault(FORM, {})["keys"] = exceptions[index]
        if era == "keras-3" and "module" not in value and ">" not in layer.class_name:
            layer.module = implied_module(layer)
            if layer.module is not None:
                layer.record.setdefault(FORM, {})["no_module"] = True
        model.layers[index] = layer
    keras3 = _has_keras3_calls(values)
    leaf = _leaf_size(values)
    model.record[FORM] = {"keys": usual, "keras3": keras3, "leaf": leaf}
    inbound = [value.get("inbound_nodes") for value in values]
    calls = [item if isinstance(item, list) else [] for item in inbound]
    producers = _producers(model, calls, notes)
    decoder = CallDecoder(producers, model.stored, notes, leaf)
    bases = _bases(model, calls, config, keras3) if any(layer.model for layer in model.layers.values()) else {}
    for layer, items in zip(model.layers.values(), calls, strict=True):
        _set_bases(producers, bases, 0)
        _decode_calls(layer, items, decoder)
    _set_bases(producers, bases, 1)
    decoder.consumer = "The list of the model's inputs"
    model.inputs = decoder.ends(config["input_layers"])
    decoder.consumer = "The list of the model's outputs"
    model.outputs = decoder.ends(config["output_layers"])
    _stored_by_build(model)
    if decoder.backward:
        _check_cycles(model, notes)
    return model


def _decode_calls(layer: Layer, items: list[Any], decoder: CallDecoder) -> None:
    decoder.consumer = layer
    bare = layer.class_name in BARE
    for item in items:
        if type(item) is dict and ("args" in item or "kwargs" in item):
            layer.calls.append(decoder.keras3(item))
        else:
            layer.calls.append(decoder.keras2(item, bare=bare))
    if not items:
        # An input, or another source of tensors (Keras writes no call that takes no tensor).
        layer.calls.append(Call())


def _has_keras3_calls(values: list[Json]) -> bool:
    for value in values:
        calls = value.get("inbound_nodes")
        if isinstance(calls, list) and calls:
            return type(calls[0]) is dict and "args" in calls[0]
    return all("module" in value for value in values)


def _leaf_size(values: list[Json]) -> int:
    """Elements of the leaves of encoding 2 or 3: 4 with kwargs, 3 without."""
    for value in values:
        calls = value.get("inbound_nodes")
        if isinstance(calls, list) and calls and isinstance(calls[0], list) and calls[0]:
            first = calls[0][0]
            if isinstance(first, list) and len(first) in (3, 4):
                return len(first)
    return 4


def _producers(model: Model, calls: list[list[Any]], notes: Notes) -> dict[str, Producer]:
    producers: dict[str, Producer] = {}
    for layer, items in zip(model.layers.values(), calls, strict=True):
        if layer.name in producers:
            notes.add(f"Two layers are called {quoted(layer.name)}; what names that layer is taken to mean the first.")
            continue
        producers[layer.name] = Producer(layer.id, max(1, len(items)))
    return producers


# What the first call of a nested model is called ------------------------------------------------------------------


def _bases(model: Model, calls: list[list[Any]], config: Json, keras3: bool) -> dict[str, list[int]]:
    """For each nested model the number of its first call in the calls, and in the lists of inputs and outputs.

    Most files count from 1 (the model's own creation is call 0), some from 0. An index 0 tells, and so does one that
    is too high; only where neither occurs the habit of the era decides.
    """
    nested = {layer.name: layer for layer in model.layers.values() if layer.model is not None}
    inner: dict[str, set[int]] = {name: set() for name in nested}
    outer: dict[str, set[int]] = {name: set() for name in nested}
    for items in calls:
        _indices(items, inner)
    _indices(config["input_layers"], outer)
    _indices(config["output_layers"], outer)
    bases = {}
    for name, layer in nested.items():
        count = len(layer.calls) or max(1, len(calls[layer.id]))
        assert layer.model is not None
        kind = layer.model.kind
        base = [
            _base(indices, count, codec.default_base(kind, keras3=keras3, ends=ends))
            for indices, ends in ((inner[name], False), (outer[name], True))
        ]
        if base != [codec.default_base(kind, keras3=keras3, ends=ends) for ends in (False, True)]:
            layer.record.setdefault(FORM, {})["base"] = base
        bases[name] = base
    return bases


def _base(indices: set[int], count: int, usual: int) -> int:
    if not indices:
        return usual
    if 0 in indices:
        return 0
    return 1 if max(indices) >= count else usual


def _indices(value: Any, found: dict[str, set[int]]) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is dict:
            stack.extend(item.values())
        elif type(item) is list:
            if len(item) >= 3 and type(item[0]) is str and item[0] in found and type(item[1]) is int:
                found[item[0]].add(item[1])
            stack.extend(inner for inner in item if type(inner) in (list, dict))


def _set_bases(producers: dict[str, Producer], bases: dict[str, list[int]], which: int) -> None:
    for name, base in bases.items():
        producers[name].base = base[which]


# What else the file says about shapes ------------------------------------------------------------------------------


def _stored_by_build(model: Model) -> None:
    """Shapes of the tensors that a layer was built with: what tf.keras 2.12 on and Keras 3 keep in "build_config"."""
    stored = model.stored
    for layer in model.layers.values():
        build = layer.record.get("build_config")
        if type(build) is not dict or not layer.calls or not layer.calls[0].args:
            continue
        shapes = build.get("input_shape")
        first = layer.calls[0].args[0]
        if isinstance(first, TensorRef):
            _state(stored, first, shapes)
        elif type(first) is list and type(shapes) is list and len(first) == len(shapes):
            for ref, shape in zip(first, shapes, strict=True):
                if isinstance(ref, TensorRef):
                    _state(stored, ref, shape)


def _state(stored: dict[TensorRef, TensorSpec], ref: TensorRef, value: Any) -> None:
    if ref not in stored:
        shape = as_shape(value)
        if shape is not None:
            stored[ref] = TensorSpec(shape, None)


def _check_cycles(model: Model, notes: Notes) -> None:
    """Remarks a cycle of calls, which only a damaged or made-up file has."""
    waiting: dict[tuple[int, int], int] = {}
    users: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for layer in model.layers.values():
        for index, call in enumerate(layer.calls):
            sources = {(ref.layer, ref.call) for ref in call.inputs()}
            waiting[layer.id, index] = len(sources)
            for source in sources:
                users.setdefault(source, []).append((layer.id, index))
    ready = [key for key, count in waiting.items() if count == 0]
    done = 0
    while ready:
        key = ready.pop()
        done += 1
        for user in users.get(key, ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                ready.append(user)
    if done < len(waiting):
        stuck = model.layers[next(key for key, count in waiting.items() if count > 0)[0]]
        notes.add(f"The model goes round in a circle, near layer {quoted(stuck.name)}: no loader can build it.")


# Writing -------------------------------------------------------------------------------------------------------------


def encode(model: Model, own: Json, name: str, spec: Any) -> Json:
    """The config of a functional model, with its own arguments and name as they stand now."""
    form = form_of(model.record)
    keras3 = form.get("keras3", model.era == "keras-3")
    leaf = form.get("leaf", 3 if model.era == "keras-1" else 4)
    keys = form.get(
        "keys",
        ["module", "registered_name", "name", "inbound_nodes"] if model.era == "keras-3" else ["name", "inbound_nodes"],
    )
    encoder = CallEncoder(model.layers, spec, keras3, leaf)
    decoders: list[CallDecoder] = []

    def decoder() -> CallDecoder:
        if not decoders:
            producers: dict[str, Producer] = {}
            for layer in model.layers.values():
                base = codec.call_base(layer, keras3=False, ends=False)
                producers.setdefault(layer.name, Producer(layer.id, len(layer.calls), base))
            decoders.append(CallDecoder(producers, {}, Notes(), leaf))
        return decoders[0]

    layers = []
    for layer in model.layers.values():
        inbound = [encoder.call(layer, call, decoder) for call in layer.calls if _is_written(call)]
        layers.append(encode_layer(layer, keys, spec, inbound))
    return {
        **named_config(own, name),
        "layers": layers,
        "input_layers": encoder.ends(model.inputs),
        "output_layers": encoder.ends(model.outputs),
    }


def _is_written(call: Call) -> bool:
    """Keras writes no call without tensors (that of an input) unless the file itself had one."""
    return bool(call.args or call.kwargs or FORM in call.record)
