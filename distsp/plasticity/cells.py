"""Cells of a grid that fit a kernel: what is left in those around a point is summed up at a stroke.

Most draws are made here. What a cell counts is never too little, as the kernel at its nearest point
is taken; the table of that is the same around every cell. What lies beyond the window of the table
counts as if it were all at the edge. What is drawn is accepted with the probability that makes up
for both, so draws are exact; where that would take many trials they are left to the tree.
"""

import math
from typing import NamedTuple

import numpy as np

from distsp.base.arrays import Bools, Floats, Int32s, Ints
from distsp.base.compiled import compiled, inlined
from distsp.plasticity.kernels.kernel import EXPONENTIAL, Profile, exponent
from distsp.plasticity.tree import Tree

MOST_IN_WINDOW = 20_000
"""Cells in a window."""

CELLS_PER_PLACE = 4
"""With more cells they would be farther apart in memory than is gained."""

BEYOND = 0.05
"""What lies beyond a window may count as this share of what is typically in it."""


class Cells(NamedTuple):
    """A grid, and what is left in each of its cells; the first axis comes last in the memory."""

    low: Floats  # (3,): where the grid begins
    side: Floats  # (3,): of a cell
    n: Ints  # (3,): cells along each axis
    wraps: Bools  # (3,): whether the last one is beside the first
    first: Ints  # (3,): where the window begins, relative to the cell of a point
    last: Ints  # (3,): where it ends
    table: Floats  # (cells in a window,): kernel at the nearest points of two cells
    beyond: float  # kernel at the edge of the window; 0 if it has all cells
    left: Floats  # (n_cells,): what is left in each
    cell_of: Ints  # (n places,): the cell of each place
    begin: Ints  # (n_cells + 1,): where the slots of each cell begin
    slots: Int32s  # (n elements,): places; as many as are left, and those lost, fill a cell
    lost: Ints  # (n places,): slots whose element has been drawn by other means


