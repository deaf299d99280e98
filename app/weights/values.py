"""A table of numbers of any size, of which only what is in sight is read.

Not a `QTableView`: its sections are counted in 32 bits and laid out in pixels of 32 bits, so that 89 million rows are
too many for it, and it asks its model for a header of each.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from app.theme import font, on_change, theme

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Tile = tuple[int, int]
"""Place of a tile: row and column of its first value, by the length of a tile."""

TILE_ROWS, TILE_COLUMNS = 64, 32
MOST_TILES = 512
"""Kept in memory: 4 MB of float32."""
ROW_HEIGHT = 22
COLUMN_WIDTH = 84
TEXT_WIDTH = 240
"""Of a column of texts."""
MOST_STEPS = 1 << 30
"""Of a scroll bar, which counts in 32 bits. Where there are more rows, one step is several rows."""
MOST_COPIED = 1_000_000


class Numbers(QAbstractScrollArea):
    """The table. It asks for tiles by `wanted`, and is given them by `give` or `refuse`.

    Attributes:
        rows: Of the whole table.
        columns: Of the whole table.
        top: The first row in sight.
        left: The first column in sight.
    """

    wanted = Signal()
    """What is in sight has changed: `missing` may say another thing."""
    current_changed = Signal(object)
    """(row, column) of the current cell."""
    copy_failed = Signal(str)
    """What was to be copied cannot be; says why."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = self.columns = 0
        self.top = self.left = 0
        self._tiles: OrderedDict[Tile, Array] = OrderedDict()
        self._refused: set[Tile] = set()
        self._write: Callable[[Any], str] = str
        self._width = COLUMN_WIDTH
        self._current: tuple[int, int] | None = None
        self._anchor: tuple[int, int] | None = None
        self._wheel = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.verticalScrollBar().valueChanged.connect(self._scrolled_down)
        self.horizontalScrollBar().valueChanged.connect(self._scrolled_across)
        self.setAccessibleName(self.tr("Values"))
        self._copy = QAction(self.tr("Copy values"), self)
        self._copy.setShortcut(QKeySequence.StandardKey.Copy)
        self._copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._copy.triggered.connect(self.copy)
        self.addAction(self._copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        on_change(self, self.viewport().update)

    def show_table(self, rows: int, columns: int, write: Callable[[Any], str], *, texts: bool = False) -> None:
        """Begins another table, of which nothing is known yet.

        Args:
            rows: Any number.
            columns: Any number.
            write: How a value reads.
            texts: Whether the values are texts, which need more room.
        """
        self.rows, self.columns, self._write = rows, columns, write
        self._width = TEXT_WIDTH if texts else COLUMN_WIDTH
        self.top = self.left = 0
        self._current = self._anchor = None
        self._tiles.clear()
        self._refused.clear()
        self._fit_bars()
        self.viewport().update()
        self.wanted.emit()

    # Tiles

    def missing(self) -> list[Tile]:
        """Tiles that are in sight and were neither given nor refused, from the top."""
        return [tile for tile in self._tiles_in_sight() if tile not in self._tiles and tile not in self._refused]

    def span(self, tile: Tile) -> tuple[slice, slice]:
        """Rows and columns of a tile."""
        row, column = tile[0] * TILE_ROWS, tile[1] * TILE_COLUMNS
        return slice(row, min(row + TILE_ROWS, self.rows)), slice(column, min(column + TILE_COLUMNS, self.columns))

    def give(self, tile: Tile, values: Array) -> None:
        """Shows the values of a tile, an array of (rows, columns)."""
        self._tiles[tile] = values
        self._refused.discard(tile)
        while len(self._tiles) > MOST_TILES:
            self._tiles.popitem(last=False)
        self.viewport().update()

    def refuse(self, tile: Tile) -> None:
        """A tile cannot be read; it is not asked for until `ask_again`."""
        self._refused.add(tile)
        self.viewport().update()

    def ask_again(self) -> None:
        """What was refused is asked for once more."""
        self._refused.clear()
        self.wanted.emit()

    def value(self, row: int, column: int) -> Any:
        """The value of a cell, or None where it has not been read."""
        values = self._tiles.get((row // TILE_ROWS, column // TILE_COLUMNS))
        return None if values is None else values[row % TILE_ROWS, column % TILE_COLUMNS]

    def _tiles_in_sight(self) -> list[Tile]:
        if not self.rows or not self.columns:
            return []
        bottom = min(self.rows, self.top + self._rows_in_sight() + 1)
        right = min(self.columns, self.left + self._columns_in_sight() + 1)
        return [
            (row, column)
            for row in range(self.top // TILE_ROWS, (bottom - 1) // TILE_ROWS + 1)
            for column in range(self.left // TILE_COLUMNS, (right - 1) // TILE_COLUMNS + 1)
        ]

    # Places

    @property
    def current(self) -> tuple[int, int] | None:
        """Row and column of the current cell."""
        return self._current

    def go_to(self, row: int, column: int) -> None:
        """Makes a cell the current one and brings it into sight."""
        self._set_current(row, column, extend=False)
        self.top = self._bounded(row - self._rows_in_sight() // 2, self.rows - self._rows_in_sight())
        self.left = self._bounded(column - self._columns_in_sight() // 2, self.columns - self._columns_in_sight())
        self._moved()

    def selected(self) -> tuple[range, range] | None:
        """Rows and columns of the selected cells."""
        if self._current is None or self._anchor is None:
            return None
        (row, column), (other_row, other_column) = self._current, self._anchor
        return (
            range(min(row, other_row), max(row, other_row) + 1),
            range(min(column, other_column), max(column, other_column) + 1),
        )

    def copy(self) -> None:
        """Copies the selected cells as lines of text with tabs, as spreadsheets take them."""
        chosen = self.selected()
        if chosen is None:
            return
        rows, columns = chosen
        if len(rows) * len(columns) > MOST_COPIED:
            self.copy_failed.emit(self.tr("More than a million values are better exported than copied."))
            return
        lines = []
        for row in rows:
            cells = [self.value(row, column) for column in columns]
            if any(cell is None for cell in cells):
                self.copy_failed.emit(
                    self.tr("Some of the selected values have not been read. Scroll over them once, or export them.")
                )
                return
            lines.append("\t".join(self._write(cell) for cell in cells))
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _set_current(self, row: int, column: int, *, extend: bool) -> None:
        if not self.rows or not self.columns:
            return
        self._current = (self._bounded(row, self.rows - 1), self._bounded(column, self.columns - 1))
        if not extend or self._anchor is None:
            self._anchor = self._current
        self.current_changed.emit(self._current)
        self.viewport().update()

    def _bring_into_sight(self) -> None:
        if self._current is None:
            return
        row, column = self._current
        self.top = min(max(self.top, row - self._rows_in_sight() + 1), row)
        self.left = min(max(self.left, column - self._columns_in_sight() + 1), column)
        self._moved()

    @staticmethod
    def _bounded(value: int, last: int) -> int:
        return max(0, min(value, last))

    # Scrolling

    def _rows_in_sight(self) -> int:
        return max(1, (self.viewport().height() - ROW_HEIGHT) // ROW_HEIGHT)

    def _columns_in_sight(self) -> int:
        return max(1, (self.viewport().width() - self._head()) // self._width)

    def _head(self) -> int:
        # Room for the number of the last row.
        return self.fontMetrics().horizontalAdvance("0") * max(2, len(f"{max(0, self.rows - 1):,}")) + 20

    def _fit_bars(self) -> None:
        down, across = self.verticalScrollBar(), self.horizontalScrollBar()
        for bar, whole, page in (
            (down, self.rows, self._rows_in_sight()),
            (across, self.columns, self._columns_in_sight()),
        ):
            bar.blockSignals(True)
            bar.setRange(0, min(max(0, whole - page), MOST_STEPS))
            bar.setPageStep(max(1, page))
            bar.blockSignals(False)
        self._show_places()

    def _show_places(self) -> None:
        for bar, place, whole, page in (
            (self.verticalScrollBar(), self.top, self.rows, self._rows_in_sight()),
            (self.horizontalScrollBar(), self.left, self.columns, self._columns_in_sight()),
        ):
            last = max(1, whole - page)
            bar.blockSignals(True)
            bar.setValue(place if last <= MOST_STEPS else place * MOST_STEPS // last)
            bar.blockSignals(False)

    def _scrolled_down(self, step: int) -> None:
        self.top = self._place(step, self.rows - self._rows_in_sight())
        self._seen()

    def _scrolled_across(self, step: int) -> None:
        self.left = self._place(step, self.columns - self._columns_in_sight())
        self._seen()

    @staticmethod
    def _place(step: int, last: int) -> int:
        return step if last <= MOST_STEPS else step * last // MOST_STEPS

    def _moved(self) -> None:
        self._show_places()
        self._seen()

    def _seen(self) -> None:
        self.viewport().update()
        self.wanted.emit()

    # Qt's own events

    def sizeHint(self) -> QSize:
        """Room for some rows."""
        return QSize(240, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less is in sight."""
        super().resizeEvent(event)
        self.top = self._bounded(self.top, self.rows - self._rows_in_sight())
        self.left = self._bounded(self.left, self.columns - self._columns_in_sight())
        self._fit_bars()
        self.wanted.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Three rows a notch, in rows and not in steps of the bar."""
        delta = event.angleDelta()
        across = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier) or abs(delta.x()) > abs(delta.y())
        self._wheel += delta.x() or delta.y() if across else delta.y()
        notches = int(self._wheel / 40)
        self._wheel -= notches * 40
        if across:
            self.left = self._bounded(self.left - notches // 3, self.columns - self._columns_in_sight())
        else:
            self.top = self._bounded(self.top - notches, self.rows - self._rows_in_sight())
        self._moved()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, pages and ends, with Shift to extend the selection."""
        row, column = self._current or (self.top, self.left)
        page, key, control = self._rows_in_sight(), Qt.Key, Qt.KeyboardModifier.ControlModifier
        ends = bool(event.modifiers() & control)
        places = {
            key.Key_Up: (row - 1, column),
            key.Key_Down: (row + 1, column),
            key.Key_Left: (row, column - 1),
            key.Key_Right: (row, column + 1),
            key.Key_PageUp: (row - page, column),
            key.Key_PageDown: (row + page, column),
            key.Key_Home: (0, 0) if ends else (row, 0),
            key.Key_End: (self.rows - 1, self.columns - 1) if ends else (row, self.columns - 1),
        }
        place = places.get(Qt.Key(event.key()))
        if event.matches(QKeySequence.StandardKey.SelectAll) and self.rows:
            self._anchor = (0, 0)
            self._current = (self.rows - 1, self.columns - 1)
            self.viewport().update()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif place is None:
            super().keyPressEvent(event)
        else:
            self._set_current(*place, extend=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            self._bring_into_sight()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Selects the cell under the mouse; with Shift, all up to it."""
        place = self._at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._set_current(*place, extend=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Selects all cells up to the mouse."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            place = self._at(event.position().toPoint(), near=True)
            if place is not None and place != self._current:
                self._set_current(*place, extend=True)
                self._bring_into_sight()

    def _at(self, point: QPoint, *, near: bool = False) -> tuple[int, int] | None:
        down, across = point.y() - ROW_HEIGHT, point.x() - self._head()
        if not near and (down < 0 or across < 0):
            return None
        row, column = self.top + down // ROW_HEIGHT, self.left + across // self._width
        if not near and (row >= self.rows or column >= self.columns):
            return None
        return self._bounded(row, self.rows - 1), self._bounded(column, self.columns - 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Heads, and the cells in sight; a dot for what has not been read yet."""
        colors, painter = theme(), QPainter(self.viewport())
        whole, head = self.viewport().rect(), self._head()
        painter.fillRect(whole, colors["base"])
        painter.fillRect(QRect(0, 0, whole.width(), ROW_HEIGHT), colors["window"])
        painter.fillRect(QRect(0, 0, head, whole.height()), colors["window"])
        rows = range(self.top, min(self.rows, self.top + self._rows_in_sight() + 2))
        columns = range(self.left, min(self.columns, self.left + self._columns_in_sight() + 2))
        chosen = self.selected()
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(font("small", mono=True))
        # Measured once: to measure every cell took longer than to paint it.
        metrics = painter.fontMetrics()
        most = (self._width - 12) // max(1, metrics.horizontalAdvance("0"))
        for row in rows:
            y = ROW_HEIGHT * (1 + row - self.top)
            painter.setPen(colors["text_faint"])
            painter.drawText(QRect(0, y, head - 8, ROW_HEIGHT), right, f"{row:,}")
            for column in columns:
                box = QRect(head + self._width * (column - self.left), y, self._width, ROW_HEIGHT)
                if chosen is not None and row in chosen[0] and column in chosen[1]:
                    painter.fillRect(box, colors["accent_soft"])
                value = self.value(row, column)
                painter.setPen(colors["text"] if value is not None else colors["text_faint"])
                text = "·" if value is None else self._write(value)
                inner = box.adjusted(4, 0, -8, 0)
                if len(text) > most or not text.isascii():
                    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
                painter.drawText(inner, right, text)
        painter.setPen(colors["text_dim"])
        for column in columns:
            box = QRect(head + self._width * (column - self.left), 0, self._width - 8, ROW_HEIGHT)
            painter.drawText(box, right, f"{column:,}")
        painter.setPen(QPen(colors["line"], 1))
        painter.drawLine(0, ROW_HEIGHT - 1, whole.width(), ROW_HEIGHT - 1)
        painter.drawLine(head - 1, 0, head - 1, whole.height())
        if self._current is not None and self._current[0] in rows and self._current[1] in columns:
            row, column = self._current
            painter.setPen(QPen(colors["accent"] if self.hasFocus() else colors["field_line"], 1))
            painter.drawRect(
                head + self._width * (column - self.left),
                ROW_HEIGHT * (1 + row - self.top),
                self._width - 1,
                ROW_HEIGHT - 1,
            )
