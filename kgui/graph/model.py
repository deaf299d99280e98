"""What a model is: layers, the calls of each layer, and the tensors between the calls.

The graph holds what the file says, in the words of the file's own era: `Layer.class_name` may be
"Convolution2D" and its config may have "nb_filter". `kgui.layers.eras.modern` gives today's words for them.
What is computed from the graph (shapes, parameters, problems) is not in it: see `kgui.inference`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from kgui.graph.tensors import Structure, TensorRef, TensorSpec, refs

Kind = Literal["functional", "sequential", "subclassed", "weights"]
Era = Literal["keras-0", "keras-1", "keras-2", "tf-keras", "keras-3"]
"""Whose words and encodings a model is written in: Keras 0.x, 1.x, 2.x, tf.keras 2.x, Keras 3."""


@dataclass(slots=True)
class Call:
    """One call of a layer.

    Attributes:
        args: Positional arguments: plain JSON with `TensorRef`s in the place of tensors.
            `layer(x)` has `[x]`, `Add()([x, y])` has `[[x, y]]`.
        kwargs: Keyword arguments in the same form; tensors occur here too (mask, initial_state, key, value).
        record: What else the file says about the call, to be written back.
    """

    args: list[Structure] = field(default_factory=list)
    kwargs: dict[str, Structure] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)

    def inputs(self) -> list[TensorRef]:
        """All tensors that go into the call, positional ones first, repeated ones repeated."""
        return [*refs(self.args), *refs(self.kwargs)]


@dataclass(slots=True)
class Weight:
    """An array of a layer, as the file lists it. Its values stay in the file.

    Attributes:
        name: What Keras calls it within the layer: "kernel", "forward_layer/cell/bias".
        shape: Sizes of the array.
        dtype: NumPy or ml_dtypes name: "float32", "bfloat16".
        path: Where the values are within the file (an HDF5 path, a checkpoint key), or None.
        trainable: None where neither the file nor the layer's class tells.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    path: str | None = None
    trainable: bool | None = None

    @property
    def size(self) -> int:
        """Number of values."""
        count = 1
        for length in self.shape:
            count *= length
        return count


@dataclass(slots=True)
class Layer:
    """A layer, an operation, or a nested model, with all its calls.

    Attributes:
        id: Unique within the model, and kept for life: renaming and reordering do not change it.
        name: The layer's name. A damaged file may repeat one; ids tell the layers apart.
        class_name: As the file has it.
        module: Where the file says that the class comes from, or None. Never imported by the reader.
        registered_name: "Package>Name" of a registered custom class, or None.
        config: The arguments, as the file has them.
        calls: One for each time the layer is used. A shared layer has several.
        model: The nested model, where the layer is one.
        weights: Arrays in the file; None until the file's weights have been listed.
        implied: True for the input of a Sequential that the file only implies; never written back.
        record: What else the file says about the layer (build_config, …), to be written back.
    """

    id: int
    name: str
    class_name: str
    config: dict[str, Any] = field(default_factory=dict)
    module: str | None = None
    registered_name: str | None = None
    calls: list[Call] = field(default_factory=list)
    model: Model | None = None
    weights: list[Weight] | None = None
    implied: bool = False
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def is_input(self) -> bool:
        """True for an InputLayer of any era, one that the file only implies included."""
        return self.class_name == "InputLayer"

    @property
    def is_operation(self) -> bool:
        """True for a node that is a function, not a layer: a Keras 3 op, TFOpLambda and its relatives."""
        return (self.module or "").startswith(("keras.src.ops", "keras.ops")) or self.class_name in OPERATION_LAYERS


OPERATION_LAYERS = frozenset({"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "TensorFlowOpLayer"})


@dataclass(slots=True)
class Model:
    """A model, or a model nested in another.

    Attributes:
        kind: "functional" and "sequential" have a graph. "subclassed" has none: its graph is Python code that
            is not in the file. "weights" is a file with arrays only.
        layers: By id, in the order of the file.
        inputs: Input tensors in their structure (single, list, dict, nested), or None without a graph.
        outputs: Output tensors in their structure, or None without a graph.
        stored: Shapes and dtypes of tensors that the file itself states.
        config: The model's own arguments but for layers, inputs and outputs.
        record: What else the file says about the model (build_config, compile_config, …), to be written back.
    """

    kind: Kind
    name: str = ""
    class_name: str = "Functional"
    module: str | None = None
    registered_name: str | None = None
    era: Era = "keras-3"
    layers: dict[int, Layer] = field(default_factory=dict)
    inputs: Structure = None
    outputs: Structure = None
    stored: dict[TensorRef, TensorSpec] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)

    def walk(self) -> Iterator[tuple[tuple[int, ...], Layer]]:
        """Every layer at every depth, outer before inner, each with the ids that lead to it, its own last."""
        stack: list[tuple[tuple[int, ...], Layer]] = [((key,), layer) for key, layer in reversed(self.layers.items())]
        while stack:
            path, layer = stack.pop()
            yield path, layer
            if layer.model is not None:
                stack.extend(((*path, key), inner) for key, inner in reversed(layer.model.layers.items()))

    def named(self, name: str) -> Layer | None:
        """The first layer of that name in this model itself (not in nested ones)."""
        return next((layer for layer in self.layers.values() if layer.name == name), None)
