"""Every spike of some neurons, always or for a while."""

from collections.abc import Iterable, Iterator
from math import inf
from typing import Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array, Ints
from distsp.base.errors import InputError
from distsp.base.fields import NonNegative
from distsp.base.selection import AnySelection
from distsp.base.time_grid import whole_steps
from distsp.parallel.distributed import Part
from distsp.parallel.ranks import Ranks
from distsp.recorders.recorder import Dataset, Reading, Recorder, Recording, Selecting
from distsp.recorders.spool import Gathered, Stream

COLUMNS: dict[str, type] = {"step": np.int64, "id": np.int64}


class Spikes(Recording):
    """Spikes by the end of their step and the global id."""

    def __init__(self, name: str, recorder: "SpikeRecorder", reading: Reading) -> None:
        self.name, self.neurons = name, reading.select("neurons", recorder.neurons)
        self.resolution = reading.resolution
        self.always = recorder.always
        self.start, self.stop = recorder.steps(reading.resolution)
        self._ids = np.asarray(self.neurons.ids)
        self.rows = Gathered(COLUMNS, reading.scratch)

    def spiking(self) -> Ints:
        """Return the global ids of the neurons whose spikes are wanted."""
        return self._ids

    def take_spikes(self, steps: Ints, ids: Ints) -> None:
        """Record those of the wanted neurons, after the start and up to the stop."""
        wanted = np.isin(ids, self._ids)
        if not self.always:
            wanted &= (steps > self.start) & (steps <= self.stop)
        self.rows.append({"step": steps[wanted], "id": ids[wanted]})

    @property
    def waiting(self) -> int:
        """Bytes that this rank has not handed over to rank 0."""
        return self.rows.waiting

    def flush(self, ranks: Ranks) -> None:
        """Hand over to rank 0 what this rank has; collective."""
        self.rows.flush(ranks)

    def of(self, ids: Ints) -> Ints:
        """Return (step, id) of the spikes of some neurons that rank 0 has, a row each."""
        rows = np.stack([self.rows.spool.column(name) for name in COLUMNS], axis=1)
        return rows[np.isin(rows[:, 1], ids)]

    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""
        return [self.rows.part(f"recorders/{self.name}")]

    def datasets(self) -> Iterator[Dataset]:
        """Yield times and ids: of a whole population under its name, of others under one's own."""
        spool = self.rows.spool
        first, *others = self.neurons.pieces
        whole = self.always and not others and len(first.places) == len(first.population.ids)
        where = f"spikes/{first.population.name}" if whole else f"recorders/{self.name}"

        def times() -> Iterator[Array]:
            for piece in spool.pieces("step"):
                yield piece * self.resolution

        time = Stream((len(spool),), np.float64, times)
        ids = Stream((len(spool),), np.int64, lambda: spool.pieces("id"))
        yield Dataset(f"{where}/time", time, "ms", "time of the spike")
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
    """`spike_recorder`: every spike of some neurons, after `start` and up to `stop`."""

    model: Literal["spike_recorder"] = "spike_recorder"
    neurons: AnySelection = Field(description="whose spikes")
    start: NonNegative = Field(0.0, description="time after which spikes are recorded (ms)")
    stop: NonNegative | None = Field(None, description="time up to which they are (ms)")

    @property
    def always(self) -> bool:
        """Whether spikes of all times are recorded."""
        return self.start == 0.0 and self.stop is None

    def check_network(self, where: str, network: Selecting, resolution: float) -> None:
        """Refuse neurons that the network does not have, and times that are no steps."""
        network.select(f"{where}.neurons", self.neurons)
        whole_steps(f"{where}.start", self.start, resolution)
        if self.stop is not None:
            whole_steps(f"{where}.stop", self.stop, resolution)
            if self.stop <= self.start:
                right = f"ms must be after the start, {self.start:g} ms"
                raise InputError.at(f"{where}.stop", self.stop, right)

    def steps(self, resolution: float) -> tuple[int, float]:
        """Return start and stop in steps of `resolution` (ms)."""
        stop = inf if self.stop is None else whole_steps("stop", self.stop, resolution)
        return whole_steps("start", self.start, resolution), stop

    def begin(self, name: str, reading: Reading) -> Spikes:
        """Return an empty recording."""
        return Spikes(name, self, reading)
