"""What recorders record of a simulation is what there is to be asked."""

import itertools

import numpy as np
import pytest

from distsp.base.errors import InputError
from distsp.engine import simulation as engine
from distsp.engine.simulation import Simulation
from distsp.network.network import Network

ELEMENT = {"curve": "gaussian", "growth_rate": 0.3, "eps": 0.15, "z": 2.2}
WEIGHTS = {"distribution": "normal", "mean": 30.0, "std": 5.0}


def network(recorded: bool = True) -> Network:
    """Return two populations that make and break synapses every 5 ms, with recorders or none."""
    net = Network(resolution=0.1, seed=4, update_interval=5.0)
    elements = {"out": ELEMENT, "in": ELEMENT}
    parameters = {"tau_Ca": 50.0, "beta_Ca": 0.05, "elements": elements}
    a = net.create("iaf_psc_alpha", 40, name="A", I_e=420.0, **parameters)
    b = net.create("iaf_psc_alpha", 20, name="B", I_e=600.0, **parameters)
    net.synapse_type("plastic", weight=20.0, delay=1.0, pre="out", post="in")
    net.synapse_type("valued", weight=WEIGHTS, delay=1.0)
    net.connect(a, b, "valued", "fixed_indegree", indegree=4)
    net.connect(a, a, "plastic", "fixed_indegree", indegree=2)
    if not recorded:
        return net
    groups = {"first": a[:15], "B": b, "both": a + b}
    net.recorder("synapse_counts", "counts", groups=groups, interval=5.0)
    net.recorder("connectivity", "snapshots", times=[0.0, 30.0], interval=10.0)
    net.recorder("structural_updates", "updates")
    net.recorder("mean_activity", "activity", neurons=a[:15] + b, interval=5.0)
    net.recorder("spike_recorder", "window", neurons=a, start=12.0, stop=40.0)
    net.recorder("multimeter", "meter", neurons=a[3:5], variables=["V_m", "z/in"])
    net.record_spikes(a + b)
    net.record(5.0)
    return net


def test_is_what_there_is(monkeypatch):
    # Also where it is handed over again and again.
    monkeypatch.setattr(engine, "WAITING_BYTES", 1000)
    net = network()
    a, b = net.populations.values()
    sim, seen, means = Simulation(net), [], []
    for _step in range(12):
        sim.run(5.0)
        seen.append({name: sim.synapses(name) for name in ("plastic", "valued")})
        means.append(np.concatenate([a[:15].calcium, b.calcium]).mean())

    snapshots = sim.recorded("snapshots")
    assert snapshots["time"].tolist() == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    for name in ("plastic", "valued"):
        ends = snapshots[f"synapses/{name}/end"]
        for k, (low, high) in enumerate(itertools.pairwise(ends)):
            there = seen[2 * k + 1][name]
            for key in ("source", "target", *(["weight", "delay"] if name == "valued" else [])):
                values = snapshots[f"synapses/{name}/{key}"][low:high]
                np.testing.assert_array_equal(values, there[key])
    # Before the first update.
    assert snapshots["synapses/plastic/end"][0] == 80

    counts = sim.recorded("counts")
    groups = [a[:15].ids, b.ids, np.arange(60)]
    for name in ("plastic", "valued"):
        for there, found in zip(seen, counts[f"counts/{name}"], strict=True):
            source, target = there[name]["source"], there[name]["target"]
            expected = [
                [(np.isin(source, one) & np.isin(target, other)).sum() for other in groups]
                for one in groups
            ]
            assert found.tolist() == expected

    updates = sim.recorded("updates")
    assert updates["time"].tolist() == [5.0 * k for k in range(12)]
    total = np.full(12, 80)
    for p in ("A", "B"):
        change = updates[f"made/plastic/{p}"] - updates[f"broken/plastic/{p}"]
        total += np.cumsum(change)
        assert updates[f"made/plastic/{p}"].sum() > updates[f"broken/plastic/{p}"].sum() > 0
        assert updates[f"vacant/{p}/in"].sum() > 0
    assert total.tolist() == [len(there["plastic"]["source"]) for there in seen]

    activity = sim.recorded("activity")
    np.testing.assert_allclose(activity["calcium"], means, rtol=1e-12)
    n_a = a[:15].spike_count.sum() + b.spike_count.sum()
    np.testing.assert_allclose(activity["rate"].sum() * 35 * 0.005, n_a)

    times, ids = sim.spikes(a)
    window = (times > 12.0) & (times <= 40.0)
    assert 0 < window.sum() < len(times)
    np.testing.assert_array_equal(sim.recorded("window")["time"], times[window])
    np.testing.assert_array_equal(sim.recorded("window")["id"], ids[window])
    assert np.bincount(ids, minlength=40).tolist() == a.spike_count.tolist()
    assert sim.recorded("meter")["z/in"].shape == (60, 2)
    with pytest.raises(InputError, match="recorder: 'x' must be one of"):
        sim.recorded("x")


def test_what_is_asked_changes_nothing():
    net, bare = network(), network(recorded=False)
    one, other = Simulation(net), Simulation(bare)
    for sim in (one, other):
        sim.run(60.0)
    for p in ("A", "B"):
        mine, plain = net.populations[p], bare.populations[p]
        assert mine.V_m.tolist() == plain.V_m.tolist()
        assert mine.z("in").tolist() == plain.z("in").tolist()
    for key, values in one.synapses("plastic").items():
        assert values.tolist() == other.synapses("plastic")[key].tolist()


def test_snapshots_of_the_past_are_refused():
    net = network()
    sim = Simulation(net)
    sim.run(5.0)
    net.recorder("connectivity", "late", times=[4.9])
    with pytest.raises(InputError, match=r"late.times.0: 4.9 ms must not be before the present"):
        sim.run(5.0)
