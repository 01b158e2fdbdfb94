"""Whether a network fits into memory, asked before anything is built."""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from math import inf
from pathlib import Path

import numpy as np

from distsp.base.errors import InputError
from distsp.network.network import Network

CGROUPS, MOUNTED = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


@cache
def installed_bytes() -> float:
    """Return the memory that processes here may use (bytes); infinity if the system does not tell.

    That of the machine, or what a container or a batch system leaves of it.
    """
    try:
        machine: float = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE")
    except (ValueError, OSError):
        machine = inf
    return min([machine, *_limits()])


def _limits() -> Iterator[int]:
    """Yield the limits of the control groups of this process, of Linux's version 1 and 2."""
    try:
        groups = CGROUPS.read_text().splitlines()
    except OSError:
        return
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root = MOUNTED / "memory" if controllers else MOUNTED
        name = "memory.limit_in_bytes" if controllers else "memory.max"
        group = root / path.lstrip("/")
        # In a container the path may be that of the host, where the container sees its own as root.
        for folder in {root, group, *group.parents}:
            if folder.is_relative_to(root):
                with suppress(OSError, ValueError):  # "max" is no limit
                    yield int((folder / name).read_text())


def check_memory(network: Network, n_ranks: int, on_host: int) -> None:
    """Refuse what cannot fit, before the machine begins to swap or kills the process.

    Parameters
    ----------
    network : Network
    n_ranks, on_host : int
        Number of ranks, and how many of them share this machine's memory.

    Raises
    ------
    InputError
        Saying how much is needed, and how much there is.
    """
    types = network.synapse_types.values()
    spreads = network.spreads.values()
    slots = max([spread.longest for spread in spreads], default=1)
    variables = max([len(p.parameters.variables) for p in network.populations.values()], default=1)
    elements = {name for p in network.populations.values() for name in p.elements}
    homogeneous = sum(not spread.heterogeneous for spread in spreads)
    ring = (2 * homogeneous + 16 * (homogeneous < len(types))) * slots
    per_neuron = 8 * variables + 28 + 12 * len(elements) + ring
    synapses = [c.rule.expected(*map(len, network.ends(c))) for c in network.connections]
    # A target of 4 bytes, and where each synapse has its own, a weight of 8 and a delay of 4.
    own = [network.spreads[c.synapse].heterogeneous for c in network.connections]
    kept = sum(n * (16 if each else 4) for n, each in zip(synapses, own, strict=True))
    # Source and target of synapses are drawn as 64-bit numbers, in pieces where a rule can.
    drawn = [
        0.0 if c.rule.by_target else 16 * n
        for c, n in zip(network.connections, synapses, strict=True)
    ]
    here = network.size * per_neuron + kept + max(drawn, default=0.0)
    # For each type a few bits per neuron of the network, and a record for each that has synapses.
    sources = min(network.size * len(types), sum(synapses) / n_ranks)
    needed = here / n_ranks + network.size * len(types) / 3 + 16 * sources
    installed = installed_bytes() / on_host
    if needed > installed:
        raise InputError(
            f"populations: {network.size} neurons, their synapses and delays need at least "
            f"{needed / 2**30:.1f} GiB per rank, but a rank here has {installed / 2**30:.1f} GiB; "
            "it must be less, or the machines more"
        )
    check_elements(network, on_host)


def check_elements(network: Network, on_host: int) -> None:
    """Refuse elements that grow to more by the first update than rank 0 could list there.

    Parameters
    ----------
    network : Network
    on_host : int
        How many ranks share this machine's memory.

    Raises
    ------
    InputError
        Naming the element, and how many there would be.
    """
    installed = installed_bytes() / on_host
    interval = network.update_interval or 0.0
    for p in network.populations.values():
        for name, element in p.elements.items():
            # Rank 0 lists what is vacant at an update.
            with np.errstate(over="ignore"):
                there = float(np.mean(element.z))
                grown = float(np.mean(np.abs(element.growth_rate))) * interval
            if 8 * (there + grown) * p.size > installed:
                field = "z" if there > grown else "growth_rate"
                raise InputError(
                    f"populations.{p.name}.elements.{name}.{field}: memory must hold {p.size} "
                    f"times {there + grown:g} elements at an update; it must be less"
                )
