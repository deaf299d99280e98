"""The layered layout: no overlaps, no edge through a foreign box, the same every time, and fast."""

import time
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgui.layout.detours import sampled
from kgui.layout.layered import Box, Link, arrange


def box(width=180.0, height=80.0, hint=None):
    return Box(width, height, [width / 2], (16.0, width - 16.0), hint)


@st.composite
def graphs(draw, cyclic=False):
    count = draw(st.integers(1, 24))
    sizes = draw(st.lists(st.tuples(st.integers(60, 400), st.integers(20, 500)), min_size=count, max_size=count))
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=40))
    if not cyclic:
        pairs = [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]
    return [box(*size) for size in sizes], [Link(*pair) for pair in pairs]


def overlaps(boxes, corners):
    return [
        (a, b)
        for a, b in combinations(range(len(boxes)), 2)
        if corners[a][0] < corners[b][0] + boxes[b].width - 1e-6
        and corners[b][0] < corners[a][0] + boxes[a].width - 1e-6
        and corners[a][1] < corners[b][1] + boxes[b].height - 1e-6
        and corners[b][1] < corners[a][1] + boxes[a].height - 1e-6
    ]


def trespasses(boxes, links, done):
    found = []
    for number, (link, route) in enumerate(zip(links, done.routes, strict=True)):
        for other, (x, y) in enumerate(done.corners):
            if other in (link.source, link.target):
                continue
            if any(x < px < x + boxes[other].width and y < py < y + boxes[other].height for px, py in sampled(route)):
                found.append((number, other))
    return found


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_no_boxes_overlap_and_no_edge_passes_through_a_foreign_box(graph):
    boxes, links = graph
    done = arrange(boxes, links)
    assert overlaps(boxes, done.corners) == []
    assert trespasses(boxes, links, done) == []


@settings(max_examples=80, deadline=None)
@given(graphs())
def test_edges_run_from_the_lower_side_of_one_box_down_to_the_upper_side_of_another(graph):
    boxes, links = graph
    done = arrange(boxes, links)
    for link, route in zip(links, done.routes, strict=True):
        source, target = done.corners[link.source], done.corners[link.target]
        assert route[0] == pytest.approx(
            (source[0] + boxes[link.source].width / 2, source[1] + boxes[link.source].height)
        )
        assert target[0] <= route[-1][0] <= target[0] + boxes[link.target].width
        assert route[-1][1] == pytest.approx(target[1])
        assert [y for _, y in route] == sorted(y for _, y in route)


@settings(max_examples=100, deadline=None)
@given(graphs(cyclic=True))
def test_cycles_loops_and_repeated_links_are_laid_out_without_overlap(graph):
    boxes, links = graph
    done = arrange(boxes, links)
    assert overlaps(boxes, done.corners) == []
    assert all(len(route) >= 2 for route in done.routes)
    for x, y in done.corners:
        assert x >= -1e-6 and y >= -1e-6


@settings(max_examples=40, deadline=None)
@given(graphs(cyclic=True))
def test_the_same_graph_is_laid_out_the_same_way_every_time(graph):
    boxes, links = graph
    first, second = arrange(boxes, links), arrange(boxes, links)
    assert (first.corners, first.routes) == (second.corners, second.routes)


def test_two_edges_between_the_same_boxes_arrive_at_two_places():
    done = arrange([box(), box()], [Link(0, 1), Link(0, 1)])
    assert done.routes[0][-1] != done.routes[1][-1]


def test_a_chain_stands_in_one_straight_line():
    done = arrange([box() for _ in range(6)], [Link(i, i + 1) for i in range(5)])
    assert len({x for x, _ in done.corners}) == 1
    assert all(len(route) == 2 and route[0][0] == route[1][0] for route in done.routes)


def test_a_skip_connection_runs_straight_beside_what_it_skips():
    done = arrange([box() for _ in range(5)], [Link(i, i + 1) for i in range(4)] + [Link(0, 4)])
    route = done.routes[4]
    upper, lower = max(pairwise(route), key=lambda part: part[1][1] - part[0][1])
    assert upper[0] == lower[0]
    assert upper[1] <= done.corners[1][1] and lower[1] >= done.corners[3][1] + 80
    assert not done.corners[2][0] <= upper[0] <= done.corners[2][0] + 180


def test_a_diamond_is_drawn_without_crossings_and_in_the_middle():
    done = arrange([box() for _ in range(4)], [Link(0, 1), Link(0, 2), Link(1, 3), Link(2, 3)])
    (top, _), (left, a), (right, b), (bottom, _) = done.corners
    assert left < top < right and a == b
    assert top == pytest.approx(bottom)


def test_boxes_keep_their_order_from_before_where_that_costs_nothing():
    links = [Link(0, 1), Link(0, 2), Link(0, 3)]
    plain = arrange([box() for _ in range(4)], links).corners
    turned = arrange([box(hint=hint) for hint in (300.0, 900.0, 500.0, 100.0)], links).corners
    assert plain[1][0] < plain[2][0] < plain[3][0]
    assert turned[3][0] < turned[2][0] < turned[1][0]


def test_hundreds_of_boxes_without_edges_make_a_page_and_not_a_line():
    done = arrange([box() for _ in range(400)], [])
    assert 0.3 < done.width / done.height < 4


def test_a_graph_in_which_everything_is_joined_is_laid_out_within_its_budget_of_lanes():
    count = 90
    boxes = [box() for _ in range(count)]
    links = [Link(a, b) for b in range(count) for a in range(b)]
    done = arrange(boxes, links)
    assert overlaps(boxes, done.corners) == []
    assert len(done.routes) == len(links)


def test_every_long_edge_of_a_hostile_graph_still_gets_a_route():
    count = 1_500
    links = [Link(i, i + 1) for i in range(count - 1)] + [Link(i, count - 1) for i in range(0, count - 1, 2)]
    start = time.process_time()
    done = arrange([box() for _ in range(count)], links)
    assert time.process_time() - start < 10
    assert all(route[-1][1] == done.corners[link.target][1] for link, route in zip(links, done.routes, strict=True))


def test_a_chain_of_20000_layers_is_no_deeper_than_the_stack():
    count = 20_000
    start = time.process_time()
    done = arrange([box() for _ in range(count)], [Link(i, i + 1) for i in range(count - 1)])
    assert time.process_time() - start < 3
    assert done.corners[-1][1] > done.corners[0][1] + count * 80


def test_5200_boxes_of_a_residual_network_are_laid_out_in_half_a_second():
    links, last, number = [], 0, 1
    while number < 5_200:
        first = last
        for _ in range(8):
            links.append(Link(last, number))
            last, number = number, number + 1
        links += [Link(last, number), Link(first, number)]
        last, number = number, number + 1
    best = min(_seconds(number, links) for _ in range(3))
    assert best < 0.5


def _seconds(count, links):
    boxes = [box() for _ in range(count)]
    start = time.process_time()
    arrange(boxes, links)
    return time.process_time() - start
