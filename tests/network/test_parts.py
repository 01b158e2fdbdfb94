"""Parts of populations and sums are one kind of thing with them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distsp import Network, Simulation
from distsp.base.errors import InputError
from distsp.network.population import Neurons
from distsp.parallel.ranks import Ranks

SIZES = (7, 1, 5)


def network() -> tuple[Network, list[Neurons]]:
    net = Network(seed=4)
    models = ("iaf_psc_alpha", "iaf_psc_delta", "iaf_psc_exp")
    return net, [net.create(m, n, name=x) for m, n, x in zip(models, SIZES, "ABC", strict=True)]


NET, POPULATIONS = network()
indices = st.integers(-14, 14)
slices = st.builds(
    slice, st.none() | indices, st.none() | indices, st.none() | st.sampled_from([-3, -1, 1, 2, 5])
)


@st.composite
def parts(draw: st.DrawFn) -> tuple[Neurons, list[int]]:
    """Return neurons, and their ids as a slow twin finds them."""
    chosen = draw(st.lists(st.sampled_from(range(3)), min_size=1, max_size=3, unique=True))
    neurons = POPULATIONS[chosen[0]]
    for i in chosen[1:]:
        neurons = neurons + POPULATIONS[i]
    ids = sorted(i for c in chosen for i in POPULATIONS[c].ids)
    return neurons, ids


@given(parts(), slices, slices)
def test_slices_are_those_of_a_list(part, first, second):
    neurons, ids = part
    for one in (first, second):
        wanted = sorted(ids[one])
        if not wanted:
            with pytest.raises(InputError, match="has none of"):
                neurons[one]
            return
        neurons, ids = neurons[one], wanted
    assert np.asarray(neurons.ids).tolist() == ids
    assert len(neurons) == len(ids)
    again = NET.select("x", neurons.description())
    assert np.asarray(again.ids).tolist() == ids


@given(parts(), st.data())
def test_lists_and_masks(part, data):
    neurons, ids = part
    places = data.draw(st.lists(st.integers(0, len(ids) - 1), min_size=1, unique=True))
    wanted = sorted(ids[p] for p in places)
    mask = np.isin(np.arange(len(ids)), places)
    for key in (places, np.array(places), mask, [p - len(ids) for p in places]):
        assert np.asarray(neurons[key].ids).tolist() == wanted
    assert np.asarray(neurons[places[0]].ids).tolist() == [ids[places[0]]]


def test_sums_are_in_order_of_the_ids():
    a, b, c = POPULATIONS
    assert np.asarray((c[1:3] + a[2:] + b).ids).tolist() == [2, 3, 4, 5, 6, 7, 9, 10]
    assert (a[:3] + a[3:]).description() == "A"
    assert repr(a[::2] + b) == "<5 neurons: A[0:7:2] + B>"


@pytest.mark.parametrize(
    ("do", "told"),
    [
        (lambda a: a[[0, 0]], "neurons: [0, 0] must not name a neuron twice"),
        (lambda a: a[7], "neurons: 7 must be from 0 to 6"),
        (lambda a: a[[1.5]], "neurons: [1.5] must be a range, a list of places, or a mask"),
        (lambda a: a[np.ones(3, bool)], "neurons: a mask of shape (3,) must have one entry for"),
        (lambda a: a[:3] + a[2:4], "must not have neurons in common"),
        (lambda _: NET.select("x", {"population": "Z"}), "x: 'Z' must be one of A, B, C"),
        (lambda _: NET.select("x", []), "x: must name at least one population"),
        (lambda _: NET.select("x", {"population": "A", "neurons": "a:b"}), "x.neurons: 'a:b' must"),
    ],
)
def test_wrong_parts_are_told(do, told):
    with pytest.raises(InputError) as error:
        do(POPULATIONS[0])
    assert told in str(error.value)


def test_a_fraction_is_drawn_once():
    net = Network(seed=9)
    net.create("iaf_psc_exp", 1000, name="E")
    tenth = {"population": "E", "neurons": {"fraction": 0.1}}
    ids = net.select("x", tenth).ids
    assert len(ids) == 100
    assert ids.tolist() == net.select("y", tenth).ids.tolist()
    others = net.select("x", {"population": "E", "neurons": {"fraction": 0.1, "draw": 1}}).ids
    assert len({*ids.tolist()} & {*others.tolist()}) < 40
    assert {*ids.tolist()} < {
        *net.select("x", {"population": "E", "neurons": {"fraction": 0.2}}).ids
    }


def test_parts_are_connected_driven_recorded_changed_and_read():
    net = Network(seed=2)
    exc = net.create("iaf_psc_delta", 10, name="E", tau_m=1e18, E_L=0.0, V_th=1e9, V_reset=-1.0)
    inh = net.create("iaf_psc_delta", 4, name="I", V_m=-50.0, V_reset=-80.0)
    net.synapse_type("s", weight=1.0, delay=1.0)
    net.connect(inh[1:3], exc[::3] + inh[:1], "s", "all_to_all")
    net.drive(net.input("spike_generator", spike_times=[2.0]), exc[[1, 9]], weight=0.25, delay=1.0)
    net.record_spikes(inh[:2])
    name = net.recorder("multimeter", neurons=exc[3:5] + inh[3], variables=["V_m"], interval=1.0)
    sim = Simulation(net, Ranks())
    sim.run(5.0)
    expected = np.zeros(10)
    expected[::3] += 2.0
    expected[[1, 9]] += 0.25
    assert exc.V_m.tolist() == expected.tolist()
    assert exc[[0, 9]].V_m.tolist() == [2.0, 2.25]
    assert (exc[:1] + inh[:1]).spike_count.tolist() == [0, 1]
    assert sim.spikes(inh)[1].tolist() == [10, 11]
    assert sim.spikes(inh[1:])[1].tolist() == [11]
    data = sim.recorded(name)
    assert data["id"].tolist() == [3, 4, 13]
    assert data["V_m"][-1, :2].tolist() == [2.0, 0.0]
    exc[:2].set(V_th=[1e8, 1e7])
    assert exc.parameters.V_th.tolist() == [1e8, 1e7, *[1e9] * 8]
    with pytest.raises(InputError, match="V_th"):
        exc[:2].set(V_th=[1e8, 1e7, 1e6])
    with pytest.raises(InputError, match="V_reset"):
        (exc[:2] + inh[:1]).set(V_th=[0.0, 0.0, -90.0])
    assert exc.parameters.V_th.tolist() == [1e8, 1e7, *[1e9] * 8]
