"""`kgui plot`: the graph of a model as SVG, PNG, PDF or DOT."""

from __future__ import annotations

import argparse
from pathlib import Path

from kgui.commands.show import whole_number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `kgui plot` takes."""
    parser.add_argument("file", metavar="FILE", help="a model or architecture file of any era, or a folder")
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=Path, required=True, help="ends with .svg, .png, .pdf or .dot"
    )
    parser.add_argument("--show-shapes", action="store_true", help="the output shapes of every layer")
    parser.add_argument("--show-dtype", action="store_true", help="the output dtypes of every layer")
    parser.add_argument("--no-layer-names", action="store_true", help="leave the layers' names out")
    parser.add_argument("--no-arguments", action="store_true", help="leave the line of telling arguments out")
    parser.add_argument("--rankdir", choices=("TB", "LR"), default="TB", help="which way the graph runs")
    parser.add_argument("--expand-nested", action="store_true", help="open nested models, however deep")
    parser.add_argument("--fold-repeats", action="store_true", help="runs of identical blocks as one of them, × 16")
    parser.add_argument("--dpi", type=whole_number, metavar="N", help="dots per inch of a PNG (default: at most 192)")
    parser.add_argument("--show-layer-activations", action="store_true", help="the activation of every layer with one")
    parser.add_argument("--show-trainable", action="store_true", help="which layers are trained")
    parser.add_argument("--theme", choices=("light", "dark"), default="light", help="colours (default: light)")


def run(arguments: argparse.Namespace) -> int:
    """Writes the picture."""
    from kgui.formats import open_model
    from kgui.reports.picture import PictureOptions, check_format, save

    check_format(arguments.output)
    options = PictureOptions(
        show_shapes=arguments.show_shapes,
        show_dtype=arguments.show_dtype,
        show_layer_names=not arguments.no_layer_names,
        show_arguments=not arguments.no_arguments,
        rankdir=arguments.rankdir,
        expand_nested=arguments.expand_nested,
        fold_repeats=arguments.fold_repeats,
        dpi=arguments.dpi,
        show_layer_activations=arguments.show_layer_activations,
        show_trainable=arguments.show_trainable,
        theme=arguments.theme,
    )
    with open_model(arguments.file, weights=False) as file:
        if not file.model.layers:
            from kgui.errors import ModelError

            empty = file.model.kind in ("functional", "sequential")
            raise ModelError(
                "The model has no layers to draw" if empty else "There is no graph in this file to draw",
                where=str(arguments.file),
                hint=" ".join(file.notes) or (None if empty else "Open the file that has the architecture."),
            )
        risky = {name for risk in file.risks for name in _quoted(risk.where)}
        save(arguments.output, file.model, file.inference, options, risky)
    return 0


def _quoted(where: str) -> list[str]:
    """The names in a place such as "layer 'lam'"."""
    return where.split("'")[1::2]
