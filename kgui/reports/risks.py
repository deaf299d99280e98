"""What in a model file could run code, read other files, or exhaust a machine, and which loader would let it.

`find_risks` reads configurations. What stands in a container (zip, HDF5, YAML, SavedModel) is found by the module of
`kgui.formats` that reads it, which calls `risk` with a kind from `RISK_KINDS`. Nothing here decodes byte code to more
than bytes, and no name is imported.

Sources: section 9 of the format reference; `keras.src.saving.serialization_lib` of Keras 3.15 and of tf_keras 2.21 for
what a loader does with a name; `keras.engine`, `keras.layers.core.Lambda` of Keras 1 and 2 for the older encodings.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from kgui.graph import Layer, Model
from kgui.layers.categories import category
from kgui.reports.risk_kinds import RISK_KINDS, Risk, RiskKind, risk
from kgui.reports.visible import has_tricks, visible

__all__ = ["RISK_KINDS", "Risk", "RiskKind", "find_notices", "find_risks", "risk"]

Where = str | tuple[str, tuple[str, ...]]
"""A place in words, or the keys that lead on from it, which are put in words only where something is found."""
MAX_VALUES = 1_000_000
"""Values that are looked at. NASNetLarge, with 1,041 layers, has 60,000."""
MAX_PER_KIND = 200
MAX_NAME = 512
"""Characters. The longest real layer name in 232 public files has 141."""


def find_risks(model: Model, training: dict[str, Any] | None = None) -> list[Risk]:
    """The risks in the configurations of a model.

    Args:
        model: The graph, with everything that the file says in `config` and `record`.
        training: What the file says about compiling and training.

    Returns:
        Risks in the order of the file, none twice.
    """
    return [found for found in _scan(model, training) if RISK_KINDS[found.kind].level == "risk"]


def find_notices(model: Model, training: dict[str, Any] | None = None) -> list[Risk]:
    """The custom classes and functions that a model needs. They are no risk by themselves."""
    return [found for found in _scan(model, training) if RISK_KINDS[found.kind].level == "notice"]


def _scan(model: Model, training: dict[str, Any] | None) -> list[Risk]:
    scan = _Scan()
    scan.model(model)
    if training:
        scan.values(training, "compile settings")
    return scan.result()


class _Scan:
    def __init__(self) -> None:
        self.found: dict[Risk, None] = {}
        self.counts: Counter[str] = Counter()
        self.seen = 0
        self.added = 0
        self.harmless: set[tuple[Any, ...]] = set()

    def result(self) -> list[Risk]:
        more = [
            risk(kind, "the file", f"{count - MAX_PER_KIND:,} more of this kind are not listed.")
            for kind, count in self.counts.items()
            if count > MAX_PER_KIND
        ]
        return [*self.found, *more]

    def add(self, kind: str, where: Where, detail: str, runs_when: str | None = None) -> None:
        self.added += 1
        found = risk(kind, _in_words(where), detail, runs_when)
        if found in self.found:
            return
        self.counts[kind] += 1
        if self.counts[kind] <= MAX_PER_KIND:
            self.found[found] = None

    def model(self, model: Model) -> None:
        """Every layer at every depth. Iterative, as a made-up file may nest models a thousand deep."""
        stack = [(model, "the model", "")]
        while stack:
            inner, where, within = stack.pop()
            self.object(inner.class_name, inner.module, inner.registered_name, inner.config, where, model=inner)
            self.name(inner.name, where)
            self.values(inner.config, where)
            self.values(inner.record, where)
            for layer in inner.layers.values():
                self.layer(layer, within)
                if layer.model is not None:
                    name = visible(layer.name, 60)
                    stack.append((layer.model, f"nested model '{name}'{within}", f" in '{name}'{within}"[:300]))

    def layer(self, layer: Layer, within: str) -> None:
        where = f"layer '{visible(layer.name)}'{within}"
        self.name(layer.name, where)
        for weight in layer.weights or ():
            self.name(weight.name, where, ", weight")
        if layer.model is None:
            self.object(layer.class_name, layer.module, layer.registered_name, layer.config, where, layer=layer)
        self.values(layer.config, where)
        self.values(layer.record, where)
        for call in layer.calls:
            for part in (call.args, call.kwargs, call.record):
                if part:
                    self.values(part, f"{where}, arguments of its call")

    def name(self, name: Any, where: Where, part: str = "") -> None:
        if isinstance(name, str) and (trick := _trick(name)):
            self.add("odd-name", _in_words(where) + part, f"The name '{visible(name, 80)}' {trick}.")

    def values(self, value: Any, where: str) -> None:
        """Everything in a configuration, at any depth. This is the inner loop: it runs for every value of a file."""
        if not value or type(value) not in _CONTAINERS:
            return
        stack: list[tuple[Any, tuple[str, ...]]] = [(value, ())]
        while stack:
            item, path = stack.pop()
            self.seen += len(item) + 1
            if self.seen > MAX_VALUES:
                told = f"The configuration has over {MAX_VALUES:,} values; the rest was not looked at."
                self.add("json-bomb", where, told)
                return
            if type(item) is dict:
                if "class_name" in item or not _KEYS.keys().isdisjoint(item):
                    self.mapping(item, where, path)
                for key, inner in reversed(item.items()):
                    if inner and type(inner) in _CONTAINERS:
                        stack.append((inner, path if key == "config" else (*path, str(key))))
            else:
                if isinstance(item[0], str) and (code := _code_in_list(item)) is not None:
                    self.code(code, (where, path), legacy=True)
                stack.extend((inner, path) for inner in reversed(item) if inner and type(inner) in _CONTAINERS)

    def mapping(self, item: dict[Any, Any], where: str, path: tuple[str, ...]) -> None:
        class_name = item.get("class_name")
        if isinstance(class_name, str):
            inner = item.get("config")
            place = (where, path)
            if class_name == "__lambda__":
                self.lambda_object(inner, place)
            elif class_name == "__typespec__":
                self.type_spec(item, place)
            else:
                module = item.get("module") if "module" in item else "keras"
                self.object(class_name, module, item.get("registered_name"), inner, place, plain="module" not in item)
            config_name = inner.get("name") if isinstance(inner, dict) else None
            self.name(config_name, place)
        for key, value in item.items():
            if isinstance(key, str) and (found := _KEYS.get(key)) is not None and value is not None:
                found(self, item, key, (where, (*path, key)))

    # What a class or a function by name may mean.

    def object(
        self,
        class_name: Any,
        module: Any,
        registered_name: Any,
        config: Any,
        where: Where,
        *,
        layer: Layer | None = None,
        model: Model | None = None,
        plain: bool = False,
    ) -> None:
        """A class or function that a loader would look up.

        Args:
            class_name: Its name.
            module: Where the file says that it comes from.
            registered_name: Under which it was registered.
            config: Its arguments; of a function, its name.
            where: The place in the file.
            layer: The layer that it is, if it is one.
            model: The model that it is, if it is one.
            plain: Whether it stands without a module, as before Keras 2.12, where the class may still be Keras' own.
        """
        class_name, module, registered_name = (_text_or_none(v) for v in (class_name, module, registered_name))
        name = config if class_name == "function" and isinstance(config, str) else None
        seen = (class_name, module, registered_name, name, plain, layer is None, model is None)
        # A model has a thousand layers of twenty classes: what was harmless once is not looked at again.
        if seen in self.harmless:
            return
        before = self.added
        self._object(class_name or "", module, registered_name, config, where, layer, model, plain)
        if self.added == before:
            self.harmless.add(seen)

    def _object(
        self,
        class_name: str,
        module: str | None,
        registered_name: str | None,
        config: Any,
        where: Where,
        layer: Layer | None,
        model: Model | None,
        plain: bool,
    ) -> None:
        for name in (class_name, module, registered_name):
            if name:
                self.name(name, where, ", its class")
        if class_name in _NOTED_CLASSES:
            kind, sentence = _NOTED_CLASSES[class_name]
            self.add(kind, where, sentence(config if isinstance(config, dict) else {}))
        if class_name in _VALUES or not class_name:
            return
        if class_name == "function":
            name = config if isinstance(config, str) else registered_name
            self.reference("function", str(name), module, where)
        elif module is None:
            if not _is_built_in(class_name, layer, model):
                self.custom("class", str(class_name), None, registered_name, where)
        elif not plain:
            self.reference("class", str(class_name), module, where, registered_name)
        elif _LEGACY_PACKAGE.match(str(class_name)):
            # tf.keras up to 2.12 writes "Package>Name" as the class; its own optimizers say "Custom>Adam".
            package, _, rest = str(class_name).partition(">")
            if not (package == "Custom" and rest in _CUSTOM_BUILT_IN):
                self.custom("class", rest, None, class_name, where)
        self.registered(class_name, module, registered_name, where)

    def reference(self, what: str, name: str, module: Any, where: Where, registered_name: Any = None) -> None:
        module = module if isinstance(module, str) else ""
        full = f"{module}.{name}" if module else name
        if _is_keras(module):
            if (what == "function" and _KERAS_ACTS.search(name)) or _acting_module(module, name):
                self.add(
                    "keras-function",
                    where,
                    f"The {what} {_quoted(full)} of Keras acts on the machine and has no place in a model.",
                )
            return
        root = module.partition(".")[0]
        if root in ("builtins", "__builtin__"):
            if name in _HARMLESS_BUILT_INS:
                return
            if name in _BUILT_INS or (what == "class" and module):
                self.gadget(what, full, where)
            elif what == "function" and name not in _KERAS_FUNCTIONS:
                self.custom(what, name, None, registered_name, where)
            return
        if root in _ACTING_ROOTS or _ACTING_NAMES.search(full[:MAX_NAME]):
            self.gadget(what, full, where)
        elif what == "class" or name not in _KERAS_FUNCTIONS or module:
            self.custom(what, name, module or None, registered_name, where)

    def gadget(self, what: str, full: str, where: Where) -> None:
        self.add(
            "import-gadget",
            where,
            f"The {what} {_quoted(full)} is Python's own or a library's, and no part of a model: whoever imports it by "
            "name calls it with what the file says.",
        )

    def custom(self, what: str, name: str, module: str | None, registered_name: Any, where: Where) -> None:
        told = f"The {what} {_quoted(name)}"
        if module:
            told += f" from {_quoted(module)}"
        if isinstance(registered_name, str) and registered_name != name:
            told += f", registered as {_quoted(registered_name)},"
        self.add(f"custom-{what}", where, f"{told} is not part of Keras, and its code is not in the file.")

    def registered(self, class_name: Any, module: Any, registered_name: Any, where: Where) -> None:
        if not (isinstance(registered_name, str) and isinstance(module, str) and _is_keras(module)):
            return
        if class_name == "function" or registered_name in ("", "function", class_name):
            return
        self.add(
            "registered-name",
            where,
            f"The class {_quoted(str(class_name))} of Keras is registered here as {_quoted(registered_name)}.",
        )

    def type_spec(self, item: dict[Any, Any], where: Where) -> None:
        module = item.get("module")
        if not (isinstance(module, str) and module.partition(".")[0] in ("tensorflow", "keras", "tf_keras")):
            self.gadget("class", f"{module}.{item.get('spec_name')}", where)

    # Code in the file.

    def lambda_object(self, config: Any, where: Where) -> None:
        value = config.get("value", config) if isinstance(config, dict) else config
        if isinstance(value, dict):
            value = value.get("code")
        elif isinstance(value, (list, tuple)) and value:
            if _code_in_list(value) is not None:
                return  # told when the list itself is looked at
            value = value[0]
        self.code(_bytes_of(value), where, legacy=False)

    def code(self, code: bytes, where: Where, *, legacy: bool) -> None:
        self.add(
            "lambda-bytecode",
            where,
            f"{len(code):,} bytes of Python byte code (SHA-256 {hashlib.sha256(code).hexdigest()}) do whatever their "
            "author wanted.",
            None if legacy else _SAFE_MODE_3,
        )

    def typed_function(self, item: dict[Any, Any], key: str, where: Where) -> None:
        """`function_type`, `output_shape_type`, … of Keras 0.x to tf.keras 2.x say how `function`, … is coded."""
        if item[key] != "lambda":
            return
        value = item.get(key.removesuffix("_type"))
        if isinstance(value, dict):  # {"class_name": "__tuple__", "items": […]}
            value = value.get("items")
        if isinstance(value, (list, tuple)):
            if _code_in_list(value) is not None:
                return  # told when the list itself is looked at
            value = value[0] if value else ""
        self.code(_bytes_of(value), _in_words(where).removesuffix("_type'") + "'", legacy=True)

    # Keys that make a loader read something else.

    def outside(self, item: dict[Any, Any], key: str, where: Where) -> None:
        """A vocabulary or its weights, given as a path or a URL instead of the values."""
        value = item[key]
        if isinstance(value, str) and value:
            what = "over the network" if _URL.match(value) else "of the machine that loads the model"
            self.add("vocabulary-path", where, f"The values are read from {_quoted(value)}, a file {what}.")

    def tensorflow_function(self, item: dict[Any, Any], key: str, where: Where) -> None:
        """The function of a TFOpLambda, or the node of a TensorFlowOpLayer."""
        for text in _texts(item[key]):
            if (match := _TENSORFLOW_ACTS.search(text)) is not None:
                name = text if len(text) <= 80 else match.group()
                self.add("tensorflow-function", where, f"The function {_quoted(name)} acts on files or calls Python.")


def _texts(value: Any) -> Iterable[str]:
    """The strings in a value: a node of a TensorFlow graph is a string, JSON, or parsed JSON."""
    if isinstance(value, str):
        yield value[:100_000]
    elif isinstance(value, dict):
        for key in ("op", "function", "name"):
            if isinstance(value.get(key), str):
                yield value[key]


_CONTAINERS = frozenset((dict, list, tuple))  # and no TensorRef, which is a tuple of another type
_KEYS: dict[str, Callable[[_Scan, dict[Any, Any], str, Where], None]] = {
    "function_type": _Scan.typed_function,
    "output_shape_type": _Scan.typed_function,
    "mask_type": _Scan.typed_function,
    "mode_type": _Scan.typed_function,
    "output_mask_type": _Scan.typed_function,
    "vocabulary": _Scan.outside,
    "vocabulary_file": _Scan.outside,
    "idf_weights": _Scan.outside,
    "function": _Scan.tensorflow_function,
    "node_def": _Scan.tensorflow_function,
    "method_name": _Scan.tensorflow_function,
    "cls_symbol": _Scan.tensorflow_function,
}
"""Keys of configurations that mean something wherever they stand."""

_SAFE_MODE_3 = (
    "Keras 3 refuses it unless safe_mode=False is passed (in .h5 files since 3.11.3, in .keras files always); tf_keras "
    "refuses it in .keras files, and runs it from .h5 and JSON"
)


def _pickled_module(config: dict[Any, Any]) -> str:
    data = config.get("module")
    text = (
        data.get("config", {}).get("value") if isinstance(data, dict) and isinstance(data.get("config"), dict) else data
    )
    code = _bytes_of(text)
    return (
        f"{len(code):,} bytes of a pickled PyTorch module (SHA-256 {hashlib.sha256(code).hexdigest()}) do whatever "
        "their author wanted when they are unpickled."
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOTED_CLASSES: dict[Any, tuple[str, Callable[[dict[Any, Any]], str]]] = {
    "TFSMLayer": (
        "external-model",
        lambda config: f"The layer loads the SavedModel at {_quoted(str(config.get('filepath')))} and runs it.",
    ),
    "TorchModuleWrapper": ("torch-pickle", _pickled_module),
    "JaxLayer": ("package-code", lambda config: "The layer calls functions for JAX that the file names."),
    "FlaxLayer": ("package-code", lambda config: "The layer builds a Flax module that the file names."),
}
"""Layers of Keras that are a risk wherever they occur."""

_VALUES = frozenset(
    {
        "__bytes__",
        "__ellipsis__",
        "__keras_tensor__",
        "__numpy__",
        "__slice__",
        "__tensor__",
        "__tuple__",
        "ListWrapper",
        "TensorShape",
        "_DictWrapper",
    }
)
"""Classes in configurations that are plain values."""

_CUSTOM_BUILT_IN = _words("Adadelta Adafactor Adagrad Adam Adamax AdamW Ftrl Lion Nadam RMSprop SGD")
_LEGACY_PACKAGE = re.compile(r"[\w.-]+>")
_KERAS_ROOTS = re.compile(
    r"(?:keras|tf_keras)(?:\.|$)|tensorflow(?:_core)?\.(?:python\.)?(?:_api\.v[12]\.|_api\.)?keras(?:\.|$)"
)
_KERAS_MODULE = re.compile(r"^(?:.*?\b(?:tf_)?keras)(?:\.(?:src|api|_tf_keras|_legacy|legacy|keras|v\d))*\.?")
_KERAS_ACTING_MODULES = frozenset(
    {
        "callbacks",
        "config",
        "datasets",
        "distribution",
        "export",
        "preprocessing",
        "saving",
        "tree",
        "utils",
        "visualization",
        "wrappers",
    }
)
"""Parts of Keras of which nothing belongs into a model."""
_KERAS_ACTS = re.compile(
    r"^(?:(?:load|save|export|download|write|read|plot|print|open|run)_\w+|get_file|extract_archive|deserialize\w*|"
    r"\w*from_(?:json|yaml|config|directory|file)|\w*unsafe\w*|clear_session|clone_model|(?:un)?register_\w+|"
    r"model_to_\w+|set_\w+|get_custom_objects|serialize\w*|\w*custom_object_scope)$"
)
"""Functions of Keras that read, write, download, load or change the process."""
_KERAS_FUNCTIONS = _words(
    """acc accuracy binary_accuracy binary_crossentropy binary_focal_crossentropy categorical_accuracy
    categorical_crossentropy categorical_focal_crossentropy categorical_hinge celu circle cos_similarity
    cosine_proximity cosine_similarity crelu cross_entropy dice elu exponential gelu get_updates glu hard_shrink
    hard_sigmoid hard_silu hard_swish hard_tanh hinge huber huber_loss kl_divergence kld
    kullback_leibler_divergence leaky_relu linear log_cosh log_sigmoid log_softmax logcosh mae mape
    mean_absolute_error mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error mish
    mse msle poisson relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign
    sparse_categorical_accuracy sparse_categorical_crossentropy sparse_plus sparse_sigmoid
    sparse_top_k_categorical_accuracy sparsemax squared_hinge squareplus swish tanh tanh_shrink threshold
    top_k_categorical_accuracy tversky"""
)
"""Activations, losses and metrics of Keras, which it writes as functions of `builtins`."""
_BUILT_INS = _words(
    """__build_class__ __import__ breakpoint compile delattr dir eval exec execfile exit file getattr globals help
    input locals memoryview open print quit raw_input reload setattr type vars"""
)
_HARMLESS_BUILT_INS = _words(
    """NoneType bool bytes complex dict ellipsis float frozenset int list range set slice str tuple"""
)
_ACTING_ROOTS = (
    frozenset(sys.stdlib_module_names)
    | _words(
        """IPython _pytest absl cloudpickle cv2 dill distutils fabric fsspec google huggingface_hub imageio ipykernel
    jinja2 joblib kgui lxml matplotlib mlflow numba pandas paramiko pexpect pip pkg_resources plumbum psutil
    pyarrow pytest ray requests s3fs setuptools sh six sklearn smart_open sqlalchemy tensorboard
    tensorflow_datasets tornado urllib3 wandb werkzeug wheel yaml zmq"""
    )
) - {"__future__", "__main__", "builtins"}
"""Packages of which nothing belongs into a model: Python's own library, and those that run, fetch or unpickle."""
_ACTING_NAMES = re.compile(
    r"^(?:numpy|scipy|jax|torch|tensorflow|tf|transformers|keras_\w+|ml_dtypes|h5py|PIL)\b.*(?:"
    r"(?:^|[._])(?:load|loads|loadtxt|genfromtxt|fromfile|from_file|save|savez|savetxt|tofile|memmap|DataSource|open|File|"
    r"read|write|download\w*|from_pretrained|hub|gfile|GFile|py_func\w*|numpy_function|load_\w+|save_\w+|read_\w+|"
    r"write_\w+|exec_\w+|runstring|system|popen|ctypeslib|f2py|distutils|testing|saved_model|io_ops|file_io|script_ops|"
    r"raw_ops|compile|WriteFile|ReadFile)(?:\.|$))"
)
"""Functions of numerical libraries that read, write, fetch or run something. The others are just custom functions."""
_TENSORFLOW_ACTS = re.compile(
    r"\b(?:read_file|write_file|matching_files|ReadFile|WriteFile|MatchingFiles|EagerPyFunc|PyFunc(?:Stateless)?|"
    r"py_func(?:tion)?|numpy_function|load_op_library|load_library|load_file_system_library|gfile(?:\.\w+)?|write_graph|"
    r"saved_model\.\w+|TFRecord\w+|TextLine\w+|FixedLengthRecord\w+|WholeFileReader\w*|SaveV2|MergeV2Checkpoints|"
    r"SaveSlices|RestoreV2|Restore|ImmutableConst|DebugNumericSummary\w*|DumpTensor|PrintV2|"
    r"keras\.(?:utils|models|saving|preprocessing|datasets|callbacks)\.\w+|io\.(?:read|write|gfile|TF)\w*)\b"
)
"""Functions and operations of TensorFlow that read or write files or call Python."""
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|\\\\")
_HTML = re.compile(r"<\s*/?\s*[A-Za-z!][^<>]*>|<!--|&#?\w+;|javascript:", re.IGNORECASE)


