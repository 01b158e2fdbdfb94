"""Means over each population, and the number of synapses of each type, at regular times."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array
from distsp.base.fields import Positive
from distsp.base.time_grid import whole_steps
from distsp.parallel.distributed import Global, Part, check_whole
from distsp.parallel.sums import means
from distsp.recorders.recorder import Dataset, Reading, Recorder, Recording, Selecting

MEANS = "recording"
"""Name of the recorder that `Network.record` asks for; the results have its series in a group of
that name, those of others among the recorders."""

QUANTITIES = {
    "time": ("ms", "time of the recording"),
    "calcium": ("1", "calcium concentration"),
    "rate": ("Hz", "mean firing rate since the previous recording"),
    "synapses": ("1", "number of synapses"),
    "z": ("1", "number of synaptic elements per neuron"),
    "z_connected": ("1", "number of synaptic elements per neuron that are bound in synapses"),
}
"""Unit and description of what is recorded, in the order in which it is listed."""


class Means(Recording):
    """Columns of equal length, the same on all ranks: "time" (ms), "calcium/E", "rate/E", ..."""

    def __init__(self, name: str, interval: int, reading: Reading) -> None:
        self.name, self.interval = name, interval
        names = ["time"]
        for p in reading.populations.values():
            names += [f"calcium/{p.name}", f"rate/{p.name}"]
            for element in p.elements:
                names += [f"elements/{p.name}/{element}/{what}" for what in ("z", "z_connected")]
        names += [f"synapses/{name}" for name in reading.synapse_types]
        self.columns: dict[str, list[float]] = {name: [] for name in names}
        self.last_step = reading.step
        self.last_spikes = self._spikes(reading)

    def follow(self, recorder: "PopulationMeans", resolution: float) -> None:
        """Take over another interval."""
        self.interval = recorder.steps(resolution)

    def record(self, reading: Reading) -> None:
        """Append the present values; collective."""
        names: list[str] = []
        parts: list[Array] = []
        counts: list[int] = []
        for p in reading.populations.values():
            names.append(f"calcium/{p.name}")
            parts.append(reading.local(p, "calcium"))
            for element in p.elements:
                for what in ("z", "z_connected"):
                    names.append(f"elements/{p.name}/{element}/{what}")
                    parts.append(reading.local(p, f"{what}/{element}").astype(float))
            counts += [len(p.ids)] * (len(names) - len(counts))
        values: dict[str, float] = {"time": reading.step * reading.resolution}
        values |= dict(zip(names, means(reading.ranks, parts, counts), strict=True))
        values |= self._rates(reading)
        for name in reading.synapse_types:
            values[f"synapses/{name}"] = reading.synapse_count(name)
        n_before = len(self.columns["time"])
        for name, value in values.items():
            if name not in self.columns:  # it has been added to the network
                absent = 0 if name.startswith("synapses/") else np.nan
                self.columns[name] = [absent] * n_before
            self.columns[name].append(value)

    def _rates(self, reading: Reading) -> dict[str, float]:
        """Return the mean rates (Hz) since the previous recording."""
        seconds = (reading.step - self.last_step) * reading.resolution / 1000.0
        spikes = self._spikes(reading)
        new = {name: n - self.last_spikes.get(name, 0) for name, n in spikes.items()}
        self.last_step, self.last_spikes = reading.step, spikes
        return {
            f"rate/{p.name}": new[p.name] / (len(p.ids) * seconds) if seconds > 0 else 0.0
            for p in reading.populations.values()
        }

    def _spikes(self, reading: Reading) -> dict[str, int]:
        """Return the number of spikes of each population since the start; collective."""
        populations = reading.populations.values()
        local = [reading.local(p, "spike_count").sum(dtype=np.int64) for p in populations]
        total = reading.ranks.sum(np.array(local, dtype=np.int64))
        return {p.name: int(n) for p, n in zip(populations, total, strict=True)}

    def arrays(self) -> dict[str, Array]:
        """Return the columns, by name."""
        return {name: np.array(values) for name, values in self.columns.items()}

    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""
        return [Global(f"recorders/{self.name}", self._save, self._restore)]

    def _save(self) -> dict[str, Any]:
        return {"last_step": self.last_step, "last_spikes": self.last_spikes, **self.arrays()}

    def _restore(self, saved: dict[str, Any]) -> None:
        self.last_step = check_whole("last_step", saved["last_step"])
        self.last_spikes = {
            name: check_whole(name, number) for name, number in saved["last_spikes"].items()
        }
        arrays = {key: values for key, values in saved.items() if isinstance(values, np.ndarray)}
        for name, values in arrays.items():
            if values.shape != (len(saved["time"]),):
                raise ValueError(f"{name} has the shape {values.shape}")
        self.columns = {name: values.tolist() for name, values in arrays.items()}

    def datasets(self) -> Iterator[Dataset]:
        """Yield the columns in the order of `QUANTITIES`."""
        order = [*QUANTITIES]
        where = self.name if self.name == MEANS else f"recorders/{self.name}"
        for name in sorted(self.columns, key=lambda name: order.index(quantity(name))):
            unit, description = QUANTITIES[quantity(name)]
            yield Dataset(f"{where}/{name}", np.array(self.columns[name]), unit, description)


class PopulationMeans(Recorder):
    """`population_means`: calcium, rate and elements of each population, synapses of each type."""

    model: Literal["population_means"] = "population_means"
    interval: Positive = Field(description="time between recordings (ms)")

    def check_network(self, where: str, network: Selecting, resolution: float) -> None:
        """Refuse an interval that is not a whole number of steps."""
        whole_steps(f"{where}.interval", self.interval, resolution, least=1)

    def begin(self, name: str, reading: Reading) -> Means:
        """Return an empty recording that begins now."""
        return Means(name, self.steps(reading.resolution), reading)

    def steps(self, resolution: float) -> int:
        """Return the interval as a number of steps of `resolution` (ms)."""
        return whole_steps("interval", self.interval, resolution, least=1)


def quantity(name: str) -> str:
    """Return which of `QUANTITIES` a column such as "elements/E/Den_ex/z" is of."""
    first, *rest = name.split("/")
    return rest[-1] if first == "elements" else first
