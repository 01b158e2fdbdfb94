"""What drives this rank's neurons: the inputs of a network, and what of them is on its way."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from distsp.base.arrays import Array, Bools, Floats, Ints, Records, UInt32s, record
from distsp.base.compiled import address, first_class
from distsp.inputs import Input, stream_index
from distsp.inputs.input import FOREVER, KERNEL, Tables
from distsp.network.generator import Generator
from distsp.network.network import Network
from distsp.parallel.distributed import Global, check_whole
from distsp.parallel.layout import Layout
from distsp.rng.streams import stream_key

NAME = "drives"
"""Of what there is to save."""


DRIVE = record(
    ("population", np.int64),
    ("current", np.bool_),  # whether it brings a current
    ("excites", np.bool_),  # whether it brings positive weights
    ("inhibits", np.bool_),  # whether it brings negative weights, or of 0
    ("kernel", np.int64),  # address of the compiled kernel of its input
    ("key", np.uint64),
    ("begin", np.int64),  # steps in which it is emitted: from `begin` to before `end`
    ("end", np.int64),
    ("delay", np.int64),  # steps
    ("weight", np.float64),
    ("first_integer", np.int64),  # where its tables begin and end
    ("last_integer", np.int64),
    ("first_number", np.int64),
    ("last_number", np.int64),
    ("first_threshold", np.int64),
    ("last_threshold", np.int64),
    ("first_mask", np.int64),  # where its mask begins; -1 if it drives the whole population
)
"""A drive, for as long as it is the same."""


class Drives(NamedTuple):
    """All drives as the time loop takes them."""

    rows: Records  # a `DRIVE` each
    integers: Ints
    numbers: Floats
    thresholds: UInt32s
    masks: Bools  # of each neuron of the population on this rank, whether it is driven


@dataclass
class Stretch:
    """A drive for as long as the parameters of its input stay the same."""

    parameters: Input
    begin: int
    end: int = FOREVER
    tables: Tables | None = None
    """Made once: those of many neurons may take a second."""


@cache
def input_kernel(model: str) -> Any:
    """Return the compiled kernel of an input."""
    return first_class(Input.members[model].kernel, KERNEL)


def inputs_used(network: Network) -> list[str]:
    """Return the inputs of a network by the names of their models, each once."""
    models = [str(generator.parameters.name()) for generator in network.inputs.values()]
    return list(dict.fromkeys(models))


class DriveHistory:
    """The inputs of a network as they have been, as long as something of it is on its way."""

    def __init__(self) -> None:
        self._stretches: dict[tuple[str, int], list[Stretch]] = {}

    def plan(self, network: Network, layout: Layout, step: int) -> Drives:
        """Return the drives as the time loop takes them, from `step` on.

        A changed parameter ends one stretch and begins another of the same stream. What was emitted
        before the change still arrives, so the old stretch is kept until then.
        """
        for generator in network.inputs.values():
            for i, drive in enumerate(generator.drives):
                history = self._stretches.setdefault((generator.name, i), [])
                if not history or history[-1].parameters != generator.parameters:
                    if history:
                        history[-1].end = step
                    history.append(Stretch(generator.parameters, step))
                delay = drive.how.steps("", network.resolution)
                history[:] = [old for old in history if old.end > step - delay]
        return self._compiled(network, layout)

    def _compiled(self, network: Network, layout: Layout) -> Drives:
        populations = list(network.populations)
        stretches = [
            (generator, i, stretch)
            for generator in network.inputs.values()
            for i in range(len(generator.drives))
            for stretch in self._stretches[generator.name, i]
        ]
        rows = np.zeros(len(stretches), dtype=DRIVE)
        tables, masks = [], [np.empty(0, dtype=bool)]
        for row, (generator, i, stretch) in zip(rows, stretches, strict=True):
            drive, parameters = generator.drives[i], stretch.parameters
            begin, end = parameters.active(network.resolution)
            row["population"] = populations.index(drive.piece.population.name)
            row["current"] = parameters.carries == "current"
            row["excites"], row["inhibits"] = parameters.signs(drive.how.weight)
            row["kernel"] = address(input_kernel(str(parameters.name())))
            row["key"] = _stream(network, generator, i)
            row["begin"], row["end"] = max(stretch.begin, begin), min(stretch.end, end)
            row["delay"] = drive.how.steps("", network.resolution)
            row["weight"] = drive.how.weight
            targets = drive.targets(layout)
            if stretch.tables is None:
                stretch.tables = parameters.tables(network.resolution, targets)
            tables.append(stretch.tables)
            row["first_mask"] = -1
            if not drive.piece.whole:
                row["first_mask"] = sum(map(len, masks))
                masks.append(targets >= 0)
        for table in ("integer", "number", "threshold"):
            ends = np.cumsum([len(getattr(t, f"{table}s")) for t in tables])
            rows[f"last_{table}"][:] = ends
            rows[f"first_{table}"][1:] = ends[:-1]
        return Drives(
            rows,
            integers=_joined([table.integers for table in tables], np.int64),
            numbers=_joined([table.numbers for table in tables], np.float64),
            thresholds=_joined([table.thresholds for table in tables], np.uint32),
            masks=np.concatenate(masks),
        )

    def parts(self) -> Iterable[Global]:
        """Return what there is to save."""
        return [Global(NAME, self._save, self._restore)]

    def _save(self) -> dict[str, Any]:
        return {
            name: [
                [i, [[s.parameters.model_dump(), s.begin, s.end] for s in stretches]]
                for (generator, i), stretches in self._stretches.items()
                if generator == name
            ]
            for name in dict.fromkeys(generator for generator, _ in self._stretches)
        }

    def _restore(self, saved: dict[str, Any]) -> None:
        self._stretches = {
            (name, i): [
                Stretch(
                    Input.of(f"inputs.{name}", parameters),
                    check_whole("begin", begin),
                    check_whole("end", end),
                )
                for parameters, begin, end in stretches
            ]
            for name, drives in saved.items()
            for i, stretches in drives
        }


def _joined(parts: list[Any], dtype: npt.DTypeLike) -> Array:
    return np.concatenate([np.empty(0, dtype), *(np.asarray(part, dtype) for part in parts)])


def _stream(network: Network, generator: Generator, i: int) -> np.uint64:
    """Return the key of the random numbers of connection number `i` of an input."""
    purpose = generator.parameters.purpose
    if purpose is None:
        return np.uint64(0)
    again = generator.times_before(i)
    return stream_key(network.seed, purpose, stream_index(generator.index, again))
