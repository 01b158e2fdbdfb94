"""What has been simulated, taken over where a network has got more populations or synapse types.

New neurons follow the old ones in order of the ids: each of these stays on its rank, at its place.
"""

import numpy as np

from distsp.base.arrays import aligned_copy
from distsp.engine.state import RankState
from distsp.engine.synapses import Synapses

GROUPS = 64
"""Pieces in which the synapses of a type are taken over, so that few are in memory twice."""


def carry_over(
    state: RankState, old: RankState, synapses: Synapses, old_synapses: Synapses, step: int
) -> None:
    """Fill the arrays of a larger network with what the smaller one had.

    Parameters
    ----------
    state, old : RankState
    synapses, old_synapses : Synapses
        A type of the old ones may have got longer delays, or weights of each synapse's own.
    step : int
        The present one.
    """
    _neurons(state, old, step)
    _under_way(state, old, synapses, old_synapses, step)
    for name, table in old_synapses.types.items():
        into, n_neurons = synapses[name], table.layout.n_neurons
        into.created = table.created
        width = n_neurons // GROUPS + 1
        for first in range(0, n_neurons, width):
            sources, targets, *own = table.entries(first, min(first + width, n_neurons))
            if into.heterogeneous and not table.heterogeneous:
                n, weight = len(sources), table.description.mean_weight
                own = [np.full(n, weight), np.full(n, table.delay)]
            into.insert(sources, targets, *own)


def _neurons(state: RankState, old: RankState, step: int) -> None:
    """Take over what each neuron has for itself; the elements of new ones grow from now on."""
    n, arrays = old.layout.n_local, state.arrays
    for name in ("refractory", "calcium", "calcium_step", "spike_count"):
        getattr(arrays, name)[:n] = getattr(old.arrays, name)
    arrays.calcium_step[n:] = step
    for element in old.elements:
        row, old_row = state.row(element), old.row(element)
        arrays.z[row, :n] = old.arrays.z[old_row]
        arrays.z_connected[row, :n] = old.arrays.z_connected[old_row]
    for population in old.populations.values():
        state.variables(population)[...] = old.variables(population)


def _under_way(
    state: RankState, old: RankState, synapses: Synapses, old_synapses: Synapses, step: int
) -> None:
    """Take over the spikes that are under way; their ring may have got longer."""
    n, n_old = old.layout.n_local, old.arrays.due_counts.shape[1]
    if old.arrays.due_counts.dtype != state.arrays.due_counts.dtype:
        counts = aligned_copy(state.arrays.due_counts, old.arrays.due_counts.dtype)
        state.arrays = state.arrays._replace(due_counts=counts)
    due_counts, due_weights = state.arrays.due_counts, state.arrays.due_weights
    steps = np.arange(step, step + n_old)
    slots, old_slots = steps % due_counts.shape[1], steps % n_old
    if old.arrays.due_weights.shape[2]:
        due_weights[:, slots, :n] = old.arrays.due_weights[:, old_slots]
    rows = [table.name for table in synapses.of_kind(heterogeneous=False)]
    for i, table in enumerate(old_synapses.of_kind(heterogeneous=False)):
        counts = old.arrays.due_counts[i, old_slots]
        if table.name in rows:
            due_counts[rows.index(table.name), slots, :n] = counts
        else:
            weight = table.description.mean_weight
            due_weights[0 if weight > 0.0 else 1, slots, :n] += weight * counts
