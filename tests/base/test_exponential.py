"""The exponential that vectorises: accurate to the last place, and bounded."""

import numpy as np

from distsp.base.compiled import compiled
from distsp.base.exponential import fast_exp


@compiled
def exponentials(x, y):
    """Write the exponential of each number."""
    for i in range(len(x)):
        y[i] = fast_exp(x[i])


def of(x: np.ndarray) -> np.ndarray:
    y = np.empty_like(x)
    exponentials(x, y)
    return y


def test_is_within_two_units_in_the_last_place():
    rng = np.random.default_rng(3)
    for reach in (1e-9, 1e-3, 0.5, 5.0, 100.0, 707.0):
        x = rng.uniform(-reach, reach, 100_000)
        exact = np.exp(x.astype(np.longdouble))
        assert np.abs(of(x) / exact - 1.0).max() < 2.0 * np.finfo(float).eps
    assert of(np.array([0.0])).tolist() == [1.0]


def test_does_not_overflow():
    ends = of(np.array([-1e308, -709.0, 710.0, 1e308]))
    assert np.all(np.isfinite(ends))
    assert np.all(ends[:2] < 1e-307)
    assert np.all(ends[2:] > 1e307)


def test_bits_do_not_depend_on_the_place_in_a_loop():
    x = np.random.default_rng(4).uniform(-20.0, 5.0, 1003)
    whole = of(x)
    assert whole.tolist() == [of(x[i : i + 1])[0] for i in range(len(x))]
