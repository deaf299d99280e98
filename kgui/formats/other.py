"""Formats that kgui recognises and can say something about, but that hold no Keras layers (or hold them elsewhere)."""

from __future__ import annotations

import json
import mmap
import re
import struct
from pathlib import Path
from typing import Any, NoReturn

from kgui.errors import FileError
from kgui.formats.file import ModelFile
from kgui.formats.notes import Notes, quoted
from kgui.formats.protobuf import Message, fields
from kgui.formats.source import Source, format_size, look_at, unreadable
from kgui.formats.structure import decode_model
from kgui.formats.text import MAX_TEXT_BYTES, fill_in, parse_json
from kgui.reports.risks import Risk

MAX_PARTS = 1_000_000
_FROM = "Open the Keras model that it was converted from."


def open_lfs_pointer(source: Source) -> NoReturn:
    """Says what a Git-LFS pointer stands for.

    Raises:
        FileError: Always; the message says how large the real file is, and how to get it.
    """
    text = source.read(4096, "The pointer").decode("utf-8", "replace")
    size = re.search(r"^size (\d{1,18})\s*$", text, re.MULTILINE)
    about = f" of {format_size(int(size.group(1)))}" if size else ""
    raise FileError(
        f"This is a Git LFS pointer: the real file{about} has not been fetched",
        where=str(source.path),
        hint="Fetch it with: git lfs pull",
    )


# TensorFlow Lite ------------------------------------------------------------------------------------------------------


class _Flat:
    """A FlatBuffer (https://flatbuffers.dev/internals/), every offset checked."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def number(self, code: str, at: int) -> int:
        size = struct.calcsize(code)
        if at < 0 or at + size > len(self._data):
            raise FileError("The file is damaged: an offset in it leads outside")
        return int(struct.unpack_from(code, self._data, at)[0])

    def follow(self, at: int) -> int:
        return at + self.number("<I", at)

    def field(self, table: int, index: int) -> int | None:
        """Where a field of a table is, or None if it is absent."""
        layout = table - self.number("<i", table)
        if 4 + 2 * index + 2 > self.number("<H", layout):
            return None
        offset = self.number("<H", layout + 4 + 2 * index)
        return table + offset if offset else None

    def vector(self, table: int, index: int) -> tuple[int, int]:
        """Where the items of a vector are, and how many there are."""
        at = self.field(table, index)
        if at is None:
            return 0, 0
        start = self.follow(at)
        count = self.number("<I", start)
        if count > MAX_PARTS or start + 4 + count > len(self._data):
            raise FileError("The file is damaged: a list in it is longer than the file")
        return start + 4, count


def open_tflite(source: Source) -> NoReturn:
    """Says what is in a TensorFlow Lite model: `Model` {2: subgraphs {0: tensors, 3: operators}}.

    Raises:
        FileError: Always.
    """
    with _Mapped(source.path) as data:
        try:
            flat = _Flat(data)
            graphs, count = flat.vector(flat.follow(0), 2)
            tensors = operators = 0
            for index in range(min(count, 10_000)):
                graph = flat.follow(graphs + 4 * index)
                tensors += flat.vector(graph, 0)[1]
                operators += flat.vector(graph, 3)[1]
            size = f" with {operators:,} operators and {tensors:,} tensors"
        except FileError:
            size = ", and it is damaged"
    raise FileError(
        f"This is a TensorFlow Lite model{size}; it holds no Keras layers", where=str(source.path), hint=_FROM
    )


# ONNX -----------------------------------------------------------------------------------------------------------------


def open_onnx(source: Source) -> NoReturn:
    """Says what is in an ONNX model: `ModelProto` {2: producer, 7: graph {1: nodes, 5: initializers}}.

    Raises:
        FileError: Always.
    """
    with _Mapped(source.path) as data:
        try:
            model = Message(data)
            nodes = tensors = 0
            for number, _ in fields(model.data(7)):
                nodes += number == 1
                tensors += number == 5
            producer = model.text(2)
            size = f" with {nodes:,} operators and {tensors:,} arrays" + (
                f", made by {quoted(producer)}" if producer else ""
            )
            whole = 7 in model
            del model
        except FileError:
            size, whole = ", and it is damaged", True
    if not whole:
        raise FileError("The file is not a model of any format that kgui knows", where=str(source.path))
    raise FileError(f"This is an ONNX model{size}; it holds no Keras layers", where=str(source.path), hint=_FROM)


class _Mapped:
    """A file as bytes, without reading it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> memoryview:
        try:
            with self._path.open("rb") as stream:
                return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError) as error:  # ValueError: an empty file
            raise unreadable(self._path, error) from error

    def __exit__(self, *_: object) -> None:
        """The map is closed with its last view."""


