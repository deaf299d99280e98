"""The training dock."""

from __future__ import annotations

import importlib
import threading
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from app.running import Running, Snapshot
from app.session import Session
from app.theme import set_role
from app.widgets.empty import EmptyState
from app.widgets.labels import ElidedLabel, label
from app.words import count, devices, duration

if TYPE_CHECKING:
    from app.training.plot import MetricPlot

MOST_PLOTS = 3
"""Metrics that are drawn side by side: the loss and the first ones of the plan."""
LONG = 80
"""Characters of a sentence up to which it stands in one line with the buttons."""
ROLES = {"done": "good", "stopped": "dim", "failed": "error", "killed": "error", "died": "error"}


class TrainingPanel(QWidget):
    """A line that says how the run stands, and a plot for each metric.

    Args:
        actions: The window's "train", "pause" and "stop".
    """

    sample_requested = Signal()
    """The bundled sample should be opened."""
    _loaded = Signal()

    def __init__(self, actions: tuple[QAction, QAction, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running: Running | None = None
        self._error = ""
        self._plots_loaded = False
        self._loaded.connect(self._on_loaded)
        self.plots: dict[str, MetricPlot] = {}
        self.status = ElidedLabel()
        self.progress = QProgressBar(textVisible=False, minimum=0, maximum=1000)
        self.pace = QLabel()
        set_role(self.pace, "dim")
        self.note = ElidedLabel(role="dim")
        head = QHBoxLayout()
        head.setContentsMargins(16, 4, 8, 4)
        head.setSpacing(16)
        head.addWidget(self.status, 3)
        head.addWidget(self.progress, 3)
        head.addWidget(self.pace)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setIconSize(QSize(14, 14))
            button.setAccessibleName(action.text())
            buttons.addWidget(button)
        head.addLayout(buttons)
        self._plots = QHBoxLayout()
        self._plots.setContentsMargins(16, 0, 16, 12)
        self._plots.setSpacing(12)
        self._waiting = label("", "dim")
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._plots.addWidget(self._waiting)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        self.note.setContentsMargins(16, 0, 16, 6)
        self.note.hide()
        layout.addWidget(self.note)
        layout.addLayout(self._plots, 1)
        self.sample = QAction(self.tr("Open the Sample"), self)
        self.sample.triggered.connect(self.sample_requested)
        self._empty = EmptyState("chart", "", (actions[0], self.sample))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        # pyqtgraph brings NumPy and half a second of imports: in a thread, and only for who looks at this dock.
        threading.Thread(target=self._load_plots, daemon=True, name="loading plots").start()
        self._show()

    def show_session(self, session: Session | None) -> None:
        """Shows the runs of another document, or none."""
        running = session.running if session is not None else None
        if running is self._running and not self._error:
            # The trained model's tab has the curves of its project's: they need not be drawn anew.
            self._show()
            return
        if self._running is not None:
            self._running.updated.disconnect(self._show)
            self._running.shown_changed.disconnect(self._reset)
            self._running.failed.disconnect(self._fail)
        self._running = running
        if self._running is not None:
            self._running.updated.connect(self._show)
            self._running.shown_changed.connect(self._reset)
            self._running.failed.connect(self._fail)
        self._reset()

    def _load_plots(self) -> None:
        importlib.import_module("app.training.plot")
        try:
            self._loaded.emit()
        except RuntimeError:
            # The window was closed meanwhile.
            return

    def _on_loaded(self) -> None:
        self._plots_loaded = True
        self._show()

    def _reset(self) -> None:
        self._error = ""
        for plot in self.plots.values():
            plot.mark_best(None)
            plot.hide()
            plot.deleteLater()
        self.plots.clear()
        self._show()

    def _fail(self, error: Exception) -> None:
        self._error = str(error)
        self._show()

    def _show(self) -> None:
        running = self._running
        snapshot = running.snapshot if running is not None else None
        starting = running is not None and running.starting
        self.sample.setEnabled(running is None)
        self._stack.setCurrentIndex(1 if snapshot is not None or starting or self._error else 0)
        if running is None or self._stack.currentIndex() == 0:
            self._empty.text.setText(self._empty_text())
            return
        self._say(*self._sentence(snapshot))
        going_on = snapshot is None or not snapshot.state.ended
        self.progress.setVisible(going_on and not self._error)
        # Unknown length: Qt's bar moves by itself while both ends are 0.
        unknown = snapshot is None or not snapshot.curves
        self.progress.setRange(0, 0 if unknown else 1000)
        if snapshot is not None and not unknown:
            self.progress.setValue(round(1000 * snapshot.done))
        self.pace.setText(_pace(snapshot) if snapshot is not None and going_on else "")
        self.pace.setVisible(bool(self.pace.text()))
        notes = snapshot.notes if snapshot is not None else ()
        if snapshot is not None and snapshot.state.ended and (rest := _first(snapshot.state.sentence)[1]):
            notes = (rest, *notes)
        self.note.setText("  ".join(notes))
        self.note.setVisible(bool(notes))
        self._draw(snapshot)

    def _empty_text(self) -> str:
        if self._running is None:
            return self.tr("Open a project, such as the bundled sample, to train its model and watch it learn.")
        plan = self._running.project.plan
        return self.tr(
            "Train {name}: {epochs} epochs, {batch} samples per step, on {devices}.", "", plan.epochs
        ).format(
            name=self._running.project.name, epochs=plan.epochs, batch=plan.batch_size, devices=devices(plan.devices)
        )

    def _say(self, text: str, role: str) -> None:
        self.status.setText(text)
        if self.status.property("role") != role:
            set_role(self.status, role)

    def _sentence(self, snapshot: Snapshot | None) -> tuple[str, str]:
        if self._error:
            return self._error, "error"
        if snapshot is None:
            return self.tr("Starting …"), ""
        if snapshot.state.ended:
            best = snapshot.best
            more = (
                self.tr("  Best: {metric} {value:.4f} in epoch {epoch}.").format(
                    metric=best[1].replace("_", " "), value=best[2], epoch=best[0] + 1
                )
                if best is not None
                else ""
            )
            return _first(snapshot.state.sentence)[0] + more, ROLES.get(snapshot.state.kind, "dim")
        words = {
            "importing": self.tr("TensorFlow is starting …"),
            "building": self.tr("The model is being built …"),
            "tracing": self.tr("The first step is being compiled …"),
            "saving": self.tr("The model is being saved …"),
        }
        if snapshot.phase in words or not snapshot.epochs:
            return words.get(snapshot.phase or "", self.tr("Starting …")), ""
        text = self.tr("Epoch {epoch} of {epochs}  ·  step {step} of {steps}").format(
            epoch=snapshot.epoch + 1, epochs=snapshot.epochs, step=snapshot.step, steps=snapshot.steps_per_epoch
        )
        suffix = {"validating": self.tr("  ·  validating"), "paused": self.tr("  ·  paused")}
        return text + suffix.get(snapshot.phase or "", ""), ""

    def _draw(self, snapshot: Snapshot | None) -> None:
        curves = snapshot.curves if snapshot is not None else {}
        self._waiting.setVisible(not curves)
        self._waiting.setText(
            "" if snapshot is not None and snapshot.state.ended else self.tr("Curves appear with the first step.")
        )
        if snapshot is None or not self._plots_loaded:
            return
        for name in list(curves)[:MOST_PLOTS]:
            if name not in self.plots:
                self._add_plot(name)
                # One plot per turn of the event loop: each takes some milliseconds to make.
                QTimer.singleShot(0, self, self._show)
                return
            self.plots[name].show_curve(curves[name], snapshot.epochs)
        if snapshot.best is not None:
            epoch, metric, value = snapshot.best
            plot = self.plots.get(metric.removeprefix("val_"))
            if plot is not None and plot.best is None:
                plot.mark_best(epoch, self.tr("best {value:.4f}").format(value=value))

    def _add_plot(self, name: str) -> None:
        from app.training.plot import MetricPlot

        plot = MetricPlot(name)
        self.plots[name] = plot
        self._plots.addWidget(plot, 1)


def _first(text: str) -> tuple[str, str]:
    """The first sentence, and the others: a long explanation would be cut at the end of its line."""
    head, dot, rest = text.partition(". ")
    return (head + ".", rest) if dot and len(text) > LONG else (text, "")


def _pace(snapshot: Snapshot) -> str:
    tr = partial(QCoreApplication.translate, "TrainingPanel")
    parts = []
    if snapshot.rate is not None:
        parts.append(
            tr("{rate} steps/s").format(
                rate=count(round(snapshot.rate)) if snapshot.rate >= 10 else f"{snapshot.rate:.1f}"
            )
        )
    if snapshot.left is not None:
        parts.append(tr("{time} left").format(time=duration(snapshot.left)))
    if snapshot.replicas > 1:
        parts.append(tr("{count} devices").format(count=snapshot.replicas))
    return "  ·  ".join(parts)
