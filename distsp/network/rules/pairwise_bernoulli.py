"""Each pair with the same probability."""

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Ints
from distsp.base.compiled import compiled
from distsp.base.fields import Probability
from distsp.network.rules.rule import Drawn, Ends, Rule, longer
from distsp.rng.streams import uniform


class PairwiseBernoulli(Rule):
    """Each pair with probability `p`."""

    by_target: ClassVar[bool] = True

    rule: Literal["pairwise_bernoulli"] = "pairwise_bernoulli"
    p: Probability = Field(description="probability of each pair")

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return self.p * n_sources * n_targets

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are here; see `Rule.draw`."""
        forbidden = self.forbidden(ends.own)
        return Drawn(*pairwise_bernoulli(key, ends.n_sources, ends.targets, forbidden, self.p))


@compiled
def pairwise_bernoulli(
    key: np.uint64, n: int, targets: Ints, forbidden: Ints, p: float
) -> tuple[Ints, Ints]:
    """Draw each of `n` sources for each target with probability `p`.

    The gap to the next source that is drawn has a geometric distribution, so the cost follows the
    number of synapses, not of pairs.

    Parameters
    ----------
    key : uint64
    n : int
        Number of sources.
    targets, forbidden : array (m,) of int64
        Places of the targets, and the source that each must not have, -1 for none.
    p : float
    """
    expected = len(targets) * n * p
    room = int(expected + 6.0 * np.sqrt(expected)) + 16
    sources, chosen = np.empty(room, np.int64), np.empty(room, np.int64)
    count = 0
    if p > 0.0:
        log_miss = math.log1p(-p) if p < 1.0 else -np.inf
        for i in range(len(targets)):
            draw, source = 0, -1
            while True:
                gap = np.floor(math.log(uniform(key, targets[i], draw)) / log_miss)
                draw += 1
                if source + 1 + gap >= n:
                    break
                source += 1 + int(gap)
                if source == forbidden[i]:
                    continue
                if count == len(sources):
                    sources, chosen = longer(sources), longer(chosen)
                sources[count], chosen[count] = source, targets[i]
                count += 1
    return sources[:count].copy(), chosen[:count].copy()
