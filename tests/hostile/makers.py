"""Hostile files: one maker per kind, each with what must be said about it.

A maker gets an empty folder and returns the path to open. Payloads would write `CANARY` if they ran; files that must
not be touched are pipes, whose opening would hang.
"""

from __future__ import annotations

import base64
import io
import json
import marshal
import os
import pickle
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

CANARY = Path(os.environ.get("KGUI_CANARY", "/nonexistent/kgui-canary"))


@dataclass(frozen=True)
class Kind:
    """One kind of hostile file.

    Attributes:
        name: For the report.
        make: Writes it.
        risks: Kinds of `RISK_KINDS` that must be named.
        error: Whether it cannot be opened at all (True), must open (False), or may do either (None).
    """

    name: str
    make: Callable[[Path], Path]
    risks: frozenset[str]
    error: bool | None


KINDS: list[Kind] = []


def kind(*risks: str, error: bool | None = False) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    def add(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
        KINDS.append(Kind(make.__name__, make, frozenset(risks), error))
        return make

    return add


# Pieces.


def payload() -> bytes:
    """Marshalled code of a function that writes the canary."""
    code = compile(f"lambda x: (open({str(CANARY)!r}, 'w').close(), x)[1]", "evil", "eval")
    return marshal.dumps(next(constant for constant in code.co_consts if hasattr(constant, "co_code")))


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {CANARY}",)


def b64(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def obj(module: str | None, class_name: str, config: Any, registered: str | None = None, **more: Any) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered, **more}


def layer(class_name: str, **config: Any) -> dict[str, Any]:
    config = {"name": class_name.lower(), "trainable": True, "dtype": "float32", **config}
    return obj("keras.layers", class_name, config)


def sequential(*layers: Any, **more: Any) -> dict[str, Any]:
    first = layer("InputLayer", batch_shape=[None, 4], name="in")
    return obj("keras", "Sequential", {"name": "s", "trainable": True, "layers": [first, *layers]}, **more)


def old(*layers: dict[str, Any]) -> dict[str, Any]:
    """A Sequential in the words of Keras 2."""
    items = [{"class_name": item["class_name"], "config": item["config"]} for item in layers]
    items[0]["config"] = {"batch_input_shape": [None, 4], **items[0]["config"]}
    return {
        "class_name": "Sequential",
        "config": {"name": "s", "layers": items},
        "keras_version": "2.4.0",
        "backend": "tensorflow",
    }


def lambda3() -> dict[str, Any]:
    code = {"class_name": "__lambda__", "config": {"code": b64(payload()), "defaults": None, "closure": None}}
    return layer("Lambda", function=code, arguments={})


def lambda2(**more: Any) -> dict[str, Any]:
    return layer(
        "Lambda",
        function=[b64(payload()), None, None],
        function_type="lambda",
        module="__main__",
        output_shape=None,
        output_shape_type="raw",
        arguments={},
        **more,
    )


def weights_bytes() -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        group = file.create_group("layers/dense/vars")
        group.attrs["name"] = "dense"
        group["0"], group["1"] = np.ones((4, 2), "f4"), np.zeros(2, "f4")
    return stream.getvalue()


METADATA = json.dumps({"keras_version": "3.8.0", "date_saved": "2025-01-01@00:00:00"})


def members(config: Any) -> dict[str, bytes]:
    return {
        "metadata.json": METADATA.encode(),
        "config.json": (config if isinstance(config, str) else json.dumps(config)).encode(),
        "model.weights.h5": weights_bytes(),
    }


def archive(path: Path, parts: dict[str, bytes] | list[tuple[Any, bytes]], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name are meant
        for name, data in parts.items() if isinstance(parts, dict) else parts:
            file.writestr(name, data)
    return path


def keras(folder: Path, config: Any, extra: dict[str, bytes] | None = None) -> Path:
    return archive(folder / "model.keras", {**members(config), **(extra or {})})


def legacy(folder: Path, config: Any, training: Any = None) -> Path:
    path = folder / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode() if not isinstance(config, str) else config.encode()
        file.attrs["keras_version"], file.attrs["backend"] = "2.4.0", "tensorflow"
        if training is not None:
            file.attrs["training_config"] = json.dumps(training)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"dense"]
        inner = group.create_group("dense")
        inner.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
        inner["dense/kernel:0"], inner["dense/bias:0"] = np.ones((4, 2), "f4"), np.zeros(2, "f4")
    return path


def text(folder: Path, content: str | bytes, name: str = "model.json") -> Path:
    path = folder / name
    path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    return path


def pipe(folder: Path) -> str:
    """A file that hangs whoever opens it."""
    path = folder / "never-open-this"
    os.mkfifo(path)
    return str(path)


DENSE = layer("Dense", units=2, name="dense")


# Code in the file.


@kind("lambda-bytecode")
def lambda_in_keras(folder: Path) -> Path:
    return keras(folder, sequential(lambda3(), DENSE))


@kind("lambda-bytecode")
def lambda_in_h5(folder: Path) -> Path:
    return legacy(folder, old(lambda2(), DENSE))


@kind("lambda-bytecode")
def lambda_in_json(folder: Path) -> Path:
    return text(folder, json.dumps(old(DENSE, lambda2())))


@kind("lambda-bytecode")
def lambda_in_yaml(folder: Path) -> Path:
    import yaml

    return text(folder, yaml.safe_dump(old(DENSE, lambda2())), "model.yaml")


@kind("lambda-bytecode")
def lambda_as_a_raw_string_of_keras_1(folder: Path) -> Path:
    function = payload().decode("raw_unicode_escape")
    item = {"name": "l", "function": function, "function_type": "lambda", "batch_input_shape": [None, 4]}
    value = {"class_name": "Sequential", "config": [{"class_name": "Lambda", "config": item}], "keras_version": "1.0.4"}
    return text(folder, json.dumps(value))


@kind("lambda-bytecode")
def lambda_within_wrappers(folder: Path) -> Path:
    return keras(folder, sequential(layer("TimeDistributed", layer=layer("TimeDistributed", layer=lambda3()))))


@kind("lambda-bytecode")
def lambda_in_a_nested_model(folder: Path) -> Path:
    return keras(folder, sequential(sequential(sequential(lambda3()))))


@kind("lambda-bytecode")
def lambda_as_loss(folder: Path) -> Path:
    loss = {"class_name": "__lambda__", "config": {"code": b64(payload()), "defaults": None, "closure": None}}
    return keras(folder, sequential(DENSE, compile_config={"optimizer": "adam", "loss": loss, "metrics": ["mae"]}))


@kind("lambda-bytecode")
def lambda_as_output_shape(folder: Path) -> Path:
    item = layer("Lambda", function="f", function_type="function", module="m")
    item["config"] |= {"output_shape": [b64(payload()), None, None], "output_shape_type": "lambda"}
    return legacy(folder, old(item))


@kind("lambda-bytecode")
def byte_code_that_crashes_marshal(folder: Path) -> Path:
    # A code object that ends in the middle: marshal.loads reads beyond the end on some versions.
    item = lambda2()
    item["config"]["function"] = [b64(b"\xe3" + b"\xff" * 60), None, None]
    return legacy(folder, old(item))


@kind("torch-pickle")
def torch_pickle(folder: Path) -> Path:
    return keras(folder, sequential(layer("TorchModuleWrapper", module=b64(pickle.dumps(Evil())))))


@kind("package-code")
def flax_module(folder: Path) -> Path:
    return keras(folder, sequential(layer("FlaxLayer", module={"class_name": "Evil"}, method="x")))


# Names that a loader would look up.


@kind("import-gadget")
def os_system_as_activation(folder: Path) -> Path:
    return keras(folder, sequential(layer("Dense", units=2, activation=obj("os", "function", "system", "system"))))


@kind("import-gadget")
def subprocess_as_layer(folder: Path) -> Path:
    evil = obj("subprocess", "Popen", {"args": ["touch", str(CANARY)], "name": "x"})
    return keras(folder, sequential(evil))


@kind("import-gadget")
def eval_as_metric(folder: Path) -> Path:
    metrics = [obj("builtins", "function", "eval", "eval"), obj("timeit", "function", "timeit")]
    return keras(folder, sequential(DENSE, compile_config={"metrics": metrics}))


@kind("import-gadget")
def gadget_in_a_type_spec(folder: Path) -> Path:
    spec = {
        "class_name": "__typespec__",
        "module": "os",
        "spec_name": "system",
        "config": ["id"],
        "registered_name": None,
    }
    return keras(folder, sequential(layer("Lambda", function="f", arguments={"spec": spec})))


@kind("keras-function", "import-gadget")
def get_file_through_lambda_arguments(folder: Path) -> Path:
    function = obj("keras.utils", "function", "get_file", "get_file")
    arguments = {"origin": "http://127.0.0.1:9/x.tar", "extract": True, "callback": obj("shutil", "function", "move")}
    return keras(folder, sequential(layer("Lambda", function=function, arguments=arguments)))


@kind("keras-function", "lambda-bytecode")
def safe_mode_switched_off_first(folder: Path) -> Path:
    function = obj("keras.config", "function", "enable_unsafe_deserialization")
    return keras(folder, sequential(layer("Lambda", function=function), lambda3()))


@kind("keras-function")
def load_model_in_the_arguments_of_a_call(folder: Path) -> Path:
    tensor = {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 4], "dtype": "float32", "keras_history": ["in", 0, 0]},
    }
    call = {"args": [tensor], "kwargs": {"mask": obj("keras.models", "function", "load_model", "load_model")}}
    first = {**layer("InputLayer", batch_shape=[None, 4], name="in"), "name": "in", "inbound_nodes": []}
    second = {**DENSE, "name": "dense", "inbound_nodes": [call]}
    config = {
        "name": "m",
        "layers": [first, second],
        "input_layers": [["in", 0, 0]],
        "output_layers": [["dense", 0, 0]],
    }
    return keras(folder, obj("keras.src.models.functional", "Functional", config, "Functional"))