def fitting_cells(tree: Tree, others: Floats, profile: Profile) -> Cells:
    """Return cells that fit a kernel.

    Parameters
    ----------
    tree : Tree
        The places.
    others : array (m, 3) of float64
        Points that are drawn for.
    profile : Profile
    """
    points, total = tree.points, int(tree.there.sum())
    low = np.minimum(points.min(axis=0), others.min(axis=0))
    size = np.maximum(points.max(axis=0), others.max(axis=0)) - low
    wraps = np.isfinite(tree.period)
    low[wraps], size[wraps] = 0.0, tree.period[wraps]
    long = size > 0.0
    width = 1.0 / profile.a if profile.code == EXPONENTIAL else math.sqrt(0.5 / profile.a)
    width = min(width, 0.5 * math.sqrt(profile.furthest))
    side, n = width / (3.0 if np.count_nonzero(long) < 3 else 2.0), np.ones(3, dtype=np.int64)
    while True:
        cells = np.maximum(np.floor(size / side), 1.0)
        if np.prod(cells) <= CELLS_PER_PLACE * len(points) + 1:
            break
        side *= 1.1
    n[long] = cells[long]
    sides = np.where(long, size / n, 1.0)
    window = _window(profile, width, sides, n, size[long])
    first = np.where(wraps, np.maximum(-window, -((n - 1) // 2)), np.maximum(-window, 1 - n))
    last = np.where(wraps, np.minimum(window, n - 1 + first), -first)
    whole = np.where(wraps, last - first + 1 == n, last == n - 1)
    edge = np.min(np.where(whole, np.inf, np.minimum(-first, last) * sides)) ** 2
    beyond = 0.0 if edge > profile.furthest else math.exp(-exponent(*profile[:2], edge))
    cell_of, left, begin, slots = _sorted(points, tree.there, low, sides, n, total)
    table = _table(profile, sides, n, wraps, first, last)
    lost = np.zeros(len(points), dtype=np.int64)
    return Cells(
        low, sides, n, wraps, first, last, table, beyond, left, cell_of, begin, slots, lost
    )


def _window(profile: Profile, width: float, sides: Floats, n: Ints, size: Floats) -> Ints:
    """Return how many cells a window has to each side."""
    # What is typically around a point, of all there is: the integral of the kernel.
    flat = math.sqrt(2.0 * math.pi) if profile.code != EXPONENTIAL else 2.5
    share = min(float(np.prod(np.minimum(flat * width / size, 1.0))), 1.0)
    e = -math.log(BEYOND * max(share, 1e-300))
    e = e if profile.code == EXPONENTIAL else math.sqrt(2.0 * e)
    radius = min(e * width, math.sqrt(profile.furthest) * (1.0 + 1e-9))
    window = np.minimum(np.floor(np.minimum(radius / sides, n)).astype(np.int64) + 1, n)
    while np.prod(2 * window + 1) > MOST_IN_WINDOW:
        window = np.maximum(window - 1, 0)
    return window


@compiled
def _table(
    profile: Profile, sides: Floats, n: Ints, wraps: Bools, first: Ints, last: Ints
) -> Floats:
    """Return the kernel at the nearest points of two cells, by the second one's place."""
    shape = last - first + 1
    table, i = np.zeros(shape[0] * shape[1] * shape[2]), 0
    for i2 in range(shape[2]):
        for i1 in range(shape[1]):
            for i0 in range(shape[0]):
                squared = 0.0
                for axis, along in ((0, i0), (1, i1), (2, i2)):
                    offset = abs(along + first[axis])
                    if wraps[axis]:
                        offset = min(offset, n[axis] - offset)
                    squared += (max(offset - 1, 0) * sides[axis]) ** 2
                squared *= 1.0 - 1e-9  # what is rounded may lie a little beyond its cell
                if squared <= profile.furthest:
                    table[i] = math.exp(-exponent(profile.code, profile.a, squared))
                i += 1
    return table


@inlined
def cell_along(x: float, low: float, side: float, n: int) -> int:
    """Return in which cell along an axis a coordinate is."""
    return int(min(max((x - low) / side, 0.0), n - 1.0))


@compiled
def _sorted(
    points: Floats, there: Ints, low: Floats, sides: Floats, n: Ints, total: int
) -> tuple[Ints, Floats, Ints, Int32s]:
    """Return the cell of each place, and the elements in each cell: how many, and their places."""
    n_cells = n[0] * n[1] * n[2]
    cell_of, begin = np.empty(len(points), np.int64), np.zeros(n_cells + 1, np.int64)
    for i in range(len(points)):
        cell = 0
        for axis in (2, 1, 0):
            along = cell_along(points[i, axis], low[axis], sides[axis], n[axis])
            cell = cell * n[axis] + along
        cell_of[i] = cell
        begin[cell + 1] += there[i]
    left = begin[1:].astype(np.float64)
    for cell in range(n_cells):
        begin[cell + 1] += begin[cell]
    slots, filled = np.empty(total, np.int32), begin[:-1].copy()
    for i in range(len(points)):
        for _ in range(there[i]):
            slots[filled[cell_of[i]]] = i
            filled[cell_of[i]] += 1
    return cell_of, left, begin, slots


@inlined
def wrapped(i: int, n: int, wraps: bool) -> int:
    """Return the cell along an axis; -1 if there is none."""
    if 0 <= i < n:
        return i
    return (i + n) % n if wraps else -1


@compiled
def window_sums(cells: Cells, at0: int, at1: int, at2: int, sums: Floats) -> float:
    """Sum up what the cells around one of them count, in each column of the window.

    Along a row it is an addition to each sum, which vectorises as a sum of all would not.
    """
    n0, n1, n2 = cells.n[0], cells.n[1], cells.n[2]
    width = cells.last[0] - cells.first[0] + 1
    width1, width2 = cells.last[1] - cells.first[1] + 1, cells.last[2] - cells.first[2] + 1
    at0, at1, at2 = at0 + cells.first[0], at1 + cells.first[1], at2 + cells.first[2]
    wrap0, wrap1, wrap2 = cells.wraps[0], cells.wraps[1], cells.wraps[2]
    left, table = cells.left, cells.table
    low, high = max(0, -at0), min(width, n0 - at0)
    for i in range(width):
        sums[i] = 0.0
    for i2 in range(width2):
        c2 = wrapped(at2 + i2, n2, wrap2)
        for i1 in range(width1):
            c1 = wrapped(at1 + i1, n1, wrap1)
            if c1 < 0 or c2 < 0:
                continue
            row, weights = (c2 * n1 + c1) * n0 + at0, (i2 * width1 + i1) * width
            for i in range(low, high):
                sums[i] += table[weights + i] * left[row + i]
            if wrap0:
                for i in range(low):
                    sums[i] += table[weights + i] * left[row + i + n0]
                for i in range(high, width):
                    sums[i] += table[weights + i] * left[row + i - n0]
    total = 0.0
    for i in range(width):
        total += sums[i]
    return total


@compiled
def cell_in_window(
    cells: Cells, at0: int, at1: int, at2: int, sums: Floats, part: float
) -> tuple[int, float]:
    """Return the cell that has a part of what `window_sums` found, and its kernel; or -1."""
    n0, n1, n2 = cells.n[0], cells.n[1], cells.n[2]
    width = cells.last[0] - cells.first[0] + 1
    width1, width2 = cells.last[1] - cells.first[1] + 1, cells.last[2] - cells.first[2] + 1
    at0, at1, at2 = at0 + cells.first[0], at1 + cells.first[1], at2 + cells.first[2]
    wrap0, wrap1, wrap2 = cells.wraps[0], cells.wraps[1], cells.wraps[2]
    left, table = cells.left, cells.table
    i0 = 0
    while i0 < width - 1 and part >= sums[i0]:
        part -= sums[i0]
        i0 += 1
    c0 = wrapped(at0 + i0, n0, wrap0)
    found, kernel = -1, 0.0
    for i2 in range(width2):
        c2 = wrapped(at2 + i2, n2, wrap2)
        for i1 in range(width1):
            c1 = wrapped(at1 + i1, n1, wrap1)
            if c0 < 0 or c1 < 0 or c2 < 0:
                continue
            cell, weight = (c2 * n1 + c1) * n0 + c0, table[(i2 * width1 + i1) * width + i0]
            counts = weight * left[cell]
            if counts > 0.0:
                found, kernel = cell, weight
                if part < counts:
                    return found, kernel
                part -= counts
    return found, kernel


@inlined
def in_window(cells: Cells, cell: int, at0: int, at1: int, at2: int) -> bool:
    """Return whether a cell is in the window around another."""
    inside = True
    rest = cell
    for axis, at in ((0, at0), (1, at1), (2, at2)):
        offset = rest % cells.n[axis] - at
        rest //= cells.n[axis]
        if cells.wraps[axis]:
            offset = (offset - cells.first[axis]) % cells.n[axis] + cells.first[axis]
        inside &= cells.first[axis] <= offset <= cells.last[axis]
    return inside


@inlined
def drop_slot(cells: Cells, cell: int, slot: int) -> None:
    """Take a slot out of a cell: the last one takes its place."""
    end = cells.begin[cell] + np.int64(cells.left[cell]) - 1
    cells.slots[slot] = cells.slots[end]
    cells.left[cell] -= 1.0


@compiled
def close_up(cells: Cells) -> int:
    """Put the slots that are left beside each other, and return how many there are."""
    begin, left, slots = cells.begin, cells.left, cells.slots
    end = 0
    for cell in range(len(left)):
        first, begin[cell] = begin[cell], end
        for slot in range(first, first + np.int64(left[cell])):
            slots[end] = slots[slot]
            end += 1
    begin[len(left)] = end
    return end
