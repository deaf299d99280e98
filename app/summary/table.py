"""The summary as an item model, and what filters and sorts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QT_TRANSLATE_NOOP,
    QAbstractTableModel,
    QCoreApplication,
    QModelIndex,
    Qt,
)

from app.session import NodeKey
from app.summary.rows import Row
from app.theme import font, theme
from app.widgets.swatch import swatch
from app.words import UNKNOWN, about, count, size, tip
from kgui.layers.categories import category

Role = Qt.ItemDataRole
KEY_ROLE = Role.UserRole


@dataclass(frozen=True)
class Column:
    """One column: how a row reads there, and what it is sorted by."""

    id: str
    title: str
    tip: str
    text: Callable[[Row], str]
    sort: Callable[[Row], Any]
    width: int
    number: bool = False
    mono: bool = False
    shown: bool = True


def _known(value: int | None) -> int:
    return -1 if value is None else value


N = QT_TRANSLATE_NOOP
WORDS = (
    N("summary", "yes"),
    N("summary", "partly"),
    N("summary", "no"),
    N("summary", "rule"),
    N("summary", "stored"),
    N("summary", "assumed"),
    N("summary", "unknown"),
)
"""What `app.summary.rows` says in a word."""


def _word(text: str) -> str:
    return QCoreApplication.translate("summary", text) if text else ""


COLUMNS = (
    Column(
        "name",
        N("summary", "Layer"),
        N("summary", "Name of the layer; layers of a nested model are indented"),
        lambda row: row.name,
        lambda row: row.name.lower(),
        176,
    ),
    Column(
        "class",
        N("summary", "Class"),
        N("summary", "Class of the layer"),
        lambda row: row.class_name,
        lambda row: row.class_name.lower(),
        168,
    ),
    Column(
        "output",
        N("summary", "Output shape"),
        N("summary", "Shape of what comes out, batch first"),
        lambda row: row.output,
        lambda row: row.output,
        184,
        mono=True,
    ),
    Column(
        "dtype",
        N("summary", "Dtype"),
        N("summary", "Data type of what comes out"),
        lambda row: row.dtype,
        lambda row: row.dtype,
        70,
    ),
    Column(
        "params",
        N("summary", "Parameters"),
        N("summary", "Number of values in the weights; a shared layer counts once"),
        lambda row: count(row.params) if row.params else (UNKNOWN if row.params is None else "0"),
        lambda row: _known(row.params),
        96,
        number=True,
    ),
    Column(
        "trainable",
        N("summary", "Trainable"),
        N("summary", "Whether training changes the weights"),
        lambda row: _word(row.trainable),
        lambda row: row.trainable,
        80,
    ),
    Column(
        "multiply_adds",
        N("summary", "Mult-adds"),
        N("summary", "Multiplications with addition for one sample"),
        lambda row: about(row.multiply_adds),
        lambda row: _known(row.multiply_adds),
        92,
        number=True,
        shown=False,
    ),
    Column(
        "activation",
        N("summary", "Activations"),
        N("summary", "Memory of the output for one sample"),
        lambda row: size(row.activation_bytes),
        lambda row: _known(row.activation_bytes),
        92,
        number=True,
        shown=False,
    ),
    Column(
        "inputs",
        N("summary", "Connected to"),
        N("summary", "Layers that feed this one"),
        lambda row: row.inputs,
        lambda row: row.inputs.lower(),
        180,
    ),
    Column(
        "source",
        N("summary", "Shape from"),
        N("summary", "Whether the shape was computed by rule, stored in the file, assumed, or is unknown"),
        lambda row: _word(row.source),
        lambda row: row.source,
        90,
    ),
)
"""Every column of the summary, in its first order."""


class SummaryTable(QAbstractTableModel):
    """Rows of `app.summary.rows` for a view: those that hold every word of the filter, in the order of a column.

    It filters and sorts by itself. A proxy model asks Python for two cells at every comparison, which takes a second
    for ten thousand rows.
    """

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._all: list[Row] = []
        self._texts: list[str] | None = None
        self._rows: list[Row] = []
        self._places: dict[NodeKey, int] = {}
        self._words: list[str] = []
        self._sorted: tuple[int, bool] | None = None

    def show(self, rows: list[Row]) -> None:
        """Replaces all rows."""
        self.beginResetModel()
        self._all, self._texts = rows, None
        self._take()
        self.endResetModel()

    def set_filter(self, text: str) -> None:
        """Words, all of which a row must hold in any of its columns."""
        words = text.lower().split()
        if words != self._words:
            self.beginResetModel()
            self._words = words
            self._take()
            self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Orders the rows by a column; -1 is the order of the file."""
        self.beginResetModel()
        self._sorted = None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder)
        self._take()
        self.endResetModel()

    def _take(self) -> None:
        shown = self._all
        if self._words:
            if self._texts is None:
                self._texts = ["\n".join([column.text(row) for column in COLUMNS]).lower() for row in shown]
            pairs = zip(shown, self._texts, strict=True)
            shown = [row for row, text in pairs if all(word in text for word in self._words)]
        if self._sorted is not None:
            column, backwards = self._sorted
            shown = sorted(shown, key=COLUMNS[column].sort, reverse=backwards)
        self._rows = shown
        self._places = {row.key: place for place, row in enumerate(shown)}

    def row(self, place: int) -> Row:
        """The row at a place, as it is shown."""
        return self._rows[place]

    def place(self, key: NodeKey) -> int | None:
        """Where a node is shown, or None."""
        return self._places.get(key)

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
            return QCoreApplication.translate("summary", column.title)
        if role == Role.ToolTipRole:
            return QCoreApplication.translate("summary", column.tip)
        if role == Role.TextAlignmentRole:
            return _alignment(column)
        return None

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        """What a cell shows in a role."""
        row, column = self._rows[index.row()], COLUMNS[index.column()]
        reader = _DATA.get(role)
        return reader(row, column) if reader is not None else None


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _display(row: Row, column: Column) -> str:
    text = column.text(row)
    if column.id != "name":
        return text
    shared = f"  ({row.shared[0]}/{row.shared[1]})" if row.shared else ""
    return " " * 5 * row.depth + text + shared


def _decoration(row: Row, column: Column) -> Any:
    return swatch(category(row.class_name, row.module)) if column.id == "class" else None


def _foreground(row: Row, column: Column) -> Any:
    quiet = column.id in ("dtype", "inputs", "source", "multiply_adds", "activation") or column.text(row) in (
        "0",
        UNKNOWN,
    )
    return theme()["text_dim"] if quiet else None


_DATA: dict[int, Callable[[Row, Column], Any]] = {
    Role.DisplayRole: _display,
    Role.ToolTipRole: lambda row, column: tip(column.text(row)),
    Role.DecorationRole: _decoration,
    Role.ForegroundRole: _foreground,
    Role.TextAlignmentRole: lambda row, column: _alignment(column),
    Role.FontRole: lambda row, column: font(mono=True) if column.mono else None,
    KEY_ROLE: lambda row, column: row.key,
}
