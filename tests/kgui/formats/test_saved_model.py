"""SavedModels written by hand: Keras' metadata in both places, stored shapes, variables, risky operations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wire
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire import field

from kgui.errors import FileError, KguiError
from kgui.formats.checkpoint import VALUE_KEY
from kgui.formats.open import open_model
from kgui.graph import TensorRef

KERNEL = np.arange(6, dtype="float32").reshape(2, 3)


def layer(class_name: str, name: str, source: str | None, **config: Any) -> dict[str, Any]:
    nodes = [] if source is None else [[[source, 0, 0, {}]]]
    return {"class_name": class_name, "name": name, "inbound_nodes": nodes, "config": {"name": name, **config}}


CONFIG = {
    "name": "net",
    "layers": [
        layer("InputLayer", "x", None, batch_input_shape=[None, 2], dtype="float32"),
        layer("Mine", "mine", "x"),
        layer("Dense", "dense", "mine", units=3, use_bias=False),
    ],
    "input_layers": [["x", 0, 0]],
    "output_layers": [["dense", 0, 0]],
}
ROOT = {"class_name": "Functional", "name": "net", "config": CONFIG, "keras_version": "2.9.0", "backend": "tensorflow"}


def saved_object(children: dict[str, int], *, metadata: Any = None, function: str = "", variable: bytes = b"") -> bytes:
    found = b"".join(field(1, field(1, number) + field(2, name)) for name, number in children.items())
    if metadata is not None:
        found += field(4, field(1, "_tf_keras_layer") + field(3, json.dumps(metadata)))
    if function:
        found += field(6, field(1, function))
    if variable:
        found += field(7, variable)
    return field(1, found)


def save(
    folder: Path,
    *,
    root: Any = ROOT,
    inside: bool = True,
    operations: tuple[str, ...] = ("Const",),
    assets: tuple[str, ...] = (),
) -> Path:
    variable = field(1, 1) + field(2, wire.shape((2, 3))) + field(3, 1) + field(6, "dense/kernel")
    objects = b"".join(
        [
            saved_object(
                {"layer-0": 1, "layer-1": 2, "layer_with_weights-0": 3, "layer-2": 3}, metadata=root if inside else None
            ),
            saved_object({}),
            saved_object({"__call__": 5}, metadata={"class_name": "Mine", "name": "mine"} if inside else None),
            saved_object({"kernel": 4, "variables": 6}),
            saved_object({}, variable=variable),
            saved_object({}, function="call_1"),
            saved_object({"0": 4}),
        ]
    )
    spec = field(33, field(2, wire.shape((-1, 2))) + field(3, 1))
    concrete = field(2, field(1, "call_1") + field(2, field(4, field(52, field(1, spec)))))
    tensor = field(2, 1) + field(3, wire.shape((-1, 2)))
    signature = field(5, field(1, "serving_default") + field(2, field(1, field(1, "x") + field(2, tensor))))
    nodes = b"".join(field(1, field(1, f"n{i}") + field(2, op)) for i, op in enumerate(operations))
    meta = (
        field(1, field(4, "serve") + field(5, "2.9.1")) + field(2, nodes) + signature
        + b"".join(field(6, field(2, name)) for name in assets) + field(7, objects + concrete)
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_bytes(field(1, 1) + field(2, meta))
    if not inside and root is not None:
        (folder / "keras_metadata.pb").write_bytes(
            field(1, field(2, 0) + field(3, "root") + field(5, json.dumps(root)))
        )
    key = "layer_with_weights-0/kernel" + VALUE_KEY
    graph = wire.node({"layer_with_weights-0": 1}) + wire.node({"kernel": 2}) + wire.node({}, ("dense/kernel", key))
    wire.checkpoint(folder / "variables" / "variables", {key: ("float32", (2, 3), KERNEL.tobytes())}, graph)
    return folder


@pytest.mark.parametrize("inside", [True, False])
def test_graph_shapes_and_variables(tmp_path: Path, inside: bool) -> None:
    with open_model(save(tmp_path / "m", inside=inside)) as file:
        assert (file.format, file.keras_version, file.model.kind) == ("saved-model", "2.9.0", "functional")
        assert [layer.class_name for layer in file.model.layers.values()] == ["InputLayer", "Mine", "Dense"]
        mine, dense = file.model.named("mine"), file.model.named("dense")
        assert mine is not None
        assert dense is not None
        assert file.model.stored[TensorRef(mine.id)].shape == (None, 2)
        assert [(w.name, w.shape, w.trainable) for w in dense.weights or ()] == [("kernel", (2, 3), True)]
        assert np.array_equal(file.read((dense.weights or [])[0]), KERNEL)
        assert file.facts["signature serving_default"].startswith("x: float32 (None, 2)")
        assert file.container_risks == []


@pytest.mark.parametrize("name", ["saved_model.pb", "keras_metadata.pb"])
def test_opens_by_one_of_its_files(tmp_path: Path, name: str) -> None:
    root = {**ROOT, "config": CONFIG, "identifier": "_tf_keras_network"}
    folder = save(tmp_path / "m", root=root, inside=False)
    data = folder / "keras_metadata.pb"
    data.write_bytes(
        field(1, field(2, 0) + field(3, "root") + field(4, "_tf_keras_network") + field(5, json.dumps(root)))
    )
    with open_model(folder / name) as file:
        assert file.model.kind == "functional"


def test_without_values_the_shapes_remain(tmp_path: Path) -> None:
    folder = save(tmp_path / "m")
    for path in (folder / "variables").iterdir():
        path.unlink()
    with open_model(folder) as file:
        dense = file.model.named("dense")
        assert dense is not None
        assert [w.shape for w in dense.weights or ()] == [(2, 3)]
        assert any("cannot be read" in note for note in file.notes)
        with pytest.raises(FileError, match="not in the folder"):
            file.read((dense.weights or [])[0])


def test_without_keras_metadata_there_are_variables_only(tmp_path: Path) -> None:
    with open_model(save(tmp_path / "m", root=None)) as file:
        assert file.model.kind == "subclassed"
        assert sum(w.size for layer in file.model.layers.values() for w in layer.weights or ()) == 6
        assert any("no layers" in note for note in file.notes)


def test_tuples_of_a_configuration_are_lists_as_elsewhere(tmp_path: Path) -> None:
    def wrapped(*items: Any) -> dict[str, Any]:
        return {"class_name": "__tuple__", "items": list(items)}

    config = {
        **CONFIG,
        "layers": [
            layer("InputLayer", "x", None, batch_input_shape=wrapped(None, 2), dtype="float32"),
            layer("Mine", "mine", "x", sizes=[wrapped(1, wrapped(2))]),
            layer("Dense", "dense", "mine", units=3, use_bias=False),
        ],
    }
    config["layers"][2]["inbound_nodes"] = [[["mine", 0, 0, {"part": wrapped(1)}]]]
    with open_model(save(tmp_path, root={**ROOT, "config": config})) as file:
        image, mine, dense = file.model.layers.values()
        assert image.config["batch_input_shape"] == [None, 2]
        assert mine.config["sizes"] == [[1, [2]]]
        assert dense.calls[0].kwargs["part"] == wrapped(1), "a tuple selects otherwise than a list"
        assert "batch_shape=(None, 2)" in file.code() or "shape=(2,)" in file.code()


def test_operations_with_effects_are_risks(tmp_path: Path) -> None:
    usual = ("SaveV2", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename", "MatMul")
    folder = save(tmp_path / "m", operations=(*usual, "ReadFile", "EagerPyFunc", "WriteFile", "WriteFile"))
    with open_model(folder) as file:
        found = {risk.where: risk.detail for risk in file.container_risks}
    assert sorted(found) == ["operation EagerPyFunc", "operation ReadFile", "operation WriteFile"]
    assert "2 times" in found["operation WriteFile"]
    assert "Python" in found["operation EagerPyFunc"]


def test_tables_are_no_risk_while_their_file_is_an_asset(tmp_path: Path) -> None:
    operations = ("InitializeTableFromTextFileV2",)
    with open_model(save(tmp_path / "a", operations=operations, assets=("vocabulary.txt",))) as file:
        assert file.container_risks == []
    with open_model(save(tmp_path / "b", operations=operations)) as file:
        assert [risk.kind for risk in file.container_risks] == ["saved-model-op"]
    with open_model(save(tmp_path / "c", assets=("../../etc/passwd",))) as file:
        assert [risk.kind for risk in file.container_risks] == ["outside-file"]


@pytest.mark.parametrize("data", [b"", b"\x08\x01", b"\x08\x01\x12\xff\xff\xff\xff\x0f", b"\x08\x01\x12\x04abcd"])
def test_damaged_files_are_a_sentence(tmp_path: Path, data: bytes) -> None:
    folder = save(tmp_path / "m")
    (folder / "saved_model.pb").write_bytes(data)
    with pytest.raises(FileError) as caught:
        open_model(folder)
    assert str(folder) in str(caught.value)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes_give_a_model_or_a_sentence(tmp_path: Path, changes: list[tuple[float, int]]) -> None:
    folder = tmp_path / "m"
    if not (folder / "original").is_file():
        save(folder)
        (folder / "original").write_bytes((folder / "saved_model.pb").read_bytes())
    data = bytearray((folder / "original").read_bytes())
    for place, value in changes:
        data[int(place * len(data))] = value
    (folder / "saved_model.pb").write_bytes(data)
    try:
        with open_model(folder) as file:
            for entry in file.list_weights():
                file.read(entry, tuple(0 for _ in entry.shape))
    except KguiError as error:
        assert str(error)


def test_bytes_that_break_off_are_said_with_the_path(tmp_path: Path) -> None:
    # A field of length 120 of which 2 bytes are there.
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01\x12\x78\x0a\x00")
    with pytest.raises(FileError, match="message in it ends too early") as error:
        open_model(tmp_path)
    assert str(tmp_path) in str(error.value)
