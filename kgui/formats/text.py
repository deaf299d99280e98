"""Architectures as text: JSON and YAML of every era, with caps on size, nesting and number of values."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from kgui.errors import FileError, LimitError
from kgui.formats.file import ModelFile
from kgui.formats.notes import Notes, quoted
from kgui.formats.source import Source, format_size
from kgui.formats.structure import decode_model
from kgui.reports.risk_kinds import Risk, risk

MAX_TEXT_BYTES = 64 << 20
"""The largest public config is 0.8 MB; a model of 20,000 layers has 20 MB."""

MAX_VALUES = 4_000_000
MAX_NESTING = 200
"""A model nested 40 deep has 160 levels of JSON."""

_KEY = re.compile(r'"\s*:')


def parse_json(text: bytes | str, where: str, risks: list[Risk]) -> Any:
    """The value of a JSON text from a file that nobody trusts.

    Args:
        text: UTF-8 (a byte order mark is allowed), UTF-16 or UTF-32 bytes, or text.
        where: The file, or the part of it, for messages.
        risks: Gets what is odd: keys that are given twice.

    Raises:
        FileError: It is no JSON.
        LimitError: It is longer, deeper or richer than any model.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise LimitError(
            f"The configuration is {format_size(len(text))} long; no model has more than {format_size(MAX_TEXT_BYTES)}",
            where=where,
        )
    if isinstance(text, bytes):
        try:
            text = text.decode(json.detect_encoding(text))
        except UnicodeDecodeError as error:
            raise FileError("The configuration is not text", where=where, hint="The file is damaged.") from error
    text = text.removeprefix("\ufeff")
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise LimitError(f"The configuration has more than {MAX_VALUES:,} values", where=where)
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise _too_deep(where) from error
    except ValueError as error:
        raise _bad_json(error, text, where) from error
    keys = check_nesting(value, where)
    if keys != _count_keys(text):
        # Either a key that is given twice, or a text that looks like a key: only a second look tells.
        _find_duplicates(text, where, risks)
    return value


def _count_keys(text: str) -> int:
    """How often text looks like a key: as often as there are keys, or more."""
    if any(blank + ":" in text for blank in " \t\r\n"):
        return len(_KEY.findall(text))
    return text.count('":')  # 9 times as fast, and all that Python's own writer makes


def _bad_json(error: ValueError, text: str, where: str) -> FileError:
    line = getattr(error, "lineno", None)
    if line is None:
        return LimitError("The configuration has a number of thousands of digits", where=where)
    if getattr(error, "pos", 0) >= len(text.rstrip()):
        return FileError("The JSON text breaks off", where=where, hint="The file is cut short; get it again.")
    return FileError(f"This is not valid JSON (line {line}, column {getattr(error, 'colno', 0)})", where=where)


def _too_deep(where: str) -> LimitError:
    return LimitError(f"The configuration is nested more than {MAX_NESTING} deep, as no model is", where=where)


def check_nesting(value: Any, where: str) -> int:
    """Goes through a value level by level.

    Returns:
        How many keys its dicts have, all together.

    Raises:
        LimitError: It is more than `MAX_NESTING` deep.
    """
    level = [value]
    keys = 0
    for _ in range(MAX_NESTING + 1):
        deeper: list[Any] = []
        for item in level:
            if type(item) is dict:
                keys += len(item)
                deeper.extend(item.values())
            elif type(item) is list:
                deeper.extend(item)
        if not deeper:
            return keys
        level = deeper
    raise _too_deep(where)


def _find_duplicates(text: str, where: str, risks: list[Risk]) -> None:
    found: dict[str, None] = {}

    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs) and len(found) < 5:
            names = [key for key, _ in pairs]
            found.update((name, None) for name in names if names.count(name) > 1)
        return value

    json.loads(text, object_pairs_hook=check)
    for name in list(found)[:5]:
        detail = f"The key {quoted(name)} is given twice in one object"
        risks.append(risk("duplicate-key", Path(where).name, detail))


def open_json(source: Source) -> ModelFile:
    """Opens a JSON file: an architecture of any era, or one of the other things that Keras keeps in JSON."""
    where = str(source.path)
    risks: list[Risk] = []
    value = parse_json(source.read(MAX_TEXT_BYTES, "The JSON file"), where, risks)
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        # `json.dump(model.to_json(), file)`: JSON within JSON, a slip that is found in public files.
        value = parse_json(value, where, risks)
    if isinstance(value, dict):
        if value.get("format") == "layers-model" or "modelTopology" in value or value.get("format") == "graph-model":
            from kgui.formats.tfjs import open_tfjs

            return open_tfjs(source)
        if "weight_map" in value and "class_name" not in value:
            from kgui.formats.sharded import open_sharded

            return open_sharded(source)
        if isinstance(value.get("model_config"), dict) and "class_name" not in value:
            value = {**value["model_config"], **{k: v for k, v in value.items() if k in ("keras_version", "backend")}}
    return architecture(source, "json", value, risks)


def open_yaml(source: Source) -> ModelFile:
    """Opens a YAML file: an architecture of Keras 0.1.2 to TensorFlow 2.5."""
    from kgui.formats.yaml_text import parse_yaml

    risks: list[Risk] = []
    value = parse_yaml(source.read(MAX_TEXT_BYTES, "The YAML file"), str(source.path), risks)
    return architecture(source, "yaml", value, risks)


def architecture(source: Source, key: str, value: Any, risks: list[Risk]) -> ModelFile:
    """The opened file for an architecture without weights, paired with the weights that belong to it."""
    from kgui.formats.pairing import pair

    notes = Notes()
    where = str(source.path)
    if not isinstance(value, dict):
        raise FileError("The file describes no Keras model", where=where)
    try:
        model = decode_model(value, notes)
    except FileError as error:
        raise FileError(error.what, where=where, hint=_what_else(value)) from error
    file = ModelFile(source.path, key, model, container_risks=risks)
    fill_in(file, value, notes)
    pair(file, source)
    return file


_TRAINING_KEYS = ("compile_config", "optimizer", "loss", "class_mode", "metrics", "sample_weight_mode")


def fill_in(file: ModelFile, value: dict[str, Any], notes: Notes) -> None:
    """What the object of a model says beside the graph, and remarks."""
    from kgui.formats.containers import describe

    for key in ("keras_version", "backend"):
        if isinstance(value.get(key), str) and getattr(file, key) is None:
            setattr(file, key, value[key])
    training = {key: value[key] for key in _TRAINING_KEYS if value.get(key) is not None}
    if isinstance(training.get("compile_config"), dict):
        training = training["compile_config"]
    file.training = training or None
    describe(file, notes)


def _what_else(value: dict[str, Any]) -> str | None:
    if "nodes" in value and "cells" in value:
        return "This looks like a notebook; open the model that it saves."
    if "cells" in value:
        return "This is a notebook; open the model that it saves."
    return "It has the keys " + ", ".join(quoted(key) for key in list(value)[:5]) + "." if value else None