def _is_keras(module: Any) -> bool:
    return isinstance(module, str) and _KERAS_ROOTS.match(module) is not None


def _acting_module(module: str, name: str) -> bool:
    part = _KERAS_MODULE.sub("", module).partition(".")[0]
    return part in _KERAS_ACTING_MODULES or (part == "applications" and name != "relu6")


def _is_built_in(class_name: Any, layer: Layer | None, model: Model | None) -> bool:
    """Whether a class without a module is Keras' own. Those of other objects than layers always are, before Keras 3."""
    if model is not None:
        return class_name in ("Functional", "Sequential", "Model", "Graph", "Container", "", None)
    if layer is not None:
        return layer.is_operation or category(str(class_name)) != "Custom"
    return False


def _text_or_none(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)[:MAX_NAME]


def _trick(name: str) -> str | None:
    """What is odd about a name, to follow "The name … "."""
    if len(name) <= MAX_NAME and name.isidentifier() and name.isascii():
        return None  # nearly all names
    if has_tricks(name):
        return "holds characters that cannot be seen or that change the direction of the text"
    if len(name) > MAX_NAME:
        return f"has {len(name):,} characters"
    if ("<" in name or "&" in name or ":" in name) and name != "<lambda>" and _HTML.search(name):
        return "holds HTML"
    return None


def _in_words(where: Where) -> str:
    if isinstance(where, str):
        return where
    place, path = where
    return f"{place}, '{visible('.'.join(path[-6:]))}'" if path else place


def _quoted(text: str) -> str:
    return f"'{visible(text, 120)}'"


def _code_in_list(value: Any) -> bytes | None:
    """Byte code as Keras 1 to tf.keras 2.x have it: [base64 of marshal, defaults, closure]."""
    if not 1 <= len(value) <= 3 or not isinstance(value[0], str) or len(value[0]) < 40:
        return None
    # Marshal writes a code object as "c", with or without the flag of a shared object: base64 of 63… or e3….
    if value[0][:1] not in ("Y", "4"):
        return None
    try:
        code = base64.b64decode("".join(value[0].split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return code if code[:1] in (b"c", b"\xe3") else None


def _bytes_of(value: Any) -> bytes:
    """The bytes in a string of any era: base64, or (Keras 0.x and 1.x) the bytes themselves as Latin-1 or escapes."""
    if not isinstance(value, str):
        return b""
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return value.encode("raw_unicode_escape", "replace")
