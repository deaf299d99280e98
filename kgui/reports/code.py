"""Python that builds a model: Keras 3, functional API, only what is not the default.

The code is safe to read and to run whatever the file holds: everything from the file occurs in it as a literal. Classes
of the user's own are looked up among the registered objects, and functions whose byte code is in the file are left to
fill in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kgui.errors import ModelError
from kgui.graph import Call, Era, Layer, Model, Structure, TensorRef, refs
from kgui.inference.result import Inference
from kgui.layers.categories import category
from kgui.layers.eras import modern
from kgui.reports import tf_functions
from kgui.reports.align import CallId
from kgui.reports.keras_words import Operation, operation
from kgui.reports.python_text import Names, Node, call, keyword_item, mapping, sequence, string, text
from kgui.reports.python_values import KERAS_OWN, Values, is_custom, is_object

Config = dict[str, Any]


def code(
    model: Model,
    inference: Inference,
    *,
    training: Mapping[str, Any] | None = None,
    imports: Mapping[str, str] | None = None,
    source: str | None = None,
    read_model: Callable[[Config, str], Model] | None = None,
) -> str:
    """Python that builds the model.

    Args:
        model: The model.
        inference: What was inferred for it: shapes for Lambda layers that do not say theirs.
        training: What the file says about compiling (`ModelFile.training`).
        imports: For classes and functions of the user's own that the user trusts, by registered name: the module to
            import them from. The others are looked up among the registered objects when the code runs.
        source: What the model comes from, for the first line.
        read_model: Makes a model of a serialized one, for functional models that are arguments of a layer.

    Returns:
        A module with `build_model()`.

    Raises:
        ModelError: There is no architecture to write: the file holds weights, or functions of TensorFlow, alone.
    """
    if model.kind == "weights" or (model.kind == "subclassed" and not model.class_name):
        raise ModelError(
            "There is no architecture in this file that Python could build",
            where=source,
            hint="Open the file that has it; weights alone do not say how the layers are connected.",
        )
    return _Module(imports, read_model).write(model, inference, training, source)


class _Module:
    """The whole file: imports, functions for nested models, `build_model`."""

    def __init__(self, imports: Mapping[str, str] | None, read_model: Callable[[Config, str], Model] | None) -> None:
        self.values = Values(imports)
        self.functions: list[list[str]] = []
        self.read_model = read_model
        if read_model is not None:
            self.values.nested = self._argument_model

    def write(self, model: Model, inference: Inference, training: Mapping[str, Any] | None, source: str | None) -> str:
        name = self.values.names.function("build_", "model")
        self._build(name, model, inference, training)
        lines = [_header(model, source)]
        body = "\n\n\n".join("\n".join(function) for function in self.functions)
        used = [word for word in ("layers", "ops") if f"{word}." in body]
        lines += ["", "import keras"]
        if used:
            lines.append(f"from keras import {', '.join(used)}")
        blocks = ["\n".join(lines), *self._own_objects(), *self.values.helpers.values(), *self._fill_ins(), body]
        blocks.append(f'if __name__ == "__main__":\n    {name}().summary()')
        return "\n\n\n".join(blocks) + "\n"

    def nested(self, model: Model, inference: Inference, name: str, *, frozen: bool) -> str:
        """Writes the function that builds a nested model, and says what it is called."""
        function = self.values.names.function("build_", name)
        self._build(function, model, inference, None, name=name, frozen=frozen)
        return function

    def _argument_model(self, value: Config, era: str) -> Node:
        assert self.read_model is not None
        model = self.read_model(value, era)
        return call(self.nested(model, Inference(), model.name, frozen=False))

    def _build(
        self,
        function: str,
        model: Model,
        inference: Inference,
        training: Mapping[str, Any] | None,
        *,
        name: str | None = None,
        frozen: bool = False,
    ) -> None:
        writer = _Function(self, model, inference)
        title = model.name if name is None else name
        body = writer.body(title, frozen=frozen)
        lines = [f"def {function}() -> keras.Model:", f"    {_docstring(title, model)}"]
        compiling = _compile(self.values, training or {}, model)
        if compiling is None:
            lines += body
        else:
            lines += [*body[: writer.result_at], *writer.result.lines(4, before="model = ")]
            lines += [*writer.after_result, *compiling.lines(4), "    return model"]
        self.functions.append(lines)

    def _own_objects(self) -> list[str]:
        found = self.values.registered
        if not found:
            return []
        imported, looked_up = [], []
        for registered_name, (name, module) in found.items():
            trusted = module if (module, registered_name) in KERAS_OWN else self.values.imports.get(registered_name)
            if trusted is not None and all(part.isidentifier() for part in trusted.split(".")):
                imported.append(_import(trusted, registered_name.rpartition(">")[2], name))
                continue
            comment = f"  # the file says: from {string(module)}" if module else ""
            looked_up.append(f"{name} = registered({string(registered_name)}){comment}")
        if not looked_up:
            return ["\n".join(imported)]
        return [*(["\n".join(imported)] if imported else []), _REGISTERED, "\n".join(looked_up)]

    def _fill_ins(self) -> list[str]:
        return [
            "\n".join(
                [
                    f"def {name}(*args, **kwargs):",
                    f"    # Fill in: {what}. The file holds it as Python byte code only, which is never run here.",
                    f"    raise NotImplementedError({string('Fill in ' + what + ': the file holds only byte code.')})",
                ]
            )
            for name, what in self.values.functions.items()
        ]


_REGISTERED = '''def registered(name):
    """The class or function that the user has registered with Keras under this name."""
    found = keras.saving.get_registered_object(name)
    if found is None:
        raise ImportError(
            f"{name} is not part of Keras: import the module that registers it first, or import it here instead."
        )
    return found'''


def _header(model: Model, source: str | None) -> str:
    words = f" of {string(source)}" if source else ""
    return f"# Builds the model {string(model.name)}{words}. Written by kgui."


def _docstring(title: str, model: Model) -> str:
    """A docstring, or a comment where the name would end it."""
    if title.isascii() and title.isprintable() and not set(title) & {'"', "\\"}:
        return f'"""The {_kind(model)} {title}."""' if title else f'"""A {_kind(model)}."""'
    return f"# The {_kind(model)} {string(title)}."


def _kind(model: Model) -> str:
    return {"sequential": "sequential model", "functional": "functional model"}.get(model.kind, "model")


def _import(module: str, class_name: str, name: str) -> str:
    return f"from {module} import {class_name}" + ("" if name == class_name else f" as {name}")


@dataclass
class _Step:
    """One statement: a call, with its variables."""

    call_id: CallId
    layer: Layer
    call: Call
    outputs: int
    consumers: set[int] = field(default_factory=set)


class _Function:
    """The body of the function that builds one model."""

    def __init__(self, module: _Module, model: Model, inference: Inference) -> None:
        self.module = module
        self.values = module.values
        self.model = model
        self.inference = inference
        self.names = Names()
        self.tensors: dict[TensorRef, str] = {}
        self.shared: dict[int, str] = {}
        self.lines: list[str] = []
        self.result: Node = text("None")
        self.result_at = 0
        self.after_result: list[str] = []

    def body(self, title: str, *, frozen: bool) -> list[str]:
        if self.model.kind == "sequential":
            self._sequential(title, frozen=frozen)
        elif self.model.kind == "functional":
            self._functional(title, frozen=frozen)
        else:
            self._without_graph(title)
        self.result_at = len(self.lines)
        if not self.after_result:
            return [*self.lines, *self.result.lines(4, before="return ")]
        return [*self.lines, *self.result.lines(4, before="model = "), *self.after_result, "    return model"]

    def _without_graph(self, title: str) -> None:
        """A subclassed model: only its class can build it."""
        model = self.model
        self.lines.append("    # The graph of this model is in its class, not in the file.")
        config = {key: value for key, value in model.config.items() if key != "layers"}
        known = self.values.lookup(model.registered_name or model.class_name, model.class_name, model.module)
        self.result = call(f"{known}.from_config", [self.values.literal(config)])

    # Sequential

    def _sequential(self, title: str, *, frozen: bool) -> None:
        items = []
        has_input = False
        for layer in self.model.layers.values():
            if layer.is_input and layer.implied and not _input_shape(layer, self.model):
                continue  # a model that has never been built has no input yet
            has_input = has_input or layer.is_input
            items.append(self._sequential_layer(layer))
        arguments = [sequence(items)] if items else []
        if title:
            arguments.append(keyword_item("name", text(string(title))))
        if frozen or self.model.config.get("trainable") is False:
            arguments.append(keyword_item("trainable", text("False")))
        self.result = call(self._model_class("keras.Sequential"), arguments)
        shape = self.model.config.get("build_input_shape")
        if not has_input and isinstance(shape, (list, tuple)):
            self.after_result.append(f"    model.build({self.values.value(tuple(shape)).flat()})")

    def _sequential_layer(self, layer: Layer) -> Node:
        if layer.is_input:
            return self.values.input(_input_config(layer, self.model))
        return self._instance(layer)

    # Functional

    def _functional(self, title: str, *, frozen: bool) -> None:
        self._inputs()
        steps = self._order()
        self._shared_layers(steps)
        self._name(steps)
        for step in steps:
            self._statement(step)
        arguments = [self._structure(self.model.inputs), self._structure(self.model.outputs)]
        if title:
            arguments.append(keyword_item("name", text(string(title))))
        if frozen or self.model.config.get("trainable") is False:
            arguments.append(keyword_item("trainable", text("False")))
        self.result = call(self._model_class("keras.Model"), arguments)

    def _model_class(self, otherwise: str) -> str:
        """A subclass of Functional or Sequential that the user has registered keeps its class."""
        model = self.model
        if is_custom(model.module, model.registered_name, model.era):
            return self.values.lookup(model.registered_name or model.class_name, model.class_name, model.module)
        return otherwise

    def _inputs(self) -> None:
        order = [ref.layer for ref in refs(self.model.inputs)]
        keys = dict.fromkeys([*order, *(key for key, layer in self.model.layers.items() if layer.is_input)])
        for key in keys:
            layer = self.model.layers.get(key)
            if layer is None or not layer.is_input:
                continue
            wish = layer.name if not layer.name.startswith("input") else "inputs"
            variable = self.names.variable(wish, "inputs")
            self.tensors[TensorRef(key)] = variable
            self.lines += self.values.input(_input_config(layer, self.model)).lines(4, before=f"{variable} = ")

    def _order(self) -> list[_Step]:
        """Calls in an order in which each comes after its inputs, and chains stay together."""
        model = self.model
        steps = {
            (key, index): _Step((key, index), layer, item, self._output_count(layer, index))
            for key, layer in model.layers.items()
            if not layer.is_input
            for index, item in enumerate(layer.calls)
        }
        users: dict[CallId, list[CallId]] = defaultdict(list)
        waiting: dict[CallId, int] = dict.fromkeys(steps, 0)
        for call_id, step in steps.items():
            before = {(ref.layer, ref.call) for ref in step.call.inputs()}
            if call_id[1]:
                before.add((call_id[0], call_id[1] - 1))  # calls of one layer keep their order, and so their numbers
            for producer in before & steps.keys():
                users[producer].append(call_id)
                waiting[call_id] += 1
        ordered: list[_Step] = []
        ready = [call_id for call_id in reversed(steps) if not waiting[call_id]]
        while ready:
            call_id = ready.pop()
            ordered.append(steps[call_id])
            freed = []
            for user in users[call_id]:
                waiting[user] -= 1
                if not waiting[user]:
                    freed.append(user)
            ready.extend(reversed(freed))
        done = {step.call_id for step in ordered}
        if len(done) < len(steps):
            self.lines.append("    # The graph has a cycle, so some of these calls lack their inputs.")
            ordered += [step for call_id, step in steps.items() if call_id not in done]
        return ordered

    def _output_count(self, layer: Layer, index: int) -> int:
        """Tensors that a call returns, as far as is known: at least those that are used."""
        if layer.model is not None:
            return sum(1 for _ in refs(layer.model.outputs))
        result = self.inference.layers.get(layer.id)
        known = len(result.calls[index].outputs) if result is not None and index < len(result.calls) else 1
        used = self._used.get((layer.id, index), 0)
        return max(known, used + 1)

    @property
    def _used(self) -> dict[CallId, int]:
        if not hasattr(self, "_used_indices"):
            found: dict[CallId, int] = {}
            everything = [ref for layer in self.model.layers.values() for item in layer.calls for ref in item.inputs()]
            for ref in [*everything, *refs(self.model.outputs)]:
                found[ref.layer, ref.call] = max(found.get((ref.layer, ref.call), 0), ref.tensor)
            self._used_indices = found
        return self._used_indices

    def _name(self, steps: list[_Step]) -> None:
        """Gives tensors their variables: `x` along a chain, a name of their own where they are used later or twice."""
        places = {step.call_id: place for place, step in enumerate(steps)}
        last_use: dict[CallId, int] = {}
        first_use: dict[CallId, int] = {}
        for place, step in enumerate(steps):
            for ref in step.call.inputs():
                producer = (ref.layer, ref.call)
                last_use[producer] = place
                first_use.setdefault(producer, place)
        for ref in refs(self.model.outputs):
            last_use[ref.layer, ref.call] = len(steps)
        for step in steps:
            place = places[step.call_id]
            several = step.outputs > 1 or isinstance(_returned(step.layer), (list, dict))
            if not several and last_use.get(step.call_id, place + 1) == place + 1:
                self.tensors[TensorRef(*step.call_id)] = "x"
            elif not several:
                self.tensors[TensorRef(*step.call_id)] = self.names.variable(step.layer.name)

    def _shared_layers(self, steps: list[_Step]) -> None:
        for layer in dict.fromkeys(step.call_id[0] for step in steps):
            item = self.model.layers[layer]
            if len(item.calls) > 1 and not item.is_operation:
                variable = self.names.variable(f"{item.name}_layer" if item.model is None else item.name)
                self.shared[layer] = variable
                self.lines += self._instance(item).lines(4, before=f"{variable} = ")

    def _statement(self, step: _Step) -> None:
        expression = self._called(step)
        structure = _returned(step.layer)
        single = self.tensors.get(TensorRef(*step.call_id))
        if single is not None:
            self.lines += expression.lines(4, before=f"{single} = ")
        elif isinstance(structure, dict) or _is_deep(structure):
            variable = self.names.variable(step.layer.name)
            self.lines += expression.lines(4, before=f"{variable} = ")
            for index, path in enumerate(_paths(structure)):
                self.tensors[TensorRef(*step.call_id, index)] = variable + path
        else:
            self._unpack(step, expression)

    def _unpack(self, step: _Step, expression: Node) -> None:
        used = {
            ref.tensor
            for ref in [*self._consumed(), *refs(self.model.outputs)]
            if (ref.layer, ref.call) == step.call_id
        }
        variables = []
        for index in range(step.outputs):
            if index in used:
                wish = step.layer.name if len(used) == 1 else f"{step.layer.name}_{index}"
                variable = self.names.variable(wish)
                self.tensors[TensorRef(*step.call_id, index)] = variable
                variables.append(variable)
            else:
                variables.append("_")
        if not variables:  # a nested model without outputs
            self.lines += expression.lines(4)
            return
        targets = ", ".join(variables) + ("," if len(variables) == 1 else "")
        if _stacks_cells(step.layer.config):
            expression = call("keras.tree.flatten", [expression])
        self.lines += expression.lines(4, before=f"{targets} = ")

    def _consumed(self) -> Iterator[TensorRef]:
        for layer in self.model.layers.values():
            for item in layer.calls:
                yield from item.inputs()

    # Layers and calls

    def _instance(self, layer: Layer) -> Node:
        """The layer itself, not called yet."""
        if layer.model is not None:
            result = self.inference.layers.get(layer.id)
            inner = (result.model if result is not None else None) or Inference()
            frozen = layer.config.get("trainable") is False
            return call(self.module.nested(layer.model, inner, layer.name, frozen=frozen))
        config = layer.config if "name" in layer.config else {**layer.config, "name": layer.name}
        return self.values.layer(
            layer.class_name,
            layer.module,
            config,
            self.model.era,
            registered_name=layer.registered_name,
            shape=self._shape(layer),
        )

    def _shape(self, layer: Layer) -> tuple[int | None, ...] | None:
        result = self.inference.layers.get(layer.id)
        if result is None or not result.calls or not result.calls[0].outputs:
            return None
        shape = result.calls[0].outputs[0].shape
        return None if shape is None or result.calls[0].source == "unknown" else shape[1:]

    def _called(self, step: _Step) -> Node:
        layer = step.layer
        if layer.is_operation:
            return self._operation(layer, step.call)
        instance = text(self.shared[layer.id]) if layer.id in self.shared else self._instance(layer)
        args, kwargs = _arguments(layer, step.call)
        items = [self._structure(item) for item in args]
        items += [keyword_item(name, self._structure(value)) for name, value in _given(layer, kwargs).items()]
        return call(instance, items)

    def _structure(self, structure: Structure) -> Node:
        """An argument of a call: tensors by their variables, everything else as a literal."""
        if isinstance(structure, TensorRef):
            return text(self.tensors.get(structure, "None"))
        if isinstance(structure, dict):
            if is_object(structure):
                return self.values.value(structure)
            return mapping({str(key): self._structure(value) for key, value in structure.items()})
        if isinstance(structure, (list, tuple)):
            return sequence(self._structure(item) for item in structure)
        return self.values.value(structure)

    # Operations

    def _operation(self, layer: Layer, item: Call) -> Node:
        known = operation(layer.module, layer.class_name)
        if known is not None:
            return self._keras_operation(known, layer, item)
        if layer.class_name in ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"):
            return self._tensorflow(layer, item)
        return self._unknown(layer, item)

    def _keras_operation(self, known: Operation, layer: Layer, item: Call) -> Node:
        given: dict[str, Node] = {}
        operands: list[Node] = []
        for place, value in enumerate(item.args):
            name = known.call[min(place, len(known.call) - 1)] if known.call else ""
            if name.startswith("*"):
                operands.append(self._structure(value))
            else:
                given[name] = self._structure(value)
        for name, value in item.kwargs.items():
            given[name] = self._structure(value)
        if known.function == "get_item" and {"x", "key"} <= given.keys():
            return Node((*given["x"].parts, "[", self._index(item), "]"))
        sign = tf_functions.OPERATORS.get(known.function.replace("true_divide", "truediv"))
        if sign is not None and len(item.args) == 2 and not item.kwargs and set(layer.config) <= {"name", "dtype"}:
            left, right = (self._structure(value) for value in item.args)
            return _operate(left, sign, right)
        for name, value in layer.config.items():
            if name in known.parameters and name not in given and not _is_default(known, name, value):
                given[name] = self.values.value(value)
        return call(f"ops.{known.function}", _ordered(known, given, operands))

    def _index(self, item: Call) -> str:
        key = item.kwargs.get("key", item.args[1] if len(item.args) > 1 else None)
        return self._index_text(key)

    def _index_text(self, key: Any) -> str:
        """What stands between the brackets: `:, 1:-1:2, ..., 0`."""
        if isinstance(key, (list, tuple)):
            return ", ".join(self._index_text(part) for part in key) or "()"
        if isinstance(key, dict) and key.get("class_name") == "__slice__" and isinstance(key.get("config"), dict):
            return self._slice_text(key["config"])
        if isinstance(key, dict) and set(key) == {"start", "stop", "step"}:
            return self._slice_text(key)
        if isinstance(key, dict) and set(key) == {"start"}:
            return self._structure(key["start"]).flat()
        return self._structure(key).flat()

    def _slice_text(self, config: Mapping[str, Any]) -> str:
        start, stop, step = (
            "" if config.get(name) is None else self._structure(config[name]).flat()
            for name in ("start", "stop", "step")
        )
        return f"{start}:{stop}" + (f":{step}" if step else "")

    def _tensorflow(self, layer: Layer, item: Call) -> Node:
        name, args, kwargs = _recorded(layer, item)
        if name.endswith("getitem"):
            spec = kwargs.get("slice_spec", args[1] if len(args) > 1 else None)
            if isinstance(spec, dict) and "value" in spec:
                spec = spec["value"]
            if args and isinstance(spec, (list, tuple)):
                return Node((*self._structure(args[0]).parts, "[", self._index_text(list(spec)), "]"))
        sign = tf_functions.operator(name)
        operands = [*args, *(kwargs[key] for key in ("x", "y", "b") if kwargs.get(key) is not None)]
        if sign is not None and len(operands) == 2 and not (kwargs.get("transpose_a") or kwargs.get("transpose_b")):
            left, right = (self._structure(value) for value in operands)
            return _operate(left, sign, right)
        known = tf_functions.function(name)
        if known is None:
            return self._unknown(layer, item)
        given = dict(zip(known.parameters, args, strict=False))
        for key, value in kwargs.items():
            if value is not None and key != "name":
                given[known.renamed.get(key, key)] = value
        items = []
        for place, (key, value) in enumerate(given.items()):
            node = self.values.value(value) if key == "dtype" else self._structure(value)
            items.append(node if place < len(args) or key == known.parameters[0] else keyword_item(key, node))
        return call(f"ops.{known.name}", items)

    def _unknown(self, layer: Layer, item: Call) -> Node:
        """A function that Keras 3 has no word for: to be filled in, with the shape that is known."""
        what = layer.config.get("function") or layer.config.get("method_name") or layer.class_name
        name = self.values.fill_in(layer.name, f"what {string(str(what))} of {string(layer.name)} does")
        shape = self._shape(layer)
        items = [text(name)]
        if shape is not None:
            items.append(keyword_item("output_shape", sequence(map(self.values.value, shape), "()")))
        items.append(keyword_item("name", text(string(layer.name))))
        inputs = [self._structure(ref) for ref in item.inputs()]
        return call(call("layers.Lambda", items), [inputs[0] if len(inputs) == 1 else sequence(inputs)])


def _operate(left: Node, sign: str, right: Node) -> Node:
    return text(f"{left.flat()} {sign} {right.flat()}")


def _is_default(known: Operation, name: str, value: Any) -> bool:
    if name not in known.defaults:
        return False
    default = known.defaults[name]
    return type(value) is type(default) and bool(value == default)


def _ordered(known: Operation, given: Mapping[str, Node], operands: list[Node]) -> Iterator[Node]:
    """Arguments as a person would write them: by position as long as none is left out, then by keyword."""
    by_position = True
    for name in known.parameters:
        if name.startswith("*"):
            yield from operands
            by_position = False
        elif name not in given:
            by_position = False
        elif by_position and name not in known.defaults:
            yield given[name]
        else:
            yield keyword_item(name, given[name])
    yield from (keyword_item(name, node) for name, node in given.items() if name not in known.parameters)


def _recorded(layer: Layer, item: Call) -> tuple[str, list[Any], dict[str, Any]]:
    """Name and arguments of a function that tf.keras recorded."""
    if layer.class_name == "SlicingOpLambda":
        return "__operators__.getitem", list(item.args), dict(item.kwargs)
    if layer.class_name == "TFOpLambda":
        return str(layer.config.get("function", "")), list(item.args), dict(item.kwargs)
    node = layer.config.get("node_def")
    name = str(node.get("op", "")) if isinstance(node, dict) else ""
    args: list[Any] = list(refs(item.args))
    constants = layer.config.get("constants")
    for place, value in sorted(constants.items() if isinstance(constants, dict) else ()):
        args.insert(int(place) if str(place).isdigit() else len(args), value)
    return tf_functions.NODES.get(name, name), args, {}


def _input_config(layer: Layer, model: Model) -> Config:
    config = modern("InputLayer", layer.config, model.era)[1]
    return config if layer.implied or "name" in config else {**config, "name": layer.name}


def _input_shape(layer: Layer, model: Model) -> Any:
    config = _input_config(layer, model)
    return config.get("batch_shape", config.get("batch_input_shape"))


def _stacks_cells(config: Any) -> bool:
    """Whether a recurrent layer, or one that is wrapped, has several cells: it returns a list of states for each."""
    if not isinstance(config, dict):
        return False
    cell = config.get("cell")
    if isinstance(cell, list):
        return True
    if isinstance(cell, dict):
        return cell.get("class_name") == "StackedRNNCells"
    wrapped = config.get("layer")
    return isinstance(wrapped, dict) and _stacks_cells(wrapped.get("config"))


def _returned(layer: Layer) -> Structure:
    """The structure that a nested model returns; None for a layer."""
    return None if layer.model is None else layer.model.outputs


def _is_deep(structure: Structure) -> bool:
    return isinstance(structure, list) and any(isinstance(item, (list, dict)) for item in structure)


def _paths(structure: Structure, path: str = "") -> list[str]:
    """For each tensor of a structure, in the order in which Keras numbers them, the subscripts that lead to it."""
    if isinstance(structure, dict):
        return [found for key in sorted(structure) for found in _paths(structure[key], f"{path}[{string(str(key))}]")]
    if isinstance(structure, (list, tuple)) and not isinstance(structure, TensorRef):
        return [found for index, item in enumerate(structure) for found in _paths(item, f"{path}[{index}]")]
    return [path]


def _arguments(layer: Layer, item: Call) -> tuple[list[Structure], dict[str, Structure]]:
    """Arguments of a call as Keras 3 takes them: states of a recurrent layer by keyword, not in a list."""
    first = item.args[0] if item.args else None
    recurrent = category(layer.class_name, layer.module) == "Recurrent" and layer.class_name != "TimeDistributed"
    if recurrent and len(item.args) == 1 and isinstance(first, list) and len(first) > 1:
        return [first[0]], {"initial_state": first[1:], **item.kwargs}
    return item.args, item.kwargs


def _given(layer: Layer, kwargs: Mapping[str, Structure]) -> dict[str, Structure]:
    """The keywords that are worth writing: Keras records some that nobody gave."""
    given = {name: value for name, value in kwargs.items() if value is not None and value is not False}
    # `training=False` keeps a batch normalization from learning. Recurrent layers that are given nothing else record
    # it by themselves.
    if kwargs.get("training") is False and (given or category(layer.class_name, layer.module) != "Recurrent"):
        given["training"] = False
    return given


# Compiling


def _compile(values: Values, training: Mapping[str, Any], model: Model) -> Node | None:
    """`model.compile(…)`, or None where the file does not say how the model was compiled."""
    if model.kind not in ("functional", "sequential"):
        return None
    optimizer = training.get("optimizer_config", training.get("optimizer"))
    loss = training.get("loss", training.get("loss_config"))
    if optimizer is None and loss is None:
        return None
    items = []
    if optimizer is not None:
        items.append(keyword_item("optimizer", _compiled(values, optimizer, model.era, "optimizer")))
    if loss is not None:
        items.append(keyword_item("loss", _compiled(values, loss, model.era, "loss")))
    if training.get("loss_weights") is not None:
        items.append(keyword_item("loss_weights", values.value(training["loss_weights"])))
    for key in ("metrics", "weighted_metrics"):
        found = _metrics(training.get(key))
        if found:
            items.append(keyword_item(key, _compiled(values, found, model.era, "metrics")))
    for key, default in (("run_eagerly", False), ("steps_per_execution", 1)):
        value = training.get(key)
        if value is not None and value != default:
            items.append(keyword_item(key, values.value(value)))
    return call("model.compile", items)


def _compiled(values: Values, value: Any, era: Era, hint: str) -> Node:
    if is_object(value):
        class_name = str(value["class_name"])
        value = {
            **value,
            "class_name": class_name.rpartition(">")[2] if class_name.startswith("Custom>") else class_name,
        }
    return values.value(value, era, hint=hint)


def _metrics(value: Any) -> Any:
    """Metrics without the wrappers that tf.keras put around functions, and without empty entries."""
    if is_object(value):
        config = value.get("config")
        if (
            value["class_name"].endswith("MetricWrapper")
            and isinstance(config, dict)
            and isinstance(config.get("name"), str)
        ):
            return config["name"]
        return value
    if isinstance(value, dict):
        found = {key: _metrics(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item} or None
    if isinstance(value, (list, tuple)):
        items: Iterable[Any] = (_metrics(item) for item in value)
        return [item for item in items if item] or None
    return value
