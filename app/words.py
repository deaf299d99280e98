"""How shapes, sizes, numbers and arguments are written for people: the same everywhere in the window."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication

from kgui.graph.tensors import Shape, TensorSpec

if TYPE_CHECKING:
    from kgui.training.plan import Devices

UNKNOWN = "–"


def shape(value: Shape | None) -> str:
    """(None, 32, 32, 3) as Keras writes it; a dash where the rank is not known."""
    if value is None:
        return UNKNOWN
    inner = ", ".join("None" if size is None else str(size) for size in value)
    return f"({inner},)" if len(value) == 1 else f"({inner})"


def shapes(specs: list[TensorSpec]) -> str:
    """The shapes of several tensors in one line."""
    return ", ".join(shape(spec.shape) for spec in specs) or UNKNOWN


def dtypes(specs: list[TensorSpec]) -> str:
    """The dtypes of several tensors in one line, each named once."""
    return ", ".join(dict.fromkeys(spec.dtype or UNKNOWN for spec in specs)) or UNKNOWN


def count(value: int | None) -> str:
    """1,234,567; a dash where not known."""
    return UNKNOWN if value is None else f"{value:,}"


def about(value: int | None) -> str:
    """1.2 M: three figures and a letter."""
    if value is None:
        return UNKNOWN
    return _scaled(float(value), 1000.0, ("", " k", " M", " G", " T", " P"))


def size(value: int | None) -> str:
    """1.2 MB, in powers of 1000 as disks and files have it."""
    if value is None:
        return UNKNOWN
    return _scaled(float(value), 1000.0, (" B", " kB", " MB", " GB", " TB", " PB"))


def duration(seconds: float) -> str:
    """0:42, 12:05, 1:02:03."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def argument(value: Any) -> str:
    """An argument of a layer in one line: numbers joined by ×, a nested object by its class."""
    if isinstance(value, bool) or value is None:
        return {True: tr("yes"), False: tr("no"), None: "None"}[value]
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple) and value and all(isinstance(item, int | float) for item in value):
        return " × ".join(str(item) for item in value)
    if isinstance(value, dict) and "class_name" in value:
        return _nested(value)
    if isinstance(value, list | tuple):
        return ", ".join(argument(item) for item in value) or "[]"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def place(path: Path) -> str:
    """A file or folder, with ~ for the user's own folder."""
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def devices(value: Devices) -> str:
    """What is trained on, in the user's language."""
    if value.kind == "gpu":
        return f"GPU {', '.join(map(str, value.ids))}"
    if value.replicas == 1:
        return tr("the CPU")
    return tr("{count} logical CPU devices").format(count=value.count)


def tip(*lines: str) -> str:
    """A tooltip that says just this, wrapped where it is long. Qt would take a layer named "<img src=…>" for markup."""
    return (
        "<p>" + "<br>".join(html.escape(line).replace("\n", "<br>") for line in lines if line) + "</p>"
        if any(lines)
        else ""
    )


def breakable(text: str, most: int = 16) -> str:
    """The text with places within its long words at which a line can end: a check sum is wider than any panel.

    Args:
        text: Words.
        most: Characters that stay together.
    """

    def cut(word: str) -> str:
        return "\u200b".join(word[start : start + most] for start in range(0, len(word), most))

    return " ".join(cut(word) if len(word) > 2 * most else word for word in text.split(" "))


def tr(source: str) -> str:
    """A word of this module in the user's language."""
    return QCoreApplication.translate("words", source)


def _nested(value: dict[str, Any]) -> str:
    config = value.get("config")
    if value["class_name"] == "function" and isinstance(config, str):
        return config
    if not isinstance(config, dict):
        return str(value["class_name"])
    told = [
        f"{key} {argument(item)}"
        for key, item in config.items()
        if key != "name" and item is not None and not isinstance(item, dict)
    ]
    name = str(config.get("name", value["class_name"])) if value["class_name"] == "DTypePolicy" else value["class_name"]
    return str(name) if name != value["class_name"] or not told else f"{name} · {' · '.join(told)}"


def _scaled(value: float, step: float, units: tuple[str, ...]) -> str:
    place = 0
    while value >= step and place < len(units) - 1:
        value /= step
        place += 1
    digits = f"{value:.0f}" if value >= 100 or place == 0 else f"{value:.1f}"
    return digits + units[place]
