"""From the network's description to the arrays of the time loop."""

from functools import cache
from typing import Any

import numpy as np

from distsp.base.compiled import MOST_FUNCTIONS, first_class, function_list
from distsp.base.errors import InputError
from distsp.engine.integration import POPULATION, Populations
from distsp.engine.state import RankState
from distsp.network.network import Network
from distsp.neurons.model import NeuronModel, kernel
from distsp.neurons.values import EQUAL
from distsp.parallel.layout import Layout
from distsp.plasticity.growth import Growth
from distsp.rng.streams import Purpose, stream_key


@cache
def model_kernel(model: str) -> Any:
    """Return the compiled step of a neuron model."""
    return first_class(NeuronModel.members[model].step, kernel(EQUAL))


def models_used(network: Network) -> list[str]:
    """Return the neuron models of a network, each once."""
    return list(dict.fromkeys(p.model for p in network.populations.values()))


def model_kernels(network: Network) -> Any:
    """Return the compiled steps of the models of a network, in order of `models_used`.

    Raises
    ------
    InputError
        If there are more models than the time loop takes.
    """
    models = models_used(network)
    if len(models) > MOST_FUNCTIONS:
        raise InputError.at(
            "populations", models, f"a network can have at most {MOST_FUNCTIONS} neuron models"
        )
    return function_list([model_kernel(model) for model in models], kernel(EQUAL))


def plan_populations(network: Network, layout: Layout, state: RankState) -> Populations:
    """Return the populations as the time loop takes them."""
    populations, models = list(network.populations.values()), models_used(network)
    numbers = [p.parameters.constants(network.resolution) for p in populations]
    constants = np.zeros((len(populations), max(map(len, numbers))))
    for row, own in zip(constants, numbers, strict=True):
        row[: len(own)] = own
    driven = {
        drive.piece.population.name
        for generator in network.inputs.values()
        for drive in generator.drives
        if generator.parameters.carries == "current"
    }
    variables = state.variable_layout
    rows = np.zeros(len(populations), dtype=POPULATION)
    rows["first"] = [layout.slice_of(p.ids).start for p in populations]
    rows["size"] = variables.size
    rows["kernel"] = [models.index(p.model) for p in populations]
    rows["offset"] = variables.offset[:-1]
    rows["stride"] = variables.stride
    rows["n_variables"] = variables.n_variables
    rows["driven"] = [p.name in driven for p in populations]
    rows["key"] = [stream_key(network.seed, Purpose.NEURON, i) for i in range(len(populations))]
    rows["beta_calcium"] = [p.parameters.beta_Ca for p in populations]
    return Populations(rows, constants)


def plan_growth(network: Network, layout: Layout, elements: list[str]) -> Growth:
    """Return the growth of all elements as the time loop takes it."""
    populations = list(network.populations.values())
    n, m = len(populations), len(elements)
    curves, n_curves = np.zeros((n, max(m, 1), 3)), np.zeros(n, dtype=np.int64)
    curve_of, rate = np.full((n, m), -1), np.zeros((n, m))
    for i, p in enumerate(populations):
        # Elements with the same curve share its integral.
        used = list(dict.fromkeys(element.coefficients() for element in p.elements.values()))
        n_curves[i] = len(used)
        curves[i, : len(used)] = np.array(used).reshape(-1, 3)
        for name, element in p.elements.items():
            curve_of[i, elements.index(name)] = used.index(element.coefficients())
            rate[i, elements.index(name)] = element.growth_rate * network.resolution
    here = [layout.slice_of(p.ids) for p in populations]
    return Growth(
        first=np.array([s.start for s in here]),
        size=np.array([s.stop - s.start for s in here]),
        tau_calcium=np.array([p.parameters.tau_Ca / network.resolution for p in populations]),
        n_curves=n_curves,
        curves=curves,
        curve_of=curve_of,
        rate=rate,
    )