@kind("external-model")
def saved_model_elsewhere(folder: Path) -> Path:
    return keras(folder, sequential(layer("TFSMLayer", filepath=pipe(folder), call_endpoint="serve")))


@kind("vocabulary-path")
def vocabulary_elsewhere(folder: Path) -> Path:
    return keras(folder, sequential(layer("StringLookup", vocabulary=pipe(folder), idf_weights=None)))


@kind("vocabulary-path")
def vocabulary_from_the_network(folder: Path) -> Path:
    url = "http://127.0.0.1:9/vocabulary.txt"
    return keras(folder, sequential(layer("TextVectorization", vocabulary=url, idf_weights="gs://bucket/x")))


@kind("registered-name")
def dense_under_a_foreign_name(folder: Path) -> Path:
    return keras(folder, sequential({**DENSE, "registered_name": "Evil>Dense"}))


@kind("tensorflow-function")
def write_file_as_an_operation(folder: Path) -> Path:
    return legacy(folder, old(DENSE, layer("TFOpLambda", function="io.write_file", name="tf.io.write_file")))


@kind("odd-name")
def names_made_to_deceive(folder: Path) -> Path:
    names = ["<img src=x onerror=alert(1)>", "dense\u202e_gnp", "\x1b[2J\x1b[31m", "x" * 100_000, "a\nb\0c", "\ud800"]
    return keras(folder, sequential(*(layer("Dense", units=2, name=name) for name in names)))


