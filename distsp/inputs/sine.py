"""A sine of the time, as a function of the step: no step has to come before another."""

import math

from distsp.base.compiled import inlined


def cycles(frequency: float, phase: float, resolution: float) -> list[float]:
    """Return how many cycles a step takes, and of which cycle the first step is.

    Parameters
    ----------
    frequency : float
        Hz.
    phase : float
        Degrees.
    resolution : float
        ms.
    """
    return [frequency * resolution / 1000.0, phase % 360.0 / 360.0]


@inlined
def sine(per_step: float, first: float, step: int) -> float:
    """Return the sine at the beginning of a step; `cycles` has the first two arguments."""
    turned = per_step * step
    return math.sin(2.0 * math.pi * (turned - math.floor(turned) + first))
