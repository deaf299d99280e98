"""What quantized layers own: packed whole numbers, scales and zero points in the place of the plain kernel.

Source: `_int8_build`, `_int4_build`, `_float8_build`, `_gptq_build` and `_awq_build` of Dense, EinsumDense and
Embedding in Keras 3.15.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kgui.graph import Shape, Weight
from kgui.inference.dtypes import Quantization, quantization
from kgui.inference.rule import Ask, Misfit


class Matrix(NamedTuple):
    """A plain weight as quantization sees it.

    Attributes:
        plain: The weight without quantization.
        rows: What the layer sums over.
        columns: What it gives: each has a scale of its own.
        scale: Shape of the scales of int8, where it is not `(columns,)`.
    """

    plain: Weight
    rows: int
    columns: int
    scale: tuple[int, ...] | None = None


def quantized(ask: Ask, matrix: Matrix, rest: Sequence[Weight] = ()) -> list[Weight]:
    """The weights of a layer in Keras' order, under the policy that its `dtype` names.

    Args:
        ask: The layer.
        matrix: Its kernel.
        rest: Its other weights: the bias.

    Raises:
        Misfit: The layer has no such quantization.
    """
    how = quantization(ask.config.get("dtype"))
    if how is None:
        return [matrix.plain, *rest]
    return [*_MODES[how.mode](ask, matrix, how, rest)]


def quantized_rows(ask: Ask, plain: Weight, *, turned: bool = False) -> list[Weight]:
    """The same for a table of vectors, one of which is looked up: each row has a scale of its own, not each column.

    Args:
        ask: The layer.
        plain: The table.
        turned: It stands on its side: every column is a vector.
    """
    how = quantization(ask.config.get("dtype"))
    if how is None:
        return [plain]
    if how.mode not in ("int8", "int4"):
        raise Misfit(f"{ask.class_name} cannot be quantized to {how.mode}.", "Use int8 or int4, or another dtype.")
    count, size = reversed(plain.shape) if turned else plain.shape

    def shape(*sizes: int) -> tuple[int, ...]:
        return sizes[::-1] if turned else sizes

    if how.mode == "int8":
        return [_fixed(plain.name, plain.shape, "int8"), _fixed(f"{plain.name}_scale", (count,), ask.variable)]
    scales = (count,) if how.block is None else shape(count, -(-size // how.block))
    found = [
        _fixed(plain.name, shape(count, _packed(size)), "int8"),
        _fixed(f"{plain.name}_scale", scales, ask.variable),
    ]
    if how.block is not None:
        found.append(_fixed(f"{plain.name}_zero", scales, ask.variable if turned else "int8"))
        if not turned:
            found.append(_fixed("g_idx", (size,), "float32"))
    return found


def _fixed(name: str, shape: Shape, dtype: str) -> Weight:
    return Weight(name, shape, dtype, None, False)  # type: ignore[arg-type]


def _packed(size: int) -> int:
    """Bytes for that many numbers of four bits."""
    return (size + 1) // 2


def _groups(rows: int, how: Quantization) -> int:
    return 1 if how.block is None else -(-rows // how.block)


def _int8(ask: Ask, matrix: Matrix, how: Quantization, rest: Sequence[Weight]) -> list[Weight]:
    name = matrix.plain.name
    scale = _fixed(f"{name}_scale", matrix.scale or (matrix.columns,), ask.variable)
    return [*rest, _fixed(name, matrix.plain.shape, "int8"), scale]


def _int4(ask: Ask, matrix: Matrix, how: Quantization, rest: Sequence[Weight]) -> list[Weight]:
    name, rows, columns = matrix.plain.name, matrix.rows, matrix.columns
    scales = (columns,) if how.block is None else (_groups(rows, how), columns)
    found = [
        *rest,
        _fixed(name, (rows, _packed(columns)), "int8"),
        _fixed(f"{name}_scale", scales, ask.variable),
    ]
    if how.block is not None:
        found += [_fixed(f"{name}_zero", scales, "int8"), _fixed("g_idx", (rows,), "float32")]
    return found


def _float8(ask: Ask, matrix: Matrix, how: Quantization, rest: Sequence[Weight]) -> list[Weight]:
    """The kernel stays as it is; its scales are overwritten with what is found in the place of their gradients."""
    found = []
    for name in ("inputs", matrix.plain.name, "outputs_grad"):
        found.append(Weight(f"{name}_scale", (), "float32", None, True))
        found.append(Weight(f"{name}_amax_history", (how.history,), "float32", None, True))
    return [*found, matrix.plain, *rest]


def _gptq(ask: Ask, matrix: Matrix, how: Quantization, rest: Sequence[Weight]) -> list[Weight]:
    rows, columns = matrix.rows, matrix.columns
    scales = (columns, _groups(rows, how))
    found = [
        *rest,
        _fixed("quantized_kernel", (_packed(columns) if how.bits == 4 else columns, rows), "uint8"),
        _fixed("kernel_scale", scales, ask.variable),
        _fixed("kernel_zero", scales, "uint8"),
    ]
    if how.mode == "awq":
        found.append(_fixed("awq_scales", (rows,), ask.variable))
    return [*found, _fixed("g_idx", (rows,), "float32")]


_MODES: dict[str, Callable[[Ask, Matrix, Quantization, Sequence[Weight]], list[Weight]]] = {
    "int8": _int8,
    "int4": _int4,
    "float8": _float8,
    "gptq": _gptq,
    "awq": _gptq,
}
