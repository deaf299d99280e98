"""The tab of a comparison: both canvases, what the colours mean, and how far the reader is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.compare.comparison import Comparison
from app.compare.kinds import KINDS, Kind, kind_of, sign_icon
from app.compare.link import Link
from app.compare.marks import Marks
from app.session import LayerPath, Session
from app.theme import icon, on_change, set_role
from app.widgets.labels import ElidedLabel, label
from app.words import about, place
from kgui.errors import KguiError, ProcessDied

WAIT = 200
"""Milliseconds after which the page says that it is at work."""
LINGER = 1000
"""Milliseconds for which the models outlive the page."""
SIDES = ("A", "B")
MAP_FROM = 600
"""Width of a canvas, in pixels, from which on it has a map."""


class ComparePage(QWidget):
    """Two models side by side.

    Args:
        comparison: What is compared; belongs to the page from now on.
        make_canvas: Makes a canvas of a session: an `app.canvas.Canvas`.

    Attributes:
        comparison: What is compared.
        canvases: Both canvases, once the reader has brought the models.
    """

    step_requested = Signal(int)
    """The next (1) or previous (-1) difference is wanted."""
    session_changed = Signal()
    """`session` is another one."""

    def __init__(
        self, comparison: Comparison, make_canvas: Callable[[Session], Any], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.comparison = comparison
        comparison.setParent(self)
        self._make_canvas = make_canvas
        self.canvases: tuple[Any, ...] = ()
        self._marks: tuple[Marks, ...] = ()
        self._link: Link | None = None
        self._first = True
        self._chips = {name: _Chip(kind) for name, kind in KINDS.items()}
        self._names = [_SideName(side) for side in SIDES]
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(1)
        self._holders = []
        for name in self._names:
            holder = QWidget()
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            column.addWidget(name)
            self._holders.append(holder)
            self._splitter.addWidget(holder)
        self._status = _Status()
        self._status.pressed.connect(self._pressed)
        self._waiting = _Waiting()
        self._waiting.pressed.connect(self._pressed)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._waiting)
        self._stack.addWidget(self._splitter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._make_bar())
        layout.addWidget(self._status)
        layout.addWidget(self._stack, 1)
        self._late = QTimer(self, singleShot=True, interval=WAIT)
        self._late.timeout.connect(self._tell)
        self._start_view = QTimer(self, singleShot=True, interval=0)
        self._start_view.timeout.connect(self._show_beginning)
        comparison.models_changed.connect(self._models_changed)
        comparison.difference_changed.connect(self._difference_changed)
        comparison.state_changed.connect(self._state_changed)
        comparison.side_changed.connect(self._side_changed)
        on_change(self, self._recolor)

    @property
    def session(self) -> Session | None:
        """The model of the side that the user works in: what the docks show."""
        return self.comparison.session

    @property
    def busy(self) -> bool:
        """Whether something is about to change the picture."""
        return self.comparison.busy or self._start_view.isActive() or any(canvas.busy for canvas in self.canvases)

    @property
    def linked(self) -> bool:
        """Whether both views move together."""
        return self.link_button.isChecked()

    def close_down(self) -> None:
        """The tab is being closed: nobody waits for the reader any more."""
        self._late.stop()
        self.comparison.stop()
        # The docks show its documents until their turn to show another one comes: they live a little longer.
        self.comparison.setParent(self.window())
        QTimer.singleShot(LINGER, self.comparison, self.comparison.deleteLater)

    def _make_bar(self) -> QWidget:
        bar = QWidget()
        bar.setProperty("role", "tabstrip")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 3, 8, 3)
        row.setSpacing(12)
        for chip in self._chips.values():
            row.addWidget(chip)
        row.addStretch(1)
        tools = QHBoxLayout()
        tools.setSpacing(2)
        for name, words, call in (
            ("up", self.tr("Previous difference (Shift+F8)"), lambda: self.step_requested.emit(-1)),
            ("down", self.tr("Next difference (F8)"), lambda: self.step_requested.emit(1)),
        ):
            tools.addWidget(_tool(name, words, call))
        self.link_button = _tool("link", self.tr("Both views move together"), self._toggle_link, on=True)
        self.dim_button = _tool("dim", self.tr("Layers that are equal step back"), self._toggle_dim, on=True)
        tools.addWidget(self.link_button)
        tools.addWidget(self.dim_button)
        tools.addWidget(_tool("swap", self.tr("Swap A and B"), self.comparison.swap))
        row.addLayout(tools)
        return bar

    # What the comparison says

    def _models_changed(self) -> None:
        for widget in (*self._marks, *self.canvases):
            widget.hide()
            widget.deleteLater()
        if self._link is not None:
            self._link.on = False
            self._link.deleteLater()
        assert self.comparison.sessions is not None
        self.canvases = tuple(self._make_canvas(session) for session in self.comparison.sessions)
        for holder, canvas in zip(self._holders, self.canvases, strict=True):
            holder.layout().addWidget(canvas, 1)
        views = tuple(canvas.view for canvas in self.canvases)
        self._marks = tuple(Marks(view, marks) for view, marks in zip(views, self.comparison.marks, strict=True))
        for marks in self._marks:
            marks.set_dim(self.dim_button.isChecked())
        self._link = Link((views[0], views[1]), self.comparison.pairs, self)
        self._link.on = False
        for canvas in self.canvases:
            canvas.ready.connect(self._start_view.start)
            canvas.view.viewport().installEventFilter(self)
            canvas.installEventFilter(self)
        for name, path, session in zip(self._names, self.comparison.paths, self.comparison.sessions, strict=True):
            name.show_model(path.name, place(path), session)
        self._first = True
        self._stack.setCurrentIndex(1)
        self._splitter.setSizes([1000, 1000])
        self._start_view.start()
        self.session_changed.emit()

    def _difference_changed(self) -> None:
        found = self.comparison.difference
        if found is None:
            return
        for marks, shown in zip(self._marks, self.comparison.marks, strict=False):
            marks.show_marks(shown)
        counts = Counter(kind_of(change).id for change in found.layers)
        for name, chip in self._chips.items():
            chip.show_count(counts[name])
        if self._link is not None:
            self._link.forget()

    def _state_changed(self) -> None:
        if self.comparison.busy and self._waiting_now():
            if not self._late.isActive():
                self._late.start()
            return
        self._tell()

    def _waiting_now(self) -> bool:
        return self._status.isHidden() and self.comparison.fraction is None

    def _tell(self) -> None:
        state = self.comparison.state
        shown = self.comparison.sessions is not None
        text, button = self._words()
        self._stack.setCurrentIndex(1 if shown else 0)
        self._status.setVisible(shown and state != "done")
        for widget in (self._status, self._waiting):
            widget.show_state(
                text, button, self.comparison.fraction, busy=self.comparison.busy, failed=state == "failed"
            )

    def _words(self) -> tuple[str, str]:
        comparison = self.comparison
        names = {"a": comparison.paths[0].name, "b": comparison.paths[1].name}
        if comparison.state == "failed":
            return self._failure(), self.tr("Try again")
        return {
            "structure": (self.tr("Comparing {a} with {b} …").format(**names), self.tr("Cancel")),
            "values": (self.tr("Comparing the values of the weights …"), self.tr("Cancel")),
            "stopped": (self.tr("The values of the weights were not compared."), self.tr("Compare")),
            "done": ("", ""),
        }[comparison.state]

    def _failure(self) -> str:
        error = self.comparison.error
        if isinstance(error, ProcessDied):
            return self.tr("The reader ended while it compared the models. Nothing is lost.")
        if isinstance(error, KguiError):
            return str(error)
        return self.tr("The models could not be compared because of an error in kgui itself. The log says more.")

    def _pressed(self) -> None:
        if self.comparison.busy:
            self.comparison.stop()
        else:
            self.comparison.start()

    def _side_changed(self) -> None:
        for side, name in enumerate(self._names):
            name.set_active(side == self.comparison.side)
        self.session_changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A press on a canvas says in which model the user works."""
        if event.type() == QEvent.Type.MouseButtonPress:
            for side, canvas in enumerate(self.canvases):
                if watched is canvas.view.viewport():
                    self.comparison.side = side
        elif event.type() == QEvent.Type.Resize and watched in self.canvases:
            # Half of a window is narrow: there the map would cover the cards.
            room = watched.minimap.SIZE if watched.width() >= MAP_FROM else QSize(0, 0)
            watched.minimap.setFixedSize(room)
        return super().eventFilter(watched, event)

    # Views

    def _show_beginning(self) -> None:
        """Once both are laid out: the same place of both, all of it where that can be read."""
        if not self._first or self._link is None or any(canvas.busy for canvas in self.canvases):
            return
        self._first = False
        self._link.forget()
        # The smaller scale of both, so that all of both is in sight if that can be read at all.
        for canvas in self.canvases:
            canvas.view.start_view()
        scales = [canvas.view.scale_factor for canvas in self.canvases]
        leader = scales.index(min(scales))
        # Where not all of it can be read, the first thing that differs is worth more than the beginning.
        side, path = self._first_difference() if scales[leader] >= 1 else (leader, None)
        if path is not None:
            self.canvases[side].reveal((path, 0))
        self._link.on = self.linked
        self._link.follow(side)
        self._side_changed()

    def _first_difference(self) -> tuple[int, LayerPath | None]:
        for change in self.comparison.rows:
            for side, path in ((1, change.new_path), (0, change.old_path)):
                if len(path) == 1:
                    return side, path
        return 0, None

    def _toggle_link(self) -> None:
        if self._link is not None:
            self._link.on = self.linked
            self._link.follow(self.comparison.side)

    def _toggle_dim(self) -> None:
        for marks in self._marks:
            marks.set_dim(self.dim_button.isChecked())

    def _recolor(self) -> None:
        for chip in self._chips.values():
            chip.recolor()


