"""Which layer of one model is which layer of another, whatever they are called.

Names alone mislead both ways: a renamed layer is still the same, and after an insertion "dense_1" is another layer than
before. So layers are matched by what they are and by what is around them, strongest evidence first: everything
above and below equal; everything above, or everything below; the near neighbourhood; then names; then what stands
between two matched neighbours. Each step looks up hashes, so the time grows with the number of calls.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kgui.graph import Call, Layer, Model, TensorRef, map_refs, refs
from kgui.inference.result import Inference
from kgui.layers.eras import CLASSES, modern

CallId = tuple[int, int]
Edge = tuple[str, TensorRef]
"""An input of a call: the slot that it goes into, and the tensor."""

_MAX_TABLE = 250_000
"""Cells of the table for a longest common subsequence; longer runs are matched greedily in their order."""


def canonical(value: Any) -> Any:
    """A config value without what does not change the layer: names, modules, ids, ways of writing the same object."""
    if isinstance(value, dict):
        class_name = value.get("class_name")
        if isinstance(class_name, str) and "config" in value:
            config = value["config"]
            if class_name.endswith("DTypePolicy") and isinstance(config, dict) and set(config) == {"name"}:
                return config["name"]
            if class_name == "function":
                return config
            inner = canonical(config)
            if isinstance(inner, dict):
                inner = {key: item for key, item in inner.items() if key != "name" and item is not None}
                if not inner:
                    return _snake(class_name)
            return {"class_name": class_name, "config": inner}
        return {str(key): canonical(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [canonical(item) for item in value]
    if isinstance(value, TensorRef):
        return None
    return value


def _snake(name: str) -> str:
    return "".join(
        f"_{char.lower()}" if char.isupper() and index and not name[index - 1].isupper() else char.lower()
        for index, char in enumerate(name)
    )


def arguments(layer: Layer, era: str) -> tuple[str, dict[str, Any]]:
    """Class and arguments of a layer in today's words, canonical, without its name."""
    if layer.model is not None:
        class_name = CLASSES.get(layer.model.class_name, layer.model.class_name)
        return class_name, {key: canonical(value) for key, value in layer.model.config.items() if key != "name"}
    class_name, config = modern(layer.class_name, layer.config, era)
    # Before Keras 3 the shape of the input could stand at any first layer.
    at_any = ("batch_shape",) if era == "keras-3" else ("batch_shape", "input_shape")
    left_out = ("name", *(() if class_name == "InputLayer" else at_any))
    return class_name, {key: canonical(value) for key, value in config.items() if key not in left_out}


def edges(call: Call) -> list[Edge]:
    """The inputs of a call with the slot of each: its position among the positional ones, or its keyword."""
    found = [(str(index), ref) for index, ref in enumerate(refs(call.args))]
    for key, value in call.kwargs.items():
        found += [(f"{key}:{index}", ref) for index, ref in enumerate(refs(value))]
    return found


@dataclass
class _Side:
    """One of the two models, with what the matching asks again and again."""

    model: Model
    inference: Inference
    inputs: dict[CallId, list[Edge]] = field(default_factory=dict)
    consumers: dict[CallId, list[tuple[int, str, CallId]]] = field(default_factory=lambda: defaultdict(list))
    order: list[CallId] = field(default_factory=list)
    exact: dict[int, int] = field(default_factory=dict)
    shaped: dict[int, int] = field(default_factory=dict)
    classes: dict[int, int] = field(default_factory=dict)

    def link(self) -> None:
        """Fills in the edges in both directions, and an order in which producers come before consumers."""
        for key, layer in self.model.layers.items():
            for index, call in enumerate(layer.calls):
                self.inputs[key, index] = edges(call)
        waiting = dict.fromkeys(self.inputs, 0)
        for call_id, found in self.inputs.items():
            for slot, ref in found:
                producer = (ref.layer, ref.call)
                if producer in self.inputs:
                    self.consumers[producer].append((ref.tensor, slot, call_id))
                    waiting[call_id] += 1
        ready = deque(call_id for call_id, count in waiting.items() if not count)
        while ready:
            call_id = ready.popleft()
            self.order.append(call_id)
            for _, _, consumer in self.consumers[call_id]:
                waiting[consumer] -= 1
                if not waiting[consumer]:
                    ready.append(consumer)
        # A damaged file may have a cycle; its calls come last, and count as having no known input.
        seen = set(self.order)
        self.order.extend(call_id for call_id in self.inputs if call_id not in seen)


