"""Models and layers as the objects that files keep them as: `{class_name, config, …}` of every era, both ways.

Reading is lossless: what has no place in the graph is kept in the records and written back. Nothing is ever imported
or called by a name from the file.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from kgui.errors import FileError
from kgui.formats.notes import FORM, Notes, form_of, quoted
from kgui.graph import Era, Layer, Model, TensorRef, TensorSpec

Json = dict[str, Any]

OBJECT_KEYS = ("class_name", "config", "module", "registered_name")
"""What `Layer` and `Model` have fields for; everything else of an object is its record."""

GRAPH_KEYS = ("layers", "input_layers", "output_layers")

NO_MODELS = frozenset({"Merge", "Pipeline", "RandAugment", "AugMix", "StackedRNNCells"})
"""Layers whose config has "layers" and that are nevertheless no models."""


def is_sequential_config(class_name: Any, config: Any, module: Any = None) -> bool:
    """True for the config of a Sequential of any era, or of a subclass of it."""
    if class_name == "Sequential":
        return isinstance(config, list) or (isinstance(config, dict) and isinstance(config.get("layers"), list))
    if (
        not isinstance(class_name, str | None)
        or class_name in NO_MODELS
        or not isinstance(config, dict)
        or "input_layers" in config
    ):
        return False
    layers = config.get("layers")
    if not isinstance(layers, list) or not layers:
        return False
    if isinstance(module, str) and module.startswith(("keras.layers", "keras.src.layers")):
        return False
    return all(isinstance(item, dict) and "class_name" in item and "config" in item for item in layers)


def is_functional_config(config: Any) -> bool:
    """True for the config of a functional model: its three keys tell, not its class, which may be a custom one."""
    return isinstance(config, dict) and all(key in config for key in GRAPH_KEYS) and isinstance(config["layers"], list)


def is_model_object(value: Any) -> bool:
    """True for the object of a model that has a graph."""
    if not isinstance(value, dict):
        return False
    config = value.get("config")
    return is_functional_config(config) or is_sequential_config(value.get("class_name"), config, value.get("module"))


def decode_model(value: Any, notes: Notes, *, version: str | None = None) -> Model:
    """The model that an object describes.

    Args:
        value: The object: parsed JSON or YAML, of any era.
        notes: Gets what does not fit.
        version: The Keras that wrote it, where the file says so elsewhere.

    Raises:
        FileError: The object describes no model.
    """
    from kgui.formats import graph0

    if isinstance(value, dict) and graph0.is_keras0(value):
        return graph0.decode(value, notes)
    if not isinstance(value, dict) or "class_name" not in value:
        raise FileError('The file describes no Keras model: there is no "class_name" in it')
    version = version or _text(value.get("keras_version"))
    era = era_of(value, version)
    return decode_object(value, era, notes)


def decode_object(value: Json, era: Era, notes: Notes) -> Model:
    """The model of an object whose era is known, top-level or nested."""
    from kgui.formats import functional, sequential

    config = value.get("config")
    class_name = value.get("class_name")
    if isinstance(config, dict) and is_functional_config(config):
        model = functional.decode(config, era, notes)
    elif is_sequential_config(class_name, config, value.get("module")):
        model = sequential.decode(config, era, notes)
    else:
        model = Model("subclassed", era=era)
        if isinstance(config, dict):
            model.config = config
        elif "config" in value:
            model.record[FORM] = {"config": config}
    model.class_name = class_name if isinstance(class_name, str) else "Model"
    model.module = _text(value.get("module"))
    model.registered_name = _text(value.get("registered_name"))
    name = model.config.get("name", value.get("name"))
    model.name = name if isinstance(name, str) else ""
    keys = [key for key in ("module", "registered_name") if key in value]
    record = {key: item for key, item in value.items() if key not in OBJECT_KEYS}
    record[FORM] = {**form_of(model.record), "own_keys": keys}
    model.record = record
    return model


def encode_model(model: Model, spec: Any = None) -> Json:
    """The object from which `decode_model` makes an equal model.

    Args:
        model: Of any era; it is written in the words and encodings of its own.
        spec: Function from `TensorRef` to `TensorSpec`, for the shapes that Keras 3 writes beside references; by
            default what inference says, and else what the file said.

    Raises:
        ModelError: The graph cannot be said in the encoding of its era.
    """
    from kgui.formats import graph0

    if model.era == "keras-0":
        return graph0.encode(model)
    form = form_of(model.record)
    keys = form.get("own_keys", ["module", "registered_name"] if model.era == "keras-3" else [])
    value: Json = {}
    if "module" in keys:
        value["module"] = model.module
    value["class_name"] = model.class_name
    value["config"] = encode_config(model, model.config, model.name, spec or _specs(model))
    if "registered_name" in keys:
        value["registered_name"] = model.registered_name
    value.update((key, item) for key, item in model.record.items() if key != FORM)
    return value


def encode_config(model: Model, own: Json, name: str, spec: Any) -> Any:
    """The "config" of a model's object.

    Args:
        model: The model.
        own: Its own arguments: `Model.config` of the outermost model, `Layer.config` of a nested one.
        name: Its name, likewise.
        spec: As for `encode_model`.
    """
    from kgui.formats import functional, sequential

    if model.kind == "functional":
        return functional.encode(model, own, name, spec)
    if model.kind == "sequential":
        return sequential.encode(model, own, name, spec)
    form = form_of(model.record)
    return form["config"] if "config" in form and not own else own


def _specs(model: Model) -> Any:
    """What Keras 3 writes beside references, for the outermost model; nested ones have a function of their own."""
    return Specs(model)


class Specs:
    """Shape and dtype of each tensor of a model: what rules say, else what the file said.

    A stored shape may be stale after an edit, so that a rule has precedence where there is one.

    Args:
        model: The model.
        inference: What holds within it; by default it is inferred when first needed.
    """

    def __init__(self, model: Model, inference: Any = None) -> None:
        self._model = model
        self._inference = inference
        self._asked = inference is not None

    def __call__(self, ref: TensorRef) -> TensorSpec:
        """Shape and dtype of a tensor."""
        stored = self._model.stored.get(ref, TensorSpec(None, None))
        inferred = self._inferred(ref)
        if inferred is None:
            return stored
        return TensorSpec(stored.shape if inferred.shape is None else inferred.shape, inferred.dtype or stored.dtype)

    def _inferred(self, ref: TensorRef) -> TensorSpec | None:
        if not self._asked:
            from kgui.inference import infer

            self._asked = True
            self._inference = infer(self._model)
        result = self._inference.layers.get(ref.layer) if self._inference is not None else None
        if result is None or ref.call >= len(result.calls):
            return None
        call = result.calls[ref.call]
        if call.source in ("unknown", "assumed") or ref.tensor >= len(call.outputs):
            return None
        output: TensorSpec = call.outputs[ref.tensor]
        return output

    def nested(self, layer: Layer) -> Specs:
        """The same for the model that a layer is."""
        assert layer.model is not None
        self._inferred(TensorRef(layer.id))
        result = self._inference.layers.get(layer.id) if self._inference is not None else None
        inner = Specs(layer.model, None if result is None else result.model)
        inner._asked = True
        return inner


# Layers ----------------------------------------------------------------------------------------------------------


def decode_layer(value: Json, number: int, era: Era, notes: Notes) -> Layer:
    """A layer (or nested model) of a model, without its calls.

    Args:
        value: Its object.
        number: Its id, and the name of last resort.
        era: Of the model.
        notes: Gets what does not fit.
    """
    class_name = value.get("class_name")
    config = value.get("config")
    own = config if isinstance(config, dict) else {}
    inner = own.get("name")
    name = value.get("name", inner)
    layer = Layer(
        number,
        name if isinstance(name, str) else f"layer_{number}",
        class_name if isinstance(class_name, str) else "Layer",
        module=_text(value.get("module")),
        registered_name=_text(value.get("registered_name")),
    )
    if is_model_object(value):
        layer.model = decode_object({"class_name": class_name, "config": config, **_origin(value)}, era, notes)
        own = layer.model.config
    layer.config = own
    layer.record = {key: item for key, item in value.items() if key not in LAYER_KEYS}
    form: Json = {}
    if name != inner and isinstance(inner, str):
        form["inner_name"] = [name, inner]
    if not isinstance(config, dict) and layer.model is None:
        form["config"] = config
        if "config" in value and config is not None:
            notes.add(f"The arguments of layer {quoted(layer.name)} are not what arguments look like.")
    if form:
        layer.record[FORM] = form
    return layer


def _origin(value: Json) -> Json:
    return {key: value[key] for key in ("module", "registered_name") if key in value}


LAYER_KEYS = frozenset({*OBJECT_KEYS, "name", "inbound_nodes"})


def layer_keys(values: list[Any]) -> tuple[list[str], dict[int, list[str]]]:
    """Which of the keys that not every era has the objects of a model's layers have: usual ones, and exceptions."""
    optional = ("module", "registered_name", "name", "inbound_nodes")
    found = [
        (index, tuple(key for key in optional if key in value))
        for index, value in enumerate(values)
        if isinstance(value, dict)
    ]
    if not found:
        return [], {}
    usual = Counter(keys for _, keys in found).most_common(1)[0][0]
    return list(usual), {index: list(keys) for index, keys in found if keys != usual}


