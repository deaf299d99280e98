"""Inference over a graph: every call once, in the order in which its inputs become known.

Nothing here recurses over the depth of the graph, and nothing raises on what a file may hold: a cycle, a reference to
a layer that is not there or an argument of a wrong type becomes a `Problem`, and what follows from it is unknown.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Collection, Iterable
from typing import Any

from kgui.graph import Call, Era, Layer, Model, TensorRef, TensorSpec, Weight, map_refs, refs
from kgui.inference.assumptions import KEEPING, could_take, restart
from kgui.inference.dtypes import BYTES, clean, is_quantized, policy
from kgui.inference.result import CallResult, Inference, LayerResult, Problem, Severity, Source
from kgui.inference.rule import Answer, Ask, Misfit, Rule, Unknown, plain, shape_of, shorten, show
from kgui.inference.rules import LAYERS, OPERATIONS
from kgui.inference.wrapped import model_of
from kgui.layers.eras import modern

MOST_NESTED = 60
"""Models within models, and layers within layers. Real models stay below ten."""

MOST_CALLS = 100_000
"""Calls of layers in all, nested models counted at each of their calls: a file can nest so that these multiply."""

NOTHING = TensorSpec(None, None)

# What a rule may raise on arguments of a wrong type, which only a damaged or hostile file has.
_DAMAGE = (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, ArithmeticError, RecursionError)

_WITHOUT_OUTPUT = frozenset({"Lambda", "TFSMLayer"})
_FARTHEST = 50
"""How many layers an assumption is followed through."""

_KERAS = frozenset({"keras", "tf_keras", "tensorflow", "builtins", "tensorflow_core"})


def infer(model: Model, *, previous: Inference | None = None, changed: Collection[int] = ()) -> Inference:
    """Shapes, dtypes, parameters and problems of a model.

    Args:
        model: The model. It is not changed.
        previous: What an earlier call said about the same model before an edit. Given with `changed`, only what the
            edit changed is computed again; the rest of the result is shared with it.
        changed: Ids of the layers that the edit added or changed (arguments, calls, weights, nested model). Removed
            ones need not be named. Not used without `previous`. An edit of the model's own arguments (trainable)
            needs an inference without `previous`.
    """
    # The results are many small objects and none of them garbage: without a pause the collector looks through all of
    # them again and again, which makes a model of 20,000 layers twice as slow per layer as one of 1,000.
    paused = gc.isenabled()
    gc.disable()
    try:
        return _Run().infer(model, (), {}, False, previous, frozenset(changed))[0]
    finally:
        if paused:
            gc.enable()


class _Run:
    """One inference of an outermost model: what its nested models share."""

    def __init__(self) -> None:
        self.calls = 0
        self.depth = 0
        self.memo: dict[Any, tuple[Inference, list[TensorSpec]]] = {}
        self.models: dict[int, Model | None] = {}

    def infer(
        self,
        model: Model,
        path: tuple[int, ...],
        given: dict[int, TensorSpec],
        frozen: bool,
        previous: Inference | None = None,
        changed: frozenset[int] = frozenset(),
    ) -> tuple[Inference, list[TensorSpec]]:
        """What holds in a model whose inputs are replaced by the given ones, and its outputs."""
        work = _Work(self, model, path, given, frozen, previous, changed)
        self.depth += 1
        try:
            work.run()
        finally:
            self.depth -= 1
        return work.inference, [work.known.get(ref, NOTHING) for ref in flat(model.outputs)]

    def wrapped(self, value: dict[str, Any], era: Era) -> Model | None:
        """The graph of a model that is an argument of a layer, read once."""
        key = id(value)
        if key not in self.models:
            self.models[key] = model_of(value, era)
        return self.models[key]

    def nested(
        self, model: Model, path: tuple[int, ...], given: dict[int, TensorSpec], frozen: bool
    ) -> tuple[Inference, list[TensorSpec]]:
        """The same for a model within another; equal questions are answered once."""
        key = (id(model), path, tuple(given.items()), frozen)
        found = self.memo.get(key)
        if found is None:
            found = self.memo[key] = self.infer(model, path, given, frozen)
        return found


class _Work:
    """One pass over one model."""

    def __init__(
        self,
        run: _Run,
        model: Model,
        path: tuple[int, ...],
        given: dict[int, TensorSpec],
        frozen: bool,
        previous: Inference | None,
        changed: frozenset[int],
    ) -> None:
        self.run_of = run
        self.model = model
        self.path = path
        self.given = given
        self.frozen = frozen or model.config.get("trainable", True) is False
        self.previous = previous if previous is not None else None
        self.changed = changed
        self.known: dict[TensorRef, TensorSpec] = {}
        self.inference = Inference()
        self.problems = self.inference.problems
        self.stored = model.stored
        self.rules: dict[int, tuple[Rule | None, str, dict[str, Any], tuple[str, str], bool]] = {}
        self.users: dict[TensorRef, list[Layer]] | None = None
        self.moved: set[tuple[int, int]] = set()
        self.kept: dict[int, list[Problem]] = {}
        self.todo: list[Layer] = []

    # The order of the calls ---------------------------------------------------------------------------------------

    def run(self) -> None:
        """Computes every call as soon as its inputs are known, then the totals."""
        if self.previous is None:
            self.todo = list(self.model.layers.values())
        else:
            self.take_over(self.previous)
        results = self.inference.layers
        for layer in self.todo:
            results[layer.id] = LayerResult([None] * len(layer.calls))  # type: ignore[list-item]
        waiting: dict[tuple[int, int], list[tuple[Layer, int]]] = {}
        known = self.known
        for layer in self.todo:
            for index, call in enumerate(layer.calls):
                args = call.args
                simple = len(args) == 1 and not call.kwargs and type(args[0]) is TensorRef and args[0] in known
                if not simple and not self.ready(layer, index, call, waiting):
                    continue
                self.step(layer, index, call)
                if waiting:
                    self.release(layer.id, index, waiting)
        self.unresolved()
        self.finish()

    def release(self, key: int, index: int, waiting: dict[tuple[int, int], list[tuple[Layer, int]]]) -> None:
        """Computes the calls that waited for this one, and those that waited for them."""
        stack = waiting.pop((key, index), [])
        while stack:
            layer, number = stack.pop()
            call = layer.calls[number]
            if self.ready(layer, number, call, waiting):
                self.step(layer, number, call)
                stack.extend(waiting.pop((layer.id, number), ()))

    def ready(
        self, layer: Layer, index: int, call: Call, waiting: dict[tuple[int, int], list[tuple[Layer, int]]]
    ) -> bool:
        """Whether all inputs of a call are known; notes what it waits for if not."""
        known = self.known
        for ref in call.inputs():
            if ref in known:
                continue
            producer = self.model.layers.get(ref.layer)
            if producer is None or not 0 <= ref.call < len(producer.calls):
                known[ref] = NOTHING
                self.problem(
                    "error", "An input of this layer comes from a layer that is not in the model.", layer, index
                )
            elif self.inference.layers[ref.layer].calls[ref.call] is not None:
                known[ref] = NOTHING
                count = len(self.inference.layers[ref.layer].calls[ref.call].outputs)
                self.problem(
                    "error",
                    f"An input of this layer is output {ref.tensor + 1} of {shorten(producer.name)}, which has only "
                    f"{count}.",
                    layer,
                    index,
                )
            else:
                waiting.setdefault((ref.layer, ref.call), []).append((layer, index))
                return False
        return True

    def unresolved(self) -> None:
        """Calls that wait for each other in a circle, and those that wait for one in it."""
        left = [
            (layer, index)
            for layer in self.todo
            for index, result in enumerate(self.inference.layers[layer.id].calls)
            if result is None
        ]
        if not left:
            return
        for layer, index in left:
            self.put(layer.id, index, CallResult([NOTHING], "unknown"))
        circle = _circle(left)
        names = ", ".join(shorten(layer.name) for layer in circle[:5]) + (", …" if len(circle) > 5 else "")
        self.problem(
            "error",
            f"These layers feed each other in a circle: {names}.",
            circle[0],
            None,
            "A model must lead from its inputs to its outputs; take one of the connections away.",
        )
        for layer in {id(layer): layer for layer, _ in left}.values():
            self.own_weights(layer, None, self.inference.layers[layer.id])

    # One call -----------------------------------------------------------------------------------------------------

    def step(self, layer: Layer, index: int, call: Call) -> None:
        """Computes one call, or keeps what was computed before the edit.

        What follows a call that was computed again is kept too if its outputs are still the same.
        """
        if self.previous is None:
            self.ask(layer, index, call)
        elif not self.keep(layer, index, call):
            self.ask(layer, index, call)
            before = self.previous.layers.get(layer.id)
            outputs = self.inference.layers[layer.id].calls[index].outputs
            if before is None or index >= len(before.calls) or before.calls[index].outputs != outputs:
                self.moved.add((layer.id, index))

    def ask(self, layer: Layer, index: int, call: Call) -> None:
        """Computes one call, whatever comes of it."""
        self.run_of.calls += 1
        if self.run_of.calls > MOST_CALLS:
            self.give_up(layer, index, f"The model has more than {MOST_CALLS} calls of layers, nested ones counted.")
            return
        try:
            self.compute(layer, index, call)
        except Misfit as misfit:
            self.problem("error", misfit.message, layer, index, misfit.hint)
            self.fall_back(layer, index)
        except Unknown:
            self.fall_back(layer, index)
        except _DAMAGE as damage:
            self.give_up(
                layer, index, f"The arguments of this layer are none that Keras would take ({shorten(str(damage))})."
            )

    def compute(self, layer: Layer, index: int, call: Call) -> None:
        """Asks the rule of the layer, or infers the model that the layer is."""
        known = self.known
        result = self.inference.layers[layer.id]
        args = call.args
        if len(args) == 1 and type(args[0]) is TensorRef and not call.kwargs:
            filled: list[Any] = [known[args[0]]]
            kwargs: dict[str, Any] = {}
        else:
            filled = map_refs(args, known.__getitem__)
            kwargs = map_refs(call.kwargs, known.__getitem__)
        if layer.model is not None and layer.model.layers:
            self.nested_model(layer, index, filled, kwargs, result)
            return
        made = self.rules.get(layer.id)
        if made is None:
            made = self.rules[layer.id] = _rule_of(layer, self.model.era)
        rule, class_name, config, dtypes, is_input = made
        if is_input and layer.id in self.given:
            answer = Answer((self.given[layer.id],))
            self.own_weights(layer, answer, result)
            self.accept(layer, index, answer, "rule")
            return
        if rule is None:
            raise Unknown("no rule for this class")
        answer = rule(Ask(class_name, config, filled, kwargs, dtypes, self.inner))
        if result.params is None or result.weights is None:
            self.own_weights(layer, answer, result)
        elif answer.weights and index:
            self.fits_shared(layer, index, answer)
        self.accept(layer, index, answer, "unknown" if answer.outputs[0].shape is None else "rule")

    def accept(self, layer: Layer, index: int, answer: Answer, source: Source) -> None:
        """Takes an answer as the result of a call, beside what the file states."""
        outputs: list[TensorSpec] = list(answer.outputs)
        if self.stored:
            source = self.against_stored(layer, index, outputs, source)
        self.put(layer.id, index, CallResult(outputs, source, answer.multiply_adds, activation_bytes(outputs)))

    def put(self, key: int, index: int, result: CallResult) -> None:
        """Notes a result and the tensors in it."""
        self.inference.layers[key].calls[index] = result
        known = self.known
        for number, spec in enumerate(result.outputs):
            known[TensorRef(key, index, number)] = spec

    def against_stored(self, layer: Layer, index: int, outputs: list[TensorSpec], source: Source) -> Source:
        """Completes computed tensors by what the file states of them, and reports where both disagree."""
        for number, computed in enumerate(outputs):
            stated = self.stored.get(TensorRef(layer.id, index, number))
            if stated is None or stated == computed:
                continue
            if computed.shape is None:
                if stated.shape is not None:
                    outputs[number] = TensorSpec(stated.shape, computed.dtype or stated.dtype)
                    source = "stored"
                continue
            if not _agree(computed, stated):
                if self.previous is not None:
                    continue  # What an edit reached is not what the file speaks of any more.
                self.problem(
                    "warning",
                    f"The file says that this layer gives {_spec(stated)}, but by Keras' rules it gives "
                    f"{_spec(computed)}.",
                    layer,
                    index,
                    "The file may have been edited by hand, or written by a version of Keras with other rules.",
                )
            elif stated.shape is not None and None in computed.shape and source != "rule":
                outputs[number] = TensorSpec(
                    tuple(a if b is None else b for a, b in zip(computed.shape, stated.shape, strict=True)),
                    computed.dtype,
                )
        return source

    def fall_back(self, layer: Layer, index: int) -> None:
        """What can be said of a call without a rule: what the file states, what it would take, or nothing."""
        result = self.inference.layers[layer.id]
        if result.weights is None:
            self.own_weights(layer, None, result)
        stated = self.stated(layer.id, index)
        if stated:
            self.put(layer.id, index, CallResult(stated, "stored", None, activation_bytes(stated)))
            return
        guess = self.guess(layer, index)
        if guess is not None:
            self.put(layer.id, index, CallResult([guess], "assumed", None, activation_bytes([guess])))
            return
        self.put(layer.id, index, CallResult([NOTHING], "unknown"))

    def give_up(self, layer: Layer, index: int, message: str) -> None:
        """Notes that a call cannot be computed, and why."""
        self.problem("error", message, layer, index)
        self.fall_back(layer, index)

    def stated(self, key: int, index: int) -> list[TensorSpec]:
        """Outputs of a call as the file states them."""
        found: list[TensorSpec] = []
        while True:
            spec = self.stored.get(TensorRef(key, index, len(found)))
            if spec is None or spec.shape is None:
                return found
            found.append(spec)

    # Custom layers and other gaps ---------------------------------------------------------------------------------

    def guess(self, layer: Layer, index: int) -> TensorSpec | None:
        """The output of a layer that no rule covers, from its neighbours."""
        made = self.rules.get(layer.id)
        if made is not None and made[0] is not None and made[1] not in _WITHOUT_OUTPUT:
            return restart(made[1], made[2], made[3], layer.weights)
        call = layer.calls[index]
        first = next(iter(call.inputs()), None)
        spec = NOTHING if first is None else self.known.get(first, NOTHING)
        if spec.shape is None or layer.is_operation:
            return None
        return spec if self.consistent(TensorRef(layer.id, index, 0), spec) else None

    def consistent(self, ref: TensorRef, spec: TensorSpec) -> bool:
        """Whether what follows could take a tensor of that shape, up to the next layers with weights."""
        users = self.users_of()
        assert spec.shape is not None
        stack, seen = [ref], {ref}
        while stack and len(seen) < _FARTHEST:
            for layer in users.get(stack.pop(), ()):
                made = self.rules.get(layer.id)
                if made is None:
                    made = self.rules[layer.id] = _rule_of(layer, self.model.era)
                if not could_take(made[1], made[2], layer.weights, spec.shape):
                    return False
                if made[0] in KEEPING:
                    after = TensorRef(layer.id, 0, 0)
                    if after not in seen:
                        seen.add(after)
                        stack.append(after)
        return True

    def users_of(self) -> dict[TensorRef, list[Layer]]:
        """The layers that each tensor goes into."""
        if self.users is None:
            self.users = {}
            for layer in self.model.layers.values():
                for call in layer.calls:
                    for ref in call.inputs():
                        self.users.setdefault(ref, []).append(layer)
        return self.users

    # What a layer owns --------------------------------------------------------------------------------------------

    def own_weights(self, layer: Layer, answer: Answer | None, result: LayerResult) -> None:
        """Notes the weights of a layer and counts them."""
        weights: Iterable[Weight] | None
        if layer.weights and is_quantized(layer.config.get("dtype")):
            # Packed integers, scales and zero points: only the file tells how many.
            weights = [_with_trainable(weight) for weight in layer.weights]
        elif answer is not None:
            weights = answer.weights
            if layer.weights is not None:
                weights = self.against_file(layer, weights)
        elif layer.weights is not None:
            weights = [_with_trainable(weight) for weight in layer.weights]
        else:
            if layer.calls == [] and layer.model is None and not layer.is_operation:
                result.weights = None
            return
        frozen = self.frozen or layer.config.get("trainable", True) is False
        total = trainable = 0
        owned: list[Weight] = []
        for weight in weights:
            size = math.prod(weight.shape)
            total += size
            if weight.trainable is not False:
                if frozen:
                    weight = Weight(weight.name, weight.shape, weight.dtype, weight.path, False)
                else:
                    trainable += size
            owned.append(weight)
        result.weights = owned
        result.params = total
        result.trainable_params = trainable

    def against_file(self, layer: Layer, weights: Iterable[Weight]) -> Iterable[Weight]:
        """Reports where the weights in the file are not those that the arguments ask for."""
        assert layer.weights is not None
        expected = sum(math.prod(weight.shape) for weight in weights)
        found = sum(math.prod(weight.shape) for weight in layer.weights)
        if expected != found and layer.weights:
            self.problem(
                "warning",
                f"The file has {found:,} values for this layer, but by its arguments it has {expected:,}.",
                layer,
                None,
                "The weights may belong to another version of the model.",
            )
        return weights

    def fits_shared(self, layer: Layer, index: int, answer: Answer) -> None:
        """Reports a shared layer whose weights fit one call but not another."""
        owned = self.inference.layers[layer.id].weights
        if owned is None or len(owned) != len(answer.weights):
            return
        for one, other in zip(owned, answer.weights, strict=True):
            if one.shape != other.shape:
                raise Misfit(
                    f"The layer is shared: its {one.name} has shape {show(one.shape)} from the first call, but this "
                    f"call needs {show(other.shape)}.",
                    "Give all calls inputs of the same last size, or use a layer of its own here.",
                )

    # Nested models and nested layers ------------------------------------------------------------------------------

    def nested_model(
        self, layer: Layer, index: int, args: list[Any], kwargs: dict[str, Any], result: LayerResult
    ) -> None:
        """Infers the model that a layer is, with the inputs of this call."""
        model = layer.model
        assert model is not None
        path = (*self.path, layer.id)
        if self.run_of.depth >= MOST_NESTED:
            raise Misfit(f"Models are nested more than {MOST_NESTED} deep.", None)
        frozen = self.frozen or layer.config.get("trainable", True) is False
        inputs = list(flat(model.inputs))
        given = _given(model, inputs, args, kwargs)
        own, outputs = self.run_of.nested(model, path, {}, frozen)
        alone = any(
            spec != (own.layers[key].calls[0].outputs[0] if own.layers[key].calls else None)
            for key, spec in given.items()
        )
        inside = own
        if alone:
            inside, outputs = self.run_of.nested(model, path, given, frozen)
            if own.params == 0 and inside.params:
                own = inside  # A Sequential without an input shape has its weights only where it is called.
        if result.model is None:
            self.own_model(model, own, result)
        if alone and inside is not own:
            seen = {(problem.path, problem.message) for problem in own.problems}
            self.problems.extend(p for p in inside.problems if (p.path, p.message) not in seen)
        cost = _cost(inside)
        source: Source = "rule"
        if not outputs or any(spec.shape is None for spec in outputs):
            source = "unknown"
            outputs = outputs or [NOTHING]
        elif _is_assumed(inside):
            source = "assumed"
        self.accept(layer, index, Answer(outputs, (), cost), source)

    def inner(self, value: Any, args: list[Any], kwargs: dict[str, Any]) -> Answer:
        """Asks a layer that is an argument of another one."""
        value = plain(value)
        if not isinstance(value, dict) or not isinstance(value.get("config"), (dict, list)):
            raise Unknown("the layer within is not known")
        if self.run_of.depth >= MOST_NESTED:
            raise Misfit(f"Layers are nested more than {MOST_NESTED} deep.", None)
        model = self.run_of.wrapped(value, self.model.era)
        if model is not None:
            return self.inner_model(model, args, kwargs)
        class_name = value.get("class_name")
        layer = Layer(
            -1,
            "",
            class_name if isinstance(class_name, str) else "",
            value["config"],
            value.get("module") if isinstance(value.get("module"), str) else None,
            value.get("registered_name") if isinstance(value.get("registered_name"), str) else None,
        )
        self.run_of.depth += 1
        try:
            rule, name, config, dtypes, _ = _rule_of(layer, "keras-3")
            if rule is None:
                raise Unknown("no rule for the layer within")
            answer = rule(Ask(name, config, args, kwargs, dtypes, self.inner))
        finally:
            self.run_of.depth -= 1
        if config.get("trainable", True) is False:
            frozen = [Weight(w.name, w.shape, w.dtype, None, False) for w in answer.weights]
            return answer._replace(weights=frozen)
        return answer

    def inner_model(self, model: Model, args: list[Any], kwargs: dict[str, Any]) -> Answer:
        """Asks a model that is an argument of a layer."""
        given = _given(model, list(flat(model.inputs)), args, kwargs)
        inference, outputs = self.run_of.nested(model, self.path, given, False)
        for problem in inference.problems:
            if problem.severity == "error":
                raise Misfit(f"In the model within: {problem.message}", problem.hint)
        weights = _all_weights(model, inference)
        if weights is None or not outputs:
            raise Unknown("the model within is not known")
        return Answer(outputs, weights, _cost(inference))

    # After an edit ------------------------------------------------------------------------------------------------

    def take_over(self, previous: Inference) -> None:
        """Takes over what holds for the layers that the edit cannot reach, and notes those that it may reach."""
        layers, before = self.model.layers, previous.layers
        reached = self.reached(previous)
        self.todo = [layer for key, layer in layers.items() if key in reached]
        results = self.inference.layers
        for key in layers:
            results[key] = before.get(key)  # type: ignore[assignment]
        depth = len(self.path)
        for problem in previous.problems:
            key = problem.path[depth] if len(problem.path) > depth else -1
            if key in reached:
                self.kept.setdefault(key, []).append(problem)
            elif key in layers:
                self.problems.append(problem)
        known = self.known
        for layer in self.todo:
            for call in layer.calls:
                for ref in call.inputs():
                    if ref.layer not in reached and ref.layer in layers:
                        calls = before[ref.layer].calls
                        if 0 <= ref.call < len(calls) and 0 <= ref.tensor < len(calls[ref.call].outputs):
                            known[ref] = calls[ref.call].outputs[ref.tensor]

    def reached(self, previous: Inference) -> set[int]:
        """Ids of the layers that the edit changed, and of all that follow them."""
        layers, before = self.model.layers, previous.layers
        users = previous.users
        if users is None:
            users = previous.users = {}
            for layer in layers.values():
                _note_users(users, layer)
        stack = [key for key in self.changed if key in layers]
        for key in stack:
            _note_users(users, layers[key])
        # The map only grows: an edge that an edit took away costs a second look, but never a wrong result.
        self.inference.users = users
        for key in before.keys() - layers.keys():
            stack.extend(users.get(key, ()))
        stack.extend(layers.keys() - before.keys())
        for key, result in before.items():
            # What was guessed rests on the weights of what follows, which the edit may have changed.
            if any(call.source != "rule" for call in result.calls):
                stack.append(key)
        reached = set(stack)
        while stack:
            for user in users.get(stack.pop(), ()):
                if user not in reached:
                    reached.add(user)
                    stack.append(user)
        return reached

    def keep(self, layer: Layer, index: int, call: Call) -> bool:
        """Keeps the result of a call that the edit did not reach; True if it did so."""
        assert self.previous is not None
        before = self.previous.layers.get(layer.id)
        key = layer.id
        if before is None or key in self.changed or len(before.calls) != len(layer.calls):
            return False
        if before.calls[index].source != "rule":
            return False
        moved = self.moved
        if moved and any((ref.layer, ref.call) in moved for ref in call.inputs()):
            return False
        result = self.inference.layers[key]
        if index == 0 or result.weights is None:
            result.weights, result.model = before.weights, before.model
            result.params, result.trainable_params = before.params, before.trainable_params
        self.put(key, index, before.calls[index])
        for problem in self.kept.get(key, ()):
            if problem.call == index or (problem.call is None and index == 0):
                self.problems.append(problem)
        return True

    # The end ------------------------------------------------------------------------------------------------------

    def problem(
        self, severity: Severity, message: str, layer: Layer, index: int | None, hint: str | None = None
    ) -> None:
        """Notes a problem of a layer of this model."""
        self.problems.append(Problem(severity, message, (*self.path, layer.id), index, hint))

    def own_model(self, model: Model, own: Inference, result: LayerResult) -> None:
        """Notes what a nested model owns."""
        result.model = own
        result.weights = _all_weights(model, own)
        result.params, result.trainable_params = own.params, own.trainable_params
        self.problems.extend(own.problems)

    def uncalled_model(self, layer: Layer, model: Model, result: LayerResult) -> None:
        """A nested model without a call: of a file that has weights alone, or of a subclassed model."""
        if self.run_of.depth >= MOST_NESTED:
            return
        frozen = self.frozen or layer.config.get("trainable", True) is False
        own, _ = self.run_of.nested(model, (*self.path, layer.id), {}, frozen)
        self.own_model(model, own, result)

    def finish(self) -> None:
        """Adds up what the layers own, each nested model once."""
        inference = self.inference
        total = trainable = 0
        complete = True
        seen: set[int] = set()
        for key, layer in self.model.layers.items():
            result = inference.layers[key]
            if not layer.calls and layer.model is not None and result.model is None:
                self.uncalled_model(layer, layer.model, result)
            elif not layer.calls and result.weights is None:
                self.own_weights(layer, None, result)
            if layer.model is not None:
                if id(layer.model) in seen:
                    continue
                seen.add(id(layer.model))
                complete = complete and result.model is not None and result.model.complete
            if result.params is None:
                complete = complete and layer.is_operation
                continue
            total += result.params
            trainable += result.trainable_params or 0
        inference.params, inference.trainable_params, inference.complete = total, trainable, complete


def _note_users(users: dict[int, set[int]], layer: Layer) -> None:
    for call in layer.calls:
        for ref in call.inputs():
            users.setdefault(ref.layer, set()).add(layer.id)


def flat(structure: Any) -> Iterable[TensorRef]:
    """Tensors of a structure in the order of Keras' tree: dicts by their keys in order."""
    if type(structure) is TensorRef:
        return (structure,)
    if isinstance(structure, dict):
        try:
            return [ref for key in sorted(structure) for ref in flat(structure[key])]
        except TypeError:
            return list(refs(structure))
    if isinstance(structure, (list, tuple)):
        return [ref for item in structure for ref in flat(item)]
    return ()


