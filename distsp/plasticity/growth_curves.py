"""Growth curves: how fast a synaptic element grows at a calcium concentration.

Butz & van Ooyen 2013 (PLoS Comput Biol 9:e1003259). A curve is a class (its parameters) and a
branch of `growth` (its rate, compiled); the number `kind` ties the two.
"""

from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from distsp.compiled import compiled, inlined
from distsp.fields import Fields, Finite, NonNegative, Positive

GAUSSIAN, LINEAR, SIGMOID = 0, 1, 2


class Element(Fields):
    """A kind of synaptic element of a population: its growth curve and what comes with it."""

    kind: ClassVar[int]

    growth_rate: Finite = Field(description="growth rate nu (1/ms)")
    tau_vacant: Annotated[float, Field(ge=0, le=1)] = Field(
        0.1, description="fraction of the vacant elements lost at an update"
    )
    z: NonNegative = Field(0.0, description="number of elements at the start")
    eps: Finite = Field(description="calcium concentration at which growth stops")

    def shape(self) -> tuple[float, float, float]:
        """Return (kind, a, b): the arguments of `growth`."""
        raise NotImplementedError


class Gaussian(Element):
    """dz/dt = nu (2 exp(-((Ca - xi) / zeta)^2) - 1), which is 0 at eta and at eps."""

    kind: ClassVar[int] = GAUSSIAN
    curve: Literal["gaussian"] = "gaussian"
    eta: Finite = Field(0.0, description="calcium concentration at which growth starts")

    @model_validator(mode="after")
    def _two_zeros(self) -> Self:
        if self.eta == self.eps:
            raise ValueError(f"eps, {self.eps}, must differ from eta, {self.eta}")
        return self

    def shape(self) -> tuple[float, float, float]:
        zeta = (self.eta - self.eps) / (2.0 * np.sqrt(np.log(2.0)))
        return GAUSSIAN, 0.5 * (self.eta + self.eps), zeta


class Linear(Element):
    """dz/dt = nu (1 - Ca / eps)."""

    kind: ClassVar[int] = LINEAR
    curve: Literal["linear"] = "linear"
    eps: Positive = Field(description="calcium concentration at which growth stops")

    def shape(self) -> tuple[float, float, float]:
        return LINEAR, self.eps, 1.0


class Sigmoid(Element):
    """dz/dt = nu (2 / (1 + exp((Ca - eps) / psi)) - 1)."""

    kind: ClassVar[int] = SIGMOID
    curve: Literal["sigmoid"] = "sigmoid"
    psi: Positive = Field(description="width of the curve")

    def shape(self) -> tuple[float, float, float]:
        return SIGMOID, self.eps, self.psi


AnyElement = Annotated[Gaussian | Linear | Sigmoid, Field(discriminator="curve")]

# Gauss-Legendre points and weights on (0, 1). Five points on panels over which calcium changes by
# at most 0.3 of the curve's width, and time by 0.3 of tau_Ca, leave an error below 1e-13.
_points, _weights = np.polynomial.legendre.leggauss(5)
POINTS, WEIGHTS = 0.5 * (_points + 1.0), 0.5 * _weights
PANEL = 0.3
MOST_PANELS = 1e6
TINY = 1e-300


@inlined
def growth(kind, a, b, calcium):  # type: ignore[no-untyped-def]
    """Return dz/dt for a growth rate of 1 per ms."""
    if kind == GAUSSIAN:
        x = (calcium - a) / b
        return 2.0 * np.exp(-x * x) - 1.0
    if kind == SIGMOID:
        return 2.0 / (1.0 + np.exp((calcium - a) / b)) - 1.0
    return 1.0 - calcium / a


@compiled
def grown(kind, a, b, calcium, tau, duration):  # type: ignore[no-untyped-def]
    """Return the integral of dz/dt over time, for a growth rate of 1 per ms.

    Parameters
    ----------
    kind, a, b : float
        The curve, as `Element.shape` returns it.
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
    if kind == LINEAR:
        return duration + calcium * tau * np.expm1(-duration / tau) / a
    total, begin = 0.0, 0.0
    while begin < duration:
        # As calcium falls it changes more slowly, and the panels become longer.
        width = PANEL * tau * min(1.0, abs(b) / max(calcium, TINY))
        width = min(max(width, duration / MOST_PANELS), duration - begin)
        area = 0.0
        for point, weight in zip(POINTS, WEIGHTS):  # noqa: B905
            area += weight * growth(kind, a, b, calcium * np.exp(-point * width / tau))
        total += area * width
        calcium *= np.exp(-width / tau)
        begin += width
    return total
