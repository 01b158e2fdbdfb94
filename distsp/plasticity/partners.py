"""Vacant elements paired by distance: each presynaptic one draws among all that are left.

Butz & van Ooyen 2013 (PLoS Comput Biol 9:e1003259). The presynaptic elements come in a uniformly
random order; each draws one of the vacant postsynaptic elements that are left, with probability
proportional to the kernel of their distance, and both are used up. The draw is exact: cells that
fit the kernel make most of them, what they leave the tree does.
"""

import math

import numpy as np

from distsp.base.arrays import Floats, Ints
from distsp.base.compiled import borrowed, compiled
from distsp.base.sorting import order_of_pairs
from distsp.plasticity.cells import (
    Cells,
    cell_along,
    cell_in_window,
    close_up,
    drop_slot,
    fitting_cells,
    in_window,
    window_sums,
)
from distsp.plasticity.distance import Cover, covered, drawn, room_for, words
from distsp.plasticity.kernels import Kernel, Profile
from distsp.plasticity.kernels.kernel import exponent
from distsp.plasticity.pairing import choose_without_replacement
from distsp.plasticity.tree import Tree, change, grown_tree, squared_distance, take_out

TRIALS = 16
"""Of a draw in the cells: when so many were rejected the tree takes less time."""

MOST_BEYOND = 2.0
"""What lies beyond a window may count at most so many times what is in it."""

TRIALS_OF_EXCLUDED = 4
"""Draws of what must not be paired, before all of that is taken out of the tree."""


def pair_by_distance(
    pre: Ints,
    pre_vacant: Ints,
    post: Ints,
    post_vacant: Ints,
    pre_points: Floats,
    post_points: Floats,
    period: Floats,
    kernel: Kernel,
    order_key: np.uint64,
    key: np.uint64,
    update: int,
    allow_autapses: bool = True,
    connected: Ints | None = None,
    trials: int = TRIALS,
) -> tuple[Ints, Ints]:
    """Pair vacant elements by distance.

    Parameters
    ----------
    pre, post : array of int64
        Ids of the neurons with vacant elements, in ascending order.
    pre_vacant, post_vacant : array of int64
        How many each has.
    pre_points, post_points : array (n, 3) of float64
        Where these neurons are.
    period : array (3,) of float64
        Length after which the space repeats itself along each axis, infinity where it does not.
    kernel : Kernel
    order_key, key : uint64
        The streams of the order, and of the partners.
    update : int
        The step of the update.
    allow_autapses : bool
        Whether a neuron may be paired with itself.
    connected : array (n, 2) of int64, optional
        Pairs of places in `pre` and `post` that are connected, where no pair may be twice; each
        pair once.
    trials : int
        How often a draw is tried in the cells.

    Returns
    -------
    sources, targets : array of int64
        The new synapses, in order of their creation.
    """
    if len(pre) == 0 or len(post) == 0:
        return pre[:0], post[:0]
    profile = kernel.profile()
    order = np.repeat(np.arange(len(pre)), pre_vacant)
    order = choose_without_replacement(order, len(order), order_key, update)
    tree = grown_tree(post_points, post_vacant, period)
    cells = fitting_cells(tree, pre_points, profile)
    place_of_post = np.empty(len(post), dtype=np.int64)
    place_of_post[tree.order] = np.arange(len(post))
    own = np.full(len(pre), -1)
    if not allow_autapses:
        twin = np.minimum(np.searchsorted(post, pre), len(post) - 1)
        own = np.where(post[twin] == pre, place_of_post[twin], -1)
    pairs = np.empty((0, 2), dtype=np.int64) if connected is None else connected
    pairs = np.stack([pairs[:, 0], place_of_post[pairs[:, 1]]], axis=1)
    pairs = pairs[order_of_pairs(*np.ascontiguousarray(pairs.T))]
    known_begin = np.searchsorted(pairs[:, 0], np.arange(len(pre) + 1))
    who, which = _pair(
        tree,
        cells,
        room_for(tree),
        order,
        pre_points,
        own,
        known_begin,
        np.ascontiguousarray(pairs[:, 1]),
        connected is None,
        profile,
        key,
        update,
        trials,
    )
    return pre[who], post[tree.order[which]]


