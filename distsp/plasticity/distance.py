"""Draws by distance, exactly: a place with probability proportional to what is there times kernel.

No weight of a place far away is neglected, and none is approximated. A box of the tree is not cut
further once the kernel is near to the same everywhere in it: it counts with the kernel at its
nearest point, which is never too little, and what is drawn in it is accepted with the probability
that makes up for it (rejection sampling, von Neumann 1951). So the probabilities are those of the
sum over all places, while a draw looks at some tens of boxes.
"""

import math
from typing import NamedTuple

import numpy as np

from distsp.base.arrays import Floats, Ints
from distsp.base.compiled import compiled, inlined
from distsp.base.exponential import fast_exp
from distsp.plasticity.kernels.kernel import Profile, exponent
from distsp.plasticity.tree import Tree, place_of, squared_bounds, squared_distance
from distsp.rng.streams import LOW, SHIFT, philox, unit

FINE = 0.15
"""A box is cut while what it may count too much is more than this share of all: a balance between
the boxes to look at and the draws that are rejected."""

FARTHEST_SAFE = 600.0
"""Exponent up to which exp(-E) and sums of it lose no digits."""


class Cover(NamedTuple):
    """Boxes and places that together have all that can be drawn: room for them."""

    boxes: Ints  # a place of the tree is -1 - place
    most: Floats  # what it may count, never too little
    least: Floats  # what it counts for certain
    nearest: Floats  # exponent of the kernel at its nearest point


def room_for(tree: Tree) -> Cover:
    """Return room for whatever covers the places of a tree."""
    n = len(tree.boxes) + len(tree.points)
    return Cover(np.empty(n, np.int64), np.empty(n), np.empty(n), np.empty(n))


@inlined
def words(key: np.uint64, who: int, when: int, draw: int) -> tuple[float, float]:
    """Return the two numbers in (0, 1) of a draw of `who` at the step `when`."""
    step = np.uint64(when)
    w0, w1, w2, w3 = philox(key, np.uint64(who), step & LOW, step >> SHIFT, np.uint64(draw))
    return unit(w0, w1), unit(w2, w3)


@compiled
def nearest_exponent(tree: Tree, cover: Cover, point: Floats, profile: Profile) -> float:
    """Return the exponent of the kernel at the nearest place where anything is left; or infinity.

    The nearer of two boxes is looked at first, and no box that is farther than what has been found.
    """
    x, y, z = point[0], point[1], point[2]
    n_leaves = len(tree.begin) - 1
    stack, distance = cover.boxes, cover.most
    best = np.inf
    stack[0], distance[0], top = 1, 0.0, 1
    while top > 0:
        top -= 1
        box = stack[top]
        if distance[top] >= best or distance[top] > profile.furthest:
            continue
        if box >= n_leaves:
            for i in range(tree.begin[box - n_leaves], tree.begin[box - n_leaves + 1]):
                if tree.there[i] > 0:
                    best = min(best, squared_distance(tree.points, i, x, y, z, tree.period))
            continue
        first, second = 2 * box, 2 * box + 1
        near, _ = squared_bounds(tree.boxes, first, x, y, z, tree.period)
        far, _ = squared_bounds(tree.boxes, second, x, y, z, tree.period)
        if far < near:
            first, second, near, far = second, first, far, near
        if tree.left[second] > 0:
            stack[top], distance[top] = second, far
            top += 1
        if tree.left[first] > 0:
            stack[top], distance[top] = first, near
            top += 1
    return exponent(profile.code, profile.a, best) if best <= profile.furthest else np.inf


@compiled
def covered(tree: Tree, cover: Cover, point: Floats, profile: Profile) -> tuple[int, float, float]:
    """Cover all that can be drawn from a point with boxes in which the kernel is near to the same.

    Parameters
    ----------
    tree : Tree
    cover : Cover
        Filled.
    point : array (3,) of float64
    profile : Profile

    Returns
    -------
    n : int
        Boxes and places that cover it.
    total : float
        What they may count together; 0 if nothing can be drawn.
    zero : float
        The exponent of what counts 1.
    """
    code, a, furthest = profile.code, profile.a, profile.furthest
    boxes, most, least, nearest = cover.boxes, cover.most, cover.least, cover.nearest
    tree_boxes, left, there, points = tree.boxes, tree.left, tree.there, tree.points
    begin, period = tree.begin, tree.period
    n_leaves = len(begin) - 1
    x, y, z = point[0], point[1], point[2]
    if left[1] == 0:
        return 0, 0.0, 0.0
    _, far = squared_bounds(tree_boxes, 1, x, y, z, period)
    zero = 0.0
    if exponent(code, a, min(far, furthest)) > FARTHEST_SAFE:
        # Relative to the nearest, so that nothing that counts is lost among the smallest numbers.
        zero = nearest_exponent(tree, cover, point, profile)
        if zero == np.inf:
            return 0, 0.0, 0.0
    certain, floor = 0.0, 1.0 if zero > 0.0 else 0.0
    boxes[0], most[0], least[0], nearest[0] = 1, np.inf, 0.0, 0.0
    n, end, i, total = 0, 1, 0, 0.0
    while i < end:
        box, upper, lower = boxes[i], most[i], least[i]
        if box < 0 or upper - lower <= FINE * floor:
            boxes[n], most[n], nearest[n] = box, upper, nearest[i]
            total += upper
            n += 1
        elif box >= n_leaves:
            certain -= lower
            for place in range(begin[box - n_leaves], begin[box - n_leaves + 1]):
                if there[place] > 0:
                    squared = squared_distance(points, place, x, y, z, period)
                    if squared <= furthest:
                        e = exponent(code, a, squared)
                        counts = there[place] * fast_exp(zero - e)
                        certain += counts
                        floor = max(floor, certain)
                        boxes[end], most[end], least[end] = -1 - place, counts, counts
                        nearest[end] = e
                        end += 1
        else:
            certain -= lower
            for part in (2 * box, 2 * box + 1):
                if left[part] == 0:
                    continue
                near, far = squared_bounds(tree_boxes, part, x, y, z, period)
                if near > furthest:
                    continue
                e = exponent(code, a, near)
                upper = left[part] * fast_exp(zero - e)
                lower = 0.0
                if far <= furthest and upper > FINE * floor:
                    lower = left[part] * fast_exp(zero - exponent(code, a, far))
                certain += lower
                floor = max(floor, certain)
                boxes[end], most[end], least[end], nearest[end] = part, upper, lower, e
                end += 1
        i += 1
    return n, total, zero


@compiled
def drawn(
    tree: Tree,
    cover: Cover,
    n: int,
    total: float,
    point: Floats,
    profile: Profile,
    key: np.uint64,
    who: int,
    when: int,
    draw: int,
) -> int:
    """Return a place that is drawn, or -1 if what was drawn is rejected; see `covered`."""
    boxes, most, nearest = cover.boxes, cover.most, cover.nearest
    u, v = words(key, who, when, 2 * draw)
    u *= total
    i = 0
    while i < n - 1 and u >= most[i]:
        u -= most[i]
        i += 1
    box = boxes[i]
    if box < 0:
        return -1 - box
    place = place_of(tree, box, np.int64(v * tree.left[box]))
    squared = squared_distance(tree.points, place, point[0], point[1], point[2], tree.period)
    if squared > profile.furthest:
        return -1
    accepted, _ = words(key, who, when, 2 * draw + 1)
    e = exponent(profile.code, profile.a, squared)
    return place if accepted < math.exp(nearest[i] - e) else -1
