"""Arguments of layers as Python: values, and the objects of Keras among them, without what is the default anyway.

Names of classes come from Keras' own table, never from the file: a class that is not in it is looked up among the
objects that the user has registered. Strings from the file occur as literals only.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Mapping
from typing import Any

from kgui.graph import Era
from kgui.layers.eras import modern
from kgui.reports.align import canonical
from kgui.reports.keras_words import LAYER_DEFAULTS, Signature, layer_signature, object_signature
from kgui.reports.python_text import Names, Node, atom, call, is_keyword, keyword_item, mapping, sequence, string, text

Config = dict[str, Any]

_FAMILIES = {
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "optimizer": "optimizers",
    "learning_rate": "optimizers.schedules",
    "loss": "losses",
    "metrics": "metrics",
    "dtype": "dtype_policies",
}
"""Families of classes by the last word of the argument that they stand in, for files that do not say the module."""

_ALIASES = {"CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU", "GroupedQueryAttention": "GroupQueryAttention"}
"""Classes that differ in how they compute, or in their name only."""

_NO_WORD = {"Constant", "IdentityInitializer", "STFTInitializer"}
"""Initializers that Keras does not make of their name alone."""

KERAS_OWN = {("keras.src.applications.convnext", "LayerScale")}
"""Layers of Keras' own models that are not public; they may be imported, other modules of a file never."""

