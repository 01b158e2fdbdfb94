"""State variables of chosen neurons, at regular times."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array, Ints
from distsp.base.errors import InputError
from distsp.base.fields import Positive
from distsp.base.selection import AnySelection
from distsp.base.time_grid import whole_steps
from distsp.parallel.distributed import Part
from distsp.parallel.ranks import Ranks
from distsp.recorders.recorder import (
    Dataset,
    Neurons,
    Probe,
    Reading,
    Recorder,
    Recording,
    Selecting,
)
from distsp.recorders.spool import Gathered, Stream

UNITS = {"calcium": "1", "spike_count": "1", "z": "1", "z_connected": "1"}
"""Units of what all neurons have."""


class Traces(Recording):
    """What a multimeter has read: a row for each time and neuron."""

    def __init__(self, name: str, recorder: "Multimeter", reading: Reading) -> None:
        self.name, self.neurons = name, reading.select("neurons", recorder.neurons)
        self.variables, self.resolution = recorder.variables, reading.resolution
        self.probe = Probe(self.neurons.pieces, self.variables, recorder.steps(self.resolution))
        layout = reading.layout
        self._here = np.concatenate([p.ids[layout.here(p.ids)] for p in self.neurons.pieces])
        columns: dict[str, type] = {"step": np.int64, "id": np.int64}
        columns |= dict.fromkeys(self.variables, np.float64)
        self.rows = Gathered(columns, reading.scratch)

    def take_readings(self, steps: Ints, values: Array) -> None:
        """Take the variables of the chosen neurons that are here."""
        by_variable = values.reshape(-1, len(self.variables)).T
        rows: dict[str, Array] = {
            "step": np.repeat(steps, len(self._here)),
            "id": np.tile(self._here, len(steps)),
        }
        self.rows.append(rows | dict(zip(self.variables, by_variable, strict=True)))

    @property
    def waiting(self) -> int:
        """Bytes that this rank has not handed over to rank 0."""
        return self.rows.waiting

    def flush(self, ranks: Ranks) -> None:
        """Hand over to rank 0 what this rank has; collective."""
        self.rows.flush(ranks)

    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""
        return [self.rows.part(f"recorders/{self.name}")]

    def datasets(self) -> Iterator[Dataset]:
        """Yield times, ids, and a row per time and a column per neuron of each variable."""
        where, spool = f"recorders/{self.name}", self.rows.spool
        ids = np.asarray(self.neurons.ids)
        shape = len(spool) // len(ids), len(ids)

        def matrices(variable: str) -> Iterator[Array]:
            # A piece has whole readings: all ranks have handed over as many of them.
            for piece in spool.pieces(variable):
                yield piece.reshape(-1, len(ids))

        def times() -> Iterator[Array]:
            for piece in spool.pieces("step"):
                yield piece[:: len(ids)] * self.resolution

        time = Stream(shape[:1], np.float64, times)
        yield Dataset(f"{where}/time", time, "ms", "time of the reading")
        yield Dataset(f"{where}/id", ids, "1", "global id of the neuron of each column")
        for variable in self.variables:
            unit = unit_of(self.neurons.pieces[0].population, variable)
            values = Stream(shape, np.float64, partial(matrices, variable))
            yield Dataset(f"{where}/{variable}", values, unit, f"{variable} of each neuron")


class Multimeter(Recorder):
    """`multimeter`: variables of some neurons, at an interval.

    A variable is a state variable of their model, such as "V_m", or "calcium", "spike_count",
    "z/<element>" or "z_connected/<element>".
    """

    model: Literal["multimeter"] = "multimeter"
    neurons: AnySelection = Field(description="whose variables")
    variables: Annotated[list[str], Field(min_length=1)] = Field(
        ["V_m"], description="what is read"
    )
    interval: Positive = Field(1.0, description="time between readings (ms)")

    def check_network(self, where: str, network: Selecting, resolution: float) -> None:
        """Refuse neurons and variables that the network does not have."""
        whole_steps(f"{where}.interval", self.interval, resolution, least=1)
        for i, variable in enumerate(self.variables):
            if variable in self.variables[:i]:
                raise InputError.at(f"{where}.variables.{i}", variable, "must be there only once")
        for piece in network.select(f"{where}.neurons", self.neurons).pieces:
            population = piece.population
            known = [*population.parameters.variables, "calcium", "spike_count"]
            known += [f"{what}/{e}" for e in population.elements for what in ("z", "z_connected")]
            for i, variable in enumerate(self.variables):
                if variable not in known:
                    raise InputError.unknown(f"{where}.variables.{i}", variable, known)

    def steps(self, resolution: float) -> int:
        """Return the interval as a number of steps of `resolution` (ms)."""
        return whole_steps("interval", self.interval, resolution, least=1)

    def begin(self, name: str, reading: Reading) -> Traces:
        """Return an empty recording that begins now."""
        return Traces(name, self, reading)

    def table(self, written: dict[str, Any]) -> dict[str, Any]:
        """Return a row for each time and neuron."""
        times, ids = written["time"], written["id"]
        table = {"time": np.repeat(times, len(ids)), "id": np.tile(ids, len(times))}
        for variable in self.variables:
            found: Any = written
            for key in variable.split("/"):
                found = found[key]
            table[variable] = np.ravel(found)
        return table


def unit_of(population: Neurons, variable: str) -> str:
    """Return the unit of a variable."""
    what = variable.split("/")[0]
    return UNITS.get(what) or population.parameters.variables[variable]
