"""Falls exponentially with the distance."""

from typing import Literal

from pydantic import Field

from distsp.base.fields import Length
from distsp.plasticity.kernels.kernel import EXPONENTIAL, LOWEST, Kernel


class Exponential(Kernel):
    """exp(-d / beta)."""

    kernel: Literal["exponential"] = "exponential"
    beta: Length = Field(description="length over which it falls to 1/e, in that of the positions")

    def coefficients(self) -> tuple[int, float]:
        """Return (code, a): the arguments of `exponent`."""
        return EXPONENTIAL, 1.0 / self.beta

    def reach(self) -> float:
        """Return the distance at which the kernel is no longer a number above 0."""
        return self.beta * LOWEST
