"""How cards and wires look: fonts, colours and the drawing of one card."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPen,
    QStaticText,
    QTransform,
)

from app.theme import MONO, SANS, Theme
from kgui.layout import Badge, Card
from kgui.layout import card as measures
from kgui.layout.card import STYLES, Line

FAR = 0.4
"""Below this scale cards are blocks of colour without text."""
SHOW_OUTPUT = 0.5
SHOW_ARGUMENTS = 0.55
SHOW_LABELS = 1.2
"""From this scale on shapes stand on the wires."""

_NO_PEN = QPen(Qt.PenStyle.NoPen)
_BADGE_COLORS = {
    "error": "error",
    "warning": "warning",
    "risky": "warning",
}
_BADGE_SIGNS = {"error": "!", "warning": "!", "risky": "⚠"}


@dataclass(frozen=True, slots=True)
class Look:
    """How a card stands out at present."""

    selected: bool = False
    related: bool = False
    hovered: bool = False
    found: bool = False
    dimmed: bool = False


def font_of(face: str, size: int) -> QFont:
    """A font of the cards. Hinting is off, so that text keeps its proportions at every scale."""
    font = QFont()
    font.setFamilies([MONO, SANS] if face == "mono" else [SANS])
    font.setPixelSize(size)
    font.setWeight(QFont.Weight.DemiBold if face == "strong" else QFont.Weight.Normal)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if face != "mono":
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


class CardPainter:
    """Draws cards in one theme. Made anew when the theme changes."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.fonts = {role: font_of(style.face, style.size) for role, style in STYLES.items()}
        self.badge_font = font_of(measures.BADGE.face, measures.BADGE.size)
        self.label_font = font_of("mono", 10)
        self._ascents = {role: QFontMetricsF(font).ascent() for role, font in self.fonts.items()}
        self._badge_metrics = QFontMetricsF(self.badge_font)
        self._pens = {
            "title": QPen(QColor("#ffffff")),
            "name": QPen(theme["text"]),
            "arguments": QPen(theme["text_dim"]),
            "output": QPen(theme["text_faint"]),
        }
        self._outline = QPen(theme["card_line"], 1.0)
        self._dashed = QPen(theme["text_dim"], 1.2, Qt.PenStyle.DashLine)
        self._body = QBrush(theme["card"])
        self._badge_ground = QColor(255, 255, 255, 56)
        self.wire = QPen(theme["edge"], 1.5)
        self.wire_selected = QPen(theme["accent"], 2.0)
        self.wire_far = QPen(theme["edge"], 0)
        self._rings = {
            "selected": QPen(theme["accent"], 2.5),
            "related": QPen(theme["accent"], 1.5, Qt.PenStyle.DotLine),
            "found": QPen(theme["warning"], 2.5),
            "hovered": QPen(theme["text_faint"], 1.2),
        }
        frame = QColor(theme["accent"])
        frame.setAlpha(14 if not theme.dark else 20)
        self.frame_ground = QBrush(frame)
        self._headers: dict[str, QColor] = {}
        self._shapes: dict[tuple[float, float], tuple[QPainterPath, QPainterPath]] = {}

    def header(self, category: str) -> QColor:
        """The colour of a category."""
        found = self._headers.get(category)
        if found is None:
            found = self._headers[category] = self.theme.category(category)
        return found

    def texts(self, card: Card) -> list[tuple[Line, QStaticText]]:
        """The lines of a card, shaped once."""
        made = []
        for line in measures.lines(card, card.width):
            text = QStaticText(line.text)
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.prepare(QTransform(), self.fonts[line.role])
            made.append((line, text))
        return made

    def card(
        self, painter: QPainter, card: Card, texts: list[tuple[Line, QStaticText]], look: Look, scale: float
    ) -> None:
        """Draws a card with its upper left corner at the painter's origin."""
        outline, head = self._shape(card.width, measures.HEADER if card.expanded else card.height)
        if look.dimmed:
            painter.fillPath(outline, self.theme["canvas"])
            painter.setOpacity(0.35)
        if card.expanded:
            painter.fillPath(head, self.header(card.category))
        else:
            painter.setPen(self._dashed if card.custom else self._outline)
            painter.setBrush(self._body)
            painter.drawPath(outline)
            painter.fillPath(head, self.header(card.category))
            if card.custom:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawPath(outline)
        self._texts(painter, texts, scale)
        self._badges(painter, card, scale)
        self._ring(painter, outline, look)
        if look.dimmed:
            painter.setOpacity(1.0)

    def _shape(self, width: float, height: float) -> tuple[QPainterPath, QPainterPath]:
        found = self._shapes.get((width, height))
        if found is None:
            radius = measures.RADIUS
            outline = QPainterPath()
            outline.addRoundedRect(QRectF(0, 0, width, height), radius, radius)
            head = QPainterPath()
            if height > measures.HEADER:
                head.moveTo(0, measures.HEADER)
                head.lineTo(0, radius)
                head.quadTo(0, 0, radius, 0)
                head.lineTo(width - radius, 0)
                head.quadTo(width, 0, width, radius)
                head.lineTo(width, measures.HEADER)
                head.closeSubpath()
            else:
                head.addRoundedRect(QRectF(0, 0, width, height), radius, radius)
            found = self._shapes[width, height] = (outline, head)
        return found

    def _texts(self, painter: QPainter, texts: list[tuple[Line, QStaticText]], scale: float) -> None:
        for line, text in texts:
            role = line.role
            if (role == "output" and scale < SHOW_OUTPUT) or (role == "arguments" and scale < SHOW_ARGUMENTS):
                continue
            painter.setFont(self.fonts[role])
            painter.setPen(self._pens[role])
            painter.drawStaticText(QPointF(line.x, line.baseline - self._ascents[role]), text)

    def _badges(self, painter: QPainter, card: Card, scale: float) -> None:
        if not card.badges and not card.nested:
            return
        right = card.width - measures.PADDING + 3
        middle = measures.HEADER / 2
        if card.nested:
            self._chevron(painter, right - 10, middle, opened=card.expanded and not card.repeat)
            right -= measures.CHEVRON
        for badge in reversed(card.badges):
            width = measures.badge_width(badge.text)
            box = QRectF(right - width, middle - measures.BADGE_HEIGHT / 2, width, measures.BADGE_HEIGHT)
            self._badge(painter, badge, box, scale)
            right -= width + measures.BADGE_GAP

    def _badge(self, painter: QPainter, badge: Badge, box: QRectF, scale: float) -> None:
        role = _BADGE_COLORS.get(badge.kind)
        painter.setPen(_NO_PEN)
        painter.setBrush(QColor("#ffffff") if role else self._badge_ground)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        if scale < SHOW_OUTPUT and not role:
            return
        painter.setFont(self.badge_font)
        # On white, whatever the theme: the light theme's colours have the contrast.
        painter.setPen(QColor(_ON_WHITE[role]) if role else self._pens["title"])
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, badge.text or _BADGE_SIGNS.get(badge.kind, "•"))

    def _chevron(self, painter: QPainter, x: float, y: float, *, opened: bool) -> None:
        painter.setPen(QPen(QColor("#ffffff"), 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(x, y), 6.5, 6.5)
        painter.drawLine(QPointF(x - 3, y), QPointF(x + 3, y))
        if not opened:
            painter.drawLine(QPointF(x, y - 3), QPointF(x, y + 3))

    def _ring(self, painter: QPainter, outline: QPainterPath, look: Look) -> None:
        name = (
            "selected"
            if look.selected
            else "found"
            if look.found
            else "related"
            if look.related
            else "hovered"
            if look.hovered
            else ""
        )
        if name:
            painter.setPen(self._rings[name])
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(outline)


_ON_WHITE = {"error": "#c4281f", "warning": "#a35a00"}
"""Signs stand on a white disc in the header, in both themes."""


def chevron_rect(card: Card) -> QRectF:
    """Where a click opens or closes a nested model, from the card's corner."""
    right = card.width - measures.PADDING + 3
    return QRectF(right - measures.CHEVRON - 6, 0, measures.CHEVRON + 12, measures.HEADER)


def route_path(route: list[tuple[float, float]], *, across: bool = False) -> QPainterPath:
    """The curve of a wire; see `kgui.layout.layered.Arrangement`."""
    path = QPainterPath(QPointF(*route[0])) if route else QPainterPath()
    for (x0, y0), (x1, y1) in pairwise(route):
        if across:
            middle = (x0 + x1) / 2
            if y0 == y1:
                path.lineTo(x1, y1)
            else:
                path.cubicTo(middle, y0, middle, y1, x1, y1)
        elif x0 == x1:
            path.lineTo(x1, y1)
        else:
            middle = (y0 + y1) / 2
            path.cubicTo(x0, middle, x1, middle, x1, y1)
    return path
