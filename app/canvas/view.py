"""The view of a graph: zoom, pan, keys, and the drawing of everything that is not a card."""

from __future__ import annotations

import html

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QToolTip

from app.canvas.collector import collector_paused
from app.canvas.gestures import Gesture, Pan, Rearrange, Select
from app.canvas.overview import paint_overview
from app.canvas.paint import FAR, SHOW_LABELS, chevron_rect
from app.canvas.scene import GraphScene
from app.theme import theme
from kgui.layout import card as measures

MAX_SCALE = 4.0
FIT_MARGIN = 32
_STEP = 1.2
_GRID = 24
_LABEL_LINE = 11
_MOST_LABELS = 3
"""Shapes that stand above each other at one card; those of more wires are said by their tooltips."""
_GRID_FROM = 0.45
"""Scale from which on the canvas has dots."""


class GraphView(QGraphicsView):
    """Shows a `GraphScene`.

    Near, Qt paints one item per card in sight. Far out, all of it is painted at once from arrays
    (`app.canvas.overview`), because thousands of items cannot be painted one by one in a frame.
    """

    scale_changed = Signal(float)
    moved = Signal()
    """Another part of the scene is in sight."""
    nested_requested = Signal(object)
    """A nested model was double-clicked: its card's number."""

    def __init__(self, scene: GraphScene) -> None:
        super().__init__(scene)
        self.graph = scene
        self._gesture: Gesture | None = None
        self._space = False
        self._ground: tuple[tuple[float, QSize, int], QPixmap] | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        scene.look_changed.connect(self.viewport().update)
        self.setAccessibleName(self.tr("Graph of the model"))

    # Where the view is

    @property
    def scale_factor(self) -> float:
        """Pixels per unit of the scene; 1 is 100 %."""
        return self.transform().m11()

    def visible_area(self) -> QRectF:
        """What is in sight, in scene coordinates."""
        return QRectF(
            self.mapToScene(QPoint(0, 0)),
            QPointF(
                self.mapToScene(QPoint(0, 0)).x() + self.viewport().width() / self.scale_factor,
                self.mapToScene(QPoint(0, 0)).y() + self.viewport().height() / self.scale_factor,
            ),
        )

    def scroll_by(self, pixels: QPoint) -> None:
        """Moves what is in sight."""
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() + pixels.x())
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + pixels.y())
        self.viewport().update()
        self.moved.emit()

    def set_scale(self, scale: float, anchor: QPointF | None = None) -> None:
        """Zooms.

        Args:
            scale: Pixels per unit.
            anchor: The point of the viewport that stays where it is: the pointer, or by default the middle.
        """
        scale = min(max(scale, self.least_scale()), MAX_SCALE)
        if anchor is None:
            anchor = QPointF(self.viewport().rect().center())
        transform = self.viewportTransform().inverted()[0]
        kept = transform.map(anchor)
        self.setTransform(QTransform.fromScale(scale, scale))
        self.take_range()
        self._bring(kept, anchor)
        self.scale_changed.emit(scale)
        self.moved.emit()

    def zoom(self, steps: float, anchor: QPointF | None = None) -> None:
        """Zooms in by steps, out by negative ones."""
        self.set_scale(self.scale_factor * _STEP**steps, anchor)

    def least_scale(self) -> float:
        """As far out as it makes sense: all of the model in half of the view."""
        return min(0.2, self._fitting(self.graph.geometry.bounds()) / 2)

    def fit(self) -> None:
        """Shows all of the model, at 100 % at the most."""
        self.show_area(self.graph.geometry.bounds(), most=1.0)

    def start_view(self) -> None:
        """The first sight of a model: all of it if that can be read, else its beginning."""
        bounds = self.graph.geometry.bounds()
        if self._fitting(bounds) >= FAR:
            self.fit()
            return
        scale = 1.0
        self.setTransform(QTransform.fromScale(scale, scale))
        self.take_range()
        first = self.graph.rect(self._first()) if self.graph.diagram.cards else bounds
        if self.graph.placement.direction == "TB":
            self._bring(QPointF(first.center().x(), first.top()), QPointF(self.viewport().width() / 2, FIT_MARGIN))
        else:
            self._bring(QPointF(first.left(), first.center().y()), QPointF(FIT_MARGIN, self.viewport().height() / 2))
        self.scale_changed.emit(scale)
        self.moved.emit()

    def show_area(self, area: QRectF, most: float = MAX_SCALE) -> None:
        """Zooms and moves so that an area fills the view."""
        if area.isEmpty():
            area = area.adjusted(-50, -50, 50, 50)
        self.setTransform(QTransform.fromScale(1, 1))
        scale = max(min(self._fitting(area), most), self.least_scale())
        self.setTransform(QTransform.fromScale(scale, scale))
        self.take_range()
        self._bring(area.center(), QPointF(self.viewport().rect().center()))
        self.scale_changed.emit(scale)
        self.moved.emit()

    def show_at(self, scale: float, centre: QPointF) -> None:
        """Shows a point of the scene in the middle, at a scale: what an earlier view was left with."""
        scale = min(max(scale, self.least_scale()), MAX_SCALE)
        self.setTransform(QTransform.fromScale(scale, scale))
        self.take_range()
        self._bring(centre, QPointF(self.viewport().rect().center()))
        self.scale_changed.emit(scale)
        self.moved.emit()

    def show_selection(self) -> None:
        """Zooms to what is selected, or to everything."""
        area = QRectF()
        for number in self.graph.selected:
            area = area.united(self.graph.rect(number))
        if area.isNull():
            self.fit()
        else:
            self.show_area(area, most=1.5)

    def bring_into_sight(self, number: int) -> None:
        """Moves, and zooms if the card could not be read, until a card is well within the view."""
        rect = self.graph.rect(number)
        if self.graph.diagram.cards[number].expanded:
            rect.setHeight(measures.HEADER)
        if self.scale_factor < SHOW_READABLE:
            self.setTransform(QTransform.fromScale(1, 1))
            self.take_range()
            self._bring(rect.center(), QPointF(self.viewport().rect().center()))
            self.scale_changed.emit(1.0)
        elif not self.visible_area().adjusted(8, 8, -8, -8).contains(rect):
            self._bring(rect.center(), QPointF(self.viewport().rect().center()))
        self.viewport().update()
        self.moved.emit()

    def keep_in_place(self, point: QPointF, at: QPointF) -> None:
        """Moves so that a point of the scene is at a point of the viewport."""
        self.take_range()
        self._bring(point, at)
        self.viewport().update()
        self.moved.emit()

    def _first(self) -> int:
        geometry = self.graph.geometry
        return int(geometry.top.argmin() if self.graph.placement.direction == "TB" else geometry.left.argmin())

    def _fitting(self, area: QRectF) -> float:
        width = max(self.viewport().width() - 2 * FIT_MARGIN, 16)
        height = max(self.viewport().height() - 2 * FIT_MARGIN, 16)
        return min(width / max(area.width(), 1.0), height / max(area.height(), 1.0))

    def take_range(self) -> None:
        """Lets the user move the model to the edge of the view, but not out of it."""
        scale = self.scale_factor
        room_x = self.viewport().width() / scale
        room_y = self.viewport().height() / scale
        self.setSceneRect(self.graph.geometry.bounds().adjusted(-room_x, -room_y, room_x, room_y))

    def _bring(self, point: QPointF, at: QPointF) -> None:
        now = self.viewportTransform().map(point)
        horizontal, vertical = self.horizontalScrollBar(), self.verticalScrollBar()
        horizontal.setValue(round(horizontal.value() + now.x() - at.x()))
        vertical.setValue(round(vertical.value() + now.y() - at.y()))

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        """Far out everything at once, near as Qt does it."""
        with collector_paused():
            self._paint(event)

    def _paint(self, event: QPaintEvent) -> None:
        if self.scale_factor >= FAR:
            self.graph.start_frame()
            self.graph.make_items(self.visible_area())
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme()["canvas"])
        transform = self.viewportTransform()
        origin = (transform.dx(), transform.dy())
        paint_overview(painter, self.graph, transform.m11(), origin, self.viewport().size())
        painter.end()

    def drawBackground(self, painter: QPainter, rect: QRectF | object) -> None:
        """Dots, frames of open nested models, wires."""
        area = QRectF(rect)
        transform = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        self._dots(painter, transform)
        painter.restore()
        scene = self.graph
        geometry = scene.geometry
        visible = geometry.cards_in(area)
        self._frames(painter, visible[geometry.open[visible]])
        self._wires(painter, area)

    def _dots(self, painter: QPainter, transform: QTransform) -> None:
        """The ground is one picture per scale, so that moving costs one copy of it."""
        scale = transform.m11()
        size = self.viewport().size()
        key = (scale, size, theme()["canvas"].rgba())
        step = _GRID * scale
        if self._ground is None or self._ground[0] != key:
            ratio = self.devicePixelRatioF()
            pixmap = QPixmap((size + QSize(int(step) + 2, int(step) + 2)) * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(theme()["canvas"])
            if scale >= _GRID_FROM:
                pen = QPainter(pixmap)
                pen.setPen(QPen(theme()["grid"], 1.5 if scale >= 0.8 else 1))
                columns, rows = int(size.width() / step) + 2, int(size.height() / step) + 2
                pen.drawPoints([QPointF(x * step, y * step) for x in range(columns) for y in range(rows)])
                pen.end()
            self._ground = (key, pixmap)
        painter.drawPixmap(QPointF(transform.dx() % step - step, transform.dy() % step - step), self._ground[1])

    def _frames(self, painter: QPainter, frames: np.ndarray) -> None:
        painter.setPen(QPen(theme()["card_line"], 1))
        painter.setBrush(self.graph.painter.frame_ground)
        for number in frames:
            painter.drawRoundedRect(self.graph.rect(int(number)), measures.RADIUS, measures.RADIUS)

    def _wires(self, painter: QPainter, area: QRectF) -> None:
        scene = self.graph
        painter.setBrush(Qt.BrushStyle.NoBrush)
        lit = scene.wires_of(scene.selected) if scene.selected else set()
        painter.setPen(scene.painter.wire)
        visible = scene.geometry.wires_in(area).tolist()
        for edge in visible:
            if edge not in lit:
                painter.drawPath(scene.path(edge))
        if lit:
            painter.setPen(scene.painter.wire_selected)
            for edge in visible:
                if edge in lit:
                    painter.drawPath(scene.path(edge))
        scale = self.scale_factor
        self._ports(painter, visible, lit)
        if scale >= SHOW_LABELS:
            self._labels(painter, visible, area)

    def _ports(self, painter: QPainter, visible: list[int], lit: set[int]) -> None:
        """A dot where a wire arrives: the direction of the graph at a glance."""
        painter.setPen(Qt.PenStyle.NoPen)
        routes = self.graph.placement.routes
        for edge in visible:
            painter.setBrush(theme()["accent"] if edge in lit else theme()["edge"])
            x, y = routes[edge][-1]
            painter.drawEllipse(QPointF(x, y), 3, 3)

    def _labels(self, painter: QPainter, visible: list[int], area: QRectF) -> None:
        """Shapes on the wires, beside the point where each arrives; several at one card stand above each other."""
        scene = self.graph
        painter.setFont(scene.painter.label_font)
        painter.setPen(theme()["text_faint"])
        across = scene.placement.direction == "LR"
        routes, edges = scene.placement.routes, scene.diagram.edges
        rows: dict[int, int] = {}
        for edge in sorted(visible, key=lambda number: routes[number][-1], reverse=True):
            wire = edges[edge]
            x, y = routes[edge][-1]
            if not wire.label or not area.contains(x, y):
                continue
            row = rows[wire.target] = rows.get(wire.target, -1) + 1
            if row == _MOST_LABELS:
                rows[wire.target] -= 1
                continue
            text = f"{wire.keyword} {wire.label}" if wire.keyword else wire.label
            dx, dy = (-90, 0) if across else (6, _LABEL_LINE * row)
            painter.drawText(QPointF(x + dx, y - 6 - dy), text)

    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Starts a gesture."""
        if self._gesture is not None:
            return
        left = event.button() == Qt.MouseButton.LeftButton
        point = self.mapToScene(event.position().toPoint())
        number = self.graph.card_at(point)
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self._begin(Pan(self), event)
        elif left and number is not None and self._on_chevron(number, point):
            self.toggle_nested(number)
        elif left and number is not None:
            self._begin(Rearrange(self, number), event)
        elif left:
            self._begin(Select(self), event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Goes on with the gesture, or lights up what is below the pointer."""
        if self._gesture is not None:
            self._gesture.move(event)
            return
        self.graph.set_hovered(self.graph.card_at(self.mapToScene(event.position().toPoint())))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ends the gesture."""
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.end(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Opens a nested model in a tab of its own."""
        point = self.mapToScene(event.position().toPoint())
        number = self.graph.card_at(point)
        if number is None:
            return
        card = self.graph.diagram.cards[number]
        if card.repeat or self._on_chevron(number, point):
            self.toggle_nested(number)
        elif card.nested:
            self.nested_requested.emit(number)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is below the pointer any more."""
        self.graph.set_hovered(None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolls; with Ctrl zooms at the pointer."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(event.angleDelta().y() / 120, event.position())
        else:
            by = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() * 0.6
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                by = QPoint(by.y() or by.x(), 0)
            self.scroll_by(QPoint(-by.x(), -by.y()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys of the canvas; others go to the window."""
        key = event.key()
        if key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif key == Qt.Key.Key_Escape and self._gesture is not None:
            gesture, self._gesture = self._gesture, None
            gesture.cancel()
        elif key == Qt.Key.Key_Escape and self.graph.session.selection:
            self.graph.session.selection = ()
        elif key in _DIRECTIONS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.walk(key)
        elif key in _KEYS and not event.modifiers() & _MODIFIERS:
            _KEYS[key](self)
        elif key == Qt.Key.Key_A and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.graph.select(range(len(self.graph.diagram.cards)))
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space no longer moves the canvas."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.viewport().unsetCursor()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QEvent) -> None:
        """A key released elsewhere is not seen here."""
        self._space = False
        super().focusOutEvent(event)

    def walk(self, key: Qt.Key) -> None:
        """Selects the next card along the wires, or beside the current one."""
        scene = self.graph
        current = scene.session.current
        here = scene.numbers(current) if current is not None else []
        if not here:
            if scene.diagram.cards:
                self._go(self._first())
            return
        along = _DIRECTIONS[key]
        if scene.placement.direction == "LR":
            along = _ACROSS[along]
        number = here[0]
        if along in ("forward", "back"):
            near = scene.readers(number) if along == "forward" else scene.inputs(number)
            following = self._nearest(number, near)
        else:
            following = self._beside(number, right=along == "right")
        if following is not None:
            self._go(following)

    def _go(self, number: int) -> None:
        self.graph.select([number])
        self.bring_into_sight(number)

    def _nearest(self, number: int, among: list[int]) -> int | None:
        middle = self.graph.rect(number).center()
        choices = [other for other in among if other != number]
        return min(choices, key=lambda n: (self.graph.rect(n).center() - middle).manhattanLength(), default=None)

    def _beside(self, number: int, *, right: bool) -> int | None:
        """The nearest card to one side that stands at least partly in the same row."""
        scene = self.graph
        rect = scene.rect(number)
        turned = scene.placement.direction == "LR"
        huge = 1e9
        band = (
            QRectF(rect.left(), -huge, rect.width(), 2 * huge)
            if turned
            else QRectF(-huge, rect.top(), 2 * huge, rect.height())
        )
        parent = scene.diagram.cards[number].parent

        def distance(other: int) -> float:
            by = scene.rect(other).center() - rect.center()
            step = by.y() if turned else by.x()
            return step if right else -step

        row = [
            int(n)
            for n in scene.geometry.cards_in(band)
            if n != number and scene.diagram.cards[n].parent == parent and distance(int(n)) > 0
        ]
        return min(row, key=distance, default=None)

    def toggle_nested(self, number: int) -> None:
        """Opens a nested model in place, or closes it; its header stays below the pointer."""
        scene = self.graph
        place = scene.diagram.cards[number].place
        before = self.mapFromScene(scene.rect(number).topLeft())

        def keep() -> None:
            scene.arranged.disconnect(keep)
            again = scene.at(place)
            if again is None:
                # A frame of repeated blocks is gone once it is open: its first layer is where it was.
                again = scene.at((*place[:-1], (-1 - place[-1][0], 0)))
            if again is not None:
                self.keep_in_place(scene.rect(again).topLeft(), QPointF(before))

        scene.arranged.connect(keep)
        scene.expand(number)

    def toggle_current(self) -> None:
        """Opens or closes the selected nested model."""
        for number in sorted(self.graph.selected)[:1]:
            if self.graph.diagram.cards[number].nested:
                self.toggle_nested(number)

    def _begin(self, gesture: Gesture, event: QMouseEvent) -> None:
        self._gesture = gesture
        gesture.start(event)

    def _on_chevron(self, number: int, point: QPointF) -> bool:
        card = self.graph.diagram.cards[number]
        corner = self.graph.rect(number).topLeft()
        return card.nested and self.scale_factor >= FAR and chevron_rect(card).contains(point - corner)

    def viewportEvent(self, event: QEvent) -> bool:
        """Tooltips, and pinching on a touchpad."""
        if event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tooltip_at(self.mapToScene(event.pos())), self.viewport())
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.set_scale(self.scale_factor * (1 + event.value()), event.position())
            return True
        return super().viewportEvent(event)

    def tooltip_at(self, point: QPointF) -> str:
        """What a card or a wire at a point says, uncut. Names from files are text, whatever they look like."""
        number = self.graph.card_at(point)
        if number is not None:
            card = self.graph.diagram.cards[number]
            rows = [card.title, card.name, card.arguments, card.output, *(badge.detail for badge in card.badges)]
        else:
            edge = self.graph.wire_at(point, 5 / self.scale_factor)
            if edge is None:
                return ""
            wire = self.graph.diagram.edges[edge]
            source, target = (self.graph.diagram.cards[end] for end in (wire.source, wire.target))
            rows = [f"{source.name} → {target.name}", wire.label]
            if wire.tensor:
                rows.append(self.tr("output {0}").format(wire.tensor))
            if wire.keyword:
                rows.append(self.tr("given as {0}").format(wire.keyword))
        text = "\n".join(row for row in rows if row)
        return f'<p style="white-space:pre-wrap">{html.escape(text)}</p>'

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the middle in the middle."""
        super().resizeEvent(event)
        self.take_range()
        if event.oldSize().isValid():
            by = (event.oldSize() - event.size()) / 2
            self.scroll_by(QPoint(by.width(), 0))
        self.moved.emit()


SHOW_READABLE = 0.55
_MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
_DIRECTIONS = {
    Qt.Key.Key_Down: "forward",
    Qt.Key.Key_Up: "back",
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
}
_ACROSS = {"forward": "right", "back": "left", "left": "back", "right": "forward"}
_KEYS = {
    Qt.Key.Key_F: GraphView.fit,
    Qt.Key.Key_1: lambda view: view.set_scale(1.0),
    Qt.Key.Key_2: GraphView.show_selection,
    Qt.Key.Key_Plus: lambda view: view.zoom(1),
    Qt.Key.Key_Equal: lambda view: view.zoom(1),
    Qt.Key.Key_Minus: lambda view: view.zoom(-1),
    Qt.Key.Key_Return: GraphView.toggle_current,
    Qt.Key.Key_Enter: GraphView.toggle_current,
}
"""Keys without modifiers, and what they do."""
