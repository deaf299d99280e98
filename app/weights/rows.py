"""Which arrays the list of weights shows: plain rows, without Qt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.session import LayerPath, Session
from kgui.graph.model import Layer, Weight

if TYPE_CHECKING:
    from kgui.reader.client import ListedWeights

BYTES = {"bool": 1, "int2": 1, "uint2": 1, "int4": 1, "uint4": 1, "float4_e2m1fn": 1}
"""Of dtypes whose name does not tell it: NumPy and ml_dtypes give a whole byte to every narrow value."""


@dataclass(frozen=True, slots=True)
class ArrayRow:
    """One array of the list.

    Attributes:
        name: Within what is listed: "kernel" of a selected layer, "block1/conv/kernel" of a whole model.
        weight: The array.
        layer: Path of its layer, or None for one that no layer claims.
        class_name: Of its layer, or "".
        bytes: Of its values, or None for texts.
    """

    name: str
    weight: Weight
    layer: LayerPath | None
    class_name: str
    bytes: int | None


def rows(session: Session, listed: ListedWeights) -> list[ArrayRow]:
    """The arrays of the selected layers and of all that is nested in them; without a selection, all of the file."""
    chosen = list(dict.fromkeys(path for path, _ in session.selection))
    if not chosen:
        return _all(session, listed)
    made: list[ArrayRow] = []
    for path in chosen:
        layer = session.layer(path)
        if layer is not None and not any(path[:depth] in chosen for depth in range(1, len(path))):
            # Whose arrays these are has to be said only where there are several.
            made.extend(_below(layer, path, listed, [layer.name] if len(chosen) > 1 else []))
    return made


def _all(session: Session, listed: ListedWeights) -> list[ArrayRow]:
    made: list[ArrayRow] = []
    for layer in session.model.layers.values():
        made.extend(_below(layer, (layer.id,), listed, [layer.name]))
    claimed = {row.weight.path for row in made}
    made.extend(_row(weight, [], None, "") for weight in listed.entries if weight.path not in claimed)
    return made


def _below(layer: Layer, path: LayerPath, listed: ListedWeights, names: list[str]) -> Iterable[ArrayRow]:
    # A stack, not recursion: a hostile file may nest deeper than Python's own stack.
    stack = [(layer, path, names)]
    while stack:
        layer, path, names = stack.pop()
        for weight in listed.layers.get(path, ()):
            yield _row(weight, names, path, layer.class_name)
        if layer.model is not None:
            stack.extend(
                (inner, (*path, inner.id), [*names, inner.name]) for inner in reversed(layer.model.layers.values())
            )


def _row(weight: Weight, names: list[str], path: LayerPath | None, class_name: str) -> ArrayRow:
    each = item_bytes(weight.dtype)
    return ArrayRow(
        "/".join([*names, weight.name]), weight, path, class_name, None if each is None else each * weight.size
    )


def item_bytes(dtype: str) -> int | None:
    """Bytes of one value by the dtype's name, or None for texts and what is not known."""
    if dtype in BYTES:
        return BYTES[dtype]
    found = re.fullmatch(r"(?:u?int|b?float|complex)(\d+)(?:_\w+)?", dtype)
    return None if found is None else max(1, int(found[1]) // 8)
