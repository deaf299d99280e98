"""Python source as a tree of pieces: literals that cannot break out, safe names, lines that are not too long."""

from __future__ import annotations

import builtins
import keyword
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 100
"""Columns of a line of generated code, where it can be broken."""


@dataclass(frozen=True, slots=True)
class Group:
    """Brackets with items between them; broken into one line per item where they do not fit on one line."""

    opening: str
    items: tuple[Node, ...]
    closing: str
    packed: bool = False

    def flat(self) -> str:
        """On one line."""
        return f"{self.opening}{', '.join(item.flat() for item in self.items)}{self.closing}"


@dataclass(frozen=True, slots=True)
class Node:
    """An expression: text and groups, one after the other."""

    parts: tuple[str | Group, ...]

    def flat(self) -> str:
        """On one line."""
        return "".join(part if isinstance(part, str) else part.flat() for part in self.parts)

    def lines(self, indent: int, before: str = "", after: str = "") -> list[str]:
        """As many lines as it needs, indented.

        Args:
            indent: Columns that every line is indented by.
            before: Goes in front of it on the first line: "x = ".
            after: Goes behind it on the last line: ",".
        """
        flat = self.flat()
        if indent + len(before) + len(flat) + len(after) <= WIDTH or not self._groups():
            return [" " * indent + before + flat + after]
        return self._broken(indent, before, after)

    def _groups(self) -> list[Group]:
        return [part for part in self.parts if isinstance(part, Group) and part.items]

    def _broken(self, indent: int, before: str, after: str) -> list[str]:
        longest = max(self._groups(), key=lambda group: len(group.flat()))
        place = self.parts.index(longest)
        head = before + Node(self.parts[:place]).flat() + longest.opening
        one_tuple = longest.closing == ",)"  # over several lines its comma stands behind the item, as all do
        tail = longest.closing[-1] + Node(self.parts[place + 1 :]).flat() + after
        lines = [" " * indent + head]
        together = ", ".join(item.flat() for item in longest.items)
        if indent + 4 + len(together) <= WIDTH and not one_tuple:
            lines.append(" " * (indent + 4) + together)
        elif longest.packed:
            lines += _packed(longest.items, indent + 4)
        else:
            for item in longest.items:
                lines += item.lines(indent + 4, after=",")
        return [*lines, " " * indent + tail]


def _packed(items: Iterable[Node], indent: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for item in items:
        text = f"{item.flat()},"
        if line and indent + len(line) + 1 + len(text) > WIDTH:
            lines.append(" " * indent + line)
            line = ""
        line = f"{line} {text}" if line else text
    return [*lines, " " * indent + line] if line else lines


def text(value: str) -> Node:
    """An expression that is source already."""
    return Node((value,))


def call(function: str | Node, items: Iterable[Node] = ()) -> Node:
    """`function(items)`."""
    before = function.parts if isinstance(function, Node) else (function,)
    return Node((*before, Group("(", tuple(items), ")")))


def keyword_item(name: str, value: Node) -> Node:
    """`name=value`, or `**{"name": value}` for a name that Python has no such form for."""
    if not is_keyword(name):
        return Node(("**", *mapping({name: value}).parts))
    return Node((f"{name}=", *value.parts))


def is_keyword(name: str) -> bool:
    """Whether a name can stand before "=" in a call."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def sequence(items: Iterable[Node], brackets: str = "[]") -> Node:
    """A list, or a tuple with `brackets` "()"."""
    nodes = tuple(items)
    closing = ",)" if brackets == "()" and len(nodes) == 1 else brackets[1]
    simple = len(nodes) > 8 and all(len(node.parts) == 1 and isinstance(node.parts[0], str) for node in nodes)
    return Node((Group(brackets[0], nodes, closing, packed=simple),))


def mapping(items: Mapping[str, Node] | Iterable[tuple[Node, Node]]) -> Node:
    """A dict."""
    pairs = [(text(string(key)), value) for key, value in items.items()] if isinstance(items, Mapping) else items
    return Node((Group("{", tuple(Node((*key.parts, ": ", *value.parts)) for key, value in pairs), "}"),))


def string(value: str) -> str:
    """A string literal on one line, whatever the string holds; nothing in it can end the literal."""
    literal = repr(value)
    return f'"{literal[1:-1]}"' if literal[0] == "'" and '"' not in literal else literal


def number(value: float) -> str:
    """A number as source that gives the same number, infinities included."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def atom(value: Any) -> Node | None:
    """A plain value as source; None for lists, dicts and objects."""
    if value is None or isinstance(value, bool):
        return text(repr(value))
    if isinstance(value, str):
        return text(string(value))
    if isinstance(value, (int, float)):
        return text(number(value))
    return None


_RESERVED = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "keras", "layers", "ops", "registered", "model", "x"}
_BUILDER_PREFIXES = ("build_", "custom_", "fill_in_")


class Names:
    """Gives out names for variables, each once.

    Variables are lower case, classes are not, and functions of the file have prefixes that no variable gets: so no
    layer of a foreign file can take the name of something else.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def variable(self, wish: str, otherwise: str = "layer") -> str:
        """A name for a variable that resembles `wish`."""
        name = _identifier(wish).lower() or otherwise
        if name.startswith(_BUILDER_PREFIXES) or name in _RESERVED:
            name += "_"
        return self._unique(name)

    def function(self, prefix: str, wish: str) -> str:
        """A name for a function: "build_" and something that resembles `wish`."""
        return self._unique(prefix + (_identifier(wish).lower() or "model"))

    def type(self, wish: str) -> str:
        """A name for a class or function of the user's."""
        name = _identifier(wish)
        if not name[:1].isupper():
            name = f"custom_{name}"
        return self._unique(name if name not in _RESERVED else f"{name}_")

    def _unique(self, name: str) -> str:
        found, count = name, 1
        while found in self._taken:
            count += 1
            found = f"{name}_{count}"
        self._taken.add(found)
        return found


def _identifier(wish: str) -> str:
    """The ASCII letters and digits of a name, with one underscore for everything else between them."""
    name = re.sub(r"[^0-9A-Za-z_]+", "_", wish).strip("_")
    name = re.sub(r"__+", "_", name)[:60]
    return f"layer_{name}" if name[:1].isdigit() else name
