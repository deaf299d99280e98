"""Opens mutated files of all formats through reader processes: `python tests/hostile/fuzz.py --count 50000 --seed 1`.

Half of the mutations change bytes; the other half change the meaning: a configuration is parsed, changed and packed
again, so that checksums and compression do not stop it at the door. Ends with exit code 1 if the caller met anything
but a model or a sentence, or waited for more than `SECONDS`. A reader process may die; the caller may not notice more
of it than a sentence.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import io
import json
import random
import shutil
import sys
import tempfile
import time
import zipfile
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from kgui.errors import KguiError
from kgui.processes.child import ChildBug
from kgui.reader.client import Opened, Reader, Request

SECONDS = 5.0
DEADLINE = 4.5
IN_FLIGHT = 4
Files = dict[str, bytes]


def _makers() -> Any:
    if "hostile_makers" not in sys.modules:
        spec = importlib.util.spec_from_file_location("hostile_makers", Path(__file__).with_name("makers.py"))
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["hostile_makers"] = module
        spec.loader.exec_module(module)
    return sys.modules["hostile_makers"]


@dataclass(frozen=True)
class Seed:
    """A file of one format that opens.

    Attributes:
        name: The format, for the report.
        files: What is written into an empty folder.
        target: The one that is opened; "" for the folder.
        deep: Builds a variant whose meaning is changed, or None where only bytes can be changed.
    """

    name: str
    files: Files
    target: str
    deep: Callable[[random.Random], Files] | None = None


def seeds() -> list[Seed]:
    """One of every format and era that kgui opens, a few kilobytes each."""
    m = _makers()
    new = _rich3(m)
    old = _rich2(m)
    hdf5 = _legacy_bytes(old)
    weights = _weights_bytes()
    npz = io.BytesIO()
    np.savez(npz, **{"layers/dense/vars/0": np.ones((4, 2), "f4"), "b": np.arange(5)})
    zero = {
        "name": "Sequential",
        "layers": [{"name": "Dense", "input_dim": 4, "output_dim": 3, "activation": "relu", "W_regularizer": None}],
        "loss": "mse",
    }
    graph = {
        "name": "Graph",
        "input_config": [{"name": "i", "input_shape": [4], "dtype": "float"}],
        "node_config": [{"name": "d", "inputs": ["i", "i"], "input": None, "merge_mode": "concat", "concat_axis": -1}],
        "output_config": [{"name": "o", "input": "d", "inputs": []}],
        "input_order": ["i"],
        "output_order": ["o"],
        "nodes": {"d": {"name": "Dense", "output_dim": 3}},
    }
    one = {"class_name": "Sequential", "config": [old["config"]["layers"][1]], "keras_version": "1.2.2"}
    one["config"][0]["config"]["batch_input_shape"] = [None, 8, 8, 3]
    tfjs = {
        "format": "layers-model",
        "modelTopology": {"model_config": old, "keras_version": "2.4.0"},
        "weightsManifest": [
            {"paths": ["a.bin"], "weights": [{"name": "d/kernel", "shape": [4, 2], "dtype": "float32"}]}
        ],
    }
    shards = {"metadata": {"total_size": 40}, "weight_map": {"/layers/dense/vars": ["w_00000.weights.h5"]}}
    metadata = {"class_name": "Functional", "name": "m", "config": old["config"], "keras_version": "2.4.0"}
    return [
        _keras("keras-zip", new, weights, zipfile.ZIP_STORED),
        _keras("keras-zip, packed", new, weights, zipfile.ZIP_DEFLATED),
        Seed(
            "keras folder",
            {"config.json": _json(new), "metadata.json": m.METADATA.encode(), "model.weights.h5": weights},
            "",
            lambda rng: {
                "config.json": _json(change(rng, new)),
                "metadata.json": m.METADATA.encode(),
                "model.weights.h5": weights,
            },
        ),
        Seed("h5 whole", {"m.h5": hdf5}, "m.h5", lambda rng: {"m.h5": _legacy_bytes(change(rng, old), rng)}),
        Seed(
            "h5 keras 3",
            {"m.h5": _legacy_bytes(new)},
            "m.h5",
            lambda rng: {"m.h5": _legacy_bytes(change(rng, new), rng)},
        ),
        Seed(
            "v3 weights", {"m.weights.h5": weights}, "m.weights.h5", lambda rng: {"m.weights.h5": _weights_bytes(rng)}
        ),
        Seed("legacy weights", {"w.h5": _legacy_bytes(None)}, "w.h5", lambda rng: {"w.h5": _legacy_bytes(None, rng)}),
        Seed("npz", {"w.npz": npz.getvalue()}, "w.npz"),
        _text("json 3", new),
        _text("json 2", old),
        _text("json 1", one),
        _text("json 0", zero),
        _text("json 0 graph", graph),
        _text("tfjs", tfjs),
        Seed("yaml 2", {"m.yaml": _yaml(old)}, "m.yaml", lambda rng: {"m.yaml": _yaml(change(rng, old))}),
        Seed("yaml 0", {"m.yaml": _yaml(zero)}, "m.yaml", lambda rng: {"m.yaml": _yaml(change(rng, zero))}),
        Seed("sharded", {"w.weights.json": _json(shards), "w_00000.weights.h5": weights}, "w.weights.json"),
        Seed("saved model", _saved_model(m, metadata), "", lambda rng: _saved_model(m, change(rng, metadata))),
        Seed("checkpoint", _checkpoint(m), "ckpt.index"),
        Seed("project", {"p.kgui": _json({"kgui": 1, "model": "m.json", "plan": {}}), "m.json": _json(old)}, "p.kgui"),
        Seed("tflite", {"m.tflite": b"\x1c\0\0\0TFL3" + bytes(range(200))}, "m.tflite"),
        Seed("onnx", {"m.onnx": b"\x08\x07\x12\x05torch\x3a\x10" + bytes(range(16))}, "m.onnx"),
    ]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _yaml(value: Any) -> bytes:
    import yaml

    return yaml.safe_dump(json.loads(json.dumps(value)), allow_unicode=False).encode()


def _text(name: str, value: Any) -> Seed:
    return Seed(name, {"m.json": _json(value)}, "m.json", lambda rng: {"m.json": _json(change(rng, value))})


def _keras(name: str, config: Any, weights: bytes, method: int) -> Seed:
    def pack(value: Any, arrays: bytes) -> Files:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as file:
            file.writestr("metadata.json", _makers().METADATA)
            file.writestr("config.json", _json(value))
            file.writestr("model.weights.h5", arrays)
            file.writestr("assets/layers/string_lookup/vocabulary.txt", b"a\nb\n")
        return {"m.keras": stream.getvalue()}

    def deep(rng: random.Random) -> Files:
        if rng.random() < 0.5:
            return pack(change(rng, config), weights)
        return pack(config, damage(rng, weights) if rng.random() < 0.5 else _weights_bytes(rng))

    return Seed(name, pack(config, weights), "m.keras", deep)


def _rich3(m: Any) -> Any:
    """A Keras 3 model with most of what its encoding can say."""

    def tensor(name: str, shape: list[Any]) -> Any:
        return {
            "class_name": "__keras_tensor__",
            "config": {"shape": shape, "dtype": "float32", "keras_history": [name, 0, 0]},
        }

    def node(item: Any, name: str, *feeds: Any, **kwargs: Any) -> Any:
        item["config"]["name"] = name
        return {**item, "name": name, "inbound_nodes": [{"args": list(feeds), "kwargs": kwargs}] if feeds else []}

    x, y = tensor("in", [None, 8, 4]), tensor("conv", [None, 8, 4])
    wrapped = m.layer("Bidirectional", layer=m.layer("LSTM", units=3, return_sequences=True), merge_mode="concat")
    zeros = m.obj("keras.initializers", "Zeros", {})
    inner = m.sequential(m.layer("Dense", units=4), m.layer("Dropout", rate=0.5))
    inner["config"]["layers"][0]["config"]["batch_shape"] = [None, 8, 4]
    layers = [
        node(m.layer("InputLayer", batch_shape=[None, 8, 4]), "in"),
        node(m.layer("Conv1D", filters=4, kernel_size=[3], strides=[1], padding="same", dilation_rate=[1]), "conv", x),
        node(m.obj("keras.src.ops.numpy", "Add", {}, "Add"), "add", x, y),
        node(m.layer("MultiHeadAttention", num_heads=2, key_dim=3), "att", tensor("add", [None, 8, 4]), x, value=y),
        node(wrapped, "bi", tensor("att", [None, 8, 4])),
        node(inner, "inner", tensor("conv", [None, 8, 4])),
        node(m.layer("Concatenate", axis=-1), "cat", [tensor("bi", [None, 8, 6]), tensor("inner", [None, 8, 4])]),
        node(m.layer("Flatten"), "flat", tensor("cat", [None, 8, 10])),
        node(m.layer("Dense", units=2, kernel_initializer=zeros), "out", tensor("flat", [None, 80])),
    ]  # fmt: skip
    config = {
        "name": "m",
        "trainable": True,
        "layers": layers,
        "input_layers": [["in", 0, 0]],
        "output_layers": {"a": ["out", 0, 0]},
    }
    compiled = {
        "optimizer": m.obj("keras.optimizers", "Adam", {"learning_rate": 0.1}),
        "loss": "mse",
        "metrics": ["mae"],
    }
    return m.obj(
        "keras.src.models.functional",
        "Functional",
        config,
        "Functional",
        build_config={"input_shape": None},
        compile_config=compiled,
    )


def _rich2(m: Any) -> Any:
    """A tf.keras 2 model with a shared layer, a nested model and a function."""

    def node(class_name: str, name: str, *calls: Any, **config: Any) -> Any:
        inbound = [[[feed, 0, 0, {}] for feed in call] for call in calls]
        return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": inbound}

    inner = {
        "name": "inner",
        "layers": [node("InputLayer", "x", batch_input_shape=[None, 4]), node("Dense", "y", ["x"], units=3)],
        "input_layers": [["x", 0, 0]],
        "output_layers": [["y", 0, 0]],
    }
    layers = [
        node("InputLayer", "in", batch_input_shape=[None, 8, 8, 3], dtype="float32", sparse=False),
        node("Conv2D", "c", ["in"], filters=4, kernel_size=[3, 3], strides=[2, 2], padding="same"),
        node("GlobalAveragePooling2D", "g", ["c"]),
        node("Dense", "dense", ["g"], ["g"], units=2),
        {"class_name": "Model", "name": "inner", "config": inner, "inbound_nodes": [[["g", 0, 0, {}]]]},
        {**node("TFOpLambda", "mul", function="math.multiply"), "inbound_nodes": [["g", 0, 0, {"y": 2.0}]]},
        node("Merge", "merge", ["g", "mul"], mode="concat", concat_axis=-1),
        node("Lambda", "l", ["merge"], function=["AAAA", None, None], function_type="lambda", output_shape=[3]),
        node("StringLookup", "look", ["g"], vocabulary=["a"], max_tokens=None, num_oov_indices=1),
    ]  # fmt: skip
    config = {
        "name": "m",
        "layers": layers,
        "input_layers": [["in", 0, 0]],
        "output_layers": [["dense", 1, 0], ["inner", 1, 0], ["l", 0, 0]],
    }
    return {"class_name": "Functional", "config": config, "keras_version": "2.4.0", "backend": "tensorflow"}


def _legacy_bytes(config: Any, rng: random.Random | None = None) -> bytes:
    """A whole model of the old layout, or its weights alone without a config; with `rng`, with wrong attributes."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        root = file
        if config is not None:
            file.attrs["model_config"] = _json(config)
            file.attrs["training_config"] = json.dumps(
                {"loss": "mse", "optimizer_config": {"class_name": "Adam", "config": {}}}
            )
            root = file.create_group("model_weights")
        file.attrs["keras_version"], file.attrs["backend"] = "2.4.0", "tensorflow"
        names = ["dense", "c", "inner"]
        root.attrs["layer_names"] = _odd(rng, [name.encode() for name in names])
        for name in names:
            group = root.create_group(name)
            group.attrs["weight_names"] = _odd(rng, [f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()])
            group.create_dataset(
                f"{name}/kernel:0", data=np.ones(_shape(rng, (4, 2)), "f4"), chunks=True, compression=1
            )
            group[f"{name}/bias:0"] = np.zeros(_shape(rng, (2,)), "f4")
    return stream.getvalue()