class _Numbers(dict[Hashable, int]):
    """Gives equal things equal numbers, so that a hash of a whole graph is one integer and never collides."""

    def __missing__(self, key: Hashable) -> int:
        self[key] = len(self)
        return self[key]


def align(a: Model, b: Model, inference_a: Inference, inference_b: Inference) -> dict[int, int]:
    """Matches the layers of two models, not those within nested models.

    Returns:
        Ids of layers of `a`, each with the id of the same layer in `b`. Layers of `a` or `b` that are not in it
        have no counterpart.
    """
    numbers = _Numbers()
    sides = [_Side(a, inference_a), _Side(b, inference_b)]
    for side in sides:
        side.link()
        _describe(side, numbers)
    return _Matching(sides[0], sides[1], numbers).run()


def _describe(side: _Side, numbers: _Numbers) -> None:
    for key, layer in side.model.layers.items():
        class_name, config = arguments(layer, side.model.era)
        side.classes[key] = numbers["class", class_name, layer.is_operation]
        constants = [_text([map_refs(call.args, _hole), map_refs(call.kwargs, _hole)]) for call in layer.calls]
        inner = None if layer.model is None else _content(layer.model, numbers)
        side.exact[key] = numbers["exact", side.classes[key], _text(config), inner, tuple(constants)]
        result = side.inference.layers.get(key)
        shapes = () if result is None else tuple(spec.shape for call in result.calls for spec in call.outputs)
        side.shaped[key] = numbers["shaped", side.classes[key], shapes, None if result is None else result.params]


def _hole(ref: TensorRef) -> None:
    return None


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _content(model: Model, numbers: _Numbers) -> int:
    """The whole inside of a nested model, without names."""
    place = {key: index for index, key in enumerate(model.layers)}
    parts: list[Hashable] = []
    for layer in model.layers.values():
        class_name, config = arguments(layer, model.era)
        calls = tuple(
            tuple((slot, place.get(ref.layer), ref.call, ref.tensor) for slot, ref in edges(call))
            for call in layer.calls
        )
        inner = None if layer.model is None else _content(layer.model, numbers)
        parts.append((class_name, _text(config), calls, inner))
    outputs = tuple((place.get(ref.layer), ref.call, ref.tensor) for ref in refs(model.outputs))
    return numbers["content", tuple(parts), outputs]


Keys = Mapping[int, Hashable]


