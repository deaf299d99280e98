"""What a picture of a model shows: cards, and edges between them. The same for the canvas and for exported pictures.

A card is a call of a layer. It knows its text, its category and its size, but not its colours and not its place: those
are the theme's and `kgui.layout.placement`'s. Everything is plain values, which any process can compute.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from kgui.graph import Call, Layer, Model, Shape, TensorRef, TensorSpec, refs
from kgui.inference.result import CallResult, Inference, LayerResult
from kgui.layers.categories import Category, category
from kgui.layout import card as measures
from kgui.layout.arguments import SEPARATOR, activation_of, telling
from kgui.layout.repeats import Repeat, find_repeats
from kgui.layout.text import clean

LayerPath = tuple[int, ...]
NodeKey = tuple[LayerPath, int]
Place = tuple[tuple[int, int], ...]
"""Layer id and call index at each depth. Unlike a `NodeKey` it tells apart the two insides of a shared nested model."""

BadgeKind = Literal["shared", "frozen", "risky", "error", "warning", "assumed", "unknown", "repeat"]


@dataclass(frozen=True, slots=True)
class Badge:
    """A state that a person must see at once.

    Attributes:
        kind: What it is; the canvas has a colour and a sign for each.
        text: What stands on the card: "shared 1/2"; empty for a sign alone.
        detail: What it means, as a sentence.
    """

    kind: BadgeKind
    text: str
    detail: str


@dataclass(slots=True)
class Card:
    """One call of a layer, or several folded into one.

    Attributes:
        place: Where it is, uniquely within the diagram.
        parent: Index of the card that it is shown in, or None.
        category: What its colour says.
        title: The class name.
        name: The layer's name; empty where names are not wanted.
        arguments: The telling arguments in one line.
        output: Shapes (and dtypes) of the outputs in one line.
        badges: Its states.
        custom: Whether the class is the user's own.
        nested: Whether it is a model that can be opened in place.
        expanded: Whether that has been done; its `width` and `height` are then found by the layout.
        inputs: How many tensors arrive.
        outputs: How many tensors leave.
        width: In pixels at 100 %.
        height: Likewise.
        repeat: How many identical blocks the card is a frame around one of; 0 if it is no such frame. It stands for no
            layer, and its place is that of the first layer in it with the id made negative.
        members: Places of the layers in the other blocks, which have no cards.
    """

    place: Place
    parent: int | None
    category: Category
    title: str
    name: str = ""
    arguments: str = ""
    output: str = ""
    badges: tuple[Badge, ...] = ()
    custom: bool = False
    nested: bool = False
    expanded: bool = False
    inputs: int = 0
    outputs: int = 1
    width: float = 0.0
    height: float = 0.0
    repeat: int = 0
    members: tuple[Place, ...] = ()

    @property
    def key(self) -> NodeKey:
        """What the card is in the model. Two cards have the same if a nested model is open in two places."""
        return tuple(layer for layer, _ in self.place), self.place[-1][1]

    @property
    def path(self) -> LayerPath:
        """Ids of the layers that lead to the layer, its own last."""
        return tuple(layer for layer, _ in self.place)


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor that one card makes and another reads.

    Attributes:
        source: Index of a card. That of an open nested model stands for its inputs, if the target is within it.
        tensor: Which output of the source.
        target: Index of a card. That of an open nested model stands for its outputs, if the source is within it.
        port: Which input of the target.
        keyword: The argument that the tensor is given as, or None for a positional one.
        label: The shape of the tensor.
    """

    source: int
    target: int
    tensor: int = 0
    port: int = 0
    keyword: str | None = None
    label: str = ""


