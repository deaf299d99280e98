"""The summary of a model: a row for every layer, as data, text, CSV and Markdown.

`rows` is what the window's table shows; the texts are made of the same rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kgui.errors import KguiError
from kgui.graph import Layer, Model, TensorRef, TensorSpec, Weight
from kgui.inference.result import Inference, LayerResult, Source
from kgui.reports.words import count_text, plain, shape_text, size_text, text_width, weight_bytes, wrap

_SOURCES: tuple[Source, ...] = ("rule", "stored", "assumed", "unknown")


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One layer.

    Attributes:
        path: Ids of the layers that lead to it, its own last.
        name: The layer's name.
        class_name: As the file has it.
        nested: It is a model itself.
        outputs: For every call, its output tensors.
        sources: For every call, where `outputs` comes from.
        inputs: For every call, the tensors that go into it: layer name, call and tensor index.
        params: Number of values in its weights; None where not known.
        trainable_params: Those that training changes.
        weight_bytes: Bytes of its weights; None where not known.
        multiply_adds: Of all calls, for one sample; None where not known.
        activation_bytes: Of the outputs of all calls, for one sample; None where not known.
        trainable: False where it, or a model that it is in, is frozen.
    """

    path: tuple[int, ...]
    name: str
    class_name: str
    nested: bool
    outputs: tuple[tuple[TensorSpec, ...], ...]
    sources: tuple[Source, ...]
    inputs: tuple[tuple[tuple[str, int, int], ...], ...]
    params: int | None
    trainable_params: int | None
    weight_bytes: int | None
    multiply_adds: int | None
    activation_bytes: int | None
    trainable: bool

    @property
    def depth(self) -> int:
        """0 for a layer of the model itself, 1 for one of a nested model, …."""
        return len(self.path) - 1

    @property
    def source(self) -> Source:
        """The weakest source of its calls."""
        return max(self.sources, key=_SOURCES.index, default="unknown")

    @property
    def output_text(self) -> str:
        """Output shapes; those of every call where they differ between calls."""
        texts = list(dict.fromkeys(", ".join(shape_text(spec.shape) for spec in call) or "?" for call in self.outputs))
        return "; ".join(texts) or "?"

    @property
    def dtype_text(self) -> str:
        """Output dtypes, each once."""
        return ", ".join(dict.fromkeys(spec.dtype or "?" for call in self.outputs for spec in call))

    @property
    def connected_text(self) -> str:
        """What goes into it, as "name" or, where that is not the first call's first tensor, "name[call][tensor]"."""
        return ", ".join(
            plain(name) if call == tensor == 0 else f"{plain(name)}[{call}][{tensor}]"
            for inputs in self.inputs
            for name, call, tensor in inputs
        )


def rows(model: Model, inference: Inference, *, expand_nested: bool = False) -> list[SummaryRow]:
    """The rows of a model, in the order of the file. What a file only implies has none.

    Args:
        model: The model.
        inference: What was inferred for it.
        expand_nested: Whether the layers of nested models follow their model, at every depth.
    """
    found: list[SummaryRow] = []
    _add_rows(found, model, inference, (), trainable=True, expand_nested=expand_nested)
    return found


def is_trainable(layer: Layer) -> bool:
    """What the layer's own config says; a frozen model around it is not considered."""
    for config in (layer.config, layer.model.config if layer.model is not None else {}):
        if config.get("trainable") is False:
            return False
    return True


def _add_rows(
    found: list[SummaryRow],
    model: Model,
    inference: Inference,
    path: tuple[int, ...],
    *,
    trainable: bool,
    expand_nested: bool,
) -> None:
    for key, layer in model.layers.items():
        if layer.implied:
            continue
        result = inference.layers.get(key) or LayerResult()
        alive = trainable and is_trainable(layer)
        found.append(_row(model, layer, result, (*path, key), alive))
        if expand_nested and layer.model is not None:
            inner = result.model or Inference()
            _add_rows(found, layer.model, inner, (*path, key), trainable=alive, expand_nested=True)


