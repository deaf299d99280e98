"""What happened in a run, in order: `events.jsonl`, one JSON object per line, only ever appended.

Every event has "time" (Unix time in seconds) and "event":

| event | with |
|---|---|
| phase | "phase": importing, building, tracing, training, validating, saving, paused; "epoch" from 0 |
| versions | "versions": package to version; "devices": names as TensorFlow has them |
| started | "epochs", "steps_per_epoch", "samples", "validation_samples", "replicas" |
| note | "text": something the user should know and that is no failure |
| epoch | "epoch" from 0, "seconds", "values": metric to value, those of validation with "val_" before |
| error | "sentence": what went wrong and what to do; "kind" |
| end | "how": done or stopped; "saved": whether a model was; "epochs" finished; "values" of the last; "best" or null |

"best" is {"epoch", "metric", "value"}: the epoch with the lowest loss (of validation where there is one).
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any


class EventWriter:
    """Appends events. Several processes may do so at once: every event is one write."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, event: str, **values: Any) -> None:
        """Appends one event. Values are JSON values; a NaN is Python's own word for it."""
        line = json.dumps({"time": time.time(), "event": event, **values}, separators=(",", ":")) + "\n"
        os.write(self._file, line.encode())

    def close(self) -> None:
        """Makes the events survive a power cut and closes the file."""
        if self._file >= 0:
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1


class EventReader:
    """Reads events, also while they are written. There may be no file yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def read(self) -> list[dict[str, Any]]:
        """The events that were added since the last call; at first, all.

        A line without its end is left for the next call. A line that is no event (a power cut left zeros) is skipped.
        """
        try:
            if self.path.stat().st_size <= self._offset:
                return []
            with self.path.open("rb") as file:
                file.seek(self._offset)
                text = file.read()
        except FileNotFoundError:
            return []
        whole, found, _ = text.rpartition(b"\n")
        self._offset += len(whole) + len(found)
        events = (_parsed(line) for line in whole.split(b"\n"))
        return [event for event in events if event is not None]


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
