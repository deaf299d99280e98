"""Pictures of arrays: a matrix in colours, a grid of kernels, and the scale that explains the colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.theme import font, on_change, theme
from app.weights.colors import Scale, paint, paint_color, scale
from app.words import tip

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

TALLEST = 320
"""Pixels of height where something stands below the picture that shall stay in sight."""
GAP = 2
"""Pixels between two kernels."""
MOST_PIXELS = 28
"""Screen pixels of one value of a kernel at the most."""


def number(value: float) -> str:
    """A value of a weight, in four figures."""
    return f"{value:.4g}"


class Picture(QWidget):
    """What matrix and kernels have in common: a place under the mouse, a tooltip, a click that goes to the value."""

    chosen = Signal(object)
    """The place that was clicked: index by axis of the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scale = Scale(0.0, 1.0)
        self._tallest = TALLEST
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        on_change(self, self._recolor)

    def limit(self, tallest: int) -> None:
        """Sets how many pixels high the picture may become."""
        if tallest != self._tallest:
            self._tallest = tallest
            self._fit()

    def _fit(self) -> None:
        """Takes the height that suits the width."""

    def _recolor(self) -> None:
        self.update()

    def told(self, point: QPointF) -> tuple[str, object] | None:
        """What is at a point: words, and the place."""
        return None

    def event(self, event: QEvent) -> bool:
        """Tooltips are made for the place, when they are asked for."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self.told(QPointF(event.pos()))
            if found is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), tip(*found[0].split("\n")), self)
            return True
        return super().event(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click goes to the value in the table."""
        found = self.told(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        if found is not None:
            self.chosen.emit(found[1])


@dataclass(frozen=True)
class Plane:
    """An overview of a matrix: see `kgui.reader.overview`.

    Attributes:
        low: Lowest value of each block.
        high: Highest value of each block.
        lengths: Rows and columns of the matrix itself.
    """

    low: Array
    high: Array
    lengths: tuple[int, int]

    @property
    def strongest(self) -> Array:
        """Of each block, the value farthest from zero: what exploded and what died can be seen at any size."""
        return np.where(self.high >= -self.low, self.high, self.low)

    @property
    def block(self) -> tuple[int, int]:
        """Rows and columns of the matrix in one value of the overview."""
        rows, columns = (-(-length // max(1, side)) for length, side in zip(self.lengths, self.low.shape, strict=True))
        return rows, columns


class MatrixPicture(Picture):
    """A matrix in colours, as wide as there is room."""

    SHORTEST = 24

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plane: Plane | None = None
        self._image = QImage()
        self._gates = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_plane(self, plane: Plane, gates: str = "") -> None:
        """Shows another matrix."""
        self._plane = plane
        self._gates = gates
        self.scale = scale(plane.strongest)
        self._recolor()
        self._fit()

    @property
    def image(self) -> QImage:
        """One pixel for each block."""
        return self._image

    def _recolor(self) -> None:
        if getattr(self, "_plane", None) is not None:
            self._image = paint(self._plane.strongest, self.scale)
        self.update()

    def _fit(self) -> None:
        if self._plane is not None and self.width() > 0:
            rows, columns = self._plane.lengths
            # Square values where that gives a picture that can be looked at; long ones are squeezed.
            wanted = self.width() * rows / max(1, columns)
            self.setFixedHeight(self._head + round(min(self._tallest, max(self.SHORTEST, wanted))))

    @property
    def _head(self) -> int:
        return 16 if self._gates else 0

    def _frame(self) -> QRectF:
        return QRectF(self.rect()).adjusted(0, self._head, 0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The height follows the width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def told(self, point: QPointF) -> tuple[str, object] | None:
        """Row, column and value at a point."""
        plane, frame = self._plane, self._frame()
        if plane is None or not frame.contains(point) or not plane.low.size:
            return None
        sides = plane.low.shape
        at = (
            min(sides[0] - 1, int((point.y() - frame.y()) / frame.height() * sides[0])),
            min(sides[1] - 1, int((point.x() - frame.x()) / frame.width() * sides[1])),
        )
        starts = tuple(place * block for place, block in zip(at, plane.block, strict=True))
        if plane.block == (1, 1):
            return f"[{starts[0]}, {starts[1]}]  {number(float(plane.low[at]))}", starts
        ends = tuple(
            min(start + block, length) for start, block, length in zip(starts, plane.block, plane.lengths, strict=True)
        )
        return (
            f"[{starts[0]}:{ends[0]}, {starts[1]}:{ends[1]}]\n"
            f"{number(float(plane.low[at]))} … {number(float(plane.high[at]))}",
            starts,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """The image, and the gates of a recurrent layer above it."""
        painter = QPainter(self)
        frame = self._frame()
        if self._image.width() > frame.width() * self.devicePixelRatioF():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(frame, self._image)
        if self._gates:
            painter.setFont(font("small"))
            each = frame.width() / len(self._gates)
            for place, letter in enumerate(self._gates):
                painter.setPen(theme()["text_dim"])
                box = QRectF(place * each, 0, each, self._head - 2)
                painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), letter)
                if place:
                    painter.setPen(QPen(theme()["text_faint"], 1))
                    painter.drawLine(QPointF(place * each, 2), QPointF(place * each, self.height()))
        painter.setPen(QPen(theme()["line"], 1))
        painter.drawRect(frame.adjusted(0, 0, -1, -1))


class KernelGrid(Picture):
    """Convolution kernels side by side, each value a square."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kernels: Array = np.zeros((0, 1, 1))
        self._image = QImage()
        self._start = 0
        self._words = "{filter}"
        self._columns, self._side = 1, 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_kernels(self, kernels: Array, start: int, words: str) -> None:
        """Shows other kernels.

        Args:
            kernels: (filters, rows, columns), or (filters, rows, columns, 3) as red, green and blue.
            start: Number of the first one.
            words: For tooltips, with `{filter}` for the number.
        """
        self._kernels = kernels
        self._start = start
        self._words = words
        self.scale = scale(kernels)
        self._recolor()
        self._fit()

    @property
    def image(self) -> QImage:
        """All kernels below each other, one pixel for each value."""
        return self._image

    @property
    def colored(self) -> bool:
        """Whether a kernel is one colour picture, and not values on the scale."""
        return self._kernels.ndim == 4

    def _recolor(self) -> None:
        kernels: Array | None = getattr(self, "_kernels", None)
        if kernels is not None and len(kernels):
            flat = kernels.reshape(-1, *kernels.shape[2:])
            if self.colored:
                # Each filter by its own range, as it is custom to look at the first layer of a network.
                low = np.nanmin(kernels, axis=(1, 2, 3), keepdims=True)
                reach = np.nanmax(kernels, axis=(1, 2, 3), keepdims=True) - low
                even = (kernels - low) / np.where(reach > 0, reach, 1)
                self._image = paint_color(even.reshape(flat.shape))
            else:
                self._image = paint(flat, self.scale)
        self.update()

    def _fit(self) -> None:
        count, rows, columns = self._kernels.shape[:3]
        width = self.width()
        if width <= 0 or not count:
            return
        for side in range(MOST_PIXELS, 0, -1):
            across = max(1, (width + GAP) // (columns * side + GAP))
            height = -(-count // across) * (rows * side + GAP) - GAP
            smallest = side <= 3 and side * max(rows, columns) <= 16
            if (height <= min(1.1 * width, self._tallest) and columns * side <= width) or smallest:
                break
        self._columns, self._side = across, side
        self.setFixedHeight(max(1, height))
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The number of columns follows the width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _cell(self, place: int) -> QRect:
        _, rows, columns = self._kernels.shape[:3]
        down, across = divmod(place, self._columns)
        step_x, step_y = columns * self._side + GAP, rows * self._side + GAP
        return QRect(across * step_x, down * step_y, columns * self._side, rows * self._side)

    def told(self, point: QPointF) -> tuple[str, object] | None:
        """Filter, place within the kernel, and value at a point."""
        count, rows, columns = self._kernels.shape[:3]
        step_x, step_y = columns * self._side + GAP, rows * self._side + GAP
        across, down = int(point.x() // step_x), int(point.y() // step_y)
        place = down * self._columns + across
        if not count or across >= self._columns or not 0 <= place < count:
            return None
        cell = self._cell(place)
        row = min(rows - 1, max(0, int(point.y() - cell.y()) // self._side))
        column = min(columns - 1, max(0, int(point.x() - cell.x()) // self._side))
        value = self._kernels[place, row, column]
        text = ", ".join(number(float(part)) for part in np.atleast_1d(value))
        words = self._words.format(filter=f"{self._start + place:,}")
        return f"{words}\n[{row}, {column}]  {text}", (row, column, self._start + place)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only the kernels that are in sight."""
        painter = QPainter(self)
        count, rows, columns = self._kernels.shape[:3]
        step = rows * self._side + GAP
        first = max(0, event.rect().top() // step) * self._columns
        last = min(count, (event.rect().bottom() // step + 1) * self._columns)
        painter.setPen(QPen(theme()["line"], 1))
        for place in range(first, last):
            cell = self._cell(place)
            painter.drawImage(cell, self._image, QRect(0, place * rows, columns, rows))
            if self._side > 3:
                painter.drawRect(cell.adjusted(0, 0, -1, -1))


class ScaleBar(QWidget):
    """Which colour is which value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scale = Scale(0.0, 1.0)
        self.setFixedHeight(26)
        self.setFont(font("small"))
        on_change(self, self.update)

    def show_scale(self, by: Scale) -> None:
        """Explains another scale."""
        self._scale = by
        below = self.tr("There are values below the scale: they have its first colour.") if by.below else ""
        above = self.tr("There are values above the scale: they have its last colour.") if by.above else ""
        self.setToolTip(tip(below, above, self.tr("Magenta: not a number.")))
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(160, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ramp, and the values at its ends and at zero below it."""
        by, painter = self._scale, QPainter(self)
        strip = np.linspace(by.low, by.high, max(2, self.width()))[None, :]
        painter.drawImage(QRectF(0, 0, self.width(), 8), paint(strip, by))
        painter.setPen(theme()["text_dim"])
        below = QRectF(0, 10, self.width(), 16)
        left, right, middle = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
        painter.drawText(below, int(left), ("≤ " if by.below else "") + number(by.low))
        painter.drawText(below, int(right), ("≥ " if by.above else "") + number(by.high))
        if by.low < 0 < by.high:
            painter.drawText(below, int(middle), "0")
