"""The start of the program `kgui`: the command line for its commands, the window for everything else."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from kgui import __version__
from kgui.cli import COMMANDS, available
from kgui.cli import main as command_line

APT = (
    "sudo apt-get install -y libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0"
)
"""What Qt needs from Debian and Ubuntu."""


X11_LIBRARIES = (
    "libxcb-cursor.so.0",
    "libxcb-icccm.so.4",
    "libxcb-image.so.0",
    "libxcb-keysyms.so.1",
    "libxcb-render-util.so.0",
    "libxkbcommon-x11.so.0",
)
"""Those of Qt's X11 plugin that a system without a desktop lacks."""

TABS = (
    "outline",
    "runs",
    "inspector",
    "weights",
    "config",
    "summary",
    "differences",
    "problems",
    "training",
    "console",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs kgui.

    Returns:
        0 for success, 1 for a failure that a message explains, 2 for wrong usage.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in COMMANDS:
        return command_line(words, own_process=arguments is None)
    parser = _parser()
    try:
        parsed = parser.parse_args(words)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    if not has_display():
        return _without_display(parsed)
    return _with_window(parsed)


def _parser() -> argparse.ArgumentParser:
    commands = "\n".join(f"  {name:9} {text}" for name, text in available().items())
    parser = argparse.ArgumentParser(
        prog="kgui",
        usage="kgui [FILE ...] [--train] [--theme light|dark|system]\n"
        "       kgui --screenshot OUT.png [--size WxH] [--theme light|dark] [--tab NAME] [FILE ...]\n"
        "       kgui COMMAND ...",
        description="A desktop workbench for Keras models. Without a command, a window opens with the files in tabs.",
        epilog=f"commands (kgui COMMAND --help says more):\n{commands}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", type=Path, help="models, or .kgui projects")
    parser.add_argument("--train", action="store_true", help="start the training of the project at once")
    parser.add_argument("--theme", choices=("light", "dark", "system"), help="instead of the one that was chosen")
    parser.add_argument("--screenshot", metavar="OUT.png", type=Path, help="write a picture of the window, and leave")
    parser.add_argument("--size", type=_size, metavar="WxH", help="of the window, in pixels (1440x900)")
    parser.add_argument("--tab", choices=TABS, help="the panel to bring to the front")
    parser.add_argument("--version", action="version", version=f"kgui {__version__}")
    return parser


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 100 <= int(width) <= 16384 and 100 <= int(height) <= 16384):
        raise argparse.ArgumentTypeError(f'"{text}" is no size; write it like 1440x900')
    return int(width), int(height)


def has_display() -> bool:
    """Whether a window can be shown at all."""
    if sys.platform != "linux":
        return True
    if any(os.environ.get(name) for name in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        return True
    display = os.environ.get("DISPLAY", "")
    return bool(display) and not _is_gone(display)


def _is_gone(display: str) -> bool:
    """Whether a display of this machine has no server: Qt would abort the process, and leave a core file behind."""
    number = re.fullmatch(r":(\d+)(\.\d+)?", display)
    if number is None:
        return False
    import socket

    # The first is the one of Linux alone that needs no file.
    for address in (f"\0/tmp/.X11-unix/X{number[1]}", f"/tmp/.X11-unix/X{number[1]}"):
        with socket.socket(socket.AF_UNIX) as server:
            try:
                server.settimeout(2)
                server.connect(address)
            except OSError:
                continue
            return False
    return True


def missing_libraries() -> list[str]:
    """Libraries that Qt loads for a window under X11 and without which it would abort the process."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM") or os.environ.get("WAYLAND_DISPLAY"):
        return []
    import ctypes

    missing = []
    for name in X11_LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def _without_display(parsed: argparse.Namespace) -> int:
    if parsed.screenshot is not None:
        # A picture needs no screen: Qt can paint without one.
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        return _with_window(parsed)
    projects = [path for path in parsed.files if path.suffix == ".kgui"]
    if parsed.train and projects:
        print("kgui: there is no display, so the training runs without a window.", file=sys.stderr)
        return max(command_line(["train", str(path)]) for path in projects)
    if parsed.files and not parsed.files[0].exists():
        # Most likely a command with a slip in it.
        print(f"kgui: {parsed.files[0]}: This is neither a file nor a command. Try: kgui --help", file=sys.stderr)
        return 1
    hint = f"kgui show {parsed.files[0]}" if parsed.files else "kgui --help"
    print(f"kgui: there is no display to show a window on. Without one, try: {hint}", file=sys.stderr)
    return 1


def _with_window(parsed: argparse.Namespace) -> int:
    if missing := missing_libraries():
        print(
            f"kgui: Qt needs system libraries that are missing ({', '.join(missing)}). On Debian or Ubuntu: {APT}",
            file=sys.stderr,
        )
        return 1
    try:
        from PySide6 import QtWidgets  # noqa: F401
    except ImportError as error:
        print(f"kgui: a system library that Qt needs is missing ({error}). On Debian or Ubuntu: {APT}", file=sys.stderr)
        return 1
    from app.start import run

    return run(parsed)


if __name__ == "__main__":
    sys.exit(main())
