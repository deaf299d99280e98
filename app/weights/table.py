"""The list of arrays as an item model, and what filters and sorts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QT_TRANSLATE_NOOP,
    QAbstractTableModel,
    QCoreApplication,
    QModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from app.theme import font, icon, theme
from app.weights.rows import ArrayRow
from app.words import shape, size, tip

Role = Qt.ItemDataRole
SORT_ROLE = Role.UserRole
ROW_ROLE = Role.UserRole + 1


def tr(source: str) -> str:
    """A text of this feature in the user's language."""
    return QCoreApplication.translate("weights", source)


@dataclass(frozen=True)
class Column:
    """One column: how an array reads there, and what it is sorted by."""

    id: str
    title: str
    tip: str
    text: Callable[[ArrayRow], str]
    sort: Callable[[ArrayRow], Any]
    width: int
    number: bool = False
    mono: bool = False


def _trainable(row: ArrayRow) -> str:
    return {True: tr("yes"), False: tr("no"), None: "–"}[row.weight.trainable]


N = QT_TRANSLATE_NOOP
COLUMNS = (
    Column(
        "name",
        N("weights", "Array"),
        N("weights", "Name of the array; a lock marks one that training does not change"),
        lambda row: row.name,
        lambda row: row.name.lower(),
        106,
    ),
    Column(
        "shape",
        N("weights", "Shape"),
        N("weights", "Length of each axis; sorted by the number of values"),
        lambda row: shape(row.weight.shape),
        lambda row: (row.weight.size, row.weight.shape),
        128,
        mono=True,
    ),
    Column(
        "bytes",
        N("weights", "Size"),
        N("weights", "Memory of the values"),
        lambda row: size(row.bytes),
        lambda row: -1 if row.bytes is None else row.bytes,
        80,
        number=True,
    ),
    Column(
        "dtype",
        N("weights", "Dtype"),
        N("weights", "Data type of the values"),
        lambda row: row.weight.dtype,
        lambda row: row.weight.dtype,
        72,
    ),
    Column(
        "trainable",
        N("weights", "Trainable"),
        N("weights", "Whether training changes the values"),
        _trainable,
        _trainable,
        72,
    ),
)
"""Every column of the list of arrays."""


class ArrayTable(QAbstractTableModel):
    """Rows of `app.weights.rows` for a view."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._rows: list[ArrayRow] = []

    def show(self, rows: list[ArrayRow]) -> None:
        """Replaces all rows."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row(self, place: int) -> ArrayRow:
        """The row at a place, in the order of the file."""
        return self._rows[place]

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Rows, none below a row."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        """Columns of the table."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Titles and tips of columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Role.DisplayRole:
            return tr(column.title)
        if role == Role.ToolTipRole:
            return tr(column.tip)
        return _alignment(column) if role == Role.TextAlignmentRole else None

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        """What a cell shows in a role."""
        reader = _DATA.get(role)
        return reader(self._rows[index.row()], COLUMNS[index.column()]) if reader is not None else None


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _decoration(row: ArrayRow, column: Column) -> Any:
    return icon("lock", "text_faint") if column.id == "name" and row.weight.trainable is False else None


_DATA: dict[int, Callable[[ArrayRow, Column], Any]] = {
    Role.DisplayRole: lambda row, column: column.text(row),
    Role.ToolTipRole: lambda row, column: tip(column.text(row), row.class_name if column.id == "name" else ""),
    Role.DecorationRole: _decoration,
    Role.ForegroundRole: lambda row, column: None if column.id in ("name", "shape") else theme()["text_dim"],
    Role.TextAlignmentRole: lambda row, column: _alignment(column),
    Role.FontRole: lambda row, column: font("small", mono=True) if column.mono else None,
    SORT_ROLE: lambda row, column: column.sort(row),
    ROW_ROLE: lambda row, column: row,
}


class ArrayFilter(QSortFilterProxyModel):
    """Rows that hold every word of the filter somewhere, in the order of the file until a column is chosen."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.setSortRole(SORT_ROLE)
        self._words: list[str] = []

    def set_filter(self, text: str) -> None:
        """Words, all of which a row must hold in any of its columns."""
        self._words = text.lower().split()
        self.invalidateRowsFilter()

    def filterAcceptsRow(self, place: int, parent: QModelIndex) -> bool:
        """Whether every word is in the row."""
        if not self._words:
            return True
        row = self.sourceModel().row(place)
        held = "\n".join([row.class_name, *(column.text(row) for column in COLUMNS)]).lower()
        return all(word in held for word in self._words)

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        """The order of two rows by the chosen column."""
        # Python's order, which compares numbers as numbers and texts as texts.
        return bool(left.data(SORT_ROLE) < right.data(SORT_ROLE))
