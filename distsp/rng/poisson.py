"""The Poisson sampler: a random word becomes a count by comparing it with integer thresholds."""

import numpy as np
from scipy.special import gammaincc

from distsp.base.arrays import Int32s, UInt32s
from distsp.base.compiled import compiled
from distsp.rng.streams import LOW, SHIFT, philox

STEPS_PER_CALL = 4
"""One call of the generator gives the random words of this many consecutive steps."""


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
    spread = 7.0 * np.sqrt(mean)
    counts = np.arange(max(0, int(mean - spread) - 1), int(mean + spread) + 24)
    # P(N <= n) of a Poisson variable is the regularized upper incomplete gamma function.
    cumulative = np.rint(gammaincc(counts + 1.0, mean) * 2.0**32) if mean > 0 else np.full(1, 2**32)
    reached = (cumulative > 0) & (cumulative < 2.0**32)
    base = int(counts[cumulative == 0][-1]) + 1 if np.any(cumulative == 0) else 0
    thresholds = (cumulative[reached] - 1).astype(np.uint32)
    padding = np.full(-len(thresholds) % 4, 0xFFFFFFFF, dtype=np.uint32)
    return base, np.concatenate([thresholds, padding])


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
    counts[:] = np.int32(base)
    largest = np.uint32(0)
    for j in range(len(words)):
        largest = max(largest, words[j])
    # Four thresholds a pass: each word and count is then loaded and stored a quarter as often. Half
    # of the thresholds are so improbable that mostly no word of the block exceeds them.
    for k in range(0, len(thresholds), 4):
        if thresholds[k] >= largest:
            break
        t0, t1, t2, t3 = thresholds[k], thresholds[k + 1], thresholds[k + 2], thresholds[k + 3]
        for j in range(len(words)):
            word = words[j]
            reached = np.int32(word > t0) + np.int32(word > t1)
            reached += np.int32(word > t2) + np.int32(word > t3)
            counts[j] += reached
