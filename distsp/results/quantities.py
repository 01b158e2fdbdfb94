"""What there is in `results.h5`: names, units and descriptions."""

import json
import zlib
from typing import Any

import numpy as np

from distsp.neurons.model import weight_unit
from distsp.recorders.population_means import QUANTITIES as RECORDED
from distsp.recorders.population_means import quantity

H5, CSV = "results.h5", "results.csv"

CHECKSUM = "crc32"
"""Attribute of what HDF5 itself keeps no checksum of: single values and texts."""

ENDED = ("neurons", "synapses")
"""What there is only after the run; what is recorded is there from the first recording on."""

QUANTITIES = {
    "spike_count": ("1", "number of spikes since the start"),
    "position": ("1", "coordinates, in the unit of the positions"),
    "source": ("1", "global id of the presynaptic neuron"),
    "target": ("1", "global id of the postsynaptic neuron"),
    "delay": ("ms", "delay"),
    "id": ("1", "global id of the neuron"),
} | RECORDED
"""Unit and description of a quantity, except for weights, whose unit the neurons have."""

FACTS = {
    "experiment": ("none", "the complete experiment as TOML"),
    "settled": ("ms", "time at which the run had settled, and ended"),
    "ranks": ("1", "number of ranks"),
    "mpi_library": ("none", "name and version of the MPI library"),
    "exchange": ("none", "how spikes were exchanged"),
    "bytes_per_slice": ("bytes", "mean number of bytes that a rank sent per slice"),
    "hosts": ("none", "host of each rank"),
    "platform": ("none", "operating system and processor of rank 0"),
    "written": ("none", "when this file was written (UTC)"),
    "peak_memory": ("MB", "most memory that each rank has used"),
    "timings": ("s", "time that each rank spent in this phase"),
    "versions": ("none", "version of this package"),
}
"""Unit ("none" for texts) and description of what else is in `results.h5`."""


def checksum(value: Any) -> int:
    """Return the CRC-32 of a single value, a text or a list of texts."""
    return zlib.crc32(json.dumps(np.asarray(value).tolist()).encode())


def meaning(name: str, models: list[str]) -> tuple[str, str] | None:
    """Return unit and description of what a dataset or a column is called, if it is a quantity.

    Parameters
    ----------
    name : str
        Such as "weight", or "elements/E/Den_ex/z".
    models : list of str
        Neuron models of the network, for the unit of weights.
    """
    if name == "weight":
        return weight_unit(models), "weight"
    return QUANTITIES.get(quantity(name))
