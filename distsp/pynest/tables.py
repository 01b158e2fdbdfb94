"""All synapses of a kind, as rank 0 has read them: once, for as long as no time passes."""

import numpy as np

from distsp.base.arrays import Array, Bools, Ints
from distsp.pynest.build import ready
from distsp.pynest.kernel import KERNEL
from distsp.pynest.synapses import Cut, Kind

Columns = dict[str, Array]
"""source, target (as the script sees them), weight, delay; in order of source, target, creation."""


def tables(kinds: list[Kind]) -> dict[str, Columns]:
    """Return the synapses of some kinds, by the name of the kind; of those that there are."""
    now = KERNEL.steps, KERNEL.synapses.n_wires
    if now != KERNEL.tables_at or KERNEL.stale:
        KERNEL.tables, KERNEL.tables_at = {}, now
    if any(kind.name not in KERNEL.tables for kind in kinds):
        ready(KERNEL)
        missing = [kind.name for kind in kinds if kind.told and kind.name not in KERNEL.tables]
        found = KERNEL.ensemble.ask("synapses", missing)
        for name, one in zip(missing, found, strict=True):
            ends = {side: KERNEL.node_ids(one[side]) for side in ("source", "target")}
            KERNEL.tables[name] = {**one, **ends}
    return {kind.name: KERNEL.tables[kind.name] for kind in kinds if kind.name in KERNEL.tables}


def cut(kind: Kind, sources: Ints, targets: Ints) -> Bools:
    """Remove one synapse of a kind of each pair that has one, the oldest; say which have.

    Parameters
    ----------
    kind : Kind
    sources, targets : array of int64
        In order of source and target.
    """
    columns = tables([kind]).get(kind.name)
    if columns is None:
        return np.zeros(len(sources), dtype=bool)
    size = KERNEL.n_nodes + 1
    wanted, there = sources * size + targets, columns["source"] * size + columns["target"]
    nth = np.arange(len(wanted)) - np.searchsorted(wanted, wanted)
    first = np.searchsorted(there, wanted)
    have: Bools = nth < np.searchsorted(there, wanted, "right") - first
    if have.any():
        gone = (first + nth)[have]
        KERNEL.tables[kind.name] = {name: np.delete(one, gone) for name, one in columns.items()}
        KERNEL.synapses.take(Cut(sources[have], targets[have], kind))
        KERNEL.changed = True
    return have
