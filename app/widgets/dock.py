"""A dock whose content is made when it is first seen, with a quiet head where no tab names it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QToolButton, QVBoxLayout, QWidget

from app.theme import icon
from app.widgets.labels import label

LEAST = 104
"""Pixels of height that every panel keeps: in a low window Qt would take all of it from those at the bottom."""


class Dock(QDockWidget):
    """A dock of the window.

    Args:
        name: For saving the arrangement, and for finding it.
        title: What its tab says.
        make: Makes the content, when it is first seen.
    """

    def __init__(self, name: str, title: str, make: Callable[[], QWidget], window: QMainWindow) -> None:
        super().__init__(title, window)
        self.setObjectName(name)
        self.moving = False
        self._make: Callable[[], QWidget] | None = make
        self._holder = QWidget()
        self._holder.setProperty("role", "dock")
        self._holder.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._holder.setMinimumHeight(LEAST)
        layout = QVBoxLayout(self._holder)
        layout.setContentsMargins(0, 1, 0, 0)
        self.setWidget(self._holder)
        self._head = self._make_head(title)
        self._no_head = QWidget(self)
        self.setTitleBarWidget(self._no_head)
        self.visibilityChanged.connect(self._seen)

    def content(self) -> QWidget:
        """The content, made now if it was not made before."""
        if self._make is not None:
            make, self._make = self._make, None
            self._holder.layout().addWidget(make())
        return self._holder.layout().itemAt(0).widget()

    @property
    def made(self) -> bool:
        """Whether the content has been made."""
        return self._make is None

    def fit_head(self) -> None:
        """A dock among tabs is named by its tab, one by itself by its head, a floating one by the desktop."""
        window = self.parent()
        alone = isinstance(window, QMainWindow) and not [
            dock for dock in window.tabifiedDockWidgets(self) if dock.isVisibleTo(window) or not dock.isHidden()
        ]
        wanted = None if self.isFloating() else self._head if alone else self._no_head
        if self.titleBarWidget() is not wanted:
            old = self.titleBarWidget()
            self.setTitleBarWidget(wanted)
            if old is not None:
                old.hide()
            if wanted is not None:
                wanted.show()

    def _make_head(self, title: str) -> QWidget:
        head = QWidget(self)
        head.setProperty("role", "docktitle")
        head.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        head.hide()
        layout = QHBoxLayout(head)
        layout.setContentsMargins(14, 0, 4, 0)
        layout.setSpacing(0)
        layout.addWidget(label(title, "docktab"))
        layout.addStretch(1)
        for name, tip, call in (
            ("panel", self.tr("Take this panel out of the window, or put it back"), self._toggle_floating),
            ("close", self.tr("Hide this panel (View > Panels shows it again)"), self.close),
        ):
            button = QToolButton()
            button.setIcon(icon(name))
            button.setIconSize(QSize(12, 12))
            button.setToolTip(tip)
            button.clicked.connect(call)
            layout.addWidget(button)
        return head

    def _toggle_floating(self) -> None:
        self.setFloating(not self.isFloating())

    def settle(self) -> None:
        """Ends the moving of docks, which shows each for a moment: makes the content if this one is still seen."""
        self.moving = False
        self._seen(self.isVisible())

    def _seen(self, visible: bool) -> None:
        if visible and not self.moving:
            self.content()
