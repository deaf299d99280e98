"""What floats above the canvas: the zoom box, the minimap and the find bar."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from app.canvas.view import GraphView
from app.theme import on_change, theme


class Floating(QFrame):
    """A box above the canvas, in the colours of the theme."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("floating")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        on_change(self, self._recolor)

    def _recolor(self) -> None:
        look = theme()
        self.setStyleSheet(
            f"#floating {{ background: {look['window'].name()}; border: 1px solid {look['line'].name()};"
            " border-radius: 6px; }"
            " QToolButton { border: none; padding: 3px 8px; background: transparent; border-radius: 4px; }"
            f" QToolButton {{ color: {look['text_dim'].name()}; }}"
            f" QToolButton:hover {{ background: {look['hover'].name()}; color: {look['text'].name()}; }}"
            f" QLabel {{ color: {look['text_dim'].name()}; background: transparent; }}"
        )


class ZoomBox(Floating):
    """− 86 % + Fit."""

    def __init__(self, view: GraphView, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(2)
        self.out = self._button("−", self.tr("Zoom out (−)"), lambda: view.zoom(-1))
        self.factor = self._button("100 %", self.tr("Show at 100 % (1)"), lambda: view.set_scale(1.0))
        self.factor.setMinimumWidth(58)
        self.into = self._button("+", self.tr("Zoom in (+)"), lambda: view.zoom(1))
        self.fit = self._button(self.tr("Fit"), self.tr("Show all of the model (F)"), view.fit)
        for button in (self.out, self.factor, self.into, self.fit):
            row.addWidget(button)
        view.scale_changed.connect(self._show)
        self._show(view.scale_factor)

    def _button(self, text: str, tip: str, call: Callable[[], object]) -> QToolButton:
        button = QToolButton(self, text=text, toolTip=tip, autoRaise=True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(call)
        return button

    def _show(self, scale: float) -> None:
        percent = scale * 100
        self.factor.setText(f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")


class Minimap(QWidget):
    """All of the model in small, with a frame around what is in sight. A press or a drag moves the canvas there."""

    SIZE = QSize(132, 152)
    _MARGIN = 8
    _STRETCH = 12.0
    """How much wider than high a very long model is drawn, so that its branches can still be told apart."""

    def __init__(self, view: GraphView, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self._picture: QPixmap | None = None
        self.setFixedSize(self.SIZE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(self.tr("Map of the model"))
        view.moved.connect(self.update)
        view.graph.arranged.connect(self.redraw)
        on_change(self, self.redraw)

    def redraw(self) -> None:
        """The model or the colours are other ones."""
        self._picture = None
        self.update()

    def _fitting(self) -> tuple[float, float, float, float]:
        """Scale across and down, and the offset of the picture."""
        bounds = self._view.graph.geometry.bounds()
        width, height = self.width() - 2 * self._MARGIN, self.height() - 2 * self._MARGIN
        across, down = width / max(bounds.width(), 1.0), height / max(bounds.height(), 1.0)
        least = min(across, down)
        across, down = min(across, least * self._STRETCH), min(down, least * self._STRETCH)
        return (
            across,
            down,
            (self.width() - bounds.width() * across) / 2 - bounds.left() * across,
            (self.height() - bounds.height() * down) / 2 - bounds.top() * down,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture is made once; the frame moves over it."""
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatioF() != ratio:
            self._picture = self._draw(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        across, down, dx, dy = self._fitting()
        area = self._view.visible_area()
        frame = QRectF(area.x() * across + dx, area.y() * down + dy, area.width() * across, area.height() * down)
        frame = frame.intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))
        painter.setPen(QPen(theme()["accent"], 1.5))
        ground = QColor(theme()["accent"])
        ground.setAlpha(26)
        painter.setBrush(ground)
        if not frame.isEmpty():
            painter.drawRect(frame)

    def _draw(self, ratio: float) -> QPixmap:
        look = theme()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look["line"], 1))
        painter.setBrush(look["window"])
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        scene = self._view.graph
        across, down, dx, dy = self._fitting()
        geometry = scene.geometry
        painter.setPen(QPen(look["card_line"], 1))
        painter.setBrush(scene.painter.frame_ground)
        for number in geometry.open.nonzero()[0].tolist():
            rect = scene.rect(number)
            painter.drawRect(
                QRectF(rect.x() * across + dx, rect.y() * down + dy, rect.width() * across, rect.height() * down)
            )
        closed = ~geometry.open
        columns = (
            (geometry.left * across + dx).round().astype(int),
            (geometry.top * down + dy).round().astype(int),
            ((geometry.right - geometry.left) * across).clip(2).round().astype(int),
            ((geometry.bottom - geometry.top) * down * 0.8).clip(1).round().astype(int),
            geometry.category,
        )
        colors = [scene.painter.header(name) for name in geometry.categories]
        # Cards that fall on the same pixels are drawn once.
        drawn = dict.fromkeys(zip(*(column[closed].tolist() for column in columns), strict=True))
        for x, y, width, height, category in drawn:
            painter.fillRect(x, y, width, height, colors[category])
        painter.end()
        return picture

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Goes there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Goes along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def _go(self, at: QPointF) -> None:
        across, down, dx, dy = self._fitting()
        point = QPointF((at.x() - dx) / across, (at.y() - dy) / down)
        self._view.keep_in_place(point, QPointF(self._view.viewport().rect().center()))


class FindBar(Floating):
    """Finds cards while one types; Enter goes to the next, Shift+Enter to the one before."""

    text_changed = Signal(str)
    stepped = Signal(int)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 5, 5, 5)
        row.setSpacing(4)
        self.field = QLineEdit()
        self.field.setClearButtonEnabled(True)
        self.field.setPlaceholderText(self.tr("Find by name, class, argument or shape"))
        self.field.setMinimumWidth(260)
        self.count = QLabel()
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.count.setMinimumWidth(64)
        self.count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row.addWidget(self.field)
        row.addWidget(self.count)
        for text, tip, call in (
            ("↑", self.tr("Previous (Shift+Enter)"), lambda: self.stepped.emit(-1)),
            ("↓", self.tr("Next (Enter)"), lambda: self.stepped.emit(1)),
            ("×", self.tr("Close (Esc)"), self.closed.emit),
        ):
            button = QToolButton(self, text=text, toolTip=tip, autoRaise=True)
            button.clicked.connect(call)
            row.addWidget(button)
        self.field.textChanged.connect(self.text_changed)
        self.hide()

    def show_count(self, current: int, total: int) -> None:
        """Says where one is among the matches; `current` counts from 1, 0 is none yet."""
        if not self.field.text():
            self.count.setText("")
        elif not total:
            self.count.setText(self.tr("none"))
        elif current:
            self.count.setText(self.tr("{0} of {1}").format(current, total))
        else:
            self.count.setText(self.tr("{0} found").format(total))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Shift+Enter, F3 and Escape."""
        back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F3):
            self.stepped.emit(-1 if back else 1)
        elif event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
