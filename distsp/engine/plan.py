"""From the network's description to the arrays of the time loop."""

from functools import cache
from typing import Any

import numpy as np

from distsp.base.arrays import Floats, aligned
from distsp.base.compiled import address, first_class
from distsp.engine.integration import POPULATION, Populations
from distsp.engine.state import RankState
from distsp.network.network import Network
from distsp.network.own_values import taken
from distsp.network.population import Population
from distsp.neurons.model import ALIKE, EACH, NeuronModel, kernel
from distsp.neurons.values import BLOCK_NEURONS, KINDS, N_MEMBRANE
from distsp.parallel.layout import Layout
from distsp.plasticity.growth import Growth
from distsp.rng.streams import Purpose, stream_key


@cache
def model_kernel(model: str, kind: int) -> Any:
    """Return the compiled step of a neuron model for one of the `KINDS` of constants."""
    return first_class(NeuronModel.members[model].step, kernel(KINDS[kind]))


def differing(parameters: NeuronModel, resolution: float) -> int:
    """Return which of `KINDS` the constants of a population are."""
    rows = parameters.constants(resolution)
    own = [i for i, row in enumerate(rows) if np.ndim(row) > 0]
    return 0 if not own else 1 if own[-1] < N_MEMBRANE else 2


def kernels_used(network: Network) -> list[tuple[str, int]]:
    """Return the neuron models of a network with the kind of their constants, each once."""
    return list(
        dict.fromkeys(
            (p.model, differing(p.parameters, network.resolution))
            for p in network.populations.values()
        )
    )


def models_used(network: Network) -> list[str]:
    """Return the neuron models of a network, each once."""
    return list(dict.fromkeys(p.model for p in network.populations.values()))


def plan_populations(network: Network, layout: Layout, state: RankState) -> Populations:
    """Return the populations as the time loop takes them."""
    populations = list(network.populations.values())
    currents = [
        (drive.piece.population.name, drive.piece.whole and generator.parameters.alike)
        for generator in network.inputs.values()
        for drive in generator.drives
        if generator.parameters.carries == "current"
    ]
    driven = {name for name, _ in currents}
    differently = {name for name, alike in currents if not alike}
    rows = np.zeros(len(populations), dtype=POPULATION)
    equal, own, n_own = [], [np.empty(0)], 0
    for row, p in zip(rows, populations, strict=True):
        parameters = local_parameters(p, layout)
        numbers = parameters.constants(network.resolution)
        kind = differing(p.parameters, network.resolution)
        row["differ"], row["n_constants"], row["first_constant"] = kind, len(numbers), n_own
        row["step"] = address(model_kernel(p.model, kind))
        equal.append([float(n) if np.ndim(n) == 0 else 0.0 for n in numbers])
        if kind:
            own.append(in_blocks(numbers, len(layout.ids(p.ids))))
            n_own += len(own[-1])
    constants = np.zeros((len(populations), max(map(len, equal))))
    for into, row_of_numbers in zip(constants, equal, strict=True):
        into[: len(row_of_numbers)] = row_of_numbers
    variables = state.variable_layout
    rows["first"] = [layout.slice_of(p.ids).start for p in populations]
    rows["length"] = variables.size
    rows["offset"] = variables.offset[:-1]
    rows["stride"] = variables.stride
    rows["n_variables"] = variables.n_variables
    rows["driven"] = [
        EACH if p.name in differently else ALIKE if p.name in driven else 0 for p in populations
    ]
    rows["key"] = [stream_key(network.seed, Purpose.NEURON, i) for i in range(len(populations))]
    return Populations(rows, constants, np.concatenate(own))


def local_parameters(population: Population, layout: Layout) -> NeuronModel:
    """Return the parameters of those neurons of a population that are here."""
    return taken(population.parameters, layout.ids(population.ids) - population.first)


