"""A child process and its connection: with real processes that answer, fail, hang, talk nonsense and die."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from kgui.errors import FileError, LimitError, ProcessDied
from kgui.processes import Child
from kgui.processes.child import ChildBug

ENV = {"PYTHONPATH": str(Path(__file__).parent)}


@pytest.fixture
def child() -> Iterator[Child]:
    started = Child("tester", "echo_child", env=ENV, stderr=subprocess.DEVNULL)
    yield started
    started.kill()
    started.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("tester")]


def test_json_and_buffers_come_back_as_they_went(child: Child) -> None:
    params = {"a": [1, 2.5, None, True], "ü": "\ud800\u202e\0", "n": 2**80, "nan": float("inf")}
    buffers = [b"", b"\0" * 3, os.urandom(1 << 20)]
    answer = child.request("echo", params, buffers).result(30)
    assert answer.value == params
    assert [bytes(buffer) for buffer in answer.buffers] == buffers


def test_what_the_child_prints_is_no_part_of_the_messages(child: Child) -> None:
    assert child.request("chatter", {"x": 1}).result(30).value == {"x": 1}


def test_requests_are_answered_in_order(child: Child) -> None:
    requests = [child.request("echo", {"n": n}) for n in range(200)]
    assert [request.result(30).value["n"] for request in requests] == list(range(200))


def test_errors_keep_their_kind_and_their_words(child: Child) -> None:
    with pytest.raises(FileError) as caught:
        child.request("fail", {"kind": "file"}).result(30)
    assert str(caught.value) == "a.h5: It is damaged. Get another."
    with pytest.raises(LimitError, match="more memory"):
        child.request("fail", {"kind": "memory"}).result(30)
    with pytest.raises(ChildBug, match="ZeroDivisionError"):
        child.request("fail", {"kind": "bug"}).result(30)
    with pytest.raises(ChildBug, match="no such op"):
        child.request("no such op").result(30)
    assert child.request("echo", {"still": "there"}).result(30).value == {"still": "there"}


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT"])
def test_a_death_fails_all_that_is_open_and_all_that_follows(child: Child, name: str) -> None:
    first, second = child.request("die", {"signal": name}), child.request("echo")
    for request in (first, second):
        with pytest.raises(ProcessDied, match=name):
            request.result(30)
    with pytest.raises(ProcessDied):
        child.request("echo").result(30)
    assert not child.alive


def test_the_exit_code_is_told_after_the_requests_have_failed() -> None:
    told: list[tuple[int | None, bool]] = []
    seen = threading.Event()
    requests = []

    def on_exit(code: int | None) -> None:
        told.append((code, all(request.future.done() for request in requests)))
        seen.set()

    child = Child("tester", "echo_child", env=ENV, on_exit=on_exit, stderr=subprocess.DEVNULL)
    requests.append(child.request("exit", {"code": 7}))
    assert seen.wait(30)
    assert told == [(7, True)]
    child.close()


def test_a_child_that_cannot_start_fails_its_hello() -> None:
    child = Child("tester", "kgui.no_such_module", stderr=subprocess.DEVNULL)
    request = child.request("echo")
    with pytest.raises(ProcessDied, match="exit code 1"):
        child.hello.result(30)
    with pytest.raises(ProcessDied):
        request.result(30)
    child.close()


def test_a_hanging_child_is_killed_at_the_deadline_and_never_blocks_the_caller(child: Child) -> None:
    child.hello.result(30)
    start = time.monotonic()
    stuck = child.request("hang", deadline=3.0)
    time.sleep(0.1)
    # Far more than a pipe holds: without a thread that writes, the caller would stand still here.
    more = [child.request("echo", {"text": "x" * 100_000}) for _ in range(20)]
    more[0].cancel()
    assert time.monotonic() - start < 2.5
    with pytest.raises(ProcessDied, match="SIGKILL"):
        stuck.result(30)
    assert time.monotonic() - start < 15
    assert child.timed_out
    with pytest.raises(ProcessDied):
        more[-1].result(30)


def test_progress_keeps_the_deadline_away_and_a_failing_callback_does_no_harm(child: Child) -> None:
    child.hello.result(30)
    told: list[tuple[float | None, str]] = []

    def on_progress(fraction: float | None, text: str) -> None:
        told.append((fraction, text))
        raise RuntimeError("a bug of the caller")

    request = child.request("work", {"steps": 12, "pause": 0.1}, deadline=0.8, on_progress=on_progress)
    assert request.result(30).value == "done"
    assert len(told) >= 5 and told == sorted(told)


def test_cancel_is_at_once_and_the_child_stops_working(child: Child) -> None:
    child.hello.result(30)
    request = child.request("work", {"steps": 10_000})
    time.sleep(0.1)
    request.cancel()
    assert request.future.cancelled()
    with pytest.raises(CancelledError):
        request.result(1)
    assert child.request("echo", {"free": True}).result(5).value == {"free": True}


def test_a_future_cancelled_behind_our_back_does_no_harm(child: Child) -> None:
    request = child.request("work", {"steps": 3})
    assert request.future.cancel()
    assert child.request("echo", {}).result(30).value == {}


def test_nonsense_from_the_child_ends_it(child: Child) -> None:
    with pytest.raises(ProcessDied):
        child.request("nonsense").result(30)
    assert not child.alive


def test_parameters_that_are_no_json_are_the_mistake_of_the_caller_alone(child: Child) -> None:
    with pytest.raises(TypeError):
        child.request("echo", {"no json": object()}).result(30)
    assert child.request("echo", {"a": 1}).result(30).value == {"a": 1}


def test_the_child_ends_when_its_parent_is_gone() -> None:
    code = (
        "import sys, os, time; from kgui.processes import Child; child = Child('tester', 'echo_child');"
        "print(child.hello.result(30)['pid'], flush=True); child.request('hang'); time.sleep(0.2); os._exit(0)"
    )
    code = code.replace("'hang'", "'work', {'steps': 100000}")
    told = subprocess.run([sys.executable, "-c", code], env={**os.environ, **ENV}, stdout=subprocess.PIPE, check=True)
    pid = int(told.stdout)
    end = time.monotonic() + 10
    while time.monotonic() < end and Path(f"/proc/{pid}").exists():
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return  # dead, and not yet collected by init
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_a_module_in_the_current_folder_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "queue.py").write_text("import pathlib; pathlib.Path('ran').touch()")
    (tmp_path / "numpy.py").write_text("import pathlib; pathlib.Path('ran').touch()")
    monkeypatch.chdir(tmp_path)
    child = Child("tester", "echo_child", env=ENV)
    child.hello.result(30)
    child.close()
    assert not (tmp_path / "ran").exists()
