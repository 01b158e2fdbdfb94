"""Every spike of a population."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array, Ints
from distsp.base.errors import InputError
from distsp.parallel.distributed import Log, Part
from distsp.parallel.ranks import Ranks
from distsp.recorders.recorder import Dataset, Neurons, Reading, Recorder, Recording

COLUMNS: dict[str, type] = {"step": np.int64, "id": np.int64}


class Spikes(Recording):
    """The spikes that this rank has integrated, in pieces."""

    def __init__(self, name: str, population: Neurons, resolution: float) -> None:
        self.name, self.population, self.resolution = name, population, resolution
        self.pieces: dict[str, list[Array]] = {column: [] for column in COLUMNS}

    def spiking(self, _reading: Reading) -> Iterable[range]:
        """Return of which neurons the spikes are wanted."""
        return [self.population.ids]

    def take_spikes(self, steps: Ints, ids: Ints) -> None:
        """Record those of the population."""
        neurons = self.population.ids
        own = (ids >= neurons.start) & (ids < neurons.stop)
        self._append({"step": steps[own], "id": ids[own]})

    def _append(self, entries: dict[str, Array]) -> None:
        if len(entries["id"]):
            for name, pieces in self.pieces.items():
                pieces.append(entries[name])

    def gathered(self, ranks: Ranks) -> tuple[Array, Array]:
        """Return times (ms) and ids, sorted, on rank 0; collective."""
        steps, ids = (
            ranks.join_on_0(np.concatenate([np.empty(0, COLUMNS[name]), *pieces]))
            for name, pieces in self.pieces.items()
        )
        order = np.lexsort((ids, steps))
        return steps[order] * self.resolution, ids[order]

    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""
        name = f"recorders/{self.name}"
        return [Log(name, COLUMNS, self.pieces.__getitem__, self._append)]

    def datasets(self, ranks: Ranks) -> Iterator[Dataset]:
        """Yield times and ids."""
        times, ids = self.gathered(ranks)
        where = f"spikes/{self.population.name}"
        yield Dataset(f"{where}/time", times, "ms", "time of the spike")
        yield Dataset(f"{where}/id", ids, "1", "global id of the neuron")


class SpikeRecorder(Recorder):
    """`spike_recorder`: every spike of a population."""

    model: Literal["spike_recorder"] = "spike_recorder"
    population: str = Field(description="whose spikes")

    def check_network(
        self, where: str, populations: Mapping[str, Neurons], resolution: float
    ) -> None:
        """Refuse a population that the network does not have."""
        if self.population not in populations:
            right = f"must be one of {', '.join(populations)}"
            raise InputError.at(f"{where}.population", self.population, right)

    def begin(self, name: str, reading: Reading) -> Spikes:
        """Return an empty recording."""
        return Spikes(name, reading.populations[self.population], reading.resolution)
