"""Calcium and elements against SciPy's integrators, alone and inside a simulation."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from distsp.engine.simulation import Simulation
from distsp.network.network import Network
from distsp.parallel.ranks import Ranks
from distsp.plasticity.growth import Growth, grow, grow_all
from distsp.plasticity.growth_curves import Element, Gaussian, Linear, Sigmoid, grown, growth

H, TAU, BETA = 0.1, 200.0, 0.01
CURVES = {
    "gaussian": {"curve": "gaussian", "eta": 0.01, "eps": 0.07},
    "falling": {"curve": "gaussian", "eta": 0.08, "eps": 0.02},
    "linear": {"curve": "linear", "eps": 0.05},
    "sigmoid": {"curve": "sigmoid", "eps": 0.05, "psi": 0.01},
}


def rate(curve: dict, calcium: float) -> float:
    """Return dz/dt per growth rate, written out as in the papers."""
    eps = curve["eps"]
    if curve["curve"] == "gaussian":
        xi = (curve["eta"] + eps) / 2
        zeta = (curve["eta"] - eps) / (2 * np.sqrt(np.log(2)))
        return 2 * np.exp(-(((calcium - xi) / zeta) ** 2)) - 1
    if curve["curve"] == "linear":
        return 1 - calcium / eps
    return 2 / (1 + np.exp((calcium - eps) / curve["psi"])) - 1


def element(curve: dict) -> Element:
    """Return the description of an element that grows by 1 per ms."""
    kinds = {"gaussian": Gaussian, "linear": Linear, "sigmoid": Sigmoid}
    return kinds[curve["curve"]](growth_rate=1.0, **curve)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
@pytest.mark.parametrize("calcium", [0.0, 0.01, 0.02, 0.05, 0.07, 0.3])
def test_rate_of_a_curve(curve, calcium):
    kind, a, b = element(curve).coefficients()
    assert growth(kind, a, b, calcium) == pytest.approx(rate(curve, calcium), rel=1e-13, abs=1e-15)


def test_where_the_curves_are_zero():
    for curve in CURVES.values():
        shape = element(curve).coefficients()
        for key in ("eta", "eps"):
            if key in curve:
                assert abs(growth(*shape, curve[key])) < 1e-14
    # Growth between the zeros of a gaussian, loss outside.
    shape = element(CURVES["gaussian"]).coefficients()
    assert growth(*shape, 0.04) == 1.0
    assert growth(*shape, 0.0) < 0.0
    assert growth(*shape, 0.2) < 0.0


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
@given(
    calcium=st.floats(0.0, 2.0),
    duration=st.floats(1e-3, 30.0),
)
@example(calcium=0.33, duration=10.0)
@example(calcium=0.0, duration=20.0)
@example(calcium=1e-300, duration=1e-3)
def test_integral_of_a_curve(curve, calcium, duration):
    # In units of the time constant of calcium.
    shape = element(curve).coefficients()
    got = grown(*shape, calcium, TAU, duration * TAU) / TAU
    # Where calcium crosses the curve is where the integrand needs care.
    crossings = [np.log(calcium / c) for c in (0.005, 0.02, 0.05, 0.1) if 0 < c < calcium]
    exact, _ = quad(
        lambda t: rate(curve, calcium * np.exp(-t)),
        0.0,
        duration,
        epsabs=1e-13,
        epsrel=1e-12,
        limit=1000,
        points=sorted(t for t in crossings if t < duration) or None,
    )
    # The integral of |dz/dt|, below `duration` times the largest rate, is what 1e-10 refers to.
    assert got == pytest.approx(exact, rel=0, abs=1e-10 * min(duration, 1.0) + 1e-13 * duration)


def test_no_time_no_growth():
    assert grown(*element(CURVES["gaussian"]).coefficients(), 0.1, TAU, 0.0) == 0.0


def follow(curve: dict, nu: float, z: float, spikes: list[int], end: int):
    """Return (calcium, z) at the step `end` by a Runge-Kutta method of high order.

    z is held at 0 for as long as it would fall below: it is its free path, lifted by as much as
    that has been below 0 at its lowest.
    """
    calcium, step = 0.0, 0
    for until in sorted({*spikes, end}):
        if until > step:
            solution = solve_ivp(
                lambda _, y: [-y[0] / TAU, nu * rate(curve, y[0])],
                (0.0, (until - step) * H),
                [calcium, z],
                method="DOP853",
                rtol=1e-13,
                atol=1e-15,
                events=lambda _, y: rate(curve, y[0]),
            )
            # The lowest point is at an end or where growth changes its sign.
            lowest = min([0.0, solution.y[1, -1], *(y[1] for y in solution.y_events[0])])
            calcium, z = solution.y[:, -1] - (0.0, lowest)
        calcium += BETA * spikes.count(until)
        step = until
    return calcium, z


def growing(curve: dict, nu: float, own: bool) -> Growth:
    """Return the growth of one neuron with one element."""
    return Growth(
        first=np.zeros(1, np.int64),
        size=np.ones(1, np.int64),
        tau_calcium=np.array([TAU / H]),
        beta_calcium=np.array([BETA]),
        n_curves=np.array([0 if own else 1]),
        curves=np.array([[element(curve).coefficients()]]),
        curve_of=np.array([[0]]),
        rate=np.array([[nu * H]]),
        differs=np.array([own]),
        own_tau=np.array([TAU / H]),
        own_beta=np.array([BETA]),
        own_curves=np.array([[[number] for number in element(curve).coefficients()]]),
        own_rate=np.array([[nu * H]]),
    )


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
@pytest.mark.parametrize("nu", [0.02, -0.02])
def test_elements_are_held_at_zero_for_as_long_as_they_would_fall(curve, nu):
    # Fine steps of a clamped Euler method are a twin that knows nothing of changes of sign.
    steps = 20_000
    for calcium, z in ((0.3, 0.0), (0.3, 0.4), (0.09, 0.1), (0.06, 0.0), (0.04, 2.0), (0.004, 0.0)):
        path = calcium * np.exp(-(np.arange(steps) + 0.5) * H / TAU)
        expected = z
        for slope in nu * rate(curve, path):
            expected = max(expected + slope * H, 0.0)
        for own in (False, True):
            state = np.array([calcium]), np.zeros(1, np.int64), np.array([[z]])
            grow_all(*state, growing(curve, nu, own), steps)
            assert state[2][0, 0] == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
@given(
    calcium=st.floats(0.0, 0.5),
    z=st.floats(0.0, 3.0),
    nu=st.sampled_from([0.02, -0.02, 3.0]),
    stops=st.lists(st.integers(1, 15_000), max_size=6),
)
def test_where_intervals_end_changes_nothing(curve, calcium, z, nu, stops):
    ends = []
    for points in ([], sorted(stops)):
        state = np.array([calcium]), np.zeros(1, np.int64), np.array([[z]])
        for step in (*points, 15_000):
            grow_all(*state, growing(curve, nu, False), step)
        ends.append(state[2][0, 0])
    assert ends[1] == pytest.approx(ends[0], rel=1e-9, abs=1e-10 * abs(nu) * 1500.0)


@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_many_neurons_grow_to_the_bit_as_each_alone(curve):
    # Some have intervals that a short panel covers, others do not, and one has none at all.
    n, step = 500, 480
    rng = np.random.default_rng(3)
    calcium, z = rng.choice([0.0, 0.01, 0.05, 2.0, 40.0], n), rng.uniform(0.0, 2.0, (1, n))
    since = np.append(rng.integers(0, step, n - 2), [0, step])
    together = calcium.copy(), since.copy(), z.copy()
    grow_all(*together, growing(curve, 0.02, False)._replace(size=np.array([n])), step)
    alone = calcium.copy(), since.copy(), z.copy()
    for i in range(n):
        one = growing(curve, 0.02, False)._replace(first=np.array([i]))
        grow_all(*alone, one, step)
    for some, others in zip(together, alone, strict=True):
        assert np.array_equal(some, others)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("nu", [0.002, -0.002])
@pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
def test_growth_along_a_random_spike_train(curve, nu, own):
    rng = np.random.default_rng(5)
    # Bursts and long silences.
    gaps = np.where(rng.uniform(size=40) < 0.7, rng.integers(1, 60, 40), rng.integers(1, 9000, 40))
    spikes = np.cumsum(gaps).tolist()
    end = spikes[-1] + 5000
    state = np.zeros(1), np.zeros(1, np.int64), np.array([[1.5]])
    neuron = np.zeros(len(spikes), dtype=np.int32)
    grow(*state, growing(curve, nu, own), 0, neuron, 0, np.array(spikes), True)
    grow_all(*state, growing(curve, nu, own), end)
    calcium, z = follow(curve, nu, 1.5, spikes, end)
    assert state[1][0] == end
    assert state[0][0] == pytest.approx(calcium, rel=1e-9)
    assert state[2][0, 0] == pytest.approx(z, rel=1e-9)


def growing_network(record: float | None = None, update: float | None = None):
    """Return a simulation of neurons with every curve that fire at random."""
    net = Network(resolution=H, seed=11, update_interval=update)
    elements = {
        name: {**curve, "growth_rate": nu, "z": 2.5, "tau_vacant": 0.0}
        for (name, curve), nu in zip(CURVES.items(), (0.003, -0.002, 0.004, -0.003), strict=True)
    }
    neurons = net.create("iaf_psc_alpha", 5, name="N", elements=elements, tau_Ca=TAU, beta_Ca=BETA)
    net.drive(net.poisson_generator(rate=12_000.0), neurons, weight=11.0, delay=1.0)
    net.record_spikes(neurons)
    if record:
        net.record(record)
    return Simulation(net, Ranks()), neurons


@pytest.mark.parametrize("update", [None, 250.0])
def test_growth_in_a_simulation(update):
    simulation, neurons = growing_network(update=update)
    simulation.run(1777.7)
    times, ids = simulation.spikes(neurons)
    assert 20 < len(times) / 5 < 500
    for neuron in neurons.ids:
        spikes = np.rint(times[ids == neuron] / H).astype(int).tolist()
        for name, curve in CURVES.items():
            nu = neurons.elements[name].growth_rate
            calcium, z = follow(curve, nu, 2.5, spikes, 17777)
            assert neurons.calcium[neuron] == pytest.approx(calcium, rel=1e-9)
            assert neurons.z(name)[neuron] == pytest.approx(z, rel=1e-9)


def test_recording_more_often_changes_nothing():
    runs = []
    for interval in (None, 500.0, 0.7):
        simulation, neurons = growing_network(record=interval, update=250.0)
        simulation.run(600.0)
        if interval == 0.7:
            assert len(simulation.recording["time"]) == 857
        runs.append([neurons.calcium, neurons.V_m, *(neurons.z(name) for name in CURVES)])
    for others in runs[1:]:
        for first, other in zip(runs[0], others, strict=True):
            assert first.tobytes() == other.tobytes()


def test_reading_changes_nothing():
    simulation, neurons = growing_network()
    other, undisturbed = growing_network()
    for _ in range(50):
        simulation.run(3.0)
        assert (neurons.calcium >= 0).all()
        assert (neurons.z("linear") >= 0).all()
    other.run(150.0)
    assert neurons.calcium.tobytes() == undisturbed.calcium.tobytes()
    assert neurons.z("linear").tobytes() == undisturbed.z("linear").tobytes()


def test_what_changes_nothing_leaves_every_bit():
    rng = np.random.default_rng(3)
    ends = []
    for disturbed in (False, True):
        net = Network(resolution=H, seed=11, update_interval=50.0)
        elements = {
            name: {**curve, "growth_rate": nu, "z": 0.5}
            for (name, curve), nu in zip(CURVES.items(), (0.03, -0.02, 0.04, -0.03), strict=True)
        }
        neurons = net.create(
            "iaf_psc_alpha", 5, name="N", elements=elements, tau_Ca=TAU, beta_Ca=BETA
        )
        own = net.create(
            "iaf_psc_alpha", 3, name="O", elements=elements, tau_Ca=[TAU, 90.0, 30.0], E_L=-69.0
        )
        noise = net.poisson_generator(rate=12_000.0)
        current = net.input("dc_generator", amplitude=100.0)
        swing = net.input("noise_generator", mean=5.0, std=50.0, dt=0.7)
        net.drive(noise, neurons + own, weight=11.0, delay=1.0)
        net.drive(current, neurons)
        net.drive(swing, own)
        net.synapse_type("s", 100.0, 1.0, pre="falling", post="linear")
        same = (
            lambda noise=noise: noise.set(rate=12_000.0),
            lambda current=current: current.set(amplitude=100.0),
            lambda swing=swing: swing.set(std=50.0),
            lambda neurons=neurons: neurons.set(V_th=-55.0, tau_m=10.0),
            lambda own=own: own[1:].set(E_L=-69.0),
            lambda neurons=neurons: neurons[2:4].set(beta_Ca=BETA),
            lambda own=own: own.set(tau_Ca=[TAU, 90.0, 30.0]),
            lambda own=own: own.set_element("linear", growth_rate=0.04),
            lambda neurons=neurons: neurons[:2].set_element("sigmoid", psi=0.01),
            lambda neurons=neurons: neurons.set_element("gaussian", tau_vacant=0.1),
            lambda: None,
        )
        simulation = Simulation(net, Ranks())
        times = np.sort(rng.choice(np.arange(1, 6000), 60, replace=False)) if disturbed else []
        for step in (*times, 6000):
            simulation.run((step - simulation.step) * H)
            if disturbed:
                same[rng.integers(len(same))]()
        state = [
            [simulation.read(p, what) for what in ("V_m", "calcium", "spike_count")]
            + [p.z(name) for name in CURVES]
            + [p.z_connected(name) for name in CURVES]
            for p in (neurons, own)
        ]
        ends.append([array.tobytes() for arrays in state for array in arrays])
        assert neurons.spike_count.sum() > 50
        assert simulation.synapse_count("s") > 0
    assert ends[0] == ends[1]


def test_a_change_of_growth_to_and_fro_changes_rounding_only():
    element_ = {"curve": "linear", "eps": 0.05, "growth_rate": 0.003}
    ends = []
    for n in (0, 45):
        net = Network(resolution=H, seed=1)
        neuron = net.create(
            "iaf_psc_delta", 1, V_m=-50.0, elements={"e": element_}, tau_Ca=500.0, beta_Ca=0.2
        )
        noise = net.poisson_generator(rate=10.0)
        net.drive(noise, neuron, weight=0.1, delay=1.0)
        simulation = Simulation(net, Ranks())
        for _ in range(n):
            simulation.run(20.0)
            noise.rate = 10.0
            neuron.set_element("e", growth_rate=0.004)
            neuron.set_element("e", growth_rate=0.003)
            neuron.set(tau_Ca=500.0 + 1e-13)
        simulation.run(1000.0 - simulation.now)
        ends.append(neuron.z("e")[0])
    # One spike at once: z is 0 until calcium is at its target.
    falling = 500.0 * np.log(0.2 / 0.05)
    rising = 999.9 - falling
    area = rising + 500.0 * np.expm1(-rising / 500.0)
    assert ends == pytest.approx([0.003 * area] * 2, rel=1e-10)


def test_only_a_change_of_growth_brings_calcium_and_elements_up_to_date():
    simulation, neurons = growing_network()
    simulation.run(300.0)
    last = simulation.state.arrays.calcium_step.copy()
    assert last.max() < 3000
    noise = simulation.network.inputs["input_0"]
    noise.rate = 500.0
    neurons.set(V_th=0.0)
    simulation.network.record(50.0)
    simulation.run(0.1)
    assert np.array_equal(simulation.state.arrays.calcium_step, last)
    neurons.set_element("linear", growth_rate=0.1)
    simulation.run(0.1)
    assert (simulation.state.arrays.calcium_step == 3001).all()


@pytest.mark.parametrize("psi", [1e-2, 1e-4, 1e-6, 1e-9, 1e-15])
@pytest.mark.parametrize("start", [3.0, 0.5000003, 0.4])
def test_a_sharp_curve_is_a_step(psi, start):
    tau, eps, duration = 1000.0, 0.5, 5000.0
    code, a, b = element({"curve": "sigmoid", "eps": eps, "psi": psi}).coefficients()
    falls = min(max(tau * np.log(start / eps), 0.0), duration)
    expected = duration - 2.0 * falls
    # Its two halves lack the same.
    assert grown(code, a, b, start, tau, duration) == pytest.approx(
        expected, abs=3.0 * tau * psi / eps + 1e-8
    )


def test_elements_are_never_negative():
    simulation, neurons = growing_network()
    neurons.set(beta_Ca=1.0)
    simulation.run(2000.0)
    assert neurons.calcium.min() > 1.0
    assert (neurons.z("linear") == 0.0).all()


def test_calcium_parameters_changed_between_runs_apply_from_then_on():
    net = Network(resolution=H, seed=1)
    element_ = {"curve": "linear", "eps": 1.0, "growth_rate": 0.01}
    neuron = net.create(
        "iaf_psc_delta", 1, V_m=-50.0, elements={"e": element_}, tau_Ca=10.0, beta_Ca=1.0
    )
    simulation = Simulation(net, Ranks())
    simulation.run(5.1)
    neuron.set(tau_Ca=40.0)
    simulation.run(20.0)
    # One spike, at 0.1 ms.
    at_change = np.exp(-5.0 / 10.0)
    assert neuron.spike_count.tolist() == [1]
    assert neuron.calcium[0] == pytest.approx(at_change * np.exp(-20.0 / 40.0), rel=1e-13)
    area = 10.0 * (1 - at_change) + 40.0 * at_change * -np.expm1(-20.0 / 40.0)
    assert neuron.z("e")[0] == pytest.approx(0.01 * (25.1 - area), rel=1e-12)


def test_growth_changed_between_runs_applies_from_then_on():
    net = Network(resolution=H, seed=1, update_interval=10.0)
    falling = {"curve": "gaussian", "eta": 0.5, "eps": 1.0, "growth_rate": 0.1, "tau_vacant": 0.0}
    neuron = net.create("iaf_psc_delta", 1, elements={"e": {**falling, "z": 2.0}})
    simulation = Simulation(net, Ranks())

    def grown_by(duration: float) -> float:
        before = neuron.z("e")[0]
        simulation.run(duration)
        return float(neuron.z("e")[0] - before)

    assert grown_by(4.0) == pytest.approx(0.4 * rate(falling, 0.0), rel=1e-12)
    neuron.set_element("e", growth_rate=0.3)
    assert grown_by(2.0) == pytest.approx(0.6 * rate(falling, 0.0), rel=1e-12)
    neuron.set_element("e", eps=0.6, eta=-0.6)
    assert grown_by(2.0) == pytest.approx(0.6, rel=1e-12)
    # At 10 ms the update takes half of the vacant elements, which are all there are.
    neuron.set_element("e", tau_vacant=0.5, growth_rate=0.0)
    z = neuron.z("e")[0]
    assert grown_by(4.0) == pytest.approx(-0.5 * np.floor(z), rel=1e-12)
