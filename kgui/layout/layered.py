"""A layered layout of one graph of boxes: ranks, order within the ranks, coordinates, routes (Sugiyama's four steps).

Sources: K. Sugiyama, S. Tagawa, M. Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981);
U. Brandes, B. Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001) with the erratum of 2020; W. Barth,
M. Jünger, P. Mutzel, "Simple and Efficient Bilayer Cross Counting" (2002).

Everything here is loops over flat lists: a chain of 20,000 layers is as deep as it is long, so nothing may recurse. A
long edge passes each rank in a lane of its own, and edges that leave the same port share their lanes.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

Point = tuple[float, float]
Route = list[Point]


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distances, in the same unit as the sizes of the boxes.

    Attributes:
        rank: Least distance between two ranks.
        node: Least distance between two boxes of a rank.
        lane: Least distance between two edges that pass a rank, or between one and a box.
        port: Least distance between two edges that arrive at the same box.
        component: Distance between parts of the graph that no edge joins.
    """

    rank: float = 40.0
    node: float = 40.0
    lane: float = 20.0
    port: float = 14.0
    component: float = 64.0


@dataclass(slots=True)
class Link:
    """An edge between two boxes, by their numbers.

    Attributes:
        source: Where it leaves.
        target: Where it arrives.
        port: Which output of the source it leaves from.
        inlet: Which inlet of the target it arrives at, where that has inlets.
    """

    source: int
    target: int
    port: int = 0
    inlet: int = 0


@dataclass(slots=True)
class Box:
    """What is to be placed.

    Attributes:
        width: Across the direction of the graph.
        height: Along it.
        outputs: Where edges leave: offsets from the left side, by port. A port beyond the list leaves at the last one.
        entries: Where edges may arrive: the first and the last offset from the left side.
        hint: Where the middle of the box was before, so that small edits change little; None if it was nowhere.
        inlets: Where edges must arrive, by inlet, as offsets from the left side; None lets them arrive where they like.
        pin: Whether the box must be above or below all others.
    """

    width: float
    height: float
    outputs: list[float]
    entries: tuple[float, float]
    hint: float | None = None
    inlets: list[float] | None = None
    pin: Literal["top", "bottom"] | None = None


@dataclass(slots=True)
class Arrangement:
    """Where everything went. All coordinates are at least 0.

    Attributes:
        corners: Upper left corner of each box.
        routes: For each link its points: where it leaves, the corners on the way, where it arrives. Between two points
            with the same x it is straight; between others it is a curve that is vertical at both ends.
        width: Of the whole.
        height: Of the whole.
    """

    corners: list[Point]
    routes: list[Route]
    width: float = 0.0
    height: float = 0.0


@dataclass(slots=True)
class _Graph:
    """One connected part, with lanes beside boxes. Numbers below `boxes` are boxes, the others lanes."""

    boxes: int
    width: list[float]
    height: list[float]
    up: list[list[int]] = field(default_factory=list)
    down: list[list[int]] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    ranks: list[list[int]] = field(default_factory=list)
    pos: list[int] = field(default_factory=list)


MAX_LANES_PER_BOX = 8
MAX_LANES = 20_000
"""Together the most lanes that one graph gets. A graph in which everything is joined with everything would need the
square of its size; its longest edges then run beside it."""


def arrange(boxes: Sequence[Box], links: Sequence[Link], spacing: Spacing | None = None) -> Arrangement:
    """Places boxes so that edges run downwards, with few crossings and no overlap.

    The same input gives the same output. Cycles, repeated links and links from a box to itself are allowed.
    """
    spacing = spacing or Spacing()
    corners: list[Point] = [(0.0, 0.0)] * len(boxes)
    routes: list[Route] = [[] for _ in links]
    parts = _components(len(boxes), links)
    placed: list[tuple[list[int], list[int], Arrangement]] = []
    for members, link_numbers in parts:
        number_of = {box: number for number, box in enumerate(members)}
        own = [Link(number_of[links[i].source], number_of[links[i].target], links[i].port) for i in link_numbers]
        placed.append((members, link_numbers, _arrange_component([boxes[b] for b in members], own, spacing)))
    offsets, width, height = _pack([part for _, _, part in placed], spacing)
    for (members, link_numbers, part), (dx, dy) in zip(placed, offsets, strict=True):
        for box, (x, y) in zip(members, part.corners, strict=True):
            corners[box] = (x + dx, y + dy)
        for link, route in zip(link_numbers, part.routes, strict=True):
            routes[link] = [(x + dx, y + dy) for x, y in route]
    return Arrangement(corners, routes, width, height)


