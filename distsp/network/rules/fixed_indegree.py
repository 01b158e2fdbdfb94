"""As many synapses onto every target."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Ints
from distsp.base.compiled import compiled
from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE
from distsp.network.rules.rule import Drawn, Ends, Rule
from distsp.rng.streams import uniform


class FixedIndegree(Rule):
    """`indegree` synapses onto every target, their sources drawn uniformly."""

    by_target: ClassVar[bool] = True

    rule: Literal["fixed_indegree"] = "fixed_indegree"
    indegree: Annotated[int, Field(ge=0, le=MAX_SIZE)] = Field(description="synapses per target")

    def check_ends(self, where: str, ends: Ends) -> None:
        """Refuse more synapses than there are sources to draw; see `Rule.check_ends`."""
        available = ends.n_sources - (ends.n_common > 0 and not self.allow_autapses)
        if available == 0 and self.indegree > 0:
            raise InputError(f"{where}: there is no source to draw from")
        if not self.allow_multapses and self.indegree > available:
            right = f"must be at most the number of sources, {available}, without multapses"
            raise InputError.at(f"{where}.indegree", self.indegree, right)

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return self.indegree * n_targets

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are here; see `Rule.draw`."""
        forbidden = self.forbidden(ends.own)
        sources = fixed_indegree(
            key, ends.n_sources, ends.targets, forbidden, self.indegree, self.allow_multapses
        )
        return Drawn(sources, np.repeat(ends.targets, self.indegree))


@compiled
def fixed_indegree(
    key: np.uint64, n: int, targets: Ints, forbidden: Ints, indegree: int, multapses: bool
) -> Ints:
    """Draw `indegree` of `n` sources for each target.

    Parameters
    ----------
    key : uint64
    n : int
        Number of sources.
    targets, forbidden : array (m,) of int64
        Places of the targets, and the source that each must not have, -1 for none.
    indegree : int
    multapses : bool
        Whether a source may be drawn again for the same target.

    Returns
    -------
    array (m * indegree,) of int64
        The sources of the first target, then those of the next.
    """
    sources = np.empty(len(targets) * indegree, dtype=np.int64)
    drawn_for = np.full(0 if multapses else n, -1)
    count = 0
    for i in range(len(targets)):
        draw, found = 0, 0
        while found < indegree:
            source = np.int64(uniform(key, targets[i], draw) * n)
            draw += 1
            if source == forbidden[i]:
                continue
            if not multapses:
                if drawn_for[source] == i:
                    continue
                drawn_for[source] = i
            sources[count] = source
            count += 1
            found += 1
    return sources
