"""The space that neurons share: where each is, and which edges are one."""

from collections.abc import Iterable

import numpy as np

from distsp.base.arrays import Floats, Ints
from distsp.base.errors import InputError
from distsp.network.population import Population

MOST_DIMENSIONS = 3


class Space:
    """The space of some populations.

    Parameters
    ----------
    where : str
        Path of the field that needs it, for messages.
    populations : iterable of Population

    Raises
    ------
    InputError
        If one of them has no positions, or others than the rest.

    Attributes
    ----------
    period : array (3,) of float64
        Length after which the space repeats itself along each axis; infinity where it does not.
    """

    def __init__(self, where: str, populations: Iterable[Population]) -> None:
        self.populations = list(populations)
        first, *others = self.populations
        for one in self.populations:
            if one.positions is None:
                raise InputError(
                    f"{where}: needs positions of the neurons; populations.{one.name} has none"
                )
        assert first.positions is not None
        for other in others:
            assert other.positions is not None
            for key in ("dimensions", "periodic", "extent"):
                mine, found = getattr(first.positions, key), getattr(other.positions, key)
                if mine != found and (key != "extent" or first.positions.periodic):
                    raise InputError.at(
                        f"populations.{other.name}.positions.{key}",
                        found,
                        f"must be {mine}, as in populations.{first.name}: {where} connects them",
                    )
        self.period = np.full(MOST_DIMENSIONS, np.inf)
        if first.positions.periodic:
            self.period[: first.positions.dimensions] = first.positions.extent

    def at(self, ids: Ints) -> Floats:
        """Return the positions of neurons: an array (n, 3), the last axis 0 in 2 dimensions."""
        found = np.zeros((len(ids), MOST_DIMENSIONS))
        for population in self.populations:
            own = np.flatnonzero((ids >= population.first) & (ids < population.ids.stop))
            rows = population.positions_at(ids[own] - population.first)
            found[own, : rows.shape[1]] = rows
        return found
