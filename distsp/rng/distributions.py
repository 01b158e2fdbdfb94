"""Numbers that differ between neurons or synapses: drawn from a distribution, or one for all."""

from math import isfinite
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from scipy.special import ndtri

from distsp.base.fields import Fields, Finite, NonNegative

Floats = npt.NDArray[np.float64]

REACH = 9.0
"""Standard deviations beyond which no number of 52 random bits lies."""


class Uniform(Fields):
    """Uniform between `low` and `high`.

    Examples
    --------
    >>> Uniform(low=0.0, high=19.0).quantile(np.array([0.5]))
    array([9.5])
    """

    distribution: Literal["uniform"] = "uniform"
    low: Finite
    high: Finite

    @model_validator(mode="after")
    def _ordered(self) -> "Uniform":
        if self.low > self.high:
            raise ValueError(f"low, {self.low}, must not be above high, {self.high}")
        if not isfinite(self.high - self.low):
            raise ValueError(f"low, {self.low}, and high, {self.high}, must not lie so far apart")
        return self

    def quantile(self, u: Floats) -> Floats:
        """Return the values below which the fractions `u` of the distribution lie."""
        return self.low + u * (self.high - self.low)


class Normal(Fields):
    """Normal with the given `mean` and standard deviation `std`."""

    distribution: Literal["normal"] = "normal"
    mean: Finite
    std: NonNegative

    @model_validator(mode="after")
    def _finite(self) -> "Normal":
        if not isfinite(abs(self.mean) + REACH * self.std):
            raise ValueError(f"mean, {self.mean}, and std, {self.std}, must not be so large")
        return self

    def quantile(self, u: Floats) -> Floats:
        """Return the values below which the fractions `u` of the distribution lie."""
        return self.mean + self.std * ndtri(u)


Distribution = Annotated[Uniform | Normal, Field(discriminator="distribution")]
Number = Finite | Distribution
"""One value for all, or a distribution that each draws its own from."""


def values(number: float | Uniform | Normal, u: Floats) -> Floats:
    """Return `number` for each of the uniform random numbers `u` in (0, 1)."""
    if isinstance(number, float | int):
        return np.full(len(u), float(number))
    return number.quantile(u)


def mean(number: float | Uniform | Normal) -> float:
    """Return the mean of a distribution, or the one value."""
    if isinstance(number, Uniform):
        return 0.5 * (number.low + number.high)
    return number.mean if isinstance(number, Normal) else number
