"""Which channel, page or place of a picture is shown: a labelled spin box for each axis that the picture leaves out."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSpinBox, QWidget

from app.weights.slices import LARGEST
from app.weights.table import tr
from app.widgets.labels import label
from app.words import count


@dataclass(frozen=True)
class Entry:
    """One spin box.

    Attributes:
        axis: Of the array.
        title: What it is called.
        length: How many places there are.
        first: What comes before place 0, as -1, and is shown at first; or "".
    """

    axis: int
    title: str
    length: int
    first: str = ""


class PlaceBar(QWidget):
    """The spin boxes.

    Attributes:
        places: Axis to place.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.places: dict[int, int] = {}
        self.boxes: dict[int, QSpinBox] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(2, 1)

    def show_entries(self, entries: list[Entry]) -> None:
        """Begins anew."""
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.places = {entry.axis: -1 if entry.first else 0 for entry in entries}
        self.boxes = {}
        for row, entry in enumerate(entries):
            box = QSpinBox()
            box.setRange(-1 if entry.first else 0, min(entry.length - 1, LARGEST))
            box.setSpecialValueText(entry.first)
            box.setValue(box.minimum())
            box.setKeyboardTracking(False)
            box.setAccelerated(True)
            box.setMinimumWidth(84)
            box.setAccessibleName(entry.title)
            box.valueChanged.connect(lambda value, axis=entry.axis: self._stepped(axis, value))
            self.boxes[entry.axis] = box
            self._grid.addWidget(label(entry.title, "dim"), row, 0)
            self._grid.addWidget(box, row, 1)
            self._grid.addWidget(label(tr("of {count}").format(count=count(entry.length)), "dim"), row, 2)
        self.setVisible(bool(entries))

    def _stepped(self, axis: int, value: int) -> None:
        self.places[axis] = value
        self.changed.emit()