@dataclass(slots=True)
class Diagram:
    """Cards, those around others first, and edges."""

    cards: list[Card] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DiagramOptions:
    """What the cards show, as Keras' `plot_model` names it.

    Attributes:
        shapes: The output shapes.
        dtypes: The output dtypes.
        names: The layers' names.
        arguments: The telling arguments.
        activations: The activation of every layer that has one, even the default one.
        trainable: Whether each layer is trainable, in words.
        expand_nested: Opens every nested model, however deep.
        expanded: Nested models to open.
        fold: Whether runs of identical blocks are shown as one of them in a frame that says how many there are.
        unfolded: Frames (see `Card.repeat`) of runs that are shown in full all the same.
        whole: Whether cards grow with their texts, instead of cutting long ones and counting further outputs.
    """

    shapes: bool = True
    dtypes: bool = False
    names: bool = True
    arguments: bool = True
    activations: bool = False
    trainable: bool = False
    expand_nested: bool = False
    expanded: frozenset[Place] = frozenset()
    fold: bool = False
    unfolded: frozenset[Place] = frozenset()
    whole: bool = False

    @property
    def widest(self) -> float:
        """The widest that a card may be."""
        return measures.WHOLE_WIDTH if self.whole else measures.MAX_WIDTH


_DEFAULT = DiagramOptions()


def diagram(
    model: Model,
    inference: Inference | None = None,
    options: DiagramOptions = _DEFAULT,
    risky: Collection[str] = (),
) -> Diagram:
    """The picture of a model, without positions.

    Args:
        model: The graph. One without calls (a subclassed model) becomes cards without edges.
        inference: Its shapes and problems; without it they are shown as not known.
        options: What to show.
        risky: Names of layers that carry a risk.
    """
    builder = _Builder(options, frozenset(risky), _problems(inference))
    builder.add(model, inference)
    return Diagram(builder.cards, builder.edges)


def _frame_place(first: int) -> tuple[int, int]:
    return -1 - first, 0


def _problems(inference: Inference | None) -> dict[LayerPath, list[tuple[int | None, str, str]]]:
    found: dict[LayerPath, list[tuple[int | None, str, str]]] = {}
    for problem in inference.problems if inference else ():
        if problem.severity != "info":
            found.setdefault(tuple(problem.path), []).append((problem.call, problem.severity, problem.message))
    return found


@dataclass(slots=True)
class _Level:
    """A model whose cards are to be made."""

    model: Model
    inference: Inference | None
    parent: int | None
    place: Place
    path: LayerPath


