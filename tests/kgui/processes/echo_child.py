"""A child process for the tests of `kgui.processes`: `python -m echo_child`."""

from __future__ import annotations

import os
import signal
import sys
import time

from kgui.errors import FileError
from kgui.processes import Answer, Task, serve


def echo(task: Task) -> Answer:
    return Answer(task.params, [bytes(buffer) for buffer in task.buffers])


def work(task: Task) -> Answer:
    for step in range(task.params["steps"]):
        task.progress(step / task.params["steps"], f"step {step}")
        time.sleep(task.params.get("pause", 0.02))
    return Answer("done")


def die(task: Task) -> Answer:
    os.kill(os.getpid(), getattr(signal, task.params["signal"]))
    return Answer()


def hang(task: Task) -> Answer:
    # As libhdf5 does: stuck without ever letting another thread of the process run.
    del task
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    sys.setswitchinterval(1000)
    while True:
        pass


def fail(task: Task) -> Answer:
    kind = task.params["kind"]
    if kind == "file":
        raise FileError("It is damaged", where="a.h5", hint="Get another.")
    if kind == "memory":
        raise MemoryError
    raise ZeroDivisionError("a bug")


def nonsense(task: Task) -> Answer:
    del task
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"this is no frame at all")
        except OSError:
            continue
    return Answer()


def chatter(task: Task) -> Answer:
    print("printed to standard output")
    os.write(1, b"written to descriptor 1\n")
    return Answer(task.params)


if __name__ == "__main__":
    serve(
        {
            "echo": echo,
            "work": work,
            "die": die,
            "hang": hang,
            "fail": fail,
            "nonsense": nonsense,
            "chatter": chatter,
            "exit": lambda task: os._exit(task.params["code"]),
        },
        hello={"pid": os.getpid()},
    )