def _components(count: int, links: Sequence[Link]) -> list[tuple[list[int], list[int]]]:
    """Boxes and links of each connected part, in the order of their first boxes."""
    leader = list(range(count))

    def find(node: int) -> int:
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for link in links:
        a, b = find(link.source), find(link.target)
        if a != b:
            leader[max(a, b)] = min(a, b)
    parts: dict[int, tuple[list[int], list[int]]] = {}
    for node in range(count):
        parts.setdefault(find(node), ([], []))[0].append(node)
    for number, link in enumerate(links):
        parts[find(link.source)][1].append(number)
    return list(parts.values())


def _pack(parts: Sequence[Arrangement], spacing: Spacing) -> tuple[list[Point], float, float]:
    """Places parts in rows, so that hundreds of single boxes (a subclassed model) make a page and not a line."""
    if len(parts) == 1:
        return [(0.0, 0.0)], parts[0].width, parts[0].height
    gap = spacing.component
    area = sum((part.width + gap) * (part.height + gap) for part in parts)
    limit = max([1.3 * area**0.5, *(part.width for part in parts)])
    offsets: list[Point] = []
    x = y = row = width = 0.0
    for part in parts:
        single = len(part.corners) == 1
        if x and x + part.width > limit:
            x, y, row = 0.0, y + row + (spacing.node if single else gap), 0.0
        offsets.append((x, y))
        width = max(width, x + part.width)
        row = max(row, part.height)
        x += part.width + (spacing.node if single else gap)
    return offsets, width, y + row


def _arrange_component(boxes: list[Box], links: list[Link], spacing: Spacing) -> Arrangement:
    loops = [link.source == link.target for link in links]
    reach = _loop_reach(links, loops, spacing)
    if len(boxes) == 1:
        corner = (0.0, 0.0)
        routes = [_loop(boxes[0], corner, reach)] * len(links)
        return Arrangement([corner], routes, boxes[0].width + reach.get(0, 0.0), boxes[0].height)
    place = _acyclic_order(len(boxes), links)
    ends = [
        (link.source, link.target) if place[link.source] < place[link.target] else (link.target, link.source)
        for link in links
    ]
    rank = _ranks(boxes, ends, loops, place)
    graph, lanes, outside = _with_lanes(boxes, links, ends, loops, rank, spacing)
    for node, extra in reach.items():
        graph.width[node] += 2 * extra
    _order(graph, boxes)
    x = _coordinates(graph, spacing)
    _settle(graph, x, spacing)
    return _draw(graph, boxes, links, ends, loops, lanes, outside, x, spacing, reach)


def _acyclic_order(count: int, links: Sequence[Link]) -> list[int]:
    """The place of each box in an order in which links go forwards, but for those that close a cycle."""
    waiting = [0] * count
    after: list[list[int]] = [[] for _ in range(count)]
    for link in links:
        if link.source != link.target:
            waiting[link.target] += 1
            after[link.source].append(link.target)
    place = [-1] * count
    ready = [node for node in range(count) if not waiting[node]]
    taken = forced = 0
    while taken < count:
        if taken == len(ready):
            # Only cycles are left: break one at the first box, in the order of the file.
            while place[forced] >= 0 or waiting[forced] <= 0:
                forced += 1
            waiting[forced] = 0
            ready.append(forced)
        node = ready[taken]
        place[node] = taken
        taken += 1
        for target in after[node]:
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return place