def _flat_specs(value: Any) -> list[TensorSpec]:
    if type(value) is TensorSpec:
        return [value]
    if isinstance(value, dict):
        return [spec for key in sorted(value, key=str) for spec in _flat_specs(value[key])]
    if isinstance(value, (list, tuple)):
        return [spec for item in value for spec in _flat_specs(item)]
    return []


def _given(model: Model, inputs: list[TensorRef], args: list[Any], kwargs: dict[str, Any]) -> dict[int, TensorSpec]:
    """The tensors of a call by the inner layers that stand for them."""
    value = args[0] if args else kwargs.get("inputs", kwargs)
    if isinstance(value, dict) and not isinstance(model.inputs, dict):
        by_name = {model.layers[ref.layer].name: ref.layer for ref in inputs if ref.layer in model.layers}
        if value and set(value) >= set(by_name) and by_name:
            return {by_name[name]: value[name] for name in by_name if type(value[name]) is TensorSpec}
    specs = _flat_specs(value)
    if len(specs) != len(inputs):
        if not inputs:
            return {}
        raise Misfit(
            f"The model within takes {len(inputs)} tensor{'s' * (len(inputs) != 1)}, but this call gives {len(specs)}.",
            "Connect as many tensors as the model has inputs.",
        )
    given: dict[int, TensorSpec] = {}
    for ref, spec in zip(inputs, specs, strict=True):
        inner = model.layers.get(ref.layer)
        if inner is None:
            continue
        if spec.shape is None and inner.is_input and not inner.implied:
            continue
        _same_input(inner, spec)
        given[ref.layer] = spec
    return given


