"""Runs of identical blocks are found, and shown as one of them in a frame."""

import pytest
from layout_models import Builder, residual

from kgui.graph import TensorRef
from kgui.layout import DiagramOptions, diagram, layout
from kgui.layout.repeats import find_repeats


def alike(model):
    return {layer.id: (layer.class_name, str(layer.config)) for layer in model.layers.values()}


def names(model, ids):
    return [model.layers[id_].name for id_ in ids]


def test_the_blocks_of_a_residual_network_are_one_run():
    model = residual(16).model
    (found,) = find_repeats(model, alike(model))
    assert found.count == 16
    assert names(model, found.first) == ["block0_a", "block0_b", "block0_add"]
    assert model.layers[found.last].name == "block15_add"


def test_a_block_of_several_pieces_is_found_whole():
    made = Builder()
    last = made.add("InputLayer", "in")
    for block in range(6):
        before = last
        last = made.add("MultiHeadAttention", f"attend{block}", [(last, last)], num_heads=2)
        last = before = made.add("Add", f"add_a{block}", [(before, last)])
        last = made.add("Dense", f"up{block}", [(last,)], units=64)
        last = made.add("Dense", f"down{block}", [(last,)], units=8)
        last = made.add("Add", f"add_b{block}", [(before, last)])
    model = made.ends([0], [last]).model
    (found,) = find_repeats(model, alike(model))
    assert found.count == 6 and len(found.first) == 5


def test_blocks_that_differ_in_an_argument_are_not_the_same():
    made = residual(8)
    made.model.layers[11].config["filters"] = 65
    before, after = find_repeats(made.model, alike(made.model))
    assert (before.count, after.count) == (3, 4)
    assert 11 not in (*before.first, *before.hidden, *after.first, *after.hidden)


def test_a_block_whose_inside_is_read_elsewhere_is_not_folded():
    made = residual(4)
    inside = made.model.named("block2_a").id
    made.add("Dense", "reads_the_inside", [(TensorRef(inside),)])
    for repeat in find_repeats(made.model, alike(made.model)):
        assert inside not in (*repeat.first, *repeat.hidden)


def test_an_output_in_the_middle_of_a_block_keeps_it_in_sight():
    made = residual(6)
    made.model.outputs = [TensorRef(made.model.named("block3_a").id), TensorRef(made.model.named("out").id)]
    folded = {id_ for repeat in find_repeats(made.model, alike(made.model)) for id_ in repeat.hidden}
    assert made.model.named("block3_a").id not in folded


@pytest.mark.parametrize("blocks", [0, 1, 2])
def test_short_models_have_nothing_worth_folding(blocks):
    model = residual(blocks).model
    assert find_repeats(model, alike(model)) == []


def test_a_cycle_in_a_damaged_file_is_not_folded():
    made = residual(5)
    made.model.layers[1].calls[0].args = [TensorRef(9)]
    assert find_repeats(made.model, alike(made.model)) == []


def test_a_folded_run_is_one_block_in_a_frame_between_its_neighbours():
    made = residual(16)
    cards = diagram(made.model, made.inference, DiagramOptions(fold=True))
    shown = [card.name for card in cards.cards if not card.repeat]
    assert shown == ["image", "stem", "block0_a", "block0_b", "block0_add", "out"]
    frame = next(n for n, card in enumerate(cards.cards) if card.repeat)
    assert cards.cards[frame].title == "× 16"
    assert len(cards.cards[frame].members) == 45
    outer = [(e.source, e.target) for e in cards.edges if frame in (e.source, e.target)]
    stem, out = (next(n for n, c in enumerate(cards.cards) if c.name == name) for name in ("stem", "out"))
    assert (stem, frame) in outer and (frame, out) in outer
    placed = layout(cards)
    assert placed.rects[frame].width > placed.rects[stem].width


def test_a_frame_can_be_unfolded_and_what_needs_attention_is_never_hidden():
    made = residual(16)
    cards = diagram(made.model, made.inference, DiagramOptions(fold=True))
    place = next(card.place for card in cards.cards if card.repeat)
    unfolded = diagram(made.model, made.inference, DiagramOptions(fold=True, unfolded=frozenset({place})))
    assert len(unfolded.cards) == len(made.model.layers)
    risky = diagram(made.model, made.inference, DiagramOptions(fold=True), risky={"block9_b"})
    assert "block9_b" in [card.name for card in risky.cards]


def test_20000_layers_are_searched_in_a_moment():
    import time

    model = residual(6_000).model
    says = alike(model)
    start = time.process_time()
    (found,) = find_repeats(model, says)
    assert found.count == 6_000
    assert time.process_time() - start < 2
