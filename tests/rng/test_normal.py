"""Normal numbers: against the formula with NumPy's functions."""

import numpy as np
import pytest

from distsp.base.compiled import compiled
from distsp.rng.normal import log_of_fraction, normal_pair

LARGEST = 2**32 - 1
EDGES = [0, 1, 4095, 4096, 2**20, 2**29 - 1, 2**29, 2**30, 2**31, 3 * 2**30, LARGEST - 1, LARGEST]


@compiled
def logarithms(u):
    found = np.empty(len(u))
    for i in range(len(u)):
        found[i] = log_of_fraction(u[i])
    return found


@compiled
def pairs(words):
    found = np.empty((2, words.shape[1]))
    for i in range(words.shape[1]):
        found[0, i], found[1, i] = normal_pair(words[0, i], words[1, i], words[2, i], words[3, i])
    return found


def test_logarithm():
    rng = np.random.default_rng(1)
    u = np.concatenate([rng.random(10_000), 2.0 ** -rng.uniform(0, 53, 10_000), [1.0, 2.0**-53]])
    u = np.append(u, [1.0 - 2.0**-53, 0.5, np.sqrt(0.5), np.nextafter(np.sqrt(0.5), 0)])
    np.testing.assert_allclose(logarithms(u), np.log(u), rtol=4e-16, atol=0)


@pytest.mark.parametrize("words", ["drawn", "edges"])
def test_pairs_are_those_of_the_formula(words):
    if words == "drawn":
        drawn = np.random.default_rng(2).integers(0, 2**32, (4, 50_000)).astype(np.uint64)
    else:
        drawn = np.array(np.meshgrid(EDGES, [0, LARGEST], EDGES, [0, LARGEST]), dtype=np.uint64)
        drawn = np.ascontiguousarray(drawn.reshape(4, -1))
    high, low = drawn[::2].astype(float), (drawn[1::2] >> np.uint64(12)).astype(float)
    u, v = (high * 2.0**20 + low + 0.5) * 2.0**-52
    radius = np.sqrt(-2.0 * np.log(u))
    expected = radius * [np.cos(2.0 * np.pi * v), np.sin(2.0 * np.pi * v)]
    np.testing.assert_allclose(pairs(drawn), expected, rtol=0, atol=1e-14)
    assert np.abs(expected).max() > (4.0 if words == "drawn" else 8.0)


def test_a_pair_is_the_same_wherever_it_stands_in_a_loop():
    drawn = np.random.default_rng(3).integers(0, 2**32, (4, 50)).astype(np.uint64)
    whole = pairs(drawn)
    for i in range(50):
        for j in range(i + 1, min(i + 9, 51)):
            part = pairs(np.ascontiguousarray(drawn[:, i:j]))
            assert part.tobytes() == whole[:, i:j].tobytes()
