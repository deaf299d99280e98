"""What kgui recognises and cannot show: one sentence each, with what can be known."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire import field

from kgui.errors import FileError
from kgui.formats.open import open_model
from kgui.formats.other import open_onnx, open_tflite
from kgui.formats.source import look_at


def test_a_pointer_says_how_large_the_real_file_is(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12345678\n")
    with pytest.raises(FileError, match=r"12\.3 MB.*git lfs pull"):
        open_model(path)


def onnx(nodes: int, arrays: int) -> bytes:
    graph = field(1, field(4, "Relu")) * nodes + field(5, field(8, "w")) * arrays
    return field(1, 8) + field(2, "maker") + field(7, graph)


def test_onnx_says_operators_and_maker(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx(3, 2))
    with pytest.raises(FileError, match="3 operators and 2 arrays, made by 'maker'"):
        open_model(path)


def tflite(tensors: int, operators: int) -> bytes:
    """A FlatBuffer of one subgraph; tables are laid out one after another, each with its layout in front."""
    data = bytearray(struct.pack("<I4s", 0, b"TFL3"))

    def table(count: int) -> tuple[int, list[int]]:
        """A table with `count` offsets; returns where it is and where its fields are."""
        start = len(data)
        data.extend(struct.pack(f"<HH{count}H", 4 + 2 * count, 4 + 4 * count, *(4 + 4 * i for i in range(count))))
        at = len(data)
        data.extend(struct.pack("<i", at - start) + bytes(4 * count))
        return at, [at + 4 + 4 * i for i in range(count)]

    def vector(slot: int, items: int) -> int:
        struct.pack_into("<I", data, slot, len(data) - slot)
        data.extend(struct.pack("<I", items))
        at = len(data)
        data.extend(bytes(4 * items))
        return at

    root, slots = table(3)
    struct.pack_into("<I", data, 0, root)
    vector(slots[0], 0)
    vector(slots[1], 0)
    graphs = vector(slots[2], 1)
    graph, fields = table(4)
    struct.pack_into("<I", data, graphs, graph - graphs)
    for slot, count in zip(fields, (tensors, 0, 0, operators), strict=True):
        vector(slot, count)
    return bytes(data)


def test_tflite_says_operators_and_tensors(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(tflite(7, 4))
    with pytest.raises(FileError, match="4 operators and 7 tensors"):
        open_model(path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
    flat=st.booleans(),
)
def test_changed_bytes_are_a_sentence(tmp_path: Path, changes: list[tuple[float, int]], flat: bool) -> None:
    data = bytearray(tflite(7, 4) if flat else onnx(3, 2))
    for place, value in changes:
        data[int(place * len(data))] = value
    path = tmp_path / "changed"
    path.write_bytes(data)
    with pytest.raises(FileError):
        (open_tflite if flat else open_onnx)(look_at(path))


def test_orbax_with_an_architecture_shows_it(tmp_path: Path) -> None:
    step = tmp_path / "ck" / "3"
    (step / "pytree").mkdir(parents=True)
    (step / "pytree" / "_METADATA").write_text(json.dumps({"tree_metadata": {"a": {}, "b": {}}}))
    with pytest.raises(FileError, match="Orbax checkpoint of 2 arrays, step 3"):
        open_model(tmp_path / "ck")
    (step / "model_config").mkdir()
    config = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "s", "layers": []},
        "registered_name": None,
    }
    (step / "model_config" / "metadata").write_text(json.dumps({"config": json.dumps(config)}))
    with open_model(tmp_path / "ck") as file:
        assert (file.format, file.model.kind, file.facts["step"]) == ("orbax", "sequential", "3")
        assert any("without them" in note for note in file.notes)


def test_a_keras_hub_preset_shows_its_class_and_weights(tmp_path: Path) -> None:
    import h5py
    import numpy as np

    config = {
        "module": "keras_hub.src.models.bert",
        "class_name": "BertBackbone",
        "config": {"num_layers": 2},
        "registered_name": "keras_hub>BertBackbone",
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "tokenizer.json").write_text("{}")
    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        file["token_embedding/vars/0"] = np.zeros((5, 4), "float32")
    with open_model(tmp_path) as file:
        assert (file.format, file.model.kind, file.model.class_name) == ("keras-hub", "subclassed", "BertBackbone")
        assert file.facts["preset"] == "tokenizer"
        assert [layer.name for layer in file.model.layers.values()] == ["token_embedding"]


def test_hints_name_only_commands_that_are_there():
    """A hint that leads nowhere is worse than none."""
    import re
    from pathlib import Path

    import kgui
    from kgui.cli import available

    root = Path(kgui.__file__).parent
    for path in root.rglob("*.py"):
        for command in re.findall(r"kgui ([a-z]+) FILE", path.read_text(encoding="utf-8")):
            assert command in available(), path
