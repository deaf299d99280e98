"""A command that reads foreign files, in a process of its own: what stops that process is told in a sentence.

libhdf5 can crash or run for ever on a damaged file (7 of 10,000 mutated files, and 45, with HDF5 1.14.6), and no Python
code of the same process can do anything about either.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from kgui.errors import exit_reason
from kgui.reader.limits import limit_this_process

CPU_SECONDS = 20
"""Of the processor, not of the clock: a slow disk is no reason to stop. The largest of real models takes one."""


def guarded(work: Callable[[], int], *, cpu_seconds: int | None = CPU_SECONDS, memory: int | None = None) -> int:
    """Runs a command in a fork of this process, with the limits of a reader.

    Args:
        work: The command; returns its exit code and prints its own errors.
        cpu_seconds: Time of the processor that it may take, or None for any.
        memory: Bytes that it may take, or None for those of a reader.

    Returns:
        The exit code of the command, or 1 where it was stopped. Without fork (Windows), `work` runs here.
    """
    if not hasattr(os, "fork"):
        return work()
    _flush()
    pid = os.fork()
    if pid == 0:
        _run(work, cpu_seconds, memory)
    status = _wait(pid)
    if os.WIFEXITED(status):
        return os.WEXITSTATUS(status)
    print(f"kgui: {_sentence(os.WTERMSIG(status))}", file=sys.stderr)
    return 1


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # started without one: `kgui … >&-`
            stream.flush()


def _run(work: Callable[[], int], cpu_seconds: int | None, memory: int | None) -> None:
    code = 1
    try:
        limit_this_process(memory)
        if cpu_seconds is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
        code = work()
        _flush()
    except BaseException:
        # A bug of ours, which must not go on into what the parent would have done next.
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _wait(pid: int) -> int:
    import signal

    def stop(number: int, frame: object) -> None:
        # Whoever ends this process means the command, which may be stuck and deaf.
        os.kill(pid, signal.SIGKILL)
        os._exit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), stop)
    while True:
        try:
            return os.waitpid(pid, 0)[1]
        except KeyboardInterrupt:
            # Ctrl+C reached the command too, which says so and ends.
            continue


def _sentence(signal_number: int) -> str:
    import signal

    if signal_number in (signal.SIGXCPU, signal.SIGKILL):
        return (
            f"The file kept kgui busy for too long or took too much memory, so it was stopped "
            f"({exit_reason(-signal_number)}). It is damaged, or made to keep programs busy."
        )
    return f"The file made kgui stop ({exit_reason(-signal_number)}). It is damaged or hostile."
