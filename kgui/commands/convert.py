"""`kgui convert`: writes a model in another format, from any era to today's."""

from __future__ import annotations

import argparse
import sys

from kgui.commands.show import write
from kgui.reports.words import plain


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `kgui convert` takes."""
    parser.add_argument("input", metavar="IN", help="a model or architecture file of any era, or a folder")
    parser.add_argument("output", metavar="OUT", help="where to write it: .keras, .h5, .json or .yaml")
    parser.add_argument(
        "--format",
        choices=("keras-zip", "hdf5", "json", "yaml"),
        help="the format, where the ending of OUT does not say it",
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes the model, and says what the user should know about it on standard error."""
    from kgui.formats import open_model
    from kgui.formats.save import save_model

    with open_model(arguments.input) as file:
        written = save_model(file, arguments.output, format=arguments.format)
        for note in file.notes:
            print(f"Note: {plain(note)}", file=sys.stderr)
        write(f"Wrote {plain(file.model.name or str(file.path))} to {written}.")
    return 0