def _weights_bytes(rng: random.Random | None = None) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for path in (
            "layers/conv1d",
            "layers/dense",
            "layers/bidirectional/forward_layer/cell",
            "layers/functional/layers/dense",
            "optimizer",
        ):
            if rng is not None and rng.random() < 0.2:
                path = rng.choice(["/", "layers", "vars/vars", "layers\\dense", "layers/dense_99999", "x" * 300])
            group = file.require_group(f"{path}/vars")
            group.attrs["name"] = _odd(rng, path)
            for number in range(rng.randrange(4) if rng is not None else 2):
                if str(number) not in group:
                    group[str(number)] = np.ones(
                        _shape(rng, (4, 2)), rng.choice(["f4", "f2", "i1", "c8", "S3", "?"]) if rng else "f4"
                    )
    return stream.getvalue()


def _odd(rng: random.Random | None, value: Any) -> Any:
    if rng is None or rng.random() < 0.7:
        return value
    return rng.choice(
        [b"", "x", 1, 1.5, np.ones(3), h5py.Empty("f4"), [b"dense"] * 50, [b"\xff\xfe/", b"../x"], np.bytes_(b"a\0b")]
    )


def _shape(rng: random.Random | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    if rng is None or rng.random() < 0.8:
        return shape
    return rng.choice([(1,), (7, 3), (2, 2, 2), (1, 1, 1, 1, 1), (65,), (3, 1)])


def _saved_model(m: Any, metadata: Any) -> Files:
    folder = Path(tempfile.mkdtemp())
    try:
        m.saved_model(folder, [b"MatMul", b"ReadFile"], _json(metadata))
        return {"saved_model.pb": (folder / "saved_model.pb").read_bytes()}
    finally:
        shutil.rmtree(folder)


def _checkpoint(m: Any) -> Files:
    """An index with two float32 variables, and their data."""
    shape = m.field(2, m.field(1, 4)) + m.field(2, m.field(1, 2))
    entries = {
        b"": m.field(1, 1),
        b"dense/bias/.ATTRIBUTES/VARIABLE_VALUE": m.field(1, 1)
        + m.field(2, m.field(2, m.field(1, 2)))
        + m.field(4, 32)
        + m.field(5, 8),
        b"dense/kernel/.ATTRIBUTES/VARIABLE_VALUE": m.field(1, 1) + m.field(2, shape) + m.field(5, 32),
    }

    def block(items: dict[bytes, bytes]) -> bytes:
        body = b"".join(m.varint(0) + m.varint(len(k)) + m.varint(len(v)) + k + v for k, v in items.items())
        return body + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")

    data = block(entries)
    index = block({b"~": m.varint(0) + m.varint(len(data))})
    blocks = data + b"\0" * 5 + index + b"\0" * 5
    return {
        "ckpt.index": m.table(blocks, (len(data) + 5, len(index))),
        "ckpt.data-00000-of-00001": np.ones(10, "f4").tobytes(),
    }


# Mutations.

ODD_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 7, 2**31, 2**63, 10**30, -(10**30), 0.5, 1e308, float("nan"), float("inf")),
    *("", "x", "\0", "\u202e", "\ud800", "a" * 5000, "in", "valid", "channels_first", "float8"),
    *([], {}, [[]], [None], [None, None], {"a": {}}, ["in", 0, 0], ["in", -1, 5, {}], [[[]]], [1, 2, 3, 4, 5, 6]),
    *({"class_name": "Dense"}, {"class_name": "__lambda__", "config": {}}, {"class_name": None, "config": None}),
]
EXTREMES = [
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\0" * 4,
    b"\xff" * 4,
    b"\xff\xff\xff\x7f",
    b"\0" * 8,
    b"\xff" * 8,
    b"\xff" * 7 + b"\x7f",
    b"\x01",
]


