"""One metric over the epochs: training smoothed with the raw values faint behind it, validation as points on a line."""

from __future__ import annotations

from typing import Any

import pyqtgraph
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.running import Curve
from app.theme import font, on_change, theme
from app.widgets.labels import ElidedLabel, label

FAINT = 0.35


def shown_epochs(reached: float, epochs: int) -> int:
    """How far the axis goes.

    To the end of a short run. Of a long one, whose first epochs would be a line at the left edge, only twice as far
    each time that the curves have filled it.

    Args:
        reached: Epochs that are done.
        epochs: Of the whole run.
    """
    shown = 10
    while shown < reached * 1.02:
        shown *= 2
    return min(epochs, shown)


class MetricPlot(QFrame):
    """A card with a metric's name, what it is now, and its curves.

    Made of pyqtgraph's parts and not of its `PlotWidget`, whose `PlotItem` makes a hidden form of forty widgets: that
    took 70 ms of the window's thread for each plot, and this takes 10.

    Args:
        metric: As Keras names it.
    """

    def __init__(self, metric: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = metric
        self.setProperty("role", "card")
        self._train_key, self._validation_key = Key(self.tr("training")), Key(self.tr("validation"), dashed=True)
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 12, 0)
        head.setSpacing(16)
        head.addWidget(label(metric.replace("_", " "), "section"))
        head.addStretch(1)
        head.addWidget(self._train_key)
        head.addWidget(self._validation_key)
        self.view = pyqtgraph.GraphicsView(background=None)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setMinimumHeight(60)
        self._axes = {side: pyqtgraph.AxisItem(side) for side in ("left", "bottom")}
        self.box = pyqtgraph.ViewBox(enableMenu=False, defaultPadding=0.06)
        self._arrange()
        self.raw, self.smooth, self.validation = (pyqtgraph.PlotCurveItem() for _ in range(3))
        self.points = pyqtgraph.ScatterPlotItem(size=6, pen=None)
        for item in (self.raw, self.validation, self.points, self.smooth):
            self.box.addItem(item)
        self.best: Any = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 4)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.view, 1)
        on_change(self, self._recolor)

    def show_curve(self, curve: Curve, epochs: int) -> None:
        """Draws what is known of the metric.

        Args:
            curve: The metric.
            epochs: Of the whole run, which the axis is made for; 0 where not known.
        """
        self.raw.setData(*curve.steps)
        self.smooth.setData(curve.steps[0], curve.smooth)
        self.validation.setData(*curve.validation)
        self.points.setData(*curve.validation)
        self._train_key.show_value(curve.last if not len(curve.smooth) else float(curve.smooth[-1]))
        self._validation_key.show_value(curve.last_validation)
        if epochs:
            ends = [x[-1] for x, _ in (curve.steps, curve.validation) if len(x)]
            shown = shown_epochs(float(max(ends, default=0.0)), epochs)
            self.box.setXRange(0, shown, padding=0.02)
            step = max(1, -(-shown // 8))
            self._axes["bottom"].setTickSpacing(step, step)

    def mark_best(self, epoch: int | None, text: str = "") -> None:
        """A line at the best epoch (from 0), or none."""
        if self.best is not None:
            self.box.removeItem(self.best)
            self.best = None
        if epoch is not None:
            self.best = pyqtgraph.InfiniteLine(
                epoch + 1,
                label=text,
                labelOpts={"position": 0.92, "anchors": [(1.05, 0.5), (1.05, 0.5)]},
            )
            self.best.label.setFont(font("small"))
            self.box.addItem(self.best, ignoreBounds=True)
            self._recolor()

    def _arrange(self) -> None:
        layout = pyqtgraph.GraphicsLayout(border=None)
        layout.setContentsMargins(4, 4, 12, 0)
        layout.setSpacing(0)
        layout.addItem(self._axes["left"], 0, 0)
        layout.addItem(self.box, 0, 1)
        layout.addItem(self._axes["bottom"], 1, 1)
        for axis in self._axes.values():
            axis.linkToView(self.box)
            axis.setStyle(tickFont=font("small"), tickLength=0, tickTextOffset=6, maxTickLevel=0)
        self._axes["left"].setGrid(255)
        self._axes["left"].setWidth(44)
        self._axes["bottom"].setHeight(20)
        self.view.setCentralItem(layout)

    def _recolor(self) -> None:
        colors = theme()
        train, validation = colors.series["train"], colors.series["validation"]
        faint = QColor(train)
        faint.setAlphaF(FAINT)
        # Lines of one pixel and without smoothing are what the software rasteriser draws fast.
        self.raw.setPen(pyqtgraph.mkPen(faint, width=1))
        self.smooth.setPen(pyqtgraph.mkPen(train, width=2))
        self.validation.setPen(pyqtgraph.mkPen(validation, width=2, style=Qt.PenStyle.DashLine))
        self.points.setBrush(validation)
        self._train_key.color, self._validation_key.color = train, validation
        self.view.setBackground(colors["card"])
        for axis in self._axes.values():
            axis.setTextPen(colors["text_faint"])
            axis.setPen(colors["plot_grid"])
            axis.setTickPen(pyqtgraph.mkPen(colors["plot_grid"], width=1))
        if self.best is not None:
            self.best.setPen(pyqtgraph.mkPen(colors["good"], width=1, style=Qt.PenStyle.DashLine))
            self.best.label.setColor(colors["good"])
        self._train_key.update()
        self._validation_key.update()


class Key(QWidget):
    """One entry of a legend: a piece of the line, what it is, and its last value."""

    def __init__(self, name: str, *, dashed: bool = False) -> None:
        super().__init__()
        self.color = QColor()
        self._dashed = dashed
        self._name = name
        self._text = ElidedLabel(name, role="dim")
        self._text.setFont(font("small"))
        self._text.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 0, 0, 0)
        layout.addWidget(self._text)

    def show_value(self, value: float | None) -> None:
        """Adds the value to the name."""
        self._text.setText(self._name if value is None else f"{self._name}  {value:.4g}")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints what fits."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self.color, 2)
        middle = self.height() / 2
        if self._dashed:
            painter.setBrush(self.color)
            pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QRectF(6, middle - 3, 6, 6))
        painter.setPen(pen)
        painter.drawLine(0, round(middle), 18, round(middle))
