"""One array: its picture and how its values are spread, its values as a table, its way into a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QT_TRANSLATE_NOOP, QSize, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QPixmap
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.arrays import Arrays, Asked
from app.theme import font, icon
from app.weights.charts import Histogram, Line
from app.weights.export import Export, Kind, Order
from app.weights.looks import MOST_KERNELS, Look, look, plane_bytes
from app.weights.pictures import TALLEST, KernelGrid, MatrixPicture, Plane, ScaleBar, number
from app.weights.places import Entry, PlaceBar
from app.weights.rows import ArrayRow
from app.weights.slices import SliceBar
from app.weights.table import tr
from app.weights.values import Numbers, Tile
from app.widgets.bar import MessageBars
from app.widgets.labels import ElidedLabel, label
from app.words import count, place, shape, size
from kgui.errors import KguiError, ProcessDied
from kgui.graph.model import Layer
from kgui.reader.arrays import Statistics

BINS = 64
AUTO_BYTES = 256 << 20
"""What is read without being asked for: about a second of a disk. More is read when the user says so."""
COPY_VALUES = 100_000
"""That go to the clipboard as text."""
SIDE = 512
"""Blocks of an overview along each axis of a matrix."""
POINTS = 2048
"""Blocks of an overview of a curve."""
TILES_AT_ONCE = 2
"""Asked for at a time. What has been scrolled out of sight meanwhile is then never asked for."""
TRIES = 3
"""Of a question, when the reader dies over it."""
AROUND = 260
"""Height of what stands above and below a picture: heads, tabs, channels, scale, caption."""
WIDE = 640
"""Width from which the picture and the distribution stand side by side."""


@dataclass(frozen=True)
class Shown:
    """The array that is shown."""

    row: ArrayRow
    path: Path
    look: Look


class ArrayView(QWidget):
    """Everything about one array. All of it is asked of the reader, and only for the array that is shown."""

    work_changed = Signal()
    """`work` says another thing."""

    def __init__(self, arrays: Arrays, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._arrays = arrays
        self.shown: Shown | None = None
        self.statistics: Statistics | None = None
        self._asked: dict[object, Asked] = {}
        self._part: dict[object, float | None] = {}
        self._tries: dict[object, int] = {}
        self.exports: list[Export] = []
        self.bars = MessageBars()
        self.title = ElidedLabel(role="heading", mode=Qt.TextElideMode.ElideMiddle)
        self.subtitle = ElidedLabel(role="dim")
        self._make_buttons()
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.addTab(self._make_overview(), tr("Picture"))
        self.tabs.addTab(self._make_values(), tr("Values"))
        self.tabs.currentChanged.connect(self._fill_table)
        head = QGridLayout()
        head.setContentsMargins(16, 8, 8, 4)
        head.setHorizontalSpacing(0)
        head.setVerticalSpacing(0)
        head.setColumnStretch(0, 1)
        head.addWidget(self.title, 0, 0)
        head.addWidget(self.copy_button, 0, 1)
        head.addWidget(self.export_button, 0, 2)
        head.addWidget(self.subtitle, 1, 0, 1, 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.bars)
        layout.addWidget(self.tabs, 1)
        arrays.closing.connect(self.close_exports)
        arrays.restarted.connect(self._tell_restart)

    # What is shown

    def show_array(self, row: ArrayRow | None, path: Path | None, layer: Layer | None = None) -> None:
        """Shows another array, or none. What was asked for the one before is dropped."""
        self.drop()
        self._tries.clear()
        for bar in self.bars.bars():
            bar.close_bar()
        self.statistics = None
        if row is None or path is None:
            self.shown = None
            return
        self.shown = Shown(row, path, look(row, layer))
        self.title.setText(row.name)
        told = (shape(row.weight.shape), row.weight.dtype, size(row.bytes))
        self.subtitle.setText("  ·  ".join(told))
        self.subtitle.set_tip(tr("In the file: {path}").format(path=row.weight.path or "–"))
        self._fit_buttons(row)
        self.places.show_entries(_entries(self.shown.look, row))
        self._pages.turn_to(self._blank)
        self.scale_bar.hide()
        self._tell("")
        self._show_statistics(None)
        lengths = row.weight.shape
        self.slices.show_axes(lengths, tuple(range(max(0, len(lengths) - 2), len(lengths))))
        self._reset_table()
        self.ask_picture()
        if (row.bytes or 0) > AUTO_BYTES:
            self._offer(self._compute, tr("Compute from {size}"), row.bytes or 0)
        else:
            self.ask_statistics()

    @property
    def busy(self) -> bool:
        """Whether something has been asked for that will change the picture."""
        return bool(self._asked)

    @property
    def work(self) -> tuple[str, float | None] | None:
        """What goes on, and how much of it is done."""
        if self.exports:
            export = self.exports[-1]
            return tr("Writing {file} …").format(file=export.order.target.name), export.part
        if self._asked and self.shown is not None:
            known = [part for part in self._part.values() if part is not None]
            part = sum(known) / len(known) if known else None
            return tr("Reading {name} …").format(name=self.shown.row.name), part
        return None

    def cancel(self) -> None:
        """Gives up on everything that goes on, and offers what can be begun again."""
        waiting = set(self._asked)
        self.drop()
        for export in list(self.exports):
            export.stop()
        if self.shown is None:
            return
        if "statistics" in waiting:
            self._offer(self._compute, tr("Compute from {size}"), self.shown.row.bytes or 0)
        if "picture" in waiting:
            self._offer(self._draw, tr("Draw from {size}"), plane_bytes(self.shown.row, self.shown.look))
            self._pages.turn_to(self._draw_page)
        for key in waiting:
            if isinstance(key, tuple):
                self.numbers.refuse(key)

    def drop(self) -> None:
        """Gives up on all answers."""
        for asked in self._asked.values():
            asked.drop()
        self._asked.clear()
        self._part.clear()
        self.work_changed.emit()

    def _tell_restart(self, text: str) -> None:
        if self.shown is not None:
            self.bars.tell("warning", text)

    def close_exports(self) -> None:
        """Ends all exports and waits for them."""
        for export in self.exports:
            export.close()

    # Asking

    def _ask(self, key: object, put: Callable[..., Asked], *arguments: Any, done: Callable[[Any], None]) -> None:
        if (old := self._asked.pop(key, None)) is not None:
            old.drop()

        def answered(value: Any) -> None:
            self._forget(key)
            self._tries.pop(key, None)
            done(value)

        def failed(error: Exception) -> None:
            self._forget(key)
            self._failed(key, error, lambda: self._ask(key, put, *arguments, done=done))

        options: dict[str, Any] = {}
        if put in (self._arrays.statistics, self._arrays.overview):
            options["progress"] = lambda part: self._progressed(key, part)
        self._asked[key] = put(*arguments, answered, failed, **options)
        self.work_changed.emit()

    def _forget(self, key: object) -> None:
        self._asked.pop(key, None)
        self._part.pop(key, None)
        self.work_changed.emit()

    def _progressed(self, key: object, part: float | None) -> None:
        self._part[key] = part
        self.work_changed.emit()

    def _failed(self, key: object, error: Exception, again: Callable[[], None]) -> None:
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        if isinstance(error.__cause__, ProcessDied) and tries < TRIES:
            # That it died and was started again is said by `Arrays.restarted`, whoever was waiting for it.
            again()
            return
        what = error.what if isinstance(error, KguiError) else str(error)
        if isinstance(key, tuple):
            self.numbers.refuse(key)
        self.bars.tell("error", what, {tr("Try again"): lambda: self._try_again(key, again)})
        if key == "statistics":
            self._offer(self._compute, tr("Compute from {size}"), self.shown.row.bytes or 0 if self.shown else 0)

    def _try_again(self, key: object, again: Callable[[], None]) -> None:
        self._tries.clear()
        if isinstance(key, tuple):
            self.numbers.ask_again()
        else:
            again()

    # Picture

    def _make_overview(self) -> QWidget:
        self.places = PlaceBar()
        self.places.changed.connect(self.ask_picture)
        self.matrix, self.kernels, self.line = MatrixPicture(), KernelGrid(), Line()
        for picture in (self.matrix, self.kernels):
            picture.chosen.connect(self._go_to)
            copy = QAction(tr("Copy the picture"), picture)
            copy.triggered.connect(lambda _=False, picture=picture: self._copy_picture(picture))
            picture.addAction(copy)
            picture.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._value = label("", "title")
        self._value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._nothing = label("", "dim", wrap=True)
        self._blank = QWidget()
        self._draw = QPushButton()
        self._draw.clicked.connect(lambda: self.ask_picture(wanted=True))
        self._draw_page = _beside(self._draw)
        self._pages = _Pages()
        for page in (self._blank, self.matrix, self.kernels, self.line, self._value, self._nothing, self._draw_page):
            self._pages.add(page)
        self.scale_bar = ScaleBar()
        self._caption = label("", "dim", wrap=True)
        picture = QVBoxLayout()
        picture.setSpacing(8)
        for part in (self.places, self._pages, self.scale_bar, self._caption):
            picture.addWidget(part)
        picture.addStretch(1)
        self._halves = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._halves.setSpacing(16)
        self._halves.addLayout(picture, 3)
        self._halves.addLayout(self._make_distribution(), 2)
        page = QWidget()
        page.setProperty("role", "panel")
        outer = QVBoxLayout(page)
        outer.setContentsMargins(16, 12, 16, 16)
        outer.addLayout(self._halves)
        outer.addStretch(1)
        scroll = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        return scroll

    def resizeEvent(self, event: Any) -> None:
        """A wide panel has the picture and the distribution side by side."""
        super().resizeEvent(event)
        wide = self.width() >= WIDE
        for picture in (self.matrix, self.kernels):
            picture.limit(max(TALLEST, self.height() - AROUND) if wide else TALLEST)
        self._halves.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def ask_picture(self, *, wanted: bool = False) -> None:
        """Asks for what the picture shows.

        Args:
            wanted: Whether the user has said so: without, too much is not read.
        """
        shown = self.shown
        if shown is None:
            return
        if shown.look.kind == "none":
            self._nothing.setText(
                tr("These values are texts: see them under Values.")
                if shown.row.weight.size
                else tr("This array is empty: one of its axes has the length 0.")
            )
            self._pages.turn_to(self._nothing)
            return
        if plane_bytes(shown.row, shown.look) > AUTO_BYTES and not wanted:
            self._offer(self._draw, tr("Draw from {size}"), plane_bytes(shown.row, shown.look))
            self._pages.turn_to(self._draw_page)
            return
        asker = {"value": self._ask_value, "line": self._ask_line, "matrix": self._ask_matrix}
        asker.get(shown.look.kind, self._ask_kernels)(shown)

    def _ask_value(self, shown: Shown) -> None:
        self._ask("picture", self._arrays.values, shown.path, shown.row.weight, None, done=self._show_value)

    def _show_value(self, values: Any) -> None:
        self._value.setText(write(values.reshape(-1)[0]))
        self._pages.turn_to(self._value)

    def _ask_line(self, shown: Shown) -> None:
        self._ask(
            "picture",
            self._arrays.overview,
            shown.path,
            shown.row.weight,
            shown.look.axes,
            self._index(shown),
            [POINTS],
            done=lambda found: self._show_line(shown, *found),
        )

    def _show_line(self, shown: Shown, low: Any, high: Any) -> None:
        length = shown.row.weight.shape[shown.look.axes[0]]
        block = -(-length // max(1, len(low)))
        self.line.show_values(low, high, block, length, shown.look.gates)
        text = tr("The band goes from the lowest to the highest of {count} values each.")
        self._tell(text.format(count=count(block)) if block > 1 else "")
        self._pages.turn_to(self.line)

    def _ask_matrix(self, shown: Shown) -> None:
        self._ask(
            "picture",
            self._arrays.overview,
            shown.path,
            shown.row.weight,
            shown.look.axes,
            self._index(shown),
            [SIDE, SIDE],
            done=lambda found: self._show_matrix(shown, *found),
        )

    def _show_matrix(self, shown: Shown, low: Any, high: Any) -> None:
        rows, columns = (shown.row.weight.shape[axis] for axis in shown.look.axes)
        plane = Plane(low, high, (rows, columns))
        self.matrix.show_plane(plane, shown.look.gates)
        down, across = plane.block
        text = tr("{rows} rows, {columns} columns.").format(rows=count(rows), columns=count(columns))
        if (down, across) != (1, 1):
            more = tr("Each point is the value farthest from zero among {rows} × {columns}.")
            text += " " + more.format(rows=down, columns=across)
        self._show_picture(self.matrix, text)

    def _ask_kernels(self, shown: Shown) -> None:
        chosen = shown.look
        selection: list[slice | int] = list(self._index(shown))
        for axis in chosen.axes:
            selection[axis] = slice(None)
        start = self.places.places.get(chosen.filters, 0) * MOST_KERNELS
        last = shown.row.weight.shape[chosen.filters]
        selection[chosen.filters] = slice(start, min(last, start + MOST_KERNELS))
        color = chosen.color and self.places.places.get(chosen.channels, 0) < 0
        if color:
            selection[chosen.channels] = slice(None)
        self._ask(
            "picture",
            self._arrays.values,
            shown.path,
            shown.row.weight,
            tuple(selection),
            done=lambda values: self._show_kernels(shown, values, start, color=color),
        )

    def _show_kernels(self, shown: Shown, values: Any, start: int, *, color: bool) -> None:
        chosen = shown.look
        kept = sorted({*chosen.axes, chosen.filters, *([chosen.channels] if color else [])})
        order = [kept.index(axis) for axis in (chosen.filters, *chosen.axes)]
        if color:
            order.append(kept.index(chosen.channels))
        values = np.abs(values) if values.dtype.kind == "c" else values.astype(np.float64)
        self.kernels.show_kernels(values.transpose(order), start, tr("Filter {filter}"))
        rows, columns = (shown.row.weight.shape[axis] for axis in chosen.axes)
        text = tr("{count} filters of {rows} × {columns}.").format(
            count=count(shown.row.weight.shape[chosen.filters]), rows=rows, columns=columns
        )
        if color:
            text += " " + tr("The three input channels as red, green and blue, each filter by its own range.")
        self._show_picture(self.kernels, text)

    def _show_picture(self, picture: MatrixPicture | KernelGrid, caption: str) -> None:
        colored = isinstance(picture, KernelGrid) and picture.colored
        self.scale_bar.setVisible(not colored)
        self.scale_bar.show_scale(picture.scale)
        self._tell(caption)
        self._pages.turn_to(picture)

    def _tell(self, text: str) -> None:
        self._caption.setText(text)
        self._caption.setVisible(bool(text))

    def _index(self, shown: Shown) -> list[int]:
        return [max(0, self.places.places.get(axis, 0)) for axis in range(len(shown.row.weight.shape))]

    def _copy_picture(self, picture: MatrixPicture | KernelGrid) -> None:
        pixels = QPixmap(picture.size() * picture.devicePixelRatioF())
        pixels.setDevicePixelRatio(picture.devicePixelRatioF())
        picture.render(pixels)
        QGuiApplication.clipboard().setPixmap(pixels)

    def _go_to(self, at: tuple[int, ...]) -> None:
        """From a place of the picture to the value in the table."""
        shown = self.shown
        if shown is None:
            return
        chosen, index = shown.look, self._index(shown)
        if chosen.kind == "kernels":
            row, column, index[chosen.filters] = at
            index[chosen.axes[0]], index[chosen.axes[1]] = row, column
            axes = tuple(sorted((chosen.channels, chosen.filters)))
        else:
            axes = chosen.axes
            for axis, here in zip(axes, at, strict=True):
                index[axis] = here
        self.slices.show_axes(shown.row.weight.shape, axes)
        self.slices.place(index)
        self.tabs.setCurrentIndex(1)
        self.numbers.go_to(index[axes[0]], index[axes[1]])
        self.numbers.setFocus()

    # Distribution

    def _make_distribution(self) -> QVBoxLayout:
        self.histogram = Histogram()
        self.log_box = QCheckBox(tr("Logarithmic"))
        self.log_box.setToolTip(tr("Shows rare values beside frequent ones"))
        self.log_box.toggled.connect(self.histogram.show_log)
        self._compute = QPushButton()
        self._compute.clicked.connect(self.ask_statistics)
        self._compute_page = _beside(self._compute)
        head = QHBoxLayout()
        head.addWidget(label(tr("Distribution"), "section"))
        head.addStretch(1)
        head.addWidget(self.log_box)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        self.facts: dict[str, ElidedLabel] = {}
        for number_, (name, title) in enumerate(FACTS.items()):
            row, column = divmod(number_, 2)
            grid.addWidget(label(tr(title), "dim"), row, 2 * column)
            self.facts[name] = ElidedLabel("–")
            self.facts[name].setFont(font("small", mono=True))
            self.facts[name].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(self.facts[name], row, 2 * column + 1)
            grid.setColumnStretch(2 * column + 1, 1)
        layout = QVBoxLayout()
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.histogram)
        layout.addWidget(self._compute_page)
        layout.addLayout(grid)
        layout.addStretch(1)
        return layout

    def ask_statistics(self) -> None:
        """Asks for the statistics."""
        shown = self.shown
        if shown is None or shown.row.bytes is None:
            return
        self._compute_page.hide()
        self.histogram.show()
        self._ask(
            "statistics",
            self._arrays.statistics,
            shown.path,
            shown.row.weight,
            BINS,
            done=self._show_statistics,
        )

    def _show_statistics(self, found: Statistics | None) -> None:
        self.statistics = found
        self._compute_page.hide()
        self.histogram.show()
        if found is not None and found.minimum is not None and found.maximum is not None:
            self.histogram.show_counts(found.histogram, found.minimum, found.maximum)
        else:
            self.histogram.show_counts([], 0.0, 1.0)
        for name, fact in self.facts.items():
            value = getattr(found, name) if found is not None else None
            fact.setText(_fact(value, found))
            bad = name in ("nan", "inf") and bool(value)
            fact.setProperty("role", "error" if bad else "")
            fact.style().unpolish(fact)
            fact.style().polish(fact)

    def _offer(self, button: QPushButton, text: str, amount: int) -> None:
        button.setText(text.format(size=size(amount)))
        if button is self._compute:
            self.histogram.hide()
            self._compute_page.show()

    # Table

    def _make_values(self) -> QWidget:
        self.slices = SliceBar()
        self.slices.changed.connect(self._reset_table)
        self.numbers = Numbers()
        self.numbers.wanted.connect(self._fill_table)
        self.numbers.copy_failed.connect(lambda text: self.bars.tell("info", text))
        self.numbers.current_changed.connect(self._show_current)
        self._cell = ElidedLabel(role="dim", mono=True)
        page = QWidget()
        page.setProperty("role", "panel")
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(8)
        for part in (self.slices, self._cell):
            row = QHBoxLayout()
            row.setContentsMargins(16, 0, 16, 0)
            row.addWidget(part)
            layout.addLayout(row)
        layout.insertWidget(1, self.numbers, 1)
        return page

    def _reset_table(self) -> None:
        shown = self.shown
        if shown is None:
            return
        self._drop_tiles()
        lengths = [shown.row.weight.shape[axis] for axis in self.slices.shown]
        rows, columns = (*lengths, 1, 1)[:2]
        self._cell.setText("")
        self.numbers.show_table(rows, columns, write, texts=shown.row.bytes is None)

    def _drop_tiles(self) -> None:
        for key in [key for key in self._asked if isinstance(key, tuple)]:
            self._asked.pop(key).drop()
            self._part.pop(key, None)

    def _fill_table(self) -> None:
        shown = self.shown
        if shown is None or self.tabs.currentIndex() != 1:
            return
        asked = sum(isinstance(key, tuple) for key in self._asked)
        for tile in self.numbers.missing():
            if asked >= TILES_AT_ONCE:
                break
            if tile not in self._asked:
                asked += 1
                self._ask(
                    tile,
                    self._arrays.values,
                    shown.path,
                    shown.row.weight,
                    self._selection(tile),
                    done=lambda values, tile=tile: self._show_tile(tile, values),
                )

    def _selection(self, tile: Tile) -> tuple[slice | int, ...] | None:
        selection: list[slice | int] = list(self.slices.index)
        for axis, span in zip(self.slices.shown, self.numbers.span(tile), strict=False):
            selection[axis] = span
        return tuple(selection) or None

    def _show_tile(self, tile: Tile, values: Any) -> None:
        rows, columns = self.numbers.span(tile)
        self.numbers.give(tile, values.reshape(rows.stop - rows.start, columns.stop - columns.start))
        if self.numbers.current is not None:
            self._show_current(self.numbers.current)
        self._fill_table()

    def _show_current(self, current: tuple[int, int]) -> None:
        """The whole place and value of the current cell, with all figures."""
        index = self.slices.index
        for axis, at in zip(self.slices.shown, current, strict=False):
            index[axis] = at
        value = self.numbers.value(*current)
        text = "" if value is None else f"  =  {value}"
        self._cell.setText(f"[{', '.join(map(str, index))}]{text}")

    # Copy and export

    def _make_buttons(self) -> None:
        self.copy_button, self.export_button = QToolButton(), QToolButton()
        for button, name in ((self.copy_button, "copy"), (self.export_button, "save")):
            button.setIcon(icon(name))
            button.setIconSize(QSize(16, 16))
        self.copy_button.clicked.connect(self.copy)
        self.export_button.setToolTip(tr("Export the values to a file"))
        self.export_button.setAccessibleName(tr("Export"))
        self.copy_button.setAccessibleName(tr("Copy"))
        menu = QMenu(self.export_button)
        menu.addAction(tr("NumPy file (.npy) …")).triggered.connect(lambda: self._ask_for_target("npy"))
        menu.addAction(tr("Comma-separated values (.csv) …")).triggered.connect(lambda: self._ask_for_target("csv"))
        self.export_button.setMenu(menu)
        self.export_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _fit_buttons(self, row: ArrayRow) -> None:
        few = 0 < row.weight.size <= COPY_VALUES
        self.copy_button.setEnabled(few)
        self.copy_button.setToolTip(
            tr("Copy all values as text")
            if few
            else tr("More than {count} values are better exported than copied").format(count=count(COPY_VALUES))
        )
        self.export_button.setEnabled(row.bytes is not None)

    def copy(self) -> None:
        """Copies all values: a line for each row, tabs between columns, an empty line between matrices."""
        shown = self.shown
        if shown is not None:
            self._ask("copy", self._arrays.values, shown.path, shown.row.weight, None, done=_to_clipboard)

    def _ask_for_target(self, kind: Kind) -> None:
        shown = self.shown
        if shown is None:
            return
        stem = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in shown.row.name)[-80:]
        filters = {"npy": tr("NumPy files (*.npy)"), "csv": tr("Comma-separated values (*.csv)")}
        dialog = QFileDialog(self, tr("Export"), str(shown.path.parent / f"{stem}.{kind}"), filters[kind])
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.selectFile(f"{stem}.{kind}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.export(Path(name), kind, shown))
        dialog.open()

    def export(self, target: Path, kind: Kind, shown: Shown | None = None) -> None:
        """Writes the array to a file, behind the window."""
        shown = shown or self.shown
        if shown is None:
            return
        export = Export(Order(shown.path, shown.row.weight, target, kind), self._arrays.reader, self)
        self.exports.append(export)
        text = tr("{name} is now in {file}.")
        export.done.connect(
            lambda: self._exported(export, "info", text.format(name=shown.row.name, file=place(target)))
        )
        export.failed.connect(lambda error: self._exported(export, "error", str(error)))
        export.stopped.connect(lambda: self._exported(export, "info", tr("The export was cancelled.")))
        export.progress.connect(self.work_changed)
        export.start()
        self.work_changed.emit()

    def _exported(self, export: Export, kind: Any, text: str) -> None:
        self.exports.remove(export)
        self.bars.tell(kind, text)
        export.deleteLater()
        self.work_changed.emit()


class _Pages(QWidget):
    """Pages of which one is in sight, as high as it needs: a `QStackedWidget` is as high as its highest."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.pages: list[QWidget] = []

    def add(self, page: QWidget) -> None:
        """Adds a page, out of sight."""
        page.hide()
        self.layout().addWidget(page)
        self.pages.append(page)

    def turn_to(self, page: QWidget) -> None:
        """Brings a page into sight."""
        for other in self.pages:
            other.setVisible(other is page)


