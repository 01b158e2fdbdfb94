"""Connections that a script makes, asks for, changes and removes; the facts are those of NEST."""

import numpy as np
import pytest


def test_a_matrix_gives_each_pair_its_weight(nest) -> None:
    a, b = nest.Create("iaf_psc_alpha", 2), nest.Create("iaf_psc_alpha", 3)
    weights = np.arange(6.0).reshape(3, 2)  # a row for each target
    nest.Connect(a, b, "all_to_all", {"weight": weights, "delay": 1.5})
    found = nest.GetConnections(a, b)
    pairs = zip(found.source, found.target, found.weight, strict=True)
    assert all(weight == weights[t - 3, s - 1] for s, t, weight in pairs)
    assert set(found.delay) == {1.5}


def test_lists_connect_one_to_one_in_their_order(nest) -> None:
    nest.Create("iaf_psc_alpha", 4)
    nest.Connect([4, 1, 1], [2, 3, 3], "one_to_one", {"weight": [1.0, 2.0, 3.0]})
    found = nest.GetConnections()
    assert sorted(zip(found.source, found.target, found.weight, strict=True)) == [
        (1, 3, 2.0),
        (1, 3, 3.0),
        (4, 2, 1.0),
    ]


@pytest.mark.parametrize(
    ("rule", "n"),
    [
        ({"rule": "fixed_indegree", "indegree": 3}, 15),
        ({"rule": "fixed_outdegree", "outdegree": 2}, 20),
        ({"rule": "fixed_total_number", "N": 7}, 7),
        ({"rule": "pairwise_bernoulli", "p": 1.0}, 50),
    ],
)
def test_rules_connect_as_many(nest, rule, n) -> None:
    a, b = nest.Create("iaf_psc_alpha", 10), nest.Create("iaf_psc_alpha", 5)
    normal = nest.random.normal(5.0, 0.5)
    nest.Connect(a, b, rule, {"weight": -2.0 * normal, "delay": 2.0})
    found = nest.GetConnections(a, b)
    assert len(found) == nest.num_connections == n
    assert len(set(found.weight)) == n
    assert -15.0 < min(found.weight) < max(found.weight) < -5.0


@pytest.mark.parametrize(
    ("spec", "synapse", "error"),
    [
        ("spiral", None, "BadProperty"),
        ({"rule": "fixed_indegree", "indegree": 2, "more": 1}, None, "UnaccessedDictionaryEntry"),
        ("one_to_one", None, "DimensionMismatch"),
        (None, "unheard_of", "UnknownSynapseType"),
        (None, {"delay": 0.01}, "BadDelay"),
        (None, {"more": 1.0}, "UnaccessedDictionaryEntry"),
    ],
)
def test_a_wrong_connection_is_refused_where_it_is_made(nest, spec, synapse, error) -> None:
    a, b = nest.Create("iaf_psc_alpha", 10), nest.Create("iaf_psc_alpha", 5)
    with pytest.raises(getattr(nest.NESTErrors, error)):
        nest.Connect(a, b, spec, synapse)
    assert nest.num_connections == 0


def test_weights_are_set_of_connections(nest) -> None:
    nodes = nest.Create("iaf_psc_alpha", 3)
    nest.Connect(nodes, nodes)
    nest.GetConnections().set(weight=2.5)
    some = nest.GetConnections(nodes[1])
    some.weight = [7.0, 8.0, 9.0]
    assert nest.GetConnections().weight == [2.5] * 3 + [7.0, 8.0, 9.0] + [2.5] * 3
    nest.Simulate(2.0)
    nest.GetConnections(nodes[2]).weight = -1.0
    assert nest.GetConnections().weight == [2.5] * 3 + [7.0, 8.0, 9.0] + [-1.0] * 3
    assert nest.num_connections == 9


