"""Curves of values: the histogram of an array, and an array of one axis. Loaded when the first of them is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QToolTip, QVBoxLayout, QWidget

from app.theme import font, on_change, theme
from app.weights.pictures import number
from app.words import count, tip

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

FEW = 96
"""Values that are drawn as bars; more become a curve."""


class Chart(QFrame):
    """Axes and a box, of pyqtgraph's parts and not of its `PlotWidget`, which makes a hidden form of forty widgets."""

    def __init__(self, height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setFixedHeight(height)
        self.view = pyqtgraph.GraphicsView(background=None)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self._axes = {side: pyqtgraph.AxisItem(side) for side in ("left", "bottom")}
        # The wheel scrolls the panel; a plot that zooms instead would hold whoever passes over it.
        self.box = pyqtgraph.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.02)
        self.box.wheelEvent = lambda event, axis=None: event.ignore()
        layout = pyqtgraph.GraphicsLayout(border=None)
        layout.setContentsMargins(4, 8, 12, 2)
        layout.setSpacing(0)
        layout.addItem(self._axes["left"], 0, 0)
        layout.addItem(self.box, 0, 1)
        layout.addItem(self._axes["bottom"], 1, 1)
        for axis in self._axes.values():
            axis.linkToView(self.box)
            axis.setStyle(tickFont=font("small"), tickLength=0, tickTextOffset=4, maxTickLevel=0)
        self._axes["left"].setWidth(40)
        self._axes["left"].setGrid(255)
        self._axes["bottom"].setHeight(18)
        # Numbers as they are: pyqtgraph would show thousandths with a factor that stands nowhere.
        for axis in self._axes.values():
            axis.enableAutoSIPrefix(False)
            # The grid belongs behind what is drawn.
            axis.setZValue(-1000)
        self.view.setCentralItem(layout)
        self.view.scene().sigMouseMoved.connect(self._hover)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.addWidget(self.view)

    def told(self, x: float) -> str:
        """What is at a place of the lower axis."""
        return ""

    def recolor(self) -> None:
        """Takes the colours of the present theme."""
        colors = theme()
        self.view.setBackground(colors["card"])
        for axis in self._axes.values():
            axis.setTextPen(colors["text_faint"])
            axis.setPen(colors["plot_grid"])
            axis.setTickPen(pyqtgraph.mkPen(colors["plot_grid"], width=1))

    def _hover(self, point: Any) -> None:
        inside = self.box.sceneBoundingRect().contains(point)
        text = self.told(self.box.mapSceneToView(point).x()) if inside else ""
        if text:
            QToolTip.showText(self.view.mapToGlobal(self.view.mapFromScene(point)), tip(*text.split("\n")), self.view)
        else:
            QToolTip.hideText()


