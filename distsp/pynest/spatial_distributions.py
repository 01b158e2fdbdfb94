"""`nest.spatial_distributions`: functions of a distance, as parameters."""

from typing import Any

import numpy as np

from distsp.pynest import spatial
from distsp.pynest.parameters import Parameter


def _of(x: Parameter, function: Any, kernel: dict[str, Any] | None = None) -> Parameter:
    found = Parameter(lambda drawn: function(x.values(drawn)))
    if kernel is not None and x is spatial.distance:
        found.kernel = kernel, 1.0
    return found


def exponential(x: Parameter, beta: float = 1.0) -> Parameter:
    """Return exp(-x / beta)."""
    kernel = {"kernel": "exponential", "beta": float(beta)}
    return _of(x, lambda value: np.exp(-value / beta), kernel)


def gaussian(x: Parameter, mean: float = 0.0, std: float = 1.0) -> Parameter:
    """Return exp(-(x - mean)^2 / (2 std^2))."""
    kernel = {"kernel": "gaussian", "std": float(std)} if mean == 0.0 else None
    return _of(x, lambda value: np.exp(-((value - mean) ** 2) / (2.0 * std**2)), kernel)


def gamma(x: Parameter, kappa: float = 1.0, theta: float = 1.0) -> Parameter:
    """Return the density of the gamma distribution."""
    from scipy.stats import gamma as density

    return _of(x, lambda value: density.pdf(value, kappa, scale=theta))
