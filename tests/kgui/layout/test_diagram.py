"""Cards and edges: what stands on each card, and what is joined with what."""

import pytest
from layout_models import Builder, nested, residual, siamese

from kgui.graph import Layer, Model, TensorRef, TensorSpec
from kgui.inference.result import CallResult, Inference, LayerResult
from kgui.layout import DiagramOptions, diagram


def card(cards, name, call=0):
    return next(card for card in cards.cards if card.name == name and card.place[-1][1] == call)


def test_a_card_says_class_name_arguments_and_shape():
    made = residual()
    found = card(diagram(made.model, made.inference), "block0_a")
    assert (found.title, found.arguments) == ("Conv2D", "64 · 3×3 · same · relu")
    assert found.output == "(None, 32, 32, 64)"
    assert found.category == "Convolution"


def test_a_shared_layer_has_a_card_per_call_with_the_same_key_path():
    made = siamese()
    cards = diagram(made.model, made.inference)
    first, second = card(cards, "encoder"), card(cards, "encoder", 1)
    assert first.path == second.path and first.key != second.key
    assert [badge.text for badge in first.badges] == ["shared 1/2"]
    assert [badge.text for badge in second.badges] == ["shared 2/2"]
    assert first.arguments == "nested · 6 layers · 1.2 M"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("project", "frozen"), ("attend", "error"), ("reverse", "assumed")],
)
def test_states_are_badges(name, kind):
    made = siamese()
    assert kind in [badge.kind for badge in card(diagram(made.model, made.inference), name).badges]


def test_a_risky_layer_carries_a_mark_and_a_custom_class_is_custom():
    made = siamese()
    cards = diagram(made.model, made.inference, risky={"twice"})
    assert [badge.kind for badge in card(cards, "twice").badges] == ["risky"]
    assert card(cards, "reverse").custom and card(cards, "reverse").category == "Custom"
    assert not card(cards, "project").custom


def test_repeated_and_keyword_tensors_are_edges_of_their_own():
    made = siamese()
    cards = diagram(made.model, made.inference)
    names = [c.name for c in cards.cards]
    twice = [edge for edge in cards.edges if names[edge.target] == "twice"]
    assert [edge.port for edge in twice] == [0, 1]
    attend = [edge for edge in cards.edges if names[edge.target] == "attend"]
    assert [edge.keyword for edge in attend] == [None, "value", "key"]


def test_an_open_model_shows_its_layers_in_each_place_where_it_is_called():
    made = siamese()
    cards = diagram(made.model, made.inference, DiagramOptions(expand_nested=True))
    stems = [c for c in cards.cards if c.name == "stem"]
    assert [c.place for c in stems] == [((2, 0), (1, 0)), ((2, 1), (1, 0))]
    assert stems[0].key == stems[1].key == ((2, 1), 0)
    for number, c in enumerate(cards.cards):
        assert c.parent is None or c.parent < number


def test_only_the_wanted_models_are_opened():
    made = siamese()
    cards = diagram(made.model, made.inference, DiagramOptions(expanded=frozenset({((2, 1),)})))
    assert [c.expanded for c in cards.cards if c.name == "encoder"] == [False, True]


def test_edges_join_an_open_model_with_its_own_inputs_and_outputs():
    made = nested(1)
    cards = diagram(made.model, made.inference, DiagramOptions(expand_nested=True))
    names = [c.name for c in cards.cards]
    pairs = [(names[edge.source], names[edge.target]) for edge in cards.edges]
    assert ("inner0", "image") in pairs
    assert ("inner0", "out") in pairs and ("out", "inner0") in pairs


def test_options_of_keras_plot_model_choose_the_lines():
    made = residual()
    options = DiagramOptions(shapes=False, dtypes=True, names=False, arguments=False, activations=True, trainable=True)
    found = diagram(made.model, made.inference, options).cards[2]
    assert (found.name, found.arguments, found.output) == ("", "relu · trainable", "float32")


def test_a_subclassed_model_is_cards_without_edges():
    model = Model("subclassed", layers={i: Layer(i, f"layer_{i}", "Dense", {"units": i}) for i in range(5)})
    cards = diagram(model, Inference())
    assert len(cards.cards) == 5 and cards.edges == []
    assert cards.cards[3].key == ((3,), 0)


def test_references_to_what_is_not_there_are_no_edges():
    made = Builder()
    made.add("Dense", "alone", [(TensorRef(77, 3, 5),)])
    made.add("Dense", "far", [(TensorRef(0, 0, 10**9),)])
    cards = diagram(made.model)
    assert [(edge.source, edge.target) for edge in cards.edges] == [(0, 1)]
    assert cards.cards[0].outputs < 2_000


def test_texts_from_a_file_are_single_lines_of_printable_characters():
    made = Builder()
    made.add("Den\nse", "a\u202eb\x00c\td")
    found = diagram(made.model).cards[0]
    assert found.title.isprintable() and found.name == "a�b�c�d"


def test_damaged_configs_are_drawn_all_the_same():
    made = Builder()
    for number, config in enumerate(([], "text", None, {"filters": {"a": []}, "kernel_size": [[[]]], "activation": 7})):
        made.add("Conv2D", f"c{number}")
        made.model.layers[number].config = config
    assert len(diagram(made.model).cards) == 4


def test_long_names_are_cut_with_an_ellipsis_to_the_width_of_the_card():
    from kgui.layout import card as measures
    from kgui.layout.text import width

    made = Builder()
    made.add("Dense", "long_" * 40)
    found = diagram(made.model).cards[0]
    line = next(line for line in measures.lines(found, found.width) if line.role == "name")
    assert line.text.endswith("…")
    assert width(line.text, 13, "strong") <= found.width - 2 * measures.PADDING
    assert found.width <= measures.MAX_WIDTH


def test_a_picture_shows_long_names_and_all_outputs_whole():
    from kgui.layout import card as measures

    made = Builder()
    made.add("LSTM", "long_" * 12)
    states = CallResult([TensorSpec((None, size), "float32") for size in (7, 8, 9)], "rule")
    inference = Inference({key: LayerResult([states]) for key in made.model.layers})
    for whole in (False, True):
        card = diagram(made.model, inference, DiagramOptions(whole=whole)).cards[0]
        shown = {line.role: line.text for line in measures.lines(card, card.width)}
        assert (shown["name"] == "long_" * 12) is whole
        assert shown["output"] == ("(None, 7) (None, 8) (None, 9)" if whole else "(None, 7) (None, 8) +1")
    made.add("Dense", "x" * 5000)
    assert diagram(made.model, None, DiagramOptions(whole=True)).cards[-1].width <= measures.WHOLE_WIDTH