# Archives.


@kind(error=True)
def config_that_unpacks_to_300_mb(folder: Path) -> Path:
    parts = members(sequential(DENSE))
    parts["config.json"] = b'{"a": "' + b"a" * (300 << 20) + b'"}'
    return archive(folder / "model.keras", parts, zipfile.ZIP_DEFLATED)


@kind(error=None)
def metadata_that_unpacks_to_300_mb(folder: Path) -> Path:
    parts = members(sequential(DENSE))
    parts["metadata.json"] = b" " * (300 << 20)
    return archive(folder / "model.keras", parts, zipfile.ZIP_DEFLATED)


@kind("decompression-bomb")
def weights_that_unpack_to_1_gb(folder: Path) -> Path:
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, data in members(sequential(DENSE)).items():
            if name != "model.weights.h5":
                file.writestr(name, data)
        with file.open("model.weights.h5", "w") as stream:
            stream.write(weights_bytes())
            for _ in range(256):
                stream.write(b"\0" * (4 << 20))
    return path


@kind("member-name")
def member_that_climbs_out(folder: Path) -> Path:
    return keras(folder, sequential(DENSE), {"../../../../tmp/evil": b"x", "assets/../../evil": b"y"})


@kind("member-name")
def member_with_an_absolute_name(folder: Path) -> Path:
    return keras(folder, sequential(DENSE), {"/etc/cron.d/evil": b"x", "C:\\Windows\\evil": b"y", "..\\..\\evil": b"z"})


