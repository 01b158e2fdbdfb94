"""What is bound is what there is: each synapse has one element on either side."""

import numpy as np

from distsp.engine.state import RankState
from distsp.engine.synapses import Synapses
from distsp.parallel.ranks import Ranks


def unbound(state: RankState, tables: Synapses, ranks: Ranks) -> str | None:
    """Return what is wrong with the elements that are bound, the same on all ranks; collective.

    Of elements that are postsynaptic only each neuron is compared with its synapses, which are all
    on its rank; of others the sum over all neurons.
    """
    elements, layout = state.elements, state.layout
    z_connected = state.arrays.z_connected
    missing = z_connected.sum(axis=1, dtype=np.int64)
    own = z_connected.astype(np.int64)
    presynaptic = np.zeros(len(elements), dtype=bool)
    for table in tables.types.values():
        if not table.plastic:
            continue
        pre, post = (
            state.row(name or "") for name in (table.description.pre, table.description.post)
        )
        missing[[pre, post]] -= len(table)
        own[post] -= table.incoming.spans(table.incoming_rows(np.arange(layout.n_local)))[1]
        presynaptic[pre] = True
    wrong = np.count_nonzero(own[~presynaptic], axis=1)
    everywhere = missing.copy()
    everywhere[~presynaptic] = wrong
    # Of presynaptic elements some are here and their synapses elsewhere.
    for name, n in zip(elements, ranks.sum(everywhere), strict=True):
        if n:
            return f"has elements {name} that are bound to no synapse, or the reverse"
    return None
