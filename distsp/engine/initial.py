"""Where the state of a network begins: potentials, other variables, and elements."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from distsp.engine.plan import local_parameters
from distsp.engine.state import RankState
from distsp.network.network import Network
from distsp.network.own_values import taken
from distsp.network.population import Population
from distsp.rng.distributions import Distribution, values
from distsp.rng.streams import Purpose, stream_key, uniforms


def set_initial_values(
    state: RankState,
    network: Network,
    populations: Iterable[Population],
    offsets_of: Mapping[str, Mapping[str, Any]],
) -> None:
    """Set the state variables and elements of this rank's neurons.

    Parameters
    ----------
    state : RankState
        Written to.
    network : Network
    populations : iterable of Population
        Those to set.
    offsets_of : dict of dict of float or array
        What the variables of each population are kept relative to.
    """
    layout = state.layout
    key = stream_key(network.seed, Purpose.INITIAL_STATE)
    for p in populations:
        ids, here = layout.ids(p.ids), layout.slice_of(p.ids)
        places = ids - p.first
        offsets = offsets_of[p.name]
        initial = local_parameters(p, layout).initial() | {
            name: value[places] if isinstance(value, np.ndarray) else value
            for name, value in p.initial.items()
        }
        for row, variable in zip(state.variables(p), p.parameters.variables, strict=True):
            value = initial.get(variable, 0.0)
            if isinstance(value, Distribution):
                value = values(value, uniforms(key, ids, 0))
            row[:] = value - offsets.get(variable, 0.0)
        for name, element in p.elements.items():
            state.arrays.z[state.row(name), here] = taken(element, places).z


def set_elements(state: RankState, population: Population) -> None:
    """Set the elements of those of this rank's neurons whose z a user has set."""
    here = state.layout.slice_of(population.ids)
    local = state.layout.ids(population.ids) - population.first
    for name, places in population.set_z:
        z = np.broadcast_to(taken(population.elements[name], local).z, len(local))
        chosen = np.isin(local, places)
        state.arrays.z[state.row(name), here][chosen] = z[chosen]
