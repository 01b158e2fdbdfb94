"""Places in a tree: boxes within boxes, each of which knows how much there is in it to draw.

A k-d tree (Bentley 1975, Commun ACM 18:509): each box is cut in two of as many places across its
longest side, so that it is as good where places are crowded as where they are evenly spread.
"""

from typing import NamedTuple

import numpy as np

from distsp.base.arrays import Floats, Ints
from distsp.base.compiled import compiled, inlined

PLACES_PER_LEAF = 6
"""At most; fewer boxes than places, but few places to look at in each."""

MARGIN = 1e-15
"""By what a box is larger than its places, relative to the largest coordinate: for rounding."""


class Tree(NamedTuple):
    """Places, and boxes of them: box 1 is the whole, box k is cut into the boxes 2k and 2k + 1.

    Boxes of the last level are leaves. Places are in the order of the boxes.
    """

    boxes: Floats  # (2 * n_leaves, 6): centre and half of the sides
    left: Ints  # (2 * n_leaves,): what is left to draw in each box
    begin: Ints  # (n_leaves + 1,): the first place of each leaf
    points: Floats  # (n, 3)
    there: Ints  # (n,): what is left to draw at each place
    leaf: Ints  # (n,): the box of the last level that has it
    order: Ints  # (n,): the place as it was given
    period: Floats  # (3,): infinity where there is none


def grown_tree(points: Floats, there: Ints, period: Floats) -> Tree:
    """Return the tree of some places.

    Parameters
    ----------
    points : array (n, 3) of float64
        At least one; where space is periodic from 0 to the period.
    there : array (n,) of int64
        What there is to draw at each place.
    period : array (3,) of float64
        Infinity where there is none.
    """
    n_leaves = 1
    while n_leaves * PLACES_PER_LEAF < len(points):
        n_leaves *= 2
    order = np.arange(len(points))
    begin = _order(points, order, n_leaves)
    points, there = np.ascontiguousarray(points[order]), there[order]
    leaf = np.repeat(np.arange(n_leaves, 2 * n_leaves), np.diff(begin))
    size = np.where(np.isfinite(period), period, 0.0)
    margin = MARGIN * np.maximum(size, np.abs(points).max(axis=0))
    boxes, left = _enclose(points, there, begin, margin)
    return Tree(boxes, left, begin, points, there, leaf, order, period)


@compiled
def _order(points: Floats, order: Ints, n_leaves: int) -> Ints:
    """Put places into the order of the leaves, and return where each leaf begins."""
    ends = np.zeros(2 * n_leaves, np.int64)  # of each box
    ends[1] = len(order)
    begins = np.zeros(2 * n_leaves, np.int64)
    for box in range(1, n_leaves):
        begin, end = begins[box], ends[box]
        middle = (begin + end) // 2
        widest, axis = -1.0, 0
        for a in range(3):
            low, high = np.inf, -np.inf
            for i in range(begin, end):
                x = points[order[i], a]
                low, high = min(low, x), max(high, x)
            if high - low > widest:
                widest, axis = high - low, a
        _select(points, axis, order, begin, end, middle)
        begins[2 * box], ends[2 * box] = begin, middle
        begins[2 * box + 1], ends[2 * box + 1] = middle, end
    return np.concatenate((begins[n_leaves:], np.array([len(order)])))