@kind("odd-member")
def member_that_is_a_link(folder: Path) -> Path:
    link = zipfile.ZipInfo("assets/link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return archive(folder / "model.keras", [*members(sequential(DENSE)).items(), (link, b"/etc/passwd")])


@kind("duplicate-member", error=None)
def two_configs_of_one_name(folder: Path) -> Path:
    parts = [*members(sequential(DENSE)).items(), ("config.json", json.dumps(sequential(lambda3())).encode())]
    return archive(folder / "model.keras", parts)


@kind("duplicate-member", error=None)
def second_weights_that_are_a_pickle(folder: Path) -> Path:
    stream = io.BytesIO()
    np.savez(stream, a=np.ones(3))
    parts = {name: data for name, data in members(sequential(DENSE)).items() if name != "model.weights.h5"}
    both = [*parts.items(), ("model.weights.npz", stream.getvalue()), ("model.weights.npz", pickle.dumps(Evil()))]
    return archive(folder / "model.keras", both)


@kind("odd-member", error=None)
def encrypted_member(folder: Path) -> Path:
    path = keras(folder, sequential(DENSE))
    data = bytearray(path.read_bytes())
    start = 0
    while (start := data.find(b"PK\x01\x02", start)) >= 0:
        data[start + 8] |= 1
        start += 4
    path.write_bytes(data)
    return path


def _patched_directory(folder: Path, offset: int, value: bytes) -> Path:
    """The archive with a field of every entry of its directory overwritten."""
    path = keras(folder, sequential(DENSE))
    data = bytearray(path.read_bytes())
    start = 0
    while (start := data.find(b"PK\x01\x02", start)) >= 0:
        data[start + offset : start + offset + len(value)] = value
        start += 4
    path.write_bytes(data)
    return path


@kind(error=None)
def sizes_beyond_the_archive(folder: Path) -> Path:
    return _patched_directory(folder, 20, struct.pack("<II", 0x7FFFFFFF, 0x7FFFFFFF))


@kind(error=None)
def zip64_sizes_without_the_field(folder: Path) -> Path:
    return _patched_directory(folder, 20, b"\xff" * 8)


@kind(error=None)
def offsets_beyond_the_archive(folder: Path) -> Path:
    return _patched_directory(folder, 42, struct.pack("<I", 0xFFFFFFF0))


@kind(error=None)
def all_members_at_one_place(folder: Path) -> Path:
    return _patched_directory(folder, 42, b"\0" * 4)


@kind(error=None)
def unknown_compression(folder: Path) -> Path:
    return _patched_directory(folder, 10, struct.pack("<H", 99))


@kind(error=None)
def directory_of_a_million_entries(folder: Path) -> Path:
    path = keras(folder, sequential(DENSE))
    data = bytearray(path.read_bytes())
    end = data.rfind(b"PK\x05\x06")
    data[end + 8 : end + 12] = b"\xff" * 4
    data[end + 12 : end + 16] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(data)
    return path


@kind(error=None)
def archive_of_60000_members(folder: Path) -> Path:
    parts = [*members(sequential(DENSE)).items(), *((f"assets/{n}", b"") for n in range(60_000))]
    return archive(folder / "model.keras", parts)


@kind("pickle", error=None)
def npz_of_pickled_objects(folder: Path) -> Path:
    path = folder / "weights.npz"
    np.savez(path, a=np.array([Evil()], dtype=object), b=np.ones(2))
    return path


@kind(error=None)
def npz_with_a_header_that_lies(folder: Path) -> Path:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999, 999999), }"
    header += b" " * (118 - len(header)) + b"\n"
    evil = b"{'descr': __import__('os').system('touch %s'), 'fortran_order': False, 'shape': (1,), }\n" % bytes(CANARY)
    deep = b"(" * 5000 + b"\n"
    parts = {
        f"{name}.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + b"1234"
        for name, head in (("a", header), ("b", evil), ("c", deep))
    }
    return archive(folder / "weights.npz", parts)


# Text.


@kind(error=True)
def json_nested_a_million_deep(folder: Path) -> Path:
    return text(folder, '{"class_name": "Sequential", "config": ' + "[" * 1_000_000 + "]" * 1_000_000 + "}")


@kind(error=None)
def config_nested_900_deep(folder: Path) -> Path:
    value: Any = 1
    for _ in range(900):
        value = {"a": value}
    return keras(folder, sequential(layer("Dense", units=2, extra=value)))


@kind(error=None)
def models_nested_300_deep(folder: Path) -> Path:
    value = sequential(DENSE)
    for _ in range(300):
        value = sequential(value)
    return keras(folder, value)


@kind(error=True)
def json_of_300_mb(folder: Path) -> Path:
    path = folder / "model.json"
    with path.open("wb") as stream:
        stream.write(b'{"class_name": "Sequential", "config": "')
        for _ in range(300):
            stream.write(b"a" * (1 << 20))
        stream.write(b'"}')
    return path


@kind(error=None)
def json_of_20_mb_in_one_string(folder: Path) -> Path:
    return keras(folder, sequential(layer("Dense", units=2, extra="a" * (20 << 20))))


@kind(error=None)
def json_of_many_small_values(folder: Path) -> Path:
    return keras(folder, json.dumps(sequential(DENSE))[:-1] + ', "more": [' + "[]," * 1_500_000 + "1]}")


@kind(error=None)
def numbers_of_a_million_digits(folder: Path) -> Path:
    head, tail = json.dumps(sequential(layer("Dense", units="@"))).split('"@"')
    return keras(folder, head + "9" * 1_000_000 + tail)


@kind(error=None)
def numbers_beyond_measure(folder: Path) -> Path:
    big = 10**300
    layers = [
        layer("Dense", units=big, name="a"),
        layer("RepeatVector", n=big, name="b"),
        layer("Conv1D", filters=-(10**30), kernel_size=[big], strides=[0], padding="valid", name="c"),
        layer("ZeroPadding1D", padding=[big, -big], name="d"),
        layer("Reshape", target_shape=[-1, 0, big], name="e"),
        layer("Embedding", input_dim=big, output_dim=1e308, name="f"),
    ]
    return keras(folder, sequential(*layers))


