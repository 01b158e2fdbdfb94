"""Inputs: kernels against numbers one by one, and currents against currents of the neurons."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distsp.base.errors import InputError
from distsp.engine.drives import input_kernel
from distsp.engine.simulation import Simulation
from distsp.inputs import DcGenerator, PoissonGenerator
from distsp.network.network import Network
from distsp.network.population import Population
from distsp.neurons.values import BLOCK_NEURONS
from distsp.parallel.ranks import Ranks
from distsp.rng.streams import Purpose, philox, stream_key

H = 0.1
MODELS = ["iaf_psc_alpha", "iaf_psc_exp", "iaf_psc_delta", "iaf_cond_exp"]
MOST_STEPS = 9


# Kernels ----------------------------------------------------------------------------------------


class Call:
    """The arguments of a kernel, and what it has added."""

    def __init__(self, n: int, n_steps: int) -> None:
        rng = np.random.default_rng(1)
        self.n, self.n_steps = n, n_steps
        self.before = [rng.normal(size=(MOST_STEPS, BLOCK_NEURONS)) for _ in range(3)]
        self.after = [array.copy() for array in self.before]

    def __call__(self, parameters, key, begin, end, delay, weight, step, first_id, stride) -> None:
        tables = parameters.tables(H, np.arange(self.n))
        input_kernel(parameters.model)(
            np.array(tables.integers, dtype=np.int64),
            np.array(tables.numbers, dtype=np.float64),
            tables.thresholds,
            key,
            begin,
            end,
            delay,
            weight,
            step,
            self.n_steps,
            first_id,
            stride,
            0,
            self.n,
            *self.after,
            np.empty((4, BLOCK_NEURONS), np.uint32),
            np.empty(BLOCK_NEURONS, np.int32),
        )

    def expect(self, which: int, numbers: np.ndarray) -> None:
        """Compare: `numbers` (step, neuron) have been added to one array, nothing to the others."""
        self.before[which][: self.n_steps, : self.n] += numbers
        for before, after in zip(self.before, self.after, strict=True):
            assert before.tobytes() == after.tobytes()


begins = st.integers(0, 50)
delays = st.integers(1, 30)
sizes = st.sampled_from([1, 2, 7, BLOCK_NEURONS])


@given(
    rate=st.sampled_from([0.0, 10.0, 3000.0, 2e5]),
    weight=st.sampled_from([0.1, 1.0, -1 / 3, 0.0]),
    begin=begins,
    duration=st.integers(0, 20),
    delay=delays,
    offset=st.integers(-MOST_STEPS, 20),
    late=st.sampled_from([0, 2**34]),
    n_steps=st.integers(1, MOST_STEPS),
    n=sizes,
    first_id=st.integers(0, 1000),
    stride=st.integers(1, 4),
)
def test_a_poisson_count_is_that_of_its_word(
    rate, weight, begin, duration, delay, offset, late, n_steps, n, first_id, stride
):
    parameters = PoissonGenerator(rate=rate)
    tables = parameters.tables(H, np.arange(n))
    base, thresholds = tables.integers[0], tables.thresholds.tolist()
    key = stream_key(3, Purpose.POISSON, 5)
    begin = begin + late
    step = max(begin + delay + offset, 0)
    call = Call(n, n_steps)
    call(parameters, key, begin, begin + duration, delay, weight, step, first_id, stride)

    added = np.zeros((n_steps, n))
    for lag in range(n_steps):
        drawn = step + lag - delay
        if begin <= drawn < begin + duration:
            group = drawn // 4
            for j in range(n):
                counter = first_id + j * stride, group % 2**32, group // 2**32, 0
                word = int(philox(key, *map(np.uint64, counter))[drawn % 4])
                added[lag, j] = weight * (base + sum(word > t for t in thresholds))
    call.expect(0 if weight > 0.0 else 1, added)


@given(
    amplitude=st.sampled_from([0.1, -250.0, 0.0]),
    weight=st.sampled_from([1.0, -1 / 3, 2.0]),
    begin=begins,
    duration=st.integers(0, 20),
    delay=delays,
    offset=st.integers(-MOST_STEPS, 20),
    n_steps=st.integers(1, MOST_STEPS),
    n=sizes,
)
def test_a_constant_current_is_there_between_its_begin_and_end(
    amplitude, weight, begin, duration, delay, offset, n_steps, n
):
    step = max(begin + delay + offset, 0)
    call = Call(n, n_steps)
    key = np.uint64(0)
    parameters = DcGenerator(amplitude=amplitude)
    call(parameters, key, begin, begin + duration, delay, weight, step, 0, 1)
    there = [begin + delay <= step + lag < begin + duration + delay for lag in range(n_steps)]
    call.expect(2, np.outer(there, np.full(n, weight * amplitude)))


# A constant current is a current of the neuron that begins a delay later --------------------------


AMPLITUDE = dict.fromkeys(MODELS, 420.0) | {"iaf_cond_exp": 500.0}
"""Enough to fire (pA)."""


class Run:
    """Neurons with random spikes as input, which note what they do in every step."""

    def __init__(self, model: str, **parameters: float) -> None:
        self.net = Network(resolution=H, seed=6)
        self.neurons = self.net.create(model, 3, V_th=-56.0, V_reset=-65.0, **parameters)
        weight = {"iaf_psc_delta": 1.0, "iaf_cond_exp": 10.0}.get(model, 80.0)
        noise = self.net.poisson_generator(rate=600.0)
        for sign in (1.0, -0.7):
            self.net.drive(noise, self.neurons, weight=sign * weight, delay=0.7)
        # A slice is of several steps, and no change falls on its beginning.
        self.net.synapse_type("unused", weight=1.0, delay=0.7)
        self.net.record_spikes(self.neurons)
        self.potentials: list[list[float]] = []
        self.simulation: Simulation | None = None

    def steps(self, n: int) -> None:
        """Go on, step by step."""
        self.simulation = self.simulation or Simulation(self.net, Ranks())
        for _ in range(n):
            self.simulation.run(H)
            self.potentials.append(self.neurons.V_m.tolist())

    def same_as(self, other: "Run") -> None:
        """Compare all steps so far."""
        np.testing.assert_allclose(self.potentials, other.potentials, rtol=0, atol=1e-12)
        mine, theirs = (run.simulation.spikes(run.neurons) for run in (self, other))
        assert mine[0].tolist() == theirs[0].tolist()
        assert mine[1].tolist() == theirs[1].tolist()
        assert len(mine[0]) >= 3


@pytest.mark.parametrize("delay", [None, H, 0.5, 2.3])
@pytest.mark.parametrize("model", MODELS)
def test_it_equals_a_current_of_the_neuron_that_begins_a_delay_later(model, delay):
    driven, own = Run(model, I_e=20.0), Run(model, I_e=20.0)
    current = driven.net.input("dc_generator", amplitude=AMPLITUDE[model])
    driven.net.drive(current, driven.neurons, delay=delay)
    driven.steps(300)
    own.steps(round((delay or H) / H))
    own.neurons.set(I_e=20.0 + AMPLITUDE[model])
    own.steps(300 - len(own.potentials))
    driven.same_as(own)


@pytest.mark.parametrize("model", MODELS)
def test_its_weight_multiplies(model):
    runs = []
    for weight in (None, 2.0, -0.5):
        run = Run(model)
        amplitude = AMPLITUDE[model] / (weight or 1.0)
        run.net.drive(run.net.input("dc_generator", amplitude=amplitude), run.neurons, weight)
        run.steps(200)
        runs.append(run)
    assert runs[1].potentials == runs[0].potentials
    runs[2].same_as(runs[0])


@pytest.mark.parametrize("as_attribute", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_what_changes_between_runs_acts_a_delay_later(model, as_attribute):
    a = AMPLITUDE[model]
    driven, own = Run(model), Run(model)
    current = driven.net.input("dc_generator", amplitude=a)
    driven.net.drive(current, driven.neurons, delay=0.4)
    # The second change comes while the first is still on its way.
    changes = {0: a, 53: 0.5 * a, 55: -0.1 * a, 90: 0.0, 131: 1.3 * a}
    times = [*changes, 250]
    for begin, end in pairwise(times):
        if begin and as_attribute:
            current.amplitude = changes[begin]
        elif begin:
            current.set(amplitude=changes[begin])
        assert current.amplitude == current.parameters.amplitude == changes[begin]
        driven.steps(end - begin)
    own.steps(4)
    for begin, end in pairwise(times):
        own.neurons.set(I_e=changes[begin])
        own.steps(min(end + 4, 250) - (begin + 4))
    driven.same_as(own)


@pytest.mark.parametrize("model", MODELS)
def test_they_add_up(model):
    a = AMPLITUDE[model]
    driven, own = Run(model, I_e=0.2 * a), Run(model, I_e=0.2 * a)
    for part, weight, delay in ((0.5, 1.0, 0.3), (-0.2, -1.0, 1.2), (0.3, 0.5, None)):
        current = driven.net.input("dc_generator", amplitude=part * a)
        driven.net.drive(current, driven.neurons, weight, delay)
    # Once more, with a delay of its own.
    driven.net.drive(current, driven.neurons, delay=1.2)
    driven.steps(200)
    own.steps(1)
    for n, more in ((2, 0.15), (9, 0.65), (188, 1.15)):
        own.neurons.set(I_e=0.2 * a + more * a)
        own.steps(n)
    driven.same_as(own)


def test_a_current_that_comes_between_two_runs_begins_then():
    driven, own = Run("iaf_psc_alpha"), Run("iaf_psc_alpha")
    driven.steps(40)
    driven.net.drive(driven.net.input("dc_generator", amplitude=420.0), driven.neurons)
    driven.steps(160)
    own.steps(41)
    own.neurons.set(I_e=420.0)
    own.steps(159)
    driven.same_as(own)


@pytest.mark.parametrize("model", MODELS)
def test_runs_in_pieces_are_one_run(model):
    found = []
    for pieces in ([20.0], [0.1, 3.3, 10.0, 6.6]):
        run = Run(model)
        run.net.drive(run.net.input("dc_generator", amplitude=AMPLITUDE[model]), run.neurons)
        simulation = Simulation(run.net, Ranks())
        for duration in pieces:
            simulation.run(duration)
        variables = type(run.neurons.parameters).variables
        found.append([run.neurons.state(variable).tobytes() for variable in variables])
        assert simulation.n_spikes > 2
    assert found[0] == found[1]


@pytest.mark.parametrize(("start", "stop"), [(0.0, 4.0), (3.1, 3.2), (5.0, 17.3), (9.0, None)])
def test_it_is_on_from_its_start_to_its_stop(start, stop):
    driven, own = Run("iaf_psc_exp", I_e=420.0), Run("iaf_psc_exp", I_e=420.0)
    current = driven.net.input("dc_generator", amplitude=200.0, start=start, stop=stop)
    driven.net.drive(current, driven.neurons, delay=0.3)
    driven.steps(200)
    own.steps(round(start / H) + 3)
    own.neurons.set(I_e=620.0)
    if stop is not None:
        own.steps(round((stop - start) / H))
        own.neurons.set(I_e=420.0)
    own.steps(200 - len(own.potentials))
    driven.same_as(own)


def test_a_stop_that_is_set_between_runs_holds():
    driven, own = Run("iaf_psc_exp", I_e=420.0), Run("iaf_psc_exp", I_e=420.0)
    current = driven.net.input("dc_generator", amplitude=200.0)
    driven.net.drive(current, driven.neurons)
    driven.steps(30)
    current.stop = 7.5
    driven.steps(170)
    own.steps(1)
    for amplitude, n in ((620.0, 75), (420.0, 124)):
        own.neurons.set(I_e=amplitude)
        own.steps(n)
    driven.same_as(own)


def test_trains_between_start_and_stop_are_those_of_an_input_that_is_always_on():
    """What is drawn in a step does not depend on when the input went on."""
    counts = []
    for limits in ({}, {"start": 2.0, "stop": 3.1}):
        net = Network(resolution=H, seed=8)
        adds_up = net.create("iaf_psc_delta", 5, tau_m=1e18, E_L=0.0, V_th=1e9, V_reset=-1.0)
        noise = net.input("poisson_generator", rate=8000.0, **limits)
        net.drive(noise, adds_up, weight=1.0, delay=0.4)
        simulation, totals = Simulation(net, Ranks()), []
        for _ in range(60):
            simulation.run(H)
            totals.append(adds_up.V_m)
        counts.append(np.diff(totals, axis=0, prepend=0.0))
    always, limited = counts
    assert always[24:35].sum() > 20
    always[:24] = always[35:] = 0.0
    assert limited.tolist() == always.tolist()


@pytest.mark.parametrize("model", MODELS)
def test_a_part_of_a_population_is_driven_as_all_of_it_would_be(model):
    def states(driven: slice | None) -> np.ndarray:
        net = Network(resolution=H, seed=2)
        neurons = net.create(model, BLOCK_NEURONS + 5)
        if driven is not None:
            weight = {"iaf_psc_delta": 1.0, "iaf_cond_exp": 10.0}.get(model, 80.0)
            part = neurons[driven]
            net.drive(net.poisson_generator(rate=2000.0), part, weight=weight, delay=0.3)
            net.drive(net.input("dc_generator", amplitude=300.0), part, delay=0.2)
        simulation = Simulation(net, Ranks())
        simulation.run(20.0)
        return np.array([neurons.state(v) for v in type(neurons.parameters).variables])

    part = slice(3, None, 2)
    some, everyone, nobody = states(part), states(slice(None)), states(None)
    expected = nobody.copy()
    expected[:, part] = everyone[:, part]
    assert some.tobytes() == expected.tobytes()
    assert some.tobytes() not in (everyone.tobytes(), nobody.tobytes())


def test_whom_it_does_not_drive_is_as_before():
    def undriven(amplitude: float) -> tuple[bytes, ...]:
        net = Network(resolution=H, seed=2)
        populations = [net.create(model, BLOCK_NEURONS + 3) for model in MODELS for _ in range(2)]
        noise = net.poisson_generator(rate=2000.0)
        for p in populations:
            weight = {"iaf_psc_delta": 1.0, "iaf_cond_exp": 10.0}.get(p.model, 80.0)
            net.drive(noise, p, weight=weight, delay=0.3)
            net.record_spikes(p)
        current = net.input("dc_generator", amplitude=amplitude)
        for p in populations[::2]:
            net.drive(current, p, delay=0.2)
        simulation = Simulation(net, Ranks())
        simulation.run(30.0)
        driven.append(tuple(p.V_m.tobytes() for p in populations[::2]))
        assert min(p.spike_count.sum() for p in populations[1::2]) > 10
        return tuple(
            array.tobytes()
            for p in populations[1::2]
            for array in (*simulation.spikes(p), *map(p.state, type(p.parameters).variables))
        )

    driven: list[tuple[bytes, ...]] = []
    assert undriven(0.0) == undriven(500.0)
    assert not {*driven[0]} & {*driven[1]}


# What is refused --------------------------------------------------------------------------------


def driven_network() -> tuple[Network, Population]:
    net = Network(resolution=H, seed=1)
    return net, net.create("iaf_psc_alpha", 1, name="E")


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({}, "inputs.x.amplitude: is missing; it must be given: current (pA)"),
        ({"amplitude": "1"}, "inputs.x.amplitude: '1' must be a valid number"),
        ({"amplitude": np.inf}, "inputs.x.amplitude: inf must be a finite number"),
        ({"amplitude": 1.0, "start": 0.25}, "inputs.x.start: 0.25 ms must be a whole multiple"),
        ({"amplitude": 1.0, "stop": -1.0}, "inputs.x.stop: -1.0 must be greater than or equal to"),
        ({"amplitude": 1.0, "start": 2.0, "stop": 1.0}, "inputs.x.stop: 1.0 ms is before 2.0"),
        ({"amplitude": 1.0, "rate": 2.0}, "inputs.x.rate: there is no such key"),
        ({"model": "bc_generator"}, "inputs.x.model: 'bc_generator' must be one of"),
    ],
)
def test_wrong_parameters(parameters, told):
    net, _ = driven_network()
    with pytest.raises(InputError) as error:
        net.input(**{"model": "dc_generator", "name": "x", **parameters})
    assert str(error.value).startswith(told)
    assert net.inputs == {}


@pytest.mark.parametrize(
    ("model", "drive", "told"),
    [
        ("dc_generator", {"delay": 0.25}, "inputs.x.delay: 0.25 ms must be a whole multiple"),
        ("dc_generator", {"delay": 0.0}, "inputs.x.delay: 0.0 must be greater than 0"),
        ("dc_generator", {"weight": np.nan}, "inputs.x.weight: nan must be a finite number"),
        ("poisson_generator", {"weight": 1.0}, "inputs.x.delay: is missing"),
        ("poisson_generator", {"delay": 1.0}, "inputs.x.weight: is missing"),
    ],
)
def test_wrong_drives(model, drive, told):
    net, neurons = driven_network()
    source = net.input(model, "x", **{"dc_generator": {"amplitude": 1.0}}.get(model, {"rate": 1.0}))
    with pytest.raises(InputError) as error:
        net.drive(source, neurons, **drive)
    assert str(error.value).startswith(told)
    assert source.drives == []


def test_a_wrong_change_changes_nothing():
    net, _ = driven_network()
    current = net.input("dc_generator", "x", amplitude=1.0)
    version = net.version
    with pytest.raises(InputError, match=r"^inputs\.x\.amplitude: inf must be a finite number"):
        current.amplitude = np.inf
    with pytest.raises(InputError, match=r"^inputs\.x\.rate: there is no such key"):
        current.set(rate=1.0)
    assert (current.amplitude, net.version) == (1.0, version)
    with pytest.raises(AttributeError, match="'Generator' object has no attribute 'rate'"):
        current.rate  # noqa: B018
