"""YAML from a file that nobody trusts, as plain values.

Values are built from parser events, not by a YAML constructor: no tag of the file can make an object, nesting costs no
stack, and what aliases stand for is counted as it is copied (a bomb of nine levels cost a plain loader 90 s and 6 GB).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from kgui.errors import FileError, LimitError
from kgui.formats.notes import quoted
from kgui.formats.source import format_size
from kgui.formats.text import MAX_NESTING, _too_deep
from kgui.reports.risk_kinds import Risk, risk

MAX_YAML_BYTES = 8 << 20
MAX_YAML_VALUES = 1_000_000

_PYTHON = "tag:yaml.org,2002:python/"
_PLAIN_TAGS = frozenset({"tuple", "unicode", "str", "int", "long", "float", "bool", "none", "list", "dict"})
"""What `yaml.dump` of Python 2 and 3 writes for plain values; a tuple becomes a list, as in JSON."""

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: bytes, where: str, risks: list[Risk]) -> Any:
    """The value of a YAML text.

    Raises:
        FileError: It is no YAML.
        LimitError: It is longer, deeper or richer than any model, aliases counted with what they stand for.
    """
    if len(text) > MAX_YAML_BYTES:
        raise LimitError(f"The YAML text is {format_size(len(text))} long, as no model is", where=where)
    try:
        return _Builder(where, risks).build(yaml.parse(text, Loader=Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise FileError(f"This is not valid YAML{place}", where=where, hint="It may be cut short.") from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise FileError("This is not valid YAML", where=where) from error


class _Builder:
    def __init__(self, where: str, risks: list[Risk]) -> None:
        self._where = where
        self._risks = risks
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0
        self._scalars = yaml.SafeLoader("")
        self._tags: set[str] = set()

    def build(self, events: Iterator[Any]) -> Any:
        """The first document's value."""
        # Each frame is a collection under construction: the value, its anchor, its pending key, its count at start.
        frames: list[tuple[Any, str | None, list[Any], int]] = []
        for event in events:
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self._check_tag(event.tag)
                if len(frames) >= MAX_NESTING:
                    raise _too_deep(self._where)
                fresh: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                frames.append((fresh, event.anchor, [], self._spend(1) - 1))
                continue
            if isinstance(event, yaml.ScalarEvent):
                value = self._scalar(event)
                self._spend(1)
                if event.anchor:
                    self._anchors[event.anchor] = (value, 1)
            elif isinstance(event, yaml.AliasEvent):
                value = self._alias(event.anchor)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                value, anchor, _, start = frames.pop()
                if anchor:
                    self._anchors[anchor] = (value, self._count - start)
            else:
                continue
            if not frames:
                return value
            self._put(frames[-1], value)
        raise FileError("The YAML text is empty", where=self._where)

    def _put(self, frame: tuple[Any, str | None, list[Any], int], value: Any) -> None:
        collection, _, pending, _ = frame
        if isinstance(collection, list):
            collection.append(value)
        elif not pending:
            pending.append(value if isinstance(value, str) else str(value))
        else:
            key = pending.pop()
            if key in collection:
                name = f"The key {quoted(key)} is given twice in one mapping"
                self._risks.append(risk("duplicate-key", "YAML text", name))
            collection[key] = value

    def _spend(self, count: int) -> int:
        self._count += count
        if self._count > MAX_YAML_VALUES:
            raise LimitError(
                f"The YAML text stands for more than {MAX_YAML_VALUES:,} values, as no model has", where=self._where
            )
        return self._count

    def _alias(self, anchor: str | None) -> Any:
        if anchor is None or anchor not in self._anchors:
            raise FileError(f"The YAML text refers to {quoted(anchor)} before it says what that is", where=self._where)
        value, count = self._anchors[anchor]
        self._spend(count)
        # A copy, for an edit of one layer must not change another one.
        return _copy(value)

    def _scalar(self, event: Any) -> Any:
        self._check_tag(event.tag)
        tag = event.tag
        if tag is None or tag == "!":
            tag = self._scalars.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]
        name = tag.rpartition(":")[2].rpartition("/")[2]
        if name not in ("null", "none", "bool", "int", "long", "float"):
            return event.value
        name = {"none": "null", "long": "int"}.get(name, name)
        try:
            return self._scalars.construct_object(yaml.ScalarNode(f"tag:yaml.org,2002:{name}", event.value))
        except (yaml.YAMLError, ValueError, KeyError):
            return event.value

    def _check_tag(self, tag: str | None) -> None:
        if tag is None or tag in self._tags or not tag.startswith((_PYTHON, "!python")):
            return
        name = tag.removeprefix(_PYTHON)
        if name in _PLAIN_TAGS:
            return
        self._tags.add(tag)
        detail = (
            f"The tag !!python/{name} asks a YAML loader to make or call a Python object; kgui reads it as plain data"
        )
        self._risks.append(risk("yaml-python-object", "YAML text", detail))


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