def _same_input(inner: Layer, spec: TensorSpec) -> None:
    """Refuses a tensor that the input of a nested model cannot take."""
    own = shape_of(inner.config.get("batch_shape", inner.config.get("batch_input_shape")))
    if own is None or spec.shape is None:
        return
    fits = len(own) == len(spec.shape) and all(
        a is None or b is None or a == b for a, b in zip(own[1:], spec.shape[1:], strict=True)
    )
    # Keras adds or takes away a last axis of 1 by itself.
    fits = (
        fits
        or (len(own) == len(spec.shape) + 1 and own[-1] == 1)
        or (len(own) + 1 == len(spec.shape) and spec.shape[-1] == 1)
    )
    if not fits:
        raise Misfit(
            f"The model within takes {show(own)} at its input {shorten(inner.name)}, but gets {show(spec.shape)}.",
            "Feed it a tensor of the shape that it was made for.",
        )


def _rule_of(layer: Layer, era: str) -> tuple[Rule | None, str, dict[str, Any], tuple[str, str], bool]:
    """The rule for a layer, its class and arguments in today's words, and its dtypes."""
    config = layer.config if isinstance(layer.config, dict) else {}
    name, config = modern(layer.class_name, config, era)
    dtypes = policy(config.get("dtype"))
    if layer.is_operation:
        return OPERATIONS.get(name), name, config, dtypes, False
    if _is_custom(layer):
        return None, name, config, dtypes, False
    return LAYERS.get(name), name, config, dtypes, name == "InputLayer"


