"""What each structural update makes and breaks, and how many elements are vacant."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from distsp.base.arrays import Array
from distsp.parallel.distributed import Global, Part
from distsp.recorders.recorder import Change, Dataset, Reading, Recorder, Recording, append_row

MEANINGS = {
    "time": ("ms", "time of the structural update"),
    "made": ("1", "synapses onto neurons of the population that the update has made"),
    "broken": ("1", "synapses onto neurons of the population that the update has broken"),
    "vacant": ("1", "elements of the population that were vacant when the update began"),
}
"""Unit and description of what is written."""


class Updates(Recording):
    """Columns with an entry for each update, the same on all ranks: "made/<type>/<pop>", ..."""

    sees_updates: ClassVar[bool] = True

    def __init__(self, name: str) -> None:
        self.name = name
        self.times: list[float] = []
        self.columns: dict[str, list[int]] = {}
        self._vacant: dict[str, int] = {}

    def begin_update(self, reading: Reading) -> None:
        """Count the vacant elements; collective."""
        here = {}
        for p in reading.populations.values():
            for element in p.elements:
                z, bound = (reading.local(p, f"{k}/{element}") for k in ("z", "z_connected"))
                vacant = np.floor(z).astype(np.int64) - bound
                here[f"vacant/{p.name}/{element}"] = vacant[vacant > 0].sum()
        total = reading.ranks.sum(np.array([*here.values()], dtype=np.int64))
        self._vacant = dict(zip(here, total.tolist(), strict=True))

    def end_update(self, reading: Reading, changes: Sequence[Change]) -> None:
        """Append what the update has changed."""
        row = {}
        for kind, made in (("made", True), ("broken", False)):
            for name in reading.plastic_types:
                for p in reading.populations.values():
                    row[f"{kind}/{name}/{p.name}"] = sum(
                        int(((c.targets >= p.ids.start) & (c.targets < p.ids.stop)).sum())
                        for c in changes
                        if c.synapse == name and c.made == made
                    )
        append_row(self.columns, row | self._vacant, len(self.times), 0)
        self.times.append(reading.step * reading.resolution)

    def parts(self) -> Iterable[Part]:
        """Return what there is to save."""
        return [Global(f"recorders/{self.name}", self._arrays, self._restore)]

    def _arrays(self) -> dict[str, Array]:
        columns = {name: np.array(values, np.int64) for name, values in self.columns.items()}
        return {"time": np.array(self.times), **columns}

    def _restore(self, saved: dict[str, Any]) -> None:
        columns = dict(saved)
        self.times = columns.pop("time").tolist()
        self.columns = {name: values.tolist() for name, values in columns.items()}

    def datasets(self) -> Iterator[Dataset]:
        """Yield the columns."""
        for name, values in self._arrays().items():
            where = f"recorders/{self.name}/{name}"
            yield Dataset(where, values, *MEANINGS[name.split("/")[0]])


class StructuralUpdates(Recorder):
    """`structural_updates`: synapses made and broken, and vacant elements, at each update."""

    model: Literal["structural_updates"] = "structural_updates"

    def begin(self, name: str, _reading: Reading) -> Updates:
        """Return an empty recording that begins now."""
        return Updates(name)
