"""What is remembered from one start to the next: arrangement, theme, recent files, open tabs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QByteArray, QSettings

from app.theme import Choice

LEAST_MEMORY = 256
"""Megabytes without which Python and h5py themselves have no room."""
MOST_MEMORY = 1 << 20
READER_MEMORY = "KGUI_READER_MEMORY"
"""Environment variable of `kgui.reader.limits`, which the window need not load for its name."""

RECENT = 12
"""Recent files that are remembered."""


class Settings:
    """The user's settings file. Values that make no sense (any more) count as not set."""

    def __init__(self) -> None:
        self._store = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "kgui", "kgui")
        # A limit that the user set in the environment stays, unless the settings have one.
        self._limited = False

    @property
    def file(self) -> Path:
        """Where the settings are."""
        return Path(self._store.fileName())

    @property
    def theme(self) -> Choice:
        """The chosen theme."""
        value = self._store.value("theme", "system")
        return cast(Choice, value) if value in ("system", "light", "dark") else "system"

    @theme.setter
    def theme(self, choice: Choice) -> None:
        self._store.setValue("theme", choice)

    @property
    def language(self) -> str:
        """The chosen language: a key of `app.language.NAMES`, or "system"."""
        return str(self._store.value("language", "system"))

    @language.setter
    def language(self, code: str) -> None:
        self._store.setValue("language", code)

    @property
    def restore_files(self) -> bool:
        """Whether files that were open are opened again at the next start."""
        # An INI file has no booleans: they come back as texts.
        return str(self._store.value("restore", "true")).lower() != "false"

    @restore_files.setter
    def restore_files(self, on: bool) -> None:
        self._store.setValue("restore", "true" if on else "false")

    @property
    def reader_memory(self) -> int:
        """Megabytes that reading a file may take; 0 for kgui's own limit."""
        text = str(self._store.value("reader/memory", "0"))
        megabytes = int(text) if text.isdecimal() else 0
        return min(max(megabytes, LEAST_MEMORY), MOST_MEMORY) if megabytes else 0

    @reader_memory.setter
    def reader_memory(self, megabytes: int) -> None:
        self._store.setValue("reader/memory", megabytes)

    def apply_reader_memory(self) -> None:
        """Hands the limit to the processes that are started from now on."""
        if megabytes := self.reader_memory:
            os.environ[READER_MEMORY] = str(megabytes)
        elif self._limited:
            os.environ.pop(READER_MEMORY, None)
        self._limited = bool(megabytes)

    @property
    def geometry(self) -> QByteArray:
        """Place and size of the window, as `QWidget.saveGeometry` has it."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def arrangement(self) -> QByteArray:
        """Docks and bars, as `QMainWindow.saveState` has it."""
        return self._bytes("window/state")

    @arrangement.setter
    def arrangement(self, value: QByteArray) -> None:
        self._store.setValue("window/state", value)

    @property
    def recent(self) -> list[Path]:
        """Files that were open, newest first. Those that are gone are left out."""
        return [path for path in self._paths("recent") if path.exists()]

    def add_recent(self, path: Path) -> None:
        """Puts a file on top of the recent ones."""
        others = [known for known in self._paths("recent") if known != path]
        self._set_paths("recent", [path, *others][:RECENT])

    @property
    def open_files(self) -> list[Path]:
        """Files that were open at the last end, in the order of their tabs."""
        return [path for path in self._paths("open") if path.exists()]

    @open_files.setter
    def open_files(self, paths: list[Path]) -> None:
        self._set_paths("open", paths)

    def view(self, path: Path) -> Any:
        """How the canvas of a file was left, as JSON values; None where that is not known."""
        return self._views().get(str(path))

    def keep_view(self, path: Path, view: Any) -> None:
        """Keeps how the canvas of a file was left, for as many files as there are recent ones."""
        views = self._views()
        views.pop(str(path), None)
        views[str(path)] = view
        self._store.setValue("views", json.dumps(dict(list(views.items())[-RECENT:])))

    @property
    def front(self) -> Path | None:
        """The file whose tab was in front at the last end."""
        value = self._store.value("front")
        return Path(value) if isinstance(value, str) and value else None

    @front.setter
    def front(self, path: Path | None) -> None:
        self._store.setValue("front", str(path or ""))

    def _views(self) -> dict[str, Any]:
        try:
            views = json.loads(str(self._store.value("views", "{}")))
        except ValueError:
            return {}
        return views if isinstance(views, dict) else {}

    def sync(self) -> None:
        """Writes what has changed to the disk now."""
        self._store.sync()

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _paths(self, key: str) -> list[Path]:
        # A list of one comes back as a string, an empty one as None.
        value = self._store.value(key)
        texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return [Path(text) for text in texts if isinstance(text, str) and text]

    def _set_paths(self, key: str, paths: list[Path]) -> None:
        self._store.setValue(key, [str(path) for path in paths])
