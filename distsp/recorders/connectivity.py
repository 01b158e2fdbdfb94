"""Snapshots of all synapses, at given times or at an interval."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array
from distsp.base.errors import InputError
from distsp.base.fields import NonNegative, Positive
from distsp.base.time_grid import whole_steps, whole_times
from distsp.neurons.model import weight_unit
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
from distsp.recorders.spool import Columns, Spool, Stream, part_of

PAIR: Columns = {"source": np.int32, "target": np.int32}
OWN: Columns = {"weight": np.float64, "delay": np.float64}
"""What is kept of a synapse; weight and delay where each synapse has its own."""


class Snapshots(Recording):
    """The synapses of each snapshot one after the other, on rank 0."""

    def __init__(self, name: str, recorder: "Connectivity", reading: Reading) -> None:
        self.name, self.recorder, self.scratch = name, recorder, reading.scratch
        resolution = reading.resolution
        if recorder.interval is not None:
            self.interval = whole_steps("interval", recorder.interval, resolution, least=1)
        self.steps = whole_times("times", recorder.times, resolution).tolist()
        if self.steps and self.steps[0] < reading.step:
            now = reading.step * resolution
            right = f"ms must not be before the present, {now:g} ms"
            raise InputError.at(f"recorders.{name}.times.0", recorder.times[0], right)
        self.times: list[float] = []
        self.ends: dict[str, list[int]] = {}
        self.spools: dict[str, Spool] = {}
        self._open(reading)

    def _open(self, reading: Reading) -> list[str]:
        """Make sure that each type has its spool; return the names of the types."""
        names = types_of(reading, self.recorder.synapses)
        models = [str(p.parameters.name()) for p in reading.populations.values()]
        self.weight_unit = weight_unit(models)
        for name in names:
            if name not in self.spools:
                columns = {**PAIR, **(OWN if reading.own_values(name) else {})}
                self.spools[name] = Spool(columns, self.scratch)
                self.ends[name] = [0] * len(self.times)
        return names

    def next_step(self, step: int) -> int | None:
        """Return the next step after `step` at which it records."""
        later = self.steps[bisect_right(self.steps, step) :][:1]
        regular = super().next_step(step)
        return min([*later, *([] if regular is None else [regular])], default=None)

    def due_at_once(self, step: int) -> bool:
        """Return whether the present is asked for, and has not been recorded."""
        return step in self.steps and not self.times

    def record(self, reading: Reading) -> None:
        """Append the present synapses; collective."""
        row = {}
        for name in self._open(reading):
            for piece in reading.synapse_chunks(name):
                self.spools[name].append(piece)
            row[name] = sum(self.ends[name][-1:]) + reading.synapse_count(name)
        append_row(self.ends, row, len(self.times), 0)
        self.times.append(reading.step * reading.resolution)

    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""
        where = f"recorders/{self.name}"
        spools = [part_of(f"{where}/{name}", spool) for name, spool in self.spools.items()]
        return [Global(where, self._arrays, self._restore), *spools]

    def _arrays(self) -> dict[str, Array]:
        ends = {f"end/{name}": np.array(ends, np.int64) for name, ends in self.ends.items()}
        return {"times": np.array(self.times), **ends}

    def _restore(self, saved: dict[str, Any]) -> None:
        arrays = dict(saved)
        self.times = arrays.pop("times").tolist()
        self.ends = {name.split("/", 1)[1]: ends.tolist() for name, ends in arrays.items()}

    def datasets(self) -> Iterator[Dataset]:
        """Yield times, and of each type where each snapshot ends, and the synapses of all."""
        where = f"recorders/{self.name}"
        yield Dataset(f"{where}/time", np.array(self.times), "ms", "time of the snapshot")
        texts = {
            "source": ("1", "global id of the presynaptic neuron"),
            "target": ("1", "global id of the postsynaptic neuron"),
            "weight": (self.weight_unit, "weight"),
            "delay": ("ms", "delay"),
        }
        for name, spool in self.spools.items():
            inside = f"{where}/synapses/{name}"
            ends = np.array(self.ends[name], dtype=np.int64)
            yield Dataset(f"{inside}/end", ends, "1", "end of each snapshot among the synapses")
            for column, dtype in spool.columns.items():
                stream = Stream((len(spool),), dtype, partial(spool.pieces, column))
                yield Dataset(f"{inside}/{column}", stream, *texts[column])


class Connectivity(Recorder):
    """`connectivity`: snapshots of all synapses, at given times, at an interval, or both.

    A snapshot at the time of a structural update has the synapses before it; where the recorder is
    made at that time, after what has changed until then.
    """

    model: Literal["connectivity"] = "connectivity"
    synapses: list[str] | None = Field(None, description="synapse types; all if not given")
    times: list[NonNegative] = Field(default_factory=list, description="of snapshots (ms)")
    interval: Positive | None = Field(None, description="time between snapshots (ms)")

    def check_network(self, where: str, network: Selecting, resolution: float) -> None:
        """Refuse types that the network does not have, and times that are no steps."""
        check_types(where, self.synapses, network)
        if not self.times and self.interval is None:
            raise InputError(f"{where}.times: is missing; times or an interval must be given")
        whole_times(f"{where}.times", self.times, resolution)
        if self.interval is not None:
            whole_steps(f"{where}.interval", self.interval, resolution, least=1)

    def begin(self, name: str, reading: Reading) -> Snapshots:
        """Return an empty recording that begins now."""
        return Snapshots(name, self, reading)

    def table(self, written: dict[str, Any]) -> dict[str, Any]:
        """Return a row for each synapse of each snapshot."""
        parts: dict[str, list[Array]] = {key: [] for key in ("time", "type", *PAIR)}
        for name, synapses in written.get("synapses", {}).items():
            lengths = np.diff(synapses["end"], prepend=0)
            parts["time"].append(np.repeat(written["time"], lengths))
            parts["type"].append(np.full(lengths.sum(), name, dtype=object))
            for column in PAIR:
                parts[column].append(synapses[column])
        empty = {"time": np.float64, "type": object, **PAIR}
        return {
            key: np.concatenate([np.empty(0, empty[key]), *pieces]) for key, pieces in parts.items()
        }