@kind(error=None)
def not_a_number_everywhere(folder: Path) -> Path:
    nan, inf = float("nan"), float("inf")
    layers = [
        layer("Dense", units=nan, name="a"),
        layer("Conv1D", filters=inf, kernel_size=[nan], strides=-inf, name="b"),
    ]
    value = sequential(*layers)
    value["config"]["layers"][0]["config"]["batch_shape"] = [None, nan]
    return keras(folder, value)


@kind("duplicate-key", error=None)
def key_given_twice(folder: Path) -> Path:
    value = json.dumps(sequential(DENSE))
    evil = json.dumps(sequential(lambda3()))
    return keras(folder, value[:-1] + ', "config": ' + json.dumps(json.loads(evil)["config"]) + "}")


@kind(error=None)
def wrong_types_everywhere(folder: Path) -> Path:
    wrong: list[Any] = [None, True, 1.5, "x", [], {}, [[]], {"a": None}, -1]
    layers: list[Any] = [*wrong]
    for number, value in enumerate(wrong):
        for class_name in ("Dense", "Conv2D", "LSTM", "Bidirectional", "Lambda", "InputLayer", "Merge", "Reshape"):
            config = {"name": f"{class_name}{number}"}
            keys = "units filters kernel_size strides layer function batch_shape padding target_shape activation mode"
            layers.append(obj("keras.layers", class_name, {**config, **dict.fromkeys(keys.split(), value)}))
        layers += [obj("keras.layers", "Dense", value), {"class_name": value}, {"class_name": "Dense", "config": value}]
    return keras(folder, sequential(*layers))


@kind(error=None)
def model_that_is_no_model(folder: Path) -> Path:
    return keras(folder, {"class_name": ["Sequential"], "config": {"layers": {"a": 1}, "input_layers": 7}})


def _functional(layers: list[dict[str, Any]], inputs: Any, outputs: Any) -> dict[str, Any]:
    config = {"name": "m", "layers": layers, "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Model", "config": config, "keras_version": "2.2.4", "backend": "tensorflow"}


def _node(name: str, *feeds: list[Any], class_name: str = "Add") -> dict[str, Any]:
    return {
        "class_name": class_name,
        "name": name,
        "config": {"name": name},
        "inbound_nodes": [[[*feed, 0, 0, {}] for feed in feeds]],
    }


_INPUT = {
    "class_name": "InputLayer",
    "name": "in",
    "config": {"name": "in", "batch_input_shape": [None, 4]},
    "inbound_nodes": [],
}


@kind(error=None)
def graph_that_bites_its_tail(folder: Path) -> Path:
    layers = [_INPUT, _node("a", ["in"], ["c"]), _node("b", ["a"]), _node("c", ["b"], ["c"])]
    return text(folder, json.dumps(_functional(layers, [["in", 0, 0]], [["c", 0, 0]])))


@kind(error=None)
def references_to_nothing(folder: Path) -> Path:
    layers = [_INPUT, _node("a", ["ghost"], ["in"])]
    layers[1]["inbound_nodes"] += [
        [["a", 10**9, -5, {}]],
        [["in", -1, 10**18]],
        [],
        [[]],
        None,
        7,
        [["in", "x", None, 3]],
    ]
    return text(folder, json.dumps(_functional(layers, [["ghost", 0, 0]], [["a", 99, 99], ["none", 0, 0]])))


@kind(error=None)
def layers_of_one_name(folder: Path) -> Path:
    layers = [_INPUT, *(_node("same", ["in"], ["same"]) for _ in range(500))]
    return text(folder, json.dumps(_functional(layers, [["in", 0, 0]], [["same", 0, 0]])))


@kind(error=None)
def layers_20000_in_a_row(folder: Path) -> Path:
    layers = [_INPUT] + [_node(f"l{n}", [f"l{n - 1}" if n else "in"], class_name="Activation") for n in range(20_000)]
    return text(folder, json.dumps(_functional(layers, [["in", 0, 0]], [["l19999", 0, 0]])))


@kind(error=None)
def layer_with_50000_inputs(folder: Path) -> Path:
    layers = [_INPUT, _node("all", *([["in"]] * 50_000)), _node("b", ["all"])]
    return text(folder, json.dumps(_functional(layers, [["in", 0, 0]], [["b", 0, 0]])))


@kind(error=None)
def layer_called_20000_times(folder: Path) -> Path:
    shared = {"class_name": "Dense", "name": "d", "config": {"name": "d", "units": 4}, "inbound_nodes": []}
    shared["inbound_nodes"] = [[["d", n - 1, 0, {}] if n else ["in", 0, 0, {}]] for n in range(20_000)]
    return text(folder, json.dumps(_functional([_INPUT, shared], [["in", 0, 0]], [["d", 19_999, 0]])))


