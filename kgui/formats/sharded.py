"""Weights in several files: `x.weights.json` says which group is in which of the `x_00000.weights.h5` beside it.

Source: `keras.src.saving.saving_lib.ShardedH5IOStore` (3.15).
"""

from __future__ import annotations

from typing import Any

from kgui.errors import FileError, LimitError
from kgui.formats.file import ModelFile
from kgui.formats.hdf5 import SafeHdf5
from kgui.formats.notes import quoted
from kgui.formats.source import Source, format_size
from kgui.formats.text import parse_json
from kgui.formats.weights_v3 import WeightsV3
from kgui.graph import Model
from kgui.reports.risks import Risk, risk

MAX_MAP_BYTES = 64 << 20
MAX_SHARDS = 4096


def open_sharded(source: Source) -> ModelFile:
    """Opens sharded weights by their map, as weights without an architecture.

    Raises:
        FileError: The map is damaged, or names no file that is there.
        LimitError: It names more files than any model has.
    """
    risks: list[Risk] = []
    value = parse_json(source.read(MAX_MAP_BYTES, "The map of the weights"), str(source.path), risks)
    names = shard_names(value, str(source.path), risks)
    model = Model("weights", name=source.path.name.split(".")[0], class_name="")
    file = ModelFile(source.path, "weights", model, container_risks=risks)
    missing = [name for name in names if not source.path.with_name(name).is_file()]
    present = [name for name in names if name not in missing]
    if not present:
        raise FileError(
            "None of the files with the weights is beside this map of them",
            where=str(source.path),
            hint=f"It names {len(names)}, the first is {quoted(names[0])}." if names else None,
        )
    if missing:
        file.notes.append(f"{len(missing)} of {len(names)} files with weights are missing, {quoted(missing[0])} first.")
    file.notes.append("The file holds weights without an architecture.")
    file.facts["shards"] = str(len(names))
    about = value.get("metadata")
    total = about.get("total_size") if isinstance(about, dict) else None
    if isinstance(total, (int, float)) and 0 <= total < 1 << 60:
        file.facts["weights"] = format_size(int(total))
    file.find_store = lambda _: WeightsV3([SafeHdf5(source.path.with_name(name)) for name in present])
    return file


def shard_names(value: Any, where: str, risks: list[Risk]) -> list[str]:
    """The files that a map names, each once, in order. Only plain names: a path could lead anywhere.

    Raises:
        FileError: The map is none.
        LimitError: It names too many files.
    """
    mapping = value.get("weight_map") if isinstance(value, dict) else None
    if not isinstance(mapping, dict):
        raise FileError("The file is no map of weights", where=where)
    found: dict[str, None] = {}
    for names in mapping.values():
        for name in names if isinstance(names, list) else [names]:
            if isinstance(name, str):
                found[name] = None
    plain = [name for name in found if is_plain(name)]
    for name in found:
        if not is_plain(name):
            detail = f"The weights are said to be in {quoted(name)}, which leads out of the folder"
            risks.append(risk("outside-file", "weight_map", detail))
    if len(plain) > MAX_SHARDS:
        raise LimitError(f"The weights are said to be in {len(plain):,} files", where=where)
    return plain


def is_plain(name: str) -> bool:
    """True for the name of a file beside this one: no path, which could lead anywhere."""
    return bool(name) and name not in (".", "..") and not set(name) & set("/\\:\0")
