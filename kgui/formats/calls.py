"""The calls of layers ("inbound_nodes") in the encodings that are in circulation.

1. Keras 3: `{"args": […], "kwargs": {…}}` with `__keras_tensor__` leaves anywhere in it, which also state the shape.
2. Keras 2 and tf.keras: leaves `[layer, node, tensor, kwargs]` in a list, or in any structure; for TFOpLambda and
   SlicingOpLambda one bare leaf; in kwargs `[layer, node, tensor]`; a constant is
   `["_CONSTANT_VALUE", -1, value, kwargs]`.
3. Keras 1: leaves `[layer, node, tensor]`.

The fourth, the Graph of Keras 0.x, has no calls: see `kgui.formats.graph0`.

Sources: `keras.src.models.functional` (3.15), `keras.engine.base_layer.Node.get_config` (2.x), `keras.engine.topology`
(1.x), `tf_keras.src.engine.node` (2.21).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kgui.errors import ModelError
from kgui.formats.notes import FORM, Notes, form_of, quoted
from kgui.graph import Call, Layer, Structure, TensorRef, TensorSpec

CONSTANT = "_CONSTANT_VALUE"
KERAS_TENSOR = "__keras_tensor__"
Json = Any
SpecOf = Callable[[TensorRef], TensorSpec]


@dataclass(slots=True)
class Producer:
    """A layer as the source of tensors, while references to it are decoded.

    Attributes:
        id: Of the layer.
        calls: How many calls it has; a reference beyond them dangles.
        base: What the file calls the first call: 1 for nested models in most files, else 0.
    """

    id: int
    calls: int
    base: int = 0


@dataclass(slots=True)
class CallDecoder:
    """Turns the references of one model into `TensorRef`s.

    Attributes:
        producers: Layers by the name that references use.
        stored: Gets the shapes that the file states.
        notes: Gets what does not fit.
        leaf_size: Elements of a leaf in encodings 2 and 3.
        consumer: The layer whose calls are decoded, or in words what else names tensors.
        backward: Whether a layer takes a tensor of itself or of a later one, as shared layers may.
    """

    producers: dict[str, Producer]
    stored: dict[TensorRef, TensorSpec]
    notes: Notes
    leaf_size: int = 4
    consumer: Layer | str = ""
    backward: bool = False

    def _note(self, what: str) -> None:
        """Remarks what the consumer at hand does; its name is only put into words when that is needed."""
        who = self.consumer if isinstance(self.consumer, str) else f"Layer {quoted(self.consumer.name)}"
        self.notes.add(f"{who} {what}")

    def ref(self, name: Any, node: Any, tensor: Any, *, quiet: bool = False) -> TensorRef | None:
        """The tensor that a reference means, or None where there is none."""
        producer = self.producers.get(name) if isinstance(name, str) else None
        if producer is None:
            if not quiet:
                self._note(f"takes a tensor from layer {quoted(name)}, which is not in the model.")
            return None
        if type(node) is not int or type(tensor) is not int:
            self._note(f"names a tensor of layer {quoted(name)} in a way that says nothing.")
            return None
        call = node - producer.base
        if not 0 <= call < producer.calls or not 0 <= tensor < 1_000_000:
            self._note(f"takes a tensor from call {node} of layer {quoted(name)}, which has no such call.")
            return None
        if type(self.consumer) is Layer and producer.id >= self.consumer.id:
            self.backward = True
        return TensorRef(producer.id, call, tensor)

    # Encoding 1 -------------------------------------------------------------------------------------------------

    def keras3(self, value: dict[str, Any]) -> Call:
        """A call of Keras 3."""
        args, kwargs = value.get("args"), value.get("kwargs")
        call = Call(
            self._tree(args) if isinstance(args, list) else [] if args is None else [self._tree(args)],
            self._tree(kwargs) if isinstance(kwargs, dict) and "class_name" not in kwargs else {},
        )
        odd = {key: item for key, item in value.items() if key not in ("args", "kwargs")}
        if odd:
            call.record.update(odd)
        return call

    def _tree(self, value: Any) -> Structure:
        if type(value) is list:
            return [self._tree(item) for item in value]
        if type(value) is dict:
            if value.get("class_name") == KERAS_TENSOR:
                return self._keras_tensor(value)
            return {key: self._tree(item) for key, item in value.items()}
        return value

    def _keras_tensor(self, value: dict[str, Any]) -> Structure:
        config = value.get("config")
        history = config.get("keras_history") if isinstance(config, dict) else None
        if config is None or type(history) is not list or len(history) != 3:
            self._note("takes a tensor that the file does not say the origin of.")
            return value
        ref = self.ref(*history)
        if ref is None:
            return value
        if ref not in self.stored:
            spec = TensorSpec(as_shape(config.get("shape")), as_text(config.get("dtype")))
            if spec != (None, None):
                self.stored[ref] = spec
        return ref

    # Encodings 2 and 3 -------------------------------------------------------------------------------------------

    def keras2(self, value: Any, *, bare: bool = False) -> Call:
        """A call of Keras 1, Keras 2 or tf.keras; `bare` if the layer's class is one of `BARE`."""
        call = self._keras2_plain([value] if bare and _is_leaf(value) else value)
        if call is not None:
            return call
        call = self._keras2_odd(value)
        # The form allows what kgui would not write (kwargs that differ between leaves, leaves of mixed length).
        # Such a call is kept word for word, and written back so as long as nobody edits it.
        call.record[FORM] = {"raw": value}
        return call

    def _keras2_plain(self, value: Any) -> Call | None:
        """The form that nearly every call has: leaves in a list, with equal kwargs."""
        if type(value) is not list or not value:
            return None
        size = self.leaf_size
        refs: list[TensorRef] = []
        for leaf in value:
            if type(leaf) is not list or len(leaf) != size:
                return None
            name, node, tensor = leaf[0], leaf[1], leaf[2]
            if type(name) is not str or name == CONSTANT:
                return None
            ref = self.ref(name, node, tensor)
            if ref is None:
                return None
            refs.append(ref)
        kwargs: dict[str, Any] = {}
        if size == 4:
            kwargs = value[0][3]
            if type(kwargs) is not dict or any(leaf[3] != kwargs for leaf in value):
                return None
            if kwargs:
                kwargs = {key: self._keyword(item) for key, item in kwargs.items()}
        return Call([refs[0] if len(refs) == 1 else refs], kwargs)

    def _keras2_odd(self, value: Any) -> Call:
        kwargs: dict[str, Any] = {}

        def decode(item: Any) -> Structure:
            if type(item) is list and item and type(item[0]) is str and len(item) in (3, 4):
                if len(item) == 4 and type(item[3]) is dict:
                    kwargs.update(item[3])
                if item[0] == CONSTANT:
                    return item[2]
                ref = self.ref(item[0], item[1], item[2])
                return item if ref is None else ref
            if type(item) is list:
                return [decode(inner) for inner in item]
            if type(item) is dict:
                return {key: decode(inner) for key, inner in item.items()}
            return item

        args = decode(value)
        if type(args) is list and len(args) == 1 and type(value) is list and type(value[0]) is not str:
            # Keras itself takes a list of one tensor for the tensor.
            args = args[0]
        return Call([args], {key: self._keyword(item) for key, item in kwargs.items()})

    def _keyword(self, value: Any) -> Structure:
        if type(value) is list:
            if len(value) == 3 and type(value[0]) is str and type(value[1]) is int and type(value[2]) is int:
                # A constant list may look the same: only a known layer's name makes it a tensor.
                ref = self.ref(*value, quiet=True)
                return value if ref is None else ref
            return [self._keyword(item) for item in value]
        if type(value) is dict:
            return {key: self._keyword(item) for key, item in value.items()}
        return value

    # Inputs and outputs of the model -------------------------------------------------------------------------------

    def ends(self, value: Any) -> Structure:
        """`input_layers` or `output_layers`, in their structure."""
        if type(value) is list:
            if len(value) == 3 and type(value[0]) is str and type(value[1]) is int:
                ref = self.ref(*value)
                return value if ref is None else ref
            return [self.ends(item) for item in value]
        if type(value) is dict:
            return {key: self.ends(item) for key, item in value.items()}
        return value


