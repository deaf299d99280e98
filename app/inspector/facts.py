"""What the inspector says, as plain sections of labelled values: no widgets here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from app.session import NodeKey, Session
from app.words import about, argument, count, dtypes, place, shape, size
from kgui.graph.model import Layer
from kgui.graph.tensors import TensorRef, TensorSpec, refs
from kgui.inference.result import CallResult, LayerResult
from kgui.layers.specs import spec

Style = Literal["plain", "field", "default", "mono", "good", "warning", "error"]

HIDDEN_ARGUMENTS = frozenset({"name", "layers", "input_layers", "output_layers", "build_input_shape"})
QUIET_ARGUMENTS = frozenset({"trainable", "dtype", "batch_input_shape"})
"""Arguments of every layer, which come last."""


@dataclass(frozen=True)
class Fact:
    """One labelled value. Without a label it is a paragraph."""

    label: str
    value: str
    style: Style = "plain"
    tip: str = ""


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    facts: list[Fact] = field(default_factory=list)


N = QT_TRANSLATE_NOOP
FILE_FACTS = (
    N("inspector", "saved"),
    N("inspector", "size"),
    N("inspector", "tags"),
    N("inspector", "operations"),
    N("inspector", "variables"),
    N("inspector", "shards"),
    N("inspector", "weights"),
    N("inspector", "checkpoint"),
    N("inspector", "data files"),
    N("inspector", "step"),
    N("inspector", "arrays"),
    N("inspector", "preset"),
)
"""Labels that `kgui.formats` gives to what else is known of a file. Others are shown as they are."""


def tr(source: str) -> str:
    """A text of this module in the user's language."""
    return QCoreApplication.translate("inspector", source)


def about_model(session: Session) -> list[Section]:
    """What is known about the document as a whole, risks first."""
    sections = [
        _risks(session),
        _notes(session),
        _tensors(session),
        _totals(session),
        _compiled(session),
        _file(session),
    ]
    return [section for section in sections if section.facts]


def about_node(session: Session, key: NodeKey) -> list[Section]:
    """What is known about one call of a layer."""
    path, index = key
    layer, result = session.layer(path), session.result(path)
    if layer is None:
        return []
    sections = [
        _problems(session, key),
        Section(tr("Arguments"), _arguments(layer)),
        _shapes(session, key, layer, result),
        _cost(layer, result, index),
        _weights(layer, result),
        _origin(layer),
    ]
    return [section for section in sections if section.facts]


def _risks(session: Session) -> Section:
    return Section(
        tr("Risks"),
        [Fact(risk.where, f"{risk.detail} {risk.runs_when}".strip(), "warning") for risk in session.opened.risks],
    )


def _notes(session: Session) -> Section:
    facts = [Fact("", note) for note in session.opened.notes]
    if not session.model.layers:
        facts.append(Fact("", tr("The Weights panel lists the arrays that are in it.")))
    return Section(tr("Notes"), facts)


def _tensors(session: Session) -> Section:
    facts = []
    for title, structure in ((tr("input"), session.model.inputs), (tr("output"), session.model.outputs)):
        for ref in refs(structure):
            layer = session.model.layers.get(ref.layer)
            name = layer.name if layer is not None else "?"
            facts.append(Fact(f"{title} {name}", shape(_spec(session, (), ref).shape), "mono"))
    return Section(tr("Inputs and outputs"), facts)


def _totals(session: Session) -> Section:
    if not session.model.layers:
        return Section(tr("Totals"))
    result = session.inference
    least = "" if result.complete else "≥ "
    adds = [call.multiply_adds for layer in result.layers.values() for call in layer.calls]
    memory = [call.activation_bytes for layer in result.layers.values() for call in layer.calls]
    unknown_adds, unknown_memory = ("≥ " if None in values else "" for values in (adds, memory))
    return Section(
        tr("Totals"),
        [
            Fact(tr("layers"), count(len(session.model.layers)), "mono"),
            Fact(tr("parameters"), least + count(result.params), "mono"),
            Fact(tr("trainable"), least + count(result.trainable_params), "mono"),
            Fact(tr("not trainable"), least + count(result.non_trainable_params), "mono"),
            Fact(tr("multiply-adds"), unknown_adds + about(sum(filter(None, adds))) + tr(" per sample"), "mono"),
            Fact(tr("activations"), unknown_memory + size(sum(filter(None, memory))) + tr(" per sample"), "mono"),
        ],
    )


def _compiled(session: Session) -> Section:
    training = session.opened.training
    if not isinstance(training, dict):
        return Section(tr("Compiled with"))
    wanted = ("optimizer", "optimizer_config", "loss", "metrics", "weighted_metrics", "loss_weights")
    facts = [
        Fact(key, _compile_argument(training[key]), "mono") for key in wanted if training.get(key) not in (None, [], {})
    ]
    return Section(tr("Compiled with"), facts)


def _compile_argument(value: Any) -> str:
    config = value.get("config") if isinstance(value, dict) else None
    # "lr" until Keras 2.3.
    if isinstance(config, dict) and isinstance(rate := config.get("learning_rate", config.get("lr")), float):
        # Of an optimizer's dozen arguments this is the one that people look for.
        return f"{value['class_name']} · {rate:g}"
    return argument(value)


