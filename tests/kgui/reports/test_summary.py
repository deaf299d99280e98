"""The summary: rows, text, CSV and Markdown of models made by hand."""

from __future__ import annotations

import csv
import io

import pytest

from kgui.errors import KguiError
from kgui.graph import Call, Layer, Model, TensorRef, TensorSpec, Weight
from kgui.inference.result import CallResult, Inference, LayerResult
from kgui.reports.summary import as_csv, as_markdown, is_chain, rows, summary, totals
from kgui.reports.words import plain, text_width, wrap


def result(*shapes, weights=(), frozen=False, model=None, calls=1, source="rule", multiply_adds=0):
    outputs = [TensorSpec(shape, "float32") for shape in shapes]
    params = sum(weight.size for weight in weights)
    trainable = 0 if frozen else sum(weight.size for weight in weights if weight.trainable)
    return LayerResult(
        [CallResult(list(outputs), source, multiply_adds, 4) for _ in range(calls)],
        list(weights),
        params,
        trainable,
        model,
    )


def kernel(rows_, columns, dtype="float32"):
    return [
        Weight("kernel", (rows_, columns), dtype, trainable=True),
        Weight("bias", (columns,), dtype, trainable=True),
    ]


@pytest.fixture
def siamese():
    """Two inputs, one shared encoder with two layers, a difference."""
    encoder = Model(
        "functional",
        "encoder",
        layers={
            0: Layer(0, "inner_input", "InputLayer", calls=[Call()]),
            1: Layer(1, "inner_dense", "Dense", calls=[Call([TensorRef(0)])]),
        },
        inputs=TensorRef(0),
        outputs=TensorRef(1),
    )
    inside = Inference(
        {0: result((None, 6)), 1: result((None, 3), weights=kernel(6, 3))}, params=21, trainable_params=21
    )
    model = Model(
        "functional",
        "siamese",
        layers={
            0: Layer(0, "left", "InputLayer", calls=[Call()]),
            1: Layer(1, "right", "InputLayer", calls=[Call()]),
            2: Layer(2, "encoder", "Functional", model=encoder, calls=[Call([TensorRef(0)]), Call([TensorRef(1)])]),
            3: Layer(3, "subtract", "Subtract", calls=[Call([[TensorRef(2, 0), TensorRef(2, 1)]])]),
        },
        inputs=[TensorRef(0), TensorRef(1)],
        outputs=TensorRef(3),
    )
    inference = Inference(
        {
            0: result((None, 6)),
            1: result((None, 6)),
            2: result((None, 3), weights=kernel(6, 3), model=inside, calls=2, multiply_adds=18),
            3: result((None, 3)),
        },
        params=21,
        trainable_params=21,
    )
    return model, inference


def chain(length, name="layer_{}"):
    layers = {0: Layer(0, "input", "InputLayer", calls=[Call()])}
    results = {0: result((None, 4))}
    for index in range(1, length):
        layers[index] = Layer(index, name.format(index), "Dense", calls=[Call([TensorRef(index - 1)])])
        results[index] = result((None, 4), weights=kernel(4, 4))
    count = 20 * (length - 1)
    return Model("functional", "chain", layers=layers), Inference(results, params=count, trainable_params=count)


def test_a_chain_has_no_connections_and_a_branch_has(siamese):
    assert is_chain(chain(3)[0])
    assert "Connected to" not in summary(*chain(3))
    assert not is_chain(siamese[0])
    assert "encoder, encoder[1][0]" in summary(*siamese)


def test_nested_layers_are_indented_below_their_model(siamese):
    assert "inner_dense" not in summary(*siamese)
    lines = summary(*siamese, expand_nested=True).splitlines()
    outer = next(index for index, line in enumerate(lines) if line.startswith("encoder (Functional)"))
    assert lines[outer + 2].startswith("   └ inner_dense (Dense)")


def test_a_shared_layer_counts_once(siamese):
    found = totals(*siamese)
    assert (found.params, found.bytes, found.trainable_bytes) == (21, 84, 84)
    assert "Total params: 21 (84.00 B)" in summary(*siamese)


def test_bytes_are_those_of_each_dtype():
    model, inference = chain(2)
    inference.layers[1] = result((None, 4), weights=kernel(4, 4, "float16"))
    assert totals(model, inference).bytes == 40


def test_a_frozen_model_counts_as_frozen(siamese):
    model, inference = siamese
    model.layers[2].config["trainable"] = False
    inference.layers[2].trainable_params = 0
    inference.trainable_params = 0
    text = summary(*siamese, show_trainable=True, expand_nested=True)
    assert "Non-trainable params: 21 (84.00 B)" in text
    dense = next(line for line in text.splitlines() if "inner_dense" in line)
    assert dense.endswith("N")


def test_unknown_is_said_and_totals_are_the_least():
    model, inference = chain(3)
    inference.layers[2] = LayerResult([CallResult([TensorSpec(None, None)], "unknown")])
    inference.params = inference.trainable_params = 20
    inference.complete = False
    text = summary(model, inference)
    assert "Total params: at least 20\n" in text
    assert any("layer_2" in line and line.rstrip().endswith("?") for line in text.splitlines())


def test_calls_with_other_shapes_are_all_shown(siamese):
    model, inference = siamese
    inference.layers[2].calls[1].outputs = [TensorSpec((None, 9, 3), "float32")]
    assert "(None, 3); (None, 9, 3)" in summary(model, inference)