def _ranks(boxes: list[Box], ends: list[tuple[int, int]], loops: list[bool], place: list[int]) -> list[int]:
    """A rank for each box: as high as possible, then boxes with more readers than inputs down to their readers."""
    count = len(boxes)
    up: list[list[int]] = [[] for _ in range(count)]
    down: list[list[int]] = [[] for _ in range(count)]
    for (high, low), loop in zip(ends, loops, strict=True):
        if not loop:
            up[low].append(high)
            down[high].append(low)
    in_order = sorted(range(count), key=place.__getitem__)
    rank = [0] * count
    for node in in_order:
        if up[node]:
            rank[node] = 1 + max([rank[above] for above in up[node]])
    for node in reversed(in_order):
        if down[node] and len(up[node]) < len(down[node]):
            rank[node] = min([rank[below] for below in down[node]]) - 1
    first, last = min(rank), max(rank)
    for node, box in enumerate(boxes):
        if box.pin is not None:
            rank[node] = first - 1 if box.pin == "top" else last + 1
    first = min(rank)
    return [value - first for value in rank]


def _with_lanes(
    boxes: list[Box],
    links: list[Link],
    ends: list[tuple[int, int]],
    loops: list[bool],
    rank: list[int],
    spacing: Spacing,
) -> tuple[_Graph, list[list[int]], set[int]]:
    """Adds a lane for every rank that a link passes.

    Returns:
        The graph, the lanes of each link from above to below, and the links that run outside for want of lanes.
    """
    trunks: dict[tuple[int, int], int] = {}
    keys: list[tuple[int, int]] = []
    for number, (high, low) in enumerate(ends):
        # A link that was turned round must not share: it arrives where the others leave.
        key = (high, links[number].port if links[number].source == high else ~number)
        keys.append(key)
        trunks[key] = max(trunks.get(key, 0), rank[low])
    outside: set[int] = set()
    budget = MAX_LANES + MAX_LANES_PER_BOX * len(boxes)
    spans = sorted((end - rank[key[0]] - 1, key) for key, end in trunks.items())
    dropped = set()
    for span, key in spans:
        budget -= span
        if budget < 0:
            dropped.add(key)
    graph = _Graph(len(boxes), [box.width for box in boxes], [box.height for box in boxes], rank=rank)
    graph.up = [[] for _ in boxes]
    graph.down = [[] for _ in boxes]
    made: dict[tuple[int, int], list[int]] = {}
    lanes: list[list[int]] = []
    joined: set[tuple[int, int]] = set()
    up, down, width, height = graph.up, graph.down, graph.width, graph.height
    for number, ((high, low), loop) in enumerate(zip(ends, loops, strict=True)):
        key = keys[number]
        count = rank[low] - rank[high] - 1
        if loop or (key in dropped and count > 0):
            lanes.append([])
            if not loop:
                outside.add(number)
            continue
        trunk = made.setdefault(key, [])
        while len(trunk) < count:
            node = len(up)
            above = trunk[-1] if trunk else high
            up.append([above])
            down.append([])
            down[above].append(node)
            width.append(0.0)
            height.append(0.0)
            rank.append(rank[above] + 1)
            trunk.append(node)
        path = trunk[:count]
        lanes.append(path)
        last = path[-1] if path else high
        if (last, low) not in joined:
            joined.add((last, low))
            down[last].append(low)
            up[low].append(last)
    return graph, lanes, outside


def _order(graph: _Graph, boxes: list[Box]) -> None:
    """Orders each rank so that few edges cross: sweeps of medians, keeping the best order seen."""
    _first_order(graph, boxes)
    ranks, pos = graph.ranks, graph.pos
    if all(len(row) < 2 for row in ranks):
        _sort_neighbours(graph)
        return
    best = [list(row) for row in ranks]
    fewest = _crossings(graph)
    size = len(graph.up)
    sweeps = 8 if size < 4_000 else 4 if size < 20_000 else 2
    stale = 0
    for sweep in range(sweeps):
        if not fewest or stale == 2:
            break
        downwards = sweep % 2 == 0
        neighbours = graph.up if downwards else graph.down
        for row in ranks if downwards else reversed(ranks):
            if len(row) > 1:
                _reorder(row, neighbours, pos)
        crossings = _crossings(graph)
        if crossings < fewest:
            fewest, stale = crossings, 0
            best = [list(row) for row in ranks]
        else:
            stale += 1
    graph.ranks = best
    for row in best:
        for index, node in enumerate(row):
            pos[node] = index
    _sort_neighbours(graph)


