"""As many synapses in all."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Bools, Ints
from distsp.base.compiled import compiled
from distsp.base.errors import InputError
from distsp.network.rules.rule import Drawn, Ends, Rule, longer
from distsp.rng.streams import LOW, SHIFT, philox, unit

MAX_TOTAL = 2**48
"""Synapses of a network that could be numbered, and more than there will be."""


class FixedTotalNumber(Rule):
    """`N` synapses, source and target of each drawn uniformly.

    Every rank draws all synapses and keeps those onto its own targets: at most 50 ns for each
    synapse of the network, on every rank. Without multapses it remembers all pairs meanwhile, in 16
    to 32 bytes each, and takes several times as long.
    """

    rule: Literal["fixed_total_number"] = "fixed_total_number"
    N: Annotated[int, Field(ge=0, le=MAX_TOTAL)] = Field(description="synapses in all")

    def check_ends(self, where: str, ends: Ends) -> None:
        """Refuse more synapses than there are pairs to draw; see `Rule.check_ends`."""
        available = ends.n_sources * ends.n_targets
        if not self.allow_autapses:
            available -= ends.n_common
        if available == 0 and self.N > 0:
            raise InputError(f"{where}: there is no pair to draw from")
        if not self.allow_multapses and available < self.N:
            right = f"must be at most the number of pairs, {available}, without multapses"
            raise InputError.at(f"{where}.N", self.N, right)

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return self.N

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are here; see `Rule.draw`."""
        found = fixed_total_number(
            key,
            self.forbidden(ends.twins),
            ends.is_here,
            self.N,
            self.allow_multapses,
            ends.room(self.N),
        )
        return Drawn(*found)


@compiled
def _is_new(pair: int, seen: Ints, bits: int) -> bool:
    """Return whether a pair is not yet in the table `seen`, and enter it.

    The table has 2**bits places, -1 where it is empty; a pair stands at the first free place from
    the one that its number hashes to.
    """
    place = np.int64((np.uint64(pair) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits))
    while seen[place] >= 0:
        if seen[place] == pair:
            return False
        place = (place + 1) & (len(seen) - 1)
    seen[place] = pair
    return True


@compiled
def fixed_total_number(
    key: np.uint64, forbidden: Ints, here: Bools, total: int, multapses: bool, room: int
) -> tuple[Ints, Ints]:
    """Draw `total` pairs, and return those whose targets are here.

    Parameters
    ----------
    key : uint64
    forbidden : array (n,) of int64
        The target that each source must not have, -1 for none.
    here : array (m,) of bool
        Of each target, whether it is here.
    total : int
    multapses : bool
        Whether a pair may be drawn again.
    room : int
        Synapses that there is room for at first.
    """
    n_sources, n_targets = len(forbidden), len(here)
    sources, targets = np.empty(room, np.int64), np.empty(room, np.int64)
    bits = 1
    while not multapses and 1 << bits < 2 * total:
        bits += 1
    seen = np.full(1 << bits, -1)
    count, found, draw = 0, 0, np.uint64(0)
    while found < total:
        w0, w1, w2, w3 = philox(key, draw & LOW, draw >> SHIFT, np.uint64(0), np.uint64(0))
        draw += np.uint64(1)
        source = np.int64(unit(w0, w1) * n_sources)
        target = np.int64(unit(w2, w3) * n_targets)
        if target == forbidden[source]:
            continue
        if not multapses and not _is_new(source * n_targets + target, seen, bits):
            continue
        found += 1
        if here[target]:
            if count == len(sources):
                sources, targets = longer(sources), longer(targets)
            sources[count], targets[count] = source, target
            count += 1
    return sources[:count].copy(), targets[:count].copy()
