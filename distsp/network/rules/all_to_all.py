"""Every source to every target."""

from typing import ClassVar, Literal

import numpy as np

from distsp.network.rules.rule import Drawn, Ends, Rule


class AllToAll(Rule):
    """Every source to every target."""

    by_target: ClassVar[bool] = True

    rule: Literal["all_to_all"] = "all_to_all"

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are here; see `Rule.draw`."""
        n = ends.n_sources
        sources = np.tile(np.arange(n), len(ends.targets))
        own = ends.targets if self.allow_autapses else ends.own
        return self.without_autapses(sources, np.repeat(ends.targets, n), np.repeat(own, n))
