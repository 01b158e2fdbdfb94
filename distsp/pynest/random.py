"""`nest.random`: random parameters of nodes and synapses."""

import numpy as np

from distsp.pynest.parameters import Drawn, Parameter


def uniform(min: float = 0.0, max: float = 1.0) -> Parameter:
    """Return numbers that are uniform between two ends."""
    known = {"distribution": "uniform", "low": float(min), "high": float(max)}
    return Parameter(lambda drawn: drawn.random.uniform(min, max, drawn.n), known)


def uniform_int(max: int) -> Parameter:
    """Return whole numbers from 0 to `max` - 1."""
    return Parameter(lambda drawn: drawn.random.integers(0, max, drawn.n).astype(np.float64))


def normal(mean: float = 0.0, std: float = 1.0) -> Parameter:
    """Return normal numbers."""
    known = {"distribution": "normal", "mean": float(mean), "std": float(std)}
    return Parameter(lambda drawn: drawn.random.normal(mean, std, drawn.n), known)


def lognormal(mean: float = 0.0, std: float = 1.0) -> Parameter:
    """Return numbers whose logarithm is normal with this mean and standard deviation."""
    known = {"distribution": "lognormal", "mean": float(mean), "std": float(std)}
    return Parameter(lambda drawn: drawn.random.lognormal(mean, std, drawn.n), known)


def exponential(beta: float = 1.0) -> Parameter:
    """Return exponential numbers with this mean."""
    return Parameter(lambda drawn: drawn.random.exponential(beta, drawn.n))


def redrawn(parameter: Parameter, low: float, high: float) -> Parameter:
    """Return a parameter that is drawn again where it is not between two ends."""

    def values(drawn: Drawn) -> np.ndarray:
        found = np.broadcast_to(parameter.values(drawn), drawn.n).copy()
        for _ in range(1000):
            outside = np.flatnonzero((found < low) | (found > high))
            if len(outside) == 0:
                break
            some = Drawn(drawn.random, len(outside))
            found[outside] = parameter.values(some)
        return found

    known = parameter.known_as
    if known and known["distribution"] == "normal" and low <= known["mean"] <= high:
        return Parameter(values, {**known, "low": float(low), "high": float(high)})
    return Parameter(values)