@kind(error=None)
def model_called_within_itself(folder: Path) -> Path:
    inner = {
        "name": "m",
        "layers": [_INPUT, _node("m", ["in"], ["m"])],
        "input_layers": [["in", 0, 0]],
        "output_layers": [["m", 1, 0]],
    }
    nested = {
        "class_name": "Model",
        "name": "m",
        "config": inner,
        "inbound_nodes": [[["m", 0, 0, {}]], [["in", 0, 0, {}]]],
    }
    return text(folder, json.dumps(_functional([_INPUT, nested], [["in", 0, 0]], [["m", 1, 0]])))


@kind(error=None)
def shared_models_that_double_at_every_level(folder: Path) -> Path:
    # Each model calls the next one twice: 2 ** 30 calls for whoever unrolls them.
    value: dict[str, Any] = {"class_name": "Dense", "name": "x", "config": {"name": "x", "units": 4}}
    for _ in range(30):
        twice = {**value, "inbound_nodes": [[["in", 0, 0, {}]], [["x", 1, 0, {}]]]}
        config = {
            "name": "x",
            "layers": [_INPUT, twice],
            "input_layers": [["in", 0, 0]],
            "output_layers": [["x", 2, 0]],
        }
        value = {"class_name": "Model", "name": "x", "config": config}
    return text(folder, json.dumps({**value, "keras_version": "2.2.4"}))


@kind("yaml-python-object", error=None)
def yaml_that_calls_python(folder: Path) -> Path:
    evil = f"!!python/object/apply:os.system ['touch {CANARY}']"
    content = "class_name: Sequential\nconfig:\n  name: s\n  layers:\n  - class_name: Dense\n"
    content += f"    config: {{name: d, units: 2, x: {evil}}}\n"
    return text(folder, content + "keras_version: 2.2.4\n", "model.yaml")


@kind(error=None)
def yaml_aliases_that_double(folder: Path) -> Path:
    lines = ["class_name: Sequential", "keras_version: 2.2.4", "a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 12)]
    return text(folder, "\n".join([*lines, "config: *a11"]), "model.yaml")


@kind(error=None)
def yaml_that_holds_itself(folder: Path) -> Path:
    return text(folder, "class_name: Sequential\nconfig: &a\n  name: s\n  layers: [*a, *a]\n", "model.yaml")


@kind(error=True)
def yaml_nested_100000_deep(folder: Path) -> Path:
    return text(folder, "class_name: Sequential\nconfig: " + "[" * 100_000, "model.yaml")


# HDF5.


@kind("external-link", error=None)
def hdf5_link_to_another_file(folder: Path) -> Path:
    path, target = legacy(folder, old(DENSE)), pipe(folder)
    with h5py.File(path, "r+") as file:
        del file["model_weights/dense/dense/kernel:0"]
        file["model_weights/dense/dense/kernel:0"] = h5py.ExternalLink(target, "/x")
    return path


@kind("external-storage", error=None)
def hdf5_values_in_another_file(folder: Path) -> Path:
    path, target = legacy(folder, old(DENSE)), pipe(folder)
    with h5py.File(path, "r+") as file:
        del file["model_weights/dense/dense/kernel:0"]
        file["model_weights/dense"].create_dataset("dense/kernel:0", (4, 2), "f4", external=[(target, 0, 32)])
    return path


@kind("virtual-dataset", error=None)
def hdf5_values_from_other_files(folder: Path) -> Path:
    path, target = legacy(folder, old(DENSE)), pipe(folder)
    with h5py.File(path, "r+", libver="latest") as file:
        del file["model_weights/dense/dense/kernel:0"]
        layout = h5py.VirtualLayout((4, 2), "f4", maxshape=(None, 2))
        layout[:, :] = h5py.VirtualSource(target, "x", (4, 2), maxshape=(None, 2))
        file["model_weights/dense/dense"].create_virtual_dataset("kernel:0", layout)
    return path


@kind("soft-link", error=None)
def hdf5_soft_link(folder: Path) -> Path:
    path = legacy(folder, old(DENSE))
    with h5py.File(path, "r+") as file:
        del file["model_weights/dense/dense/bias:0"]
        file["model_weights/dense/dense/bias:0"] = h5py.SoftLink("/model_weights/dense/dense/kernel:0")
    return path


@kind(error=None)
def hdf5_group_within_itself(folder: Path) -> Path:
    parts = members(sequential(DENSE))
    stream = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(stream, "r+") as file:
        file["layers/dense/again"] = file["layers"]
        file["layers/dense/vars/up"] = file["/"]
    parts["model.weights.h5"] = stream.getvalue()
    return archive(folder / "model.keras", parts)


@kind("shape-bomb", error=None)
def hdf5_array_of_a_terabyte(folder: Path) -> Path:
    path = legacy(folder, old(DENSE))
    with h5py.File(path, "r+") as file:
        del file["model_weights/dense/dense/kernel:0"]
        group = file["model_weights/dense/dense"]
        group.create_dataset("kernel:0", (1 << 20, 1 << 18), "f4", chunks=(64, 64), compression="gzip")
    return path


@kind("unknown-filter", error=None)
def hdf5_filter_that_is_a_plugin(folder: Path) -> Path:
    path = legacy(folder, old(DENSE))
    with h5py.File(path, "r+") as file:
        del file["model_weights/dense/dense/kernel:0"]
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((4, 2))
        plist.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (1, 2))
        group = file["model_weights/dense/dense"].id
        h5py.h5d.create(group, b"kernel:0", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4, 2)), plist)
    return path


