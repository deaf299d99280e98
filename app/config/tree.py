"""JSON as an item model whose branches are made when they are unfolded, a thousand children at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QCoreApplication, QModelIndex, Qt

from app.theme import font, theme
from app.words import tip
from kgui.graph.model import Layer, Model

Role = Qt.ItemDataRole
AT_ONCE = 1000
"""Children that are made in one go."""
LONGEST = 400
"""Characters of a text in the tree; the whole is copied all the same."""


def tr(source: str) -> str:
    """A text of this feature in the user's language."""
    return QCoreApplication.translate("config", source)


class Branch:
    """One value, with its place in the tree."""

    __slots__ = ("children", "key", "parent", "row", "value")

    def __init__(self, key: str, value: Any, parent: Branch | None, row: int) -> None:
        self.key = key
        # Layers become JSON when somebody unfolds what they are in: a model has thousands, nested at any depth.
        self.value = of_layer(value) if isinstance(value, Layer) else value
        self.parent = parent
        self.row = row
        self.children: list[Branch] = []

    def length(self) -> int:
        """Number of children, made or not."""
        return len(self.value) if isinstance(self.value, dict | list | tuple) else 0

    def grow(self, upto: int) -> None:
        """Makes children."""
        start = len(self.children)
        if isinstance(self.value, dict):
            keys = list(self.value)[start:upto]
            self.children += [Branch(str(key), self.value[key], self, start + place) for place, key in enumerate(keys)]
        else:
            self.children += [
                Branch(str(place), self.value[place], self, place) for place in range(start, min(upto, self.length()))
            ]


class ConfigTree(QAbstractItemModel):
    """A JSON object for a tree view: keys in the first column, values in the second."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._root = Branch("", {}, None, 0)

    def show(self, value: dict[str, Any]) -> None:
        """Shows another object."""
        self.beginResetModel()
        self._root = Branch("", value, None, 0)
        self._root.grow(AT_ONCE)
        self.endResetModel()

    def branch(self, index: QModelIndex) -> Branch:
        """What is at an index; the whole for an invalid one.

        Values are taken from here, never through `data`: Qt would copy a list with all that is nested in it.
        """
        return index.internalPointer() if index.isValid() else self._root

    def index(self, row: int, column: int, parent: QModelIndex = QModelIndex()) -> QModelIndex:  # noqa: B008
        """The place of a child."""
        children = self.branch(parent).children
        return self.createIndex(row, column, children[row]) if 0 <= row < len(children) else QModelIndex()

    def parent(self, index: QModelIndex) -> QModelIndex:
        """The place of the branch that a value is in."""
        above = self.branch(index).parent
        return QModelIndex() if above is None or above is self._root else self.createIndex(above.row, 0, above)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Children that have been made."""
        return 0 if parent.column() > 0 else len(self.branch(parent).children)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Key and value."""
        return 2

    def hasChildren(self, parent: QModelIndex = QModelIndex()) -> bool:  # noqa: B008
        """Whether there is something to unfold."""
        return parent.column() <= 0 and self.branch(parent).length() > 0

    def canFetchMore(self, parent: QModelIndex) -> bool:
        """Whether not all children have been made."""
        branch = self.branch(parent)
        return parent.column() <= 0 and len(branch.children) < branch.length()

    def fetchMore(self, parent: QModelIndex) -> None:
        """Makes the next children."""
        branch = self.branch(parent)
        start, stop = len(branch.children), min(len(branch.children) + AT_ONCE, branch.length())
        self.beginInsertRows(parent, start, stop - 1)
        branch.grow(stop)
        self.endInsertRows()

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Titles."""
        if orientation == Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return (tr("Key"), tr("Value"))[section]
        return None

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        """What a cell shows in a role."""
        reader = _DATA.get(role)
        return reader(self.branch(index), index.column()) if reader is not None else None


def text_of(value: Any) -> str:
    """A value in one line: as JSON has it, a branch by what it holds."""
    if isinstance(value, dict):
        named = value.get("class_name")
        words = [text for text in (named, value.get("name")) if isinstance(text, str)]
        return "  ·  ".join(words) if isinstance(named, str) else f"{{{len(value)}}}"
    if isinstance(value, list | tuple):
        flat = all(not isinstance(item, dict | list | tuple | Layer) for item in value[:9])
        return to_json(list(value), indent=None) if flat and len(value) < 9 else f"[{len(value)}]"
    if isinstance(value, str):
        return value[:LONGEST] + ("…" if len(value) > LONGEST else "")
    return to_json(value, indent=None)


def to_json(value: Any, indent: int | None = 2) -> str:
    """JSON of a value.

    Raises:
        RecursionError: It is nested deeper than can be written.
    """
    return json.dumps(value, indent=indent, ensure_ascii=False, default=_plain)


def of_layer(layer: Layer) -> dict[str, Any]:
    """What the file says about a layer; the layers of a nested model are left to be unfolded."""
    told = {
        "class_name": layer.class_name,
        "module": layer.module,
        "registered_name": layer.registered_name,
        "name": layer.name,
        "config": layer.config,
        **_of_file(layer.record),
    }
    if layer.model is not None:
        told["layers"] = list(layer.model.layers.values())
    return told


def of_model(model: Model, training: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the file says about a model; its layers are left to be unfolded."""
    told: dict[str, Any] = {
        "class_name": model.class_name,
        "module": model.module,
        "registered_name": model.registered_name,
        "name": model.name,
        "config": model.config,
        **_of_file(model.record),
    }
    if training:
        told["training"] = training
    told["layers"] = list(model.layers.values())
    return told


def _of_file(record: dict[str, Any]) -> dict[str, Any]:
    """Without what the formats note for themselves, how to write the file again, under keys that no JSON file has."""
    return {key: value for key, value in record.items() if not key.startswith("\x01")}


def _plain(value: Any) -> Any:
    return of_layer(value) if isinstance(value, Layer) else str(value)


def _color(branch: Branch, column: int) -> Any:
    if column == 0:
        return theme()["text_dim"]
    return theme()["text_faint"] if branch.value is None or branch.length() else None


_DATA: dict[int, Callable[[Branch, int], Any]] = {
    Role.DisplayRole: lambda branch, column: branch.key if column == 0 else text_of(branch.value),
    Role.ToolTipRole: lambda branch, column: tip(branch.key if column == 0 else text_of(branch.value)),
    Role.ForegroundRole: _color,
    Role.FontRole: lambda branch, column: None if column == 0 or isinstance(branch.value, str) else font(mono=True),
}
