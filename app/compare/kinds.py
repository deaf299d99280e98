"""The kinds of difference: what each is called, its colour, and the sign that says it without colour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPen, QPixmap

from app.theme import font, theme
from kgui.reports.diff import LayerChange

KindId = Literal["added", "removed", "changed", "weights"]


@dataclass(frozen=True)
class Kind:
    """One kind of difference.

    Attributes:
        id: How code names it.
        title: How people name it.
        sign: One character that tells it apart without colour.
        role: Of the theme: a colour, or "series/NAME".
        dashed: Whether its ring is dashed: the layers are the same, only their values differ.
        tails: Whether its block far out, where there is no room for the sign, sticks out to the left and to the right.
    """

    id: KindId
    title: str
    sign: str
    role: str
    dashed: bool = False
    tails: tuple[bool, bool] = (False, False)

    @property
    def text(self) -> str:
        """The title in the user's language."""
        return QCoreApplication.translate("compare", self.title)

    @property
    def color(self) -> QColor:
        """Its colour in the present theme."""
        group, _, name = self.role.rpartition("/")
        return theme().series[name] if group else theme()[name]


KINDS = {
    kind.id: kind
    for kind in (
        Kind("removed", QT_TRANSLATE_NOOP("compare", "Removed"), "−", "error", tails=(True, False)),
        Kind("added", QT_TRANSLATE_NOOP("compare", "Added"), "+", "good", tails=(False, True)),
        Kind("changed", QT_TRANSLATE_NOOP("compare", "Changed"), "≠", "warning", tails=(True, True)),
        Kind("weights", QT_TRANSLATE_NOOP("compare", "Weights differ"), "w", "series/extra2", dashed=True),
    )
}
"""All kinds, in the order of the legend."""


def kind_of(change: LayerChange) -> Kind:
    """What a change counts as: other weights alone are a kind of their own, as training changes nothing else."""
    happened = change.kinds
    for name in ("added", "removed"):
        if name in happened:
            return KINDS[name]
    shapes = any(weight.old_shape != weight.new_shape for weight in change.weights)
    return KINDS["weights"] if happened == ["weights"] and not shapes else KINDS["changed"]


def strongest(kinds: Iterable[Kind]) -> Kind:
    """What a closed nested model shows for all that is in it: "changed", unless only weights differ."""
    found = set(kinds)
    return found.pop() if len(found) == 1 else KINDS["changed"]


def paint_sign(painter: QPainter, middle: QPointF, radius: float, kind: Kind) -> None:
    """The round sign of a kind."""
    painter.setPen(QPen(theme()["canvas"], 1.5))
    painter.setBrush(kind.color)
    painter.drawEllipse(middle, radius, radius)
    face = QFont(font(strong=True))
    face.setPixelSize(max(6, round(radius * 1.45)))
    painter.setFont(face)
    # The colours of the dark theme are light, those of the light theme dark.
    painter.setPen(QColor("#10151c") if theme().dark else QColor("#ffffff"))
    box = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, kind.sign)


def sign_icon(kind: Kind, side: int = 14) -> QIcon:
    """The sign for a list, in the present theme."""
    pixels = QPixmap(2 * side, 2 * side)
    pixels.setDevicePixelRatio(2)
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_sign(painter, QPointF(side / 2, side / 2), side / 2 - 0.5, kind)
    painter.end()
    made = QIcon(pixels)
    made.addPixmap(pixels, QIcon.Mode.Selected)
    return made