@kind(error=None)
def hdf5_config_of_80_mb(folder: Path) -> Path:
    path = folder / "model.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["model_config"] = np.bytes_(b'{"a": "' + b"a" * (80 << 20) + b'"}')
    return path


@kind(error=None)
def hdf5_lies_about_its_layers(folder: Path) -> Path:
    path = legacy(folder, old(DENSE))
    with h5py.File(path, "r+") as file:
        file["model_weights"].attrs["layer_names"] = [
            b"ghost",
            b"../dense",
            b"/",
            b"dense",
            b"dense",
            b"\xff\xfe",
            b"x" * 500,
        ]
        file["model_weights/dense"].attrs["weight_names"] = [
            b"../../model_weights",
            b"/",
            b"nothing",
            b"dense/kernel:0",
        ]
    return path


@kind(error=None)
def hdf5_attributes_of_wrong_types(folder: Path) -> Path:
    path = legacy(folder, old(DENSE))
    with h5py.File(path, "r+") as file:
        file["model_weights"].attrs["layer_names"] = np.ones((3, 3))
        file.attrs["keras_version"] = np.array([[1, 2], [3, 4]])
        file.attrs["backend"] = h5py.Empty("f4")
        file.attrs["training_config"] = h5py.Empty("i4")
    return path


@kind(error=None)
def hdf5_arrays_of_odd_types(folder: Path) -> Path:
    parts = members(sequential(DENSE))
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        group = file.create_group("layers/dense/vars")
        group["0"] = np.array([(1, b"x")], dtype=[("a", "i4"), ("b", "S1")])
        group.create_dataset("1", (2,), dtype=h5py.ref_dtype)
        group.create_dataset("2", (2,), dtype=h5py.vlen_dtype(np.float64))
        group.create_dataset("3", data="text")
        group["4"] = h5py.Empty("f4")
        group["5"] = np.dtype("f4")
    parts["model.weights.h5"] = stream.getvalue()
    return archive(folder / "model.keras", parts)


@kind(error=None)
def hdf5_of_50000_groups(folder: Path) -> Path:
    parts = members(sequential(DENSE))
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="latest") as file:
        for number in range(50_000):
            h5py.h5g.create(file.id, f"g{number}".encode())
    parts["model.weights.h5"] = stream.getvalue()
    return archive(folder / "model.keras", parts)


@kind(error=None)
def hdf5_nested_3000_deep(folder: Path) -> Path:
    parts = members(sequential(DENSE))
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        group = file.id
        for _ in range(3000):
            group = h5py.h5g.create(group, b"g")
    parts["model.weights.h5"] = stream.getvalue()
    return archive(folder / "model.keras", parts)


@kind(error=None)
def hdf5_chunk_that_unpacks_to_1_gb(folder: Path) -> Path:
    path = legacy(folder, old(DENSE))
    with h5py.File(path, "r+") as file:
        del file["model_weights/dense/dense/kernel:0"]
        side = 1 << 14
        data = file["model_weights/dense/dense"].create_dataset(
            "kernel:0", (side, side), "f4", chunks=(side, side), compression=9
        )
        pack = zlib.compressobj(1)
        chunk = b"".join([pack.compress(b"\0" * (1 << 20)) for _ in range(side * side * 4 >> 20)]) + pack.flush()
        data.id.write_direct_chunk((0, 0), chunk)
    return path


@kind(error=True)
def hdf5_cut_in_half(folder: Path) -> Path:
    path = legacy(folder, old(DENSE))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


# Protocol buffers and tables.


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number: int, data: bytes | int) -> bytes:
    if isinstance(data, int):
        return varint(number << 3) + varint(data)
    return varint(number << 3 | 2) + varint(len(data)) + data


