"""A model file that has been opened: what `open_model` returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kgui.errors import FileError, ModelError
from kgui.graph import Layer, Model, Weight
from kgui.inference.result import Inference
from kgui.reports.risk_kinds import Risk

if TYPE_CHECKING:
    import numpy as np

    from kgui.formats.store import Selection, WeightStore
    from kgui.reports.diff import Difference


@dataclass(repr=False)
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

    def __repr__(self) -> str:
        count = len(self.model.layers)
        return f"<ModelFile {str(self.path)!r}: {self.format}, {self.model.kind}, {count} layers>"

    @property
    def layers(self) -> list[Layer]:
        """The layers of the model itself, in the order of the file; those of a nested model are in `Layer.model`."""
        return list(self.model.layers.values())

    def layer(self, name: str) -> Layer:
        """The layer of that name; "encoder/dense" is one of a nested model.

        Raises:
            ModelError: There is none.
        """
        layer = self._find(self.model, name)
        if layer is None:
            from difflib import get_close_matches

            last = {known: known.rpartition("/")[2] for known in _names(self.model)}
            close = get_close_matches(name.rpartition("/")[2], set(last.values()), 3)
            near = [known for known, short in last.items() if short in close][:5]
            hint = f"Similar names are {', '.join(near)}." if near else "`summary()` lists the names."
            raise ModelError(f"There is no layer named {name!r}", where=str(self.path), hint=hint)
        return layer

    def _find(self, model: Model, name: str) -> Layer | None:
        """Names may hold slashes themselves, so that every place to part them is tried."""
        if (layer := model.named(name)) is not None:
            return layer
        for outer in model.layers.values():
            if outer.model is not None and name.startswith(outer.name + "/"):
                inner = self._find(outer.model, name[len(outer.name) + 1 :])
                if inner is not None:
                    return inner
        return None

    def optimizer_weights(self) -> list[Weight]:
        """The optimizer's own arrays; looked for only where the file says that the model was compiled."""
        if self.training is None or (self.closed and self.store is None):
            return []
        return [entry for entry in self.list_weights() if _is_of_optimizer(entry.path or entry.name)]

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

    def read(self, weight: Weight | str, selection: Selection | None = None) -> np.ndarray[Any, Any]:
        """Values of one array, or of a part of it.

        Args:
            weight: One of `Layer.weights` or of what `list_weights` returns, or its name: "dense/kernel".
            selection: Slices and integers for the leading dimensions, as NumPy has them; None for all.

        Raises:
            FileError: The file has no such values, or they are damaged.
            LimitError: The part is larger than what the file can honestly hold.
            ModelError: There is no array of that name.
        """
        self.list_weights()
        if isinstance(weight, str):
            weight = self._weight(weight)
        if self.closed:
            raise FileError("The file has been closed", where=str(self.path))
        if self.store is None:
            raise FileError("The file has no weights", where=str(self.path))
        return self.store.read(weight, selection)

    def _weight(self, name: str) -> Weight:
        """An array by the names of its layers and its own, which may hold slashes too ("lstm/cell/kernel")."""
        for place in (at for at, letter in enumerate(name) if letter == "/"):
            layer = self._find(self.model, name[:place])
            for weight in (layer.weights or ()) if layer is not None else ():
                if weight.name == name[place + 1 :]:
                    return weight
        for weight in self.list_weights():
            if name in (weight.path, weight.name):
                return weight
        raise ModelError(f"There is no array named {name!r}", where=str(self.path), hint='Write it as "dense/kernel".')

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
        """The summary as `kgui show` prints it; `options` are those of `kgui.reports.summary.summary`."""
        from kgui.reports.summary import summary

        known: dict[str, Any] = {
            "optimizer": self.optimizer_weights(),
            "notes": [*self.notes, *_untold(self.model)],
        }
        return summary(self.model, self.inference, **(known | options))

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


def _untold(model: Model) -> list[str]:
    """A note on the layers whose class, which is not in the file, decides which of their weights are trained."""
    if model.kind == "weights":
        return []
    names = [
        layer.name
        for _, layer in model.walk()
        if layer.config.get("trainable") is not False
        and any(weight.trainable is None for weight in layer.weights or ())
    ]
    if not names:
        return []
    from kgui.formats.weight_names import listed

    return [f"Which weights of {listed('layer', names)} are trained is not in the file; they count as trained."]


def _is_of_optimizer(path: str) -> bool:
    return path.lstrip("/").startswith(("optimizer/", "optimizer_weights/"))


def _names(model: Model, before: str = "") -> list[str]:
    """Every layer at every depth, as `ModelFile.layer` takes it."""
    found = []
    for layer in model.layers.values():
        found.append(before + layer.name)
        if layer.model is not None:
            found += _names(layer.model, f"{before}{layer.name}/")
    return found