def _is_custom(layer: Layer) -> bool:
    if layer.module is None:
        return layer.registered_name is not None
    return layer.module.partition(".")[0] not in _KERAS


def _circle(left: list[tuple[Layer, int]]) -> list[Layer]:
    """The layers that wait for each other, without those that only wait for them."""
    nodes = {(layer.id, index): layer for layer, index in left}
    feeds: dict[tuple[int, int], set[tuple[int, int]]] = {
        key: {(ref.layer, ref.call) for ref in layer.calls[key[1]].inputs()} & nodes.keys()
        for key, layer in nodes.items()
    }
    users = dict.fromkeys(nodes, 0)
    for sources in feeds.values():
        for source in sources:
            users[source] += 1
    ends = [key for key, number in users.items() if number == 0]
    while ends:
        key = ends.pop()
        del nodes[key]
        for source in feeds[key]:
            users[source] -= 1
            if users[source] == 0:
                ends.append(source)
    return list({layer.id: layer for layer in nodes.values()}.values()) or [left[0][0]]


def _agree(computed: TensorSpec, stated: TensorSpec) -> bool:
    """Whether two statements about a tensor can both be true: an unknown size agrees with every size."""
    if stated.dtype is not None and computed.dtype is not None and clean(stated.dtype) != computed.dtype:
        return False
    if stated.shape is None or computed.shape is None:
        return True
    return len(stated.shape) == len(computed.shape) and all(
        a is None or b is None or a == b for a, b in zip(stated.shape, computed.shape, strict=True)
    )


