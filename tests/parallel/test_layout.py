"""The ownership rule: every neuron has one place, and layouts of other sizes find it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from distsp.parallel.layout import Layout, global_id

SIZES = st.integers(1, 9)


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    size = draw(SIZES)
    return Layout(draw(st.integers(0, size - 1)), size, draw(st.integers(1, 60)))


@st.composite
def ranges(draw: st.DrawFn, n: int) -> range:
    first = draw(st.integers(0, n))
    return range(first, draw(st.integers(first, n)))


@given(SIZES, st.integers(1, 60))
def test_every_neuron_is_at_one_place(size, n):
    ids = np.arange(n)
    owned = [Layout(rank, size, n).ids() for rank in range(size)]
    assert sorted(np.concatenate(owned).tolist()) == ids.tolist()
    for rank, mine in enumerate(owned):
        layout = Layout(rank, size, n)
        assert layout.n_local == len(mine)
        assert ids[layout.here(ids)].tolist() == mine.tolist()
        assert layout.places(mine).tolist() == list(range(len(mine)))
        assert layout.ids_at(layout.places(mine)).tolist() == mine.tolist()
        assert [global_id(i, rank, size) for i in range(len(mine))] == mine.tolist()
        assert layout.on((rank + 1) % size).ids().tolist() == owned[(rank + 1) % size].tolist()


@given(st.data())
def test_a_range_is_a_slice(data):
    layout = data.draw(layouts())
    neurons = data.draw(ranges(layout.n_neurons))
    mine = [i for i in neurons if i % layout.size == layout.rank]
    assert layout.ids(neurons).tolist() == mine
    assert layout.ids()[layout.slice_of(neurons)].tolist() == mine


@given(st.data())
def test_layouts_find_what_they_share(data):
    one = data.draw(layouts())
    size = data.draw(SIZES)
    other = one.on(data.draw(st.integers(0, size - 1)), size)
    neurons = data.draw(ranges(one.n_neurons))
    shared = one.shared_with(other, neurons)
    both = sorted({*one.ids(neurons).tolist()} & {*other.ids(neurons).tolist()})
    assert list(shared) == both
    if both:
        assert one.ids(neurons)[one.strided(shared, neurons)].tolist() == both
        assert other.ids(neurons)[other.strided(shared, neurons)].tolist() == both
