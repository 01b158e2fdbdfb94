"""The Poisson sampler: a random word becomes a count by comparing it with integer thresholds."""

import numpy as np
from scipy.special import gammaincc

from distsp.base.arrays import Floats, Int32s, Ints, UInt32s
from distsp.base.compiled import compiled
from distsp.rng.streams import LOW, SHIFT, philox

STEPS_PER_CALL = 4
"""One call of the generator gives the random words of this many consecutive steps."""

TILE = 64
"""Neurons whose tables stand side by side."""


@compiled
def poisson_words(
    key: np.uint64, first: int, stride: int, group: int, n: int, words: UInt32s
) -> None:
    """Write the random words of four consecutive steps of a block of neurons.

    Parameters
    ----------
    key : uint64
    first, stride : int
        Neuron j of the block has the id `first + j * stride`.
    group : int
        The steps are 4 * group to 4 * group + 3.
    n : int
        Neurons in the block.
    words : array (4, at least n) of uint32
        Written to.
    """
    g = np.uint64(group)
    g0, g1 = g & LOW, g >> SHIFT
    id0, step, zero = np.uint64(first), np.uint64(stride), np.uint64(0)
    out0, out1, out2, out3 = words[0], words[1], words[2], words[3]
    for j in range(n):
        w0, w1, w2, w3 = philox(key, id0 + np.uint64(j) * step, g0, g1, zero)
        out0[j] = np.uint32(w0)
        out1[j] = np.uint32(w1)
        out2[j] = np.uint32(w2)
        out3[j] = np.uint32(w3)


def poisson_thresholds(mean: float) -> tuple[int, UInt32s]:
    """Return the table by which a random word becomes a count.

    The count is `base` plus the number of thresholds that a 32-bit word exceeds. Threshold k is
    P(count <= base + k) in units of 2**-32, so each probability is exact to 2**-32; no sample that
    a computer could draw tells the difference.

    Parameters
    ----------
    mean : float
        Expected count of a step.

    Returns
    -------
    base : int
        The smallest count that has a probability of at least 2**-32.
    thresholds : array of uint32
        Padded to a multiple of four with a value that no word exceeds.
    """
    base, _, thresholds = poisson_tables(np.array([mean]))
    return int(base[0]), thresholds


