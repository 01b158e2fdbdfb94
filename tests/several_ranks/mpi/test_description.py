"""Ranks that are told different things say so, by name, instead of computing nonsense."""

from typing import Any

import pytest

from distsp import Network, Simulation
from distsp.base.errors import InputError
from distsp.parallel.ranks import Ranks

pytestmark = pytest.mark.mpi(min_size=2)


def network(odd: bool, what: str) -> tuple[Network, Any]:
    """Return a network and its input; on the odd rank something differs."""
    net = Network(seed=2 if odd and what == "seed" else 1)
    size = 7 if odd and what == "size" else 6
    axon = {"curve": "linear", "growth_rate": 1.0, "eps": 1.0, "z": 2.0}
    cells = net.create(
        "iaf_psc_alpha",
        size,
        name="E",
        tau_m=11.0 if odd and what == "tau" else 10,
        elements={"axon": axon},
    )
    if odd and what == "more":
        net.create("iaf_psc_exp", 1, name="more")
    net.synapse_type("s", weight=1.0, delay=1.0)
    noise = net.poisson_generator(rate=900.0, name="noise")
    net.drive(noise, cells, weight=1.0, delay=1.0)
    return net, noise


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("seed", "seed: 2 must be 1"),
        ("size", "populations.E.size: 7 must be 6"),
        ("tau", "populations.E.parameters.tau_m: 11.0 must be 10.0"),
        ("more", "rank 0 lacks populations.more"),
    ],
)
def test_another_network_on_a_rank_is_refused(ranks: Ranks, what: str, told: str) -> None:
    net, _ = network(ranks.rank == ranks.size - 1, what)
    with pytest.raises(InputError) as refused:
        Simulation(net)
    assert str(refused.value) == f"rank {ranks.size - 1} differs from rank 0: {told}"


@pytest.mark.parametrize(
    "what", ["rate", "connection", "duration", "update_interval", "surplus", "z"]
)
def test_what_differs_before_a_run_is_refused(ranks: Ranks, what: str) -> None:
    odd = ranks.rank == ranks.size - 1
    net, noise = network(odd, "nothing")
    sim = Simulation(net)
    sim.run(1.0)
    if odd and what == "rate":
        noise.set(rate=800.0)
    if odd and what == "update_interval":
        net.update_interval = 5.0
    if odd and what == "surplus":
        net.surplus = "all"
    if odd and what == "z":
        # To the same value: what differs is that it is set.
        net.populations["E"].set_element("axon", z=2.0)
    if odd and what == "connection":
        net.connect(net.populations["E"], net.populations["E"], "s", "all_to_all")
    with pytest.raises(InputError, match=f"rank {ranks.size - 1} differs from rank 0: .*{what}"):
        sim.run(2.0 if odd and what == "duration" else 1.0)


def test_what_changes_on_all_ranks_is_accepted(ranks: Ranks) -> None:
    net, noise = network(False, "nothing")
    sim = Simulation(net)
    sim.run(1.0)
    noise.set(rate=800.0)
    sim.run(1.0)
    assert sim.now == pytest.approx(2.0)
