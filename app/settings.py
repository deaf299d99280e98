"""What is remembered from one start to the next: arrangement, theme, recent files, open tabs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QByteArray, QSettings

from app.theme import Choice

RECENT = 12
"""Recent files that are remembered."""


class Settings:
    """The user's settings file. Values that make no sense (any more) count as not set."""

    def __init__(self) -> None:
        self._store = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "kgui", "kgui")

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
        """How the canvas of a file was left, as JSON values; None where it was not open at the last end."""
        try:
            return json.loads(str(self._store.value("window/views", "{}"))).get(str(path))
        except (ValueError, AttributeError):
            return None

    def set_views(self, views: Mapping[Path, Any]) -> None:
        """Keeps how the canvases of the open files were left, and forgets all others."""
        self._store.setValue("window/views", json.dumps({str(path): view for path, view in views.items()}))

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
