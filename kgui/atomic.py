"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kgui.errors import FileError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name in the same folder to write to; it takes the place of `path` when the block ends without an error.

    Another program sees the old file or the new one, never a part: not after a crash, a full disk or a power cut.
    What a link points to is replaced, not the link. Devices and pipes (`/dev/stdout`) are written to directly.

    Raises:
        FileError: The folder is missing or may not be written to, or the disk is full.
    """
    path = path.resolve() if path.is_symlink() else path
    if path.is_dir():
        raise unwritable(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    if path.exists() and not path.is_file():
        try:
            yield path
        except OSError as error:
            raise unwritable(path, error) from error
        return
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:60]}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    os.close(handle)
    part = Path(name)
    try:
        yield part
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
        _copy_mode(path, part)
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def _copy_mode(path: Path, part: Path) -> None:
    """`mkstemp` lets only the owner read; the file shall be as open as the one it replaces, or as a fresh one."""
    if path.exists():
        shutil.copymode(path, part)
        return
    mask = os.umask(0)
    os.umask(mask)
    part.chmod(0o666 & ~mask)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows has no handle of a folder to synchronise
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network file systems cannot; the file itself has been synchronised
    finally:
        os.close(handle)


def unwritable(path: Path, error: OSError) -> FileError:
    """The error for a file that cannot be written, in a sentence."""
    reasons = {
        errno.ENOENT: ("The folder does not exist", "Make it first, or choose another."),
        errno.ENOTDIR: ("The folder does not exist", "Make it first, or choose another."),
        errno.EACCES: ("The folder or file may not be written to by this user", "Choose another place."),
        errno.EPERM: ("The folder or file may not be written to by this user", "Choose another place."),
        errno.EROFS: ("The disk can only be read", "Choose another place."),
        errno.ENOSPC: ("The disk is full", "Make room, or choose another place."),
        errno.EDQUOT: ("The quota of this user is used up", "Make room, or choose another place."),
        errno.EISDIR: ("There is a folder of this name", "Choose another name."),
    }
    what, hint = reasons.get(error.errno or 0, (f"The file cannot be written ({error.strerror or error})", None))
    return FileError(what, where=str(path), hint=hint)