def poisson_tables(means: Floats) -> tuple[Ints, Ints, UInt32s]:
    """Return the tables of many means; `poisson_thresholds` says what one is.

    Parameters
    ----------
    means : array (n,) of float64
        At least one.

    Returns
    -------
    base : array (n,) of int64
    ends : array (n + 1,) of int64
        The thresholds of mean i are those from `ends[i]` to before `ends[i + 1]`.
    thresholds : array of uint32
    """
    spread = 7.0 * np.sqrt(means)
    lowest = np.maximum(0, (means - spread).astype(np.int64) - 1)
    n = (means + spread).astype(np.int64) + 24 - lowest
    begins = np.cumsum(n) - n
    counts = np.arange(n.sum()) + np.repeat(lowest - begins, n)
    # P(N <= n) of a Poisson variable is the regularized upper incomplete gamma function.
    cumulative = np.rint(gammaincc(counts + 1.0, np.repeat(means, n)) * 2.0**32)
    reached = (cumulative > 0) & (cumulative < 2.0**32)
    base = lowest + np.add.reduceat((cumulative == 0).astype(np.int64), begins)
    own = np.add.reduceat(reached.astype(np.int64), begins)
    ends = np.append(0, np.cumsum(-(-own // 4) * 4))
    thresholds = np.full(ends[-1], 0xFFFFFFFF, dtype=np.uint32)
    places = np.arange(own.sum()) + np.repeat(ends[:-1] - (np.cumsum(own) - own), own)
    thresholds[places] = cumulative[reached] - 1
    return base, ends, thresholds


def poisson_tiles(means: Floats) -> tuple[Ints, Ints, UInt32s]:
    """Return the tables of neurons that have a mean each, side by side in tiles.

    A tile has the tables of `TILE` neurons as columns, so that a loop over them vectorises.

    Parameters
    ----------
    means : array (n,) of float64

    Returns
    -------
    base : array (n,) of int64
    ends : array (number of tiles + 1,) of int64
        The thresholds of tile i are those from `ends[i]` to before `ends[i + 1]`; row by row, of
        which there is a multiple of four. Padded with a value that no word exceeds.
    thresholds : array of uint32
    """
    if len(means) == 0:
        return np.empty(0, np.int64), np.zeros(1, np.int64), np.empty(0, np.uint32)
    different, which = np.unique(means, return_inverse=True)
    base, table_ends, table = poisson_tables(different)
    first, n = table_ends[which], (table_ends[1:] - table_ends[:-1])[which]
    rows = np.maximum.reduceat(n, np.arange(0, len(n), TILE))
    ends = np.append(0, np.cumsum(rows * TILE))
    thresholds = np.full(ends[-1], 0xFFFFFFFF, dtype=np.uint32)
    row = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    tile, column = np.divmod(np.arange(len(n)), TILE)
    places = np.repeat(ends[tile] + column, n) + row * TILE
    thresholds[places] = table[np.repeat(first, n) + row]
    return base[which], ends, thresholds


@compiled
def poisson_counts(words: UInt32s, base: int, thresholds: UInt32s, counts: Int32s) -> None:
    """Write the count of each random word, as `poisson_thresholds` defines it.

    Parameters
    ----------
    words : array (n,) of uint32
    base : int
    thresholds : array (m,) of uint32
        m is a multiple of four.
    counts : array (n,) of int32
        Written to.
    """
    if len(thresholds) == 0:
        counts[:] = np.int32(base)
        return
    # Four thresholds a pass: each word and count is then loaded and stored a quarter as often. Half
    # of the thresholds are so improbable that mostly no word of the block exceeds them.
    t0, t1, t2, t3 = thresholds[0], thresholds[1], thresholds[2], thresholds[3]
    largest = np.uint32(0)
    for j in range(len(words)):
        word = words[j]
        largest = max(largest, word)
        reached = np.int32(word > t0) + np.int32(word > t1)
        reached += np.int32(word > t2) + np.int32(word > t3)
        counts[j] = np.int32(base) + reached
    for k in range(4, len(thresholds), 4):
        if thresholds[k] >= largest:
            break
        t0, t1, t2, t3 = thresholds[k], thresholds[k + 1], thresholds[k + 2], thresholds[k + 3]
        for j in range(len(words)):
            word = words[j]
            reached = np.int32(word > t0) + np.int32(word > t1)
            reached += np.int32(word > t2) + np.int32(word > t3)
            counts[j] += reached


@compiled
def poisson_counts_of_each(
    words: UInt32s, base: Ints, tile: UInt32s, column: int, counts: Int32s
) -> None:
    """Write the count of each random word, by a table of each neuron; see `poisson_tiles`.

    Parameters
    ----------
    words : array (n,) of uint32
    base : array (n,) of int64
    tile : array (m, TILE) of uint32
        m is a multiple of four.
    column : int
        Of the first of the n neurons.
    counts : array (n,) of int32
        Written to.
    """
    end = column + len(words)
    for j in range(len(words)):
        counts[j] = np.int32(base[j])
    for k in range(0, len(tile), 4):
        t0, t1 = tile[k, column:end], tile[k + 1, column:end]
        t2, t3 = tile[k + 2, column:end], tile[k + 3, column:end]
        beyond = np.int32(0)
        for j in range(len(words)):
            word = words[j]
            last = np.int32(word > t3[j])
            reached = np.int32(word > t0[j]) + np.int32(word > t1[j])
            reached += np.int32(word > t2[j]) + last
            counts[j] += reached
            beyond |= last
        if beyond == 0:
            break
