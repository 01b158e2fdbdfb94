"""Propagators: exact solutions of linear equations over a step."""

from typing import Any

import numpy as np
from scipy.linalg import expm

from distsp.base.arrays import Floats

LONGEST = 1e300
"""Steps in units of a time constant that are told from longer ones: nothing is left of either."""

HALVINGS, TERMS = 5, 10
"""Of the exponential's series, so many terms reach the last bit where a matrix has been halved so
often."""


def propagators(matrix: list[list[Any]]) -> Floats:
    """Return the exponential of a lower triangular matrix, or of one per neuron.

    Parameters
    ----------
    matrix : list of list of float or array (n,)
        Arrays have an entry per neuron. Below the diagonal nothing is negative.

    Returns
    -------
    array (m, m) or (n, m, m) of float64

    Examples
    --------
    >>> propagators([[0.0, 0.0], [1.0, 0.0]])
    array([[1., 0.],
           [1., 1.]])
    """
    rows = [np.stack(np.broadcast_arrays(*row), axis=-1) for row in matrix]
    whole = np.stack(np.broadcast_arrays(*rows), axis=-2).astype(np.float64)
    # The exponential of a matrix that is not small takes differences of exponentials, of which
    # nothing is left where entries of the diagonal are nearly the same. So it gets a small one,
    # which is squared: with the exact diagonal at each, sums of what is not negative.
    diagonal = np.maximum(np.diagonal(whole, axis1=-2, axis2=-1), -LONGEST)
    largest = np.maximum(np.abs(diagonal).max(axis=-1), 1.0)
    # SciPy takes a tenth of a millisecond for each of many matrices; the series wants small ones.
    exponential, more = (expm, 0) if whole.ndim == 2 else (_series, HALVINGS)
    doublings = np.ceil(np.log2(largest)).astype(np.int64) + more
    places = np.arange(whole.shape[-1])
    whole[..., places, places] = diagonal
    exact: Floats = exponential(np.ldexp(whole, -doublings[..., None, None]))
    for i in range(doublings.max()):
        squared = exact @ exact
        squared[..., places, places] = np.exp(np.ldexp(diagonal, i + 1 - doublings[..., None]))
        exact = np.where((i < doublings)[..., None, None], squared, exact)
    return exact


def _series(small: Floats) -> Floats:
    """Return the exponentials of many matrices whose entries are at most 2^-HALVINGS."""
    one = np.eye(small.shape[-1])
    total = np.broadcast_to(one, small.shape)
    for k in range(TERMS, 0, -1):
        total = one + small @ total / k
    return total
