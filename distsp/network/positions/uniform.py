"""Neurons anywhere in the extent, each with the same probability."""

from typing import Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Ints
from distsp.network.positions.positions import Extent, Positions
from distsp.rng.streams import Purpose, stream_key, uniforms


class Uniform(Positions):
    """Drawn per neuron id, uniformly in the extent."""

    positions: Literal["uniform"] = "uniform"
    extent: Extent = Field(
        description="coordinates are from 0 to this along each axis, in any unit of length"
    )

    def at(self, places: Ints, first: int, size: int, seed: int) -> Floats:
        """Return the positions of some neurons; see `Positions.at`."""
        key = stream_key(seed, Purpose.POSITION)
        axes = [uniforms(key, first + places, axis) * end for axis, end in enumerate(self.extent)]
        return np.stack(axes, axis=1)
