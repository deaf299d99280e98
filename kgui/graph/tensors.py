"""Tensors of a model: how one is named, and what is known about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Shape = tuple[int | None, ...]
"""Sizes of a tensor, batch first; None is a size that is not known before the model runs."""

Structure = Any
"""Lists, dicts and plain JSON values with `TensorRef`s somewhere inside, as a layer is called with them."""


class TensorRef(NamedTuple):
    """One output tensor of one call of a layer, by the layer's id within its model.

    `call` and `tensor` are 0-based, whatever the file used.
    """

    layer: int
    call: int = 0
    tensor: int = 0


class TensorSpec(NamedTuple):
    """Shape and dtype of a tensor; None where not known (a shape whose rank is unknown is None as a whole)."""

    shape: Shape | None
    dtype: str | None


def refs(structure: Structure) -> Iterator[TensorRef]:
    """The tensors in a structure, depth first, dicts in their own order (which is the order in the file)."""
    stack = [structure]
    while stack:
        item = stack.pop()
        if isinstance(item, TensorRef):
            yield item
        elif isinstance(item, dict):
            stack.extend(reversed(item.values()))
        elif isinstance(item, (list, tuple)):
            stack.extend(reversed(item))


def map_refs(structure: Structure, change: Callable[[TensorRef], Any]) -> Structure:
    """The same structure with `change(ref)` in the place of every tensor."""
    if isinstance(structure, TensorRef):
        return change(structure)
    if isinstance(structure, dict):
        return {key: map_refs(value, change) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [map_refs(value, change) for value in structure]
    return structure
