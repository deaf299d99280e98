"""Where the weights of an opened file are, and how one is read without reading the others."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from kgui.graph import Model, Weight
from kgui.reports.risks import Risk

Selection = tuple[slice | int, ...]
"""Basic slices and integers, one per leading dimension, as NumPy has them. Steps are allowed."""


class WeightStore(Protocol):
    """The weights of one file. One implementation per layout: v3 HDF5, legacy HDF5, checkpoint, npz, ….

    Nothing is read before it is asked for, and `attach` reads shapes and dtypes only.

    Attributes:
        risks: What `attach` and `entries` have found that points out of the file or claims what is not there.
    """

    risks: list[Risk]

    def attach(self, model: Model) -> list[str]:
        """Sets `Layer.weights` of every layer at every depth.

        Returns:
            Notes for the user: arrays that no layer claims, layers whose arrays are missing.
        """

    def entries(self) -> list[Weight]:
        """Every array in the file, in its order, whether a layer claims it or not."""

    def read(self, weight: Weight, selection: Selection | None = None) -> np.ndarray[Any, Any]:
        """Values of one array, or of a part of it. bfloat16 comes as ml_dtypes.bfloat16 where that is installed.

        Raises:
            FileError: The values are damaged, elsewhere, or stored with a filter that is not known.
            LimitError: The part is larger than what the file can honestly hold.
        """

    def close(self) -> None:
        """Gives the file back. Reading afterwards is an error."""
