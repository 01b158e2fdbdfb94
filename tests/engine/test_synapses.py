"""The synapses of a rank against plain lists, for types of all four kinds side by side."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distsp.engine.index import Index, spans
from distsp.engine.synapses import Synapses, own_uniforms
from distsp.network.synapse_type import SynapseType
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks
from distsp.rng.distributions import Normal, Uniform, values
from distsp.rng.streams import Purpose, stream_key

H = 0.1
SEED = 11
NORMAL, UNIFORM = Normal(mean=1.0, std=5.0), Uniform(low=0.2, high=0.9)
PLASTIC = {"pre": "out", "post": "in"}
TYPES = {
    # Not in order of the names, and kinds of a kind are not side by side.
    "static": SynapseType(weight=2.0, delay=1.5),
    "grown": SynapseType(weight=-3.0, delay=0.7, **PLASTIC),
    "drawn": SynapseType(weight=NORMAL, delay=UNIFORM),
    "both": SynapseType(weight=NORMAL, delay=UNIFORM, **PLASTIC),
    "again": SynapseType(weight=4.0, delay=0.3, **PLASTIC),
    # Its connections have weights and delays of their own.
    "told": SynapseType(weight=5.0, delay=0.4),
}
SPREADS = {name: kind.spread(H) for name, kind in TYPES.items()}
SPREADS["told"] = SPREADS["told"].widened((2, 30))
OWN = [name for name, spread in SPREADS.items() if spread.heterogeneous]
"""Types whose synapses have their own weights and delays."""

Batch = list[tuple[int, int]]
"""Synapses made together: global source, local target."""


def fresh(layout: Layout) -> Synapses:
    """Return tables without synapses."""
    return Synapses(layout, TYPES, SPREADS, H, SEED)


class Lists:
    """The same synapses as lists in order of creation: source, target, weight, delay (ms)."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.synapses: dict[str, list[tuple]] = {name: [] for name in TYPES}
        self.batches: Counter[str] = Counter()
        self.bound: Counter[str] = Counter()

    def add(self, name: str, batch: Batch, weight: Any = None, delay: Any = None) -> None:
        """Give each synapse its own, one by one; drawn from the stream where it is drawn."""
        kind = TYPES[name]
        weight = kind.weight if weight is None else weight
        delay = kind.delay if delay is None else delay
        for i, (source, target) in enumerate(batch):
            id_ = target * self.layout.size + self.layout.rank
            who = source, id_, batch[:i].count((source, target))
            own = [
                self.number(name, given, i, who, which)
                for which, given in enumerate((weight, delay))
            ]
            self.synapses[name].append((source, target, *own))
        self.batches[name] += name in OWN
        self.bound[name] += max(Counter(target for _, target in batch).values(), default=0)

    def number(self, name: str, given: Any, i: int, who: tuple, which: int) -> float:
        """Return the weight (0) or the delay (1) of a synapse."""
        if isinstance(given, list):
            return given[i]
        if isinstance(given, float):
            return given
        key = stream_key(SEED, Purpose.SYNAPSE, list(TYPES).index(name))
        u = own_uniforms(key, *np.array(who)[:, None], 2 * self.batches[name] + which)
        number = float(values(given, u)[0])
        # Of all delays that are drawn here none is below half a step.
        return round(number / H) * H if which else number

    def in_order(self, name: str, first: int = 0, last: int | None = None) -> list[tuple]:
        """Return synapses of some sources by source, target and creation."""
        last = self.layout.n_neurons if last is None else last
        here = [one for one in self.synapses[name] if first <= one[0] < last]
        return sorted(here, key=lambda one: one[:2])

    def remove(self, name: str, places: list[int]) -> list[tuple[int, int, int]]:
        """Remove the synapses at `places`; return source, target and which of the pair each was."""
        all_pairs = [one[:2] for one in self.synapses[name]]
        gone = [(*all_pairs[i], all_pairs[:i].count(all_pairs[i])) for i in places]
        kept = [one for i, one in enumerate(self.synapses[name]) if i not in places]
        self.synapses[name] = kept
        return gone


def arrays(tuples: list[tuple[int, ...]], n: int) -> np.ndarray:
    """Return tuples of `n` integers as `n` arrays."""
    return np.array(tuples, dtype=np.int64).reshape(-1, n).T


