"""How an array is best looked at, and what its colours say."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6")

from app.weights.looks import look, plane_bytes
from app.weights.rows import ArrayRow, item_bytes
from kgui.graph.model import Layer, Weight

pytestmark = pytest.mark.gui


def row(name: str, shape: tuple[int, ...], class_name: str, dtype: str = "float32") -> ArrayRow:
    weight = Weight(name, shape, dtype)
    each = item_bytes(dtype)
    return ArrayRow(name, weight, (0,), class_name, None if each is None else each * weight.size)


def kind_of(name: str, shape: tuple[int, ...], class_name: str, layer: Layer | None = None, dtype: str = "float32"):
    return look(row(name, shape, class_name, dtype), layer)


def test_a_convolution_is_a_grid_of_its_filters() -> None:
    found = kind_of("kernel", (3, 5, 16, 32), "Conv2D")
    assert (found.kind, found.axes, found.channels, found.filters, found.color) == ("kernels", (0, 1), 2, 3, False)
    assert kind_of("kernel", (3, 3, 3, 32), "Conv2D").color


def test_depthwise_and_transposed_kernels_have_their_filters_elsewhere() -> None:
    depthwise = kind_of("depthwise_kernel", (3, 3, 16, 2), "DepthwiseConv2D")
    assert (depthwise.filters, depthwise.channels) == (2, 3)
    separable = kind_of("depthwise_kernel", (3, 3, 3, 1), "SeparableConv2D")
    assert (separable.filters, separable.color) == (2, False)
    transposed = kind_of("kernel", (4, 4, 8, 3), "Conv2DTranspose")
    assert (transposed.filters, transposed.channels) == (2, 3)


def test_a_kernel_in_space_has_a_place_for_its_depth() -> None:
    found = kind_of("kernel", (3, 3, 3, 8, 16), "Conv3D")
    assert (found.kind, found.axes, found.others, found.channels, found.filters) == ("kernels", (1, 2), (0,), 3, 4)


@pytest.mark.parametrize(
    ("shape", "kind", "axes"),
    [
        ((), "value", ()),
        ((7,), "line", (0,)),
        ((1, 1, 64, 128), "matrix", (2, 3)),
        ((64, 1, 128, 1), "matrix", (0, 2)),
        ((1, 1, 64, 1), "line", (2,)),
        ((128, 8, 16), "matrix", (1, 2)),
        ((300, 200, 5, 5), "matrix", (2, 3)),
        ((1, 1), "matrix", (0, 1)),
        ((0, 3), "none", ()),
    ],
)
def test_every_rank_has_a_look(shape: tuple[int, ...], kind: str, axes: tuple[int, ...]) -> None:
    found = kind_of("w", shape, "Custom")
    assert (found.kind, found.axes) == (kind, axes)


def test_texts_have_none() -> None:
    assert kind_of("vocabulary", (10,), "StringLookup", dtype="str").kind == "none"


def test_recurrent_kernels_name_their_gates() -> None:
    assert kind_of("cell/kernel", (64, 192), "LSTM").gates == "ifco"
    assert kind_of("cell/bias", (2, 24), "GRU").gates == "zrh"
    inner = Layer(0, "b", "Bidirectional", {"layer": {"class_name": "GRU"}})
    assert kind_of("forward_layer/cell/kernel", (16, 24), "Bidirectional", inner).gates == "zrh"
    assert kind_of("kernel", (64, 192), "Dense").gates == ""
    assert kind_of("kernel", (64, 190), "LSTM").gates == ""


@pytest.mark.parametrize(
    ("dtype", "each"),
    [
        ("float32", 4), ("bfloat16", 2), ("float8_e4m3fn", 1), ("int4", 1), ("uint64", 8), ("bool", 1),
        ("complex64", 8), ("str", None), ("object", None),
    ],
)  # fmt: skip
def test_dtypes_tell_their_size(dtype: str, each: int | None) -> None:
    assert item_bytes(dtype) == each


def test_what_a_picture_costs_is_its_plane() -> None:
    big = row("kernel", (3, 3, 512, 1024), "Conv2D")
    assert plane_bytes(big, look(big, None)) == 3 * 3 * 1024 * 4
    matrix = row("kernel", (10, 1000, 1000), "EinsumDense")
    assert plane_bytes(matrix, look(matrix, None)) == 4_000_000