def encode_layer(layer: Layer, keys: list[str], spec: Any, inbound: list[Any] | None) -> Json:
    """The object of a layer, with those of the optional `keys` that its era has."""
    form = form_of(layer.record)
    keys = form.get("keys", keys)
    value: Json = {}
    if "module" in keys or (layer.module is not None and "no_module" not in form):
        value["module"] = layer.module
    value["class_name"] = layer.class_name
    value["config"] = _layer_config(layer, form, spec)
    if "registered_name" in keys or layer.registered_name is not None:
        value["registered_name"] = layer.registered_name
    value.update((key, item) for key, item in layer.record.items() if key != FORM)
    if "name" in keys:
        value["name"] = layer.name
    if "inbound_nodes" in keys and inbound is not None:
        value["inbound_nodes"] = inbound
    return value


def _layer_config(layer: Layer, form: Json, spec: Any) -> Any:
    names = form.get("inner_name")
    inner = names[1] if names and names[0] == layer.name else layer.name
    if layer.model is not None:
        nested = spec.nested(layer)
        return encode_config(layer.model, layer.config, inner, nested)
    if "config" in form and not layer.config:
        return form["config"]
    if layer.config.get("name", inner) == inner:
        return layer.config
    return {**layer.config, "name": inner}


def named_config(own: Json, name: str) -> Json:
    """A model's own arguments with its name as it stands now; without a name where the era has none there."""
    if "name" in own and own["name"] != name:
        return {**own, "name": name}
    return own