class _Chip(QWidget):
    """One kind of difference in the legend, with how many there are."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind
        self._picture = QLabel()
        self._text = label()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._picture)
        row.addWidget(self._text)
        if any(kind.tails):
            self.setToolTip(_far_out(kind))
        self.show_count(0)

    def show_count(self, count: int) -> None:
        """How many layers there are of this kind."""
        self._text.setText(f"{self._kind.text} {count:,}")
        set_role(self._text, "" if count else "faint")

    def recolor(self) -> None:
        """The theme is another one."""
        self._picture.setPixmap(sign_icon(self._kind).pixmap(14, 14))


def _far_out(kind: Kind) -> str:
    translate = QCoreApplication.translate
    if all(kind.tails):
        return translate("compare", "Far out: a block that sticks out on both sides")
    if kind.tails[0]:
        return translate("compare", "Far out: a block that sticks out to the left")
    return translate("compare", "Far out: a block that sticks out to the right")


class _SideName(QWidget):
    """Which model a canvas shows."""

    def __init__(self, letter: str) -> None:
        super().__init__()
        self.setProperty("role", "tabstrip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._letter = label(letter, "section")
        self._name = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._facts = ElidedLabel(role="dim")
        self._facts.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(8)
        row.addWidget(self._letter)
        row.addWidget(self._name, 1)
        row.addWidget(self._facts, 1)

    def show_model(self, name: str, path: str, session: Session) -> None:
        """Names the model."""
        self._name.setText(name)
        self._name.set_tip(path)
        self._facts.setText(
            self.tr("{layers} layers  ·  {params}", "", len(session.model.layers)).format(
                layers=f"{len(session.model.layers):,}", params=about(session.inference.params)
            )
        )

    def set_active(self, active: bool) -> None:
        """Whether the docks show this model."""
        set_role(self._name, "section" if active else "")
        set_role(self._letter, "section" if active else "dim")


class _Status(QFrame):
    """How far the comparison is, or why it is no further; with one button."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self._text = label(wrap=True)
        self._progress = QProgressBar(textVisible=False)
        self._progress.setFixedWidth(140)
        self.button = QPushButton()
        self.button.clicked.connect(self.pressed)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(12)
        row.addWidget(self._text, 1)
        row.addWidget(self._progress)
        row.addWidget(self.button)
        self.hide()

    def show_state(self, text: str, button: str, fraction: float | None, *, busy: bool, failed: bool) -> None:
        """Says how it is."""
        self.setProperty("kind", "error" if failed else "info")
        self.style().unpolish(self)
        self.style().polish(self)
        _show(self._text, self._progress, self.button, text, button, fraction, busy=busy)


