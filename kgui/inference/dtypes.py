"""Dtypes: what a policy means, which dtype an operation on several has, and how many bytes a value takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

BYTES = {
    "bool": 1, "int8": 1, "uint8": 1, "int4": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8,
    "uint64": 8, "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16,
    "float8_e4m3fn": 1, "float8_e5m2": 1, "string": 16,
}  # fmt: skip
"""Bytes of one value. A string counts with the handle that TensorFlow keeps for it."""

FLOATS = frozenset({"float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"})

_MIXED = {"mixed_float16": ("float16", "float32"), "mixed_bfloat16": ("bfloat16", "float32")}
DEFAULT = ("float32", "float32")
_ALIASES = {"float": "float32", "int": "int32", "half": "float16", "double": "float64", "str": "string"}


def policy(value: Any) -> tuple[str, str]:
    """The dtype that a layer computes in and the dtype of its weights, from its `dtype` argument of any era."""
    if value is None:
        return DEFAULT
    if isinstance(value, str):
        return _named(value)
    for _ in range(8):  # A map of policies holds a default policy, which is a policy again.
        if not isinstance(value, dict):
            return _named(value) if isinstance(value, str) else DEFAULT
        inner = value.get("config", value)
        if isinstance(inner, str):
            return _named(inner)
        if not isinstance(inner, dict):
            return DEFAULT
        name = inner.get("source_name") or inner.get("name")
        if isinstance(name, str):
            return _named(name)
        value = inner.get("default_policy")
    return DEFAULT


class Quantization(NamedTuple):
    """How a policy has the weights quantized.

    Attributes:
        mode: "int8", "int4", "float8", "gptq" or "awq".
        bits: Of one value.
        block: How many values share a scale; None for all of a column.
        history: How many largest values float8 remembers.
    """

    mode: str
    bits: int = 8
    block: int | None = None
    history: int = 1024


_MODE = re.compile(r"(int8|int4|float8|gptq|awq)(?:/(-?\d{1,6}))?(?:/(-?\d{1,6}))?_from_.*", re.DOTALL)


def quantization(value: Any) -> Quantization | None:
    """The quantization that a `dtype` argument asks for, or None: "int4/128_from_float32", or its object."""
    history: Any = None
    if isinstance(value, dict):
        inner = value.get("config")
        words = inner if isinstance(inner, dict) else {}
        history = words.get("amax_history_length")
        mode = words.get("mode")
        value = f"{mode}_from_" if isinstance(mode, str) else words.get("name")
    found = _MODE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    mode, first, second = found.groups()
    if mode in ("gptq", "awq"):
        bits, block = int(first or 4), int(second or -1)
    else:
        bits, block = 4 if mode == "int4" else 8, int(first or -1)
    length = history if type(history) is int and history >= 0 else 1024
    return Quantization(mode, bits, block if block > 0 else None, length)


def is_quantized(value: Any) -> bool:
    """Whether a `dtype` argument is a policy whose weights are not the plain ones (int8, int4, float8, GPTQ, AWQ)."""
    if isinstance(value, dict):
        name = value.get("class_name")
        return isinstance(name, str) and name not in ("DTypePolicy", "DTypePolicyMap", "Policy", "PolicyV1")
    return quantization(value) is not None


def _named(name: str) -> tuple[str, str]:
    if name in _MIXED:
        return _MIXED[name]
    if "_from_" in name:  # "int8_from_mixed_bfloat16": a quantized policy by its name
        return _named(name.rpartition("_from_")[2])
    name = _ALIASES.get(name, name)
    if name not in BYTES:
        return DEFAULT
    return name, name


def clean(value: Any) -> str | None:
    """A dtype argument as a plain dtype name; None if it is none."""
    if isinstance(value, str):
        name = value.removeprefix("tf.").removesuffix("_ref")
        name = _ALIASES.get(name, name)
        return name if name in BYTES else None
    if isinstance(value, dict):
        inner = value.get("config")
        if isinstance(inner, dict):
            return clean(inner.get("name"))
        return clean(inner)
    return None


# The lattice along which Keras promotes dtypes (keras/src/backend/common/dtypes.py, taken over from JAX): each dtype
# with those directly above it. The weak ones are Python's own numbers, which follow the tensors beside them.
_ABOVE: dict[str, tuple[str, ...]] = {
    "bool": ("weak int",),
    "weak int": ("uint8", "int8", "complex64"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("weak float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("weak float",),
    "weak float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex64": ("complex128",),
    "complex128": (),
}


def _closure(dtype: str) -> frozenset[str]:
    reached = {dtype}
    stack = [dtype]
    while stack:
        for above in _ABOVE[stack.pop()]:
            if above not in reached:
                reached.add(above)
                stack.append(above)
    return frozenset(reached)


_UPPER = {dtype: _closure(dtype) for dtype in _ABOVE}
_WEAK = {"int": "weak int", "float": "weak float"}
# Keras itself narrows these two (BIT64_TO_BIT32_DTYPE); int64 and float64 stay with TensorFlow behind it.
_FINAL = {"weak int": "int32", "weak float": "float32", "uint64": "uint32", "complex128": "complex64"}


def promote(dtypes: Iterable[str | None]) -> str | None:
    """The dtype of an operation on these; "int" and "float" stand for Python numbers. None where not known."""
    names: set[str] = set()
    for dtype in dtypes:
        if dtype is None:
            return None
        names.add(_WEAK.get(dtype, dtype))
    if not names:
        return "float32"
    if not names <= _UPPER.keys():
        return names.pop() if len(names) == 1 else None
    shared = frozenset.intersection(*(_UPPER[name] for name in names))
    for candidate in shared:
        if shared <= _UPPER[candidate]:
            return _FINAL.get(candidate, candidate)
    return None
