"""Which part of an array of any rank is shown: a place for each axis, and a colon for those that are shown whole."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSpinBox, QWidget

from app.widgets.labels import label
from app.words import count

LARGEST = (1 << 31) - 1
"""Of a spin box."""


class AxisBox(QSpinBox):
    """The place along one axis. Its lowest value is the colon, where the axis may be shown whole."""

    def __init__(self, axis: int, length: int, *, colon: bool) -> None:
        super().__init__()
        self.axis = axis
        self.setProperty("role", "axis")
        self.setRange(-1 if colon else 0, min(length - 1, LARGEST))
        if colon:
            self.setSpecialValueText(":")
        self.setKeyboardTracking(False)
        self.setAccelerated(True)
        self.setWrapping(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(46)
        self.setMaximumWidth(96)
        text = self.tr("Axis {axis}, 0 to {last}. Arrow keys or the wheel step through it.")
        if colon:
            text += " " + self.tr("A colon shows the axis whole: two axes at the most.")
        self.setToolTip(text.format(axis=axis, last=count(length - 1)))
        self.setAccessibleName(self.tr("Axis {axis}").format(axis=axis))


class SliceBar(QWidget):
    """[0, 0, :, :] – as NumPy writes it, to be stepped through.

    Attributes:
        shown: The axes with a colon, ascending.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: tuple[int, ...] = ()
        self._shape: tuple[int, ...] = ()
        self._boxes: list[AxisBox] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)

    def show_axes(self, shape: tuple[int, ...], shown: tuple[int, ...]) -> None:
        """Begins anew, for an array of another shape."""
        while (item := self._row.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.shown, self._shape = shown, shape
        self._boxes = [AxisBox(axis, length, colon=len(shape) > 1) for axis, length in enumerate(shape)]
        self._row.addWidget(label("[", "dim"))
        for axis, box in enumerate(self._boxes):
            box.setValue(box.minimum() if axis in shown else 0)
            box.valueChanged.connect(lambda _, box=box: self._stepped(box))
            self._row.addWidget(box, 1)
        self._row.addWidget(label("]", "dim"))
        self._row.addStretch(1)
        # With all axes in sight there is nothing to choose.
        self.setVisible(len(shape) > len(shown))

    @property
    def index(self) -> list[int]:
        """A place for every axis; 0 for those that are shown whole."""
        return [0 if axis in self.shown else max(0, box.value()) for axis, box in enumerate(self._boxes)]

    def place(self, index: list[int]) -> None:
        """Goes to a place."""
        for axis, box in enumerate(self._boxes):
            if axis not in self.shown:
                box.blockSignals(True)
                box.setValue(index[axis])
                box.blockSignals(False)
        self.changed.emit()

    def _stepped(self, box: AxisBox) -> None:
        colon = box.value() < 0
        if colon and box.axis not in self.shown:
            # Two axes fill the plane: the first one gives way.
            leaving = self.shown[0] if len(self.shown) == 2 else None
            self.shown = tuple(sorted({*self.shown, box.axis} - {leaving}))
            if leaving is not None:
                self._set(leaving, 0)
        elif not colon and box.axis in self.shown:
            if len(self.shown) == 1:
                self._set(box.axis, -1)
                return
            self.shown = tuple(axis for axis in self.shown if axis != box.axis)
        self.changed.emit()

    def _set(self, axis: int, value: int) -> None:
        self._boxes[axis].blockSignals(True)
        self._boxes[axis].setValue(value)
        self._boxes[axis].blockSignals(False)