@dataclass(slots=True)
class _Builder:
    options: DiagramOptions
    risky: frozenset[str]
    problems: dict[LayerPath, list[tuple[int | None, str, str]]]
    cards: list[Card] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    entries: dict[tuple[int, int, int], int] = field(default_factory=dict)

    def add(self, model: Model, inference: Inference | None) -> None:
        levels = [_Level(model, inference, None, (), ())]
        while levels:
            levels.extend(reversed(self._level(levels.pop())))

    def _level(self, level: _Level) -> list[_Level]:
        numbers: dict[tuple[int, int], int] = {}
        inner: list[_Level] = []
        repeats = self._repeats(level)
        hidden = {id_ for repeat in repeats.values() for id_ in repeat.hidden}
        frames: dict[int, int] = {}
        for layer in level.model.layers.values():
            result = level.inference.layers.get(layer.id) if level.inference else None
            if layer.id in repeats:
                repeat = repeats[layer.id]
                frames.update(dict.fromkeys((*repeat.first, *repeat.hidden), len(self.cards)))
                self.cards.append(self._frame(level, repeat))
            if layer.id in hidden:
                numbers[layer.id, 0] = frames[layer.id]
                continue
            for call in range(max(1, len(layer.calls))):
                number = len(self.cards)
                numbers[layer.id, call] = number
                card = self._card(level, layer, call, result)
                card.parent = frames.get(layer.id, level.parent)
                self.cards.append(card)
                if card.expanded and layer.model is not None:
                    inside = result.model if result else None
                    inner.append(_Level(layer.model, inside, number, card.place, card.path))
        for layer in level.model.layers.values():
            if layer.id not in hidden:
                for index, made in enumerate(layer.calls):
                    self._edges(level, numbers, numbers[layer.id, index], made)
        for repeat in repeats.values():
            last = repeat.first[-1]
            label = _label(level.inference, TensorRef(last))
            self.edges.append(Edge(numbers[last, 0], frames[last], 0, 0, None, label))
        self._borders(level, numbers)
        return inner

    def _repeats(self, level: _Level) -> dict[int, Repeat]:
        """The runs to fold in a model, by the first layer of each."""
        if not self.options.fold:
            return {}
        says: dict[int, Hashable] = {}
        for layer in level.model.layers.values():
            result = level.inference.layers.get(layer.id) if level.inference else None
            # What needs attention must stay in sight.
            if len(layer.calls) != 1 or layer.name in self.risky or (*level.path, layer.id) in self.problems:
                continue
            made = result.calls[0] if result and result.calls else None
            arguments = self._arguments(level.model, layer, result)
            says[layer.id] = (layer.class_name, layer.module, arguments, _outputs(made, _DEFAULT), frozen(layer))
        found = find_repeats(level.model, says)
        return {
            repeat.first[0]: repeat
            for repeat in found
            if (*level.place, _frame_place(repeat.first[0])) not in self.options.unfolded
        }

    def _frame(self, level: _Level, repeat: Repeat) -> Card:
        names = [clean(level.model.layers[id_].name) for id_ in (repeat.first[0], repeat.last)]
        card = Card(
            place=(*level.place, _frame_place(repeat.first[0])),
            parent=level.parent,
            category="Nested",
            title=f"× {repeat.count}",
            name=f"{names[0]} … {names[1]}",
            nested=True,
            expanded=True,
            inputs=0,
            repeat=repeat.count,
            members=tuple((*level.place, (id_, 0)) for id_ in repeat.hidden),
        )
        card.width, card.height = measures.size(card, self.options.widest)
        return card

    def _card(self, level: _Level, layer: Layer, call: int, result: LayerResult | None) -> Card:
        options = self.options
        place = (*level.place, (layer.id, call))
        path = (*level.path, layer.id)
        made = result.calls[call] if result and call < len(result.calls) else None
        nested = layer.model is not None and bool(layer.model.layers)
        kind = category(layer.class_name, layer.module)
        card = Card(
            place=place,
            parent=level.parent,
            category="Nested" if layer.model is not None and kind != "Custom" else kind,
            title=clean(layer.class_name) or "?",
            name=clean(layer.name) if options.names else "",
            arguments=self._arguments(level.model, layer, result),
            output=_outputs(made, options),
            badges=tuple(self._badges(path, layer, call, made)),
            custom=kind == "Custom",
            nested=nested,
            expanded=nested and (options.expand_nested or place in options.expanded),
            inputs=len(layer.calls[call].inputs()) if layer.calls else 0,
            outputs=max(1, len(made.outputs)) if made else 1,
        )
        card.width, card.height = measures.size(card, self.options.widest)
        return card

    def _arguments(self, model: Model, layer: Layer, result: LayerResult | None) -> str:
        options = self.options
        said: list[str] = []
        if layer.model is not None:
            said = ["nested", f"{len(layer.model.layers):,} layers"]
            if result is not None and result.params:
                said.append(count(result.params))
        elif options.arguments:
            line = telling(layer, model.era)
            said = line.split(SEPARATOR) if line else []
        if options.activations and (activation := activation_of(layer, model.era)) and activation not in said:
            said.append(activation)
        if options.trainable and not layer.is_input:
            said.append("frozen" if frozen(layer) else "trainable")
        return clean(SEPARATOR.join(said))

    def _badges(self, path: LayerPath, layer: Layer, call: int, made: CallResult | None) -> Iterable[Badge]:
        for at, severity, message in self.problems.get(path, ()):
            if at is None or at == call:
                yield Badge("error" if severity == "error" else "warning", "", message)
                break
        if layer.name in self.risky:
            yield Badge("risky", "", "This layer carries a risk: see the model's risks.")
        if len(layer.calls) > 1:
            text = f"{call + 1}/{len(layer.calls)}"
            yield Badge(
                "shared", f"shared {text}", f"One layer with the same weights, called {len(layer.calls)} times."
            )
        if frozen(layer):
            yield Badge("frozen", "frozen", "Training does not change this layer's weights.")
        if made is not None and made.source in ("assumed", "unknown"):
            yield _SOURCES[made.source]

    def _edges(self, level: _Level, numbers: Mapping[tuple[int, int], int], target: int, call: Call) -> None:
        keywords: list[tuple[str | None, TensorRef]] = [(None, ref) for ref in refs(call.args)]
        for key, value in call.kwargs.items():
            keywords.extend((key, ref) for ref in refs(value))
        for port, (keyword, ref) in enumerate(keywords):
            source = numbers.get((ref.layer, ref.call))
            if source is not None:
                card = self.cards[source]
                card.outputs = max(card.outputs, ref.tensor + 1) if ref.tensor < _MAX_OUTPUTS else card.outputs
                label = _label(level.inference, ref)
                tensor = ref.tensor
                frame = self.cards[target].parent
                if frame is not None and self.cards[frame].repeat and card.parent != frame:
                    source, tensor = frame, self._entry(source, tensor, frame, label)
                self.edges.append(Edge(source, target, tensor, port, keyword, label))

    def _entry(self, source: int, tensor: int, frame: int, label: str) -> int:
        """The input of a frame at which a tensor from outside arrives; all readers in it share that."""
        key = (frame, source, tensor)
        if key not in self.entries:
            self.entries[key] = self.cards[frame].inputs
            self.cards[frame].inputs += 1
            self.edges.append(Edge(source, frame, tensor, self.entries[key], None, label))
        return self.entries[key]

    def _borders(self, level: _Level, numbers: Mapping[tuple[int, int], int]) -> None:
        """Edges between an open nested model and the layers that are its inputs and outputs."""
        if level.parent is None:
            return
        for port, ref in enumerate(refs(level.model.inputs)):
            inside = numbers.get((ref.layer, ref.call))
            if inside is not None:
                self.edges.append(Edge(level.parent, inside, port, 0, None, _label(level.inference, ref)))
        outputs = list(refs(level.model.outputs))
        parent = self.cards[level.parent]
        parent.outputs = max(parent.outputs, min(len(outputs), _MAX_OUTPUTS))
        for port, ref in enumerate(outputs):
            inside = numbers.get((ref.layer, ref.call))
            if inside is not None:
                self.edges.append(Edge(inside, level.parent, ref.tensor, port, None, _label(level.inference, ref)))


