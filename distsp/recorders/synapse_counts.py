"""Numbers of synapses between groups of neurons, at regular times."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array, Ints
from distsp.base.fields import Name, Positive
from distsp.base.selection import AnySelection
from distsp.base.time_grid import whole_steps
from distsp.parallel.distributed import Global, Part
from distsp.recorders.recorder import (
    Dataset,
    Reading,
    Recorder,
    Recording,
    Selecting,
    append_row,
    check_types,
    types_of,
)

MAX_GROUPS = 62
"""Groups are bits of a number."""

Groups = Annotated[dict[Name, AnySelection], Field(min_length=1, max_length=MAX_GROUPS)]


class Counts(Recording):
    """A matrix for each synapse type and time, the same on all ranks."""

    def __init__(self, name: str, recorder: "SynapseCounts", reading: Reading) -> None:
        self.name, self.recorder = name, recorder
        self.interval = recorder.steps(reading.resolution)
        self.times: list[float] = []
        self.counts: dict[str, list[Ints]] = {}
        self._kinds: tuple[int, Kinds, Kinds] | None = None

    def record(self, reading: Reading) -> None:
        """Append the present numbers; collective."""
        size = reading.layout.n_neurons
        if self._kinds is None or self._kinds[0] != size:
            made = [Kinds(groups, reading, size) for groups in self.recorder.both()]
            self._kinds = size, made[0], made[1]
        _, sources, targets = self._kinds
        row = {
            name: sources.groups.T @ reading.between(name, sources.of, targets.of) @ targets.groups
            for name in types_of(reading, self.recorder.synapses)
        }
        append_row(self.counts, row, len(self.times), self._nothing())
        self.times.append(reading.step * reading.resolution)

    def _nothing(self) -> Ints:
        sources, targets = self.recorder.both()
        return np.zeros((len(sources), len(targets)), dtype=np.int64)

    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""
        return [Global(f"recorders/{self.name}", self._arrays, self._restore)]

    def _arrays(self) -> dict[str, Array]:
        shape = (-1, *self._nothing().shape)
        found = {f"counts/{n}": np.array(c).reshape(shape) for n, c in self.counts.items()}
        return {"time": np.array(self.times), **found}

    def _restore(self, saved: dict[str, Any]) -> None:
        arrays = dict(saved)
        self.times = arrays.pop("time").tolist()
        self.counts = {name.split("/", 1)[1]: [*counts] for name, counts in arrays.items()}

    def datasets(self) -> Iterator[Dataset]:
        """Yield times, names of the groups, and the numbers of each type."""
        where = f"recorders/{self.name}"
        sources, targets = ([*groups] for groups in self.recorder.both())
        arrays = self._arrays()
        yield Dataset(f"{where}/time", arrays.pop("time"), "ms", "time of the recording")
        yield Dataset(f"{where}/sources", sources, "none", "group of sources of each row")
        yield Dataset(f"{where}/targets", targets, "none", "group of targets of each column")
        text = "number of synapses from each group to each, at each recording"
        for name, counts in arrays.items():
            yield Dataset(f"{where}/{name}", counts, "1", text)


class Kinds:
    """Which groups each neuron is in, as one number: neurons of a kind are in the same groups.

    Attributes
    ----------
    of : array (n_neurons,) of int64
        The kind of each neuron; 0 for those that are in none.
    groups : array (n_kinds, n_groups) of int64
        1 where neurons of a kind are in a group.
    """

    def __init__(self, groups: dict[str, Any], reading: Reading, size: int) -> None:
        bits = np.zeros(size + 1, dtype=np.int64)  # one more, so that there is a kind 0
        for i, selection in enumerate(groups.values()):
            bits[np.asarray(reading.select("groups", selection).ids)] |= 1 << i
        kinds, inverse = np.unique(bits, return_inverse=True)
        self.of: Ints = inverse[:size].astype(np.int64)
        self.groups: Ints = kinds[:, np.newaxis] >> np.arange(len(groups)) & 1


class SynapseCounts(Recorder):
    """`synapse_counts`: numbers of synapses between groups, at an interval."""

    model: Literal["synapse_counts"] = "synapse_counts"
    interval: Positive = Field(description="time between recordings (ms)")
    synapses: list[str] | None = Field(None, description="synapse types; all if not given")
    groups: Groups = Field(description="neurons by name; the sources where there are targets")
    targets: Groups | None = Field(None, description="the targets; those of groups if not given")

    def check_network(self, where: str, network: Selecting, resolution: float) -> None:
        """Refuse neurons and types that the network does not have, and parts of steps."""
        whole_steps(f"{where}.interval", self.interval, resolution, least=1)
        check_types(where, self.synapses, network)
        for key, groups in (("groups", self.groups), ("targets", self.targets or {})):
            for name, selection in groups.items():
                network.select(f"{where}.{key}.{name}", selection)

    def steps(self, resolution: float) -> int:
        """Return the interval as a number of steps of `resolution` (ms)."""
        return whole_steps("interval", self.interval, resolution, least=1)

    def both(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the groups of sources and of targets."""
        return self.groups, self.targets or self.groups

    def begin(self, name: str, reading: Reading) -> Counts:
        """Return an empty recording that begins now."""
        return Counts(name, self, reading)

    def table(self, written: dict[str, Any]) -> dict[str, Any]:
        """Return a row for each time, synapse type and pair of groups."""
        counts = written.get("counts", {})
        shape = len(counts), len(written["time"]), len(written["sources"]), len(written["targets"])
        kinds, times, sources, targets = (axis.ravel() for axis in np.indices(shape))
        numbers = np.array([*counts.values()], dtype=np.int64)
        return {
            "time": written["time"][times],
            "type": np.array([*counts], dtype=object)[kinds],
            "source": np.array(written["sources"], dtype=object)[sources],
            "target": np.array(written["targets"], dtype=object)[targets],
            "synapses": numbers.ravel(),
        }
