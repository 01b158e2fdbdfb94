"""What every kernel is: a class (its parameters) and a branch of `exponent`, tied by its `code`."""

import math
from typing import ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats
from distsp.base.compiled import inlined
from distsp.base.components import Component
from distsp.base.fields import Length

GAUSSIAN, EXPONENTIAL = 0, 1

LOWEST = 745.1332191019411
"""The largest x of which exp(-x) is not 0 in float64: what is less likely than that is never."""


class Profile(NamedTuple):
    """A kernel as compiled functions take it."""

    code: int
    a: float  # of `exponent`
    furthest: float  # square of the distance from which on nothing is connected


class Kernel(Component):
    """How likely a synapse is at a distance d, beside others; 1 at d = 0."""

    key: ClassVar[str] = "kernel"

    max_distance: Length | None = Field(None, description="neurons farther apart do not connect")

    def coefficients(self) -> tuple[int, float]:
        """Return (code, a): the arguments of `exponent`."""
        raise NotImplementedError

    def reach(self) -> float:
        """Return the distance at which the kernel is no longer a number above 0."""
        raise NotImplementedError

    def values(self, distance: Floats) -> Floats:
        """Return the kernel at some distances."""
        code, a = self.coefficients()
        values = np.exp(-a * (distance**2 if code == GAUSSIAN else distance))
        return np.where(distance <= math.sqrt(self.profile().furthest), values, 0.0)

    def profile(self) -> Profile:
        """Return the kernel as compiled functions take it."""
        ends = [self.reach()] + ([] if self.max_distance is None else [self.max_distance])
        return Profile(*self.coefficients(), min(ends) ** 2)


@inlined
def exponent(code: int, a: float, squared: float) -> float:
    """Return E of the kernel exp(-E), at the square of a distance."""
    return a * squared if code == GAUSSIAN else a * math.sqrt(squared)
