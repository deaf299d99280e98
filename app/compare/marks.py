"""The differences drawn over a canvas: a ring and a sign at each card that differs; what is equal steps back."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.compare.kinds import Kind, paint_sign, strongest
from app.session import LayerPath
from app.theme import on_change, theme
from kgui.layout.card import HEADER, RADIUS

FAR = 0.4
"""Below this scale the canvas shows blocks of colour; see `app.canvas.paint`."""
VEIL = 135
"""How much of a card that is equal is covered, of 255."""
LEAST = 7.0
"""Pixels that a mark has at the least, however far out."""
TAIL = 10
"""Pixels by which a block sticks out; see `Kind.tails`."""
MOST_VEILED = 1500


class Marks(QWidget):
    """Lies over the view of a canvas, and lets every event through.

    Args:
        view: An `app.canvas.GraphView`.
        marks: The kind of difference by the path of the layer.
    """

    def __init__(self, view: Any, marks: dict[LayerPath, Kind]) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._view = view
        self._scene = view.graph
        self._marks: dict[LayerPath, Kind] = {}
        self._inside: dict[LayerPath, Kind] = {}
        self._dim = True
        self._shown: dict[int, Kind] | None = None
        view.moved.connect(self.update)
        view.viewport().installEventFilter(self)
        self._scene.arranged.connect(self._rearranged)
        self._scene.look_changed.connect(self.update)
        self.show_marks(marks)
        on_change(self, self.update)
        self.setGeometry(view.viewport().geometry())
        self.show()

    def show_marks(self, marks: dict[LayerPath, Kind]) -> None:
        """Shows other differences."""
        self._marks = marks
        around: dict[LayerPath, set[Kind]] = {}
        for path, kind in marks.items():
            for depth in range(1, len(path)):
                around.setdefault(path[:depth], set()).add(kind)
        self._inside = {path: strongest(kinds) for path, kinds in around.items()}
        self._rearranged()

    def set_dim(self, dim: bool) -> None:
        """Whether what is equal steps back."""
        self._dim = dim
        self.update()

    def kinds(self) -> dict[int, Kind]:
        """The kind by the number of the card, of all cards that differ or hold something that does."""
        if self._shown is None:
            self._shown = {}
            for number, card in enumerate(self._scene.diagram.cards):
                kind = self._kind(card)
                if kind is not None:
                    self._shown[number] = kind
        return self._shown

    def _kind(self, card: Any) -> Kind | None:
        if card.repeat:
            paths = [tuple(layer for layer, _ in place) for place in card.members]
            found = {self._marks[path] for path in paths if path in self._marks}
            return strongest(found) if found else None
        path = tuple(layer for layer, _ in card.place)
        own = self._marks.get(path)
        return own if own is not None or card.expanded else self._inside.get(path)

    def _rearranged(self) -> None:
        self._shown = None
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps the size of the view."""
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._view.viewport().geometry())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Veils, rings and signs of the cards in sight."""
        if not self._marks and self._scene.busy:
            return
        painter = QPainter(self)
        transform = self._view.viewportTransform()
        scale = transform.m11()
        kinds = self.kinds()
        visible = self._scene.geometry.cards_in(self._view.visible_area()).tolist()
        if self._dim and self._marks:
            self._veil(painter, visible, kinds, transform, scale)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, scale >= FAR or len(kinds) < MOST_VEILED)
        near = []
        for number in visible:
            kind = kinds.get(number)
            if kind is not None:
                near.append((self._rect(number, transform), kind))
        for rect, kind in near:
            self._ring(painter, rect, kind, scale)
        if scale >= FAR:
            for rect, kind in near:
                radius = min(10.0, max(7.0, 9.0 * scale))
                paint_sign(painter, rect.topLeft() + QPointF(1, 1), radius, kind)

    def _rect(self, number: int, transform: Any) -> QRectF:
        rect = self._scene.rect(number)
        if self._scene.diagram.cards[number].expanded:
            rect.setHeight(HEADER)
        return transform.mapRect(rect)

    def _veil(
        self, painter: QPainter, visible: list[int], kinds: dict[int, Kind], transform: Any, scale: float
    ) -> None:
        if len(visible) > MOST_VEILED:
            return
        ground = QColor(theme()["canvas"])
        ground.setAlpha(VEIL)
        cards = self._scene.diagram.cards
        selected = self._scene.selected
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        equal = [n for n in visible if n not in kinds and n not in selected and not cards[n].expanded]
        if scale < FAR:
            # A thousand blocks at once: one by one, each would be asked for its place.
            painter.drawRects(self._blocks(equal, transform))
            return
        for number in equal:
            painter.drawRoundedRect(self._rect(number, transform), RADIUS * scale, RADIUS * scale)

    def _blocks(self, numbers: list[int], transform: Any) -> list[QRectF]:
        geometry, scale = self._scene.geometry, transform.m11()
        left, top = geometry.left[numbers] * scale + transform.dx(), geometry.top[numbers] * scale + transform.dy()
        width = (geometry.right[numbers] - geometry.left[numbers]) * scale
        height = (geometry.bottom[numbers] - geometry.top[numbers]) * scale
        rows = zip(left.tolist(), top.tolist(), width.tolist(), height.tolist(), strict=True)
        return [QRectF(*row) for row in rows]

    def _ring(self, painter: QPainter, rect: QRectF, kind: Kind, scale: float) -> None:
        if scale < FAR:
            # Far out there is no room for a ring and a sign: a block, whose form says the kind as its colour does.
            short = max(0.0, LEAST - rect.height()) / 2
            left, right = (TAIL if tail else 2 for tail in kind.tails)
            block = rect.adjusted(-left, -short - 1, right, short + 1)
            painter.setPen(QPen(theme()["canvas"], 1))
            painter.setBrush(kind.color)
            painter.drawRect(block)
            return
        style = Qt.PenStyle.DashLine if kind.dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(kind.color, 2.5, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(-3.5, -3.5, 3.5, 3.5), RADIUS * scale + 3, RADIUS * scale + 3)