class _Waiting(QWidget):
    """The same in the middle of the page, as long as there is nothing to see."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._text = label(wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setMinimumWidth(280)
        self._text.setMaximumWidth(480)
        self._progress = QProgressBar(textVisible=False)
        self._progress.setFixedWidth(240)
        self.button = QPushButton()
        self.button.clicked.connect(self.pressed)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(2)
        for widget in (self._text, self._progress, self.button):
            column.addWidget(widget, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        for widget in (self._progress, self.button):
            widget.hide()

    def show_state(self, text: str, button: str, fraction: float | None, *, busy: bool, failed: bool) -> None:
        """Says how it is."""
        _show(self._text, self._progress, self.button, text, button, fraction, busy=busy)


def _show(
    words: QLabel,
    progress: QProgressBar,
    button: QPushButton,
    text: str,
    title: str,
    fraction: float | None,
    *,
    busy: bool,
) -> None:
    words.setText(text)
    progress.setVisible(busy)
    progress.setRange(0, 0 if fraction is None else 1000)
    if fraction is not None:
        progress.setValue(round(1000 * fraction))
    button.setText(title)
    button.setVisible(bool(title))


def _tool(name: str, words: str, call: Callable[[], Any], *, on: bool | None = None) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name))
    button.setIconSize(QSize(14, 14))
    button.setToolTip(words)
    button.setAccessibleName(words)
    button.setFixedSize(26, 26)
    if on is not None:
        button.setCheckable(True)
        button.setChecked(on)
    button.clicked.connect(lambda _checked=False: call())
    return button