@compiled
def _pair(
    tree: Tree,
    cells: Cells,
    cover: Cover,
    order: Ints,
    points: Floats,
    own: Ints,
    known_begin: Ints,
    known: Ints,
    multapses: bool,
    profile: Profile,
    key: np.uint64,
    update: int,
    trials: int,
) -> tuple[Ints, Ints]:
    """Return the new pairs: places among the presynaptic neurons, and in the tree.

    Parameters
    ----------
    tree, cells : Tree, Cells
        Used up.
    cover : Cover
    order : array of int64
        Places of the presynaptic neurons, one for each element, as they come.
    points : array (n, 3) of float64
        Where these neurons are.
    own : array (n,) of int64
        The place in the tree that each must not have, -1 for none.
    known_begin, known : array (n + 1,), array of int64
        Where the places begin that each is connected to, and these, in ascending order.
    multapses : bool
        Whether it may be connected again.
    profile : Profile
    key : uint64
    update : int
    trials : int
    """
    tree, cells, cover = borrowed(tree), borrowed(cells), borrowed(cover)
    there, lost = tree.there, cells.lost
    left = tree.left[1]
    held, slots = left, left  # slots in use, and all of them
    most = min(left, len(order))
    who, which = np.empty(most, np.int64), np.empty(most, np.int64)
    # Pairs made here, as a chain for each presynaptic neuron.
    newest = np.full(0 if multapses else len(points), -1)
    earlier = np.empty(0 if multapses else most, np.int64)
    sums = np.empty(cells.last[0] - cells.first[0] + 1)
    made, in_tree = 0, 0
    for k in range(len(order)):
        if made == most:
            break
        p, place, draw = order[k], -1, 0
        point = points[p]
        x, y, z = point[0], point[1], point[2]
        at0 = cell_along(x, cells.low[0], cells.side[0], cells.n[0])
        at1 = cell_along(y, cells.low[1], cells.side[1], cells.n[1])
        at2 = cell_along(z, cells.low[2], cells.side[2], cells.n[2])
        total = window_sums(cells, at0, at1, at2, sums)
        beyond = cells.beyond * slots
        if total + beyond == 0.0:
            continue
        while draw < trials and beyond <= MOST_BEYOND * total:
            u, v = words(key, k, update, 2 * draw)
            accepted, alive = words(key, k, update, 2 * draw + 1)
            draw += 1
            u *= total + beyond
            if u < total:
                cell, kernel = cell_in_window(cells, at0, at1, at2, sums, u)
                if cell < 0:  # the last bit of a sum, in a column without any
                    continue
                slot = cells.begin[cell] + np.int64(v * cells.left[cell])
                candidate = cells.slots[slot]
            else:
                slot, kernel = np.int64(v * slots), cells.beyond
                candidate = cells.slots[slot]
                cell = cells.cell_of[candidate]
                used_up = slot >= cells.begin[cell] + cells.left[cell]
                if used_up or in_window(cells, cell, at0, at1, at2):
                    continue
            if alive * (there[candidate] + lost[candidate]) < lost[candidate]:
                # The slot is of an element that the tree has used up.
                drop_slot(cells, cell, slot)
                lost[candidate] -= 1
                held -= 1
                total = window_sums(cells, at0, at1, at2, sums)
                continue
            squared = squared_distance(tree.points, candidate, x, y, z, tree.period)
            if squared > profile.furthest or candidate == own[p]:
                continue
            if accepted * kernel >= math.exp(-exponent(profile.code, profile.a, squared)):
                continue
            if not multapses and _is_excluded(
                candidate, p, own, known_begin, known, newest, earlier, which
            ):
                continue
            place = candidate
            drop_slot(cells, cell, slot)
            held -= 1
            break
        if place < 0:
            while in_tree < made:
                change(tree, which[in_tree], -1)
                in_tree += 1
            place = _drawn_by_tree(
                tree,
                cover,
                point,
                p,
                own,
                known_begin,
                known,
                newest,
                earlier,
                which,
                multapses,
                profile,
                key,
                k,
                update,
                draw,
            )
            if place < 0:
                continue
            lost[place] += 1
        there[place] -= 1
        who[made], which[made] = p, place
        if not multapses:
            earlier[made], newest[p] = newest[p], made
        made += 1
        if 2 * held < slots:
            held = slots = close_up(cells)
    return who[:made], which[:made]


@compiled
def _is_excluded(
    place: int,
    p: int,
    own: Ints,
    known_begin: Ints,
    known: Ints,
    newest: Ints,
    earlier: Ints,
    which: Ints,
) -> bool:
    """Return whether a presynaptic neuron must not be paired with a place; see `_pair`."""
    if place == own[p]:
        return True
    begin, end = known_begin[p], known_begin[p + 1]
    i = begin + np.searchsorted(known[begin:end], place)
    if i < end and known[i] == place:
        return True
    if len(newest):
        i = newest[p]
        while i >= 0:
            if which[i] == place:
                return True
            i = earlier[i]
    return False


@compiled
def _drawn_by_tree(
    tree: Tree,
    cover: Cover,
    point: Floats,
    p: int,
    own: Ints,
    known_begin: Ints,
    known: Ints,
    newest: Ints,
    earlier: Ints,
    which: Ints,
    multapses: bool,
    profile: Profile,
    key: np.uint64,
    who: int,
    update: int,
    draw: int,
) -> int:
    """Return the place that is drawn, -1 if there is none; see `_pair`.

    What a neuron is connected to is rejected a few times, and then taken out for as long as it
    takes: it may be all there is nearby.
    """
    there = tree.there
    out, counts = np.empty(1, np.int64), np.zeros(1, np.int64)
    out[0] = own[p]
    if own[p] >= 0:
        counts[0] = there[own[p]]
        take_out(tree, out[0], counts[0])
    place, rejected, all_out = -1, 0, multapses
    n, total, _ = covered(tree, cover, point, profile)
    while total > 0.0:
        place = drawn(tree, cover, n, total, point, profile, key, who, update, draw)
        draw += 1
        if place < 0:
            continue
        if all_out or not _is_excluded(place, p, own, known_begin, known, newest, earlier, which):
            break
        place, rejected = -1, rejected + 1
        if rejected == TRIALS_OF_EXCLUDED:
            begin, end = known_begin[p], known_begin[p + 1]
            n_new, i = 0, newest[p]
            while i >= 0:
                n_new, i = n_new + 1, earlier[i]
            more = np.empty(1 + end - begin + n_new, np.int64)
            more[0], more[1 : 1 + end - begin] = out[0], known[begin:end]
            i, at = newest[p], 1 + end - begin
            while i >= 0:
                more[at], at, i = which[i], at + 1, earlier[i]
            first, out, counts = counts[0], more, np.zeros(len(more), np.int64)
            counts[0] = first
            for i in range(1, len(out)):
                counts[i] = there[out[i]]
                take_out(tree, out[i], counts[i])
            all_out = True
            n, total, _ = covered(tree, cover, point, profile)
    for i in range(len(out)):
        if counts[i] > 0:
            take_out(tree, out[i], -counts[i])
    return place