class Histogram(Chart):
    """How often which value occurs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(124, parent)
        self._counts: Array = np.zeros(0, dtype=np.int64)
        self._edges: Array = np.zeros(1)
        self._log = False
        self.bars = pyqtgraph.PlotCurveItem()
        self.zero = pyqtgraph.InfiniteLine(0.0)
        self.box.addItem(self.bars)
        self.box.addItem(self.zero, ignoreBounds=True)
        on_change(self, self.recolor)

    def show_counts(self, counts: list[int], low: float, high: float) -> None:
        """Shows another histogram, of equal bins from the lowest value to the highest."""
        self._counts = np.array(counts, dtype=np.int64)
        if low == high:
            # All values are the same; `kgui.reader.arrays` puts them into the middle bin.
            reach = abs(low) / 2 or 0.5
            low, high = low - reach, high + reach
        self._edges = np.linspace(low, high, len(counts) + 1)
        self.zero.setVisible(low < 0 < high)
        self.show_log(self._log)

    def show_log(self, on: bool) -> None:
        """Whether the height is the logarithm of the count, so that rare values are seen beside frequent ones."""
        self._log = on
        heights = np.log10(1 + self._counts) if on else self._counts.astype(np.float64)
        if not heights.size:
            self.bars.clear()
            return
        self.bars.setData(self._edges, heights, stepMode="center", fillLevel=0)
        top = float(heights.max())
        self._axes["left"].setTicks(
            [
                [
                    (np.log10(1 + value), count(value))
                    for value in (10**power for power in range(0, 13, 2 if top > 4 else 1))
                ]
            ]
            if on
            else None
        )
        self.box.setXRange(float(self._edges[0]), float(self._edges[-1]), padding=0.02)
        self.box.setYRange(0, top or 1.0, padding=0.04)

    def told(self, x: float) -> str:
        """The bin at a place."""
        place = int(np.searchsorted(self._edges, x, side="right")) - 1
        if not 0 <= place < len(self._counts):
            return ""
        span = f"{number(float(self._edges[place]))} … {number(float(self._edges[place + 1]))}"
        found = int(self._counts[place])
        # Qt takes no greater number, and one that large is many in every language.
        text = self.tr("{span}\n{count} values", "", min(found, 2**31 - 1))
        return text.format(span=span, count=count(found))

    def recolor(self) -> None:
        """Takes the colours of the present theme."""
        super().recolor()
        color = QColor(theme().series["train"])
        self.bars.setPen(pyqtgraph.mkPen(color, width=1))
        color.setAlphaF(0.45)
        self.bars.setBrush(color)
        self.zero.setPen(pyqtgraph.mkPen(theme()["text_faint"], width=1, style=Qt.PenStyle.DotLine))


class Line(Chart):
    """An array of one axis: bars where they are few, else a curve, or a band from lowest to highest where many."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(200, parent)
        self._low = self._high = np.zeros(0)
        self._block, self._length = 1, 0
        self.curve = pyqtgraph.PlotCurveItem()
        self.other = pyqtgraph.PlotCurveItem()
        self.band = pyqtgraph.FillBetweenItem(self.curve, self.other)
        self.bars = pyqtgraph.BarGraphItem(x=[0], height=[0], width=0.8)
        for item in (self.band, self.curve, self.other, self.bars):
            self.box.addItem(item)
        self.gates: list[Any] = []
        on_change(self, self.recolor)

    def show_values(self, low: Array, high: Array, block: int, length: int, gates: str = "") -> None:
        """Shows another array.

        Args:
            low: Lowest value of each block.
            high: Highest value of each block.
            block: Values in a block.
            length: Of the array.
            gates: Letters of equal parts, or "".
        """
        self._low, self._high, self._block, self._length = low, high, block, length
        few = len(low) <= FEW and block == 1
        shown_low, shown_high = (np.where(np.isfinite(part), part, np.nan) for part in (low, high))
        places = np.arange(len(low)) * block
        self.bars.setVisible(few)
        self.curve.setVisible(not few)
        self.other.setVisible(not few and block > 1)
        self.band.setVisible(not few and block > 1)
        if few:
            self.bars.setOpts(x=places, height=np.nan_to_num(shown_low), width=0.8)
        else:
            self.curve.setData(places, shown_high, connect="finite")
            self.other.setData(places, shown_low, connect="finite")
        self._show_gates(gates)
        if np.isfinite(shown_low).any():
            bottom, top = float(np.nanmin(shown_low)), float(np.nanmax(shown_high))
            if few:
                bottom, top = min(bottom, 0.0), max(top, 0.0)
            if top == bottom:
                bottom, top = bottom - 0.5, top + 0.5
            self.box.setYRange(bottom, top, padding=0.06)
        self.box.setXRange(-0.5, max(0, length - 1) + 0.5, padding=0.01)

    def told(self, x: float) -> str:
        """The value or block at a place."""
        place = round(x / self._block)
        if not 0 <= place < len(self._low):
            return ""
        low, high = float(self._low[place]), float(self._high[place])
        if self._block == 1:
            return f"[{place:,}]  {number(low)}"
        end = min(self._length, (place + 1) * self._block)
        return f"[{place * self._block:,}:{end:,}]\n{number(low)} … {number(high)}"

    def recolor(self) -> None:
        """Takes the colours of the present theme."""
        super().recolor()
        color = QColor(theme().series["train"])
        for curve in (self.curve, self.other):
            curve.setPen(pyqtgraph.mkPen(color, width=1))
        self.bars.setOpts(brush=color, pen=None)
        color.setAlphaF(0.45)
        self.band.setBrush(color)
        self._recolor_gates()

    def _show_gates(self, gates: str) -> None:
        for line in self.gates:
            self.box.removeItem(line)
        each = self._length / max(1, len(gates))
        self.gates = [
            pyqtgraph.InfiniteLine(
                place * each - 0.5, label=letter, labelOpts={"position": 0.94, "anchors": [(-0.4, 0.5), (-0.4, 0.5)]}
            )
            for place, letter in enumerate(gates)
        ]
        for line in self.gates:
            line.label.setFont(font("small"))
            self.box.addItem(line, ignoreBounds=True)
        self._recolor_gates()

    def _recolor_gates(self) -> None:
        for line in self.gates:
            line.setPen(pyqtgraph.mkPen(theme()["plot_grid"], width=1, style=Qt.PenStyle.DashLine))
            line.label.setColor(theme()["text_dim"])