_MAX_OUTPUTS = 1024
"""A damaged file may say that tensor 10**9 of a layer is read."""

_SOURCES = {
    "assumed": Badge("assumed", "≈", "The shape is assumed from the neighbours: no rule is known for this layer."),
    "unknown": Badge("unknown", "?", "The shape is not known."),
}


def frozen(layer: Layer) -> bool:
    """Whether the file says that training leaves the layer alone."""
    return isinstance(layer.config, dict) and layer.config.get("trainable") is False


def shape_text(shape: Shape | None) -> str:
    """A shape as Keras prints it: `(None, 32, 32, 3)`."""
    if shape is None:
        return "?"
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def count(number: int) -> str:
    """A large number in short: `36,928`, `1.2 M`."""
    if number < 100_000:
        return f"{number:,}"
    for limit, divisor, unit in ((1e6, 1e3, "k"), (1e9, 1e6, "M"), (1e12, 1e9, "G")):
        if number < limit:
            value = number / divisor
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"
    return f"{number / 1e12:,.1f} T"


_SHOWN_OUTPUTS, _SHOWN_OUTPUTS_WHOLE = 2, 8


def _outputs(made: CallResult | None, options: DiagramOptions) -> str:
    if not (options.shapes or options.dtypes):
        return ""
    if made is None or not made.outputs:
        return "?"
    shown = _SHOWN_OUTPUTS_WHOLE if options.whole else _SHOWN_OUTPUTS
    texts = [_output(spec, options) for spec in made.outputs[:shown]]
    more = len(made.outputs) - len(texts)
    return " ".join([*texts, f"+{more}"] if more > 0 else texts)


def _output(spec: TensorSpec, options: DiagramOptions) -> str:
    said = [shape_text(spec.shape)] if options.shapes else []
    if options.dtypes:
        said.append(clean(spec.dtype) if spec.dtype else "?")
    return " ".join(said)


def _label(inference: Inference | None, ref: TensorRef) -> str:
    result = inference.layers.get(ref.layer) if inference else None
    if result is None or ref.call >= len(result.calls):
        return ""
    outputs = result.calls[ref.call].outputs
    return shape_text(outputs[ref.tensor].shape) if ref.tensor < len(outputs) else ""