def _row(model: Model, layer: Layer, result: LayerResult, path: tuple[int, ...], trainable: bool) -> SummaryRow:
    return SummaryRow(
        path=path,
        name=layer.name,
        class_name=layer.class_name,
        nested=layer.model is not None,
        outputs=tuple(tuple(call.outputs) for call in result.calls),
        sources=tuple(call.source for call in result.calls),
        inputs=tuple(input_names(model, call.inputs()) for call in layer.calls),
        params=result.params,
        trainable_params=result.trainable_params,
        weight_bytes=None if result.weights is None else weight_bytes(result.weights),
        multiply_adds=_total([call.multiply_adds for call in result.calls]),
        activation_bytes=_total([call.activation_bytes for call in result.calls]),
        trainable=trainable,
    )


def input_names(model: Model, inputs: Sequence[TensorRef]) -> tuple[tuple[str, int, int], ...]:
    """Tensors by the names of their layers; those of layers that the file only implies are left out."""
    named = []
    for ref in inputs:
        layer = model.layers.get(ref.layer)
        if layer is not None and not layer.implied:
            named.append((layer.name, ref.call, ref.tensor))
    return tuple(named)


def _total(values: Sequence[int | None]) -> int | None:
    return sum(value for value in values if value is not None) if None not in values else None


def is_chain(model: Model) -> bool:
    """Whether every layer is called once, on the output of the one before: such a summary needs no connections."""
    if model.kind != "functional":
        return True
    taken: set[TensorRef] = set()
    for layer in model.layers.values():
        if len(layer.calls) > 1:
            return False
        inputs = [ref for call in layer.calls for ref in call.inputs()]
        if len(inputs) > 1 or taken.intersection(inputs) or (not inputs and not layer.is_input):
            return False
        taken.update(inputs)
    return sum(layer.is_input for layer in model.layers.values()) <= 1


@dataclass(frozen=True, slots=True)
class Totals:
    """Values and bytes of all weights of a model.

    Attributes:
        params: Number of values.
        trainable_params: Those that training changes.
        bytes: Bytes of all values, each array in its own dtype; None where not every array is known.
        trainable_bytes: Bytes of those that training changes.
        complete: False where some layer's weights are not known, so that the figures are the least there can be.
    """

    params: int
    trainable_params: int
    bytes: int | None
    trainable_bytes: int | None
    complete: bool


def totals(model: Model, inference: Inference) -> Totals:
    """Totals of a model; a shared layer counts once."""
    whole = trainable = 0
    known = True
    for _, result in _leaves(model, inference):
        if result.weights is None:
            known = known and result.params == 0
            continue
        whole += weight_bytes(result.weights)
        trainable += weight_bytes(_trained(result))
    return Totals(
        params=inference.params,
        trainable_params=inference.trainable_params,
        bytes=whole if known else None,
        trainable_bytes=trainable if known else None,
        complete=inference.complete,
    )


def _leaves(model: Model, inference: Inference) -> list[tuple[Layer, LayerResult]]:
    """Layers that are not models, at every depth; a model whose inside was not inferred counts as one."""
    found = []
    for key, layer in model.layers.items():
        result = inference.layers.get(key) or LayerResult()
        inner = _leaves(layer.model, result.model) if layer.model is not None and result.model is not None else []
        # A frozen model freezes what is in it, and that stands in the outer result only.
        if inner and sum(leaf.trainable_params or 0 for _, leaf in inner) == (result.trainable_params or 0):
            found.extend(inner)
        else:
            found.append((layer, result))
    return found


def _trained(result: LayerResult) -> list[Weight]:
    """The weights that training changes. Where they are not marked, Keras' order tells: trainable ones come first."""
    weights, count = result.weights or [], result.trainable_params or 0
    marked = [weight for weight in weights if weight.trainable]
    if sum(weight.size for weight in marked) == count:
        return marked
    chosen = []
    for weight in weights:
        if count <= 0:
            break
        chosen.append(weight)
        count -= weight.size
    return chosen


