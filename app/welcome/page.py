"""The welcome page."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.theme import icon, on_change
from app.widgets.labels import ElidedLabel, label
from app.words import place, tip
from kgui import resources

WIDTH = 760


class WelcomePage(QScrollArea):
    """A drop target, the bundled samples, and recent files; scrolled where the window is too low for them.

    Args:
        open_action: The window's action "open".
    """

    open_requested = Signal(object)
    """This path should be opened."""

    def __init__(self, open_action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent, widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        page.setProperty("role", "page")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._icon = QLabel()
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self._icon)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label("kgui", "title"))
        words.addWidget(label(self.tr("Open, understand, build and train Keras models."), "dim", wrap=True))
        head.addLayout(words, 1)
        self.zone = DropZone(open_action)
        samples = self._column(self.tr("Samples"))
        for path in bundled():
            samples.addWidget(
                self._entry("layers", sample_name(path), self.tr("Project: model, data and training plan"), path)
            )
        samples.addStretch(1)
        self._recent = self._column(self.tr("Recent"))
        columns = QHBoxLayout()
        columns.setSpacing(32)
        columns.addLayout(samples, 1)
        columns.addLayout(self._recent, 1)
        inner = QWidget()
        inner.setMaximumWidth(WIDTH)
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(32, 32, 32, 32)
        layout.setSpacing(24)
        layout.addLayout(head)
        layout.addWidget(self.zone)
        layout.addLayout(columns)
        outer = QVBoxLayout(page)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addStretch(1)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(inner, 100)
        middle.addStretch(1)
        outer.addLayout(middle)
        outer.addStretch(2)
        self.show_recent([])
        self.setWidget(page)
        on_change(self, self._paint_icon)

    def show_recent(self, paths: list[Path]) -> None:
        """Lists recent files, newest first."""
        while self._recent.count() > 1:
            item = self._recent.takeAt(1)
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for path in paths[:6]:
            self._recent.addWidget(self._entry("file", path.name, place(path.parent), path))
        if not paths:
            self._recent.addWidget(label(self.tr("Files that you open are listed here."), "faint", wrap=True))
        self._recent.addStretch(1)

    def _column(self, title: str) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(label(title, "section"))
        return column

    def _entry(self, icon_name: str, title: str, subtitle: str, path: Path) -> Entry:
        entry = Entry(icon_name, title, subtitle)
        entry.setToolTip(tip(str(path)))
        entry.clicked.connect(lambda: self.open_requested.emit(path))
        return entry

    def _paint_icon(self) -> None:
        self._icon.setPixmap(icon("kgui", "accent").pixmap(QSize(48, 48), self.devicePixelRatio()))


class Entry(QPushButton):
    """A file that can be opened: a name, and below it where it is."""

    def __init__(self, icon_name: str, title: str, subtitle: str) -> None:
        super().__init__()
        self.setProperty("role", "entry")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(title)
        picture = QLabel()
        on_change(picture, lambda: picture.setPixmap(icon(icon_name, "accent").pixmap(18, 18)))
        picture.setFixedWidth(22)
        name, place = ElidedLabel(title), ElidedLabel(subtitle, role="dim", mode=Qt.TextElideMode.ElideMiddle)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(name)
        words.addWidget(place)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(8)
        layout.addWidget(picture)
        layout.addLayout(words, 1)
        # A button asks for room for its own text, of which it has none: its two lines would lie over each other.
        self.setMinimumHeight(layout.sizeHint().height())
        for part in (picture, name, place):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


class DropZone(QFrame):
    """A large frame that says what can be dropped; a click opens the file dialog."""

    def __init__(self, open_action: QAction) -> None:
        super().__init__()
        self._action = open_action
        self.setProperty("role", "dropzone")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(open_action.text())
        self.setMinimumHeight(136)
        picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        on_change(picture, lambda: picture.setPixmap(icon("drop", "text_dim").pixmap(28, 28)))
        first = label(self.tr("Drop models or projects anywhere in the window, or click to choose"), wrap=False)
        first.setAlignment(Qt.AlignmentFlag.AlignCenter)
        second = label(
            self.tr(
                "Keras of any year: .keras, .h5, SavedModel folders, checkpoints, .json, .yaml; and .kgui projects"
            ),
            "dim",
        )
        second.setWordWrap(True)
        second.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(6)
        layout.addStretch(1)
        layout.addWidget(picture)
        layout.addWidget(first)
        layout.addWidget(second)
        layout.addStretch(1)

    def light(self, on: bool) -> None:
        """Shows that what is dragged over the window would be taken."""
        self.setProperty("lit", on)
        self.style().unpolish(self)
        self.style().polish(self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click opens the file dialog."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._action.trigger()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and space open the file dialog."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._action.trigger()
        else:
            super().keyPressEvent(event)


def bundled() -> list[Path]:
    """The sample projects that ship with kgui, by name."""
    return sorted(resources.path("samples").glob("**/*.kgui"))


def sample_name(path: Path) -> str:
    """What a bundled project calls itself."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8")).get("name") or path.stem)
    except (OSError, ValueError):
        return path.stem
