"""Random numbers as functions of (seed, purpose, who, when): no generator has a history.

The generator is Philox4x32-10 (Salmon et al. 2011, SC'11): a key of two 32-bit words says which
stream, a counter of four says which element of it, and four random words come back. Any rank can
compute any number without asking another, in any order, so results cannot depend on either.
"""

from enum import IntEnum

import numpy as np

from distsp.base.arrays import Floats, Ints
from distsp.base.compiled import compiled, inlined
from distsp.base.errors import InputError

MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)


MAX_STREAMS = 2**24
"""Streams of one purpose."""


class Purpose(IntEnum):
    """What a random number is for; the high byte of the second word of the key."""

    POISSON = 1
    INITIAL_STATE = 2
    CONNECTION = 3
    BREAK_OUTGOING = 4
    BREAK_INCOMING = 5
    PAIR = 6
    SYNAPSE = 7
    NEURON = 8
    SELECTION = 9
    OWN_VALUE = 10
    DISCONNECT = 11
    NOISE = 12
    POSITION = 13
    PARTNER = 14


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

    Raises
    ------
    InputError
        If there are more of them than can be told apart.
    """
    if not 0 <= index < MAX_STREAMS:
        what = purpose.name.lower().replace("_", " ")
        raise InputError(f"{what} {index}: there can be no more than {MAX_STREAMS} of them")
    return np.uint64(seed | (purpose << 24 | index) << 32)


@inlined
def philox(
    key: np.uint64, c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
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
def unit(high: np.uint64, low: np.uint64) -> float:
    """Return a float64 uniform in (0, 1) made of the top 52 bits of two random words.

    With 53 bits the half would be rounded, and the largest number would be 1.
    """
    return (np.float64(high * np.uint64(1 << 20) + (low >> np.uint64(12))) + 0.5) * 2.0**-52


@inlined
def uniform(key: np.uint64, who: int, when: int) -> float:
    """Return the number in (0, 1) of element (`who`, `when`) of a stream."""
    c0, c1 = np.uint64(who), np.uint64(when)
    w0, w1, _, _ = philox(key, c0, c1 & LOW, c1 >> SHIFT, np.uint64(0))
    return unit(w0, w1)


@compiled
def uniforms(key: np.uint64, who: Ints, when: int) -> Floats:
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
