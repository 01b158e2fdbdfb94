"""Synapses that are listed one by one."""

from typing import Literal

import numpy as np
from pydantic import Field

from distsp.base.columns import IntColumn
from distsp.base.errors import InputError
from distsp.network.rules.rule import Drawn, Ends, Rule


class Explicit(Rule):
    """A synapse from each of `sources` to the one of `targets` in the same place of the list."""

    rule: Literal["explicit"] = "explicit"
    sources: IntColumn = Field(description="place of each synapse's source in its group")
    targets: IntColumn = Field(description="place of each synapse's target in its group")
    allow_autapses: Literal[True] = Field(True, description="what is listed is made")
    allow_multapses: Literal[True] = Field(True, description="what is listed is made")

    def check_ends(self, where: str, ends: Ends) -> None:
        """Refuse places that are outside of the groups; see `Rule.check_ends`."""
        if len(self.sources) != len(self.targets):
            raise InputError(
                f"{where}.targets: there are {len(self.targets)}, "
                f"but must be as many as sources, {len(self.sources)}"
            )
        check_places(f"{where}.sources", self.sources.bounds, ends.n_sources)
        check_places(f"{where}.targets", self.targets.bounds, ends.n_targets)

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return len(self.sources)

    def listed(self) -> int | None:
        """Return how many synapses the user has listed."""
        return len(self.sources)

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are here; see `Rule.draw`."""
        which = np.flatnonzero(ends.is_here[self.targets.array])
        sources, targets = self.sources.array[which], self.targets.array[which]
        return Drawn(sources, targets, which=which)


def check_places(where: str, bounds: tuple[int, int] | None, size: int) -> None:
    """Refuse places, given the lowest and the highest, that are outside of `size` neurons."""
    for place in bounds or ():
        if not 0 <= place < size:
            raise InputError.at(where, place, f"must be from 0 to {size - 1}")
