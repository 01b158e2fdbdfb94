"""What the tests of recorders share: a network that is read, made of plain arrays."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from distsp.base.arrays import Array
from distsp.base.errors import InputError
from distsp.network.network import Network
from distsp.network.population import Population
from distsp.parallel.distributed import Global, OnRank0
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks
from distsp.recorders import Recorder, Recording


class ReadNetwork:
    """Two populations on one of several ranks; a test sets what there is to read.

    Attributes
    ----------
    values : dict of array
        By (population, quantity): a value for each neuron on all ranks.
    counts : dict of int
        Synapses of each type.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.step, self.resolution, self.scratch = 0, 0.1, None
        self.ranks, self.layout = Ranks(), Layout(rank, size, 12)
        net = Network(resolution=self.resolution, seed=1)
        element = {"curve": "linear", "growth_rate": 1.0, "eps": 1.0}
        net.create("iaf_psc_exp", 7, name="E", elements={"den": element, "axon": element})
        net.create("iaf_cond_exp", 5, name="I")
        self.populations, self.select = net.populations, net.select
        self.counts = {"plastic": 0, "static": 3}
        self.values: dict[tuple[str, str], Array] = {}

    @property
    def synapse_types(self) -> list[str]:
        """Names of all synapse types."""
        return [*self.counts]

    @property
    def plastic_types(self) -> list[str]:
        """Names of the plastic types."""
        return ["plastic"]

    def synapse_count(self, name: str) -> int:
        """Return the number of synapses of a type."""
        return self.counts[name]

    def own_values(self, name: str) -> bool:
        """Return whether each synapse of a type has values of its own."""
        return name == "static"

    def synapse_chunks(self, name: str) -> Iterator[dict[str, Array]]:
        """Yield the synapses in pieces."""
        table = self.synapses(name)
        for low in (0, 2):
            rows = slice(low, 2 if low == 0 else None)
            yield {key: values[rows] for key, values in table.items()}

    def synapses(self, name: str) -> dict[str, Array]:
        """Return synapses: functions of the type and the step."""
        rng = np.random.default_rng([self.step, len(name)])
        pairs = np.sort(rng.integers(0, 144, self.counts[name]))
        delays = rng.integers(1, 9, len(pairs)) * 0.1
        found = {"source": pairs // 12, "target": pairs % 12}
        return found | {"weight": rng.normal(size=len(pairs)), "delay": delays}

    def between(self, name: str, sources: Array, targets: Array) -> Array:
        """Return the numbers of synapses between kinds of neurons."""
        table = self.synapses(name)
        counts = np.zeros((sources.max() + 1, targets.max() + 1), dtype=np.int64)
        np.add.at(counts, (sources[table["source"]], targets[table["target"]]), 1)
        counts[0] = counts[:, 0] = 0
        return counts

    def local(self, population: Population, quantity: str) -> Array:
        """Return the values of the neurons that are here."""
        places = self.layout.ids(population.ids) - population.ids.start
        return self.values[population.name, quantity][places]

    def draw(self, step: int, seed: int) -> None:
        """Go on to a step, with other values of everything."""
        rng = np.random.default_rng(seed)
        self.step = step
        for p in self.populations.values():
            n = len(p.ids)
            for quantity in ("calcium", *p.parameters.variables, *(f"z/{e}" for e in p.elements)):
                self.values[p.name, quantity] = rng.normal(size=n)
            for quantity in ("spike_count", *(f"z_connected/{e}" for e in p.elements)):
                before = self.values.get((p.name, quantity), np.zeros(n, np.int64))
                self.values[p.name, quantity] = before + rng.integers(0, 5, n)
        self.counts = {name: int(rng.integers(100)) for name in self.counts}


@pytest.fixture
def network() -> ReadNetwork:
    """Return a network that is read, on a rank that is alone."""
    made = ReadNetwork()
    made.draw(step=0, seed=0)
    return made


@pytest.fixture
def on_rank() -> Callable[[int, int], ReadNetwork]:
    """Return a function that returns one of several ranks of such a network."""

    def make(rank: int, size: int) -> ReadNetwork:
        made = ReadNetwork(rank, size)
        made.draw(step=0, seed=0)
        return made

    return make


@pytest.fixture
def refused(network: ReadNetwork) -> Callable[..., str]:
    """Return a function that returns what is said of a recorder that cannot be."""

    def check(recorder: type[Recorder], values: dict[str, Any]) -> str:
        try:
            asked = recorder.check("recorders.m", values)
            asked.check_network("recorders.m", network, network.resolution)
        except InputError as error:
            return str(error)
        return "nothing"

    return check


@pytest.fixture
def restore() -> Callable[..., None]:
    """Return a function that gives a recording what others, of all ranks, have saved."""

    def give(recording: Recording, saved: list[Recording]) -> None:
        for one in saved:
            one.flush(Ranks())
        for part, *written in zip(recording.parts(), *(one.parts() for one in saved), strict=True):
            assert {one.name for one in written} == {part.name}
            if isinstance(part, Global):
                part.set(_as_on_disk(written[0].get()))
            else:
                assert isinstance(part, OnRank0)
                for one in written:
                    rows = {
                        column: np.concatenate([np.empty(0, dtype), *one.get(column)])
                        for column, dtype in part.columns.items()
                    }
                    for column, values in rows.items():
                        assert values.dtype == part.columns[column]
                    part.append(rows)

    return give


def _as_on_disk(saved: dict[str, Any]) -> dict[str, Any]:
    """Return plain data as JSON gives them back, arrays as they are."""
    arrays = {key: value for key, value in saved.items() if isinstance(value, np.ndarray)}
    plain = {key: value for key, value in saved.items() if key not in arrays}
    return json.loads(json.dumps(plain)) | arrays


@pytest.fixture
def written() -> Callable[[Recording], dict[str, tuple[str, str, list]]]:
    """Return a function that returns what a recording writes: name, unit, dtype and values."""

    def datasets(recording: Recording) -> dict[str, tuple[str, str, list]]:
        recording.flush(Ranks())
        found = list(recording.datasets())
        assert len({dataset.name for dataset in found}) == len(found)
        assert all(dataset.description and dataset.unit for dataset in found)
        arrays = {d.name: (d.unit, d.array()) for d in found}
        return {
            name: (unit, str(values.dtype), values.tolist())
            if isinstance(values, np.ndarray)
            else (unit, "text", values)
            for name, (unit, values) in arrays.items()
        }

    return datasets
