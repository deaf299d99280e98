"""Models of earlier eras in the words and encodings of Keras 3, for files that only Keras 3 can have."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from kgui.errors import ModelError
from kgui.formats.notes import FORM, quoted
from kgui.graph import Call, Layer, Model, TensorRef, map_refs
from kgui.graph.model import OPERATION_LAYERS
from kgui.layers.categories import category
from kgui.layers.eras import modern
from kgui.layers.specs import spec

_MODULES = {"Functional": "keras.src.models.functional", "Sequential": "keras"}


def to_archive(model: Model, version: str) -> Model:
    """The model as a `.keras` archive can have it: as it is if Keras 3, or tf.keras from 2.12 on, wrote it so."""
    if model.kind == "subclassed":
        return model
    own_keys = (model.record.get(FORM) or {}).get("own_keys")
    if model.era == "keras-3":
        return model if own_keys is None or "module" in own_keys else to_keras3(model)
    if model.era == "tf-keras" and own_keys and "module" in own_keys:
        return model
    return to_keras3(model)


def to_hdf5(model: Model) -> Model:
    """The model as a legacy HDF5 file can have it: every era from Keras 1 on can; Keras 0.x is translated."""
    return to_keras3(model) if model.era == "keras-0" else model


def to_keras3(model: Model) -> Model:
    """The same model in Keras 3: implied layers made explicit, classes and arguments in today's words.

    Raises:
        ModelError: A layer has no counterpart in Keras 3.
    """
    class_name = {"Model": "Functional", "Graph": "Functional"}.get(model.class_name, model.class_name)
    custom = class_name not in _MODULES
    kind = "functional" if any(_is_made_real(model, layer) for layer in model.layers.values()) else model.kind
    if kind != model.kind:
        class_name = "Functional"
    config = {key: value for key, value in model.config.items() if key not in ("batch_input_shape",)}
    config.setdefault("name", model.name or class_name.lower())
    config.setdefault("trainable", True)
    result = replace(
        model,
        kind=kind,
        era="keras-3",
        class_name=class_name,
        module=model.module if custom else _MODULES[class_name],
        config=config,
        record={key: value for key, value in model.record.items() if key in ("build_config", "compile_config")},
        layers={},
        stored=dict(model.stored),
    )
    for layer in model.layers.values():
        result.layers[layer.id] = _to_keras3(layer, model, kind)
    return result


def _is_made_real(model: Model, layer: Layer) -> bool:
    """Implied layers of a Sequential but for its one input cannot stay implied."""
    return model.kind == "sequential" and layer.implied and not layer.is_input


def _to_keras3(layer: Layer, model: Model, kind: str) -> Layer:
    # An input that is only implied would leave the Sequential of Keras 3 without a shape, and so without weights.
    implied = layer.implied and kind == "sequential" and not (layer.is_input and layer.config.get("batch_shape"))
    calls = [_call(call, layer, model) for call in layer.calls]
    if layer.model is not None:
        inner = to_keras3(layer.model)
        config = {**inner.config, **_words(layer.config), "name": layer.name}
        return replace(
            layer, class_name=inner.class_name, module=inner.module, config=config, model=inner, calls=calls,
            record=_kept(layer), implied=implied,
        )  # fmt: skip
    class_name, config = modern(layer.class_name, copy.deepcopy(layer.config), model.era)
    if not _is_left(layer, class_name):
        raise ModelError(
            f"Keras 3 has no layer {layer.class_name}",
            where=f"layer {quoted(layer.name)}",
            hint="Replace the layer, or save as JSON in the words of its own era.",
        )
    config["name"] = layer.name
    if layer.is_input:
        shape = config.pop("batch_input_shape", config.pop("batch_shape", None))
        config = {"batch_shape": shape, "dtype": config.get("dtype") or "float32", "sparse": False, "name": layer.name}
    else:
        config = _without_old(config)
    module = layer.module
    if not layer.is_operation and (module is None or module.startswith(("keras", "tf_keras"))):
        module = "keras.layers"
    return replace(
        layer, class_name=class_name, module=module, config=config, calls=calls, record=_kept(layer), implied=implied,
        weights=layer.weights,
    )  # fmt: skip


def _is_left(layer: Layer, class_name: str) -> bool:
    """Whether Keras 3 has the class, or the user may have it. `class_name` is in today's words."""
    if layer.class_name in OPERATION_LAYERS or layer.class_name == "Merge":
        return False
    if class_name in ("Layer", "Wrapper") or layer.registered_name is not None or layer.is_operation:
        return True
    return spec(class_name) is not None or category(class_name, layer.module) in ("Custom", "Nested")


def _kept(layer: Layer) -> dict[str, Any]:
    return {key: value for key, value in layer.record.items() if key == "build_config"}


def _words(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key in ("name", "trainable")}


def _without_old(config: dict[str, Any]) -> dict[str, Any]:
    """Arguments without those that Keras 3 refuses, in wrapped layers too.

    Keras 3 reads "batch_input_shape" wrongly (measured: one dimension too many).
    """
    result = {}
    for key, value in config.items():
        if key in _OLD:
            continue
        if isinstance(value, dict) and isinstance(value.get("config"), dict):
            value = {**value, "config": _without_old(value["config"])}
        result[key] = value
    return result


_OLD = frozenset({"batch_input_shape", "batch_shape", "input_shape", "input_dtype", "time_major"})


def _call(call: Call, layer: Layer, model: Model) -> Call:
    """A call in today's form: what Keras 1 and 2 passed to a recurrent layer as a list is its initial state."""
    args, kwargs = call.args, dict(call.kwargs)
    first = args[0] if args else None
    if isinstance(first, list) and len(first) > 1 and layer.class_name in _RECURRENT:
        args = [first[0]]
        kwargs["initial_state"] = first[1:]
    return Call(map_refs(args, _same), map_refs(kwargs, _same))


def _same(ref: TensorRef) -> TensorRef:
    return ref


_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM2D", "CuDNNLSTM", "CuDNNGRU"})
