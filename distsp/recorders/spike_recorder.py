"""Every spike of some neurons."""

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array, Ints
from distsp.base.selection import AnySelection
from distsp.parallel.distributed import Log, Part
from distsp.parallel.ranks import Ranks
from distsp.recorders.recorder import Dataset, Reading, Recorder, Recording, Selected, Selecting

COLUMNS: dict[str, type] = {"step": np.int64, "id": np.int64}


class Spikes(Recording):
    """The spikes that this rank has integrated, in pieces."""

    def __init__(self, name: str, neurons: Selected, resolution: float) -> None:
        self.name, self.neurons, self.resolution = name, neurons, resolution
        self._ids = np.asarray(neurons.ids)
        self.pieces: dict[str, list[Array]] = {column: [] for column in COLUMNS}

    def spiking(self) -> Ints:
        """Return the global ids of the neurons whose spikes are wanted."""
        return self._ids

    def take_spikes(self, steps: Ints, ids: Ints) -> None:
        """Record those of the wanted neurons."""
        own = np.isin(ids, self._ids)
        self._append({"step": steps[own], "id": ids[own]})

    def _append(self, entries: dict[str, Array]) -> None:
        if len(entries["id"]):
            for name, pieces in self.pieces.items():
                pieces.append(entries[name])

    def of(self, ids: Ints) -> Ints:
        """Return (step, id) of the spikes of some neurons, a row each, on this rank."""
        columns = [np.concatenate([np.empty(0, COLUMNS[c]), *p]) for c, p in self.pieces.items()]
        rows = np.stack(columns, axis=1)
        return rows[np.isin(rows[:, 1], ids)]

    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""
        name = f"recorders/{self.name}"
        return [Log(name, COLUMNS, self.pieces.__getitem__, self._append)]

    def datasets(self, ranks: Ranks) -> Iterator[Dataset]:
        """Yield times and ids: of a whole population under its name, of others under one's own."""
        rows = ranks.join_on_0(self.of(self._ids))
        order = np.lexsort((rows[:, 1], rows[:, 0]))
        times, ids = rows[order, 0] * self.resolution, rows[order, 1]
        first, *others = self.neurons.pieces
        whole = not others and len(first.places) == len(first.population.ids)
        where = f"spikes/{first.population.name}" if whole else f"recorders/{self.name}"
        yield Dataset(f"{where}/time", times, "ms", "time of the spike")
        yield Dataset(f"{where}/id", ids, "1", "global id of the neuron")


def union(recorded: list[Ints]) -> Ints:
    """Return spikes, a row each, that several recorders may have recorded; sorted.

    A neuron that emits two spikes in a step has two.

    Examples
    --------
    >>> union([np.array([[7, 0], [7, 0], [9, 1]]), np.array([[7, 0], [8, 1]])]).tolist()
    [[7, 0], [7, 0], [8, 1], [9, 1]]
    """
    each = [np.unique(rows, axis=0, return_counts=True) for rows in recorded]
    rows = np.concatenate([np.empty((0, 2), dtype=np.int64), *(rows for rows, _ in each)])
    counts = np.concatenate([np.empty(0, dtype=np.int64), *(counts for _, counts in each)])
    rows, which = np.unique(rows, axis=0, return_inverse=True)
    most = np.zeros(len(rows), dtype=np.int64)
    np.maximum.at(most, which.reshape(-1), counts)
    return np.repeat(rows, most, axis=0)


class SpikeRecorder(Recorder):
    """`spike_recorder`: every spike of some neurons."""

    model: Literal["spike_recorder"] = "spike_recorder"
    neurons: AnySelection = Field(description="whose spikes")

    def check_network(self, where: str, network: Selecting, resolution: float) -> None:
        """Refuse neurons that the network does not have."""
        network.select(f"{where}.neurons", self.neurons)

    def begin(self, name: str, reading: Reading) -> Spikes:
        """Return an empty recording."""
        return Spikes(name, reading.select("neurons", self.neurons), reading.resolution)
