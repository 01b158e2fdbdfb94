"""Rules with a kernel: each pair as likely as the distance says, the same on any ranks."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import chi2

from distsp.base.errors import InputError
from distsp.network.network import Network
from distsp.network.rules import Ends, Rule
from distsp.plasticity.kernels import Exponential, Gaussian, Kernel
from distsp.rng.streams import Purpose, stream_key

SURE = 1e-6
KEY = stream_key(11, Purpose.CONNECTION)
N = 30
SOURCES = np.random.default_rng(3).random((N, 3))
PERIOD = np.array([1.0, 1.0, np.inf])
KERNELS = [
    Gaussian(std=0.2),
    Gaussian(std=0.02),
    Gaussian(std=30.0, max_distance=0.5),
    Exponential(beta=0.1),
]


def weights(kernel: Kernel, point: np.ndarray) -> np.ndarray:
    """Return the kernel at each of the sources, by the text of the model."""
    apart = np.abs(SOURCES - point)
    distance = np.sqrt((np.minimum(apart, PERIOD - apart) ** 2).sum(axis=1))
    if isinstance(kernel, Gaussian):
        weight = np.exp(-(distance**2) / (2 * kernel.std**2))
    else:
        weight = np.exp(-distance / kernel.beta)
    return weight if kernel.max_distance is None else weight * (distance <= kernel.max_distance)


def ends(point: np.ndarray, m: int, here: slice = slice(None)) -> Ends:
    """Return the ends of a connection whose targets, the first of which is a source, are there."""
    points = np.concatenate([SOURCES, np.repeat(point[None], m, axis=0)])
    space = SimpleNamespace(at=lambda ids: points[ids], period=PERIOD)
    return Ends(np.arange(N), N - 1 + np.arange(m), here, space)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("p", [1.0, 0.3])
def test_a_pair_is_connected_with_p_times_the_kernel(kernel, p):
    point, m = SOURCES[4] + 0.01, 4000
    drawn = Rule.members["pairwise_bernoulli"](p=p, kernel=kernel).draw(KEY, ends(point, m))
    pairs = np.stack([drawn.sources, drawn.targets], axis=1)
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    pairs = pairs[drawn.targets > 0]  # the first is one of the sources, and elsewhere
    found, mean = np.bincount(pairs[:, 0], minlength=N), (m - 1) * p * weights(kernel, point)
    spread = mean * (1.0 - p * weights(kernel, point))
    often = spread > 8.0
    statistic = ((found - mean)[often] ** 2 / spread[often]).sum()
    assert not often.any() or chi2.sf(statistic, often.sum()) > SURE
    assert (found[mean > (m - 1) * (1 - 1e-9)] == m - 1).all()
    assert found[mean < 1e-6].sum() == 0
    # Sources are independent of each other.
    made = np.zeros((m, N))
    made[tuple(pairs[:, ::-1].T)] = 1.0
    both = made.T @ made / (m - 1) - np.outer(mean, mean) / (m - 1) ** 2
    assert np.abs(both[~np.eye(N, dtype=bool)]).max() < 6.0 * 0.25 / np.sqrt(m)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("multapses", [True, False])
def test_sources_are_drawn_by_the_kernel(kernel, multapses):
    point, m = SOURCES[4] + 0.01, 3000
    rule = Rule.members["fixed_indegree"](indegree=2, kernel=kernel, allow_multapses=multapses)
    drawn = rule.draw(KEY, ends(point, m))
    pairs = drawn.sources[drawn.targets > 0].reshape(-1, 2)
    assert len(pairs) == m - 1
    share = weights(kernel, point) / weights(kernel, point).sum()
    expected = np.outer(share, share)
    if not multapses:
        np.fill_diagonal(expected, 0.0)
        expected *= (1.0 / np.maximum(expected.sum(axis=1), 1e-300) * share)[:, None]
    found = np.zeros((N, N))
    np.add.at(found, tuple(pairs.T), 1)
    mean = expected * (m - 1)
    often = mean > 8.0
    rest_found, rest = found[~often].sum(), mean[~often].sum()
    statistic = ((found - mean)[often] ** 2 / mean[often]).sum()
    statistic += (rest_found - rest) ** 2 / rest if rest > 1.0 else 0.0
    assert rest > 1.0 or rest_found < 12
    assert chi2.sf(statistic, max(often.sum() - (rest <= 1.0), 1)) > SURE


@pytest.mark.parametrize("rule", ["pairwise_bernoulli", "fixed_indegree"])
def test_targets_draw_the_same_wherever_they_are(rule):
    parameters = {"p": 0.7} if rule == "pairwise_bernoulli" else {"indegree": 3}
    made = Rule.members[rule](kernel=KERNELS[0], allow_autapses=False, **parameters)
    whole = made.draw(KEY, ends(SOURCES[2], 40))
    assert (N - 1, 0) not in set(zip(whole.sources.tolist(), whole.targets.tolist(), strict=True))
    pairs = set()
    for rank in range(3):
        part = made.draw(KEY, ends(SOURCES[2], 40, slice(rank, None, 3)))
        pairs |= set(zip(part.sources.tolist(), part.targets.tolist(), strict=True))
    assert pairs == set(zip(whole.sources.tolist(), whole.targets.tolist(), strict=True))


def test_an_indegree_is_less_where_there_are_too_few_sources_in_reach():
    near = Gaussian(std=1.0, max_distance=0.25)
    reachable = int((weights(near, SOURCES[4]) > 0).sum())
    rule = Rule.members["fixed_indegree"](indegree=25, kernel=near, allow_multapses=False)
    drawn = rule.draw(KEY, ends(SOURCES[4], 5))
    assert 0 < reachable < 25
    assert (np.bincount(drawn.targets)[1:] == reachable).all()


def test_a_kernel_needs_positions():
    net = Network()
    a = net.create("iaf_psc_alpha", 4, name="A", positions=np.zeros((4, 2)))
    b = net.create("iaf_psc_alpha", 4, name="B")
    net.synapse_type("s", weight=1.0, delay=1.0)
    kernel = {"kernel": "gaussian", "std": 1.0}
    wrong = "connections.0.rule.kernel: needs positions of the neurons; populations.B has none"
    with pytest.raises(InputError, match=wrong):
        net.connect(a, b, "s", "pairwise_bernoulli", p=0.5, kernel=kernel)