# Era ---------------------------------------------------------------------------------------------------------------


def era_of(value: Json, version: str | None) -> Era:
    """Whose words an object is in: by the version where there is one, else by the words themselves."""
    if version:
        return era_of_version(version)
    if value.get("module") is not None or _has_keras3_calls(value):
        module = value.get("module")
        is_tf = isinstance(module, str) and ("tf_keras" in module or "keras.src.engine" in module)
        return "tf-keras" if is_tf else "keras-3"
    layers = _layer_objects(value)
    if any("module" in layer for layer in layers):
        return "tf-keras"
    configs = [layer["config"] for layer in layers if isinstance(layer.get("config"), dict)]
    if any(KERAS1_KEYS & config.keys() for config in configs):
        return "keras-1"
    tf_classes = any(layer.get("class_name") in TF_CLASSES for layer in layers)
    return "tf-keras" if tf_classes or value.get("class_name") == "Functional" else "keras-2"


KERAS1_KEYS = frozenset(
    {"init", "nb_filter", "nb_row", "border_mode", "subsample", "dim_ordering", "W_regularizer", "input_dtype"}
)
TF_CLASSES = frozenset({"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod"})


def era_of_version(version: str) -> Era:
    """The era of a version: "1.2.0", "2.2.4-tf", "3.15.1". Keras by itself ended with 2.3.1; 2.4 on is tf.keras."""
    numbers = [int(part) if part.isdigit() else 0 for part in version.split("-")[0].split(".")[:2]] + [0, 0]
    if numbers[0] >= 3:
        return "keras-3"
    if numbers[0] == 2:
        return "tf-keras" if "tf" in version or numbers[1] >= 4 else "keras-2"
    return "keras-1" if numbers[0] == 1 else "keras-0"


def _layer_objects(value: Json) -> list[Json]:
    config = value.get("config")
    layers = config if isinstance(config, list) else config.get("layers") if isinstance(config, dict) else None
    return [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []


def _has_keras3_calls(value: Json) -> bool:
    for layer in _layer_objects(value):
        calls = layer.get("inbound_nodes")
        if isinstance(calls, list) and calls:
            return isinstance(calls[0], dict) and "args" in calls[0]
    return False


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
