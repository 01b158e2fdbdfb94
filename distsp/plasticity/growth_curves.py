"""Growth curves: how fast a synaptic element grows at a calcium concentration.

Butz & van Ooyen 2013 (PLoS Comput Biol 9:e1003259). A curve is a class (its parameters) and a
branch of `growth` (its rate, compiled); the number `code` ties the two.
"""

import math
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from distsp.base.arrays import Floats
from distsp.base.compiled import compiled, inlined
from distsp.base.components import Component
from distsp.base.fields import Finite, NonNegative, Positive

GAUSSIAN, LINEAR, SIGMOID = 0, 1, 2


class Element(Component):
    """A synaptic element of a population: its growth curve and what comes with it."""

    key: ClassVar[str] = "curve"

    code: ClassVar[int]

    growth_rate: Finite = Field(description="growth rate nu (1/ms)")
    tau_vacant: Annotated[float, Field(ge=0, le=1)] = Field(
        0.1, description="fraction of the vacant elements lost at an update"
    )
    z: NonNegative = Field(0.0, description="number of elements at the start")
    eps: Finite = Field(description="calcium concentration at which growth stops")

    def coefficients(self) -> tuple[float, float, float]:
        """Return (code, a, b): the arguments of `growth`."""
        raise NotImplementedError

    def width(self) -> float:
        """Return by how much calcium must change to change the growth."""
        return abs(self.coefficients()[2])


class Gaussian(Element):
    """dz/dt = nu (2 exp(-((Ca - xi) / zeta)^2) - 1), which is 0 at eta and at eps."""

    code: ClassVar[int] = GAUSSIAN
    curve: Literal["gaussian"] = "gaussian"
    eta: Finite = Field(0.0, description="calcium concentration at which growth starts")

    @model_validator(mode="after")
    def _two_zeros(self) -> Self:
        if np.any(np.asarray(self.eta) == self.eps):
            raise ValueError(f"eps, {self.eps}, must differ from eta, {self.eta}")
        return self

    def coefficients(self) -> tuple[float, float, float]:
        """Return (code, a, b): the arguments of `growth`."""
        zeta = (self.eta - self.eps) / (2.0 * ROOT_LN_2)
        return GAUSSIAN, 0.5 * (self.eta + self.eps), zeta


class Linear(Element):
    """dz/dt = nu (1 - Ca / eps)."""

    code: ClassVar[int] = LINEAR
    curve: Literal["linear"] = "linear"
    eps: Positive = Field(description="calcium concentration at which growth stops")

    def coefficients(self) -> tuple[float, float, float]:
        """Return (code, a, b): the arguments of `growth`."""
        return LINEAR, self.eps, 1.0

    def width(self) -> float:
        """Return by how much calcium must change to change the growth."""
        return self.eps


class Sigmoid(Element):
    """dz/dt = nu (2 / (1 + exp((Ca - eps) / psi)) - 1)."""

    code: ClassVar[int] = SIGMOID
    curve: Literal["sigmoid"] = "sigmoid"
    psi: Positive = Field(description="width of the curve")

    def coefficients(self) -> tuple[float, float, float]:
        """Return (code, a, b): the arguments of `growth`."""
        return SIGMOID, self.eps, self.psi


def _gauss_legendre(n: int) -> tuple[Floats, Floats]:
    """Return the points and weights of n-point quadrature on (0, 1)."""
    points, weights = np.polynomial.legendre.leggauss(n)
    return 0.5 * (points + 1.0), 0.5 * weights


# Lengths of panels are in units of the time in which calcium changes by the width of the curve, or
# by a factor of e if that is shorter. Up to 0.05, most intervals between spikes, three points leave
# an error below 1e-12; up to 0.3, five points one below 1e-13.
POINTS_3, WEIGHTS_3 = _gauss_legendre(3)
POINTS_5, WEIGHTS_5 = _gauss_legendre(5)
SHORT_PANEL, PANEL = 0.05, 0.3
MOST_PANELS = 1e6
SHARP, FLAT, FINEST = 0.01, 40.0, 1e-12
"""A curve is sharp if its width is less than this part of the calcium; beyond so many widths from
its middle it is constant to the last bit. Between, no panel is a finer part of the interval."""
TINY = 1e-300
ROOT_LN_2 = np.sqrt(np.log(2.0))
LARGEST = 700.0
"""Beyond this the exponential changes a sigmoid no more; Python's own would raise an error."""

# Functions are those of `math`: NumPy's may differ from them in the last bit, compiled or not.


@inlined
def growth(code: float, a: float, b: float, calcium: float) -> float:
    """Return dz/dt for a growth rate of 1 per ms."""
    if code == GAUSSIAN:
        x = (calcium - a) / b
        return 2.0 * math.exp(-x * x) - 1.0
    if code == SIGMOID:
        return 2.0 / (1.0 + math.exp(min((calcium - a) / b, LARGEST))) - 1.0
    return 1.0 - calcium / a


@inlined
def _area(
    code: float,
    a: float,
    b: float,
    calcium: float,
    tau: float,
    width: float,
    points: Floats,
    weights: Floats,
) -> float:
    """Return the integral of dz/dt over a panel of `width` (ms)."""
    mean = 0.0
    for point, weight in zip(points, weights):  # noqa: B905
        mean += weight * growth(code, a, b, calcium * _left(point, width, tau))
    return mean * width


