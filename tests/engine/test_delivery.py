"""The spikes of a slice: packed by every rank, and delivered, against dictionaries."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distsp.engine.adjacency import Adjacency
from distsp.engine.delivery import (
    FEW_SPIKES,
    MANY_SPIKES,
    RANKS_TOGETHER,
    ROWS_AHEAD,
    deliver,
    most_spikes,
    new_desk,
    occupied_slots,
    pack,
)
from distsp.engine.synapses import Outgoing
from distsp.parallel.layout import Layout

N_SLOTS = 7
MOST_STEPS = 4


def packed(spikes: list[tuple[int, int]], n_steps: int, room: int) -> tuple[bool, np.ndarray]:
    """Pack (lag, place) of a rank; what is not written stays -1."""
    send = np.full(room, -1, dtype=np.int32)
    lags, places = np.array(spikes, dtype=np.int32).reshape(-1, 2).T.copy()
    return pack(lags, places, len(spikes), n_steps, send), send


def received(spikes: list[tuple[int, int]], n_steps: int, size: int) -> np.ndarray:
    """Return what all ranks have packed of spikes (lag, global id), in buffers of equal length."""
    each = [[(lag, i // size) for lag, i in spikes if i % size == rank] for rank in range(size)]
    room = 1 + n_steps + max(map(len, each)) + 2
    return np.concatenate([packed(own, n_steps, room)[1] for own in each])


# Packing ----------------------------------------------------------------------------------------


@given(st.data())
def test_a_packed_slice_says_how_many_and_who_in_each_step(data):
    n_steps = data.draw(st.integers(1, 5))
    spike = st.tuples(st.integers(0, n_steps - 1), st.integers(0, 99))
    spikes = data.draw(st.lists(spike, max_size=20))
    fits, send = packed(spikes, n_steps, room=1 + n_steps + 20)
    assert fits
    in_step = [[place for lag, place in spikes if lag == s] for s in range(n_steps)]
    numbers = [len(spikes), *map(len, in_step), *(place for step in in_step for place in step)]
    assert send.tolist() == numbers + [-1] * (len(send) - len(numbers))


@pytest.mark.parametrize("missing", [0, 1, 3, 5, 6])
def test_what_does_not_fit_leaves_only_its_number(missing):
    fits, send = packed([(1, 7), (0, 8), (1, 9)], n_steps=3, room=7 - missing)
    assert fits == (missing == 0)
    if not fits:
        assert send.tolist() == [3] + [-1] * (6 - missing)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=6), st.integers(1, 5))
def test_most_spikes_is_the_largest_first_number_of_a_rank(counts, stride):
    receive = np.full((len(counts), stride), 9999, dtype=np.int32)
    receive[:, 0] = counts
    assert most_spikes(receive.ravel(), len(counts)) == max(counts)


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32])
def test_a_slot_is_occupied_where_any_event_is_due(dtype):
    due = np.zeros((2, 3, 5), dtype)
    due[0, 2, 4] = due[1, 0, 0] = due[1, 0, 3] = 1
    assert occupied_slots(due).tolist() == [[False, False, True], [True, False, False]]
    assert occupied_slots(due[:, :, :0].copy()).tolist() == [[False] * 3] * 2
    assert occupied_slots(due[:0].copy()).shape == (0, 3)


# Delivery ---------------------------------------------------------------------------------------


class Homogeneous:
    """Types of a weight and a delay each: a list of synapses (type, source, local target)."""

    def __init__(self, delays: list[int], synapses: list[tuple[int, int, int]]) -> None:
        self.delays, self.synapses = delays, synapses

    def table(self, layout: Layout) -> Outgoing:
        """Return them as delivery takes them."""
        n_rows = -(-layout.n_rows // 64) * 64
        table = Adjacency(len(self.delays) * n_rows)
        types, sources, targets = np.array(self.synapses, dtype=np.int64).reshape(-1, 3).T
        table.insert(types * n_rows + layout.rows(sources), targets)
        delays = np.array(self.delays, dtype=np.int64)
        n_types = np.array([len(delays)])
        return Outgoing(*table.index, *table.pools, n_types, np.ones(len(delays)), delays)


class Heterogeneous:
    """Synapses (type, source, local target, weight, delay) in order of their creation."""

    def __init__(self, n_types: int, synapses: list[tuple[int, int, int, float, int]]) -> None:
        self.n_types, self.synapses = n_types, synapses

    def table(self, layout: Layout) -> Outgoing:
        """Return them as delivery takes them."""
        n_rows = -(-layout.n_rows // 64) * 64
        table = Adjacency(self.n_types * n_rows, heterogeneous=True)
        columns = np.array(self.synapses, dtype=float).reshape(-1, 5).T
        types, sources, targets, delays = (columns[i].astype(np.int64) for i in (0, 1, 2, 4))
        table.insert(types * n_rows + layout.rows(sources), targets, columns[3], delays)
        n_types = np.array([self.n_types])
        none = np.zeros(self.n_types)
        return Outgoing(*table.index, *table.pools, n_types, none, none.astype(np.int64))


def slow(
    homogeneous: Homogeneous,
    heterogeneous: Heterogeneous,
    spikes: list[tuple[int, int]],
    slots: list[int],
    counts: dict,
    weights: dict,
) -> None:
    """Add to (type, slot, target): events, and to (sign, slot, target): weights."""
    for lag, source in sorted(spikes):
        for kind, pre, target in homogeneous.synapses:
            if pre == source:
                counts[kind, (slots[lag] + homogeneous.delays[kind]) % N_SLOTS, target] += 1
    # Sorting is stable: synapses of a pair stay in order of creation.
    in_order = sorted(heterogeneous.synapses, key=lambda synapse: synapse[:3])
    for lag in range(len(slots)):
        for _, source, target, weight, delay in in_order:
            if (lag, source) in spikes:
                weights[int(weight <= 0.0), (slots[lag] + delay) % N_SLOTS, target] += weight


def check_delivery(
    homogeneous: Homogeneous,
    heterogeneous: Heterogeneous,
    spikes: list[tuple[int, int]],
    layout: Layout,
    first_step: int,
    n_steps: int,
    dtype: type,
) -> None:
    """Deliver onto something that is due already, and compare with `slow`."""
    rng = np.random.default_rng(1)
    n, n_types = layout.n_local, len(homogeneous.delays)
    due_counts = rng.integers(0, 3, (n_types, N_SLOTS, n)).astype(dtype)
    due_counts[:, rng.random(N_SLOTS) < 0.5] = 0
    due_weights = rng.normal(size=(2, N_SLOTS, n if heterogeneous.n_types else 0))
    counts = defaultdict(int, {place: int(x) for place, x in np.ndenumerate(due_counts)})
    weights = defaultdict(float, {place: float(x) for place, x in np.ndenumerate(due_weights)})
    slots = (first_step + np.arange(n_steps)) % N_SLOTS
    occupied = occupied_slots(due_counts)

    deliver(
        due_counts,
        due_weights,
        homogeneous.table(layout),
        heterogeneous.table(layout),
        occupied,
        slots,
        new_desk(n_steps),
        received(spikes, n_steps, layout.size),
        n_steps,
        layout.size,
        layout.n_neurons,
    )

    slow(homogeneous, heterogeneous, spikes, slots.tolist(), counts, weights)
    assert {place: int(x) for place, x in np.ndenumerate(due_counts)} == dict(counts)
    # Not close, but equal: the order of addition is the same.
    assert {place: float(x) for place, x in np.ndenumerate(due_weights)} == dict(weights)
    assert due_counts.dtype == dtype
    assert occupied.tolist() == occupied_slots(due_counts).tolist()


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32])
@given(data=st.data())
def test_every_spike_arrives_over_every_synapse_of_its_source(dtype, data):
    size = data.draw(st.integers(1, 4))
    n_neurons = data.draw(st.integers(1, 12))
    layout = Layout(data.draw(st.integers(0, size - 1)), size, n_neurons)
    n_steps = data.draw(st.integers(1, MOST_STEPS))
    delay, source = st.integers(n_steps, N_SLOTS), st.integers(0, n_neurons - 1)
    target = st.integers(0, max(layout.n_local - 1, 0))
    most = 30 if layout.n_local else 0

    delays = data.draw(st.lists(delay, max_size=3))
    kind = st.integers(0, max(len(delays) - 1, 0))
    synapse = st.tuples(kind, source, target)
    homogeneous = Homogeneous(delays, data.draw(st.lists(synapse, max_size=most if delays else 0)))

    n_types = data.draw(st.integers(0, 2))
    kind = st.integers(0, max(n_types - 1, 0))
    weight = st.sampled_from([0.0, 0.1, -0.1, 1e16, -1e16, 1 / 3, -1 / 3, 7.0])
    own = st.tuples(kind, source, target, weight, delay)
    heterogeneous = Heterogeneous(
        n_types, data.draw(st.lists(own, max_size=most if n_types else 0))
    )

    spike = st.tuples(st.integers(0, n_steps - 1), source)
    spikes = sorted(data.draw(st.sets(spike, max_size=20)))
    first_step = data.draw(st.integers(0, 1000))
    check_delivery(homogeneous, heterogeneous, spikes, layout, first_step, n_steps, dtype)


def many(n: int, n_local: int, kinds: int, seed: int, most: int = 3) -> list[tuple[int, int, int]]:
    """Return (type, source, target), each neuron a source of up to `most` synapses."""
    rng = np.random.default_rng(seed)
    sources = np.repeat(np.arange(n), rng.integers(0, most + 1, n))
    others = rng.integers(0, [kinds, n_local], (len(sources), 2))
    return [(int(k), int(s), int(t)) for s, (k, t) in zip(sources, others, strict=True)]


@pytest.mark.parametrize("size", [1, 3, RANKS_TOGETHER + 1])
@pytest.mark.parametrize(
    "n", [FEW_SPIKES // 2, FEW_SPIKES // 2 + 1, FEW_SPIKES + ROWS_AHEAD, MANY_SPIKES // 2 + 1]
)
def test_more_spikes_than_are_delivered_one_after_the_other_or_find_room(n, size):
    layout = Layout(size // 2, size, n)
    homogeneous = Homogeneous([2, 5], many(n, layout.n_local, 2, seed=1))
    rng = np.random.default_rng(2)
    heterogeneous = Heterogeneous(
        1,
        [
            (kind, source, target, float(rng.normal()), int(rng.integers(2, N_SLOTS + 1)))
            for kind, source, target in many(n, layout.n_local, 1, seed=3)
        ],
    )
    spikes = [(lag, i) for lag in range(2) for i in range(n)]
    check_delivery(homogeneous, heterogeneous, spikes, layout, 5, 2, np.uint16)


def test_weights_add_up_in_the_same_order_on_any_number_of_ranks():
    n, rng = 24, np.random.default_rng(4)
    synapses = [
        (int(rng.integers(2)), int(rng.integers(n)), target, float(rng.normal()), 3)
        for target in range(n)
        for _ in range(40)
    ]
    spikes = [(0, i) for i in range(0, n, 2)] + [(1, i) for i in range(n)]
    whole = {}
    for size in (1, 2, 3, 4):
        due = np.empty((2, N_SLOTS, n))
        for rank in range(size):
            layout = Layout(rank, size, n)
            own = [(k, s, t // size, w, d) for k, s, t, w, d in synapses if t % size == rank]
            before = np.zeros((2, N_SLOTS, layout.n_local))
            deliver(
                np.zeros((0, N_SLOTS, layout.n_local), np.uint16),
                before,
                Homogeneous([], []).table(layout),
                Heterogeneous(2, own).table(layout),
                np.zeros((0, N_SLOTS), bool),
                np.arange(2),
                new_desk(2),
                received(spikes, 2, size),
                2,
                size,
                n,
            )
            due[:, :, layout.ids()] = before
        whole[size] = due
    assert np.abs(whole[1]).max() > 0.0
    for size in (2, 3, 4):
        assert whole[size].tobytes() == whole[1].tobytes()