def in_blocks(numbers: list[Any], n: int) -> Floats:
    """Return constants of `n` neurons as the time loop takes them: rows of each block in turn."""
    n_blocks = -(-n // BLOCK_NEURONS)
    blocks = aligned((n_blocks, len(numbers), BLOCK_NEURONS))
    for k, values in enumerate(numbers):
        padded = np.zeros(n_blocks * BLOCK_NEURONS)
        padded[:n] = values
        blocks[:, k] = padded.reshape(n_blocks, BLOCK_NEURONS)
    return blocks.reshape(-1)


def plan_growth(network: Network, layout: Layout, elements: list[str]) -> Growth:
    """Return the growth of all elements as the time loop takes it."""
    populations, h = list(network.populations.values()), network.resolution
    n, m = len(populations), len(elements)
    curves, n_curves = np.zeros((n, max(m, 1), 3)), np.zeros(n, dtype=np.int64)
    curve_of, rate = np.full((n, m), -1), np.zeros((n, m))
    tau, beta, differs = np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool)
    own = OwnGrowth(layout, elements)
    for i, p in enumerate(populations):
        differs[i] = any(
            isinstance(value, np.ndarray)
            for values in (p.parameters, *p.elements.values())
            for name, value in values
            if name in GROWING
        )
        if differs[i]:
            curve_of[i, [elements.index(name) for name in p.elements]] = 0
            own.fill(p, h)
            continue
        tau[i], beta[i] = p.parameters.tau_Ca / h, p.parameters.beta_Ca
        # Elements with the same curve share its integral.
        moving = {name: one for name, one in p.elements.items() if one.growth_rate != 0.0}
        used = list(dict.fromkeys(element.coefficients() for element in moving.values()))
        n_curves[i] = len(used)
        curves[i, : len(used)] = np.array(used).reshape(-1, 3)
        for name, element in moving.items():
            curve_of[i, elements.index(name)] = used.index(element.coefficients())
            rate[i, elements.index(name)] = element.growth_rate * h
    here = [layout.slice_of(p.ids) for p in populations]
    return Growth(
        first=np.array([s.start for s in here]),
        size=np.array([s.stop - s.start for s in here]),
        tau_calcium=tau,
        beta_calcium=beta,
        n_curves=n_curves,
        curves=curves,
        curve_of=curve_of,
        rate=rate,
        differs=differs,
        own_tau=own.tau,
        own_beta=own.beta,
        own_curves=own.curves,
        own_rate=own.rate,
    )


GROWING = {"tau_Ca", "beta_Ca", "growth_rate", "eps", "eta", "psi"}
"""Parameters that growth depends on while time passes."""


def growing(network: Network) -> list[Any]:
    """Return all that growth depends on while time passes, in a fixed order."""
    return [
        value
        for p in network.populations.values()
        for values in (p.parameters, *p.elements.values())
        for name, value in values
        if name in GROWING
    ]


class OwnGrowth:
    """Growth of neurons that differ, with room only where there are any."""

    def __init__(self, layout: Layout, elements: list[str]) -> None:
        self.layout, self.elements = layout, elements
        self.tau, self.beta, self.rate, self.curves = self._room(0)

    def _room(self, n: int) -> tuple[Floats, Floats, Floats, Floats]:
        m = len(self.elements)
        return np.ones(n), np.zeros(n), np.zeros((m, n)), np.zeros((m, 3, n))

    def fill(self, population: Population, resolution: float) -> None:
        """Take the values of a population."""
        if len(self.tau) == 0:
            self.tau, self.beta, self.rate, self.curves = self._room(self.layout.n_local)
        here = self.layout.slice_of(population.ids)
        places = self.layout.ids(population.ids) - population.first
        parameters = local_parameters(population, self.layout)
        self.tau[here] = parameters.tau_Ca / resolution
        self.beta[here] = parameters.beta_Ca
        for name, element in population.elements.items():
            e, values = self.elements.index(name), taken(element, places)
            self.rate[e, here] = values.growth_rate * resolution
            for k, coefficient in enumerate(values.coefficients()):
                self.curves[e, k, here] = coefficient