def check(synapses: Synapses, lists: Lists) -> None:
    """Compare all that can be asked."""
    layout = lists.layout
    n = layout.n_neurons
    for name, kind in TYPES.items():
        table, there = synapses[name], lists.synapses[name]
        assert len(table) == len(there)
        sources = [one[0] for one in there]
        assert table.lengths().tolist() == [sources.count(i) for i in range(n)]
        pairs = np.array([(s, t) for s in range(n) for t in range(layout.n_local)])
        connected = table.connects(*np.ascontiguousarray(pairs.reshape(-1, 2).T))
        ends = {one[:2] for one in there}
        assert connected.tolist() == [pair in ends for pair in map(tuple, pairs.tolist())]
        targets = Counter(one[1] for one in there)
        most = max(targets.values(), default=0)
        assert table.most_incoming() == (most if kind.plastic else lists.bound[name])
        assert table.most_incoming() >= most
        for first, last in ((0, n), (1, n), (n // 2, n // 2 + 1)):
            expected = lists.in_order(name, first, last)
            found = {key: table.column(key, first, last) for key in table.columns}
            assert found["target"].tolist() == [one[1] for one in expected]
            assert [key for key in found] == (
                ["target", "weight", "delay"] if name in OWN else ["target"]
            )
            if name in OWN:
                assert found["weight"].tolist() == [one[2] for one in expected]
                assert found["delay"].tolist() == [round(one[3] / H) for one in expected]
        if kind.plastic:
            rows = table.incoming_rows(np.arange(layout.n_local))
            for target, row in enumerate(rows):
                own = sorted(one[0] for one in there if one[1] == target)
                assert table.incoming.row(row).tolist() == own
    assert synapses.most_incoming() == max(t.most_incoming() for t in synapses.types.values())


@given(st.data())
def test_synapses_are_lists(data):
    size = data.draw(st.integers(1, 3))
    n = data.draw(st.integers(size, 7))
    layout = Layout(data.draw(st.integers(0, size - 1)), size, n)
    synapses, lists = fresh(layout), Lists(layout)
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, layout.n_local - 1))
    for _ in range(data.draw(st.integers(1, 6))):
        name = data.draw(st.sampled_from(sorted(TYPES)))
        there = len(lists.synapses[name])
        if there and data.draw(st.booleans()):
            places = data.draw(st.lists(st.integers(0, there - 1), unique=True))
            synapses[name].remove(*arrays(lists.remove(name, places), 3))
            continue
        batch = data.draw(st.lists(pair, max_size=12))
        weight = delay = None
        if name == "told":
            each = [0.5 * i for i in range(len(batch))]
            weight = data.draw(st.sampled_from([None, -1.5, NORMAL, each]))
            delay = data.draw(
                st.sampled_from([None, 0.8, UNIFORM, [0.2 + 0.4 * one for one in each]])
            )
        own = [np.array(given) if isinstance(given, list) else given for given in (weight, delay)]
        synapses[name].add(*arrays(batch, 2), *own)
        lists.add(name, batch, weight, delay)
    check(synapses, lists)


@given(st.data())
def test_what_is_inserted_keeps_what_it_has(data):
    """As when a checkpoint is read: weights and delays are not drawn again."""
    layout = Layout(0, 2, 5)
    synapses, lists = fresh(layout), Lists(layout)
    synapse = st.tuples(
        st.integers(0, 4), st.integers(0, 2), st.sampled_from([0.5, -1.0]), st.integers(2, 9)
    )
    for _ in range(3):
        for name, kind in TYPES.items():
            new = data.draw(st.lists(synapse, max_size=6))
            sources, targets = arrays([one[:2] for one in new], 2)
            own = ()
            if name in OWN:
                own = np.array([one[2] for one in new]), arrays([one[3:] for one in new], 1)[0]
            synapses[name].insert(sources, targets, *own)
            lists.synapses[name] += [
                (s, t, w, d * H) if own else (s, t, kind.weight, kind.delay) for s, t, w, d in new
            ]
            lists.bound[name] += max(Counter(one[1] for one in new).values(), default=0)
    check(synapses, lists)
    assert all(table.created == 0 for table in synapses.types.values())


