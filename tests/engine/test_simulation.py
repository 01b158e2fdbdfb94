"""Networks in motion: causality, runs in pieces, changes between runs, and agreement with NEST."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from distsp.base.errors import InputError
from distsp.engine.simulation import Simulation
from distsp.experiment.experiment import Experiment
from distsp.network.network import Network
from distsp.network.population import Population
from distsp.parallel.ranks import Ranks

H = 0.1
SURE = 1e-6
STILL = {"curve": "linear", "growth_rate": 0.0, "eps": 1.0, "tau_vacant": 0.0}
NEST = Path(__file__).parents[1] / "data" / "structural_plasticity_nest.npz"


def fires_once(net: Network, n: int = 1, **elements) -> Population:
    """Return neurons that fire in step 0 and then never again."""
    return net.create("iaf_psc_delta", n, V_m=-50.0, V_reset=-80.0, elements=elements)


def counts_weights(net: Network, n: int = 1, **elements) -> Population:
    """Return neurons whose V_m is the sum of the weights that have arrived: nothing leaks."""
    return net.create(
        "iaf_psc_delta", n, tau_m=1e18, E_L=0.0, V_th=1e9, V_reset=-1.0, elements=elements
    )


def contents(simulation: Simulation) -> dict[str, bytes]:
    """Return what there is to know of a simulation, as bytes."""
    everything = {}
    for name in simulation.network.synapse_types:
        for key, values in simulation.synapses(name).items():
            everything[f"{name}.{key}"] = values
    for name, p in simulation.network.populations.items():
        everything[f"{name}.times"], everything[f"{name}.senders"] = simulation.spikes(p)
        everything |= {f"{name}.calcium": p.calcium, f"{name}.spike_count": p.spike_count}
        everything |= {f"{name}.{v}": p.state(v) for v in type(p.parameters).variables}
        everything |= {f"{name}.{element}": p.z(element) for element in p.elements}
    return {key: values.tobytes() for key, values in everything.items()}


def lively(seed: int = 1, update: float | None = 5.0) -> tuple[Network, Population, Population]:
    """Return a network with static and plastic synapses of all kinds that fires at random."""
    net = Network(resolution=H, seed=seed, update_interval=update)
    element = {"curve": "gaussian", "growth_rate": 0.05, "eps": 0.2, "z": 2.0}
    elements = {"out": element, "in": element}
    a = net.create("iaf_psc_alpha", 20, elements=elements, tau_Ca=50.0, beta_Ca=0.05)
    b = net.create("iaf_psc_exp", 10, elements=elements, tau_Ca=50.0, beta_Ca=0.05)
    weights = {"distribution": "normal", "mean": 0.0, "std": 40.0}
    delays = {"distribution": "uniform", "low": 0.7, "high": 2.5}
    net.synapse_type("plastic", weight=60.0, delay=0.9, pre="out", post="in")
    net.synapse_type("valued", weight=weights, delay=delays, pre="out", post="in")
    net.synapse_type("static", weight=20.0, delay=1.5)
    net.connect(a, b, "static", "pairwise_bernoulli", p=0.3)
    net.connect(b, a, "valued", "fixed_indegree", indegree=2)
    for p in (a, b):
        net.drive(net.poisson_generator(rate=2000.0), p, weight=80.0, delay=1.1)
        net.record_spikes(p)
    return net, a, b


# Causality ------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [1.0, {"distribution": "uniform", "low": 1.0, "high": 1.0}])
def test_a_synapse_made_after_the_emission_does_not_carry_the_spike(weight):
    arrived = []
    # The spike is emitted in step 0; the synapses are made at time 0 and at time 0.1 ms.
    for first_update in (0, 1):
        net = Network(resolution=H, seed=1, update_interval=H)
        source = fires_once(net, out=STILL | {"z": 1.0})
        target = counts_weights(net, **{"in": STILL | {"z": 1.0}})
        net.synapse_type("s", weight=weight, delay=2.0, pre="out", post="in")
        simulation = Simulation(net, Ranks())
        z = simulation.state.arrays.z
        kept = z.copy()
        if first_update:
            z[:] = 0.0
            simulation.run(H)
            z[:] = kept
        simulation.run(3.0)
        assert simulation.synapse_count("s") == 1
        assert source.spike_count.tolist() == [1]
        arrived.append(target.V_m[0])
    assert arrived == [1.0, 0.0]


@pytest.mark.parametrize("weight", [1.0, {"distribution": "uniform", "low": 1.0, "high": 1.0}])
def test_a_synapse_removed_after_the_emission_still_delivers(weight):
    net = Network(resolution=H, seed=1, update_interval=H)
    source = fires_once(net, out=STILL | {"z": 1.0})
    target = counts_weights(net, **{"in": STILL | {"z": 1.0}})
    net.synapse_type("s", weight=weight, delay=2.0, pre="out", post="in")
    simulation = Simulation(net, Ranks())
    simulation.run(H)
    assert source.spike_count.tolist() == [1]
    assert simulation.synapse_count("s") == 1
    simulation.state.arrays.z[:] = 0.0
    simulation.run(1.0)
    assert simulation.synapse_count("s") == 0
    assert target.V_m[0] == 0.0
    simulation.run(1.0)
    assert target.V_m[0] == 1.0


# Runs in pieces and changes between them --------------------------------------------------------


@pytest.mark.parametrize("update", [None, 5.0])
def test_runs_in_pieces_are_one_run(update):
    net, *_ = lively(update=update)
    whole = Simulation(net, Ranks())
    whole.run(90.0)
    assert whole.n_spikes > 50
    net, *_ = lively(update=update)
    pieces = Simulation(net, Ranks())
    for duration in (0.1, 4.9, 0.0, 13.7, 5.0, 26.3, 40.0):
        pieces.run(duration)
    assert pieces.now == whole.now
    assert contents(pieces) == contents(whole)


def test_seeds_differ():
    runs = []
    for seed in (1, 1, 2):
        simulation = Simulation(lively(seed)[0], Ranks())
        simulation.run(20.0)
        runs.append(contents(simulation))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_what_is_in_flight_keeps_the_old_rate():
    net = Network(resolution=H, seed=3)
    target = counts_weights(net, 400)
    generator = net.poisson_generator(rate=20_000.0)
    net.drive(generator, target, weight=1.0, delay=2.0)
    simulation = Simulation(net, Ranks())

    def arrive(duration: float) -> float:
        before = target.V_m
        simulation.run(duration)
        return float((target.V_m - before).sum()) / (400 * duration / 1000.0)

    # Nothing before the delay has passed.
    assert arrive(2.0) == 0.0
    assert arrive(10.0) == pytest.approx(20_000.0, abs=4 * np.sqrt(20_000.0 / 4.0))
    generator.set(rate=0.0)
    assert arrive(2.0) == pytest.approx(20_000.0, abs=4 * np.sqrt(20_000.0 / 0.8))
    assert arrive(3.0) == 0.0
    generator.set(rate=50_000.0)
    assert arrive(2.0) == 0.0
    assert arrive(10.0) == pytest.approx(50_000.0, abs=4 * np.sqrt(50_000.0 / 4.0))


def test_a_rate_set_and_set_back_changes_nothing():
    net, *_ = lively()
    simulation = Simulation(net, Ranks())
    simulation.run(10.0)
    generator = next(iter(net.inputs.values()))
    generator.set(rate=1.0)
    generator.set(rate=2000.0)
    simulation.run(20.0)
    other = Simulation(lively()[0], Ranks())
    other.run(30.0)
    assert contents(simulation) == contents(other)


def test_an_input_made_between_runs_begins_then():
    net = Network(resolution=H, seed=3)
    target = counts_weights(net, 50)
    simulation = Simulation(net, Ranks())
    simulation.run(5.0)
    net.drive(net.poisson_generator(rate=1e5), target, weight=1.0, delay=1.0)
    simulation.run(1.0)
    assert (target.V_m == 0.0).all()
    simulation.run(H)
    assert (target.V_m > 0.0).any()


def test_poisson_input_is_that_of_its_stream():
    net = Network(resolution=H, seed=9)
    target = counts_weights(net, 2000)
    net.drive(net.poisson_generator(rate=15_000.0), target, weight=0.5, delay=H)
    simulation = Simulation(net, Ranks())
    simulation.run(40.0)
    counts = target.V_m / 0.5
    assert (counts == np.rint(counts)).all()
    # Drawn in 399 steps: the last draw has not arrived.
    mean = 15.0 * 39.9
    statistic = ((counts - mean) ** 2).sum() / mean
    assert chi2.sf(statistic, 2000) > SURE
    assert chi2.cdf(statistic, 2000) > SURE


def test_parameters_changed_between_runs():
    net = Network(resolution=H, seed=1)
    neurons = net.create("iaf_psc_exp", 3)
    simulation = Simulation(net, Ranks())
    simulation.run(20.0)
    assert neurons.spike_count.tolist() == [0] * 3
    neurons.set(I_e=1000.0)
    simulation.run(20.0)
    fast = neurons.spike_count[0]
    assert fast > 2
    with pytest.raises(InputError):
        neurons.set(I_e=0.0, tau_m=-1.0)
    simulation.run(20.0)
    assert neurons.spike_count[0] > fast
    neurons.set(I_e=0.0)
    before = neurons.spike_count
    simulation.run(20.0)
    assert (neurons.spike_count == before).all()


def test_connections_made_between_runs():
    net = Network(resolution=H, seed=1)
    source, target = fires_once(net), counts_weights(net)
    other = net.create("iaf_psc_delta", 1, I_e=1e5)
    net.record_spikes(other)
    net.synapse_type("s", weight=2.0, delay=1.0)
    net.connect(source, target, "s", "one_to_one")
    simulation = Simulation(net, Ranks())
    simulation.run(5.0)
    assert target.V_m[0] == 2.0
    assert simulation.synapse_count("s") == 1
    net.connect(other, target, "s", "one_to_one")
    simulation.run(5.0)
    assert simulation.synapse_count("s") == 2
    # Spikes from 5.1 ms on travel over the new synapse, and those up to 9.0 ms have arrived.
    steps = np.rint(simulation.spikes(other)[0] / H)
    travelled = np.count_nonzero((steps > 50) & (steps <= 90))
    assert travelled > 1
    assert travelled < len(steps)
    assert target.V_m[0] == 2.0 + 2.0 * travelled


def test_a_network_has_one_simulation():
    net, *_ = lively()
    simulation = Simulation(net, Ranks())
    simulation.run(50.0)
    neurons = next(iter(net.populations.values()))
    before = neurons.spike_count
    with pytest.raises(InputError, match="network: it has a Simulation already"):
        Simulation(net, Ranks())
    assert np.array_equal(neurons.spike_count, before)
    # A copy is a network that has none.
    other = deepcopy(net)
    other.update_interval = None
    assert net.update_interval is not None
    other.create("iaf_psc_exp", 1)
    copied = Simulation(other, Ranks())
    copied.run(50.0)
    assert np.array_equal(neurons.spike_count, before)
    assert np.array_equal(next(iter(other.populations.values())).spike_count, before)
    net.populations[neurons.name].set(V_th=0.0)
    assert other.populations[neurons.name].parameters.V_th != 0.0


def test_a_simulation_that_could_not_be_made_leaves_the_network_free(monkeypatch):
    net, *_ = lively()
    with monkeypatch.context() as patch:
        patch.setattr("distsp.engine.memory.installed_bytes", lambda: 1000.0)
        with pytest.raises(InputError, match="need at least"):
            Simulation(net, Ranks())
    net.synapse_type("late", weight=1.0, delay=30.0)
    Simulation(net, Ranks()).run(1.0)


def test_spikes_are_counted_beyond_32_bits():
    net = Network(resolution=H, seed=1)
    neurons = net.create("iaf_psc_delta", 2, I_e=1e5, t_ref=H)
    net.record(1.0)
    simulation = Simulation(net, Ranks())
    simulation.run(1.0)
    before = neurons.spike_count
    simulation.state.arrays.spike_count[:] = 2**31 - 1
    simulation.recordings["recording"].last_spikes["population_0"] += int(2**32 - 2 - before.sum())
    simulation.run(1.0)
    assert (neurons.spike_count > 2**31).all()
    assert simulation.recording["rate/population_0"][1] == 5000.0


NO = (10**400, ["x"], {"a": 1}, None, {1, 2}, b"x", 7.5, object())
"""What is no name, no neurons and no path."""


def test_what_is_of_another_kind_is_told_in_one_line(tmp_path):
    net, a, _ = lively()
    with pytest.raises(InputError, match="must be a Network"):
        Simulation(a)
    with pytest.raises(InputError, match="must be a Network, or a function"):
        Simulation.load(tmp_path, a)
    simulation = Simulation(net, Ranks())
    simulation.run(5.0)
    calls = {
        "^duration": simulation.run,
        "^neurons": simulation.spikes,
        "^synapse": simulation.synapse_count,
        r"^synapse\b": simulation.synapses,
        "^population": lambda wrong: simulation.read(wrong, "V_m"),
        "^variable": lambda wrong: simulation.read(a, wrong),
        r"^variable\b": a.state,
        "^element": a.z,
        r"^element\b": lambda wrong: a.set_element(wrong, growth_rate=1.0),
        r"connections.*\.synapse": lambda wrong: net.connect(a, a, wrong, "all_to_all"),
        r"connections.*\.rule": lambda wrong: net.connect(a, a, "static", wrong),
        "^progress": lambda wrong: simulation.run(0.1, progress=wrong),
        "^stop": lambda wrong: simulation.run(0.1, stop=wrong),
        "^folder": simulation.save,
        r"^folder\b": lambda wrong: Simulation.load(wrong, deepcopy(net)),
    }
    for field, call in calls.items():
        for wrong in NO:
            if ("dur" in field and wrong == 7.5) or (
                ("prog" in field or "stop" in field) and not wrong
            ):
                continue
            with pytest.raises(InputError, match=field) as told:
                call(wrong)
            assert "\n" not in str(told.value)
    for wrong in ("E", a[:2]):
        with pytest.raises(InputError, match=r"^population"):
            simulation.read(wrong, "V_m")
    with pytest.raises(InputError, match=r"^neurons: 'E' must be one that this network has"):
        simulation.spikes("E")
    with pytest.raises(InputError, match=r"^simulation: cannot be copied"):
        deepcopy(simulation)
    assert simulation.now == 5.0


def wiring_itself(surplus="one"):
    """Return a simulation of two neurons that bind their elements at once, and the neurons."""
    net = Network(resolution=H, seed=1, update_interval=1.0, surplus=surplus)
    two = net.create("iaf_psc_exp", 2, elements={"axon": STILL | {"z": 3.0}, "den": STILL})
    net.synapse_type("s", weight=1.0, delay=1.0, pre="axon", post="den")
    return Simulation(net, Ranks()), two


def test_elements_are_set_in_a_simulation():
    simulation, two = wiring_itself("all")
    simulation.run(1.0)
    assert two.z("axon").tolist() == [3.0, 3.0]
    two[1:].set_element("den", z=4.5)
    assert two.z("den").tolist() == [0.0, 0.0]
    simulation.run(0.5)
    assert two.z("den").tolist() == [0.0, 4.5]
    assert two.z_connected("den").tolist() == [0, 4]
    # What changes besides leaves z, and to the same value it is set again.
    two.set_element("den", z=[0.0, 1.5], tau_vacant=0.25)
    simulation.run(1.0)
    assert two.z_connected("den").tolist() == [0, 1]
    two.set_element("axon", z=[2.0, 7.0])
    two.set_element("axon", tau_vacant=0.0)
    simulation.run(1.0)
    assert two.z("axon").tolist() == [2.0, 7.0]
    two.set_element("axon", tau_vacant=0.0)
    two.set_element("den", z=[0.0, 5.0])
    simulation.run(1.0)
    assert two.z_connected("den").tolist() == [0, 5]


def test_elements_that_are_added_grow_from_then_on():
    simulation, two = wiring_itself()
    simulation.run(10.0)
    growing = STILL | {"growth_rate": 0.25, "z": 1.0}
    late = simulation.network.create("iaf_psc_exp", 3, elements={"late": growing, "den": growing})
    simulation.run(2.0)
    assert late.z("late").tolist() == [1.5] * 3
    assert two.z("axon").tolist() == [3.0] * 2


def test_plasticity_is_switched_off_and_on():
    simulation, two = wiring_itself()
    net = simulation.network
    simulation.run(1.0)
    net.update_interval = None
    two.set_element("den", z=1.0)
    simulation.run(5.0)
    assert simulation.synapse_count("s") == 0
    net.update_interval = 2.0
    simulation.run(0.1)
    assert simulation.synapse_count("s") == 2
    two.set_element("den", z=3.0)
    simulation.run(1.9)
    assert simulation.synapse_count("s") == 2
    simulation.run(0.1)
    assert simulation.synapse_count("s") == 6


def test_elements_that_no_memory_holds_are_refused_before_anything_acts(monkeypatch):
    simulation, two = wiring_itself()
    simulation.run(0.5)
    two.set_element("axon", growth_rate=1e12)
    told = (
        r"^populations\.population_0\.elements\.axon\.growth_rate: memory must hold 2 times 1e\+12"
    )
    for _ in range(2):
        with pytest.raises(InputError, match=told):
            simulation.run(1.0)
    assert simulation.now == 0.5
    two.set_element("axon", growth_rate=1e3, z=3.0)
    two.set_element("den", z=1e-3)
    simulation.run(0.5)
    # What grows to more over many updates, where few can bind, is refused at one.
    two.set_element("den", growth_rate=1.1)
    monkeypatch.setattr("distsp.engine.update.installed_bytes", lambda: 64.0 * 1000)
    with pytest.raises(InputError, match=r"^elements\.axon: memory must hold \d+ vacant ones"):
        simulation.run(10.0)
    two.set_element("axon", growth_rate=1e10)
    for module in ("memory", "update"):
        monkeypatch.setattr(f"distsp.engine.{module}.installed_bytes", lambda: 1e30)
    with pytest.raises(InputError, match=r"^elements\.axon: a neuron has 1e\+10 of them"):
        simulation.run(10.0)


def test_static_and_plastic_synapses_live_side_by_side():
    net, *_ = lively()
    simulation = Simulation(net, Ranks())
    static = {key: values.tobytes() for key, values in simulation.synapses("static").items()}
    plastic = {key: values.tobytes() for key, values in simulation.synapses("plastic").items()}
    simulation.run(60.0)
    after = simulation.synapses("static")
    assert {key: values.tobytes() for key, values in after.items()} == static
    assert simulation.synapses("plastic")["source"].tobytes() != plastic["source"]
    assert len(after["source"]) > 20


# Synapses ---------------------------------------------------------------------------------------


def test_weights_and_delays_have_their_distributions():
    net = Network(resolution=H, seed=21)
    a = net.create("iaf_psc_delta", 150)
    normal = {"distribution": "normal", "mean": -3.0, "std": 2.0}
    net.synapse_type("s", weight=normal, delay={"distribution": "uniform", "low": 0.5, "high": 1.5})
    net.synapse_type("late", weight=1.0, delay={"distribution": "normal", "mean": 1.0, "std": 0.8})
    net.connect(a, a, "s", "all_to_all")
    net.connect(a, a, "s", "all_to_all")
    net.connect(a, a, "late", "all_to_all")
    simulation = Simulation(net, Ranks())
    synapses = simulation.synapses("s")
    assert len(synapses["weight"]) == 2 * 150**2
    assert kstest((synapses["weight"] + 3.0) / 2.0, "norm").pvalue > SURE
    # Copies of a pair, and batches, draw on their own.
    assert len(set(synapses["weight"])) == 2 * 150**2
    steps = synapses["delay"] / H
    assert np.abs(steps - np.rint(steps)).max() < 1e-9
    found = np.bincount(np.rint(steps).astype(int))
    assert found[:5].sum() == 0
    # Rounding leaves half a step's width to the ends.
    expected = len(steps) * np.array([0.5, *[1.0] * 9, 0.5]) / 10.0
    assert chi2.sf(((found[5:] - expected) ** 2 / expected).sum(), 10) > SURE
    assert abs(np.corrcoef(synapses["weight"], steps)[0, 1]) * np.sqrt(len(steps)) < 5
    # A normal delay is cut at one step and at three standard deviations.
    late = simulation.synapses("late")["delay"]
    assert late.min() == pytest.approx(H)
    assert late.max() == pytest.approx(1.0 + 3 * 0.8)
    middle = np.rint(late / H)
    assert np.mean(middle <= 10) == pytest.approx(0.525, abs=0.02)


def test_each_synapse_delivers_its_own_weight_after_its_own_delay():
    net = Network(resolution=H, seed=4)
    source, target = fires_once(net, 7), counts_weights(net, 5)
    weights = {"distribution": "normal", "mean": 0.0, "std": 1.0}
    delays = {"distribution": "uniform", "low": 0.3, "high": 1.2}
    net.synapse_type("s", weight=weights, delay=delays)
    net.connect(source, target, "s", "fixed_indegree", indegree=30)
    simulation = Simulation(net, Ranks())
    synapses = simulation.synapses("s")
    for step in range(15):
        simulation.run(H)
        due = np.rint(synapses["delay"] / H) <= step
        expected = [synapses["weight"][due & (synapses["target"] == i)].sum() for i in target.ids]
        np.testing.assert_allclose(target.V_m, expected, atol=1e-12)


@pytest.mark.parametrize("plastic", [False, True])
def test_more_events_in_a_step_than_16_bits_hold(plastic):
    net = Network(resolution=H, seed=1)
    elements = {"e": STILL, "f": STILL} if plastic else {}
    source, target = fires_once(net, 2, **elements), counts_weights(net, 1, **elements)
    sides = {"pre": "e", "post": "f"} if plastic else {}
    net.synapse_type("s", weight=1.0, delay=0.5, **sides)
    net.connect(source, target, "s", "fixed_indegree", indegree=70_000)
    simulation = Simulation(net, Ranks())
    simulation.run(1.0)
    assert target.V_m[0] == 70_000.0


def test_synapses_in_pieces(monkeypatch):
    net, *_ = lively()
    simulation = Simulation(net, Ranks())
    for name in net.synapse_types:
        whole = simulation.synapses(name)
        order = np.lexsort((whole["target"], whole["source"]))
        assert (order == np.arange(len(order))).all()
        with monkeypatch.context() as patch:
            patch.setattr("distsp.engine.synapses.GATHERED_SYNAPSES", 7)
            pieces = list(simulation.synapse_chunks(name))
        for key, values in whole.items():
            joined = np.concatenate([piece[key] for piece in pieces])
            assert joined.tobytes() == values.tobytes()
        if len(order):
            assert len(pieces) > 3


# Spikes -----------------------------------------------------------------------------------------


def test_the_recorder_has_every_spike():
    net, a, b = lively()
    silent = net.create("iaf_psc_exp", 2)
    net.record_spikes(silent)
    unrecorded = net.create("iaf_psc_exp", 4, I_e=1000.0)
    simulation = Simulation(net, Ranks())
    simulation.run(37.0)
    simulation.run(43.0)
    for p in (a, b):
        times, senders = simulation.spikes(p)
        assert (np.lexsort((senders, times)) == np.arange(len(times))).all()
        assert np.bincount(senders, minlength=p.first + p.size)[p.first :].tolist() == (
            p.spike_count.tolist()
        )
        assert set(senders) <= set(p.ids)
        assert times.min() > 0.0
        assert times.max() <= 80.0
    assert len(simulation.spikes(silent)[0]) == 0
    assert len(simulation.spikes(unrecorded)[0]) == 0
    assert unrecorded.spike_count.min() > 3
    total = sum(int(p.spike_count.sum()) for p in (a, b, unrecorded))
    assert simulation.n_spikes == total


def test_recorded_means_are_those_of_the_neurons():
    net, a, _ = lively()
    net.record(10.0)
    simulation = Simulation(net, Ranks())
    spikes = []
    for i in range(1, 5):
        simulation.run(10.0)
        recording = {key: values[-1] for key, values in simulation.recording.items()}
        name = a.name
        assert recording["time"] == pytest.approx(10.0 * i)
        assert recording[f"calcium/{name}"] == pytest.approx(a.calcium.mean(), rel=1e-13)
        assert recording[f"elements/{name}/out/z"] == pytest.approx(a.z("out").mean(), rel=1e-13)
        bound = a.z_connected("out").mean()
        assert recording[f"elements/{name}/out/z_connected"] == pytest.approx(bound, rel=1e-13)
        assert recording["synapses/plastic"] == simulation.synapse_count("plastic")
        spikes.append(int(a.spike_count.sum()))
        new = spikes[-1] - (spikes[-2] if i > 1 else 0)
        assert recording[f"rate/{name}"] == pytest.approx(new / (a.size * 0.010), rel=1e-13)


def test_all_neurons_firing_at_once_fit_into_the_exchange():
    # The first buffer holds a few spikes; a thousand at once must not be lost or out of order.
    net = Network(resolution=H, seed=2)
    n = 1000
    source, target = fires_once(net, n), counts_weights(net, 4)
    net.record_spikes(source)
    net.synapse_type("s", weight=1.0, delay=0.4)
    net.connect(source, target, "s", "all_to_all")
    simulation = Simulation(net, Ranks())
    assert simulation._capacity < n
    simulation.run(0.5)
    times, senders = simulation.spikes(source)
    assert senders.tolist() == list(range(n))
    assert (times == H).all()
    assert (target.V_m == n).all()


def test_the_size_of_the_buffer_changes_no_bit():
    runs = []
    for capacity in (0, 10_000):
        net, *_ = lively()
        for p in net.populations.values():
            p.set(I_e=2000.0)  # waves of synchronous spikes
        simulation = Simulation(net, Ranks())
        simulation._capacity = capacity
        simulation.run(30.0)
        assert simulation.n_spikes > 150
        runs.append(contents(simulation))
    assert runs[0] == runs[1]


# What a simulation says and refuses ---------------------------------------------------------------


def test_progress():
    net, *_ = lively()
    told: list[float] = []
    Simulation(net, Ranks()).run(12.0, told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(12.0)
    assert 5.0 in [pytest.approx(t) for t in told]


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (-1.0, "duration: -1.0 ms must not be negative"),
        (0.05, "duration: 0.05 ms must be a whole multiple of the resolution, 0.1 ms"),
        (float("nan"), "duration: nan ms"),
        (float("inf"), "duration: inf ms"),
        (1e300, "duration: 1e+300 ms is more steps"),
    ],
)
def test_wrong_durations(duration, words):
    simulation = Simulation(lively()[0], Ranks())
    with pytest.raises(InputError) as error:
        simulation.run(duration)
    assert words in str(error.value)
    assert simulation.now == 0.0


def test_wrong_questions():
    net, a, _ = lively()
    with pytest.raises(InputError, match="before a Simulation is made"):
        a.calcium  # noqa: B018
    simulation = Simulation(net, Ranks())
    for ask, words in [
        (lambda: simulation.synapses("none"), "synapse: 'none' must be one of"),
        (lambda: simulation.synapse_count("none"), "synapse: 'none' must be one of"),
        (lambda: a.state("none"), "variable: 'none' must be one of V_m, I_syn_ex"),
        (lambda: a.z("none"), "element: 'none' must be one of out, in"),
        (lambda: a.z_connected("none"), "element: 'none' must be one of out, in"),
    ]:
        with pytest.raises(InputError) as error:
            ask()
        assert words in str(error.value)


def test_no_neurons():
    with pytest.raises(InputError, match="populations: there are none"):
        Simulation(Network(), Ranks())


# NEST -------------------------------------------------------------------------------------------


def test_the_published_experiment_agrees_with_nest():
    """Two seeds over the first half against 12 runs of NEST, in everything that was recorded."""
    nest = np.load(NEST)
    theirs = dict(zip(nest["columns"].tolist(), nest["data"].transpose(2, 0, 1), strict=True))
    names = {
        "ca_e": "calcium/E",
        "ca_i": "calcium/I",
        "conn_ex": "synapses/synapse_ex",
        "conn_in": "synapses/synapse_in",
        "z_den_ex_e": "elements/E/Den_ex/z",
        "z_den_in_e": "elements/E/Den_in/z",
        "z_den_ex_i": "elements/I/Den_ex/z",
        "z_den_in_i": "elements/I/Den_in/z",
        "rate_e": "rate/E",
        "rate_i": "rate/I",
    }
    assert set(names) == set(theirs)
    runs = []
    for seed in ("101", "102"):
        experiment = Experiment.bundled("structural_plasticity").changed("seed", seed)
        network = experiment.build()
        simulation = Simulation(network, Ranks())
        simulation.run(100_000.0)
        runs.append(simulation.recording)
    seconds = [5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100]
    places = np.searchsorted(nest["time_s"], seconds)
    for column, name in names.items():
        ours = np.array([run[name] for run in runs])[:, np.array(seconds) - 1]
        np.testing.assert_allclose(runs[0]["time"][np.array(seconds) - 1], np.array(seconds) * 1e3)
        reference = theirs[column][:, places]
        mean, spread = reference.mean(axis=0), reference.std(axis=0, ddof=1)
        bound = 4.0 * spread * np.sqrt(1 / 12 + 1 / 2) + 0.005 * np.abs(mean)
        off = np.abs(ours.mean(axis=0) - mean)
        assert (off <= bound).all(), (name, seconds, off / bound)


@pytest.mark.parametrize("name", ["step", "now", "seconds", "ranks", "stepp"])
def test_a_simulation_goes_on_by_runs_only(name):
    net = Network(resolution=H, seed=1)
    net.create("iaf_psc_delta", 1)
    simulation = Simulation(net, Ranks())
    with pytest.raises(InputError, match=rf"^simulation\.{name}: 7 cannot be assigned; run, and"):
        setattr(simulation, name, 7)
    simulation.run(1.0)
    assert simulation.step == 10
