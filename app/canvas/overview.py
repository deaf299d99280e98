"""The model from far: every card a block of its category's colour, drawn all at once from arrays.

Ten thousand items that paint themselves take 150 ms per frame; the same picture from arrays takes a few.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLine, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from app.canvas.scene import GraphScene

_RING_FROM = 10.0
"""Height in device pixels from which a selected block is shown by a ring around it."""

_BIG = 24.0
"""Blocks at least this wide, in device pixels, are drawn one by one: there cannot be many in sight."""


def paint_overview(
    painter: QPainter, scene: GraphScene, scale: float, origin: tuple[float, float], size: QSize
) -> None:
    """Draws all that is in sight.

    Args:
        painter: In device-independent pixels of the viewport.
        scene: What to draw.
        scale: Pixels per unit of the scene.
        origin: Where the scene's origin is in the viewport.
        size: Of the viewport.
    """
    area = QRectF(-origin[0] / scale, -origin[1] / scale, size.width() / scale, size.height() / scale)
    geometry = scene.geometry
    visible = geometry.cards_in(area)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    _frames(painter, scene, visible[geometry.open[visible]], scale, origin)
    _wires(painter, scene, area, scale, origin)
    if len(visible):
        _blocks(painter, scene, visible, scale, origin, size)
    _rings(painter, scene, scale, origin)


def _frames(
    painter: QPainter, scene: GraphScene, frames: np.ndarray, scale: float, origin: tuple[float, float]
) -> None:
    painter.setPen(QPen(scene.painter.theme["card_line"], 0))
    painter.setBrush(scene.painter.frame_ground)
    for number in frames:
        rect = scene.rect(int(number))
        painter.drawRect(_device(rect, scale, origin))


def _device(rect: QRectF, scale: float, origin: tuple[float, float]) -> QRectF:
    return QRectF(
        rect.x() * scale + origin[0], rect.y() * scale + origin[1], rect.width() * scale, rect.height() * scale
    )


def _wires(painter: QPainter, scene: GraphScene, area: QRectF, scale: float, origin: tuple[float, float]) -> None:
    segments = scene.geometry.segments
    if not len(segments):
        return
    low_x, high_x = np.minimum(segments[:, 0], segments[:, 2]), np.maximum(segments[:, 0], segments[:, 2])
    low_y, high_y = np.minimum(segments[:, 1], segments[:, 3]), np.maximum(segments[:, 1], segments[:, 3])
    visible = (
        (high_x >= area.left()) & (low_x <= area.right()) & (high_y >= area.top()) & (low_y <= area.bottom())
    ) & ((high_x - low_x + high_y - low_y) * scale >= 1.0)
    # Lines that fall on the same pixels are drawn once: in the overview that is most of them.
    lines = segments[visible] * scale + np.array([*origin, *origin])
    whole = np.ascontiguousarray(np.clip(np.rint(lines), -32_000, 32_000).astype(np.int16))
    whole = np.unique(whole.view(np.int64)).view(np.int16).reshape(-1, 4)
    painter.setPen(scene.painter.wire_far)
    painter.drawLines([QLine(*line) for line in whole.tolist()])


def _blocks(
    painter: QPainter,
    scene: GraphScene,
    visible: np.ndarray,
    scale: float,
    origin: tuple[float, float],
    size: QSize,
) -> None:
    geometry = scene.geometry
    left = geometry.left[visible] * scale + origin[0]
    top = geometry.top[visible] * scale + origin[1]
    wide = np.maximum((geometry.right[visible] - geometry.left[visible]) * scale, 1.0)
    high = np.maximum((geometry.bottom[visible] - geometry.top[visible]) * scale, 1.0)
    opened = geometry.open[visible]
    high[opened] = np.maximum(24 * scale, 1.0)
    colors = _colors(scene)
    category = geometry.category[visible]
    big = (wide >= _BIG) | opened
    for index in np.unique(category[big]):
        chosen = big & (category == index)
        rows = np.column_stack([left[chosen], top[chosen], wide[chosen], high[chosen]]).tolist()
        color = colors[index]
        for row in rows:
            painter.fillRect(QRectF(*row), color)
    small = ~big
    if small.any():
        pixels = _pixels(left[small], top[small], wide[small], high[small], category[small], colors, size)
        form = QImage.Format.Format_ARGB32_Premultiplied
        # Drawn before `pixels` is freed: the image does not own its memory.
        painter.drawImage(QPoint(0, 0), QImage(pixels.data, size.width(), size.height(), size.width() * 4, form))


def _colors(scene: GraphScene) -> list[QColor]:
    return [scene.painter.header(name) for name in scene.geometry.categories]


def _pixels(
    left: np.ndarray,
    top: np.ndarray,
    wide: np.ndarray,
    high: np.ndarray,
    category: np.ndarray,
    colors: list[QColor],
    size: QSize,
) -> np.ndarray:
    """Small blocks as a picture: one step per pixel of a block, for all blocks at once."""
    columns, rows = size.width(), size.height()
    pixels = np.zeros((rows, columns), dtype=np.uint32)
    ink = np.array([color.rgba() for color in colors], dtype=np.uint32)[category]
    x0, y0 = np.rint(left).astype(np.int64), np.rint(top).astype(np.int64)
    x1 = np.maximum(np.rint(left + wide).astype(np.int64), x0 + 1)
    y1 = np.maximum(np.rint(top + high).astype(np.int64), y0 + 1)
    for dy in range(int((y1 - y0).max())):
        y = y0 + dy
        in_row = (y < y1) & (y >= 0) & (y < rows)
        if not in_row.any():
            continue
        row_y, row_x0, row_x1, row_ink = y[in_row], x0[in_row], x1[in_row], ink[in_row]
        for dx in range(int((row_x1 - row_x0).max())):
            x = row_x0 + dx
            inside = (x < row_x1) & (x >= 0) & (x < columns)
            pixels[row_y[inside], x[inside]] = row_ink[inside]
    return pixels


def _rings(painter: QPainter, scene: GraphScene, scale: float, origin: tuple[float, float]) -> None:
    """What is selected or found stays in sight as a block with a ring, however small it is."""
    marks = ((scene.found, scene.painter.theme["warning"]), (scene.selected, scene.painter.theme["accent"]))
    for numbers, color in marks:
        painter.setPen(QPen(color, 2))
        for number in list(numbers)[:2_000]:
            rect = _device(scene.rect(number), scale, origin)
            if scene.diagram.cards[number].expanded:
                rect.setHeight(24 * scale)
            # A block that is large enough keeps the colour of its category within the ring.
            painter.setBrush(color if min(rect.width(), rect.height()) < _RING_FROM else Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(-1, -1, 1, 1))
