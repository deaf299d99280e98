"""What a locked reader can no longer do, tried from within one by way of the C library, where Python cannot help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kgui.reader.limits import ENVIRONMENT

linux = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux' own")

BEFORE = "import os, sys, ctypes; from kgui.reader.limits import *; libc = ctypes.CDLL(None, use_errno=True)\n"


def run(code: str, folder: Path) -> list[str]:
    told = subprocess.run(
        [sys.executable, "-c", BEFORE + code], cwd=folder, stdout=subprocess.PIPE, text=True, timeout=60
    )
    return told.stdout.split()


@linux
@pytest.mark.parametrize(
    "call",
    [
        "libc.open(b'written', 0o101, 0o600)",
        "libc.mkdir(b'made', 0o700)",
        "libc.unlink(b'precious')",
        "libc.truncate(b'precious', 0)",
        "libc.rename(b'precious', b'moved')",
        "libc.socket(2, 1, 0)",
        "libc.socket(1, 1, 0)",
        "libc.fork()",
        "libc.execv(b'/bin/true', None)",
        "libc.kill(os.getppid(), 0)",
        "libc.ptrace(16, os.getppid(), 0, 0)",
    ],
)
def test_a_locked_process_cannot(call: str, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    free = run(f"print('locked' if {call} < 0 else 'free')", tmp_path) if "unlink" in call else ["free"]
    assert free[0] == "free"
    (tmp_path / "precious").write_text("precious")
    told = run(f"print(*lock_this_process()); print('refused' if {call} < 0 else 'done')", tmp_path)
    assert told == ["landlock", "seccomp", "audit", "refused"]
    assert (tmp_path / "precious").read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize(
    "code",
    [
        "os.system('touch ran')",
        "open('ran', 'w')",
        "__import__('subprocess').run(['true'])",
        "__import__('pickle').loads(b'cos\\nsystem\\n.')",
        "__import__('socket').socket()",
    ],
)
def test_python_itself_refuses(code: str, tmp_path: Path) -> None:
    code = (
        "import pickle, socket, subprocess, kgui.reader.limits as limits\nsys.addaudithook(limits._refuse)\n"
        f"try:\n    {code}\nexcept PermissionError:\n    print('refused')"
    )
    assert run(code, tmp_path) == ["refused"]
    assert list(tmp_path.iterdir()) == []


@linux
def test_a_locked_process_still_reads_and_starts_threads(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    code = (
        "import threading; lock_this_process(); print(open('file').read());"
        "thread = threading.Thread(target=lambda: print('thread')); thread.start(); thread.join()"
    )
    assert run(code, tmp_path) == ["content", "thread"]


@linux
def test_memory_is_bounded_and_mapped_files_do_not_count(tmp_path: Path) -> None:
    code = """
import mmap
limit_this_process(256 << 20)
with open('large', 'wb') as file:
    file.truncate(1 << 32)
with open('large', 'rb') as file:
    view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
print('mapped', view[1 << 31])
try:
    bytearray(512 << 20)
except MemoryError:
    print('refused')
"""
    assert run(code, tmp_path) == ["mapped", "0", "refused"]


def test_the_environment_sets_another_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGUI_READER_MEMORY", "123")
    code = "import resource; limit_this_process(); print(resource.getrlimit(resource.RLIMIT_DATA)[0] >> 20)"
    if sys.platform == "linux":
        assert run(code, tmp_path) == ["123"]


def test_plugins_and_core_dumps_are_off(tmp_path: Path) -> None:
    code = "import resource; limit_this_process(); print(os.environ['HDF5_PLUGIN_PRELOAD'])\n"
    code += "print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    assert run(code, tmp_path) == [ENVIRONMENT["HDF5_PLUGIN_PRELOAD"], "0"]
