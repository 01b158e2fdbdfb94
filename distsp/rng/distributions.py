"""Numbers that differ between neurons or synapses: drawn from a distribution, or one for all."""

from math import exp, isfinite, log
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from scipy.special import ndtr, ndtri

from distsp.base.arrays import Floats
from distsp.base.components import Component, OneOf
from distsp.base.fields import Finite, NonNegative

REACH = 9.0
"""Standard deviations beyond which no number of 52 random bits lies."""

WIDE = 3.0
"""Standard deviations that `range` takes for the reach of a distribution without ends."""


class Distribution(Component):
    """What numbers are drawn from."""

    key: ClassVar[str] = "distribution"

    def quantile(self, u: Floats) -> Floats:
        """Return the values below which the fractions `u` of the distribution lie."""
        raise NotImplementedError

    def range(self) -> tuple[float, float]:
        """Return the ends, or what lies 3 standard deviations from the mean without ends."""
        raise NotImplementedError

    @property
    def centre(self) -> float:
        """The mean, or the median where the distribution is cut."""
        raise NotImplementedError


class Uniform(Distribution):
    """Uniform between `low` and `high`.

    Examples
    --------
    >>> Uniform(low=0.0, high=19.0).quantile(np.array([0.5]))
    array([9.5])
    """

    distribution: Literal["uniform"] = "uniform"
    low: Finite = Field(description="lower end")
    high: Finite = Field(description="upper end")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low, {self.low}, must not be above high, {self.high}")
        if not isfinite(self.high - self.low):
            raise ValueError(f"low, {self.low}, and high, {self.high}, must not lie so far apart")
        return self

    def quantile(self, u: Floats) -> Floats:
        """Return the values below which the fractions `u` of the distribution lie."""
        return self.low + u * (self.high - self.low)

    def range(self) -> tuple[float, float]:
        """Return the ends."""
        return self.low, self.high

    @property
    def centre(self) -> float:
        """The mean."""
        return 0.5 * (self.low + self.high)


class Normal(Distribution):
    """Normal with the given `mean` and standard deviation `std`, between `low` and `high`.

    Examples
    --------
    >>> Normal(mean=1.0, std=0.5, low=0.0).quantile(np.array([0.0, 0.5])).round(3)
    array([0.   , 1.014])
    """

    distribution: Literal["normal"] = "normal"
    mean: Finite = Field(description="mean, where there are no ends")
    std: NonNegative = Field(description="standard deviation, where there are no ends")
    low: Finite | None = Field(None, description="nothing is below")
    high: Finite | None = Field(None, description="nothing is above")

    @model_validator(mode="after")
    def _finite(self) -> Self:
        if not isfinite(abs(self.mean) + REACH * self.std):
            raise ValueError(f"mean, {self.mean}, and std, {self.std}, must not be so large")
        low, high = self._ends()
        if not low <= self.mean <= high:
            raise ValueError(f"mean, {self.mean}, must be from low, {low}, to high, {high}")
        return self

    def _ends(self) -> tuple[float, float]:
        return (
            -np.inf if self.low is None else self.low,
            np.inf if self.high is None else self.high,
        )

    def quantile(self, u: Floats) -> Floats:
        """Return the values below which the fractions `u` of the distribution lie."""
        low, high = self._ends()
        if self.std > 0.0 and (self.low is not None or self.high is not None):
            first, last = ndtr((low - self.mean) / self.std), ndtr((high - self.mean) / self.std)
            u = first + u * (last - first)
        return np.clip(self.mean + self.std * ndtri(u), low, high)

    def range(self) -> tuple[float, float]:
        """Return the ends, or what lies 3 standard deviations from the mean."""
        low, high = self._ends()
        return max(self.mean - WIDE * self.std, low), min(self.mean + WIDE * self.std, high)

    @property
    def centre(self) -> float:
        """The mean of the distribution before it is cut."""
        return self.mean


class Lognormal(Distribution):
    """Lognormal: the logarithm is normal with the given `mean` and standard deviation `std`.

    Examples
    --------
    >>> Lognormal(mean=0.0, std=1.0).quantile(np.array([0.5]))
    array([1.])
    """

    distribution: Literal["lognormal"] = "lognormal"
    mean: Finite = Field(description="of the logarithm")
    std: NonNegative = Field(description="of the logarithm")

    @model_validator(mode="after")
    def _finite(self) -> Self:
        if not abs(self.mean) + REACH * self.std < log(np.finfo(float).max):
            raise ValueError(f"mean, {self.mean}, and std, {self.std}, must not be so large")
        return self

    def quantile(self, u: Floats) -> Floats:
        """Return the values below which the fractions `u` of the distribution lie."""
        return np.exp(self.mean + self.std * ndtri(u))

    def range(self) -> tuple[float, float]:
        """Return what lies 3 standard deviations of the logarithm from its mean."""
        return exp(self.mean - WIDE * self.std), exp(self.mean + WIDE * self.std)

    @property
    def centre(self) -> float:
        """The mean."""
        return exp(self.mean + 0.5 * self.std**2)


Number = Finite | Annotated[Distribution, OneOf(Distribution)]
"""One value for all, or a distribution that each draws its own from."""


def values(number: float | Distribution, u: Floats) -> Floats:
    """Return `number` for each of the uniform random numbers `u` in (0, 1)."""
    if isinstance(number, Distribution):
        return number.quantile(u)
    return np.full(len(u), float(number))


def mean(number: float | Distribution) -> float:
    """Return the mean of a distribution, or the one value."""
    return number.centre if isinstance(number, Distribution) else number