@dataclass(slots=True)
class CallEncoder:
    """Turns `TensorRef`s of one model into the references of a file.

    Attributes:
        layers: Of the model, by id.
        spec: Shape and dtype of a tensor, which Keras 3 writes beside every reference.
        keras3: Whether to write encoding 1, or else 2 or 3.
        leaf_size: Elements of a leaf in encodings 2 and 3.
    """

    layers: dict[int, Layer]
    spec: SpecOf
    keras3: bool = True
    leaf_size: int = 4

    def name_and_call(self, ref: TensorRef, ends: bool = False) -> list[Any]:
        """`[layer, node, tensor]` for a tensor; `ends` for `input_layers` and `output_layers`."""
        layer = self.layers.get(ref.layer)
        if layer is None:
            raise ModelError(f"A call takes a tensor from layer number {ref.layer}, which is not in the model")
        return [layer.name, ref.call + call_base(layer, keras3=self.keras3, ends=ends), ref.tensor]

    def call(self, layer: Layer, call: Call, decoder: Callable[[], CallDecoder]) -> Json:
        """One entry of "inbound_nodes". `decoder` is asked for only where the file's own words may still hold."""
        raw = form_of(call.record).get("raw")
        if raw is not None and not self.keras3:
            was = decoder().keras2(raw, bare=layer.class_name in BARE)
            if was.args == call.args and was.kwargs == call.kwargs:
                return raw
        return self._keras3(call) if self.keras3 else self._keras2(layer, call)

    def _keras3(self, call: Call) -> Json:
        value: dict[str, Any] = {"args": self._tree(call.args), "kwargs": self._tree(call.kwargs)}
        value.update((key, item) for key, item in call.record.items() if key != FORM)
        return value

    def _tree(self, value: Structure) -> Json:
        if isinstance(value, TensorRef):
            spec = self.spec(value)
            return {
                "class_name": KERAS_TENSOR,
                "config": {
                    "shape": None if spec.shape is None else list(spec.shape),
                    "dtype": spec.dtype or "float32",
                    "keras_history": self.name_and_call(value),
                },
            }
        if isinstance(value, dict):
            return {key: self._tree(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._tree(item) for item in value]
        return value

    def _keras2(self, layer: Layer, call: Call) -> Json:
        if len(call.args) > 1:
            raise ModelError(
                f"Layer {quoted(layer.name)} takes several positional arguments, which files of Keras 2 cannot say",
                hint="Pass the further ones by keyword, or save as .keras of Keras 3.",
            )
        kwargs = {key: self._keyword(item) for key, item in call.kwargs.items()}
        tail = [kwargs] if self.leaf_size == 4 or kwargs else []

        def encode(value: Structure) -> Json:
            if isinstance(value, TensorRef):
                return [*self.name_and_call(value), *tail]
            if isinstance(value, dict):
                return {key: encode(item) for key, item in value.items()}
            if isinstance(value, (list, tuple)):
                return [encode(item) for item in value]
            return [CONSTANT, -1, value, *tail]

        first = call.args[0] if call.args else []
        value = encode(first)
        is_single = isinstance(first, TensorRef) or not isinstance(first, (list, tuple, dict))
        return [value] if is_single and layer.class_name not in BARE else value

    def _keyword(self, value: Structure) -> Json:
        if isinstance(value, TensorRef):
            return self.name_and_call(value)
        if isinstance(value, dict):
            return {key: self._keyword(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._keyword(item) for item in value]
        return value

    def ends(self, value: Structure) -> Json:
        """`input_layers` or `output_layers`."""
        if isinstance(value, TensorRef):
            return self.name_and_call(value, ends=True)
        if isinstance(value, dict):
            return {key: self.ends(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.ends(item) for item in value]
        return value


def _is_leaf(value: Any) -> bool:
    return type(value) is list and len(value) == 4 and type(value[0]) is str


BARE = frozenset({"TFOpLambda", "SlicingOpLambda"})
"""Classes whose calls are one leaf without a list around it."""


def call_base(layer: Layer, *, keras3: bool, ends: bool) -> int:
    """What the file calls the first call of a layer.

    A nested model's own creation counts as its call 0, so that its first use is 1: everywhere in files before Keras 3,
    and in `input_layers` and `output_layers` of Keras 3. `keras.src.models.functional.serialize_node` subtracts it.
    """
    if layer.model is None:
        return 0
    known = form_of(layer.record).get("base")
    if isinstance(known, list) and len(known) == 2:
        return int(known[ends])
    return default_base(layer.model.kind, keras3=keras3, ends=ends)


def default_base(kind: str, *, keras3: bool, ends: bool) -> int:
    """The base that Keras itself uses for a nested model of a kind."""
    if keras3:
        return 1 if ends and kind == "functional" else 0
    return 1 if kind in ("functional", "sequential") else 0


def as_shape(value: Any) -> tuple[int | None, ...] | None:
    """A shape as a file has it (list, TensorShape object, tuple object), or None where it is none."""
    if type(value) is dict:
        inner = value.get("items", value.get("config", value.get("value")))
        if type(inner) is dict:
            inner = inner.get("items", inner.get("value"))
        value = inner
    if type(value) is not list:
        return None
    for size in value:
        if size is not None and (type(size) is not int or size < 0):
            return None
    return tuple(value)


def as_text(value: Any) -> str | None:
    """The value if it is text."""
    return value if type(value) is str else None
