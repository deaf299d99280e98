"""`kgui diff`: what differs between two models."""

from __future__ import annotations

import argparse

from kgui.commands.show import speaks_unicode, write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `kgui diff` takes."""
    parser.add_argument("old", metavar="A", help="the first model")
    parser.add_argument("new", metavar="B", help="the second model")
    parser.add_argument("--json", action="store_true", help="one JSON object with every difference")
    parser.add_argument("--no-weights", action="store_true", help="do not read the values of the weights")


def run(arguments: argparse.Namespace) -> int:
    """Prints the difference. The exit code is 0 whether there is one or not; `--json` has "same"."""
    from kgui.formats import open_model

    with open_model(arguments.old) as old, open_model(arguments.new) as new:
        found = old.diff(new, weights=not arguments.no_weights)
        if arguments.json:
            import json

            write(json.dumps(found.to_json(), indent=2, ensure_ascii=not speaks_unicode()))
        else:
            write(found.text(arguments.old, arguments.new))
    return 0