def wired(layout: Layout, n_batches: int = 3) -> tuple[Synapses, Lists]:
    """Return this rank's share of many synapses."""
    synapses, lists = fresh(layout), Lists(layout)
    rng = np.random.default_rng(5)
    for _ in range(n_batches):
        for name in TYPES:
            sources, targets = rng.integers(0, layout.n_neurons, (2, 40))
            here = targets % layout.size == layout.rank
            batch = [
                *zip(sources[here].tolist(), (targets[here] // layout.size).tolist(), strict=True)
            ]
            synapses[name].add(*arrays(batch, 2))
            lists.add(name, batch)
    return synapses, lists


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("together", [1, 10, 10_000])
def test_chunks_are_pieces_of_the_list(monkeypatch, size, together):
    monkeypatch.setattr("distsp.engine.synapses.GATHERED_SYNAPSES", together)
    layout = Layout(size - 1, size, 13)
    synapses, lists = wired(layout)
    for name in TYPES:
        pieces = list(synapses[name].chunks(Ranks()))
        found = {
            key: np.concatenate([piece[key] for piece in pieces]).tolist() for key in pieces[0]
        }
        expected = lists.in_order(name)
        assert found["source"] == [one[0] for one in expected]
        assert found["target"] == [one[1] * size + layout.rank for one in expected]
        assert found["weight"] == [one[2] for one in expected]
        assert found["delay"] == [one[3] for one in expected]
        # Each piece has as many sources as may go together, one at least.
        lengths = [found["source"].count(i) for i in range(13)]
        sizes: list[int] = []
        for i, length in enumerate(lengths):
            if i > 0 and sizes[-1] + length <= together:
                sizes[-1] += length
            else:
                sizes.append(length)
        assert [len(piece["source"]) for piece in pieces] == sizes


@pytest.mark.parametrize(("together", "lengths"), [(4, [3, 2]), (5, [5])])
def test_a_piece_may_be_full(monkeypatch, together, lengths):
    monkeypatch.setattr("distsp.engine.synapses.GATHERED_SYNAPSES", together)
    synapses = fresh(Layout(0, 1, 2))
    synapses["static"].add(np.array([0, 0, 0, 1, 1]), np.array([0, 1, 1, 0, 1]))
    pieces = synapses["static"].chunks(Ranks())
    assert [len(piece["source"]) for piece in pieces] == lengths


def test_groups_of_sources_are_not_cut(monkeypatch):
    monkeypatch.setattr("distsp.engine.synapses.GATHERED_SYNAPSES", 1)
    monkeypatch.setattr("distsp.engine.synapses.GROUPS_OF_SOURCES", 4)
    synapses, lists = wired(Layout(0, 1, 13))  # groups of three, the last one is of one
    for name in TYPES:
        pieces = [piece["source"].tolist() for piece in synapses[name].chunks(Ranks())]
        sources = [one[0] for one in lists.in_order(name)]
        assert pieces == [[s for s in sources if s // 3 == group] for group in range(5)]


def test_the_ranks_have_together_what_one_has():
    whole = {name: wired(Layout(0, 1, 13))[1].in_order(name) for name in TYPES}
    for name in TYPES:
        together = []
        for rank in range(4):
            (piece,) = wired(Layout(rank, 4, 13))[0][name].chunks(Ranks())
            together += zip(*(piece[key].tolist() for key in piece), strict=True)
        assert sorted(together, key=lambda one: one[:2]) == whole[name]


def test_the_time_loop_gets_the_types_in_order_of_their_names():
    synapses, _ = wired(Layout(0, 1, 13))
    assert [*synapses.types] == ["again", "both", "drawn", "grown", "static", "told"]
    shared, own = synapses.outgoing(heterogeneous=False), synapses.outgoing(heterogeneous=True)
    assert shared.n_types.tolist() == [3]
    assert shared.weight.tolist() == [4.0, -3.0, 2.0]
    assert shared.delay.tolist() == [3, 7, 15]
    assert own.n_types.tolist() == [3]
    assert own.delay.tolist() == [2, 2, 2]  # the shortest
    for outgoing, names in (
        (shared, ["again", "grown", "static"]),
        (own, ["both", "drawn", "told"]),
    ):
        for i, name in enumerate(names):
            for source in range(13):
                row = np.array([64 * i + source])  # a word for each type
                (begin,), (length,) = spans(Index(*outgoing[:5]), row)
                expected = synapses[name].column("target", source, source + 1)
                assert outgoing.targets[begin : begin + length].tolist() == expected.tolist()


def test_batches_come_back():
    """What a synapse draws depends on the batch: the count goes on where it was."""
    layout = Layout(0, 1, 13)
    synapses, _ = wired(layout)
    (saved,) = [part for part in synapses.parts() if part.name == "batches"]
    assert saved.get() == dict.fromkeys(TYPES, 0) | dict.fromkeys(OWN, 3)
    restored = fresh(layout)
    next(part for part in restored.parts() if part.name == "batches").set(saved.get())
    for tables in (synapses, restored):
        tables["drawn"].add(*arrays([(1, 2)], 2))
    # The new one stands behind all others of its pair.
    place = synapses["drawn"].column("target", 1, 2).tolist().count(2) - 1
    weights = [
        tables["drawn"].column("weight", 1, 2)[tables["drawn"].column("target", 1, 2) == 2]
        for tables in (synapses, restored)
    ]
    assert weights[1].tolist() == [weights[0][place]]


def test_there_may_be_no_types_and_no_synapses():
    layout = Layout(0, 1, 3)
    none = Synapses(layout, {}, {}, H, SEED)
    assert none.most_incoming() == 0
    assert none.outgoing(heterogeneous=False).n_types.tolist() == [0]
    assert none.outgoing(heterogeneous=True).n_types.tolist() == [0]
    empty = fresh(layout)
    for name in TYPES:
        (piece,) = empty[name].chunks(Ranks())
        assert {key: len(column) for key, column in piece.items()} == dict.fromkeys(
            ["source", "target", "weight", "delay"], 0
        )