@inlined
def _left(point: float, width: float, tau: float) -> float:
    """Return what is left of calcium at a point of a panel."""
    return math.exp(-point * width / tau)


@inlined
def is_short(code: float, b: float, calcium: float, tau: float, duration: float) -> bool:
    """Return whether `grown` takes an interval as one panel of three points."""
    scale = tau * min(1.0, abs(b) / max(calcium, TINY))
    return code != LINEAR and duration < SHORT_PANEL * scale


@compiled
def left_after(tau: float, longest: int) -> Floats:
    """Return what is left of calcium after intervals of 0 to `longest` (ms, or steps).

    Returns
    -------
    array (longest + 1, 4) of float64
        At the three points of a panel as long as the interval, and at its end.
    """
    left = np.empty((longest + 1, len(POINTS_3) + 1))
    for duration in range(longest + 1):
        for k in range(len(POINTS_3)):
            left[duration, k] = _left(POINTS_3[k], np.float64(duration), tau)
        left[duration, -1] = math.exp(-duration / tau)
    return left


@inlined
def short_area(
    code: float, a: float, b: float, calcium: float, duration: float, left: Floats
) -> float:
    """Return what `grown` does for an interval that `is_short`, by a row of `left_after`."""
    mean = 0.0
    for k in range(len(WEIGHTS_3)):
        mean += WEIGHTS_3[k] * growth(code, a, b, calcium * left[k])
    return mean * duration


@compiled
def grown(code: float, a: float, b: float, calcium: float, tau: float, duration: float) -> float:
    """Return the integral of dz/dt over time, for a growth rate of 1 per ms.

    Parameters
    ----------
    code, a, b : float
        The curve, as `Element.coefficients` returns it.
    calcium : float
        Concentration at the start; it decays exponentially.
    tau : float
        Time constant of that decay (ms).
    duration : float
        Length of the interval (ms).

    Returns
    -------
    float
        By how much z grows, times 1 ms / growth_rate.
    """
    if duration <= 0.0:
        return 0.0
    if code == LINEAR:
        return duration + calcium * tau * math.expm1(-duration / tau) / a
    if is_short(code, b, calcium, tau, duration):
        return _area(code, a, b, calcium, tau, duration, POINTS_3, WEIGHTS_3)
    total, begin = 0.0, 0.0
    while begin < duration:
        sharp = abs(b) < SHARP * calcium
        far = sharp and abs(calcium - a) > (FLAT + 1.0) * abs(b)
        if far:
            # Up to where the curve begins to change, or to the end if calcium is past that.
            edge = a + FLAT * abs(b)
            width = tau * math.log(calcium / edge) if 0.0 < edge < calcium else duration
        else:
            # As calcium falls it changes more slowly, and the panels become longer.
            width = PANEL * tau * min(1.0, abs(b) / max(calcium, TINY))
        least = duration * FINEST if sharp else duration / MOST_PANELS
        width = min(max(width, least), duration - begin)
        if far:
            total += width * growth(code, a, b, calcium)
        else:
            total += _area(code, a, b, calcium, tau, width, POINTS_5, WEIGHTS_5)
        calcium *= math.exp(-width / tau)
        begin += width
    return total


@inlined
def turn(code: float, a: float, b: float, rate: float) -> float:
    """Return the calcium at which z, falling until then, begins to grow as calcium decays.

    There is one such concentration at most; it is not above 0 where there is none.
    """
    if code == GAUSSIAN:
        reach = abs(b) * ROOT_LN_2
        return a + reach if rate > 0.0 else a - reach
    # The others grow below eps, or, with a negative rate, above it.
    return a if rate > 0.0 else 0.0


@inlined
def moved(
    z: float,
    rate: float,
    area: float,
    code: float,
    a: float,
    b: float,
    calcium: float,
    tau: float,
    duration: float,
) -> float:
    """Return z after an interval, held at 0 for as long as it would fall below.

    Parameters
    ----------
    z : float
        At the start.
    rate : float
        growth_rate (1/ms).
    area : float
        What `grown` returns.
    code, a, b, calcium, tau, duration : float
        As `grown` takes them.
    """
    # No curve falls faster than this. Most often z is far above what that could take from it.
    steepest = max(1.0, calcium / a) if code == LINEAR else 1.0
    if z < abs(rate) * duration * steepest:
        return _held(z, rate, area, code, a, b, calcium, tau, duration)
    return max(z + rate * area, 0.0)


@compiled
def _held(
    z: float,
    rate: float,
    area: float,
    code: float,
    a: float,
    b: float,
    calcium: float,
    tau: float,
    duration: float,
) -> float:
    """Return what `moved` returns where z might reach 0."""
    at = turn(code, a, b, rate)
    if 0.0 < at < calcium:
        falling = tau * math.log(calcium / at)
        if falling < duration and z + rate * grown(code, a, b, calcium, tau, falling) < 0.0:
            return max(rate * grown(code, a, b, at, tau, duration - falling), 0.0)
    return max(z + rate * area, 0.0)