def _spec(spec: TensorSpec) -> str:
    return show(spec.shape) if spec.dtype is None else f"{show(spec.shape)} of {spec.dtype}"


def activation_bytes(outputs: Iterable[TensorSpec]) -> int | None:
    """Bytes of tensors for one sample; None where a size is not known."""
    total = 0
    for shape, dtype in outputs:
        if shape is None or dtype is None:
            return None
        inner = shape[1:]
        if None in inner:
            return None
        total += math.prod(inner) * BYTES.get(dtype, 4)  # type: ignore[arg-type]
    return total


_OF_QUANTIZATION = ("_scale", "_zero", "g_idx", "_amax_history")
_NEVER_TRAINED = ("moving_mean", "moving_variance", "running_mean", "running_std", "vector_u", "count", "seed")


def _with_trainable(weight: Weight) -> Weight:
    """A weight as the file lists it, with what its name tells about training."""
    if weight.trainable is not None:
        return weight
    name = weight.name.rpartition("/")[2].partition(":")[0]
    trained = not name.startswith(_NEVER_TRAINED) and not name.endswith(_OF_QUANTIZATION)
    trained = trained and not weight.dtype.startswith(("int", "uint"))
    return Weight(weight.name, weight.shape, weight.dtype, weight.path, trained)


def _all_weights(model: Model, inference: Inference) -> list[Weight] | None:
    """Weights of a nested model, each under the name of its layer."""
    found: list[Weight] = []
    for key, layer in model.layers.items():
        weights = inference.layers[key].weights
        if weights is None:
            if layer.is_operation:
                continue
            return None
        found += [Weight(f"{layer.name}/{w.name}", w.shape, w.dtype, w.path, w.trainable) for w in weights]
    return found


def _cost(inference: Inference) -> int | None:
    total = 0
    for layer in inference.layers.values():
        for call in layer.calls:
            if call.multiply_adds is None:
                return None
            total += call.multiply_adds
    return total


def _is_assumed(inference: Inference) -> bool:
    return any(call.source == "assumed" for result in inference.layers.values() for call in result.calls)
