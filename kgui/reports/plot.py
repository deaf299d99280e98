"""`plot`: a model into a picture file, under the names that users of Keras' `plot_model` know."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from kgui.graph import Model
from kgui.inference.result import Inference
from kgui.reports.picture import PictureOptions, save


def plot(
    model: Model, inference: Inference | None, path: Path | str, *, risky: Collection[str] = (), **options: Any
) -> None:
    """Draws the graph into a file.

    Args:
        model: The graph.
        inference: Its shapes.
        path: Ends with .svg, .png, .pdf or .dot.
        risky: Names of layers that carry a risk.
        **options: Those of `kgui.reports.picture.PictureOptions`: show_shapes, show_dtype, show_layer_names, rankdir,
            expand_nested, dpi, show_layer_activations, show_trainable, theme, ….

    Raises:
        FileError: The name ends with no known format, or the file cannot be written.
        LimitError: A PNG of that size would not fit into memory.
    """
    save(Path(path), model, inference, PictureOptions(**options), risky)