def _sort_neighbours(graph: _Graph) -> None:
    key = graph.pos.__getitem__
    for neighbours in (graph.up, graph.down):
        for row in neighbours:
            if len(row) > 1:
                row.sort(key=key)


def _first_order(graph: _Graph, boxes: list[Box]) -> None:
    """The order in which a walk from the first box finds the nodes, or the one in which they were before."""
    count = len(graph.up)
    graph.ranks = [[] for _ in range(max(graph.rank) + 1)]
    graph.pos = [0] * count
    seen = [False] * count
    walk: list[int] = []
    starts = [node for node in range(graph.boxes) if not graph.up[node]]
    for start in [*starts, *range(count)]:
        stack = [start]
        while stack:
            node = stack.pop()
            if not seen[node]:
                seen[node] = True
                walk.append(node)
                stack.extend(reversed(graph.down[node]))
    hints = _hints(graph, boxes, walk)
    for node in walk:
        graph.ranks[graph.rank[node]].append(node)
    for row in graph.ranks:
        if hints:
            row.sort(key=hints.__getitem__)
        for index, node in enumerate(row):
            graph.pos[node] = index


def _hints(graph: _Graph, boxes: list[Box], walk: list[int]) -> list[float] | None:
    """Where each node was before; one that was nowhere, or is a lane, stands between its neighbours."""
    if all(box.hint is None for box in boxes):
        return None
    hints: list[float | None] = [box.hint for box in boxes] + [None] * (len(graph.up) - graph.boxes)
    for node in walk:
        if hints[node] is None:
            above = [value for near in graph.up[node] if (value := hints[near]) is not None]
            if above:
                hints[node] = sum(above) / len(above)
    for node in reversed(walk):
        below = [value for near in graph.down[node] if (value := hints[near]) is not None]
        own = hints[node]
        if own is None or (node >= graph.boxes and below):
            # A lane from a box to another stands between both, so that it keeps to its side.
            hints[node] = ((own if own is not None else below[0]) + sum(below) / len(below)) / 2 if below else own
    return [0.0 if value is None else value for value in hints]


def _reorder(row: list[int], neighbours: list[list[int]], pos: list[int]) -> None:
    """Sorts a rank by the mean place of its neighbours; nodes without any keep their places."""
    keys: list[float] = []
    fixed = False
    for node in row:
        near = neighbours[node]
        if not near:
            keys.append(-1.0)
            fixed = True
        elif len(near) == 1:
            keys.append(float(pos[near[0]]))
        else:
            keys.append(sum([pos[other] for other in near]) / len(near))
    if not fixed:
        order = sorted(range(len(row)), key=keys.__getitem__)
    else:
        movable = iter(sorted((i for i, key in enumerate(keys) if key >= 0), key=keys.__getitem__))
        order = [i if keys[i] < 0 else next(movable) for i in range(len(row))]
    row[:] = [row[i] for i in order]
    for index, node in enumerate(row):
        pos[node] = index


def _crossings(graph: _Graph) -> int:
    """How many pairs of edges between neighbouring ranks cross."""
    pos, down = graph.pos, graph.down
    total = 0
    for row in graph.ranks:
        if len(row) < 2:
            continue
        seen: list[int] = []
        for node in row:
            targets = sorted([pos[other] for other in down[node]])
            for target in targets:
                if seen and target < seen[-1]:
                    total += len(seen) - bisect_right(seen, target)
            for target in targets:
                if seen and target < seen[-1]:
                    insort(seen, target)
                else:
                    seen.append(target)
    return total


