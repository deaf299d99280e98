#!/usr/bin/env python3
"""Sets kgui up in `.venv` beside this project and runs it. Needs only Python 3.11 to 3.13 and git.

    python3 packaging/bootstrap.py run           the window on the bundled sample, and its training
    python3 packaging/bootstrap.py run ARGS…     kgui with other arguments
    python3 packaging/bootstrap.py test          all checks and all tests
    python3 packaging/bootstrap.py setup         only the set-up

This file runs before anything is installed, so it uses the standard library alone.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "packaging" / "lock.txt"
SAMPLE = ROOT / "resources" / "samples" / "digits.kgui"
VENV = ROOT / ".venv"
VENV_WITHOUT_QT = ROOT / ".venv-without-qt"
OLDEST, NEWEST = (3, 11), (3, 13)

QT_PACKAGES = ("pyside6-essentials", "shiboken6", "pyqtgraph", "pytest-qt")
"""Left out of the environment that proves the library to work without a screen."""

DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libOpenGL.so.0": "libopengl0",
    "libGLX.so.0": "libglx0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libXext.so.6": "libxext6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
}
"""Shared libraries that Qt's wheels expect of the system, and the Debian and Ubuntu packages that have them."""

QT_FILES = ("QtCore.abi3.so", "QtGui.abi3.so", "QtWidgets.abi3.so", "QtSvg.abi3.so")
QT_PLUGINS = ("platforms/libqxcb.so", "platforms/libqoffscreen.so")


class SetupError(Exception):
    """Something that the user has to do; the message says what."""


def main(words: Sequence[str]) -> int:
    """Runs one command of this file; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["run", "test", "setup"])
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    parsed = parser.parse_args(words)
    try:
        check_python()
        set_up(VENV)
        if parsed.command == "setup":
            return 0
        if parsed.command == "test" or has_display():
            find_qt_libraries(VENV)
        return (run if parsed.command == "run" else test)(parsed.arguments)
    except SetupError as error:
        print(f"kgui set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("kgui set-up: stopped", file=sys.stderr)
        return 1


def run(arguments: Sequence[str]) -> int:
    """Starts kgui; without arguments on the bundled sample, training it."""
    words = arguments or ["--train", str(SAMPLE)]
    return subprocess.call([program(VENV, "kgui"), *words])


def has_display() -> bool:
    """Whether a window can be shown. Where it cannot, kgui works without Qt and its system libraries."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in names)


def check_python() -> None:
    """Refuses a Python for which TensorFlow has no wheels."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        other = next((found for minor in (12, 13, 11) if (found := shutil.which(f"python3.{minor}"))), None)
        hint = f"Run it with {other}." if other else "Install one of them, or ask your administrator for it."
        raise SetupError(f"kgui needs Python 3.11, 3.12 or 3.13; this is {platform.python_version()}. {hint}")


def set_up(venv: Path, without: Sequence[str] = ()) -> None:
    """Makes the environment and installs what `lock.txt` says, unless that has been done."""
    stamp = venv / "kgui-lock.sha256"
    wanted = hashlib.sha256(LOCK.read_bytes() + " ".join(without).encode() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted and Path(program(venv, "python")).exists():
        return
    if not Path(program(venv, "python")).exists():
        make_venv(venv)
    print(
        f"kgui set-up: installing into {venv.name} (TensorFlow and Qt: about 1 GB to download the first time) …",
        flush=True,
    )
    lock = LOCK
    if without:
        lock = venv / "lock.txt"
        lock.write_text(leave_out(LOCK.read_text(), without))
    install(venv, ["-r", str(lock)])
    install(venv, ["--no-deps", "-e", str(ROOT)])
    stamp.write_text(wanted)


def make_venv(venv: Path) -> None:
    """Makes an empty environment. Debian's Python comes without `venv`: then that is installed, or said."""
    print(f"kgui set-up: making {venv.name} with Python {platform.python_version()} …", flush=True)
    if importlib.util.find_spec("ensurepip") is None:
        # Debian and Ubuntu split ensurepip off into a package of its own.
        install_system_packages([f"python3.{sys.version_info[1]}-venv"], "Python's venv module")
    if subprocess.call([sys.executable, "-m", "venv", str(venv)]) != 0:
        raise SetupError(f"{sys.executable} could not make a virtual environment in {venv}")