def _file(session: Session) -> Section:
    opened = session.opened
    facts = [Fact(tr("format"), opened.format, "mono")]
    if opened.keras_version:
        facts.append(Fact("Keras", opened.keras_version, "mono"))
    if opened.backend:
        facts.append(Fact(tr("backend"), opened.backend, "mono"))
    facts.extend(Fact(tr(label), text, "mono") for label, text in opened.facts.items())
    facts.extend(Fact(name, size(length), "mono") for name, length in opened.assets.items())
    if opened.path is not None:
        facts.append(Fact(tr("path"), place(opened.path), "mono"))
    return Section(tr("File"), facts)


def _problems(session: Session, key: NodeKey) -> Section:
    path, index = key
    return Section(
        tr("Problems"),
        [
            Fact(
                "",
                f"{problem.message} {problem.hint or ''}".strip(),
                "error" if problem.severity == "error" else "warning",
            )
            for problem in session.inference.problems
            if problem.path == path and problem.call in (None, index)
        ],
    )


def _arguments(layer: Layer) -> list[Fact]:
    config = layer.config
    names = [name for name in config if name not in HIDDEN_ARGUMENTS]
    names.sort(key=lambda name: name in QUIET_ARGUMENTS)
    known = spec(layer.class_name)
    told = {argument.name: argument for argument in known.arguments} if known is not None else {}
    facts = []
    for name in names:
        argument_spec = told.get(name)
        by_default = (
            argument_spec is not None and not argument_spec.required and _same(config[name], argument_spec.default)
        )
        tip = argument_spec.documentation if argument_spec is not None else ""
        facts.append(Fact(name, argument(config[name]), "default" if by_default else "field", tip))
    return facts


def _same(value: Any, default: Any) -> bool:
    """Whether a value is the default, which a config may write out: a size for each axis, an object with its class."""
    if isinstance(value, list | tuple) and value and not isinstance(default, list | tuple):
        return all(item == default for item in value)
    if isinstance(value, dict) and "class_name" in value:
        name = default.get("class_name") if isinstance(default, dict) else default
        plain = "".join(part.capitalize() for part in name.split("_")) if isinstance(name, str) else None
        return value["class_name"] == plain or value["class_name"] == name
    return bool(value == default)


def _shapes(session: Session, key: NodeKey, layer: Layer, result: LayerResult | None) -> Section:
    path, index = key
    facts = []
    if index < len(layer.calls):
        facts += [
            Fact(tr("input"), shape(_spec(session, path[:-1], ref).shape), "mono")
            for ref in layer.calls[index].inputs()
        ]
    call = result.calls[index] if result is not None and index < len(result.calls) else CallResult([], "unknown")
    facts += [Fact(tr("output"), shape(spec.shape), "mono") for spec in call.outputs]
    if call.outputs:
        facts.append(Fact(tr("dtype"), dtypes(call.outputs), "mono"))
    facts.append(
        Fact(
            tr("known by"),
            {
                "rule": tr("rule"),
                "stored": tr("the file"),
                "assumed": tr("assumption"),
                "unknown": tr("nothing: unknown"),
            }[call.source],
        )
    )
    if len(layer.calls) > 1:
        facts.append(Fact(tr("shared"), tr("call {number} of {all}").format(number=index + 1, all=len(layer.calls))))
    return Section(tr("Shapes"), facts)


def _spec(session: Session, owner: tuple[int, ...], ref: TensorRef) -> TensorSpec:
    result = session.result((*owner, ref.layer))
    if result is not None and ref.call < len(result.calls) and ref.tensor < len(result.calls[ref.call].outputs):
        return result.calls[ref.call].outputs[ref.tensor]
    return TensorSpec(None, None)


def _cost(layer: Layer, result: LayerResult | None, index: int) -> Section:
    if result is None:
        return Section(tr("Cost"))
    facts = [Fact(tr("parameters"), count(result.params), "mono")]
    if result.params and result.trainable_params != result.params:
        facts.append(Fact(tr("trainable"), count(result.trainable_params), "mono"))
    if index < len(result.calls):
        call = result.calls[index]
        facts.append(Fact(tr("multiply-adds"), about(call.multiply_adds), "mono"))
        facts.append(Fact(tr("activations"), size(call.activation_bytes), "mono"))
    return Section(tr("Cost per sample"), facts)


def _weights(layer: Layer, result: LayerResult | None) -> Section:
    weights = layer.weights if layer.weights is not None else (result.weights if result is not None else None)
    return Section(
        tr("Weights"), [Fact(weight.name, f"{shape(weight.shape)} {weight.dtype}", "mono") for weight in weights or []]
    )


def _origin(layer: Layer) -> Section:
    facts = [Fact(tr("class"), layer.class_name, "mono")]
    if layer.module:
        facts.append(Fact(tr("module"), layer.module, "mono"))
    if layer.registered_name:
        facts.append(Fact(tr("registered"), layer.registered_name, "mono"))
    return Section(tr("Origin"), facts)