# As text


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    right: bool
    cell: Callable[[SummaryRow], str]


def _layer_cell(row: SummaryRow) -> str:
    return _named(row.name, row.class_name)


def _named(name: str, class_name: str) -> str:
    """A name with its class; an exported SavedModel has no word for classes."""
    return f"{plain(name)} ({plain(class_name)})" if class_name else plain(name)


def _trainable_cell(row: SummaryRow) -> str:
    return "-" if not row.params else "Y" if row.trainable else "N"


_LAYER = _Column("Layer (type)", False, _layer_cell)
_OUTPUT = _Column("Output shape", False, lambda row: row.output_text)
_PARAMS = _Column("Params", True, lambda row: count_text(row.params))
_CONNECTED = _Column("Connected to", False, lambda row: row.connected_text or "-")
_TRAINABLE = _Column("Trainable", False, _trainable_cell)
_MULTIPLY_ADDS = _Column("Multiply-adds", True, lambda row: count_text(row.multiply_adds))
_DTYPE = _Column("Dtype", False, lambda row: row.dtype_text or "?")

_MIN_WIDTH = 4
_GAP = 2


def summary(
    model: Model,
    inference: Inference,
    *,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    show_multiply_adds: bool = False,
    show_dtype: bool = False,
    notes: Sequence[str] = (),
    optimizer: Sequence[Weight] = (),
    only_ascii: bool = False,
) -> str:
    """The summary as text. Nothing is ever cut: what does not fit into its column goes on in the next line.

    Args:
        model: The model.
        inference: What was inferred for it.
        line_length: Columns of a line; by default what the table needs, at most the width of the terminal.
        positions: Where each column ends, as Keras has it: fractions of the line (all at most 1) or columns.
        expand_nested: Whether the layers of nested models are shown, indented below their model.
        show_trainable: Whether a column says which layers are trained.
        show_multiply_adds: Whether a column says how many multiplications with addition one sample costs.
        show_dtype: Whether a column has the dtypes of the outputs.
        notes: Sentences for the end: what the user should know about this file.
        optimizer: Weights of the optimizer, where the file has them.
        only_ascii: For an output that cannot show other characters.

    Raises:
        KguiError: `positions` or `line_length` leave a column less than four characters.
    """
    table = rows(model, inference, expand_nested=expand_nested)
    chain = is_chain(model) and not (expand_nested and any(not is_chain(inner) for inner in _nested_models(model)))
    base = [_LAYER, _OUTPUT, _PARAMS] if chain else [_LAYER, _OUTPUT, _PARAMS, _CONNECTED]
    extra = [
        column
        for column, wanted in (
            (_DTYPE, show_dtype),
            (_MULTIPLY_ADDS, show_multiply_adds),
            (_TRAINABLE, show_trainable),
        )
        if wanted
    ]
    lines = [_title(model)]
    if table:
        lines += _table(base, extra, table, line_length, positions, only_ascii)
    lines += _totals_lines(totals(model, inference), optimizer)
    lines += [f"Note: {plain(note)}" for note in notes]
    text = "\n".join(lines)
    return text.encode("ascii", "backslashreplace").decode("ascii") if only_ascii else text


def _nested_models(model: Model) -> list[Model]:
    return [layer.model for _, layer in model.walk() if layer.model is not None]


def _title(model: Model) -> str:
    if not model.name:  # of a subclassed model, whose config need not have a name
        return f"Model: {plain(model.class_name)}"
    return "Model: " + _named(f'"{model.name}"', model.class_name if model.kind != "weights" else "weights only")


