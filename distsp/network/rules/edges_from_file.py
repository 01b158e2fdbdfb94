"""Synapses that a file lists: a table as CSV, or edges of SONATA."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

import h5py
import numpy as np
from pydantic import Field

from distsp.base.arrays import Array
from distsp.base.errors import InputError
from distsp.network.rules.explicit import check_places
from distsp.network.rules.rule import Brought, Drawn, Ends, Rule

EDGES_TOGETHER = 1_000_000
"""Edges that are read at a time."""

DTYPES = {"source": np.int64, "target": np.int64, "weight": np.float64, "delay": np.float64}
"""Columns of a table."""

Edges = dict[str, Array]


class Facts(NamedTuple):
    """What there is to know of a file before its synapses are made."""

    n_edges: int
    sources: tuple[int, int] | None  # the lowest and the highest
    targets: tuple[int, int] | None
    weights: bool
    delays: tuple[float, float] | None


class EdgesFromFile(Rule):
    """A synapse for each edge of a file, whose ids are places in the two groups.

    The file is a table with the columns source, target and, if each synapse has its own, weight
    and delay (CSV with these names in its first line); or edges of SONATA, with syn_weight and
    delay. Every rank reads the file in pieces, and keeps what goes to its own targets.
    """

    rule: Literal["edges_from_file"] = "edges_from_file"
    path: str = Field(description="of the file, as seen from where the program runs")
    population: str | None = Field(None, description="of the edges, where the file has several")
    allow_autapses: Literal[True] = Field(True, description="what is listed is made")
    allow_multapses: Literal[True] = Field(True, description="what is listed is made")

    def check_ends(self, where: str, ends: Ends) -> None:
        """Refuse what cannot be read, or does not fit; see `Rule.check_ends`."""
        try:
            facts = self._facts()
        except InputError as error:
            raise InputError(f"{where}.{error}") from None
        name = f"{where}.path: {self.path}"
        check_places(f"{name}, source", facts.sources, ends.n_sources)
        check_places(f"{name}, target", facts.targets, ends.n_targets)

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return self._facts().n_edges

    def brought(self) -> Brought:
        """Return what the edges bring along."""
        facts = self._facts()
        return Brought(facts.weights, facts.delays)

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are here; see `Rule.draw`."""
        self.check_ends("rule", ends)  # it may be another file by now
        kept: list[Edges] = []
        for edges in self._edges():
            here = ends.is_here[edges["target"]]
            kept.append({name: values[here] for name, values in edges.items()})
        columns = {
            name: np.concatenate([edges[name] for edges in kept]) for name in (kept or [{}])[0]
        }
        nothing = np.empty(0, dtype=np.int64)
        return Drawn(
            columns.get("source", nothing),
            columns.get("target", nothing),
            columns.get("weight"),
            columns.get("delay"),
        )

    def _facts(self) -> Facts:
        try:
            status = Path(self.path).stat()
        except OSError as error:
            raise InputError.at("path", self.path, f"cannot be read: {error.strerror}") from None
        return _facts_of(self, status.st_mtime_ns, status.st_size)

    def _edges(self) -> Iterator[Edges]:
        """Yield the edges in pieces.

        Raises
        ------
        InputError
            If they cannot be read.
        """
        try:
            if h5py.is_hdf5(self.path):
                yield from _sonata(self.path, self.population)
            elif self.population is None:
                yield from _table(self.path)
            else:
                problem = "is of a SONATA file, but path is none"
                raise InputError.at("population", self.population, problem)
        except InputError:
            raise
        except OSError as error:
            reason = error.strerror or "is damaged"
            raise InputError.at("path", self.path, f"cannot be read: {reason}") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError.at("path", self.path, f"cannot be read: {_reason(error)}") from None


@lru_cache(maxsize=64)
def _facts_of(rule: EdgesFromFile, _mtime: int, _size: int) -> Facts:
    """Return what there is to know of a file, once for as long as it stays as it is."""
    count, found = 0, dict[str, tuple[Any, Any]]()
    columns: set[str] = set()
    for edges in rule._edges():
        count += len(edges["source"])
        columns |= edges.keys()
        for name, values in edges.items():
            if not np.isfinite(values).all():
                raise InputError.at("path", rule.path, f"has a {name} that is not finite")
            low, high = values.min().item(), values.max().item()
            old = found.get(name, (low, high))
            found[name] = min(old[0], low), max(old[1], high)
    weights = "weight" in columns
    return Facts(count, found.get("source"), found.get("target"), weights, found.get("delay"))


def _reason(error: Exception) -> str:
    return str(error.args[0] if error.args else error).split(";")[0]


def _table(path: str) -> Iterator[Edges]:
    with Path(path).open(encoding="utf-8") as file:
        names = [name.strip() for name in file.readline().split(",")]
        if names not in (list(DTYPES)[:n] for n in (2, 3, 4)) and names != [
            "source",
            "target",
            "delay",
        ]:
            right = "must be source,target with weight, delay or both after it"
            raise InputError(f"path: the first line of {path} {right}")
        dtype = np.dtype([(name, DTYPES[name]) for name in names])
        first = 2
        while lines := list(islice(file, EDGES_TOGETHER)):
            filled = [line for line in lines if not line.isspace()]
            if filled:
                rows = _parsed(filled, dtype, path, first)
                yield {name: np.ascontiguousarray(rows[name]) for name in names}
            first += len(lines)


def _parsed(lines: list[str], dtype: np.dtype[Any], path: str, first: int) -> Array:
    try:
        return np.atleast_1d(np.loadtxt(lines, dtype, delimiter=",", comments=None))
    except ValueError as error:
        last = first + len(lines) - 1
        raise InputError(f"path: {path}, lines {first} to {last}: {_reason(error)}") from None


def _sonata(path: str, population: str | None) -> Iterator[Edges]:
    with h5py.File(path, "r") as file:
        if "edges" not in file:
            raise InputError.at("path", path, "has no edges of SONATA")
        edges = file["edges"]
        if population is None and len(edges) != 1:
            right = f"must be one of {', '.join(edges)}"
            raise InputError(f"population: is missing; it {right}")
        name = next(iter(edges)) if population is None else population
        if name not in edges:
            raise InputError.unknown("population", name, edges)
        group = edges[name]
        if "1" in group:
            raise InputError.at("population", name, "has several groups of edges, but must have 1")
        columns = {"source": group["source_node_id"], "target": group["target_node_id"]}
        own = {"weight": group.get("0/syn_weight"), "delay": group.get("0/delay")}
        index = group.get("edge_group_index")
        for first in range(0, len(columns["source"]), EDGES_TOGETHER):
            piece = slice(first, min(first + EDGES_TOGETHER, len(columns["source"])))
            found = {key: _numbers(key, column[piece]) for key, column in columns.items()}
            rows = np.arange(piece.start, piece.stop)
            where = rows if index is None else index[piece].astype(np.int64)
            for key, column in own.items():
                if column is None:
                    continue
                if np.array_equal(where, rows):
                    found[key] = _numbers(key, column[piece])
                else:
                    unique, back = np.unique(where, return_inverse=True)
                    found[key] = _numbers(key, column[unique])[back]
            yield found


def _numbers(name: str, values: Array) -> Array:
    return np.asarray(values).astype(DTYPES[name])
