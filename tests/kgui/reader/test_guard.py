"""What stops a command is one sentence and exit code 1."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="without fork the command runs unguarded")

BEFORE = "import os, signal, sys; from kgui.reader.guard import guarded\n"


def run(work: str, **options: object) -> subprocess.CompletedProcess[str]:
    code = f"{BEFORE}def work():\n    {work}\nsys.exit(guarded(work, **{options!r}))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_exit_code_and_the_output_are_those_of_the_command(code: int) -> None:
    told = run(f"print('out'); print('err', file=sys.stderr); return {code}")
    assert (told.returncode, told.stdout, told.stderr) == (code, "out\n", "err\n")


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_crash_is_one_sentence(name: str) -> None:
    told = run(f"os.kill(os.getpid(), signal.{name})")
    assert told.returncode == 1
    assert told.stderr.count("\n") == 1 and told.stderr.startswith("kgui: The file ") and name in told.stderr


def test_a_hang_is_one_sentence() -> None:
    # As in libhdf5: no signal handler of Python's would run.
    told = run("sys.setswitchinterval(1000)\n    while True: pass", cpu_seconds=1)
    assert told.returncode == 1
    assert "too long" in told.stderr and told.stderr.count("\n") == 1


def test_who_ends_the_command_line_ends_a_stuck_command_too(tmp_path: Path) -> None:
    code = f"{BEFORE}def work():\n    print(os.getpid(), flush=True)\n    while True: pass\nsys.exit(guarded(work))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.terminate()
    assert process.wait(10) == 128 + 15
    process.stdout.close()
    status = Path(f"/proc/{pid}/stat")
    end = time.monotonic() + 5
    while status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z" and time.monotonic() < end:
        time.sleep(0.02)
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_bug_ends_the_command_and_nothing_else() -> None:
    told = run("raise ZeroDivisionError")
    # Python 3.13 shows the line of a `-c` program too, with the name in it.
    assert told.returncode == 1 and told.stderr.count("Traceback") == 1 and "ZeroDivisionError" in told.stderr


def test_the_command_line_is_guarded_and_prints_one_clear_message(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    told = subprocess.run(
        [sys.executable, "-m", "kgui", "check", str(path)], capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 1 and told.stdout == ""
    assert told.stderr.startswith("kgui: ") and str(path) in told.stderr and told.stderr.count("\n") == 1
