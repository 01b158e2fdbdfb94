"""Pairs by distance: with the probabilities of the sum over all candidates, and conserved."""

from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from distsp.plasticity import cells
from distsp.plasticity.kernels import Exponential, Gaussian, Kernel
from distsp.plasticity.partners import TRIALS, pair_by_distance
from distsp.rng.streams import Purpose, stream_key

SURE = 1e-6
ORDER, KEY = stream_key(1, Purpose.PAIR), stream_key(1, Purpose.PARTNER)
OPEN = np.full(3, np.inf)
NONE = np.empty((0, 2), dtype=np.int64)

PRE, PRE_VACANT = np.array([0, 2, 5]), np.array([2, 1, 1])
POST, POST_VACANT = np.array([0, 1, 2, 3]), np.array([1, 2, 1, 3])
PLACES = np.array(
    [
        [0.05, 0.1, 0.2],
        [0.3, 0.1, 0.0],
        [0.6, 0.9, 0.4],
        [0.95, 0.5, 0.9],
        [0, 0, 0],
        [0.5, 0.4, 0.6],
    ]
)


def flat(points: np.ndarray) -> np.ndarray:
    """Return points of 2 dimensions."""
    return points * np.array([1.0, 1.0, 0.0])


def weights(kernel: Kernel, pre: np.ndarray, post: np.ndarray, period: np.ndarray) -> np.ndarray:
    """Return the kernel of all pairs, by the text of the model."""
    apart = np.abs(pre[:, None] - post[None])
    apart = np.minimum(apart, np.where(np.isfinite(period), period, np.inf) - apart)
    distance = np.sqrt((apart**2).sum(axis=2))
    if isinstance(kernel, Gaussian):
        weight = np.exp(-(distance**2) / (2 * kernel.std**2))
    else:
        weight = np.exp(-distance / kernel.beta)
    if kernel.max_distance is not None:
        weight[distance > kernel.max_distance] = 0.0
    return weight


def outcomes(weight: np.ndarray, allowed: np.ndarray, multapses: bool) -> dict[tuple, float]:
    """Return the probability of each set of pairs, summed over all orders and all draws."""

    @cache
    def of(pre: tuple, post: tuple, made: tuple) -> dict[tuple, float]:
        if sum(pre) == 0 or sum(post) == 0:
            return {tuple(sorted(made)): 1.0}
        found: dict[tuple, float] = Counter()
        for i, n in enumerate(pre):
            if n == 0:
                continue
            left = tuple(m - (j == i) for j, m in enumerate(pre))
            # A sum that is never 0 unless each is, however small they are.
            w = [
                m * weight[i, j] * allowed[i, j] * (multapses or (i, j) not in made)
                for j, m in enumerate(post)
            ]
            share = n / sum(pre)
            if max(w) == 0.0:
                for end, p in of(left, post, made).items():
                    found[end] += share * p
                continue
            w = [x / max(w) for x in w]
            for j, x in enumerate(w):
                if x > 0.0:
                    rest = tuple(m - (k == j) for k, m in enumerate(post))
                    for end, p in of(left, rest, (*made, (i, j))).items():
                        found[end] += share * x / sum(w) * p
        return found

    return of(tuple(PRE_VACANT.tolist()), tuple(POST_VACANT.tolist()), ())


def fits(found: Counter, expected: dict[tuple, float], draws: int) -> bool:
    """Return whether what was found is what is expected; rare outcomes are taken together."""
    assert set(found) <= set(expected), "something impossible was made"
    numbers, means, rest_found, rest = [], [], draws, float(draws)
    for outcome, p in expected.items():
        if p * draws >= 8:
            numbers.append(found[outcome])
            means.append(p * draws)
            rest_found, rest = rest_found - found[outcome], rest - p * draws
    if rest >= 8:
        numbers.append(rest_found)
        means.append(rest)
    elif rest < 1e-6 and rest_found > 0:
        return False
    if len(means) == 1:
        return numbers[0] >= means[0] - 30
    statistic = ((np.array(numbers) - means) ** 2 / np.array(means)).sum()
    return chi2.sf(statistic, len(means) - 1) > SURE


CASES = {
    "wide": (Gaussian(std=0.4), 3, OPEN, True, True),
    "wider than all": (Gaussian(std=50.0), 2, OPEN, True, True),
    "narrow": (Gaussian(std=0.05), 2, OPEN, True, True),
    "narrower than float64": (Gaussian(std=0.01), 3, OPEN, True, True),
    "exponential": (Exponential(beta=0.2), 3, OPEN, True, True),
    "periodic": (Gaussian(std=0.25), 2, np.array([1.0, 1.0, np.inf]), True, True),
    "periodic in 3": (Exponential(beta=0.3), 3, np.ones(3), True, True),
    "no farther": (Gaussian(std=0.4, max_distance=0.6), 2, OPEN, True, True),
    "no autapses": (Gaussian(std=0.3), 2, OPEN, False, True),
    "no multapses": (Exponential(beta=0.5), 2, OPEN, True, False),
    "neither, narrow": (Gaussian(std=0.1), 2, np.array([1.0, 1.0, np.inf]), False, False),
}


