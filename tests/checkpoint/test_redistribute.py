"""What some ranks have written, and any number of ranks read: everyone gets exactly its own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distsp.base.arrays import Array
from distsp.checkpoint import redistribute
from distsp.checkpoint.arrays import ArrayReader, ArrayWriter
from distsp.checkpoint.redistribute import read_parts, same_on_all_ranks, write_parts
from distsp.checkpoint.trust import UnfitError
from distsp.parallel.distributed import Global, OnRank0, Part, PerNeuron, PerSynapse
from distsp.parallel.layout import Layout

SIZES = range(1, 6)
NEURONS = [1, 2, 3, 13, 14]
"""Also fewer than there are ranks."""


class Network:
    """What is to be saved, as a whole: all that no rank has alone."""

    def __init__(self, n: int) -> None:
        rng = np.random.default_rng(n)
        self.n = n
        self.calcium = rng.normal(size=n)
        self.z = rng.normal(size=(3, n))
        self.due = rng.integers(0, 9, (2, 3, n)).astype(np.uint16)
        self.middle = range(n // 3, n - n // 4)
        self.variables = rng.normal(size=(4, len(self.middle)))
        self.nobody = range(n, n)
        pairs = rng.integers(0, n, (5 * n, 2)).tolist()
        self.synapses = [(s, t, float(i), i % 7 + 1) for i, (s, t) in enumerate(pairs)]
        self.spikes = [(int(rng.integers(100)), int(rng.integers(n))) for _ in range(30)]
        self.everywhere = {
            "step": 7,
            "names": ["A", "B"],
            "nested": {"A": [1, 2.5, None]},
            "time": np.arange(4) / 3,
            "counts": np.arange(6).reshape(2, 3),
            "nothing": np.empty(0),
        }


class Rows:
    """Synapses onto the neurons of a rank: for each source a list (target, weight, delay)."""

    delay, longest_delay = 1, 100

    def __init__(self, n: int) -> None:
        self.columns = {"target": np.int32, "weight": np.float64, "delay": np.int32}
        self.rows: list[list[tuple]] = [[] for _ in range(n)]

    def lengths(self) -> Array:
        """Return the number of synapses of each source."""
        return np.array([len(row) for row in self.rows], dtype=np.int64)

    def column(self, name: str, first: int, last: int) -> Array:
        """Return a column of some sources."""
        place = list(self.columns).index(name)
        values = [entry[place] for row in self.rows[first:last] for entry in row]
        return np.array(values, dtype=self.columns[name])

    def insert(self, sources: Array, targets: Array, *own: Array) -> None:
        """Add synapses; each row stays sorted by target and creation."""
        for source, *entry in zip(sources, targets, *own, strict=True):
            self.rows[source].append(tuple(number.item() for number in entry))
        for row in self.rows:
            row.sort(key=lambda entry: entry[0])


class Rank:
    """What a rank has; at first nothing of it."""

    def __init__(self, layout: Layout, network: Network) -> None:
        self.layout = layout
        n = layout.n_local
        here = layout.slice_of(network.middle)
        self.arrays: dict[str, Array] = {
            "calcium": np.zeros(n),
            "z": np.zeros((3, n)),
            "due": np.zeros((2, 3, n), np.uint16),
            "variables/middle": np.zeros((4, here.stop - here.start)),
            "variables/nobody": np.zeros((2, 0)),
        }
        everyone = range(network.n)
        self.ranges = dict.fromkeys(("calcium", "z", "due"), everyone) | {
            "variables/middle": network.middle,
            "variables/nobody": network.nobody,
        }
        self.rows = Rows(network.n)
        self.log: dict[str, list[Array]] = {"step": [], "id": []}
        self.everywhere: dict[str, Any] = {}

    def parts(self) -> list[Part]:
        """Return all that it has."""

        def per_neuron(name: str) -> PerNeuron:
            def take(array: Array) -> None:
                assert array.shape == self.arrays[name].shape
                self.arrays[name] = array

            return PerNeuron(name, self.ranges[name], lambda: self.arrays[name], take)

        def append(entries: dict[str, Array]) -> None:
            for column, pieces in self.log.items():
                pieces.append(entries[column])

        columns = {"step": np.int64, "id": np.int64}
        return [
            *map(per_neuron, self.arrays),
            Global("everywhere", lambda: self.everywhere, self.everywhere.update),
            PerSynapse("synapses/s", self.rows),
            OnRank0("spikes", columns, self.log.__getitem__, append),
        ]

    def fill(self, network: Network) -> None:
        """Take its share of the whole, neuron by neuron."""
        layout = self.layout
        wholes = {"calcium": network.calcium, "z": network.z, "due": network.due}
        for name, whole in wholes.items():
            for i in layout.ids():
                self.arrays[name][..., i // layout.size] = whole[..., i]
        own = [i for i in network.middle if i % layout.size == layout.rank]
        for place, i in enumerate(own):
            self.arrays["variables/middle"][:, place] = network.variables[
                :, i - network.middle.start
            ]
        for source, target, *rest in network.synapses:
            if target % layout.size == layout.rank:
                self.rows.rows[source].append((target // layout.size, *rest))
        for row in self.rows.rows:
            row.sort(key=lambda entry: entry[0])
        for step, i in network.spikes if layout.rank == 0 else []:
            self.log["step"].append(np.array([step]))
            self.log["id"].append(np.array([i]))
        self.everywhere.update(network.everywhere)

    def contents(self) -> dict[str, Any]:
        """Return all that it has, as plain data."""
        spikes = zip(*(np.concatenate([[], *pieces]) for pieces in self.log.values()), strict=True)
        return {
            "arrays": {key: (str(a.dtype), a.tolist()) for key, a in self.arrays.items()},
            "rows": self.rows.rows,
            "spikes": [*spikes],
            "everywhere": {
                key: (str(value.dtype), value.tolist()) if isinstance(value, np.ndarray) else value
                for key, value in self.everywhere.items()
            },
        }


def ranks(size: int, network: Network, filled: bool) -> list[Rank]:
    """Return some emulated ranks, with what they have or with nothing."""
    made = [Rank(Layout(rank, size, network.n), network) for rank in range(size)]
    for rank in made if filled else []:
        rank.fill(network)
    return made


def written(folder: Path, writers: list[Rank]) -> tuple[dict[str, Any], list[ArrayReader]]:
    """Write what all have; return the plain data of what is the same on all, and the readers."""
    readers = []
    for rank in writers:
        path = folder / f"rank-{rank.layout.rank}"
        same = same_on_all_ranks(rank.parts())
        with ArrayWriter(path) as file:
            write_parts(rank.parts(), same if rank.layout.rank == 0 else [], file)
        readers.append(ArrayReader(path, file.index))
    plain = {
        name: {key: value for key, value in values.items() if not isinstance(value, np.ndarray)}
        for name, values in same_on_all_ranks(writers[0].parts())
    }
    return json.loads(json.dumps(plain)), readers


@pytest.mark.parametrize("together", [2_000_000, 5])
@pytest.mark.parametrize("n", NEURONS)
@pytest.mark.parametrize("before", SIZES)
def test_any_number_of_ranks_reads_what_any_number_wrote(
    tmp_path, monkeypatch, before, n, together
):
    monkeypatch.setattr(redistribute, "ENTRIES_TOGETHER", together)
    network = Network(n)
    plain, readers = written(tmp_path, ranks(before, network, filled=True))
    for after in SIZES:
        empty, expected = (ranks(after, network, filled=filled) for filled in (False, True))
        for rank, right in zip(empty, expected, strict=True):
            read_parts(rank.parts(), plain, readers, rank.layout)
            assert rank.contents() == right.contents()


def test_the_wider_dtype_is_taken(tmp_path):
    """As where events of a step are counted in 32 bits on some ranks only."""
    network = Network(13)
    writers = ranks(3, network, filled=True)
    due = writers[1].arrays["due"].astype(np.uint32)
    due[0, 0, 0] = 70_000
    writers[1].arrays["due"] = due
    plain, readers = written(tmp_path, writers)
    (reader,) = ranks(1, network, filled=False)
    read_parts(reader.parts(), plain, readers, reader.layout)
    network.due = network.due.astype(np.uint32)
    network.due[0, 0, 1] = 70_000
    assert reader.arrays["due"].dtype == np.uint32
    assert reader.arrays["due"].tolist() == network.due.tolist()
    # Whoever shares no neuron with that rank needs no wider numbers.
    kept = ranks(3, network, filled=False)[2]
    read_parts(kept.parts(), plain, readers, kept.layout)
    assert kept.arrays["due"].dtype == np.uint16


def test_only_files_with_something_of_a_rank_are_read(tmp_path):
    network = Network(14)
    plain, readers = written(tmp_path, ranks(4, network, filled=True))
    for rank in (1, 3):
        readers[rank].path.unlink()
    reader, expected = (ranks(2, network, filled=filled)[0] for filled in (False, True))
    read_parts(reader.parts(), plain, readers, reader.layout)
    assert reader.contents() == expected.contents()
    lost = ranks(2, network, filled=False)[1]
    with pytest.raises(UnfitError, match="No such file"):
        read_parts(lost.parts(), plain, readers, lost.layout)
