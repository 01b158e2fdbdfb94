"""Each pair with the same probability, or with one that follows the distance."""

import math
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Ints
from distsp.base.compiled import borrowed, compiled
from distsp.base.components import OneOf
from distsp.base.fields import Probability
from distsp.network.rules.rule import Drawn, Ends, Rule, longer
from distsp.plasticity.distance import Cover, covered, room_for, words
from distsp.plasticity.kernels import Kernel, Profile
from distsp.plasticity.kernels.kernel import exponent
from distsp.plasticity.tree import Tree, places_in, squared_distance
from distsp.rng.streams import uniform


class PairwiseBernoulli(Rule):
    """Each pair with probability `p`, or `p` times the kernel of the distance."""

    by_target: ClassVar[bool] = True

    rule: Literal["pairwise_bernoulli"] = "pairwise_bernoulli"
    p: Probability = Field(description="probability of each pair, with a kernel at distance 0")
    kernel: Annotated[Kernel, OneOf(Kernel)] | None = Field(
        None, description="what `p` is multiplied with, if the distance matters"
    )

    def profile(self) -> Profile | None:
        """Return the kernel of the distance; see `Rule.profile`."""
        return None if self.kernel is None else self.kernel.profile()

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be; with a kernel only that they are some."""
        return self.p * n_sources * n_targets if self.kernel is None else 0.0

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are here; see `Rule.draw`."""
        forbidden, profile = self.forbidden(ends.own), self.profile()
        if profile is not None:
            tree, points = ends.tree(), ends.points()
            cover = room_for(tree)
            arguments = tree, cover, points, ends.targets, forbidden, self.p, profile
            return Drawn(*bernoulli_nearby(key, *arguments))
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


@compiled
def bernoulli_nearby(
    key: np.uint64,
    tree: Tree,
    cover: Cover,
    points: Floats,
    targets: Ints,
    forbidden: Ints,
    p: float,
    profile: Profile,
) -> tuple[Ints, Ints]:
    """Draw each source for each target with probability `p` times the kernel of their distance.

    In a box of the tree sources are drawn with the probability at its nearest point, and kept with
    the probability that makes up for it. The cost follows the number of synapses, and for each
    target some tens of boxes.

    Parameters
    ----------
    key : uint64
    tree : Tree
        Of the sources.
    cover : Cover
    points : array (m, 3) of float64
        Where the targets are.
    targets, forbidden : array (m,) of int64
        Places of the targets, and the source that each must not have, -1 for none.
    p : float
    profile : Profile
    """
    tree, cover = borrowed(tree), borrowed(cover)
    sources, chosen = np.empty(len(targets) + 16, np.int64), np.empty(len(targets) + 16, np.int64)
    count = 0
    for i in range(len(targets)):
        point, draw = points[i], 0
        n, _, _ = covered(tree, cover, point, profile)
        for b in range(n):
            highest = p * math.exp(-cover.nearest[b])
            if highest == 0.0:
                continue
            log_miss = math.log1p(-highest) if highest < 1.0 else -np.inf
            first, end = places_in(tree, cover.boxes[b])
            place = first - 1
            while True:
                u, v = words(key, targets[i], 0, draw)
                draw += 1
                gap = np.floor(math.log(u) / log_miss)
                if place + 1 + gap >= end:
                    break
                place += 1 + int(gap)
                squared = squared_distance(
                    tree.points, place, point[0], point[1], point[2], tree.period
                )
                e = exponent(profile.code, profile.a, squared)
                source = tree.order[place]
                if squared > profile.furthest or v >= math.exp(cover.nearest[b] - e):
                    continue
                if source == forbidden[i]:
                    continue
                if count == len(sources):
                    sources, chosen = longer(sources), longer(chosen)
                sources[count], chosen[count] = source, targets[i]
                count += 1
    return sources[:count].copy(), chosen[:count].copy()
