"""One card on the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QStaticText
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from kgui.layout import card as measures
from kgui.layout.card import Line

if TYPE_CHECKING:
    from app.canvas.scene import GraphScene


class CardItem(QGraphicsRectItem):
    """A call of a layer, with its ports painted, not made of items.

    It derives from the rectangle item because that answers Qt's questions about bounds in C++. With a boundingRect in
    Python every repaint of a large graph would ask it thousands of times.

    Attributes:
        number: Of the card in the diagram.
        card: What it shows.
    """

    def __init__(self, scene: GraphScene, number: int) -> None:
        card = scene.diagram.cards[number]
        rect = scene.placement.rects[number]
        height = measures.HEADER if card.expanded else card.height
        super().__init__(QRectF(0, 0, rect.width, height))
        self.number = number
        self.card = card
        self._scene = scene
        self._texts: list[tuple[Line, QStaticText]] | None = None
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.setPos(rect.x, rect.y)
        self.setZValue(len(card.place))
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption, False)

    def forget_texts(self) -> None:
        """After a change of fonts or of what the card says."""
        self._texts = None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draws the card as the scene says that it looks at present."""
        scene = self._scene
        if self._texts is None and scene.shape_texts():
            self._texts = scene.painter.texts(self.card)
        scale = painter.worldTransform().m11()
        scene.painter.card(painter, self.card, self._texts or [], scene.look(self.number), scale)
