"""Edges of cards that the user placed by hand: drawn directly where that is free, round the cards where it is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from kgui.layout.layered import Arrangement, Box, Link, Point, Route, Spacing

Obstacle = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_CLEAR = 6.0
"""How near an edge may pass a card."""

_SAMPLES = 12
_TOUCH = 0.5


def settle_fixed(
    done: Arrangement, boxes: Sequence[Box], links: Sequence[Link], fixed: Mapping[int, Point], spacing: Spacing
) -> Arrangement:
    """Puts boxes where the user wants them, others that are in the way beside them, and mends the routes.

    Args:
        done: The arrangement without them.
        boxes: As it was made from.
        links: As it was made from.
        fixed: Upper left corners by box; they are kept exactly, even if two of them overlap.
        spacing: Distances.
    """
    corners = list(done.corners)
    moved = {box for box, corner in fixed.items() if corners[box] != corner}
    for box, corner in fixed.items():
        corners[box] = corner
    for box in range(len(boxes)):
        if box in fixed or boxes[box].pin is not None:
            continue
        free = _free_place(box, corners, boxes, fixed, spacing.node)
        if free != corners[box]:
            corners[box] = free
            moved.add(box)
    if not moved:
        return done
    obstacles = [_rect(corners[i], box) for i, box in enumerate(boxes) if box.height > 0]
    in_the_way = [_rect(corners[i], boxes[i]) for i in sorted(moved)]
    routes = list(done.routes)
    for number, link in enumerate(links):
        touched = link.source in moved or link.target in moved
        if touched or any(crosses(routes[number], [rect]) for rect in in_the_way):
            start = _leaving(corners[link.source], boxes[link.source], link)
            end = _arriving(corners[link.target], boxes[link.target], link, start)
            routes[number] = detour(start, end, obstacles, spacing)
    right = max([done.width, *(corners[i][0] + boxes[i].width for i in moved)])
    bottom = max([done.height, *(corners[i][1] + boxes[i].height for i in moved)])
    return Arrangement(corners, routes, right, bottom)


def _rect(corner: Point, box: Box) -> Obstacle:
    return corner[0], corner[1], corner[0] + box.width, corner[1] + box.height


def _leaving(corner: Point, box: Box, link: Link) -> Point:
    return corner[0] + box.outputs[min(link.port, len(box.outputs) - 1)], corner[1] + box.height


def _arriving(corner: Point, box: Box, link: Link, start: Point) -> Point:
    if box.inlets:
        return corner[0] + box.inlets[min(link.inlet, len(box.inlets) - 1)], corner[1]
    first, last = box.entries
    return min(max(start[0], corner[0] + first), corner[0] + last), corner[1]


def _free_place(box: int, corners: list[Point], boxes: Sequence[Box], fixed: Mapping[int, Point], gap: float) -> Point:
    """The nearest place to the left or right that no fixed box covers."""
    x, y = corners[box]
    own = boxes[box]
    row = sorted(
        (corners[i][0] - own.width - gap, corners[i][0] + boxes[i].width + gap)
        for i in fixed
        if corners[i][1] < y + own.height + gap / 2 and y < corners[i][1] + boxes[i].height + gap / 2
    )
    if not any(left < x < right for left, right in row):
        return x, y
    # Beside each, unless that is within another one: the nearest of those is free.
    candidates = [side for pair in row for side in pair]
    free = [side for side in candidates if not any(left < side < right for left, right in row)]
    return min(free, key=lambda side: (abs(side - x), side)), y


def detour(start: Point, end: Point, obstacles: Sequence[Obstacle], spacing: Spacing) -> Route:
    """A route from a lower side to an upper side that passes no obstacle, if one with a single lane exists."""
    half = spacing.rank / 2
    if end[1] > start[1] + half:
        direct = [start, end]
        if not crosses(direct, obstacles):
            return direct
    top, bottom = start[1] + half, end[1] - half
    near = [o for o in obstacles if o[1] < max(top, bottom) + half and o[3] > min(top, bottom) - half]
    sides = [start[0], end[0]]
    for left, _, right, _ in near:
        sides += [left - spacing.lane, right + spacing.lane]
    tried = sorted(set(sides), key=lambda x: (abs(x - start[0]) + abs(x - end[0]), x))
    routes = (_through(start, end, lane, top, bottom) for lane in tried[:_MAX_TRIES])
    for route in routes:
        if not crosses(route, near):
            return route
    if not near:
        return _through(start, end, start[0], top, bottom)
    outermost = max(o[2] for o in near) + spacing.lane
    return _through(start, end, outermost, top, bottom)


_MAX_TRIES = 200


def _through(start: Point, end: Point, lane: float, top: float, bottom: float) -> Route:
    return [start, (lane, top), (lane, bottom), end]


def crosses(route: Route, obstacles: Iterable[Obstacle]) -> bool:
    """Whether a route passes through an obstacle (touching the border of one, where it starts or ends, is allowed)."""
    points = sampled(route)
    return any(
        left - _CLEAR < x < right + _CLEAR and top + _TOUCH < y < bottom - _TOUCH
        for left, top, right, bottom in obstacles
        for x, y in points
    )


def sampled(route: Route) -> list[Point]:
    """Points along a route, close enough to find every card that it passes through."""
    points: list[Point] = []
    for (x0, y0), (x1, y1) in pairwise(route):
        steps = max(_SAMPLES, int(abs(y1 - y0) / 12))
        for step in range(steps + 1):
            t = step / steps
            # A cubic whose inner points are at half the height: x goes by the smooth step 3t² − 2t³.
            across = t * t * (3 - 2 * t)
            along = 1.5 * t * (1 - t) + t**3 if x0 != x1 else t
            points.append((x0 + (x1 - x0) * across, y0 + (y1 - y0) * along))
    return points