def _beside(button: QPushButton) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 8, 0, 8)
    row.addWidget(button)
    row.addStretch(1)
    return holder


N = QT_TRANSLATE_NOOP
FACTS = {
    "minimum": N("weights", "Min"),
    "maximum": N("weights", "Max"),
    "mean": N("weights", "Mean"),
    "std": N("weights", "Std"),
    "zeros": N("weights", "Zeros"),
    "count": N("weights", "Values"),
    "nan": N("weights", "NaN"),
    "inf": N("weights", "Inf"),
}


def _fact(value: Any, found: Statistics | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return number(value)
    part = f" ({value / found.count:.1%})" if found is not None and value and found.count > value else ""
    return count(value) + part


def _entries(chosen: Look, row: ArrayRow) -> list[Entry]:
    lengths = row.weight.shape
    entries = [Entry(axis, tr("Axis {axis}").format(axis=axis), lengths[axis]) for axis in chosen.others]
    if chosen.kind == "kernels":
        depthwise = "depthwise" in f"{row.class_name} {row.weight.name}".lower()
        title = tr("Multiplier") if depthwise else tr("Input channel")
        first = tr("RGB") if chosen.color else ""
        entries.append(Entry(chosen.channels, title, lengths[chosen.channels], first))
        pages = -(-lengths[chosen.filters] // MOST_KERNELS)
        entries.append(Entry(chosen.filters, tr("Page"), pages))
    return [entry for entry in entries if entry.length > 1]


def write(value: Any) -> str:
    """A value in a cell of the table."""
    if isinstance(value, str):
        return value
    kind = getattr(getattr(value, "dtype", None), "kind", "f")
    if kind == "b":
        return str(int(value))
    if kind in "iu":
        return str(int(value))
    return f"{complex(value):.5g}" if kind == "c" else f"{float(value):.6g}"


def _to_clipboard(values: Any) -> None:
    matrix = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(-1, 1)
    rows_of_one = values.shape[-2] if values.ndim > 2 else 0
    lines = []
    for place_, row in enumerate(matrix):
        if rows_of_one and place_ and place_ % rows_of_one == 0:
            lines.append("")
        lines.append("\t".join(str(cell) for cell in row))
    QGuiApplication.clipboard().setText("\n".join(lines))