@pytest.mark.parametrize("line_length", [20, 33, 40, 60, 98, 200])
def test_nothing_is_ever_cut(line_length):
    name = "a_rather_long_name_of_a_layer_in_stage_{}_of_the_" + "network" * 5
    model, inference = chain(12, name)
    lines = summary(model, inference, line_length=line_length).splitlines()
    table = lines[3 : next(i for i, line in enumerate(lines) if line.startswith("─"))]
    width = max(text_width(line) for line in lines[1:-3])
    assert width <= line_length
    # Every name is there in full, spread over the lines of the first column.
    width = lines[1].index("Output") if "Output" in lines[1] else 6
    column = "".join(line[:width].strip() for line in table)
    for index in range(1, 12):
        assert f"{name.format(index)}(Dense)" in column.replace(" ", "")


def test_a_long_name_wraps_within_its_column():
    model, inference = chain(2, "n" * 100)
    text = summary(model, inference, line_length=60, positions=[0.5, 0.8, 1.0])
    column = "".join(line[:30].strip() for line in text.splitlines()[3:])
    assert "n" * 100 in column


def test_positions_are_fractions_or_columns():
    model, inference = chain(2)
    for positions in ([0.5, 0.75, 1.0], [40, 60, 80]):
        header = summary(model, inference, line_length=80, positions=positions).splitlines()[1]
        assert header.index("Output shape") == 42
        assert header.endswith("Params") and len(header) == 80


def test_positions_leave_room_for_more_columns():
    header = summary(*chain(2), line_length=100, positions=[0.45, 0.8, 1.0], show_trainable=True).splitlines()[1]
    assert header.endswith("Trainable")


@pytest.mark.parametrize(("line_length", "positions"), [(8, None), (20, [0.9, 0.95, 1.0]), (80, [0.5, 1.0])])
def test_too_narrow_is_an_error_in_words(line_length, positions):
    with pytest.raises(KguiError, match=r"columns"):
        summary(*chain(2), line_length=line_length, positions=positions)


def test_a_hostile_name_stays_on_its_line():
    model, inference = chain(2, "\x1b[31mred\nnext\u202eline")
    text = summary(model, inference)
    assert "\x1b" not in text and "\u202e" not in text
    assert "\\x1b[31mred\\nnext\\u202eline (Dense)" in text


def test_wide_characters_keep_the_columns():
    model, inference = chain(3, "全连接_{}")
    lines = [line for line in summary(model, inference).splitlines() if "(None, 4)" in line]
    assert len({text_width(line[: line.index("(None")]) for line in lines}) == 1


def test_ascii_only():
    model, inference = chain(2, "größe")
    text = summary(model, inference, only_ascii=True, notes=["schön"])
    assert text.isascii()
    assert "gr\\xf6\\xdfe (Dense)" in text


def test_optimizer_weights_are_added_to_the_total():
    text = summary(*chain(2), optimizer=[Weight("m", (40,), "float32")])
    assert "Total params: 60 (240.00 B)" in text
    assert "Optimizer params: 40 (160.00 B)" in text


def test_multiply_adds_and_dtypes_on_request(siamese):
    text = summary(*siamese, show_multiply_adds=True, show_dtype=True, line_length=120)
    encoder = next(line for line in text.splitlines() if line.startswith("encoder ("))
    assert "36" in encoder and "float32" in encoder


def test_csv_has_every_row_and_runs_nothing(siamese):
    model, inference = siamese
    model.layers[3].name = '=HYPERLINK("x"),"y"'
    table = list(csv.DictReader(io.StringIO(as_csv(rows(model, inference, expand_nested=True)))))
    assert [row["Depth"] for row in table] == ["0", "0", "0", "1", "1", "0"]
    assert table[-1]["Layer"] == '\'=HYPERLINK("x"),"y"'
    assert table[2]["Params"] == "21"


def test_markdown_shows_names_as_they_are(siamese):
    model, inference = siamese
    model.layers[3].name = "a|b<script>"
    text = as_markdown(rows(model, inference, expand_nested=True))
    assert "a\\|b\\<script\\>" in text
    assert len({line.replace("\\|", "").count("|") for line in text.splitlines()}) == 1


def test_implied_layers_have_no_row():
    model, inference = chain(3)
    model.layers[0].implied = True
    assert [row.name for row in rows(model, inference)] == ["layer_1", "layer_2"]
    assert rows(model, inference)[0].connected_text == ""


def test_wrapping_loses_nothing():
    text = "conv_block_1/batch_normalization (BatchNormalization), and_" + "x" * 30 + " end"
    for width in range(4, 40):
        lines = wrap(text, width)
        assert all(len(line) <= width for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_plain_leaves_ordinary_names_alone():
    assert plain("größe 日本") == "größe 日本"


def test_what_has_no_name_or_no_class_has_no_empty_quotes_or_brackets():
    exported = Model("subclassed", "served", class_name="", layers={0: Layer(0, "digits", "")})
    text = summary(exported, Inference({0: LayerResult([], params=3, trainable_params=3)}))
    assert text.startswith('Model: "served"\n') and "()" not in text
    assert summary(Model("subclassed", class_name="Net"), Inference()).startswith("Model: Net\n")
