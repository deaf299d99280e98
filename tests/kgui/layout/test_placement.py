"""Places of whole diagrams: nested models in frames, directions, and cards that the user placed."""

from itertools import combinations

import pytest
from layout_models import nested, residual, siamese

from kgui.layout import DiagramOptions, LayoutOptions, diagram, layout
from kgui.layout import card as measures
from kgui.layout.detours import sampled


def laid_out(made, direction="TB", expand=True, **options):
    cards = diagram(made.model, made.inference, DiagramOptions(expand_nested=expand))
    return cards, layout(cards, LayoutOptions(direction, **options))


def inside(inner, outer):
    return (
        outer.x <= inner.x
        and outer.y + measures.HEADER <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def apart(a, b):
    return a.x >= b.x + b.width or b.x >= a.x + a.width or a.y >= b.y + b.height or b.y >= a.y + a.height


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("made", [siamese(), nested(4), residual(5)], ids=["siamese", "deep", "residual"])
def test_cards_are_within_their_frames_and_never_overlap(made, direction):
    cards, placed = laid_out(made, direction)
    for card, rect in zip(cards.cards, placed.rects, strict=True):
        assert card.parent is None or inside(rect, placed.rects[card.parent])
    for a, b in combinations(range(len(cards.cards)), 2):
        if cards.cards[a].parent == cards.cards[b].parent:
            assert apart(placed.rects[a], placed.rects[b]), (cards.cards[a].name, cards.cards[b].name)


def test_edges_meet_an_open_model_where_its_own_edges_start():
    cards, placed = laid_out(nested(1))
    frame = next(n for n, card in enumerate(cards.cards) if card.expanded)
    arriving = next(
        r
        for e, r in zip(cards.edges, placed.routes, strict=True)
        if e.target == frame and cards.cards[e.source].parent is None
    )
    entering = next(
        r
        for e, r in zip(cards.edges, placed.routes, strict=True)
        if e.source == frame and cards.cards[e.target].parent == frame
    )
    assert arriving[-1][0] == pytest.approx(entering[0][0])
    assert entering[0][1] == pytest.approx(placed.rects[frame].y + measures.HEADER)


def test_from_left_to_right_edges_run_from_right_sides_to_left_sides():
    cards, placed = laid_out(residual(), "LR")
    for edge, route in zip(cards.edges, placed.routes, strict=True):
        source, target = placed.rects[edge.source], placed.rects[edge.target]
        assert route[0][0] == pytest.approx(source.x + source.width)
        assert route[-1][0] == pytest.approx(target.x)


def test_what_the_user_placed_stays_exactly_there_and_the_others_make_room():
    made = residual()
    cards, before = laid_out(made, expand=False)
    moved = next(card.place for card in cards.cards if card.name == "block1_a")
    other = cards.cards.index(next(card for card in cards.cards if card.name == "block2_a"))
    goal = (before.rects[other].x + 30, before.rects[other].y + 10)
    cards, after = laid_out(made, expand=False, fixed={moved: goal})
    number = next(n for n, card in enumerate(cards.cards) if card.place == moved)
    assert (after.rects[number].x, after.rects[number].y) == goal
    for n, rect in enumerate(after.rects):
        assert n == number or apart(rect, after.rects[number])


def test_routes_go_round_a_card_that_was_put_in_their_way():
    made = residual()
    cards, before = laid_out(made, expand=False)
    pool = next(n for n, card in enumerate(cards.cards) if card.name == "block2_b")
    stem = next(n for n, card in enumerate(cards.cards) if card.name == "block0_a")
    place = cards.cards[stem].place
    far = (before.rects[stem].x + 900, before.rects[stem].y)
    _, after = laid_out(
        made, expand=False, fixed={place: far, cards.cards[pool].place: (before.rects[stem].x, before.rects[stem].y)}
    )
    for edge, route in zip(cards.edges, after.routes, strict=True):
        for number, rect in enumerate(after.rects):
            if number in (edge.source, edge.target):
                continue
            assert not any(
                rect.x < x < rect.x + rect.width and rect.y < y < rect.y + rect.height for x, y in sampled(route)
            ), (cards.cards[edge.source].name, cards.cards[edge.target].name, cards.cards[number].name)


def test_corners_of_one_layout_keep_the_next_one_in_order():
    made = siamese()
    cards, first = laid_out(made)
    _, second = laid_out(made, before=first.corners(cards))
    assert second.rects == first.rects


def test_a_model_in_a_model_sixty_deep():
    cards, placed = laid_out(nested(60))
    assert len(cards.cards) == len(placed.rects)
    innermost = max(range(len(cards.cards)), key=lambda n: len(cards.cards[n].place))
    assert len(cards.cards[innermost].place) == 61


def test_the_same_model_is_placed_the_same_way_every_time():
    assert laid_out(siamese())[1] == laid_out(siamese())[1]


def test_an_empty_model_has_an_empty_picture():
    from kgui.graph import Model

    assert layout(diagram(Model("functional"))).rects == []
