"""Neurons in rows and columns."""

from math import prod
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Ints
from distsp.base.errors import InputError
from distsp.base.fields import Size
from distsp.network.positions.positions import Extent, Positions


class Grid(Positions):
    """At the centres of equal cells of the extent, the last axis first."""

    positions: Literal["grid"] = "grid"
    extent: Extent = Field(
        description="coordinates are from 0 to this along each axis, in any unit of length"
    )
    shape: Annotated[list[Size], Field(min_length=2, max_length=3)] | None = Field(
        None, description="cells along each axis; near to cubes, the last ones empty, if not given"
    )

    def check_size(self, where: str, size: int) -> None:
        """Refuse a shape that has not `size` cells; see `Positions.check_size`."""
        if self.shape is None:
            return
        if len(self.shape) != self.dimensions:
            right = f"must have {self.dimensions} entries, as many as extent"
            raise InputError.at(f"{where}.shape", self.shape, right)
        if prod(self.shape) != size:
            right = f"has {prod(self.shape)} cells, but must have {size}, one for each neuron"
            raise InputError.at(f"{where}.shape", self.shape, right)

    def at(self, places: Ints, first: int, size: int, seed: int) -> Floats:
        """Return the positions of some neurons; see `Positions.at`."""
        shape = self.shape or near_to_cubes(self.extent, size)
        cells = np.stack(np.unravel_index(places, shape), axis=1)
        return (cells + 0.5) * (np.array(self.extent) / np.array(shape))


def near_to_cubes(extent: list[float], size: int) -> list[int]:
    """Return how many cells along each axis make at least `size`, near to cubes, few to spare.

    Examples
    --------
    >>> near_to_cubes([1.0, 2.0], 800), near_to_cubes([1.0, 1.0, 1.0], 1001)
    ([20, 40], [10, 10, 11])
    """
    shape: list[int] = []
    for axis in range(len(extent) - 1):
        left = np.array(extent[axis:])
        rest = size / prod(shape)
        # In logarithms, as an extent may be very long and thin.
        side = (np.log(left).sum() - np.log(rest)) / len(left)
        shape.append(int(np.clip(np.rint(np.exp(np.log(left[0]) - side)), 1, np.ceil(rest))))
    return [*shape, -(-size // prod(shape))]
