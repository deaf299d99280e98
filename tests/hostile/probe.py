"""Opens files as kgui does, each in a fresh process under watch, and says what it cost and what it did.

`python probe.py CANARY` reads one JSON line per file ({"name", "path"}) on standard input and prints one per file.
A fresh process is a fork of this one, which has loaded kgui but no file.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
ALLOWED_ROOTS = tuple(
    {
        str(Path(p).resolve())
        for p in (
            sys.prefix,
            sys.base_prefix,
            HERE.parents[2] / "kgui",
            "/proc/self",
            "/usr/share/zoneinfo",
            "/dev/null",
        )
    }
)
TRUSTED_IMPORTS = ("kgui", "numpy", "h5py", "yaml", "encodings", "ml_dtypes", "_")
FORBIDDEN = (
    *("code.__new__", "ctypes.dlopen", "pickle", "shutil", "socket", "subprocess", "tempfile", "urllib"),
    *("os.chmod", "os.exec", "os.fork", "os.kill", "os.link", "os.mkdir", "os.posix_spawn", "os.remove", "os.rename"),
    *("os.spawn", "os.symlink", "os.system", "os.truncate"),
)


class Watch:
    """An audit hook that notes what opening a model file never needs."""

    def __init__(self) -> None:
        self.armed = False
        self.folder = ""
        self.events: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event.startswith(FORBIDDEN):
            self.events.append(f"{event} {arguments!r}"[:200])
        elif event == "import":
            name = str(arguments[0])
            if not name.startswith(TRUSTED_IMPORTS) and name.partition(".")[0] not in sys.stdlib_module_names:
                self.events.append(f"import {name}")
        elif event in ("exec", "marshal.loads", "compile") and not self._importing(event, arguments):
            self.events.append(f"{event} {arguments!r}"[:200])
        elif event == "open":
            self._opened(*arguments)

    def _importing(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "compile" and arguments[1] == "<unknown>":
            return True  # ast.parse of ast.literal_eval, which runs nothing
        frame: Any = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename.startswith("<frozen importlib") or frame.f_code.co_name == "__create_fn__":
                return True
            # collections.namedtuple and dataclasses build their methods with exec, within an import.
            frame = frame.f_back
        return False

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int):
            return
        full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - resolve() would open and follow links
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes or not full.startswith((self.folder, *ALLOWED_ROOTS)):
            self.events.append(f"open {full} {mode} {flags}")


WATCH = Watch()


def look(path: str) -> dict[str, Any]:
    """All that kgui does with a file that is opened, drawn up and looked into."""
    import numpy as np

    from kgui import open_model
    from kgui.graph.transfer import model_to_json
    from kgui.inference.transfer import inference_to_json
    from kgui.reports.risks import find_notices

    with open_model(path, weights=False) as file:
        first = json.dumps([model_to_json(file.model), inference_to_json(file.inference)])
        read = 0
        failed = []
        entries = []
        try:
            entries = file.list_weights()
        except Exception as error:
            failed.append(_told(error))
        first += json.dumps(inference_to_json(file.inference))
        for weight in entries[:20]:
            try:
                read += np.asarray(file.read(weight, tuple(slice(0, 8) for _ in weight.shape))).size
            except Exception as error:
                failed.append(_told(error))
        return {
            "risks": [[risk.kind, risk.where, risk.detail, risk.runs_when] for risk in file.risks],
            "notices": len(find_notices(file.model, file.training)),
            "layers": len(file.model.layers),
            "weights": len(entries),
            "read": read,
            "failed": failed,
            "json": len(first),
            "text": json.dumps([file.notes, file.facts]),
        }


def _told(error: BaseException) -> list[str]:
    from kgui.errors import KguiError

    return ["user" if isinstance(error, KguiError) else "bug", type(error).__name__, str(error)[:500]]


def probe(name: str, path: str, canary: str, limit: float) -> dict[str, Any]:
    read_end, write_end = os.pipe()
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        WATCH.folder, WATCH.armed = str(Path(path).parent), True
        try:
            result: dict[str, Any] = look(path)
        except BaseException as error:
            result = {"error": _told(error)}
        WATCH.armed = False
        result["events"] = WATCH.events
        with os.fdopen(write_end, "w") as stream:
            json.dump(result, stream)
        os._exit(0)
    os.close(write_end)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, limit)
    with os.fdopen(read_end) as stream:
        text = stream.read()
    _, status, usage = os.wait4(pid, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    result = json.loads(text) if text else {}
    return {
        **result,
        "name": name,
        "status": status,
        "seconds": time.monotonic() - start,
        "cpu": usage.ru_utime + usage.ru_stime,
        "megabytes": usage.ru_maxrss / 1024,
        "ran": Path(canary).exists(),
    }


def main() -> None:
    from kgui.reader.limits import limit_this_process

    # In a fresh clone the first import of a module would write its byte code, which is no harm done by a file.
    sys.dont_write_bytecode = True
    limit_this_process()
    import h5py  # noqa: F401

    import kgui.formats.open
    import kgui.inference

    sys.addaudithook(WATCH)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"base": base, "infer": kgui.inference.infer.__name__}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(probe(asked["name"], asked["path"], sys.argv[1], asked.get("limit", 20.0))), flush=True)


if __name__ == "__main__":
    main()
