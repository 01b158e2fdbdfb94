"""The first source to the first target, the second to the second, and so on."""

from typing import ClassVar, Literal

import numpy as np

from distsp.base.errors import InputError
from distsp.network.rules.rule import Drawn, Ends, Rule


class OneToOne(Rule):
    """The first source to the first target, the second to the second, and so on."""

    by_target: ClassVar[bool] = True

    rule: Literal["one_to_one"] = "one_to_one"

    def check_ends(self, where: str, ends: Ends) -> None:
        """Refuse ends of different sizes; see `Rule.check_ends`."""
        if ends.n_sources != ends.n_targets:
            raise InputError(
                f"{where}: one_to_one needs as many sources, {ends.n_sources}, "
                f"as targets, {ends.n_targets}"
            )

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return n_targets

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are here; see `Rule.draw`."""
        return self.without_autapses(ends.targets, ends.targets, ends.own)
