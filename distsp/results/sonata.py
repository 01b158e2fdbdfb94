"""Results in the SONATA layout: the network at the end, and the recorded spikes.

https://github.com/AllenInstitute/sonata describes it. The network is one node population, so a
node's id is the neuron's global id, and the experiment's populations are node types. Each synapse
type is an edge population, whose edge ids are the rows of `Results.synapses`.
"""

import csv
import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from distsp.base.errors import InputError
from distsp.base.files import new_hdf5, replacing
from distsp.experiment.experiment import Experiment
from distsp.neurons.model import weight_unit
from distsp.results.quantities import QUANTITIES
from distsp.results.read import Results

Array = npt.NDArray[Any]

MAGIC, VERSION = np.uint32(0x0A7A), np.array([0, 1], dtype=np.uint32)

SORTING = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="i1")

FILES = (
    "nodes.h5",
    "edges.h5",
    "spikes.h5",
    "node_types.csv",
    "edge_types.csv",
    "node_sets.json",
    "simulation_config.json",
    "circuit_config.json",
)
"""What is written, besides the parameters of each population."""

LIST = "written.json"
"""Has a digest of each file, by which it is known as written here."""

NAME = re.compile(r"(parameters/)?[^/\0]+")

INDICES = {"source": "source_to_target", "target": "target_to_source"}

EDGES_TOGETHER = 2_000_000
"""Edges that are copied at a time."""

RANGES_TOGETHER = 20_000_000
"""Ranges of an index that are sorted at a time."""


def write_sonata(results: Results, folder: str | Path) -> None:
    """Write the network at the end of a run, and its recorded spikes if there are any, as SONATA.

    Parameters
    ----------
    results : Results
        Of a run that has ended.
    folder : str or Path
        Made if it is not there. What this has written there before is replaced; `written.json`
        lists it.

    Raises
    ------
    InputError
        If the run has not ended, or something else is in the way.
    """
    folder, spikes = Path(folder), results.spikes
    results.require_end()
    if blocked := sonata_in_the_way(results.experiment, folder):
        raise InputError(f"{blocked}; nothing was written")
    remove_sonata(folder)
    (folder / "parameters").mkdir(parents=True, exist_ok=True)
    listed: dict[str, str | None] = {}

    def take_note() -> None:
        names = [name for name in _names(results.experiment) if (folder / name).exists()]
        listed.update({name: _digest(folder / name) for name in names if name not in listed})
        _write_json(folder / LIST, listed)

    with _hdf5(folder / "nodes.h5") as file:
        _write_nodes(file, results)
    take_note()
    with _hdf5(folder / "edges.h5") as file:
        _write_edges(file, results)
    take_note()
    if spikes:
        with _hdf5(folder / "spikes.h5") as file:
            _write_spikes(file, results)
        take_note()
    _write_types(results, folder)
    _write_configuration(results, folder)
    take_note()


def sonata_in_the_way(experiment: Experiment, folder: Path) -> str | None:
    """Return what stands where the network is to be written, if it is nothing distsp has written.

    Files that were written before, and are as they were written, are in nobody's way.
    """
    for parent in (folder, folder / "parameters"):
        if os.path.lexists(parent) and not parent.is_dir():
            return f"{parent}: is no folder"
    own = _written(folder)
    for name in (*_names(experiment), LIST):
        path = folder / name
        if os.path.lexists(path) and name not in own and not (name == LIST and _listed(folder)):
            return f"{path}: is there, and distsp has not written it"
    return None


def remove_sonata(folder: Path) -> None:
    """Remove what `write_sonata` has written into a folder, and nothing else."""
    listed = _listed(folder)
    for name in _written(folder):
        (folder / name).unlink(missing_ok=True)
    if listed:
        (folder / LIST).unlink(missing_ok=True)
    for empty in (folder / "parameters", folder):
        if listed and not empty.is_symlink():
            with suppress(OSError):  # somebody else's files are in it
                empty.rmdir()


def _names(experiment: Experiment) -> list[str]:
    """Return the names of all files that an experiment may have."""
    parameters = [f"parameters/{name}.json" for name in experiment.populations]
    return [*FILES, *parameters]


