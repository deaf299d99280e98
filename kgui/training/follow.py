"""Watching a run: what is new since the last look. Cheap enough to look 60 times a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kgui.errors import FileError
from kgui.training.metrics import MetricsReader
from kgui.training.runs import RunFolder, RunState

if TYPE_CHECKING:
    import numpy as np

LOOK_AT_STATE_EVERY = 0.25
"""Seconds between two looks at whether the processes of a run are alive."""


@dataclass(slots=True)
class Update:
    """What is new in a run.

    Attributes:
        state: How it stands.
        phase: importing, building, tracing, training, validating, saving, paused; None before the first.
        columns: Names of the values of `rows`; empty before the first step.
        rows: New rows of metrics as `kgui.training.metrics.MetricsReader.read` gives them; None where there are none.
        events: New events as JSON values (`kgui.training.events` lists them).
    """

    state: RunState
    phase: str | None
    columns: list[str] = field(default_factory=list)
    rows: np.ndarray[Any, Any] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.rows is not None or bool(self.events) or self.state.ended


class RunFollower:
    """Follows one run from its beginning, whether it runs now or ended long ago.

    Not for several threads at once; made for the one that polls.

    Args:
        run: The run.
    """

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self.phase: str | None = None
        self._events = run.events()
        self._metrics: MetricsReader | None = None
        self._state: RunState | None = None
        self._looked = 0.0

    def poll(self) -> Update:
        """What is new since the last call. Where the state says that the run has ended, this is all there is.

        Raises:
            FileError: The folder is no run, or was deleted.
        """
        # The state first: what was written before the end is then read below.
        state = self._look()
        events = self._events.read()
        for event in events:
            if event["event"] == "phase":
                self.phase = event.get("phase")
        return Update(
            state=state,
            phase=self.phase,
            rows=self._rows(),
            columns=self._metrics.columns if self._metrics is not None else [],
            events=events,
        )

    def updates(self, every: float = 1 / 30) -> Iterator[Update]:
        """Yields what is new, `every` so many seconds where there is something, until the run has ended."""
        while True:
            update = self.poll()
            if update:
                yield update
            if update.state.ended:
                return
            time.sleep(every)

    def close(self) -> None:
        """Closes the run's files."""
        if self._metrics is not None:
            self._metrics.close()
            self._metrics = None

    def __enter__(self) -> RunFollower:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _look(self) -> RunState:
        now = time.monotonic()
        if self._state is None or (not self._state.ended and now - self._looked >= LOOK_AT_STATE_EVERY):
            self._looked = now
            self._state = self.run.state()
        return self._state

    def _rows(self) -> np.ndarray[Any, Any] | None:
        if self._metrics is None:
            if not self.run.metrics_path.exists():
                return None
            try:
                self._metrics = self.run.metrics()
            except FileError:
                # Its writer is in the middle of the header.
                return None
        rows = self._metrics.read()
        return rows if len(rows) else None
