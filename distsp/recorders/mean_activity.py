"""Mean calcium and rate of any neurons, at regular times."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array
from distsp.base.fields import Positive
from distsp.base.selection import AnySelection
from distsp.base.time_grid import whole_steps
from distsp.parallel.distributed import Global, Part
from distsp.parallel.sums import means
from distsp.recorders.recorder import Dataset, Reading, Recorder, Recording, Selecting, local_of

QUANTITIES = {
    "time": ("ms", "time of the recording"),
    "calcium": ("1", "mean calcium concentration of the neurons"),
    "rate": ("Hz", "mean firing rate of the neurons since the previous recording"),
}
"""Unit and description of what is written."""


class Activity(Recording):
    """Columns of equal length, the same on all ranks."""

    def __init__(self, name: str, recorder: "MeanActivity", reading: Reading) -> None:
        self.name, self.neurons = name, reading.select("neurons", recorder.neurons)
        self.interval = recorder.steps(reading.resolution)
        self.columns: dict[str, list[float]] = {name: [] for name in QUANTITIES}
        self.last_step, self.last_spikes = reading.step, self._spikes(reading)

    def record(self, reading: Reading) -> None:
        """Append the present values; collective."""
        seconds = (reading.step - self.last_step) * reading.resolution / 1000.0
        spikes, n_neurons = self._spikes(reading), len(self.neurons.ids)
        rate = (spikes - self.last_spikes) / (n_neurons * seconds) if seconds > 0 else 0.0
        self.last_step, self.last_spikes = reading.step, spikes
        (calcium,) = means(reading.ranks, [self._here(reading, "calcium")], [n_neurons])
        row = {"time": reading.step * reading.resolution, "calcium": calcium, "rate": rate}
        for name, value in row.items():
            self.columns[name].append(value)

    def _spikes(self, reading: Reading) -> int:
        """Return the number of spikes of the neurons since the start; collective."""
        here = self._here(reading, "spike_count").sum(dtype=np.int64)
        return int(reading.ranks.sum(np.array([here]))[0])

    def _here(self, reading: Reading, quantity: str) -> Array:
        """Return a quantity of those of the neurons that are on this rank."""
        pieces = self.neurons.pieces
        return np.concatenate([local_of(reading, piece, quantity) for piece in pieces])

    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""
        return [Global(f"recorders/{self.name}", self._save, self._restore)]

    def _save(self) -> dict[str, Any]:
        columns = {name: np.array(values) for name, values in self.columns.items()}
        return {"last_step": self.last_step, "last_spikes": self.last_spikes, **columns}

    def _restore(self, saved: dict[str, Any]) -> None:
        self.last_step, self.last_spikes = saved["last_step"], saved["last_spikes"]
        self.columns = {name: saved[name].tolist() for name in QUANTITIES}

    def datasets(self) -> Iterator[Dataset]:
        """Yield the columns."""
        for name, values in self.columns.items():
            yield Dataset(f"recorders/{self.name}/{name}", np.array(values), *QUANTITIES[name])


class MeanActivity(Recorder):
    """`mean_activity`: mean calcium and rate of some neurons, at an interval."""

    model: Literal["mean_activity"] = "mean_activity"
    neurons: AnySelection = Field(description="over which neurons")
    interval: Positive = Field(description="time between recordings (ms)")

    def check_network(self, where: str, network: Selecting, resolution: float) -> None:
        """Refuse neurons that the network does not have, and parts of steps."""
        network.select(f"{where}.neurons", self.neurons)
        whole_steps(f"{where}.interval", self.interval, resolution, least=1)

    def steps(self, resolution: float) -> int:
        """Return the interval as a number of steps of `resolution` (ms)."""
        return whole_steps("interval", self.interval, resolution, least=1)

    def begin(self, name: str, reading: Reading) -> Activity:
        """Return an empty recording that begins now; collective."""
        return Activity(name, self, reading)
