"""Two models, what differs between them, and which layer of one is which of the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from app.compare.kinds import Kind, kind_of
from app.session import LayerPath, NodeKey, Opened, Session
from kgui.reports.diff import Difference, LayerChange
from kgui.reports.diff_transfer import difference_from_json

if TYPE_CHECKING:
    from app.processes import Reply, Service
    from kgui.processes import Answer

Side = Literal[0, 1]
"""0 is the first model (A), 1 the second (B)."""
State = Literal["structure", "values", "done", "failed", "stopped"]
Convert = Callable[[Path, "Answer"], Opened]


class Comparison(QObject):
    """What a tab shows that compares two models. Asks the reader, first for the structure and then for the values.

    Args:
        paths: The two files.
        service: The process that compares them.
        convert: Makes a document of what the reader says about a file.
        parent: Owns it.

    Attributes:
        paths: The two files.
        sessions: The two models, once the reader has brought them.
        difference: What differs, as far as it is known.
        marks: For each side, the kind of difference by the path of the layer.
        rows: The layers that differ, as the reader lists them.
        state: How far it is. In "stopped" and "failed", `difference` may hold the structure without the values.
        error: Why it failed.
        fraction: Of the values that have been compared; None where not known.
    """

    models_changed = Signal()
    """There are two models, or two others. The sessions are new ones."""
    paths_changed = Signal()
    difference_changed = Signal()
    state_changed = Signal()
    side_changed = Signal()
    """The user works in the other model."""
    selection_changed = Signal()
    """Another layer is selected, on both sides where both have it."""

    def __init__(
        self, paths: tuple[Path, Path], service: Service, convert: Convert, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.paths = paths
        self.sessions: tuple[Session, Session] | None = None
        self.difference: Difference | None = None
        self.marks: tuple[dict[LayerPath, Kind], dict[LayerPath, Kind]] = ({}, {})
        self.rows: list[LayerChange] = []
        self.state: State = "structure"
        self.error: Exception | None = None
        self.fraction: float | None = None
        self._service = service
        self._convert = convert
        self._side: Side = 1
        self._reply: Reply | None = None
        self._stamps: Any = None
        self._matches: tuple[dict[LayerPath, LayerPath], dict[LayerPath, LayerPath]] = ({}, {})
        self._following = False
        self._before: tuple[Session, ...] = ()

    @property
    def busy(self) -> bool:
        """Whether the reader is at work."""
        return self.state in ("structure", "values")

    @property
    def side(self) -> Side:
        """Whose layer the inspector shows."""
        return self._side

    @side.setter
    def side(self, side: Side) -> None:
        if side != self._side:
            self._side = side
            self.side_changed.emit()

    @property
    def session(self) -> Session | None:
        """The model that the user works in."""
        return self.sessions[self._side] if self.sessions is not None else None

    @property
    def title(self) -> str:
        """What the tab says."""
        return f"{self.paths[0].name} ↔ {self.paths[1].name}"

    def start(self) -> None:
        """Compares, from the beginning: after a file has changed, or the reader has died."""
        self.stop()
        self._ask("structure")

    def stop(self) -> None:
        """Gives up on what is under way; what is known stays."""
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.cancel()
            self._set_state("stopped")

    def swap(self) -> None:
        """Makes the first model the second one."""
        self.stop()
        self.paths = self.paths[1], self.paths[0]
        self._stamps = None
        self.paths_changed.emit()
        self._ask("structure")

    def match(self, side: Side, path: LayerPath) -> LayerPath | None:
        """The same layer in the other model, or None where that has none."""
        return self._matches[side].get(path)

    def pairs(self) -> list[tuple[LayerPath, LayerPath]]:
        """The layers that both models have, as paths in each."""
        return list(self._matches[0].items())

    def reveal(self, change: LayerChange) -> None:
        """Selects a layer that differs in both models and brings it into sight."""
        if self.sessions is None:
            return
        self._following = True
        paths = (change.old_path, change.new_path)
        for session, path in zip(self.sessions, paths, strict=True):
            session.selection = ((path, 0),) if path else ()
        self._following = False
        # The side that has the layer leads the view of the other.
        for side in (0, 1) if change.new is not None else (1, 0):
            if paths[side]:
                self.sessions[side].reveal_requested.emit((paths[side], 0))
        self.side = 1 if change.new is not None else 0

    # The reader's answers

    def _ask(self, stage: Literal["structure", "values"]) -> None:
        old, new = self.paths
        params = {"path": str(old), "other": str(new), "values": stage == "values", "known": self._stamps}
        convert = self._convert

        def made(answer: Answer) -> tuple[Any, ...]:
            # In the connection's thread, so that the window does not stand still for it.
            from kgui.processes import Answer

            value = answer.value
            models = value["models"]
            if models is not None:
                models = [convert(path, Answer(model)) for path, model in zip((old, new), models, strict=True)]
            return difference_from_json(value["difference"]), value["stamps"], models

        reply = self._service.request("compare", params, convert=made)
        self._reply = reply
        self.error, self.fraction = None, None
        self._set_state(stage)
        reply.progress.connect(lambda fraction, _: self._on_progress(reply, fraction))
        reply.done.connect(lambda value: self._on_done(reply, stage, *value))
        reply.failed.connect(lambda error: self._on_failed(reply, error))

    def _on_progress(self, reply: Reply, fraction: float | None) -> None:
        if reply is self._reply:
            self.fraction = fraction
            self.state_changed.emit()

    def _on_done(
        self, reply: Reply, stage: str, found: Difference, stamps: Any, models: tuple[Opened, Opened] | None
    ) -> None:
        if reply is not self._reply:
            return
        self._reply = None
        self._stamps = stamps
        self._take(found)
        if models is not None:
            self._take_models(models)
        self.difference_changed.emit()
        if stage == "structure":
            self._ask("values")
        else:
            self._set_state("done")

    def _on_failed(self, reply: Reply, error: Exception) -> None:
        if reply is self._reply:
            self._reply = None
            self.error = error
            self._set_state("failed")

    def _take(self, found: Difference) -> None:
        self.difference = found
        self.rows = found.layers
        self._matches = (dict(found.pairs), {new: old for old, new in found.pairs})
        self.marks = ({}, {})
        for change in found.layers:
            for marks, path in zip(self.marks, (change.old_path, change.new_path), strict=True):
                if path:
                    marks[path] = kind_of(change)

    def _take_models(self, models: tuple[Opened, Opened]) -> None:
        before, first = self.sessions, Session(models[0], self)
        self.sessions = (first, Session(models[1], self))
        for side, session in enumerate(self.sessions):
            session.comparison = self
            session.selection_changed.connect(lambda side=side: self._selected(side))
        self.models_changed.emit()
        # Panels let go of a document a turn of the event loop later, so it lives until the next ones come.
        for session in self._before:
            session.deleteLater()
        self._before = before or ()

    def _selected(self, side: Side) -> None:
        if self._following or self.sessions is None:
            return
        self._following = True
        chosen = self.sessions[side].selection
        matched: list[NodeKey] = []
        for path, call in chosen:
            other = self.match(side, path)
            if other is not None:
                matched.append((other, call))
        other_session = self.sessions[1 - side]
        other_session.selection = matched
        self._following = False
        if matched:
            other_session.reveal_requested.emit(matched[-1])
        self.side = side
        self.selection_changed.emit()

    def _set_state(self, state: State) -> None:
        self.state = state
        self.state_changed.emit()