def change(rng: random.Random, value: Any) -> Any:
    """A copy of a configuration with one to four places of it changed."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        places: list[tuple[Any, Any]] = []
        stack = [value]
        while stack:
            item = stack.pop()
            keys = item.keys() if isinstance(item, dict) else range(len(item))
            for key in keys:
                places.append((item, key))
                if isinstance(item[key], (dict, list)):
                    stack.append(item[key])
        if not places:
            break
        owner, key = rng.choice(places)
        other_owner, other_key = rng.choice(places)
        what = rng.randrange(6)
        if what == 0:
            del owner[key]
        elif what == 1 and isinstance(owner, list):
            owner.extend([copy.deepcopy(owner[key])] * rng.choice([1, 2, 50]))
        elif what == 2:
            owner[key] = copy.deepcopy(other_owner[other_key])
        elif what == 3 and isinstance(owner[key], int):
            owner[key] = rng.choice([owner[key] + 1, -owner[key], owner[key] * 1000, rng.randrange(-5, 20)])
        elif what == 4 and isinstance(owner, dict):
            owner[rng.choice(ODD_KEYS)] = copy.deepcopy(rng.choice(ODD_VALUES))
        else:
            owner[key] = copy.deepcopy(rng.choice(ODD_VALUES))
    return value


ODD_KEYS = [
    *("name", "config", "class_name", "layers", "units", "filters", "strides", "kernel_size", "axis", "shape", "dtype"),
    *("module", "layer", "cell", "cells", "build_config", "inbound_nodes", "input_layers", "output_layers", "function"),
    *("batch_shape", "data_format", "registered_name", "batch_input_shape", "target_shape", "return_state", "mode"),
]


def damage(rng: random.Random, data: bytes) -> bytes:
    """Bytes with one to eight places of them changed."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 3, 8])):
        if not out:
            break
        at = rng.randrange(len(out))
        what = rng.randrange(8)
        if what <= 2:
            out[at] = rng.randrange(256)
        elif what == 3:
            extreme = rng.choice(EXTREMES)
            out[at : at + len(extreme)] = extreme
        elif what == 4:
            del out[at : at + rng.choice([1, 4, 64, len(out)])]
        elif what == 5:
            out[at:at] = rng.randbytes(rng.choice([1, 4, 64]))
        elif what == 6:
            start, length = rng.randrange(len(out)), rng.choice([4, 32, 256])
            out[at : at + length] = out[start : start + length]
        else:
            out[at] ^= 1 << rng.randrange(8)
    return bytes(out)


