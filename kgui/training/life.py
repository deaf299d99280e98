"""Whether a process that was noted down in a file is still the one that runs under its number."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any


def note(pid: int) -> dict[str, Any]:
    """What to keep of a running process to find it again: its number, and when it started."""
    return {"pid": pid, "started": _started(pid)}


def is_alive(noted: Any) -> bool:
    """Whether the process of a note still runs. A number that the system gave to another process since is not it."""
    if not isinstance(noted, dict) or not isinstance(noted.get("pid"), int) or noted.get("started") is None:
        return False
    return bool(_started(noted["pid"]) == noted["started"])


def _started(pid: int) -> str | None:
    """When a process started, as a text that no other process with its number will ever have; None if it has ended."""
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except OSError:
            return None
        # The name, in parentheses, may hold spaces and parentheses. After it: the state, …, the start (field 22).
        fields = stat.rpartition(")")[2].split()
        # A zombie has ended; it only waits for its parent to ask how.
        return None if fields[0] in "ZX" else f"{_boot()}-{fields[19]}"
    import psutil  # type: ignore[import-untyped]

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None


@lru_cache(1)
def _boot() -> str:
    # Counted from the start of the machine, a start time could come again after a restart.
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
    except OSError:
        return str(Path("/proc/1").stat().st_ctime_ns)