_FOREIGN = {"TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
"""Classes that load or run a foreign program, which nobody should do by running a file that kgui wrote."""

_SIZES = {"kernel_size", "strides", "pool_size", "dilation_rate", "size"}
"""Arguments where one number stands for the same number in every dimension."""

_SINGLE = ("optimizers", "regularizers")
"""Families whose numbers Keras keeps in 32 bits."""

_SAME_AS = {"strides": "pool_size"}
"""Arguments that, where they are not given, are what another one is."""

_WORDS = {"uniform": "random_uniform", "normal": "random_normal"}
"""Shorter words that Keras' own defaults use for initializers."""

_KERAS_PACKAGES = ("keras", "tf_keras", "tensorflow")


_HARD_SIGMOID_NAME = "custom_hard_sigmoid"
_HARD_SIGMOID = f'''def {_HARD_SIGMOID_NAME}(x):
    """The hard sigmoid of Keras 1 and 2; Keras 3 has another slope under the same name."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)'''


class Values:
    """Writes arguments, and remembers what the written code needs besides Keras.

    Attributes:
        names: Names of the module's own functions and classes.
        registered: Registered name of every class and function of the user's, with its name in the code and
            the module that the file says it comes from.
        functions: Functions that the user has to fill in: name in the code and what was there.
        helpers: Functions of earlier eras that Keras 3 does not have: name and source.
    """

    def __init__(self, imports: Mapping[str, str] | None = None) -> None:
        self.names = Names()
        self.imports = dict(imports or {})
        self.registered: dict[str, tuple[str, str | None]] = {}
        self.functions: dict[str, str] = {}
        self.helpers: dict[str, str] = {}
        self.nested: Callable[[Config, Era], Node] | None = None

    # Layers

    def layer(
        self,
        class_name: str,
        module: str | None,
        config: Config,
        era: Era,
        *,
        registered_name: str | None = None,
        shape: tuple[int | None, ...] | None = None,
    ) -> Node:
        """A layer: `layers.Dense(64, activation="relu")`.

        Args:
            class_name: As the file has it.
            module: As the file has it.
            config: As the file has it.
            era: The words they are in.
            registered_name: As the file has it.
            shape: Shape of its output without the batch, for a Lambda that does not say.
        """
        class_name, config = modern(class_name, config, era)
        class_name = _ALIASES.get(class_name, class_name)
        outside = is_custom(module, registered_name, era) or class_name in _FOREIGN
        known = None if outside else layer_signature(class_name)
        if known is None:
            return self.custom(class_name, module, config, registered_name)
        if class_name == "Lambda":
            config = self._lambda(config, shape)
        special = _SPECIAL.get(class_name)
        if special is not None:
            config = special(dict(config))
        required = [name for name in known.required if name in config]
        defaults = {**known.defaults, **LAYER_DEFAULTS}
        items = [self.argument(name, config[name], era) for name in required]
        for name, value in config.items():
            if name in required or name == "name" or _is_default(name, value, config, defaults, known):
                continue
            if name not in defaults and era != "keras-3":
                continue  # A word of that era that changes nothing today, such as `rng_type`.
            items.append(keyword_item(name, self.argument(name, value, era)))
        if isinstance(config.get("name"), str):
            items.append(keyword_item("name", text(string(config["name"]))))
        return call(f"layers.{class_name}", items)

    def argument(self, name: str, value: Any, era: Era = "keras-3") -> Node:
        """The value of an argument."""
        if name in _SIZES and isinstance(value, (list, tuple)) and len({*map(str, value)}) == 1:
            value = value[0]
        if value == "hard_sigmoid" and era != "keras-3":
            # Keras 3 has another slope under the same name.
            self.helpers[_HARD_SIGMOID_NAME] = _HARD_SIGMOID
            return text(_HARD_SIGMOID_NAME)
        return self.value(value, era, hint=name.rpartition("_")[2] if name not in _FAMILIES else name)

    # Values

    def value(self, value: Any, era: Era = "keras-3", *, hint: str = "") -> Node:
        """Any value of a config as Python."""
        if isinstance(value, Node):
            return value
        plain = atom(value)
        if plain is not None:
            return plain
        if isinstance(value, (list, tuple)):
            sizes = bool(value) and all(item is None or isinstance(item, int) for item in value)
            brackets = "()" if (sizes or isinstance(value, tuple)) and hint != "vocabulary" else "[]"
            return sequence((self.value(item, era, hint=hint) for item in value), brackets)
        if isinstance(value, dict):
            return self._object(value, era, hint) if is_object(value) else self._dict(value, era, hint)
        return text(string(str(value)))

    def _dict(self, value: Config, era: Era, hint: str) -> Node:
        return mapping({str(key): self.value(item, era, hint=hint) for key, item in value.items()})

    def literal(self, value: Any) -> Node:
        """A config as it is, for `from_config`."""
        plain = atom(value)
        if plain is not None:
            return plain
        if isinstance(value, (list, tuple)):
            return sequence(self.literal(item) for item in value)
        if isinstance(value, dict):
            if value.get("class_name") == "__lambda__":
                return _bytecode(self, value)
            return mapping({str(key): self.literal(item) for key, item in value.items()})
        return text(string(str(value)))

    def _object(self, value: Config, era: Era, hint: str) -> Node:
        class_name, config, module = value["class_name"], value.get("config"), _word(value.get("module"))
        special = _LITERALS.get(class_name)
        if special is not None:
            return special(self, config if isinstance(config, dict) else value)
        if class_name == "function":
            return self._function(value)
        if not isinstance(config, dict):
            config = {}
        if class_name in ("DTypePolicy", "Policy") and set(config) == {"name"}:
            return self.value(config["name"])
        family = _family(module, hint)
        if (module or "").startswith("keras") and class_name in ("Functional", "Sequential", "Model"):
            return self.model(value, era)
        if family == "layers" or (module is None and layer_signature(modern(class_name, {}, era)[0]) is not None):
            if class_name in ("Functional", "Sequential", "Model"):
                return self.model(value, era)
            return self.layer(class_name, module, config, era, registered_name=value.get("registered_name"))
        if family is not None and not is_custom(module, value.get("registered_name"), era):
            for name in (family, family.partition(".")[0]):
                known = object_signature(name, class_name)
                if known is not None:
                    return self._known_object(name, class_name, config, known, era)
        return self.custom(class_name, module, config, value.get("registered_name"))

    def model(self, value: Config, era: Era) -> Node:
        """A model that is an argument of a layer, such as the one that TimeDistributed applies."""
        if value["class_name"] == "Sequential" and isinstance(value.get("config"), dict):
            config = value["config"]
            inner = [item for item in config.get("layers", ()) if isinstance(item, dict) and "class_name" in item]
            if inner and len(inner) == len(config["layers"]):
                items = [sequence(self._sequential_item(item, era) for item in inner)]
                if isinstance(config.get("name"), str):
                    items.append(keyword_item("name", text(string(config["name"]))))
                return call("keras.Sequential", items)
        if self.nested is not None:
            return self.nested(value, era)
        return call("keras.Model.from_config", [self.literal(value.get("config"))])

    def _sequential_item(self, item: Config, era: Era) -> Node:
        config = item.get("config") if isinstance(item.get("config"), dict) else {}
        if item["class_name"] == "InputLayer":
            return self.input(modern("InputLayer", config or {}, era)[1])
        return (
            self._object(item, era, "layer")
            if "module" in item
            else self._object({**item, "module": "keras.layers"}, era, "")
        )

    def input(self, config: Config) -> Node:
        """`keras.Input(...)` for the arguments of an InputLayer."""
        shape = config.get("batch_shape", config.get("batch_input_shape"))
        items = []
        if isinstance(shape, (list, tuple)) and shape:
            if shape[0] is None:
                items.append(keyword_item("shape", sequence(map(self.value, shape[1:]), "()")))
            else:
                items.append(keyword_item("batch_shape", sequence(map(self.value, shape), "()")))
        dtype = canonical(config.get("dtype"))
        if isinstance(dtype, str) and dtype != "float32":
            items.append(keyword_item("dtype", self.value(dtype)))
        items += [
            keyword_item(key, text("True")) for key in ("sparse", "ragged", "optional") if config.get(key) is True
        ]
        if isinstance(config.get("name"), str):
            items.append(keyword_item("name", text(string(config["name"]))))
        return call("keras.Input", items)

    def _known_object(self, family: str, class_name: str, config: Config, known: Signature, era: Era) -> Node:
        parameters = {*known.required, *known.defaults}
        config = {key: value for key, value in config.items() if key in parameters or value is not None}
        if family == "optimizers":
            config = _optimizer(config, parameters)
        elif era != "keras-3":
            config = {key: value for key, value in config.items() if key in parameters and value != "auto"}
        if family in _SINGLE:
            config = {key: _short(value) for key, value in config.items()}
        if not known.takes_any and not parameters.issuperset(config):
            return call(f"keras.{family}.{class_name}.from_config", [self.literal(config)])
        name = config.get("name")
        if name in (known.defaults.get("name"), _snake(class_name)) or family in ("optimizers", "regularizers"):
            config.pop("name", None)
        required = [key for key in known.required if key in config]
        items = [self.argument(key, config[key], era) for key in required]
        for key, value in config.items():
            if key in required or (key in known.defaults and _same(value, known.defaults[key])):
                continue
            if key == "dtype" and canonical(value) == "float32":
                continue
            items.append(keyword_item(key, self.argument(key, value, era)))
        if not items and family == "initializers" and class_name not in _NO_WORD:
            return text(string(_snake(class_name)))
        return call(f"keras.{family}.{class_name}", items)

    # What Keras does not have

    def custom(self, class_name: str, module: str | None, config: Config, registered_name: str | None) -> Node:
        """An object of a class of the user's."""
        known = self.lookup(registered_name or class_name, class_name, module)
        if "self" in config or not all(is_keyword(name) and not _holds_object(value) for name, value in config.items()):
            return call(f"{known}.from_config", [self.literal(config)])
        items = [
            keyword_item(name, self.value(value))
            for name, value in config.items()
            if name != "name" and not (name in ("trainable", "dtype") and canonical(value) == LAYER_DEFAULTS[name])
        ]
        if isinstance(config.get("name"), str):
            items.append(keyword_item("name", text(string(config["name"]))))
        return call(known, items)

    def lookup(self, registered_name: str, class_name: str, module: str | None) -> str:
        """The name that a class or function of the user's has in the code."""
        if registered_name not in self.registered:
            wish = class_name.rpartition(">")[2]
            self.registered[registered_name] = (self.names.type(wish), module)
        return self.registered[registered_name][0]

    def _function(self, value: Config) -> Node:
        name, module = value.get("config"), _word(value.get("module"))
        if not isinstance(name, str):
            return text("None")
        registered_name = value.get("registered_name")
        own = module is None or not module.startswith(_KERAS_PACKAGES)
        if own or (isinstance(registered_name, str) and ">" in registered_name):
            known = registered_name if isinstance(registered_name, str) and registered_name != "function" else name
            return text(self.lookup(known, name, None if module == "builtins" else module))
        return text(string(name))

    def fill_in(self, wish: str, what: str) -> str:
        """The name of a function that the user has to write, because the file holds byte code in its place."""
        name = self.names.function("fill_in_", wish)
        self.functions[name] = what
        return name

    def _lambda(self, config: Config, shape: tuple[int | None, ...] | None) -> Config:
        name = config.get("name") if isinstance(config.get("name"), str) else "lambda"
        function = config.get("function")
        kept: Config = {}
        if isinstance(function, dict) and function.get("class_name") == "function":
            kept["function"] = self._function(function)
        elif isinstance(function, str) and config.get("function_type") == "function":
            kept["function"] = text(self.lookup(function, function, _word(config.get("module"))))
        else:
            kept["function"] = text(self.fill_in(str(name), f"the function of the Lambda layer {string(str(name))}"))
        stated = config.get("output_shape")
        if isinstance(stated, (list, tuple)) and all(item is None or isinstance(item, int) for item in stated):
            shape = tuple(stated)
        if shape is not None and config.get("output_shape_type") in (None, "raw", "lambda", "function"):
            kept["output_shape"] = sequence(map(self.value, shape), "()")
        if config.get("arguments"):
            kept["arguments"] = config["arguments"]
        for key in ("dtype", "trainable", "name"):
            if key in config:
                kept[key] = config[key]
        return kept


def is_object(value: Any) -> bool:
    """Whether a config value is a serialized object."""
    if not isinstance(value, dict) or not isinstance(value.get("class_name"), str):
        return False
    return "config" in value or value["class_name"] in _LITERALS


def is_custom(module: str | None, registered_name: str | None, era: Era) -> bool:
    """Whether a class is the user's own: Keras' own have a module of Keras, or of their era no module at all."""
    if module is not None:
        return not module.startswith(_KERAS_PACKAGES)
    return isinstance(registered_name, str) and (">" in registered_name or era == "keras-3")


def _holds_object(value: Any) -> bool:
    if isinstance(value, dict):
        return not _is_policy(value) and (is_object(value) or any(map(_holds_object, value.values())))
    return isinstance(value, (list, tuple)) and any(map(_holds_object, value))


def _is_policy(value: Config) -> bool:
    return value.get("class_name") == "DTypePolicy"


def _word(value: Any) -> str | None:
    """A word of the file, or None where a damaged file has something else."""
    return value if isinstance(value, str) else None


def _family(module: str | None, hint: str) -> str | None:
    parts = (module or "").split(".")
    if parts[0] in _KERAS_PACKAGES or parts[0] == "builtins":
        rest = [part for part in parts[1:] if part not in ("src", "python", "keras", "engine")]
        if rest:
            return "optimizers.schedules" if "schedules" in parts[-1] else rest[0]
    return _FAMILIES.get(hint)


def _is_default(name: str, value: Any, config: Config, defaults: Mapping[str, Any], known: Signature) -> bool:
    if name not in defaults:
        # Keywords that a base class takes: what is None or False there is so anyway.
        return value is None or value is False or not known.takes_any
    default = defaults[name]
    if name in _SAME_AS and default is None:
        return _same(value, config.get(_SAME_AS[name])) or value is None
    return _same(value, default)


def _same(value: Any, default: Any) -> bool:
    value = canonical(value)
    if (
        isinstance(value, (list, tuple))
        and value
        and isinstance(default, (int, float))
        and not isinstance(default, bool)
    ):
        return all(item == default for item in value)
    if isinstance(value, dict) and isinstance(default, str) and "class_name" in value:
        known = object_signature("initializers", value["class_name"])
        config = value.get("config")
        if (
            known is not None
            and isinstance(config, dict)
            and _snake(value["class_name"]) == _WORDS.get(default, default)
        ):
            return all(key in known.defaults and _same(item, known.defaults[key]) for key, item in config.items())
        return False
    if isinstance(default, str) and isinstance(value, str):
        return value == _WORDS.get(default, default) or value == default
    if default is None:
        return value in (None, "linear", "channels_last")
    return (type(value) is type(default) and bool(value == default)) or _equal_numbers(value, default)


def _equal_numbers(value: Any, default: Any) -> bool:
    numbers = (int, float)
    if isinstance(value, bool) or isinstance(default, bool):
        return False
    return isinstance(value, numbers) and isinstance(default, numbers) and value == default


def _snake(name: str) -> str:
    name = re.sub("([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub("([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def _optimizer(config: Config, parameters: set[str]) -> Config:
    """Arguments of an optimizer of any era: today's words, without what there is no word for any more."""
    found = {}
    for key, value in config.items():
        key = {"lr": "learning_rate"}.get(key, key)
        if key in parameters:
            found[key] = value
    return found


def _short(value: Any) -> Any:
    """The shortest number that is the same in 32 bits: Keras writes 0.01 as 0.009999999776482582."""
    if not isinstance(value, float) or not abs(value) < 3e38:
        return value
    packed = struct.pack("f", value)
    if struct.unpack("f", packed)[0] != value:
        return value
    shorter = (float(f"{value:.{digits}g}") for digits in range(1, 9))
    return next((short for short in shorter if struct.pack("f", short) == packed), value)


# Values that Keras writes as objects


def _slice(values: Values, config: Config) -> Node:
    return call("slice", [values.value(config.get(key)) for key in ("start", "stop", "step")])


def _tensor(values: Values, config: Config) -> Node:
    items = [values.literal(config.get("value"))]
    if isinstance(config.get("dtype"), str):
        items.append(keyword_item("dtype", values.value(config["dtype"])))
    return call("keras.ops.convert_to_tensor", items)


def _tuple(values: Values, config: Config) -> Node:
    items = config.get("items", config.get("value", ()))
    return sequence(map(values.value, items if isinstance(items, (list, tuple)) else ()), "()")


def _bytecode(values: Values, config: Config) -> Node:
    return text(values.fill_in("lambda", "a Python lambda"))


_LITERALS: dict[str, Callable[[Values, Config], Node]] = {
    "__slice__": _slice,
    "__ellipsis__": lambda values, config: text("..."),
    "__tensor__": _tensor,
    "__numpy__": _tensor,
    "__tuple__": _tuple,
    "TensorShape": _tuple,
    "__lambda__": _bytecode,
    "__bytes__": lambda values, config: text(repr(str(config.get("value", "")).encode("utf-8", "replace"))),
}


# Arguments that stand otherwise in a config than in the constructor


def _text_vectorization(config: Config) -> Config:
    return {key: value for key, value in config.items() if key not in ("vocabulary_size", "idf_weights_value")}


def _lookup(config: Config) -> Config:
    config.pop("vocabulary_size", None)
    config.pop("has_input_vocabulary", None)
    return config


_VOCABULARY_DTYPES = {"StringLookup": "string", "IntegerLookup": "int64"}


def _integer_lookup(config: Config) -> Config:
    return {key: value for key, value in _lookup(config).items() if key != "vocabulary_dtype" and key != "encoding"}


def _recurrent(config: Config) -> Config:
    config.pop("num_constants", None)
    return config


_SPECIAL: dict[str, Callable[[Config], Config]] = {
    "TextVectorization": _text_vectorization,
    "StringLookup": _lookup,
    "IntegerLookup": _integer_lookup,
    "Bidirectional": _recurrent,
    "RNN": _recurrent,
}


def describe(value: Any) -> str:
    """A value for a comment: one line, whatever it holds."""
    return string(json.dumps(value, default=str))