def test_devices_are_among_the_connections(nest) -> None:
    nodes = nest.Create("iaf_psc_alpha", 3)
    noise, recorder = nest.Create("poisson_generator", 2), nest.Create("spike_recorder")
    nest.Connect(noise, nodes, syn_spec={"weight": 3.0})
    nest.Connect(nodes, recorder)
    assert nest.num_connections == 9
    assert nest.GetConnections(noise[1]).get(["target", "weight"]) == {
        "target": [1, 2, 3],
        "weight": [3.0] * 3,
    }
    assert nest.GetConnections(nodes, recorder).source == [1, 2, 3]
    with pytest.raises(nest.NESTErrors.IllegalConnection):
        nest.Connect(recorder, nodes)


def test_disconnect_takes_one_of_each_pair_or_says_that_there_is_none(nest) -> None:
    nodes = nest.Create("iaf_psc_alpha", 5)
    nest.Connect(nodes, nodes)
    nest.Disconnect(nodes, nodes)
    assert nest.num_connections == 20
    with pytest.raises(nest.NESTErrors.InexistentConnection):
        nest.Disconnect(nodes[0], nodes[0])
    assert nest.num_connections == 20
    nest.Simulate(1.0)
    nest.Disconnect(nodes[:2], nodes[3:], conn_spec="all_to_all")
    assert nest.num_connections == 16
    nest.Disconnect(nest.GetConnections(nodes[4]))
    assert nest.num_connections == 12
    with pytest.raises(nest.NESTErrors.NotImplemented):
        nest.Disconnect(nodes, nodes, conn_spec="fixed_indegree")
    with pytest.raises(TypeError):
        nest.Disconnect([1])
    with pytest.raises(ValueError, match="can only be given with"):
        nest.Disconnect(nest.GetConnections(), syn_spec="static_synapse")


def test_several_kinds_of_a_model_are_disconnected_one_after_the_other(nest) -> None:
    nodes = nest.Create("iaf_psc_alpha", 3)
    nest.Connect(nodes, nodes, "one_to_one", {"weight": 1.0})
    nest.Connect(nodes, nodes, "one_to_one", {"weight": 2.0})
    for n in (6, 5, 4):
        assert nest.num_connections == len(nest.GetConnections()) == n
        nest.Disconnect(nodes[0] if n < 6 else nodes[1], nodes[0] if n < 6 else nodes[1])
    with pytest.raises(nest.NESTErrors.InexistentConnection):
        nest.Disconnect([2, 1], [2, 1])  # of which the first is there
    nest.Simulate(1.0)
    found = nest.GetConnections()
    assert list(zip(found.source, found.weight, strict=True)) == [(2, 2.0), (3, 1.0), (3, 2.0)]
    assert nest.num_connections == 3


def test_more_is_built_between_two_runs(nest) -> None:
    first = nest.Create("iaf_psc_alpha", 2, {"I_e": 500.0})
    nest.Simulate(20.0)
    device, second = nest.Create("spike_recorder"), nest.Create("iaf_psc_alpha", 2)
    nest.Connect(first, second, "one_to_one", {"weight": 2000.0, "delay": 1.0})
    nest.Connect(second, device)
    nest.Simulate(20.0)
    assert second.tolist() == [4, 5]
    assert sorted(set(device.events["senders"].tolist())) == [4, 5]
    assert nest.GetConnections(first, second).target == [4, 5]


def test_positions_and_what_follows_from_them(nest) -> None:
    sheet = nest.Create("iaf_psc_alpha", positions=nest.spatial.grid([3, 2], extent=[3.0, 2.0]))
    assert nest.GetPosition(sheet)[:3] == ((-1.0, 0.5), (-1.0, -0.5), (0.0, 0.5))
    assert nest.Distance(sheet[:1], sheet) == pytest.approx([0, 1, 1, 2**0.5, 2, 5**0.5])
    mask = {"circular": {"radius": 1.1}}
    far = 1.0 + nest.spatial.distance
    rule = {"rule": "pairwise_bernoulli", "p": 1.0, "mask": mask, "allow_autapses": False}
    nest.Connect(sheet, sheet, rule, {"weight": far})
    found = nest.GetConnections()
    assert len(found) == 14  # both ways along the 7 sides of the grid
    assert set(found.weight) == {2.0}
    assert nest.GetTargetNodes(sheet[:1], sheet)[0].tolist() == [2, 3]
