"""A Poisson number of synapses for each pair."""

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Ints
from distsp.base.compiled import compiled
from distsp.base.fields import NonNegative
from distsp.network.rules.rule import Drawn, Ends, Rule, longer
from distsp.rng.streams import uniform


class PairwisePoisson(Rule):
    """Each pair as many times as a Poisson distribution says."""

    by_target: ClassVar[bool] = True

    rule: Literal["pairwise_poisson"] = "pairwise_poisson"
    pairwise_avg_num_conns: NonNegative = Field(description="mean number of synapses of each pair")
    allow_multapses: Literal[True] = Field(True, description="a pair is connected several times")

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return self.pairwise_avg_num_conns * n_sources * n_targets

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are here; see `Rule.draw`."""
        mean, forbidden = self.pairwise_avg_num_conns, self.forbidden(ends.own)
        return Drawn(*pairwise_poisson(key, ends.n_sources, ends.targets, forbidden, mean))


@compiled
def pairwise_poisson(
    key: np.uint64, n: int, targets: Ints, forbidden: Ints, mean: float
) -> tuple[Ints, Ints]:
    """Draw a Poisson number of synapses from each of `n` sources to each target.

    A Poisson process of this rate runs along a line on which each source has a piece of length 1:
    the cost follows the number of synapses, not of pairs.

    Parameters
    ----------
    key : uint64
    n : int
        Number of sources.
    targets, forbidden : array (m,) of int64
        Places of the targets, and the source that each must not have, -1 for none.
    mean : float
    """
    expected = len(targets) * n * mean
    room = int(expected + 6.0 * np.sqrt(expected)) + 16
    sources, chosen = np.empty(room, np.int64), np.empty(room, np.int64)
    count = 0
    if mean > 0.0:
        for i in range(len(targets)):
            draw, place = 0, 0.0
            while True:
                place -= math.log(uniform(key, targets[i], draw)) / mean
                draw += 1
                if place >= n:
                    break
                source = int(place)
                if source == forbidden[i]:
                    continue
                if count == len(sources):
                    sources, chosen = longer(sources), longer(chosen)
                sources[count], chosen[count] = source, targets[i]
                count += 1
    return sources[:count].copy(), chosen[:count].copy()