def variant(rng: random.Random, seed: Seed) -> Files:
    """A mutated file of a format."""
    if seed.deep is not None and rng.random() < 0.5:
        return seed.deep(rng)
    files = dict(seed.files)
    name = rng.choice(list(files))
    files[name] = damage(rng, files[name])
    return files


# The run.


@dataclass
class Report:
    """What came of it: counts by format and outcome, and what must not happen."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0
    restarts: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        total = sum(count for key, count in self.counts.items() if not key.startswith(" "))
        told = ", ".join(f"{count:,} {key.strip()}" for key, count in sorted(self.counts.items()))
        return (
            f"{total:,} files in {self.seconds:.0f} s: {told}; {self.restarts} reader processes died and were "
            f"replaced; slowest answer {self.slowest:.2f} s; {len(self.failures)} failures"
        )


@dataclass
class _Case:
    number: int
    seed: Seed
    folder: Path
    request: Request[Opened]
    start: float


def fuzz(
    count: int, seed: int, folder: Path, *, only: str = "", keep: Path | None = None, tell: bool = False
) -> Report:
    """Opens `count` mutated files; equal seeds give equal files."""
    report = Report()
    known = [item for item in seeds() if only in item.name]
    begin = time.monotonic()

    def on_restart(text: str) -> None:
        report.restarts += 1

    reader = Reader(on_restart=on_restart)
    waiting: deque[_Case] = deque()
    try:
        for item in known:
            place = _write(folder / f"seed-{item.name}", item.files)
            # A seed that is not opened would make every mutation of it worthless.
            _open_seed(reader, item, place, report)
            shutil.rmtree(place)
        for number in range(count):
            rng = random.Random(f"{seed}/{number}")
            item = known[number % len(known)]
            place = _write(folder / str(number), variant(rng, item))
            request = reader.open(place / item.target, weights=True, deadline=DEADLINE)
            waiting.append(_Case(number, item, place, request, time.monotonic()))
            if len(waiting) >= IN_FLIGHT:
                _finish(reader, waiting.popleft(), report, keep)
            if tell and number % 1000 == 999:
                report.seconds = time.monotonic() - begin
                print(report, flush=True)
        while waiting:
            _finish(reader, waiting.popleft(), report, keep)
    finally:
        reader.close()
    report.seconds = time.monotonic() - begin
    return report


MAY_NOT_OPEN = {"tflite", "onnx"}


def _open_seed(reader: Reader, item: Seed, place: Path, report: Report) -> None:
    try:
        reader.open(place / item.target, weights=True, deadline=60).result(90)
    except KguiError as error:
        if item.name not in MAY_NOT_OPEN:
            report.failures.append(f"the seed {item.name} is not opened: {error}")


def _write(folder: Path, files: Files) -> Path:
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def _finish(reader: Reader, case: _Case, report: Report, keep: Path | None) -> None:
    before = _bad(report)
    path = case.folder / case.seed.target
    opened = _outcome(case, case.request, report, SECONDS + DEADLINE * IN_FLIGHT)
    if opened is not None:
        report.counts["opened"] += 1
        _read_some(reader, case, opened, path, report)
    if keep is not None and _bad(report) > before:
        shutil.copytree(case.folder, keep / f"{case.number}-{case.seed.name}", dirs_exist_ok=True)
    shutil.rmtree(case.folder, ignore_errors=True)


def _bad(report: Report) -> int:
    """What deserves a look: failures, and readers that died or were given up."""
    return len(report.failures) + sum(n for key, n in report.counts.items() if "died" in key or "given up" in key)


def _read_some(reader: Reader, case: _Case, opened: Opened, path: Path, report: Report) -> None:
    listed = [weight for _, layer in opened.model.walk() for weight in layer.weights or () if weight.path is not None]
    for weight in listed[:2]:
        part = tuple(slice(0, 4) for _ in weight.shape)
        request = reader.values(opened.path if case.seed.name == "project" else path, weight, part, deadline=DEADLINE)
        if _outcome(case, request, report, 2 * SECONDS, " values: ") is not None:
            report.counts[" values: read"] += 1


def _outcome(case: _Case, request: Request[Any], report: Report, patience: float, label: str = "") -> Any:
    """The result, or None where there is a sentence instead; everything else is a failure."""
    start = time.monotonic()
    what = f"file {case.number} ({case.seed.name}){label}"
    try:
        result = request.result(patience)
    except KguiError as error:
        cause = error.__cause__
        if isinstance(cause, ChildBug):
            report.failures.append(f"{what}: a bug in the reader: {cause}")
            report.counts[f"{label}bug"] += 1
        elif "gave the file up" in error.what:
            report.counts[f"{label}given up after {DEADLINE:g} s"] += 1
        elif "reader stop" in str(error):
            report.counts[f"{label}reader died"] += 1
        else:
            report.counts[f"{label}refused in a sentence"] += 1
        result = None
    except BaseException as error:
        report.failures.append(f"{what}: {type(error).__name__} in the caller: {error}")
        result = None
    report.slowest = max(report.slowest, time.monotonic() - start)
    if time.monotonic() - start > SECONDS:
        report.failures.append(f"{what}: the caller waited for {time.monotonic() - start:.1f} s")
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="formats whose name contains this")
    parser.add_argument("--keep", type=Path, help="a folder for files that failed, or killed a reader")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kgui-fuzz-"))
    try:
        report = fuzz(arguments.count, arguments.seed, folder, only=arguments.only, keep=arguments.keep, tell=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for failure in dict.fromkeys(failure[-1500:] for failure in report.failures[:50]):
        print(failure)
    print(report)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
