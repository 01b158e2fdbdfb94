"""As many synapses from every source."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Bools, Ints
from distsp.base.compiled import compiled
from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE
from distsp.network.rules.rule import Drawn, Ends, Rule, longer
from distsp.rng.streams import uniform


class FixedOutdegree(Rule):
    """`outdegree` synapses from every source, their targets drawn uniformly.

    Every rank draws the synapses of all sources and keeps those onto its own targets: at most 50 ns
    for each synapse of the network, on every rank.
    """

    rule: Literal["fixed_outdegree"] = "fixed_outdegree"
    outdegree: Annotated[int, Field(ge=0, le=MAX_SIZE)] = Field(description="synapses per source")

    def check_ends(self, where: str, ends: Ends) -> None:
        """Refuse more synapses than there are targets to draw; see `Rule.check_ends`."""
        available = ends.n_targets - (ends.n_common > 0 and not self.allow_autapses)
        if available == 0 and self.outdegree > 0:
            raise InputError(f"{where}: there is no target to draw from")
        if not self.allow_multapses and self.outdegree > available:
            right = f"must be at most the number of targets, {available}, without multapses"
            raise InputError.at(f"{where}.outdegree", self.outdegree, right)

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return self.outdegree * n_sources

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are here; see `Rule.draw`."""
        found = fixed_outdegree(
            key,
            self.forbidden(ends.twins),
            ends.is_here,
            self.outdegree,
            self.allow_multapses,
            ends.room(self.outdegree * ends.n_sources),
        )
        return Drawn(*found)


@compiled
def fixed_outdegree(
    key: np.uint64, forbidden: Ints, here: Bools, outdegree: int, multapses: bool, room: int
) -> tuple[Ints, Ints]:
    """Draw `outdegree` targets for each source, and return the synapses onto those that are here.

    Parameters
    ----------
    key : uint64
    forbidden : array (n,) of int64
        The target that each source must not have, -1 for none.
    here : array (m,) of bool
        Of each target, whether it is here.
    outdegree : int
    multapses : bool
        Whether a target may be drawn again for the same source.
    room : int
        Synapses that there is room for at first.
    """
    n_targets = len(here)
    sources, targets = np.empty(room, np.int64), np.empty(room, np.int64)
    drawn_for = np.full(0 if multapses else n_targets, -1)
    count = 0
    for source in range(len(forbidden)):
        draw, found = 0, 0
        while found < outdegree:
            target = np.int64(uniform(key, source, draw) * n_targets)
            draw += 1
            if target == forbidden[source]:
                continue
            if not multapses:
                if drawn_for[target] == source:
                    continue
                drawn_for[target] = source
            found += 1
            if here[target]:
                if count == len(sources):
                    sources, targets = longer(sources), longer(targets)
                sources[count], targets[count] = source, target
                count += 1
    return sources[:count].copy(), targets[:count].copy()
