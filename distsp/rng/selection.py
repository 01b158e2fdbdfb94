"""A fraction of a population, drawn once: a function of the seed and the ids."""

import numpy as np

from distsp.base.arrays import Ints
from distsp.base.selection import Fraction
from distsp.rng.streams import Purpose, stream_key, uniforms


def drawn_places(seed: int, neurons: range, fraction: Fraction) -> Ints:
    """Return places of a fraction of the neurons with these ids, at least one, in order.

    Examples
    --------
    >>> drawn_places(1, range(100, 110), Fraction(fraction=0.3))
    array([0, 7, 9])
    """
    lots = uniforms(stream_key(seed, Purpose.SELECTION, fraction.draw), np.array(neurons), 0)
    n = max(round(fraction.fraction * len(neurons)), 1)
    return np.sort(np.argsort(lots, kind="stable")[:n])