def _coordinates(graph: _Graph, spacing: Spacing) -> list[float]:
    """The middle of each node: four extreme alignments after Brandes and Köpf, and between them the mean of two."""
    if all(len(row) < 2 for row in graph.ranks):
        return [0.0] * len(graph.up)
    conflicts = _conflicts(graph)
    gaps = _gaps(graph, spacing)
    layouts: list[list[float]] = []
    for upwards in (False, True):
        for mirrored in (False, True):
            root = _align(graph, conflicts, upwards, mirrored)
            layouts.append(_compact(graph, root, gaps, mirrored))
    widths = [max(xs) - min(xs) for xs in layouts]
    narrowest = layouts[widths.index(min(widths))]
    low, high = min(narrowest), max(narrowest)
    for number, xs in enumerate(layouts):
        shift = high - max(xs) if number % 2 else low - min(xs)
        if shift:
            layouts[number] = [x + shift for x in xs]
    middle = []
    for four in zip(*layouts, strict=True):
        _, second, third, _ = sorted(four)
        middle.append((second + third) / 2)
    return middle


def _gaps(graph: _Graph, spacing: Spacing) -> list[float]:
    """For each node the least distance of its middle from that of its left neighbour in the rank."""
    gaps = [0.0] * len(graph.up)
    width, boxes = graph.width, graph.boxes
    for row in graph.ranks:
        left = -1
        for node in row:
            if left >= 0:
                gap = spacing.node if left < boxes and node < boxes else spacing.lane
                gaps[node] = (width[left] + width[node]) / 2 + gap
            left = node
    return gaps


def _conflicts(graph: _Graph) -> set[tuple[int, int]]:
    """Edges that cross a part of a long edge. They are not made straight: the long one is."""
    found: set[tuple[int, int]] = set()
    boxes, pos, up = graph.boxes, graph.pos, graph.up
    for upper, lower in zip(graph.ranks, graph.ranks[1:], strict=False):
        if len(upper) < 2 or len(lower) < 2:
            continue
        start = left = 0
        last = len(lower) - 1
        for index, node in enumerate(lower):
            inner = up[node][0] if node >= boxes and up[node][0] >= boxes else -1
            if inner < 0 and index != last:
                continue
            right = pos[inner] if inner >= 0 else len(upper) - 1
            for other in lower[start : index + 1]:
                for above in up[other]:
                    if (pos[above] < left or pos[above] > right) and not (other >= boxes and above >= boxes):
                        found.add((above, other))
            start, left = index + 1, right
    return found


def _align(graph: _Graph, conflicts: set[tuple[int, int]], upwards: bool, mirrored: bool) -> list[int]:
    """Joins each node with a median neighbour into vertical blocks; gives the first node of each node's block."""
    count = len(graph.up)
    root = list(range(count))
    align = list(range(count))
    pos = graph.pos
    neighbours = graph.down if upwards else graph.up
    sign = -1 if mirrored else 1
    for row in reversed(graph.ranks) if upwards else graph.ranks:
        limit = -(1 << 60)
        for node in reversed(row) if mirrored else row:
            near = neighbours[node]
            size = len(near)
            if not size:
                continue
            low, high = (size - 1) // 2, size // 2
            for index in (low,) if low == high else (high, low) if mirrored else (low, high):
                other = near[index]
                at = sign * pos[other]
                pair = (node, other) if upwards else (other, node)
                if align[node] == node and limit < at and pair not in conflicts:
                    align[other] = node
                    root[node] = root[other]
                    align[node] = root[node]
                    limit = at
    return root


def _compact(graph: _Graph, root: list[int], gaps: list[float], mirrored: bool) -> list[float]:
    """Places the blocks as far to one side as the gaps allow, then each back towards its neighbours."""
    count = len(root)
    before: dict[int, list[tuple[int, float]]] = {}
    after: dict[int, list[tuple[int, float]]] = {}
    waiting = [0] * count
    for row in graph.ranks:
        left = -1
        for node in row:
            if left >= 0:
                a, b = root[left], root[node]
                if mirrored:
                    a, b = b, a
                after.setdefault(a, []).append((b, gaps[node]))
                before.setdefault(b, []).append((a, gaps[node]))
                waiting[b] += 1
            left = node
    x = [0.0] * count
    ready = [node for node in range(count) if root[node] == node and not waiting[node]]
    for block in ready:
        if block in before:
            x[block] = max([x[other] + gap for other, gap in before[block]])
        for other, _ in after.get(block, ()):
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    for block in reversed(ready):
        if block in after:
            x[block] = max(x[block], min([x[other] - gap for other, gap in after[block]]))
    if mirrored:
        return [-x[root[node]] for node in range(count)]
    return [x[root[node]] for node in range(count)]


