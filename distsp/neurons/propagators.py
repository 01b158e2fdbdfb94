"""Propagators: exact solutions of linear equations over a step."""

from typing import Any

import numpy as np
from scipy.linalg import expm

from distsp.base.arrays import Floats


def propagators(matrix: list[list[Any]]) -> Floats:
    """Return the exponential of a matrix, or of one per neuron.

    Parameters
    ----------
    matrix : list of list of float or array (n,)
        Arrays have an entry per neuron.

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
    return expm(np.stack(np.broadcast_arrays(*rows), axis=-2).astype(np.float64))
