"""`kgui code`: Python that builds the same model."""

from __future__ import annotations

import argparse
from pathlib import Path

from kgui.commands.show import write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `kgui code` takes."""
    parser.add_argument("file", metavar="FILE", help="a model or architecture file of any era")
    parser.add_argument("-o", "--output", type=Path, metavar="MODEL.py", help="where to write it (default: print it)")


def run(arguments: argparse.Namespace) -> int:
    """Writes the code.

    Raises:
        FileError: The code cannot be written there.
    """
    from kgui.atomic import replacing
    from kgui.formats import open_model

    with open_model(arguments.file, weights=False) as file:
        written = file.code()
    if arguments.output is None:
        write(written.rstrip("\n"))
        return 0
    with replacing(arguments.output) as part:
        part.write_text(written, encoding="utf-8")
    return 0
