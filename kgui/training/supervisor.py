"""The process that a run belongs to: it starts the training process, waits, and writes down how that ended.

Run as `python -m kgui.training.supervisor RUN`, in a session of its own, so that it outlives the window that started
it. It has no Keras and next to no memory, so that it is the last to be killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from kgui.errors import exit_reason
from kgui.training import life
from kgui.training.runs import RunFolder, RunState, ending

TRAINER = "kgui.engine.trainer"

ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    # Errors and warnings only. TensorFlow's news about its own build help nobody in the log.
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # A data file must not make libhdf5 load a filter's code, and need not be writable.
    "HDF5_PLUGIN_PRELOAD": "::",
    "HDF5_USE_FILE_LOCKING": "FALSE",
    "PYTHONUNBUFFERED": "1",
}

SIGNALS = {
    "SIGKILL": "The training process was killed (SIGKILL): by hand, or for lack of memory",
    "SIGABRT": "The training process gave itself up (SIGABRT); the log says where",
    "SIGSEGV": "The training process crashed (SIGSEGV); the log says where",
    "SIGBUS": "The training process lost a file that it was reading (SIGBUS), or the disk is full",
    "SIGTERM": "The training process was ended by SIGTERM",
}


def supervise(run: RunFolder) -> RunState:
    """Trains a run to its end, and writes that end into the run.

    Returns:
        How it ended.
    """
    run.update_status(state="starting", supervisor=life.note(os.getpid()))
    try:
        process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", TRAINER, str(run.path)],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **ENVIRONMENT},
            **_background(),
        )
    except OSError as error:
        state = RunState("failed", f"The training process cannot be started ({error.strerror or error}).")
        run.update_status(state=state.kind, sentence=state.sentence, ended=time.time())
        return state
    _pass_on_signals(run)
    run.update_status(state="running", trainer=life.note(process.pid))
    returncode = process.wait()
    state = how_it_ended(run, returncode)
    run.update_status(state=state.kind, sentence=state.sentence, returncode=returncode, ended=time.time())
    return state


def how_it_ended(run: RunFolder, returncode: int) -> RunState:
    """Judges a training process that has ended by its return code and by its last words."""
    last = next((event for event in reversed(run.events().read()) if event["event"] in ("end", "error")), None)
    if returncode == 0 and last is not None and last["event"] == "end":
        return ending(last)
    if returncode >= 0 and last is not None and last["event"] == "error":
        return RunState("failed", str(last.get("sentence", "")))
    kept = "All metrics until then are kept."
    if returncode < 0:
        reason = exit_reason(returncode)
        name = reason.rpartition(" ")[2]
        return RunState("killed", f"{SIGNALS.get(name, f'The training process was {reason}')}. {kept}")
    return RunState("failed", f"The training process ended by itself ({exit_reason(returncode)}); see its log. {kept}")


def _background() -> dict[str, Any]:
    # Where there is `nice`, the training process lowers itself.
    if sys.platform == "win32":
        return {"creationflags": subprocess.BELOW_NORMAL_PRIORITY_CLASS}
    return {}


def _pass_on_signals(run: RunFolder) -> None:
    def stop(number: int, frame: object) -> None:
        run.stop()

    # Asked to end (a machine that shuts down), the run is stopped properly: its model is saved.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def main() -> int:
    """Supervises the run that the command line names."""
    state = supervise(RunFolder(Path(sys.argv[1])))
    return 0 if state.kind in ("done", "stopped") else 1


if __name__ == "__main__":
    sys.exit(main())
