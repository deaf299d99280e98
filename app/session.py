"""An open document: a model, what is known about it, and what of it is selected.

The features of the window (canvas, summary, inspector, …) never import each other; they meet here. The document itself
(`kgui.graph.Model`) knows nothing of Qt: the session holds it and says by signals that it has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    # For the eye only: at run time a window without a document needs none of them, and starts faster so.
    from app.running import Running
    from kgui.graph.model import Layer, Model
    from kgui.inference.result import Inference, LayerResult
    from kgui.reports.risks import Risk
    from kgui.training.project import Project

LayerPath = tuple[int, ...]
"""Ids of the layers that lead to a layer through nested models, its own id last."""

NodeKey = tuple[LayerPath, int]
"""One node of the graph: the path of the layer, and the index of one of its calls.

A layer without calls (in a subclassed model, or one that nothing uses) is selected as call 0.
"""


@dataclass
class Opened:
    """What the reader says about a file.

    Attributes:
        path: The file, or None for a model that is in no file yet.
        format: "keras-zip", "keras-hdf5", …; see `kgui.formats.file.ModelFile`.
        model: The graph.
        inference: Its shapes and parameters.
        keras_version: Of the Keras that wrote the file, or None.
        backend: Of that Keras, or None.
        training: What the file says about compiling and training.
        facts: What else is known, for people: label to text.
        risks: What could run code, read other files, or exhaust a machine.
        notices: Custom classes and functions: worth knowing, and no risk by themselves.
        notes: What else the user should know and that is no risk.
        assets: Files that the model carries, with their size in bytes.
        project: The project, where a project was opened.
        trained_by: The project whose training made the file, where it is the result of a run.
        trained_at: When that was, in seconds since 1970.
    """

    path: Path | None
    model: Model
    inference: Inference
    format: str = ""
    keras_version: str | None = None
    backend: str | None = None
    training: dict[str, Any] | None = None
    facts: dict[str, str] = field(default_factory=dict)
    risks: list[Risk] = field(default_factory=list)
    notices: list[Risk] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    assets: dict[str, int] = field(default_factory=dict)
    project: Project | None = None
    trained_by: Project | None = None
    trained_at: float = 0.0


class Session(QObject):
    """One open document. Lives as long as its tab.

    Attributes:
        opened: All that the reader said about the file. `model` and `inference` are shortcuts into it.
        running: The runs of the project, where the document is one.
        comparison: The `app.compare.Comparison` that the document is one side of, or None.
    """

    model_changed = Signal()
    """Another model, or another structure: rebuild what was made from it. The selection is empty by then."""
    inference_changed = Signal()
    """The same model with other shapes, parameters or problems."""
    selection_changed = Signal()
    """`selection` is another one. Emitted once per change, never for setting what was already set."""
    reveal_requested = Signal(object)
    """A view should bring the `NodeKey` into sight (unfolding what hides it) without changing the selection."""
    nested_requested = Signal(object)
    """The nested model at this `LayerPath` should open in a tab of its own."""
    title_changed = Signal()

    def __init__(self, opened: Opened, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.opened = opened
        self.running: Running | None = None
        self.comparison: Any = None
        self._selection: tuple[NodeKey, ...] = ()
        self._title: str | None = None

    @property
    def model(self) -> Model:
        """The model that the tab shows."""
        return self.opened.model

    @property
    def inference(self) -> Inference:
        """What is computed from `model`."""
        return self.opened.inference

    @property
    def path(self) -> Path | None:
        """The file, or None for a model that is in no file yet."""
        return self.opened.path

    @property
    def title(self) -> str:
        """What the tab says: the file's name, else the model's."""
        if self._title is not None:
            return self._title
        return self.path.name if self.path is not None else self.model.name

    @title.setter
    def title(self, text: str) -> None:
        if text != self.title:
            self._title = text
            self.title_changed.emit()

    @property
    def selection(self) -> tuple[NodeKey, ...]:
        """The selected nodes, in the order in which they were selected; the last one is the current one."""
        return self._selection

    @selection.setter
    def selection(self, keys: Iterable[NodeKey]) -> None:
        chosen = tuple(dict.fromkeys(keys))
        if chosen != self._selection:
            self._selection = chosen
            self.selection_changed.emit()

    @property
    def current(self) -> NodeKey | None:
        """The node that was selected last."""
        return self._selection[-1] if self._selection else None

    def replace(self, opened: Opened) -> None:
        """Shows another state of the document: the file was read again, or another model takes its place."""
        self.selection = ()
        self.opened = opened
        self.model_changed.emit()
        self.inference_changed.emit()
        self.title_changed.emit()

    def infer(self, inference: Inference) -> None:
        """Takes what was newly computed from the same model."""
        self.opened.inference = inference
        self.inference_changed.emit()

    def reveal(self, key: NodeKey) -> None:
        """Selects a node and brings it into sight in every view."""
        self.selection = (key,)
        self.reveal_requested.emit(key)

    def layer(self, path: LayerPath) -> Layer | None:
        """The layer at a path, or None where there is none (any more)."""
        model: Model | None = self.model
        layer: Layer | None = None
        for key in path:
            layer = model.layers.get(key) if model is not None else None
            if layer is None:
                return None
            model = layer.model
        return layer

    def result(self, path: LayerPath) -> LayerResult | None:
        """What inference says about the layer at a path, or None where it says nothing."""
        inference: Inference | None = self.inference
        result: LayerResult | None = None
        for key in path:
            result = inference.layers.get(key) if inference is not None else None
            if result is None:
                return None
            inference = result.model
        return result

    def owner(self, path: LayerPath) -> Model:
        """The model that a layer is directly in: the document's own for a path of one id."""
        owner = self.layer(path[:-1])
        return owner.model if owner is not None and owner.model is not None else self.model