def _table(
    base: list[_Column],
    extra: list[_Column],
    table: list[SummaryRow],
    line_length: int | None,
    positions: Sequence[float] | None,
    only_ascii: bool,
) -> list[str]:
    columns = [*base, *extra]
    cells = [[column.cell(row) for column in columns] for row in table]
    if only_ascii:
        cells = [[cell.encode("ascii", "backslashreplace").decode("ascii") for cell in row] for row in cells]
    marks = ["" if not row.depth else "   " * row.depth + ("- " if only_ascii else "└ ") for row in table]
    if positions is None:
        widths = _fitted(columns, cells, marks, line_length)
    else:
        widths = _positioned(positions, len(base), extra, line_length or _terminal())
    heavy, light = ("=", "-") if only_ascii else ("━", "─")
    length = sum(widths) + _GAP * (len(widths) - 1)
    lines = [_line([column.title for column in columns], columns, widths, "")]
    lines.append([heavy * length])
    for row, mark in zip(cells, marks, strict=True):
        lines.append(_line(row, columns, widths, mark))
    lines.append([light * length])
    return [line for block in lines for line in block]


def _terminal() -> int:
    """Columns of the terminal, found as shutil does, which would take 10 ms to import."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(1).columns or 120
    except OSError:
        return 120


def _fitted(columns: list[_Column], cells: list[list[str]], marks: list[str], line_length: int | None) -> list[int]:
    """Widths that need no wrapping where the line allows it; else text columns share what numbers leave."""
    natural = [text_width(column.title) for column in columns]
    for row, mark in zip(cells, marks, strict=True):
        for index, cell in enumerate(row):
            width = text_width(cell) + (len(mark) if index == 0 else 0)
            natural[index] = max(natural[index], width)
    length = (line_length or _terminal()) - _GAP * (len(columns) - 1)
    if line_length is None:
        length = min(length, sum(natural))
    if length < _MIN_WIDTH * len(columns):
        raise _too_narrow(line_length)
    if length >= sum(natural):
        natural[-1] += length - sum(natural)
        return natural
    fixed = [
        min(width, max(_MIN_WIDTH, length // 4)) if column.right else None
        for width, column in zip(natural, columns, strict=True)
    ]
    return _share(natural, fixed, length)


def _share(natural: list[int], fixed: list[int | None], length: int) -> list[int]:
    """Divides what fixed columns leave: each gets what it needs or an equal share, whichever is less."""
    left = length - sum(width for width in fixed if width is not None)
    widths = [width or 0 for width in fixed]
    open_columns = sorted((index for index, width in enumerate(fixed) if width is None), key=lambda i: natural[i])
    for done, index in enumerate(open_columns):
        widths[index] = max(_MIN_WIDTH, min(natural[index], left // (len(open_columns) - done)))
        left -= widths[index]
    return widths


def _positioned(positions: Sequence[float], base: int, extra: Sequence[_Column], line_length: int) -> list[int]:
    if len(positions) < base:
        raise KguiError(
            f"{len(positions)} positions are given for {base} columns",
            hint="Give the end of every column, as fractions of the line or as columns.",
        )
    ends = list(positions[: base + len(extra)])
    if len(ends) < base + len(extra):
        ends = ends[:base]
    if all(0 < end <= 1 for end in ends):
        ends = [end * line_length for end in ends]
    if len(ends) < base + len(extra):
        # As Keras does for its column "Trainable": the others make room.
        room = sum(len(column.title) + _GAP for column in extra)
        last = ends[-1] - room
        ends = [end * last / ends[-1] for end in ends]
        for column in extra:
            ends.append(ends[-1] + len(column.title) + _GAP)
    stops = [round(end) for end in ends]
    widths = [
        stop - start - (_GAP if index else 0)
        for index, (start, stop) in enumerate(zip([0, *stops], stops, strict=False))
    ]
    if min(widths) < _MIN_WIDTH:
        raise _too_narrow(line_length)
    return widths


def _too_narrow(line_length: int | None) -> KguiError:
    return KguiError(
        f"A line of {line_length or _terminal()} columns leaves less than {_MIN_WIDTH} for a column of the summary",
        hint="Give a larger line length or other positions.",
    )


def _line(cells: list[str], columns: list[_Column], widths: list[int], mark: str) -> list[str]:
    blocks = []
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        if index == 0 and mark:
            indent = min(len(mark), max(0, width - 2 * _MIN_WIDTH))
            parts = wrap(cell, width - indent)
            start = mark[len(mark) - indent :]
            blocks.append([(start if i == 0 else " " * indent) + part for i, part in enumerate(parts)])
        else:
            blocks.append(wrap(cell, width))
    lines = []
    for number in range(max(map(len, blocks))):
        parts = []
        for block, column, width in zip(blocks, columns, widths, strict=True):
            part = block[number] if number < len(block) else ""
            pad = " " * (width - text_width(part))
            parts.append(pad + part if column.right else part + pad)
        lines.append((" " * _GAP).join(parts).rstrip())
    return lines


def _totals_lines(found: Totals, optimizer: Sequence[Weight]) -> list[str]:
    extra_params, extra_bytes = sum(weight.size for weight in optimizer), weight_bytes(optimizer)
    least = "" if found.complete else "at least "
    whole = None if found.bytes is None else found.bytes + extra_bytes
    frozen = None if found.bytes is None or found.trainable_bytes is None else found.bytes - found.trainable_bytes
    entries: list[tuple[str, int, int | None]] = [
        ("Total params", found.params + extra_params, whole),
        ("Trainable params", found.trainable_params, found.trainable_bytes),
        ("Non-trainable params", found.params - found.trainable_params, frozen),
    ]
    if optimizer:
        entries.append(("Optimizer params", extra_params, extra_bytes))
    lines = []
    for title, count, size in entries:
        text = f"{title}: {least}{count:,}"
        lines.append(text if size is None else f"{text} ({size_text(size)})")
    return lines


# As tables for other programs

_FIELDS: tuple[tuple[str, Callable[[SummaryRow], str]], ...] = (
    ("Layer", lambda row: row.name),
    ("Type", lambda row: row.class_name),
    ("Depth", lambda row: str(row.depth)),
    ("Output shape", lambda row: row.output_text),
    ("Dtype", lambda row: row.dtype_text),
    ("Params", lambda row: "" if row.params is None else str(row.params)),
    ("Trainable params", lambda row: "" if row.trainable_params is None else str(row.trainable_params)),
    ("Bytes", lambda row: "" if row.weight_bytes is None else str(row.weight_bytes)),
    ("Multiply-adds", lambda row: "" if row.multiply_adds is None else str(row.multiply_adds)),
    ("Connected to", lambda row: row.connected_text),
    ("Trainable", lambda row: "yes" if row.trainable else "no"),
)


def as_csv(table: Sequence[SummaryRow]) -> str:
    """The rows as CSV, numbers without separators, empty where not known.

    A cell that a spreadsheet would run as a formula starts with an apostrophe: names come from foreign files.
    """
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([title for title, _ in _FIELDS])
    for row in table:
        writer.writerow([_no_formula(plain(cell(row))) for _, cell in _FIELDS])
    return out.getvalue()


def _no_formula(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def as_markdown(table: Sequence[SummaryRow], *, connected: bool = True) -> str:
    """The rows as a Markdown table.

    Args:
        table: The rows.
        connected: Whether there is a column that says what goes into each layer.
    """
    columns = [_LAYER, _OUTPUT, _PARAMS, *([_CONNECTED] if connected else [])]
    lines = [
        "| " + " | ".join(column.title for column in columns) + " |",
        "| " + " | ".join("---:" if column.right else "---" for column in columns) + " |",
    ]
    for row in table:
        indent = "&nbsp;&nbsp;&nbsp;" * row.depth
        lines.append(f"| {indent}" + " | ".join(_markdown(column.cell(row)) for column in columns) + " |")
    return "\n".join(lines) + "\n"


def _markdown(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#&~!" else char for char in text)
