"""The compiled time loop, called directly, against neurons that are simulated step by step."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distsp.base.compiled import interpreted
from distsp.engine import loop
from distsp.engine.drives import DriveHistory
from distsp.engine.integration import workspace
from distsp.engine.plan import plan_growth, plan_populations
from distsp.engine.probes import plan_probes, with_room
from distsp.engine.state import RankState
from distsp.engine.synapses import Synapses
from distsp.network.network import Network
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks

H = 0.1
PARAMETERS = {"tau_m": 8.0, "C_m": 200.0, "E_L": -70.0, "V_th": -55.0, "V_reset": -68.0}
CURRENTS = [650.0, 550.0, 0.0, -100.0, 800.0, 379.0]
"""Of six neurons (pA); the third and the fourth fire only for what arrives."""

TYPES = {"near": (9.25, 0.3), "far": (-3.5, 1.7), "next": (6.0, 0.4)}
"""Weight (mV) and delay (ms)."""

SYNAPSES = [
    ("near", 0, 2),
    ("near", 1, 2),
    ("near", 1, 2),
    ("next", 2, 3),
    ("next", 4, 3),
    ("near", 4, 3),
    ("near", 4, 5),
    ("far", 3, 0),
    ("far", 3, 4),
    ("far", 2, 2),
    ("near", 5, 3),
    ("far", 0, 1),
]
"""Type, source, target."""

T_REF = [0.5, 0.0, 0.3, 0.2, 2.0, 0.1]


class Loop:
    """Six neurons on one rank, as the time loop takes them."""

    def __init__(self, recorded: bool = True) -> None:
        net = Network(resolution=H, seed=1)
        for current, t_ref in zip(CURRENTS, T_REF, strict=True):
            net.create("iaf_psc_delta", 1, V_m=-66.0, I_e=current, t_ref=t_ref, **PARAMETERS)
        for name, (weight, delay) in TYPES.items():
            net.synapse_type(name, weight=weight, delay=delay)
        self.layout = Layout(0, 1, net.size)
        self.synapses = Synapses(self.layout, net.synapse_types, net.spreads, H, net.seed)
        for name, source, target in SYNAPSES:
            self.synapses[name].add(np.array([source]), np.array([target]))
        self.state = RankState(self.layout, net.populations, [], len(TYPES), False, n_slots=17)
        for p in net.populations.values():
            self.state.variables(p)[:] = -66.0 - PARAMETERS["E_L"]
        self.slice_steps = min(table.delay for table in self.synapses.types.values())
        self.counters = np.zeros(7, dtype=np.int64)
        self.recorded = np.ones(net.size if recorded else 0, dtype=bool)
        self.rest = {
            "growth": plan_growth(net, self.layout, []),
            "populations": plan_populations(net, self.layout, self.state),
            "drives": DriveHistory().plan(net, self.layout, 0),
            "probes": with_room(plan_probes([], self.layout, self.state, {}), 0, 0),
            "work": workspace(net.size, self.slice_steps),
        }
        self.step = 0

    def advance(
        self, n_steps: int, capacity: int = 100, function: Callable[..., Any] = loop.advance
    ) -> list[tuple[int, int]]:
        """Go on; return the spikes: the end of their step, and the neuron."""
        ranks = Ranks()
        steps, neurons = function(
            allgather=ranks.allgather,
            datatype=ranks.handles[0],
            communicator=ranks.handles[1],
            clock=loop.clock(),
            state=self.state.arrays,
            homogeneous=self.synapses.outgoing(heterogeneous=False),
            heterogeneous=self.synapses.outgoing(heterogeneous=True),
            recorded=self.recorded,
            rank=0,
            size=1,
            n_neurons=self.layout.n_neurons,
            begin=self.step,
            end=self.step + n_steps,
            slice_steps=self.slice_steps,
            capacity=capacity,
            counters=self.counters,
            **self.rest,
        )
        self.step += n_steps
        return list(zip(steps.tolist(), neurons.tolist(), strict=True))

    def potentials(self) -> list[float]:
        """Return V_m - E_L of all neurons."""
        populations = self.state.populations.values()
        return [float(self.state.variables(p)[0, 0]) for p in populations]


def step_by_step(n_steps: int) -> tuple[list[tuple[int, int]], list[float]]:
    """Return spikes and potentials of the same neurons, each step in plain Python."""
    threshold, reset = (PARAMETERS[v] - PARAMETERS["E_L"] for v in ("V_th", "V_reset"))
    decay = np.exp(-H / PARAMETERS["tau_m"])
    rise = -np.expm1(-H / PARAMETERS["tau_m"]) * PARAMETERS["tau_m"] / PARAMETERS["C_m"]
    v, left = [-66.0 - PARAMETERS["E_L"]] * 6, [0] * 6
    arriving = defaultdict(float)
    spikes = []
    for step in range(n_steps):
        fired = []
        for i in range(6):
            if left[i] > 0:
                left[i] -= 1
            else:
                v[i] = decay * v[i] + rise * CURRENTS[i] + arriving[step, i]
            if v[i] >= threshold:
                v[i], left[i] = reset, round(T_REF[i] / H)
                fired.append(i)
        for name, source, target in SYNAPSES:
            if source in fired:
                weight, delay = TYPES[name]
                arriving[step + round(delay / H), target] += weight
        spikes += [(step + 1, i) for i in fired]
    return spikes, v


SPIKES, POTENTIALS = step_by_step(1501)


def test_the_plain_simulation_has_every_neuron_fire_at_its_own_times():
    trains = [tuple(step for step, j in SPIKES if j == i) for i in range(6)]
    assert len(set(trains)) == 6
    assert min(map(len, trains)) > 10


@pytest.mark.parametrize("pieces", [[1501], [1, 2, 1498], [7] * 214 + [3], [499, 501, 501]])
def test_spikes_are_those_of_the_steps_one_by_one(pieces):
    run, spikes = Loop(), []
    for n in pieces:
        spikes += run.advance(n)
    # Within a slice the loop goes from block to block, not from step to step.
    assert sorted(spikes) == SPIKES
    np.testing.assert_allclose(run.potentials(), POTENTIALS, rtol=0, atol=1e-12)
    assert run.state.arrays.spike_count.tolist() == [
        sum(j == i for _, j in SPIKES) for i in range(6)
    ]
    assert run.counters[loop.SPIKES] == len(SPIKES)
    assert run.counters[loop.SLICES] == sum(-(-n // run.slice_steps) for n in pieces)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 400), min_size=1), st.integers(1, 12))
def test_pieces_and_buffers_of_any_length_change_no_bit(cuts, capacity):
    ends = [end for end in np.cumsum(cuts).tolist() if end < 1000] + [1000]
    whole, pieces = Loop(), Loop()
    expected, spikes = whole.advance(1000), []
    for n in np.diff([0, *ends]).tolist():
        spikes += pieces.advance(n, capacity)
    assert sorted(spikes) == sorted(expected)
    for one, other in zip(whole.state.arrays, pieces.state.arrays, strict=True):
        assert one.tobytes() == other.tobytes()


def test_buffers_grow_in_the_middle_of_a_run():
    # Room for no spike at all: the first slice in which any fires takes two exchanges.
    run = Loop()
    small = 1 + run.slice_steps
    assert sorted(run.advance(1501, capacity=small)) == SPIKES
    in_slice = defaultdict(int)
    for step, _ in SPIKES:
        in_slice[(step - 1) // run.slice_steps] += 1
    most = max(in_slice.values())
    assert most > 1
    assert run.counters[loop.MOST_SPIKES] == most
    # What is sent in each slice: the room there was, and once more where it was too small.
    room, sent = small, 0
    for i in range(-(-1501 // run.slice_steps)):
        n_steps = min(run.slice_steps, 1501 - i * run.slice_steps)
        sent += room
        if 1 + n_steps + in_slice[i] > room:
            room = 1 + n_steps + in_slice[i] + in_slice[i] // 2
            sent += room
    assert run.counters[loop.BYTES] == 4 * sent


def test_spikes_are_returned_only_of_the_recorded():
    nobody = Loop(recorded=False)
    assert nobody.advance(1501) == []
    np.testing.assert_allclose(nobody.potentials(), POTENTIALS, rtol=0, atol=1e-12)
    some = Loop()
    some.recorded[[0, 2, 3, 5]] = False
    assert sorted(some.advance(1501)) == [spike for spike in SPIKES if spike[1] in (1, 4)]


def test_nothing_happens_in_no_steps():
    run = Loop()
    before = [array.tobytes() for array in run.state.arrays]
    assert run.advance(0) == []
    assert [array.tobytes() for array in run.state.arrays] == before
    assert not run.counters[loop.SPIKES :].any()


def test_the_interpreter_runs_the_same_loop():
    compiled, plain = Loop(), Loop()
    expected = compiled.advance(300)
    assert plain.advance(300, 4, interpreted(loop.advance)) == expected
    assert plain.potentials() == compiled.potentials()