def _listed(folder: Path) -> dict[str, str]:
    """Return the digests of the files that were written into a folder, by their names."""
    try:
        listed = json.loads((folder / LIST).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    texts = isinstance(listed, dict) and all(isinstance(one, str) for one in listed.values())
    return listed if texts else {}


def _written(folder: Path) -> list[str]:
    """Return the names of the files in a folder that are as `write_sonata` has written them."""
    return [
        name
        for name, digest in _listed(folder).items()
        if NAME.fullmatch(name) and _digest(folder / name) == digest
    ]


def _digest(path: Path) -> str | None:
    """Return a digest of a file; None if it is no file."""
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


@contextmanager
def _hdf5(path: Path) -> Iterator[h5py.File]:
    """Yield a SONATA file to write; it has its name once it is whole."""
    with replacing(path) as temporary, new_hdf5(temporary) as file:
        file.attrs["magic"], file.attrs["version"] = MAGIC, VERSION
        yield file


def _write_nodes(file: h5py.File, results: Results) -> None:
    experiment = results.experiment
    populations = experiment.populations
    sizes = [population.size for population in populations.values()]
    kinds = np.repeat(np.arange(len(sizes)), sizes)
    group = file.create_group(f"nodes/{experiment.name}")
    _put(group, "node_type_id", kinds.astype(np.int64))
    _put(group, "node_id", np.arange(len(kinds), dtype=np.uint64))
    _put_all(group, "node_group_id", len(kinds), 0)
    _put(group, "node_group_index", np.arange(len(kinds), dtype=np.uint64))
    # Also here, not only in node_types.csv, for readers that do not look there.
    _put_texts(group, "pop_name", kinds, [*populations])
    _put_texts(group, "model_type", 0 * kinds, ["point_neuron"])
    models = [_template(population.model) for population in populations.values()]
    _put_texts(group, "model_template", kinds, models)
    _put_positions(group, results)


def _write_edges(file: h5py.File, results: Results) -> None:
    nodes = results.experiment.name
    size = sum(population.size for population in results.experiment.populations.values())
    units = {"weight": weight_unit(results.experiment.models()), "delay": "ms"}
    with results.opened() as read:
        for number, (name, count) in enumerate(results.n_synapses.items()):
            synapses, group = read["synapses"][name], file.create_group(f"edges/{name}")
            for side in ("source", "target"):
                ids = group.create_dataset(f"{side}_node_id", (count,), np.uint64)
                ids.attrs["node_population"] = nodes
                _copy(synapses[side], ids)
                _write_index(group.create_group(f"indices/{INDICES[side]}"), ids, size)
            _put_all(group, "edge_type_id", count, number)
            _put_all(group, "edge_group_id", count, 0)
            rows = group.create_dataset("edge_group_index", (count,), np.uint64)
            for piece in _pieces(count):
                rows[piece] = np.arange(piece.start, piece.stop)
            for key, quantity in (("syn_weight", "weight"), ("delay", "delay")):
                values = group.create_dataset(f"0/{key}", (count,), np.float64)
                values.attrs["units"] = units[quantity]
                _copy(synapses[quantity], values)


def _write_index(group: h5py.Group, ids: h5py.Dataset, size: int) -> None:
    """Write which edges each of `size` nodes has, as ranges of edges, from the node of each edge.

    A range does not go beyond the piece that it was read with, so a long one may be in two parts.
    """
    n_ranges = np.zeros(size, dtype=np.int64)
    for nodes, _, _ in _ranges(ids):
        n_ranges += np.bincount(nodes, minlength=size)
    last = np.cumsum(n_ranges)
    _put(group, "node_id_to_ranges", np.stack([last - n_ranges, last], axis=1).astype(np.uint64))
    rows = group.create_dataset("range_to_edge_id", (n_ranges.sum(), 2), np.uint64)
    low = done = 0
    while done < len(rows):
        # As many nodes at a time as memory has room for.
        high = max(int(np.searchsorted(last, done + RANGES_TOGETHER, side="right")), low + 1)
        found = [
            np.stack([nodes, begins, ends])[:, (nodes >= low) & (nodes < high)]
            for nodes, begins, ends in _ranges(ids)
        ]
        nodes, begins, ends = np.concatenate(found, axis=1)
        order = np.argsort(nodes, kind="stable")
        rows[done : last[high - 1]] = np.stack([begins, ends], axis=1)[order]
        low, done = high, last[high - 1]


def _ranges(ids: h5py.Dataset) -> Iterator[tuple[Array, Array, Array]]:
    """Yield node, first edge and end of each range of edges with the same node, in pieces."""
    for piece in _pieces(len(ids)):
        nodes = ids[piece].astype(np.int64)
        begins = np.flatnonzero(np.diff(nodes, prepend=-1))
        yield nodes[begins], begins + piece.start, np.append(begins[1:], len(nodes)) + piece.start


def _write_spikes(file: h5py.File, results: Results) -> None:
    group = file.create_group(f"spikes/{results.experiment.name}")
    times = np.concatenate([spikes["time"] for spikes in results.spikes.values()])
    ids = np.concatenate([spikes["id"] for spikes in results.spikes.values()])
    order = np.lexsort((ids, times))
    group.attrs.create("sorting", 2, dtype=SORTING)
    _put(group, "timestamps", times[order])
    group["timestamps"].attrs["units"] = QUANTITIES["time"][0]
    _put(group, "node_ids", ids[order].astype(np.uint64))


def _write_types(results: Results, folder: Path) -> None:
    experiment = results.experiment
    of_nodes = ("pop_name", "model_type", "model_template", "dynamics_params")
    nodes: list[Sequence[object]] = [("node_type_id", "population", *of_nodes)]
    for i, (name, population) in enumerate(experiment.populations.items()):
        file = f"{name}.json"
        _write_json(folder / "parameters" / file, population.plain_parameters())
        template = _template(population.model)
        nodes.append((i, experiment.name, name, "point_neuron", template, file))
    of_edges = ("model_template", "syn_weight_unit", "delay_unit")
    edges: list[Sequence[object]] = [("edge_type_id", "population", *of_edges)]
    units = weight_unit(experiment.models()), "ms"
    for i, name in enumerate(experiment.synapse_types):
        edges.append((i, name, "static_synapse", *units))
    _write_table(folder / "node_types.csv", nodes)
    _write_table(folder / "edge_types.csv", edges)


def _write_configuration(results: Results, folder: Path) -> None:
    """Write what says which file is what; the network's own comes last."""
    experiment = results.experiment
    sets = {
        name: {"population": experiment.name, "pop_name": name} for name in experiment.populations
    }
    _write_json(folder / "node_sets.json", sets)
    simulation = {
        "manifest": {"$BASE_DIR": "."},
        "network": "$BASE_DIR/circuit_config.json",
        "node_sets_file": "$BASE_DIR/node_sets.json",
        "run": {
            "tstop": results.until,
            "dt": experiment.resolution,
            "random_seed": experiment.seed,
        },
        "output": {"output_dir": "$BASE_DIR"}
        | ({"spikes_file": "spikes.h5"} if results.spikes else {}),
    }
    _write_json(folder / "simulation_config.json", simulation)
    circuit = {
        "manifest": {"$BASE_DIR": "."},
        "components": {"point_neuron_models_dir": "$BASE_DIR/parameters"},
        "node_sets_file": "$BASE_DIR/node_sets.json",
        "networks": {
            "nodes": [
                {
                    "nodes_file": "$BASE_DIR/nodes.h5",
                    "node_types_file": "$BASE_DIR/node_types.csv",
                    "populations": {experiment.name: {"type": "point_neuron"}},
                }
            ],
            "edges": [
                {
                    "edges_file": "$BASE_DIR/edges.h5",
                    "edge_types_file": "$BASE_DIR/edge_types.csv",
                    "populations": {
                        name: {"type": "chemical"} for name in experiment.synapse_types
                    },
                }
            ],
        },
    }
    _write_json(folder / "circuit_config.json", circuit)


def _template(model: str) -> str:
    return f"nest:{model}"


def _put(group: h5py.Group, name: str, values: Array) -> None:
    group.create_dataset(name, data=values)


def _put_positions(group: h5py.Group, results: Results) -> None:
    """Add the coordinates of all nodes; where a population has none they are no numbers."""
    found = {name: neurons.get("position") for name, neurons in results.neurons.items()}
    sizes = {name: one.size for name, one in results.experiment.populations.items()}
    most = max([rows.shape[1] for rows in found.values() if rows is not None], default=0)
    for i, axis in enumerate("xyz"[:most]):
        columns = [
            np.full(size, np.nan) if (rows := found.get(name)) is None else _coordinate(rows, i)
            for name, size in sizes.items()
        ]
        _put(group, f"0/{axis}", np.concatenate(columns))


def _coordinate(rows: Array, axis: int) -> Array:
    """Return one coordinate of positions, 0 along an axis that they do not have."""
    return rows[:, axis] if axis < rows.shape[1] else np.zeros(len(rows))


def _put_all(group: h5py.Group, name: str, count: int, value: int) -> None:
    """Add a column of the same number, which takes no room in the file."""
    group.create_dataset(name, (count,), np.int64, fillvalue=value)


def _put_texts(group: h5py.Group, name: str, which: Array, texts: Sequence[str]) -> None:
    """Add an attribute of every node: number `which[i]` of a list of texts."""
    _put(group, f"0/{name}", which.astype(np.uint32))
    group.create_dataset(f"0/@library/{name}", data=texts, dtype=h5py.string_dtype())


def _copy(read: h5py.Dataset, written: h5py.Dataset) -> None:
    for piece in _pieces(len(read)):
        written[piece] = read[piece]


def _pieces(count: int) -> Iterator[slice]:
    for start in range(0, count, EDGES_TOGETHER):
        yield slice(start, min(start + EDGES_TOGETHER, count))


def _write_json(path: Path, content: object) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="ascii")


def _write_table(path: Path, rows: Sequence[Sequence[object]]) -> None:
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="ascii") as file:
        csv.writer(file, delimiter=" ", lineterminator="\n").writerows(rows)