class _Matching:
    """The matching of two models in steps, from the strongest evidence to the weakest."""

    def __init__(self, a: _Side, b: _Side, numbers: _Numbers) -> None:
        self.a = a
        self.b = b
        self.numbers = numbers
        self.found: dict[int, int] = {}
        self.taken: set[int] = set()

    def run(self) -> dict[int, int]:
        for own in ("exact", "shaped"):
            keys = self._around(self.a, getattr(self.a, own)), self._around(self.b, getattr(self.b, own))
            for parts in ((0, 1), (0,), (1,)):
                self._match(*(self._pick(side_keys, parts) for side_keys in keys))
            self._propagate(own)
            if own == "exact":
                self._near()
        for own in ("exact", "classes"):
            self._match(self._named(self.a, getattr(self.a, own)), self._named(self.b, getattr(self.b, own)))
            self._propagate("shaped")
        self._match(self._around(self.a, self.a.exact), self._around(self.b, self.b.exact), in_order=True)
        keys = self._around(self.a, self.a.classes), self._around(self.b, self.b.classes)
        for parts in ((0, 1), (0,), (1,)):
            self._match(*(self._pick(side_keys, parts) for side_keys in keys))
        self._propagate("classes")
        self._between()
        self._replaced()
        return {key: self.found[key] for key in self.a.model.layers if key in self.found}

    @staticmethod
    def _pick(keys: Mapping[int, tuple[int, int]], parts: Iterable[int]) -> dict[int, Hashable]:
        return {layer: tuple(key[part] for part in parts) for layer, key in keys.items()}

    @staticmethod
    def _named(side: _Side, own: Mapping[int, int]) -> dict[int, Hashable]:
        return {key: (layer.name, own[key]) for key, layer in side.model.layers.items()}

    # Keys

    def _around(self, side: _Side, own: Mapping[int, int]) -> dict[int, tuple[int, int]]:
        """For every layer a number for itself and all above it, and one for itself and all below it."""
        numbers = self.numbers
        above: dict[CallId, int] = {}
        for call_id in side.order:
            found = tuple((slot, above.get((ref.layer, ref.call)), ref.tensor) for slot, ref in side.inputs[call_id])
            above[call_id] = numbers["above", own[call_id[0]], found]
        ends: dict[CallId, list[tuple[int, int]]] = defaultdict(list)
        for place, ref in enumerate(refs(side.model.outputs)):
            ends[ref.layer, ref.call].append((ref.tensor, place))
        below: dict[CallId, int] = {}
        for call_id in reversed(side.order):
            users = tuple(sorted((tensor, slot, below.get(user, -1)) for tensor, slot, user in side.consumers[call_id]))
            below[call_id] = numbers["below", own[call_id[0]], users, tuple(ends[call_id])]
        return {
            key: (
                numbers["layer", own[key], tuple(above[key, index] for index in range(len(layer.calls)))],
                numbers["layer", own[key], tuple(below[key, index] for index in range(len(layer.calls)))],
            )
            for key, layer in side.model.layers.items()
        }

    def _near(self) -> None:
        """Matches by what is within two steps, then one: finds layers between two edits."""
        rounds: list[tuple[dict[int, int], dict[int, int]]] = []
        keys = (dict(self.a.exact), dict(self.b.exact))
        for _ in range(2):
            keys = (self._widen(self.a, keys[0]), self._widen(self.b, keys[1]))
            rounds.append(keys)
        for wider in reversed(rounds):
            self._match(*wider)
            self._propagate("exact")

    def _widen(self, side: _Side, own: Mapping[int, int]) -> dict[int, int]:
        widened = {}
        for key, layer in side.model.layers.items():
            around: list[Hashable] = []
            for index in range(len(layer.calls)):
                inputs = tuple((slot, own.get(ref.layer, -1), ref.tensor) for slot, ref in side.inputs[key, index])
                users = tuple(sorted((tensor, slot, own[user[0]]) for tensor, slot, user in side.consumers[key, index]))
                around.append((inputs, users))
            widened[key] = self.numbers["near", own[key], tuple(around)]
        return widened

    # Steps

    def _take(self, a: int, b: int) -> None:
        self.found[a] = b
        self.taken.add(b)

    def _match(self, keys_a: Keys, keys_b: Keys, *, in_order: bool = False) -> None:
        """Matches layers whose key is theirs alone; of several with one key, those of the same name."""
        groups: dict[Hashable, tuple[list[int], list[int]]] = {}
        for key in self.a.model.layers:
            if key not in self.found:
                groups.setdefault(keys_a[key], ([], []))[0].append(key)
        for key in self.b.model.layers:
            if key not in self.taken and keys_b[key] in groups:
                groups[keys_b[key]][1].append(key)
        for ours, theirs in groups.values():
            if not theirs:
                continue
            if len(ours) == len(theirs) == 1:
                self._take(ours[0], theirs[0])
                continue
            self._match_names(ours, theirs)
            if in_order:
                left = [key for key in ours if key not in self.found]
                for a, b in zip(left, [key for key in theirs if key not in self.taken], strict=False):
                    self._take(a, b)

    def _match_names(self, ours: list[int], theirs: list[int]) -> None:
        names: dict[str, int] = {}
        for key in reversed(theirs):
            names[self.b.model.layers[key].name] = key
        for key in ours:
            other = names.get(self.a.model.layers[key].name)
            if other is not None and other not in self.taken:
                self._take(key, other)

    def _propagate(self, own: str) -> None:
        """From every matched pair to what feeds it and what it feeds, where there is no doubt which is which."""
        own_a: dict[int, int] = getattr(self.a, own)
        own_b: dict[int, int] = getattr(self.b, own)
        pending = deque(self.found.items())
        while pending:
            a, b = pending.popleft()
            calls = min(len(self.a.model.layers[a].calls), len(self.b.model.layers[b].calls))
            for index in range(calls):
                pairs = self._feeders((a, index), (b, index)) + self._users((a, index), (b, index), own_a, own_b)
                for left, right in pairs:
                    if left in self.found or right in self.taken or own_a.get(left) != own_b.get(right):
                        continue
                    if left in own_a:
                        self._take(left, right)
                        pending.append((left, right))

    def _feeders(self, a: CallId, b: CallId) -> list[tuple[int, int]]:
        theirs = dict(self.b.inputs[b])
        return [(ref.layer, theirs[slot].layer) for slot, ref in self.a.inputs[a] if slot in theirs]

    def _users(self, a: CallId, b: CallId, own_a: Keys, own_b: Keys) -> list[tuple[int, int]]:
        groups: dict[Hashable, tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
        for tensor, slot, user in self.a.consumers[a]:
            if user[0] not in self.found:
                groups[tensor, slot, own_a[user[0]]][0].add(user[0])
        for tensor, slot, user in self.b.consumers[b]:
            if user[0] not in self.taken:
                groups[tensor, slot, own_b[user[0]]][1].add(user[0])
        return [(ours.pop(), theirs.pop()) for ours, theirs in groups.values() if len(ours) == len(theirs) == 1]

    def _between(self) -> None:
        """Matches what stands between the same two matched layers in the order of the files, class by class."""
        runs_a, runs_b = self._runs(self.a, self.found), self._runs(self.b, {key: key for key in self.taken})
        for anchor, ours in runs_a.items():
            theirs = runs_b.get(anchor, [])
            for a, b in _common([self.a.classes[key] for key in ours], [self.b.classes[key] for key in theirs]):
                self._take(ours[a], theirs[b])

    @staticmethod
    def _runs(side: _Side, names: Mapping[int, int]) -> dict[int, list[int]]:
        """Unmatched layers after each matched one, which is named by the id that it has in `b`."""
        runs: dict[int, list[int]] = defaultdict(list)
        anchor = -1
        for key in side.model.layers:
            if key in names:
                anchor = names[key]
            else:
                runs[anchor].append(key)
        return runs

    def _replaced(self) -> None:
        """Matches layers of different classes that have the same, matched neighbours: one stands in for the other."""
        places: dict[Hashable, list[int]] = defaultdict(list)
        for key in self.b.model.layers:
            if key not in self.taken:
                place = self._place(self.b, key, {b: b for b in self.taken})
                if place is not None:
                    places[place].append(key)
        for key in self.a.model.layers:
            if key not in self.found:
                place = self._place(self.a, key, self.found)
                if place is not None and len(places.get(place, ())) == 1:
                    self._take(key, places.pop(place)[0])

    @staticmethod
    def _place(side: _Side, key: int, names: Mapping[int, int]) -> Hashable | None:
        layer = side.model.layers[key]
        if not layer.calls or layer.is_input:
            return None
        around: list[Hashable] = []
        for index in range(len(layer.calls)):
            inputs = [(slot, names.get(ref.layer), ref.call, ref.tensor) for slot, ref in side.inputs[key, index]]
            users = sorted((slot, names.get(user[0], -1), user[1]) for _, slot, user in side.consumers[key, index])
            if any(name is None for _, name, _, _ in inputs) or any(name == -1 for _, name, _ in users):
                return None
            around.append((tuple(inputs), tuple(users)))
        return tuple(around)


def _common(ours: list[int], theirs: list[int]) -> list[tuple[int, int]]:
    """Index pairs of a longest common subsequence; of a long one, of a common subsequence found greedily."""
    if not ours or not theirs:
        return []
    if len(ours) * len(theirs) > _MAX_TABLE:
        return _greedy(ours, theirs)
    lengths = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i in range(len(ours) - 1, -1, -1):
        row, next_row = lengths[i], lengths[i + 1]
        for j in range(len(theirs) - 1, -1, -1):
            row[j] = next_row[j + 1] + 1 if ours[i] == theirs[j] else max(next_row[j], row[j + 1])
    pairs = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if ours[i] == theirs[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _greedy(ours: list[int], theirs: list[int]) -> list[tuple[int, int]]:
    places: dict[int, deque[int]] = defaultdict(deque)
    for j, key in enumerate(theirs):
        places[key].append(j)
    pairs = []
    last = -1
    for i, key in enumerate(ours):
        queue = places[key]
        while queue and queue[0] <= last:
            queue.popleft()
        if queue:
            last = queue.popleft()
            pairs.append((i, last))
    return pairs