def install(venv: Path, words: Sequence[str]) -> None:
    """Installs with uv, which is many times faster, or with pip where uv cannot be had or does not get through."""
    python = program(venv, "python")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not Path(program(venv, "uv")).exists():
        pinned = re.search(r"^uv==\S+", LOCK.read_text(), re.MULTILINE)
        subprocess.call([*pip, pinned.group() if pinned else "uv"], **quiet)
    if Path(program(venv, "uv")).exists():
        # A gigabyte takes minutes on a slow line: on a terminal uv shows how far it is.
        loudness = [] if sys.stderr.isatty() else ["--quiet"]
        command = [program(venv, "uv"), "pip", "install", *loudness, "--python", python, *words]
        if subprocess.call(command) == 0:
            return
        print("kgui set-up: uv did not get through; trying pip …", file=sys.stderr)
    # The cause is on the screen already, in pip's own words.
    if subprocess.call([*pip, *words]) != 0:
        raise SetupError("the packages could not be installed. Check the network connection, then run this again.")


def leave_out(lock: str, names: Iterable[str]) -> str:
    """A lock file without some packages."""
    drop = re.compile(rf"^({'|'.join(map(re.escape, names))})==", re.IGNORECASE)
    return "\n".join(line for line in lock.splitlines() if not drop.match(line)) + "\n"


def program(venv: Path, name: str) -> str:
    """The path of a program in an environment, on any system."""
    folder = "Scripts" if os.name == "nt" else "bin"
    return str(venv / folder / (f"{name}.exe" if os.name == "nt" else name))


def find_qt_libraries(venv: Path) -> None:
    """Finds system libraries that Qt would miss; installs them when root, says the command otherwise."""
    if not sys.platform.startswith("linux"):
        return
    missing = missing_libraries(venv)
    if not missing:
        return
    packages = sorted({DEBIAN_PACKAGES[name] for name in missing if name in DEBIAN_PACKAGES})
    unknown = [name for name in missing if name not in DEBIAN_PACKAGES]
    if unknown or not shutil.which("apt-get"):
        raise SetupError(
            f"Qt needs system libraries that are missing: {', '.join(sorted(missing))}. "
            "Install them with your system's package manager."
        )
    install_system_packages(packages, "libraries that Qt needs")
    if still := missing_libraries(venv):
        raise SetupError(f"Qt still misses {', '.join(sorted(still))}")


def missing_libraries(venv: Path) -> set[str]:
    """Names of shared libraries that Qt's files ask for and the system does not have, as `ldd` finds them."""
    found = list(venv.glob("lib/python3*/site-packages/PySide6"))
    if not found or not shutil.which("ldd"):
        return set()
    folder = found[0]
    files = [folder / name for name in QT_FILES] + [folder / "Qt" / "plugins" / name for name in QT_PLUGINS]
    listed = subprocess.run(
        ["ldd", *[str(f) for f in files if f.exists()]], capture_output=True, text=True, check=False
    )
    return set(re.findall(r"^\s*(\S+) => not found", listed.stdout, re.MULTILINE))


def install_system_packages(packages: Sequence[str], what: str) -> None:
    """Installs Debian packages when root; otherwise says the exact command."""
    apt = shutil.which("apt-get")
    command = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if apt is None:
        raise SetupError(f"{what} is missing. Install it with your system's package manager, then run this again.")
    if os.geteuid() != 0:
        raise SetupError(f"{what}: missing on this system. Run this, then try again:\n    sudo {command}")
    print(f"kgui set-up: {command}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.call([apt, "update", "-qq"], env=environment)
    if subprocess.call([apt, "install", "-qq", "-y", "--no-install-recommends", *packages], env=environment) != 0:
        raise SetupError(f"{what} could not be installed by: {command}")


def test(arguments: Sequence[str]) -> int:
    """All checks and all tests. The library's tests run where there is no PySide6, which proves that they need none."""
    if arguments:
        return subprocess.call([program(VENV, "python"), "-m", "pytest", *arguments], cwd=ROOT)
    set_up(VENV_WITHOUT_QT, without=QT_PACKAGES)
    return 1 if [name for name, command in steps() if not passed(name, command)] else 0


def steps() -> list[tuple[str, list[str]]]:
    """What `test` runs, in order: name and command."""
    here, library = program(VENV, "python"), program(VENV_WITHOUT_QT, "python")
    pytest = ["-m", "pytest", "--quiet"]
    return [
        ("lint", [program(VENV, "ruff"), "check", "."]),
        ("format", [program(VENV, "ruff"), "format", "--check", "."]),
        ("types", [program(VENV, "mypy")]),
        ("rooms", [program(VENV, "lint-imports")]),
        ("library, without PySide6", [library, *pytest, "-n", "2", "--dist", "loadfile", "--ignore=tests/app"]),
        ("window", [here, *pytest, "tests/app"]),
    ]


def passed(name: str, command: Sequence[str]) -> bool:
    """Runs one step and says how it went."""
    print(f"\n=== {name}", flush=True)
    environment = {"QT_QPA_PLATFORM": "offscreen", "TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    code = subprocess.call(command, cwd=ROOT, env=environment)
    print(f"=== {name}: {'passed' if code == 0 else f'FAILED (exit code {code})'}", flush=True)
    return code == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
