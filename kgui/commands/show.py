"""`kgui show`: the layers of a model, with shapes and parameters, as text or JSON."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kgui.formats import ModelFile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `kgui show` takes."""
    parser.add_argument("file", metavar="FILE", help="a model, architecture or weights file of any era, or a folder")
    parser.add_argument("--json", action="store_true", help="one JSON object with everything that is known")
    parser.add_argument("--expand-nested", action="store_true", help="show the layers of nested models below them")
    parser.add_argument(
        "--line-length", type=whole_number, metavar="N", help="columns of a line (default: the terminal's)"
    )
    parser.add_argument(
        "--positions",
        type=_positions,
        metavar="A,B,…",
        help="where each column ends: fractions of the line, or columns",
    )
    parser.add_argument("--show-trainable", action="store_true", help="a column that says which layers are trained")
    parser.add_argument("--show-dtype", action="store_true", help="a column with the dtypes of the outputs")
    parser.add_argument("--show-cost", action="store_true", help="a column with the multiply-adds of one sample")


def run(arguments: argparse.Namespace) -> int:
    """Prints the summary, or the JSON object.

    Raises:
        KguiError: The file cannot be read. Where only its weights cannot be listed, the rest is printed before.
    """
    from kgui.errors import KguiError
    from kgui.formats import open_model

    failed = None
    with open_model(arguments.file, weights=False) as file:
        if arguments.json or not file.inference.complete or file.model.kind not in ("functional", "sequential"):
            # By rule alone not all is known: a custom layer, or no graph. The arrays in the file tell. And some
            # risks, which the JSON object has, show only when the arrays are listed.
            try:
                file.list_weights()
            except KguiError as error:
                failed = error
        if arguments.json:
            import json

            from kgui.reports.json_report import to_json

            write(json.dumps(to_json(file), indent=2, ensure_ascii=not speaks_unicode()))
        else:
            write(_text(file, arguments))
    if failed is not None:
        raise failed
    return 0


def _text(file: ModelFile, arguments: argparse.Namespace) -> str:
    return file.summary(
        line_length=arguments.line_length,
        positions=arguments.positions,
        expand_nested=arguments.expand_nested,
        show_trainable=arguments.show_trainable,
        show_dtype=arguments.show_dtype,
        show_multiply_adds=arguments.show_cost,
        only_ascii=not speaks_unicode(),
    )


def speaks_unicode() -> bool:
    """Whether standard output can show any character."""
    return (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "").startswith("utf")


def write(text: str) -> None:
    """Prints a text whatever the terminal's encoding; what it cannot show is spelled out.

    Raises:
        FileError: The output is closed, or the disk that it goes to is full.
    """
    from kgui.errors import FileError

    if sys.stdout is None:  # `kgui … >&-`
        raise FileError("There is no standard output to write to")
    encoding = sys.stdout.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        _give_up_output()
        raise FileError(f"The output cannot be written ({error.strerror})") from error


def _give_up_output() -> None:
    """What is left in the buffer would fail again when Python ends, with a traceback."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def whole_number(text: str) -> int:
    """A number of a command line, 1 at least."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _positions(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers such as 0.45,0.8,1") from None
