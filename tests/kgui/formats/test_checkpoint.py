"""Checkpoints written by hand: names, shapes, values, and every way in which they can be damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wire
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgui.errors import FileError, KguiError
from kgui.formats.checkpoint import GRAPH_KEY, VALUE_KEY, Bundle, CheckpointStore
from kgui.formats.open import open_model
from kgui.formats.protobuf import Damaged, Message, varint
from kgui.graph import Layer, Model

KERNEL = np.arange(6, dtype="float32").reshape(2, 3)
BIAS = np.array([7, 8, 9], dtype="float32")


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """A Functional of an input and a Dense, with a slot of the optimizer."""
    key = "layer_with_weights-0/{}" + VALUE_KEY
    arrays = {
        key.format("kernel"): ("float32", (2, 3), KERNEL.tobytes()),
        key.format("bias"): ("float32", (3,), BIAS.tobytes()),
        "optimizer/iter" + VALUE_KEY: ("int64", (), np.int64(5).tobytes()),
        "half" + VALUE_KEY: ("bfloat16", (2,), b"\xc0\x3f\x00\xc0"),
    }
    graph = b"".join(
        [
            wire.node({"layer-0": 1, "layer-1": 2, "layer_with_weights-0": 2, "optimizer": 5}),
            wire.node({}),
            wire.node({"kernel": 3, "bias": 4, "keras_api": 1}),
            wire.node({}, ("dense/kernel", key.format("kernel"))),
            wire.node({}, ("dense/bias", key.format("bias"))),
            wire.node({"iter": 6}),
            wire.node({}, ("Adam/iter", "optimizer/iter" + VALUE_KEY)),
        ]
    )
    path = tmp_path / "ckpt" / "model"
    wire.checkpoint(path, arrays, graph)
    (path.parent / "checkpoint").write_text('model_checkpoint_path: "/somewhere/else/model"\n')
    return path


def test_lists_names_shapes_and_dtypes(prefix: Path) -> None:
    bundle = Bundle(prefix)
    listed = {key.removesuffix(VALUE_KEY): (entry.dtype, entry.shape) for key, entry in bundle.entries.items()}
    assert listed == {
        GRAPH_KEY: ("string", ()),
        "half": ("bfloat16", (2,)),
        "layer_with_weights-0/bias": ("float32", (3,)),
        "layer_with_weights-0/kernel": ("float32", (2, 3)),
        "optimizer/iter": ("int64", ()),
    }


@pytest.mark.parametrize(
    "selection",
    [
        None,
        (0,),
        (-1,),
        (slice(None),),
        (slice(1, None), slice(None, 2)),
        (slice(None, None, -1), 1),
        (slice(2, 2),),
        (1, 2),
    ],
)
def test_reads_only_the_rows_that_are_asked_for(prefix: Path, selection: tuple[slice | int, ...] | None) -> None:
    values = Bundle(prefix).read("layer_with_weights-0/kernel" + VALUE_KEY, selection)
    expected = KERNEL if selection is None else KERNEL[selection]
    assert values.shape == expected.shape
    assert np.array_equal(values, expected)


def test_reads_scalars_and_bfloat16(prefix: Path) -> None:
    bundle = Bundle(prefix)
    assert bundle.read("optimizer/iter" + VALUE_KEY) == 5
    assert bundle.read("half" + VALUE_KEY).astype("float32").tolist() == [1.5, -2.0]
    with pytest.raises(FileError, match="no array"):
        bundle.read("nothing")
    with pytest.raises(FileError, match="dtype"):
        bundle.read(GRAPH_KEY)
    with pytest.raises(FileError, match="outside"):
        bundle.read("layer_with_weights-0/kernel" + VALUE_KEY, (2,))


def test_gives_arrays_to_the_layers_of_a_model(prefix: Path) -> None:
    layers = [Layer(0, "x", "InputLayer"), Layer(1, "d", "Dense", {"use_bias": True})]
    model = Model("functional", era="tf-keras", layers={layer.id: layer for layer in layers})
    store = CheckpointStore(Bundle(prefix))
    notes = store.attach(model)
    assert [(w.name, w.shape, w.trainable) for w in layers[1].weights or ()] == [
        ("kernel", (2, 3), True),
        ("bias", (3,), True),
    ]
    assert notes == []
    assert store.read((layers[1].weights or [])[1]).tolist() == [7, 8, 9]


@pytest.mark.parametrize("name", ["model.index", "checkpoint", "."])
def test_opens_by_index_by_state_and_by_folder(prefix: Path, name: str) -> None:
    with open_model(prefix.parent / name) as file:
        assert file.format == "checkpoint"
        assert file.model.kind == "weights"
        dense = file.model.named("dense")
        assert dense is not None
        assert dense.class_name == "Dense"
        assert [w.name for w in dense.weights or ()] == ["kernel", "bias"]


def test_a_model_that_is_its_own_attribute_counts_once(tmp_path: Path) -> None:
    """`save_weights` of tf.keras writes the root as an attribute of itself."""
    key = "a/kernel" + VALUE_KEY
    graph = wire.node({"a": 1, "root": 0}) + wire.node({"kernel": 2}) + wire.node({}, ("sub/a/kernel", key))
    wire.checkpoint(tmp_path / "model", {key: ("float32", (2, 3), KERNEL.tobytes())}, graph)
    with open_model(tmp_path / "model.index") as file:
        file.list_weights()
        assert [layer.name for layer in file.model.layers.values()] == ["a"]
        assert file.inference.params == 6


def test_without_its_data_file_the_index_still_tells_names_and_shapes(prefix: Path) -> None:
    prefix.with_name("model.data-00000-of-00001").unlink()
    with open_model(prefix.with_name("model.index")) as file:
        weights = [w for layer in file.model.layers.values() for w in layer.weights or ()]
        assert {w.shape for w in weights} >= {(2, 3), (3,)}
        assert any("names" in note for note in file.notes)
        with pytest.raises(FileError, match="no such file"):
            file.read(weights[0])


def test_a_state_file_never_leads_out_of_its_folder(prefix: Path) -> None:
    (prefix.parent / "checkpoint").write_text('model_checkpoint_path: "../../etc/passwd"\n')
    with pytest.raises(FileError, match="not beside it"):
        open_model(prefix.parent / "checkpoint")


def test_every_truncation_is_a_sentence(prefix: Path) -> None:
    path = prefix.with_name("model.index")
    data = path.read_bytes()
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(FileError) as caught:
            Bundle(prefix)
        assert str(path) in str(caught.value)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
    which=st.booleans(),
)
def test_changed_bytes_give_values_or_a_sentence(prefix: Path, changes: list[tuple[float, int]], which: bool) -> None:
    changed = prefix.with_name("changed")
    for end in (".index", ".data-00000-of-00001"):
        data = bytearray(prefix.with_name(prefix.name + end).read_bytes())
        if end == ".index" or which:
            for place, value in changes:
                data[int(place * len(data))] = value
        changed.with_name(changed.name + end).write_bytes(data)
    try:
        store = CheckpointStore(Bundle(changed))
        store.attach(Model("weights"))
        for entry in store.entries():
            store.read(entry, tuple(0 for _ in entry.shape))
    except KguiError as error:
        assert str(error).endswith(".")


def test_varints_end_within_64_bits() -> None:
    assert varint(memoryview(b"\xac\x02"), 0) == (300, 2)
    for data in (b"", b"\x80", b"\x80" * 11):
        with pytest.raises(Damaged):
            varint(memoryview(data), 0)


def test_messages_say_absent_where_a_field_is_of_another_kind() -> None:
    message = Message(wire.field(1, 7) + wire.field(2, "text") + wire.field(3, -2) + wire.field(4, b"\x01\x02"))
    assert (message.number(1), message.text(2), message.signed(3), message.numbers(4)) == (7, "text", -2, [1, 2])
    assert (message.text(1), message.number(2), message.number(9)) == ("", 0, 0)
    assert 9 not in message
    with pytest.raises(Damaged):
        Message(b"\x0a\x05ab")
    with pytest.raises(Damaged):
        Message(b"\x0b")
