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


class MetricPlot(QFrame):
    """A card with a metric's name, what it is now, and its curves.

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
        name = label(metric.replace("_", " "), "section")
        head.addWidget(name)
        head.addStretch(1)
        head.addWidget(self._train_key)
        head.addWidget(self._validation_key)
        self.plot = pyqtgraph.PlotWidget(background=None)
        self.plot.setFrameShape(QFrame.Shape.NoFrame)
        self.plot.setMouseEnabled(x=True, y=True)
        self.plot.hideButtons()
        self.plot.setMenuEnabled(False)
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.plot.setMinimumHeight(60)
        self.raw = self.plot.plot()
        self.validation = self.plot.plot()
        self.smooth = self.plot.plot()
        self.best: Any = None
        for axis in ("left", "bottom"):
            item = self.plot.getAxis(axis)
            item.setStyle(tickFont=font("small"), tickLength=0, tickTextOffset=6, maxTickLevel=0)
        self.plot.getAxis("left").setWidth(44)
        self.plot.getAxis("bottom").setHeight(20)
        self.plot.showGrid(x=False, y=True, alpha=1.0)
        box = self.plot.getViewBox()
        box.setDefaultPadding(0.04)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 4)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.plot, 1)
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
        self._train_key.show_value(curve.last if not len(curve.smooth) else float(curve.smooth[-1]))
        self._validation_key.show_value(curve.last_validation)
        if epochs:
            self.plot.setXRange(0, epochs, padding=0.02)
            step = max(1, -(-epochs // 8))
            self.plot.getAxis("bottom").setTickSpacing(step, step)

    def mark_best(self, epoch: int | None, text: str = "") -> None:
        """A line at the best epoch (from 0), or none."""
        if self.best is not None:
            self.plot.removeItem(self.best)
            self.best = None
        if epoch is not None:
            colors = theme()
            self.best = pyqtgraph.InfiniteLine(
                epoch + 1,
                pen=pyqtgraph.mkPen(colors["good"], width=1, style=Qt.PenStyle.DashLine),
                label=text,
                labelOpts={"color": colors["good"], "position": 0.94, "anchors": [(1.05, 0.5), (1.05, 0.5)]},
            )
            self.plot.addItem(self.best)

    def _recolor(self) -> None:
        colors = theme()
        train, validation = colors.series["train"], colors.series["validation"]
        faint = QColor(train)
        faint.setAlphaF(FAINT)
        # Lines of one pixel and without smoothing are what the software rasteriser draws fast.
        self.raw.setPen(pyqtgraph.mkPen(faint, width=1))
        self.smooth.setPen(pyqtgraph.mkPen(train, width=2))
        self.validation.setPen(pyqtgraph.mkPen(validation, width=2, style=Qt.PenStyle.DashLine))
        self.validation.setSymbol("o")
        self.validation.setSymbolSize(6)
        self.validation.setSymbolBrush(validation)
        self.validation.setSymbolPen(None)
        self._train_key.color, self._validation_key.color = train, validation
        self.plot.setBackground(colors["card"])
        for axis in ("left", "bottom"):
            item = self.plot.getAxis(axis)
            item.setTextPen(colors["text_faint"])
            item.setPen(colors["plot_grid"])
            item.setTickPen(pyqtgraph.mkPen(colors["plot_grid"], width=1))
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
