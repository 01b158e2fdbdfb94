"""What is measured while time passes: a recording reads the state and changes nothing."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from distsp.parallel.sums import means

if TYPE_CHECKING:
    from distsp.engine.simulation import Simulation
    from distsp.network.network import Network

Array = npt.NDArray[Any]


class PopulationMeans:
    """Means over each population, and the number of synapses of each type, at regular times.

    Parameters
    ----------
    interval : int
        Steps between recordings.
    network : Network
        What is recorded.
    """

    def __init__(self, interval: int, network: "Network") -> None:
        self.interval = interval
        names = ["time"]
        for p in network.populations.values():
            names += [f"calcium/{p.name}", f"rate/{p.name}"]
            for element in p.elements:
                names += [f"elements/{p.name}/{element}/{what}" for what in ("z", "z_connected")]
        names += [f"synapses/{name}" for name in network.synapse_types]
        self.columns: dict[str, list[float]] = {name: [] for name in names}
        self.last_spikes: dict[str, int] = {}
        self.last_step = 0

    def record(self, simulation: "Simulation", step: int) -> None:
        """Append the values at the beginning of `step`; collective."""
        populations = simulation.network.populations.values()
        names, parts, counts = [], [], []
        calcium, z = simulation.peek()
        for p in populations:
            here = simulation.local_slice(p)
            names.append(f"calcium/{p.name}")
            parts.append(calcium[here])
            counts.append(p.size)
            for element in p.elements:
                row = simulation.elements.index(element)
                names += [f"elements/{p.name}/{element}/{what}" for what in ("z", "z_connected")]
                parts += [z[row, here], simulation.state.z_connected[row, here].astype(float)]
                counts += [p.size, p.size]
        values = {"time": step * simulation.network.resolution}
        values |= dict(zip(names, means(simulation.ranks, parts, counts), strict=True))
        values |= self._rates(simulation, step)
        for name in simulation.network.synapse_types:
            values[f"synapses/{name}"] = simulation.synapse_count(name)
        for name, value in values.items():
            self.columns[name].append(value)

    def _rates(self, simulation: "Simulation", step: int) -> dict[str, float]:
        """Return the mean rates (Hz) since the previous recording."""
        populations = simulation.network.populations.values()
        counts = simulation.state.spike_count
        local = [counts[simulation.local_slice(p)].sum(dtype=np.int64) for p in populations]
        total = simulation.ranks.sum(np.array(local, dtype=np.int64))
        seconds = (step - self.last_step) * simulation.network.resolution / 1000.0
        rates = {}
        for p, n in zip(populations, total, strict=True):
            new = int(n) - self.last_spikes.get(p.name, 0)
            rates[f"rate/{p.name}"] = new / (p.size * seconds) if seconds > 0 else 0.0
            self.last_spikes[p.name] = int(n)
        self.last_step = step
        return rates

    def arrays(self) -> dict[str, Array]:
        """Return the columns: "time" (ms), "calcium/E", "rate/E" (Hz), "synapses/ex", ..."""
        return {name: np.array(values) for name, values in self.columns.items()}


class Spikes:
    """Every spike of the recorded populations that this rank has integrated."""

    def __init__(self) -> None:
        self.steps: list[Array] = []
        self.ids: list[Array] = []

    def append(self, steps: Array, ids: Array) -> None:
        """Add spikes: end of the step of emission, and global id."""
        if len(steps):
            self.steps.append(steps)
            self.ids.append(ids)

    def within(self, ids: range) -> Array:
        """Return (step, id) of the spikes of some neurons, a row each, on this rank."""
        rows = [np.stack([s, i], axis=1) for s, i in zip(self.steps, self.ids, strict=True)]
        every = np.concatenate(rows) if rows else np.empty((0, 2), dtype=np.int64)
        return every[(every[:, 1] >= ids.start) & (every[:, 1] < ids.stop)]
