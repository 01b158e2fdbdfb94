"""State variables of chosen neurons, at regular times."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array
from distsp.base.errors import InputError
from distsp.base.fields import Positive
from distsp.base.selection import AnySelection
from distsp.base.time_grid import whole_steps
from distsp.parallel.distributed import Log, Part
from distsp.parallel.ranks import Ranks
from distsp.recorders.recorder import Dataset, Neurons, Reading, Recorder, Recording, Selecting

UNITS = {"calcium": "1", "spike_count": "1", "z": "1", "z_connected": "1"}
"""Units of what all neurons have."""


class Traces(Recording):
    """What a multimeter has read of the neurons of this rank, a piece for each reading."""

    def __init__(self, name: str, recorder: "Multimeter", reading: Reading) -> None:
        self.name, self.neurons = name, reading.select("neurons", recorder.neurons)
        self.variables, self.resolution = recorder.variables, reading.resolution
        self.interval = recorder.steps(reading.resolution)
        self.columns: dict[str, type] = {"step": np.int64, "id": np.int64}
        self.columns |= dict.fromkeys(self.variables, np.float64)
        self.pieces: dict[str, list[Array]] = {column: [] for column in self.columns}

    def record(self, reading: Reading) -> None:
        """Read the variables of the chosen neurons that are here."""
        for piece in self.neurons.pieces:
            here = np.array(reading.layout.ids(piece.population.ids))
            own = np.isin(here, piece.ids)
            entries: dict[str, Array] = {
                "step": np.full(own.sum(), reading.step, dtype=np.int64),
                "id": here[own],
            }
            for variable in self.variables:
                values = reading.local(piece.population, variable)
                entries[variable] = values[own].astype(np.float64)
            self._append(entries)

    def _append(self, entries: dict[str, Array]) -> None:
        if len(entries["id"]):
            for column, pieces in self.pieces.items():
                pieces.append(entries[column])

    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""
        name = f"recorders/{self.name}"
        return [Log(name, self.columns, self.pieces.__getitem__, self._append)]

    def datasets(self, ranks: Ranks) -> Iterator[Dataset]:
        """Yield times, ids, and a row per time and a column per neuron of each variable."""
        where = f"recorders/{self.name}"
        step, neurons = self._gathered(ranks, "step"), self._gathered(ranks, "id")
        times, ids = np.unique(step), np.unique(neurons)
        order = np.lexsort((neurons, step))
        yield Dataset(f"{where}/time", times * self.resolution, "ms", "time of the reading")
        yield Dataset(f"{where}/id", ids, "1", "global id of the neuron of each column")
        for variable in self.variables:
            values = self._gathered(ranks, variable)[order].reshape(len(times), len(ids))
            unit = unit_of(self.neurons.pieces[0].population, variable)
            yield Dataset(f"{where}/{variable}", values, unit, f"{variable} of each neuron")

    def _gathered(self, ranks: Ranks, column: str) -> Array:
        dtype = self.columns[column]
        joined = np.concatenate([np.empty(0, dtype), *self.pieces[column]])
        return ranks.join_on_0(joined)


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


def unit_of(population: Neurons, variable: str) -> str:
    """Return the unit of a variable."""
    what = variable.split("/")[0]
    return UNITS.get(what) or population.parameters.variables[variable]