# Orbax ----------------------------------------------------------------------------------------------------------------


def open_orbax(source: Source) -> ModelFile:
    """Opens the architecture in an Orbax checkpoint of Keras (3.14 on), newest step first.

    Raises:
        FileError: It has no architecture; the message says what it has.
    """
    steps = sorted((name[:-1] for name in source.names if name[:-1].isdigit() and name.endswith("/")), key=int)
    step = source.inner(steps[-1]) if steps else source.path
    arrays = _orbax_arrays(step)
    for path in _orbax_configs(step):
        risks: list[Risk] = []
        notes = Notes()
        value = parse_json(look_at(path).read(MAX_TEXT_BYTES, "The architecture"), str(path), risks)
        text = value.get("config") if isinstance(value, dict) and "class_name" not in value else value
        if isinstance(text, str):
            text = parse_json(text, str(path), risks)
        if not isinstance(text, dict) or "class_name" not in text:
            continue
        file = ModelFile(source.path, "orbax", decode_model(text, notes), container_risks=risks)
        fill_in(file, text, notes)
        if steps:
            file.facts["step"] = steps[-1]
        if arrays:
            file.facts["arrays"] = str(arrays)
        file.notes.append(
            "The weights are in Orbax' own form, which kgui does not read; layers are shown without them."
        )
        return file
    count = f" of {arrays:,} arrays" if arrays else ""
    raise FileError(
        f"This is an Orbax checkpoint{count}{f', step {steps[-1]},' if steps else ''} without a Keras architecture",
        where=str(source.path),
        hint="Restore it into its model in Keras, and save the model as .keras.",
    )


def _orbax_configs(step: Path) -> list[Path]:
    folder = step / "model_config"
    try:
        found = [item for item in sorted(folder.iterdir()) if item.is_file()] if folder.is_dir() else []
    except OSError as error:
        raise unreadable(folder, error) from error
    return [item for item in found[:20] if item.stat().st_size and _begins_json(item)]


def _begins_json(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(64).lstrip()[:1] in (b"{", b'"')


def _orbax_arrays(step: Path) -> int:
    """How many arrays the metadata of a checkpoint list, 0 if there are none."""
    for name in ("pytree", "default", "state", "."):
        path = step / name / "_METADATA"
        if path.is_file() and path.stat().st_size <= MAX_TEXT_BYTES:
            try:
                value: Any = json.loads(path.read_bytes())
            except (OSError, ValueError, RecursionError):
                continue  # it only says how many there are
            tree = value.get("tree_metadata") if isinstance(value, dict) else None
            return len(tree) if isinstance(tree, dict) else 0
    return 0


# KerasHub -------------------------------------------------------------------------------------------------------------


def open_keras_hub(source: Source) -> ModelFile:
    """Opens a KerasHub preset: a class that is not in Keras, with its arguments and the tree of its weights.

    Raises:
        FileError: Its `config.json` is damaged.
    """
    from kgui.formats.keras_zip import open_folder

    file = open_folder(source)
    file.format = "keras-hub"
    parts = [name.removesuffix(".json") for name in sorted(source.names) if name.endswith(".json")]
    file.facts["preset"] = ", ".join(part for part in parts if part not in ("config", "metadata"))
    return file