@compiled
def _select(points: Floats, axis: int, order: Ints, begin: int, end: int, middle: int) -> None:
    """Put the places with the smallest coordinates before `middle` (Hoare 1961)."""
    low, high = begin, end - 1
    while low < high:
        # The middle one of three, so that what is sorted already takes no longer.
        a = points[order[low], axis]
        b = points[order[(low + high) // 2], axis]
        c = points[order[high], axis]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while points[order[i], axis] < pivot:
                i += 1
            while points[order[j], axis] > pivot:
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                i, j = i + 1, j - 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


@compiled
def _enclose(points: Floats, there: Ints, begin: Ints, margin: Floats) -> tuple[Floats, Ints]:
    """Return the boxes and what is in each."""
    n_leaves = len(begin) - 1
    low, high = np.full((2 * n_leaves, 3), np.inf), np.full((2 * n_leaves, 3), -np.inf)
    left = np.zeros(2 * n_leaves, np.int64)
    for leaf in range(n_leaves):
        for i in range(begin[leaf], begin[leaf + 1]):
            left[n_leaves + leaf] += there[i]
            for a in range(3):
                low[n_leaves + leaf, a] = min(low[n_leaves + leaf, a], points[i, a])
                high[n_leaves + leaf, a] = max(high[n_leaves + leaf, a], points[i, a])
    for box in range(n_leaves - 1, 0, -1):
        left[box] = left[2 * box] + left[2 * box + 1]
        for a in range(3):
            low[box, a] = min(low[2 * box, a], low[2 * box + 1, a])
            high[box, a] = max(high[2 * box, a], high[2 * box + 1, a])
    boxes = np.zeros((2 * n_leaves, 6))
    for box in range(1, 2 * n_leaves):
        for a in range(3):
            boxes[box, a] = 0.5 * (low[box, a] + high[box, a])
            boxes[box, 3 + a] = 0.5 * (high[box, a] - low[box, a]) + margin[a]
    return boxes, left


@compiled
def change(tree: Tree, place: int, by: int) -> None:
    """Add to what is left to draw in the boxes that have a place."""
    box = tree.leaf[place]
    while box > 0:
        tree.left[box] += by
        box >>= 1


@compiled
def take_out(tree: Tree, place: int, count: int) -> None:
    """Take what is left to draw at a place out of the tree, or put it back (below 0)."""
    tree.there[place] -= count
    change(tree, place, -count)


@inlined
def apart(x: float, y: float, period: float) -> float:
    """Return how far apart two coordinates are, the shorter way round where space is periodic."""
    direct = abs(x - y)
    return min(direct, period - direct)


@inlined
def squared_distance(points: Floats, i: int, x: float, y: float, z: float, period: Floats) -> float:
    """Return the square of the distance from place i of `points` to (x, y, z)."""
    dx = apart(points[i, 0], x, period[0])
    dy = apart(points[i, 1], y, period[1])
    dz = apart(points[i, 2], z, period[2])
    return dx * dx + dy * dy + dz * dz


@inlined
def squared_bounds(
    boxes: Floats, box: int, x: float, y: float, z: float, period: Floats
) -> tuple[float, float]:
    """Return the squares of the least and of the largest distance of a box to (x, y, z)."""
    dx = apart(boxes[box, 0], x, period[0])
    dy = apart(boxes[box, 1], y, period[1])
    dz = apart(boxes[box, 2], z, period[2])
    least_x, most_x = max(dx - boxes[box, 3], 0.0), min(dx + boxes[box, 3], 0.5 * period[0])
    least_y, most_y = max(dy - boxes[box, 4], 0.0), min(dy + boxes[box, 4], 0.5 * period[1])
    least_z, most_z = max(dz - boxes[box, 5], 0.0), min(dz + boxes[box, 5], 0.5 * period[2])
    return (
        least_x * least_x + least_y * least_y + least_z * least_z,
        most_x * most_x + most_y * most_y + most_z * most_z,
    )


@compiled
def place_of(tree: Tree, box: int, number: int) -> int:
    """Return the place that has the `number`-th of what is left in a box."""
    n_leaves = len(tree.begin) - 1
    while box < n_leaves:
        box *= 2
        if number >= tree.left[box]:
            number -= tree.left[box]
            box += 1
    place = tree.begin[box - n_leaves]
    while number >= tree.there[place]:
        number -= tree.there[place]
        place += 1
    return place


@compiled
def places_in(tree: Tree, box: int) -> tuple[int, int]:
    """Return the first place of a box, and where its places end; -1 - place is a box of one."""
    if box < 0:
        return -1 - box, -box
    n_leaves = len(tree.begin) - 1
    last = box
    while box < n_leaves:
        box, last = 2 * box, 2 * last + 1
    return tree.begin[box - n_leaves], tree.begin[last - n_leaves + 1]
