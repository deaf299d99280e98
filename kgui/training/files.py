"""Writing files so that a reader, or a power cut, never meets half of one; and where kgui keeps its own."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from kgui.errors import FileError


def data_dir() -> Path:
    """The folder for what kgui keeps for the user; the environment variable KGUI_DATA_DIR overrides it."""
    if override := os.environ.get("KGUI_DATA_DIR"):
        return Path(override).absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("kgui", appauthor=False))


def write_atomically(path: Path, data: bytes) -> None:
    """Replaces a file by new contents: whoever opens it sees the old ones or the new ones, whole.

    Raises:
        FileError: The folder is not writable, the disk is full, ….
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise FileError(
            f"It cannot be written ({error.strerror or error})",
            where=str(path),
            hint="Check that the folder is writable and the disk is not full.",
        ) from error
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes renames within a folder survive a power cut, where the system has a way to ask for that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_json(path: Path, value: Any) -> None:
    """Writes readable JSON, atomically."""
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def read_json(path: Path, kind: str) -> dict[str, Any]:
    """Reads a file that holds one JSON object.

    Args:
        path: The file.
        kind: What it should be, for the message: "project", "run".

    Raises:
        FileError: It is missing, not readable, or not a JSON object.
    """
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise FileError("There is no such file", where=str(path)) from None
    except OSError as error:
        raise FileError(f"It cannot be read ({error.strerror or error})", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise FileError(f"This is not a {kind} file: it is not JSON ({error})", where=str(path)) from error
    if not isinstance(value, dict):
        raise FileError(f"This is not a {kind} file: it holds no JSON object", where=str(path))
    return value