def _settle(graph: _Graph, x: list[float], spacing: Spacing) -> None:
    """Moves runs of nodes that are straight below each other towards their neighbours, as far as there is room.

    The mean of four alignments leaves a run that nothing holds beside where it belongs.
    """
    if all(len(row) < 2 for row in graph.ranks):
        return
    runs = _runs(graph, x)
    gaps = _gaps(graph, spacing)
    right_of = [-1] * len(x)
    left_of = [-1] * len(x)
    for row in graph.ranks:
        for left, right in pairwise(row):
            right_of[left], left_of[right] = right, left
    # First to the mean, which pulls a part that has drifted aside back; then to the median, which straightens.
    pulls, sweeps = (8, 12) if len(x) < 6_000 else (3, 6)
    for sweep in range(sweeps):
        for run in runs if sweep % 2 == 0 else reversed(runs):
            members = set(run) if len(run) > 1 else None
            here = x[run[0]]
            near = [
                x[other]
                for node in run
                for other in (*graph.up[node], *graph.down[node])
                if members is None or other not in members
            ]
            if not near:
                continue
            if sweep < pulls:
                wanted = sum(near) / len(near)
            else:
                near.sort()
                wanted = (near[(len(near) - 1) // 2] + near[len(near) // 2]) / 2
            if abs(wanted - here) < 0.5:
                continue
            if wanted < here:
                room = max([x[left_of[n]] + gaps[n] for n in run if left_of[n] >= 0], default=wanted)
                goal = min(here, max(wanted, room))
            else:
                room = min([x[right_of[n]] - gaps[right_of[n]] for n in run if right_of[n] >= 0], default=wanted)
                goal = max(here, min(wanted, room))
            for node in run:
                x[node] = goal


def _runs(graph: _Graph, x: list[float]) -> list[list[int]]:
    """Nodes that stand straight below each other along edges, from the top down."""
    taken = [False] * len(x)
    runs: list[list[int]] = []
    for row in graph.ranks:
        for first in row:
            if taken[first]:
                continue
            run = [first]
            taken[first] = True
            node = first
            while True:
                following = [n for n in graph.down[node] if not taken[n] and abs(x[n] - x[node]) < 0.5]
                if not following:
                    break
                node = following[0]
                taken[node] = True
                run.append(node)
            runs.append(run)
    return runs


def _draw(
    graph: _Graph,
    boxes: list[Box],
    links: list[Link],
    ends: list[tuple[int, int]],
    loops: list[bool],
    lanes: list[list[int]],
    outside: set[int],
    x: list[float],
    spacing: Spacing,
    reach: dict[int, float],
) -> Arrangement:
    left = min(x[node] - graph.width[node] / 2 for node in range(len(x)))
    x = [value - left for value in x]
    right = max(x[node] + graph.width[node] / 2 for node in range(len(x)))
    beside: dict[int, float] = {}
    for number in sorted(outside):
        key = ends[number][0]
        if key not in beside:
            beside[key] = right + spacing.lane * (1 + len(beside) % 400)
    tops, bottoms = _bands(graph, x, ends, outside, beside, spacing)
    corners = [(x[node] - boxes[node].width / 2, tops[graph.rank[node]]) for node in range(graph.boxes)]
    routes: list[Route] = [[] for _ in links]
    arriving: dict[int, list[int]] = {}
    for number, link in enumerate(links):
        high, low = ends[number]
        if loops[number]:
            routes[number] = _loop(boxes[high], corners[high], reach)
            continue
        turned = link.source != high
        start = x[high] if turned else corners[high][0] + _output(boxes[high], link.port)
        route = [(start, corners[high][1] + boxes[high].height)]
        band = bottoms[graph.rank[high]]
        if band > route[0][1]:
            route.append((start, band))
        for lane in lanes[number]:
            row = graph.rank[lane]
            route.append((x[lane], tops[row]))
            route.append((x[lane], bottoms[row]))
        if number in outside:
            route.append((beside[high], tops[graph.rank[high] + 1]))
            route.append((beside[high], bottoms[graph.rank[low] - 1]))
        routes[number] = route
        if turned:
            route.append((x[low], corners[low][1]))
        else:
            arriving.setdefault(low, []).append(number)
    for low, numbers in arriving.items():
        first, last = boxes[low].entries
        at = corners[low][0]
        inlets = boxes[low].inlets
        if inlets:
            for number in numbers:
                inlet = inlets[min(links[number].inlet, len(inlets) - 1)]
                routes[number].append((at + inlet, corners[low][1]))
            continue
        alone = len(numbers) == 1
        wanted = sorted((_inlet(routes[n][-1][0], at + first, at + last, alone), routes[n][-1][0], n) for n in numbers)
        for number, place in zip(
            [n for _, _, n in wanted],
            _spread([w for w, _, _ in wanted], at + first, at + last, spacing.port),
            strict=True,
        ):
            routes[number].append((place, corners[low][1]))
    for number, link in enumerate(links):
        if not loops[number] and link.source != ends[number][0]:
            routes[number].reverse()
    right = max([right, *(value for value in beside.values())]) if beside else right
    return Arrangement(corners, [_simple(route) for route in routes], right, bottoms[-1])


def _inlet(x: float, first: float, last: float, alone: bool) -> float:
    """Where an edge that comes from `x` would best arrive: straight below, else in the middle or to its near side."""
    if first <= x <= last:
        return x
    middle, reach = (first + last) / 2, (last - first) / 4
    return middle if alone else middle - reach if x < middle else middle + reach


def _output(box: Box, port: int) -> float:
    return box.outputs[min(port, len(box.outputs) - 1)]


def _bands(
    graph: _Graph,
    x: list[float],
    ends: list[tuple[int, int]],
    outside: set[int],
    beside: dict[int, float],
    spacing: Spacing,
) -> tuple[list[float], list[float]]:
    """Top and bottom of each rank. Ranks between which edges go far to the side are farther apart."""
    ranks = graph.ranks
    sideways = [0.0] * len(ranks)
    for node, below in enumerate(graph.down):
        if below:
            far = max([abs(x[node] - x[other]) for other in below])
            row = graph.rank[node]
            sideways[row] = max(sideways[row], far)
    for number in outside:
        high, low = ends[number]
        for row, node in ((graph.rank[high], high), (graph.rank[low] - 1, low)):
            sideways[row] = max(sideways[row], abs(beside[high] - x[node]))
    tops: list[float] = []
    bottoms: list[float] = []
    y = 0.0
    for row, nodes in enumerate(ranks):
        tops.append(y)
        y += max([graph.height[node] for node in nodes])
        bottoms.append(y)
        y += spacing.rank * (1 + min(1.5, sideways[row] / 800))
    return tops, bottoms


def _spread(wanted: list[float], first: float, last: float, gap: float) -> list[float]:
    """Places near the wanted ones (which are sorted), at least `gap` apart if there is room between first and last."""
    if len(wanted) < 2:
        return wanted
    gap = min(gap, (last - first) / (len(wanted) - 1))
    places = list(wanted)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + gap)
    overflow = last
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], overflow)
        overflow = places[i] - gap
    return [max(place, first) for place in places]


def _loop_reach(links: list[Link], loops: list[bool], spacing: Spacing) -> dict[int, float]:
    return {link.source: spacing.lane for link, loop in zip(links, loops, strict=True) if loop}


def _loop(box: Box, corner: Point, reach: dict[int, float]) -> Route:
    """From a box to itself, round its right side."""
    x, y = corner
    far = x + box.width + (reach.get(0) or max(reach.values(), default=20.0))
    out, into = x + _output(box, 0), x + box.entries[1]
    return [(out, y + box.height), (far, y + box.height / 2 + 6), (far, y + box.height / 2 - 6), (into, y)]


def _simple(route: Route) -> Route:
    """The route without points in the middle of straight parts."""
    kept: Route = []
    for point in route:
        if len(kept) > 1 and kept[-2][0] == kept[-1][0] == point[0]:
            kept[-1] = point
        else:
            kept.append(point)
    return kept
