"""Random streams: the published vectors of the generator, and the statistics of what it feeds."""

import numpy as np
import pytest
from scipy.stats import chi2, kstest, poisson

from distsp.rng.poisson import poisson_counts, poisson_thresholds, poisson_words
from distsp.rng.streams import Purpose, philox, stream_key, uniform, uniforms, unit

FULL = 0xFFFFFFFF
RATES = [1.0, 100.0, 10_000.0, 45_000.0, 200_000.0, 800_000.0]
SURE = 1e-6
"""A correct stream fails a test of this level once in a million seeds; the seeds are fixed."""


def words_of(key: int, *counter: int) -> tuple[int, ...]:
    """Return the generator's words as Python numbers."""
    return tuple(int(w) for w in philox(np.uint64(key), *(np.uint64(c) for c in counter)))


def counts_of(mean: float, seed: int, n: int, steps: int, index: int = 0, first_step: int = 0):
    """Return Poisson counts, a row per step, a column per neuron."""
    base, thresholds = poisson_thresholds(mean)
    words, out = np.empty((4, n), np.uint32), np.empty((steps, n), np.int32)
    key = stream_key(seed, Purpose.POISSON, index)
    for group in range(steps // 4):
        poisson_words(key, 0, 1, first_step // 4 + group, n, words)
        for i in range(4):
            poisson_counts(words[i], base, thresholds, out[4 * group + i])
    return out


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((FULL,) * 4, (FULL, FULL), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_words(counter, key, words):
    assert words_of(key[0] | key[1] << 32, *counter) == words


def test_words_of_a_block_are_those_of_its_counters():
    # The third word of the counter is what lies beyond 2**32 groups of steps.
    group, first, stride = 2**33 + 5, 3, 4
    words = np.empty((4, 300), np.uint32)
    key = stream_key(7, Purpose.POISSON, 2)
    poisson_words(key, first, stride, group, 300, words)
    for j in (0, 1, 150, 299):
        expected = words_of(int(key), first + stride * j, group & FULL, group >> 32, 0)
        assert tuple(words[:, j].tolist()) == expected


def test_keys_differ_in_seed_purpose_and_index():
    keys = {
        int(stream_key(seed, purpose, index))
        for seed in (0, 1, 2**32 - 1)
        for purpose in Purpose
        for index in (0, 1, 2**24 - 1)
    }
    assert len(keys) == 3 * len(Purpose) * 3


def test_unit_is_strictly_between_0_and_1():
    smallest, largest = unit(np.uint64(0), np.uint64(0)), unit(np.uint64(FULL), np.uint64(FULL))
    assert 0.0 < smallest < 2.0**-50
    assert 1.0 - 2.0**-50 < largest < 1.0
    # The place in a list of any length that a number selects is in the list.
    for n in (1, 2, 3, 1000, 2**31 - 1):
        assert int(largest * n) == n - 1


def test_uniform_is_uniform():
    key = stream_key(1, Purpose.INITIAL_STATE)
    numbers = uniforms(key, np.arange(100_000), 5)
    assert kstest(numbers, "uniform").pvalue > SURE
    assert [uniform(key, i, 5) for i in (0, 17, 99_999)] == numbers[[0, 17, 99_999]].tolist()
    along = np.array([uniform(key, 3, when) for when in range(20_000)])
    assert kstest(along, "uniform").pvalue > SURE
    assert uniform(key, 1, 2**32 + 1) != uniform(key, 1, 1)


@pytest.mark.parametrize("rate", [0.0, *RATES])
def test_thresholds_are_the_poisson_distribution(rate):
    mean = rate * 0.1 / 1000.0
    base, thresholds = poisson_thresholds(mean)
    assert len(thresholds) % 4 == 0
    assert (np.diff(thresholds.astype(np.int64)) >= 0).all()
    # The count is above base + k for words above threshold k: 2**32 - 1 - threshold of 2**32.
    above = (FULL - thresholds.astype(np.float64)) / 2.0**32
    exact = poisson.sf(base + np.arange(len(thresholds)), mean)
    np.testing.assert_allclose(above, exact, rtol=0, atol=0.51 * 2.0**-32)
    # What the table leaves out on either side is rarer than one word in 2**32.
    assert poisson.cdf(base - 1, mean) < 0.51 * 2.0**-32
    assert poisson.sf(base + len(thresholds), mean) < 0.51 * 2.0**-32


def test_counts_at_the_edges_of_the_table():
    base, thresholds = poisson_thresholds(20.0)
    real = thresholds[thresholds < FULL]
    words = np.array([0, real[0], real[0] + 1, real[-1], real[-1] + 1, FULL], dtype=np.uint32)
    counts = np.empty(len(words), np.int32)
    poisson_counts(words, base, thresholds, counts)
    last = base + len(real)
    assert counts.tolist() == [base, base, base + 1, last - 1, last, last]


@pytest.mark.parametrize("rate", RATES)
def test_counts_have_the_poisson_distribution(rate):
    mean = rate * 0.1 / 1000.0
    counts = counts_of(mean, seed=3, n=1000, steps=400).ravel()
    # Bins of at least 20 expected counts each, the tails joined to the outermost.
    values = np.arange(counts.max() + 2)
    wide = values[poisson.pmf(values, mean) * len(counts) >= 20]
    edges = np.concatenate([[-1], wide[:-1], [np.inf]])
    expected = np.diff(poisson.cdf(edges, mean)) * len(counts)
    found = np.diff(np.searchsorted(np.sort(counts), edges, side="right"))
    if len(expected) > 1:
        statistic = float(((found - expected) ** 2 / expected).sum())
        assert chi2.sf(statistic, len(expected) - 1) > SURE
    total = int(counts.sum())
    assert poisson.cdf(total, mean * len(counts)) > SURE
    assert poisson.sf(total, mean * len(counts)) > SURE


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return the correlation of two series in standard errors of independent ones."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1] * np.sqrt(a.size))


@pytest.mark.parametrize("mean", [0.02, 1.0, 20.0])
def test_counts_of_neurons_steps_inputs_and_seeds_are_independent(mean):
    counts = counts_of(mean, seed=3, n=500, steps=800)
    for lag in (1, 2, 3, 4, 5, 256):
        assert abs(correlation(counts[lag:], counts[:-lag])) < 5
        assert abs(correlation(counts[:, lag:], counts[:, :-lag])) < 5
    for other in (
        counts_of(mean, seed=4, n=500, steps=800),
        counts_of(mean, seed=3, n=500, steps=800, index=1),
        counts_of(mean, seed=3, n=500, steps=800, first_step=800),
        counts_of(mean, seed=3, n=500, steps=800, first_step=4 * 2**32),
    ):
        assert abs(correlation(counts, other)) < 5
    # The variance of sums over neurons, and over steps, is that of independent counts.
    for axis, n in ((0, 500), (1, 800)):
        ratio = counts.sum(axis=axis).var(ddof=1) / (mean * counts.shape[axis])
        assert abs(ratio - 1.0) < 5 * np.sqrt(2.0 / (n - 1))
