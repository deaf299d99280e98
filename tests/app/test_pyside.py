"""Bugs of PySide6 that would kill the window."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtGui import QFont, QPainter, QPen, QPixmap

pytestmark = pytest.mark.gui


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal there")
def test_void_calls_keep_the_references_to_none(qapp) -> None:
    # PySide6 6.12.0 on Python 3.11 loses one at each call, and the process dies after some thousand of them.
    pixels = QPixmap(8, 8)
    painter = QPainter(pixels)
    before = sys.getrefcount(None)
    for _ in range(1000):
        painter.setPen(QPen())
        painter.setFont(QFont())
        painter.drawLine(0, 0, 4, 4)
    after = sys.getrefcount(None)
    painter.end()
    assert abs(after - before) < 100
