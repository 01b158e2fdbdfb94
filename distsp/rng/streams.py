"""Random numbers as functions of (seed, purpose, who, when): no generator has a history.

The generator is Philox4x32-10 (Salmon et al. 2011, SC'11): a key of two 32-bit words says which
stream, a counter of four says which element of it, and four random words come back. Any rank can
compute any number without asking another, in any order, so results cannot depend on either.
"""

from enum import IntEnum

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincc

from distsp.base.compiled import compiled, inlined

MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)
STEPS_PER_CALL = 4
"""One call of the generator gives the random words of this many consecutive steps."""


class Purpose(IntEnum):
    """What a random number is for; the high byte of the second word of the key."""

    POISSON = 1
    INITIAL_STATE = 2
    CONNECTION = 3
    BREAK_OUTGOING = 4
    BREAK_INCOMING = 5
    PAIR = 6
    SYNAPSE = 7


def stream_key(seed: int, purpose: Purpose, index: int = 0) -> np.uint64:
    """Return the key of a stream.

    Parameters
    ----------
    seed : int
        The user's seed, 32 bits.
    purpose : Purpose
        What the numbers are for.
    index : int
        Which input, connection or synapse type they belong to, 24 bits.
    """
    return np.uint64(seed | (purpose << 24 | index) << 32)


@inlined
def philox(key, c0, c1, c2, c3):  # type: ignore[no-untyped-def]
    """Return the four 32-bit words of a counter.

    Parameters
    ----------
    key : uint64
        Both words of the key, the first in the low half.
    c0, c1, c2, c3 : uint64
        The words of the counter, each below 2**32.

    Returns
    -------
    tuple of 4 uint64
        Random words, each below 2**32.
    """
    k0, k1 = key & LOW, key >> SHIFT
    for _ in range(10):
        p0, p1 = MULTIPLIER_0 * c0, MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (p1 >> SHIFT) ^ c1 ^ k0, p1 & LOW, (p0 >> SHIFT) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    return c0, c1, c2, c3


@inlined
def unit(high, low):  # type: ignore[no-untyped-def]
    """Return a float64 uniform in (0, 1) made of the top 52 bits of two random words.

    With 53 bits the half would be rounded, and the largest number would be 1.
    """
    return (np.float64(high * np.uint64(1 << 20) + (low >> np.uint64(12))) + 0.5) * 2.0**-52


@inlined
def uniform(key, who, when):  # type: ignore[no-untyped-def]
    """Return the number in (0, 1) of element (`who`, `when`) of a stream."""
    c0, c1 = np.uint64(who), np.uint64(when)
    w0, w1, _, _ = philox(key, c0, c1 & LOW, c1 >> SHIFT, np.uint64(0))
    return unit(w0, w1)


@compiled
def uniforms(key, who, when):  # type: ignore[no-untyped-def]
    """Return the numbers in (0, 1) of the elements (`who[i]`, `when`) of a stream.

    Parameters
    ----------
    key : uint64
    who : array of int64
        Ids of neurons, or places in a list, below 2**32.
    when : int
        A step, or the number of a draw.
    """
    numbers = np.empty(len(who))
    for i in range(len(who)):
        numbers[i] = uniform(key, who[i], when)
    return numbers


@compiled
def poisson_words(key, first, stride, group, n, words):  # type: ignore[no-untyped-def]
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


def poisson_thresholds(mean: float) -> tuple[int, npt.NDArray[np.uint32]]:
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
def poisson_counts(words, base, thresholds, counts):  # type: ignore[no-untyped-def]
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
