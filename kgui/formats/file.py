"""A model file that has been opened: what `open_model` returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kgui.errors import FileError
from kgui.graph import Model, Weight
from kgui.inference.result import Inference
from kgui.reports.risk_kinds import Risk

if TYPE_CHECKING:
    import numpy as np

    from kgui.formats.store import Selection, WeightStore
    from kgui.reports.diff import Difference


@dataclass
class ModelFile:
    """A file, what it says about itself, and the model in it.

    Attributes:
        path: The file or folder.
        format: "keras-zip", "keras-hdf5", "hdf5", "saved-model", "checkpoint", "json", "yaml", "weights", ….
        keras_version: Of the Keras that wrote it, or None where the file does not say.
        model: The graph. Weights are listed by `list_weights`, not before.
        training: What the file says about compiling and training (compile_config, training_config), as it has it.
        facts: What else is known, for people: label to text ("saved" to "2024-05-01 10:00", "size" to "12.3 MB", …).
        container_risks: What is odd about the file itself (archive, HDF5, YAML), apart from the configuration in it.
        notes: What the user should know and that is no risk: "subclassed model: the file has no graph", ….
        store: Where the weights are, or None where the file has none or `list_weights` has not been called.
        find_store: Finds the weights, or None where the file has none. Called once, by `list_weights`.
        assets: Files that the model carries (vocabularies), by their path within it, with their size in bytes.
        weights_path: Where the weights are, if not in `path` itself.
        on_close: Gives back what is held open beside the store.
        closed: Whether `close` has been called.
    """

    path: Path
    format: str
    model: Model
    keras_version: str | None = None
    backend: str | None = None
    training: dict[str, Any] | None = None
    facts: dict[str, str] = field(default_factory=dict)
    container_risks: list[Risk] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    assets: dict[str, int] = field(default_factory=dict)
    store: WeightStore | None = None
    find_store: Callable[[ModelFile], WeightStore | None] | None = None
    weights_path: Path | None = None
    on_close: Callable[[], None] | None = None
    closed: bool = False

    @cached_property
    def inference(self) -> Inference:
        """Shapes, dtypes, parameters and cost of every layer, computed by rule."""
        from kgui.inference import infer

        return infer(self.model)

    @cached_property
    def risks(self) -> list[Risk]:
        """What could run code, read other files, or exhaust a machine: of the file, then of the configuration."""
        from kgui.reports.risks import find_risks

        return list(dict.fromkeys([*self.container_risks, *find_risks(self.model, self.training)]))

    def list_weights(self) -> list[Weight]:
        """Lists the arrays of every layer (`Layer.weights`), without their values.

        Returns:
            Every array in the file, in its order, whether a layer claims it or not.

        Raises:
            FileError: The part of the file that holds the weights is damaged.
        """
        if self.store is None and self.find_store is not None:
            if self.closed:
                raise FileError("The file has been closed", where=str(self.path))
            self.store = self.find_store(self)
            self.find_store = None
            if self.store is not None:
                self.notes.extend(note for note in self.store.attach(self.model) if note not in self.notes)
                self.container_risks.extend(self.store.risks)
                # What has been inferred without the weights may say less than what can be said now.
                self.__dict__.pop("inference", None)
                self.__dict__.pop("risks", None)
        return [] if self.store is None else self.store.entries()

    def read(self, weight: Weight, selection: Selection | None = None) -> np.ndarray[Any, Any]:
        """Values of one array, or of a part of it.

        Args:
            weight: One of `Layer.weights`, or of what `list_weights` returns.
            selection: Slices and integers for the leading dimensions, as NumPy has them; None for all.

        Raises:
            FileError: The file has no such values, or they are damaged.
            LimitError: The part is larger than what the file can honestly hold.
        """
        self.list_weights()
        if self.closed:
            raise FileError("The file has been closed", where=str(self.path))
        if self.store is None:
            raise FileError("The file has no weights", where=str(self.path))
        return self.store.read(weight, selection)

    def close(self) -> None:
        """Gives the file back. The graph and what was inferred from it stay."""
        self.closed = True
        if self.store is not None:
            self.store.close()
        if self.on_close is not None:
            self.on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def summary(self, **options: Any) -> str:
        """The summary as text; `options` are those of `kgui.reports.summary.summary`."""
        from kgui.reports.summary import summary

        return summary(self.model, self.inference, **options)

    def to_json(self) -> dict[str, Any]:
        """What `kgui show --json` prints, as plain values."""
        from kgui.reports.json_report import to_json

        return to_json(self)

    def code(self, **options: Any) -> str:
        """Python that builds and compiles the model; `options` are those of `kgui.reports.code.code`."""
        from kgui.formats.notes import Notes
        from kgui.formats.structure import decode_object
        from kgui.reports.code import code

        known: dict[str, Any] = {
            "training": self.training,
            "source": self.path.name,
            "read_model": lambda value, era: decode_object(value, era, Notes()),
        }
        return code(self.model, self.inference, **(known | options))

    def diff(self, other: ModelFile, *, weights: bool = True) -> Difference:
        """What differs between this model and another: structure, arguments, and the values of the weights.

        Args:
            other: The model that this one has become.
            weights: Whether to read the values; without, shapes and dtypes alone are compared.
        """
        from kgui.reports.diff import diff

        self.list_weights()
        other.list_weights()
        readers: dict[str, Any] = {"read_a": self.read, "read_b": other.read} if weights else {}
        return diff(self.model, other.model, self.inference, other.inference, **readers)

    def plot(self, path: Path | str, **options: Any) -> None:
        """Draws the graph into a file; `options` are those of `kgui.reports.plot.plot`."""
        from kgui.reports.plot import plot

        plot(self.model, self.inference, path, **options)

    def save(self, path: Path | str, *, format: str | None = None) -> Path:  # noqa: A002 - the word of `save_model`
        """Writes the model, as it stands now, with its weights. See `kgui.save_model`."""
        from kgui.formats.save import save_model

        return save_model(self, path, format=format)
