"""Falls as a Gaussian of the distance."""

import math
from typing import Literal

from pydantic import Field

from distsp.base.fields import Length
from distsp.plasticity.kernels.kernel import GAUSSIAN, LOWEST, Kernel


class Gaussian(Kernel):
    """exp(-d^2 / (2 std^2)), as in Butz & van Ooyen 2013 (PLoS Comput Biol 9:e1003259)."""

    kernel: Literal["gaussian"] = "gaussian"
    std: Length = Field(description="width, in the unit of the positions")

    def coefficients(self) -> tuple[int, float]:
        """Return (code, a): the arguments of `exponent`."""
        return GAUSSIAN, 0.5 / self.std**2

    def reach(self) -> float:
        """Return the distance at which the kernel is no longer a number above 0."""
        return self.std * math.sqrt(2.0 * LOWEST)