def saved_model(folder: Path, ops: list[bytes], metadata: bytes = b"", graph: bytes = b"") -> Path:
    nodes = b"".join(field(1, field(1, b"n%d" % n) + field(2, op)) for n, op in enumerate(ops))
    user = field(1, b"_tf_keras_sequential") + field(2, b"\x08\x01") + (field(3, metadata) if metadata else b"")
    objects = field(1, field(4, user))
    meta = field(1, field(4, b"serve") + field(5, b"2.4.1")) + field(2, nodes + graph) + field(7, objects)
    (folder / "saved_model.pb").write_bytes(field(1, 1) + field(2, meta))
    return folder


@kind("saved-model-op", error=None)
def saved_model_that_reads_and_writes(folder: Path) -> Path:
    return saved_model(folder, [b"ReadFile", b"WriteFile", b"EagerPyFunc", b"SaveV2", b"MatMul"])


@kind("lambda-bytecode", error=None)
def saved_model_with_a_lambda(folder: Path) -> Path:
    value = old(lambda2())
    metadata = {
        "class_name": "Sequential",
        "name": "s",
        "config": value["config"],
        "keras_version": "2.4.0",
        "is_graph_network": True,
    }
    return saved_model(folder, [b"MatMul"], json.dumps(metadata).encode())


@kind(error=None)
def saved_model_nested_10000_deep(folder: Path) -> Path:
    data = b""
    for _ in range(10_000):
        data = field(2, data)[-60_000:]
    return saved_model(folder, [b"MatMul"], graph=field(2, field(1, data)))


@kind(error=None)
def saved_model_with_lengths_that_lie(folder: Path) -> Path:
    (folder / "saved_model.pb").write_bytes(b"\x08\x01\x12" + b"\xff" * 9 + b"\x01" + b"\x12\x05abc")
    return folder


def table(blocks: bytes, index: tuple[int, int]) -> bytes:
    footer = varint(0) + varint(0) + varint(index[0]) + varint(index[1])
    return blocks + footer.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")


@kind(error=None)
def checkpoint_with_a_block_beyond_its_end(folder: Path) -> Path:
    return text(folder, table(b"\0" * 40, (1 << 40, 1 << 50)), "ckpt.index")


@kind(error=None)
def checkpoint_with_keys_that_grow(folder: Path) -> Path:
    # Every key shares more with the one before than that one has; restarts point outside.
    entries = b"".join(varint(1 << 30) + varint(1) + varint(3) + b"k" + b"\x08\x01\x10" for _ in range(50))
    block = entries + struct.pack("<II", 0xFFFFFFF0, 0x7FFFFFFF)
    return text(folder, table(block + b"\0" * 5, (0, len(block))), "ckpt.index")


@kind(error=None)
def checkpoint_index_within_itself(folder: Path) -> Path:
    block = varint(0) + varint(1) + varint(2) + b"k" + varint(0) + varint(12) + struct.pack("<II", 0, 1)
    return text(folder, table(block + b"\0" * 5, (0, len(block))), "ckpt.index")


@kind("outside-file", error=None)
def shards_outside_the_folder(folder: Path) -> Path:
    weight_map = {"/layers/dense/vars": ["../../../etc/passwd", "/etc/shadow", "a_00000.weights.h5"]}
    (folder / "a_00000.weights.h5").write_bytes(weights_bytes())
    return text(folder, json.dumps({"metadata": {"total_size": 1 << 60}, "weight_map": weight_map}), "a.weights.json")


# What is no model at all.


@kind(error=True)
def empty_file(folder: Path) -> Path:
    return text(folder, b"", "model.keras")


@kind(error=True)
def random_bytes(folder: Path) -> Path:
    return text(folder, np.random.default_rng(0).bytes(100_000), "model.h5")


@kind(error=True)
def pickled_model(folder: Path) -> Path:
    return text(folder, pickle.dumps(Evil()), "model.h5")


@kind(error=True)
def named_pipe(folder: Path) -> Path:
    return Path(pipe(folder))


@kind(error=True)
def link_to_itself(folder: Path) -> Path:
    path = folder / "model.keras"
    path.symlink_to(path)
    return path


@kind(error=True)
def magic_and_nothing_else(folder: Path) -> Path:
    return text(folder, b"\x89HDF\r\n\x1a\n", "model.keras")


@kind(error=True)
def archive_end_and_nothing_else(folder: Path) -> Path:
    return text(folder, b"PK\x03\x04" + b"\0" * 30 + b"PK\x05\x06" + b"\xff" * 18, "model.keras")


@kind(error=None)
def flatbuffer_that_points_outside(folder: Path) -> Path:
    return text(folder, b"\xff\xff\xff\x7fTFL3" + b"\xff" * 64, "model.tflite")


@kind(error=None)
def onnx_with_lengths_that_lie(folder: Path) -> Path:
    return text(folder, b"\x08\x07\x12\x04test\x3a\xff\xff\xff\xff\x0f" + b"\x0a" * 50, "model.onnx")