WAYS = {"cells": (TRIALS, 20_000), "few cells": (TRIALS, 9), "both": (1, 9), "tree": (0, 9)}
"""Trials in the cells, and the most cells in a window: how one draws changes nothing."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_every_outcome_is_as_likely_as_the_sum_over_all_says(case, way, monkeypatch):
    trials, window = WAYS[way]
    monkeypatch.setattr(cells, "MOST_IN_WINDOW", window)
    kernel, dimensions, period, autapses, multapses = CASES[case]
    points = PLACES if dimensions == 3 else flat(PLACES)
    weight = weights(kernel, points[PRE], points[POST], period)
    allowed = np.ones(weight.shape) if autapses else (PRE[:, None] != POST[None]).astype(float)
    connected = None if multapses else np.array([[0, 1], [2, 2]])
    if connected is not None:
        allowed[tuple(connected.T)] = 0.0
    expected = outcomes(weight, allowed, multapses)
    draws = 1200
    found: Counter = Counter()
    for update in range(draws):
        sources, targets = pair_by_distance(
            *(PRE, PRE_VACANT, POST, POST_VACANT, points[PRE], points[POST]),
            *(period, kernel, ORDER, KEY, update, autapses, connected, trials),
        )
        pairs = zip(np.searchsorted(PRE, sources), np.searchsorted(POST, targets), strict=True)
        found[tuple(sorted((int(i), int(j)) for i, j in pairs))] += 1
    assert fits(found, expected, draws)


def crowd(n: int, dimensions: int, seed: int = 1) -> tuple:
    """Return neurons with vacant elements, some of them in a heap, and where they are."""
    rng = np.random.default_rng(seed)
    points = np.zeros((n, 3))
    points[:, :dimensions] = rng.random((n, dimensions))
    points[: n // 4, :dimensions] = 0.3 + 0.01 * rng.random((n // 4, dimensions))
    sides = []
    for _ in range(2):
        counts = rng.poisson(2.0, n)
        sides.append((np.flatnonzero(counts), counts[counts > 0]))
    return points, *sides


@pytest.mark.parametrize(
    ("kernel", "dimensions", "period"),
    [
        (Gaussian(std=0.1), 2, OPEN),
        (Gaussian(std=0.002), 2, np.array([1.0, 1.0, np.inf])),
        (Exponential(beta=0.05), 3, np.ones(3)),
        (Gaussian(std=0.2, max_distance=0.1), 3, OPEN),
    ],
)
def test_first_partners_of_a_crowd_are_drawn_by_the_kernel(kernel, dimensions, period):
    points, (pre, _), (post, post_vacant) = crowd(200, dimensions)
    weight = weights(kernel, points[pre], points[post], period) * post_vacant
    # One element each, drawn for alone: as many draws as there are updates.
    found, mean = np.zeros(len(post)), np.zeros(len(post))
    one = np.ones(1, dtype=np.int64)
    for update in range(1200):
        i = update % 40
        _, targets = pair_by_distance(
            *(pre[[i]], one, post, post_vacant, points[pre[[i]]], points[post]),
            *(period, kernel, ORDER, KEY, update),
        )
        assert len(targets) == (weight[i].sum() > 0.0)
        found[np.searchsorted(post, targets)] += 1
        if weight[i].sum() > 0.0:
            mean += weight[i] / weight[i].sum()
    order = np.argsort(mean)[::-1]
    bins = np.minimum(np.cumsum(mean[order]) // 12, int(mean.sum() // 12) - 1).astype(int)
    _, bins = np.unique(bins, return_inverse=True)
    numbers, means = np.bincount(bins, found[order]), np.bincount(bins, mean[order])
    statistic = ((numbers - means) ** 2 / means).sum()
    assert chi2.sf(statistic, len(means) - 1) > SURE


@pytest.mark.parametrize("trials", [TRIALS, 0])
@pytest.mark.parametrize(
    "kernel", [Gaussian(std=0.1), Gaussian(std=0.001), Gaussian(std=0.05, max_distance=0.02)]
)
def test_elements_are_used_once_and_only_those_without_candidates_stay(kernel, trials):
    points, (pre, pre_vacant), (post, post_vacant) = crowd(600, 2)
    connected = np.unique(np.random.default_rng(2).integers(0, len(pre), (500, 2)), axis=0)
    connected = connected[connected[:, 1] < len(post)]
    for autapses, known in ((True, None), (False, None), (True, connected), (False, connected)):
        sources, targets = pair_by_distance(
            *(pre, pre_vacant, post, post_vacant, points[pre], points[post]),
            *(OPEN, kernel, ORDER, KEY, 7, autapses, known, trials),
        )
        left_pre = np.repeat(pre, pre_vacant).size - len(sources)
        used_pre = np.bincount(sources, minlength=600)[pre]
        used_post = np.bincount(targets, minlength=600)[post]
        assert (used_pre <= pre_vacant).all()
        assert (used_post <= post_vacant).all()
        # Whoever is left has nobody left.
        weight = weights(kernel, points[pre], points[post], OPEN)
        if not autapses:
            assert (sources != targets).all()
            weight[pre[:, None] == post[None]] = 0.0
        if known is not None:
            made = np.stack([np.searchsorted(pre, sources), np.searchsorted(post, targets)], 1)
            both = np.concatenate([made, known])
            assert len(np.unique(both, axis=0)) == len(both)
            weight[tuple(both.T)] = 0.0
        lonely = weight[used_pre < pre_vacant][:, used_post < post_vacant]
        assert left_pre == 0 or lonely.max(initial=0.0) == 0.0


@settings(max_examples=25)
@given(
    n=st.integers(1, 40),
    scale=st.sampled_from([1e-90, 1e-6, 1.0, 1e90]),
    width=st.sampled_from([1e-3, 0.3, 1e3]),
    same=st.booleans(),
)
def test_any_scale_is_as_good(n, scale, width, same):
    points = np.zeros((n, 3)) if same else np.random.default_rng(n).random((n, 3)) * scale
    ids, ones = np.arange(n), np.ones(n, dtype=np.int64)
    sources, targets = pair_by_distance(
        *(ids, ones, ids, ones, points, points, OPEN, Gaussian(std=width * scale), ORDER, KEY, 1)
    )
    assert len(set(sources.tolist())) == len(sources) == len(set(targets.tolist()))
    assert len(sources) == n or width == 1e-3
