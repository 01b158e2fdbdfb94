"""Connections that are made in pieces are those that are made at once."""

import numpy as np
import pytest

from distsp import Network, Simulation
from distsp.parallel.ranks import Ranks

RULES = {
    "all_to_all": {"allow_autapses": False},
    "fixed_indegree": {"indegree": 7, "allow_multapses": False},
    "pairwise_bernoulli": {"p": 0.3},
    "pairwise_poisson": {"pairwise_avg_num_conns": 1.5},
    "fixed_outdegree": {"outdegree": 7},  # not in pieces
}
UNIFORM = {"distribution": "uniform", "low": 0.5, "high": 2.0}
KINDS = {
    "static": {"weight": 1.0, "delay": 1.0},
    "plastic": {"weight": 1.0, "delay": 1.0, "pre": "out", "post": "in"},
    "own": {"weight": UNIFORM, "delay": UNIFORM},
}


def built(kind: str, monkeypatch, together: int) -> Simulation:
    """Return a network of connections that add to each other, drawn `together`."""
    monkeypatch.setattr("distsp.engine.wiring.DRAWN_TOGETHER", together)
    net = Network(0.1, seed=3)
    still = {"curve": "gaussian", "growth_rate": 0.0, "eps": 0.05, "z": 2.3}
    elements = {"out": still, "in": still}
    a, b = (net.create("iaf_psc_alpha", n, elements=elements) for n in (20, 9))
    net.synapse_type("s", **KINDS[kind])
    for rule, parameters in RULES.items():
        net.connect(a + b, b, "s", rule, **parameters)
        net.connect(b, a, "s", rule, **parameters)
    if kind == "own":
        net.connect(a, a, "s", "fixed_indegree", indegree=3, weight=2.5, delay=UNIFORM)
    return Simulation(net, Ranks())


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_of_any_size_make_the_same_synapses(kind, monkeypatch):
    whole = built(kind, monkeypatch, 1_000_000)
    for together in (1, 10, 50):
        pieces = built(kind, monkeypatch, together)
        for name, values in whole.synapses("s").items():
            assert pieces.synapses("s")[name].tobytes() == values.tobytes()
        for name in ("z", "z_connected"):
            one, other = (getattr(s.state.arrays, name) for s in (whole, pieces))
            assert one.tobytes() == other.tobytes()
        assert pieces.tables.most_incoming() == whole.tables.most_incoming()
        for table in ("homogeneous", "heterogeneous", "incoming"):
            one, other = (getattr(s.tables, table) for s in (whole, pieces))
            rows = np.arange(64 * len(one.index.active))
            for a, b in zip(one.entries(rows), other.entries(rows), strict=True):
                assert a.tobytes() == b.tobytes()
