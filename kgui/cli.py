"""The command line without a window: `kgui COMMAND …`."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence

from kgui import __version__
from kgui.errors import KguiError

COMMANDS = {
    "show": "the layers of a model, with shapes and parameters, as text or JSON",
    "plot": "the graph of a model as SVG, PNG, PDF or DOT",
    "check": "the risks in a file, and what would run them",
    "diff": "what differs between two models",
    "code": "Python that builds the same model",
    "convert": "writes a model in another format, from any era to today's",
    "data": "the tree of a data file, or a preview of a dataset",
    "objects": "custom objects that a model needs, and where they are found",
    "train": "trains a project, with a progress bar, into a run folder that the window can open",
}
"""Every command and its help. Each is a module of `kgui.commands`, imported only when it is asked for."""


GUARDED = {
    "show": (20, None),
    "plot": (60, None),
    "check": (20, None),
    "code": (20, None),
    "objects": (20, None),
    "diff": (3600, 1 << 40),
    "data": (3600, 1 << 40),
}
"""Commands that only read, with seconds of the processor and bytes of memory that they may take (None: as the reader).
The last two go through values, of which there may be any number; a crash of theirs is told in a sentence too."""


def available() -> dict[str, str]:
    """The commands of this installation."""
    return {name: text for name, text in COMMANDS.items() if importlib.util.find_spec(f"kgui.commands.{name}")}


def main(arguments: Sequence[str] | None = None, *, own_process: bool = False) -> int:
    """Runs one command.

    Args:
        arguments: The words of the command line.
        own_process: Whether this process is there for the command alone, so that it may be limited and forked.

    Returns:
        0 for success, 1 for a failure that a message on standard error explains, 2 for wrong usage.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="kgui", description="A workbench for Keras models.")
    parser.add_argument("--version", action="version", version=f"kgui {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = words[0] if words and words[0] in COMMANDS else None
    for name, text in available().items():
        subparser = subparsers.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if name == chosen:
            importlib.import_module(f"kgui.commands.{name}").add_arguments(subparser)
    try:
        parsed, unknown = parser.parse_known_args(words)
        if unknown:  # told with the usage of the command, which argparse itself does not
            subparsers.choices.get(parsed.command, parser).error(f"unrecognized arguments: {' '.join(unknown)}")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    if own_process and parsed.command in GUARDED:
        from kgui.reader.guard import guarded

        seconds, memory = GUARDED[parsed.command]
        return guarded(lambda: _run(parsed), cpu_seconds=seconds, memory=memory)
    return _run(parsed)


def _run(parsed: argparse.Namespace) -> int:
    try:
        code: int = importlib.import_module(f"kgui.commands.{parsed.command}").run(parsed)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except KguiError as error:
        from kgui.reports.visible import visible

        # Names of files and layers are in it, and nothing from a stranger moves the cursor.
        print(f"kgui: {visible(str(error), 4000)}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output (`head`, a pager) has seen enough. Keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("kgui: stopped", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(own_process=True))
