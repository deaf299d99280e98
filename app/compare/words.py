"""Differences in words: one line per argument, wire, shape and weight."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.words import shape
from kgui.reports.diff import NOT_STATED, ArgumentChange, Difference, LayerChange, WeightChange, value_text

Detail = tuple[str, str]
"""What differs, and how."""


def tr(source: str) -> str:
    """A word of this module in the user's language."""
    return QCoreApplication.translate("compare", source)


def details(change: LayerChange) -> list[Detail]:
    """Everything that differs in one layer, what matters most first."""
    if change.old is None:
        return [(tr("class"), change.new_class or ""), (tr("inputs"), _names(change.new_inputs))]
    if change.new is None:
        return [(tr("class"), change.old_class or ""), (tr("inputs"), _names(change.old_inputs))]
    found: list[Detail] = []
    if change.old_class != change.new_class:
        found.append((tr("class"), f"{change.old_class} → {change.new_class}"))
    if "renamed" in change.kinds:
        found.append((tr("name"), f"{_last(change.old)} → {_last(change.new)}"))
    found += [_argument(item) for item in change.arguments]
    if change.old_inputs is not None:
        word = tr("moved to after") if change.moved else tr("inputs")
        found.append((word, f"{_names(change.old_inputs)} → {_names(change.new_inputs)}"))
    if change.old_shapes is not None and change.new_shapes is not None:
        found.append((tr("output shape"), f"{_shapes(change.old_shapes)} → {_shapes(change.new_shapes)}"))
    found += [(item.name, weight(item)) for item in change.weights]
    return found


def of_model(found: Difference) -> list[Detail]:
    """What differs in the models themselves."""
    lines = [_argument(item) for item in found.model]
    if found.old_outputs is not None:
        lines.append((tr("outputs"), f"{_names(found.old_outputs)} → {_names(found.new_outputs)}"))
    return lines


def in_one_line(lines: list[Detail]) -> str:
    """All details in one line."""
    return "  ·  ".join(f"{name} {text}".strip() for name, text in lines)


def weight(change: WeightChange) -> str:
    """By how much a weight differs."""
    if change.old_shape is None:
        return tr("only in B, {shape}").format(shape=shape(change.new_shape))
    if change.new_shape is None:
        return tr("only in A, {shape}").format(shape=shape(change.old_shape))
    if change.old_shape != change.new_shape:
        return f"{shape(change.old_shape)} → {shape(change.new_shape)}"
    parts = [] if change.old_dtype == change.new_dtype else [f"{change.old_dtype} → {change.new_dtype}"]
    if change.relative is not None and change.max_abs is not None:
        parts.append(
            tr("{percent}, at most {most}").format(percent=share(change.relative), most=f"{change.max_abs:.3g}")
        )
    return ", ".join(parts)


def share(relative: float) -> str:
    """By how much values differ, as a part of the first ones' length."""
    if relative != relative:
        return tr("not a number")
    if relative == float("inf"):
        return tr("from 0")
    percent = 100 * relative
    return f"{percent:.0f} %" if percent >= 100 else f"{percent:.2g} %" if percent >= 0.01 else "< 0.01 %"


def largest(change: LayerChange) -> float | None:
    """By how much the weight differs that differs most; None where no values were compared."""
    found = [item.relative for item in change.weights if item.relative is not None]
    # A bias that starts at 0 has no length to compare with; where another weight has one, that says more.
    finite = [value for value in found if value != float("inf")]
    return max(finite or found) if found else None


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _argument(change: ArgumentChange) -> Detail:
    return change.name, f"{_value(change.old)} → {_value(change.new)}"


def _value(value: object) -> str:
    if isinstance(value, str):
        return tr("not stated") if value == NOT_STATED else value
    return value_text(value)


def _names(names: list[str] | None) -> str:
    return ", ".join(names or ()) or tr("nothing")


def _shapes(shapes: list[tuple[int | None, ...] | None]) -> str:
    return ", ".join(dict.fromkeys(shape(item) for item in shapes))
