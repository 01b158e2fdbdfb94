"""Calcium and synaptic elements in time: brought up to a step only when somebody needs them."""

import math
from typing import NamedTuple

import numpy as np

from distsp.base.arrays import Bools, Floats, Int32s, Ints
from distsp.base.compiled import compiled
from distsp.plasticity.growth_curves import grown, is_short, left_after, moved, short_area


class Growth(NamedTuple):
    """How the elements of each population grow: a row per population."""

    first: Ints  # local index of the population's first neuron
    size: Ints  # number of its neurons here
    tau_calcium: Floats  # steps
    beta_calcium: Floats  # what a spike adds
    n_curves: Ints  # number of its different curves
    curves: Floats  # (population, curve, 3): code of the curve, a, b
    curve_of: Ints  # (population, element): place of its curve, -1 where it does not grow
    rate: Floats  # (population, element): per step
    differs: Bools  # whether its neurons have values of their own, in the following
    own_tau: Floats  # (neuron here,)
    own_beta: Floats
    own_curves: Floats  # (element, 3, neuron here)
    own_rate: Floats  # (element, neuron here)


@compiled
def grow(
    calcium: Floats,
    calcium_step: Ints,
    z: Floats,
    growth: Growth,
    p: int,
    neurons: Int32s,
    begin: int,
    lags: Int32s,
    spiked: bool,
    left: Floats | None = None,
) -> None:
    """Bring calcium and elements of neurons up to a step each; then calcium may jump.

    All arrays are taken out of their tuple before the loop: within it, Numba would count references
    to them, which takes ten times as long as the growth.

    Parameters
    ----------
    calcium : array (n_local,) of float64
        As it was at `calcium_step`.
    calcium_step : array (n_local,) of int64
    z : array (n_elements, n_local) of float64
    growth : Growth
    p : int
        The population of the neurons.
    neurons : array (n,) of int32
        Local indices.
    begin : int
    lags : array (n,) of int32
        Neuron i is brought up to the beginning of step `begin + lags[i]`.
    spiked : bool
        Whether calcium is raised then.
    left : array of float64, optional
        What `left_after` returns for the population, at least up to the longest of the intervals.
    """
    curves, curve_of, rate = growth.curves[p], growth.curve_of[p], growth.rate[p]
    n_curves, differs = growth.n_curves[p], growth.differs[p]
    own_tau, own_beta = growth.own_tau, growth.own_beta
    own_curves, own_rate = growth.own_curves, growth.own_rate
    tau, jump = growth.tau_calcium[p], growth.beta_calcium[p]
    # Most neurons that are brought up together were so before: what follows from the interval alone
    # is the same for them.
    last_duration, last_tau, decay = 0.0, tau, 1.0
    for i in range(len(neurons)):
        neuron, step = neurons[i], begin + lags[i]
        duration = np.float64(step - calcium_step[neuron])
        if differs:
            tau, jump = own_tau[neuron], own_beta[neuron]
            for e in range(len(curve_of)):
                if curve_of[e] >= 0:
                    code, a, b = (
                        own_curves[e, 0, neuron],
                        own_curves[e, 1, neuron],
                        own_curves[e, 2, neuron],
                    )
                    area = grown(code, a, b, calcium[neuron], tau, duration)
                    nu, before = own_rate[e, neuron], z[e, neuron]
                    z[e, neuron] = moved(
                        before, nu, area, code, a, b, calcium[neuron], tau, duration
                    )
        for c in range(n_curves):
            code, a, b = curves[c, 0], curves[c, 1], curves[c, 2]
            if left is not None and is_short(code, b, calcium[neuron], tau, duration):
                area = short_area(code, a, b, calcium[neuron], duration, left[np.int64(duration)])
            else:
                area = grown(code, a, b, calcium[neuron], tau, duration)
            for e in range(len(curve_of)):
                if curve_of[e] == c:
                    nu, before = rate[e], z[e, neuron]
                    z[e, neuron] = moved(
                        before, nu, area, code, a, b, calcium[neuron], tau, duration
                    )
        if duration > 0.0:
            if left is not None:
                decay = left[np.int64(duration), -1]
            elif duration != last_duration or tau != last_tau:
                last_duration, last_tau, decay = duration, tau, math.exp(-duration / tau)
            calcium[neuron] *= decay
        if spiked:
            calcium[neuron] += jump
        calcium_step[neuron] = step


@compiled
def grow_all(calcium: Floats, calcium_step: Ints, z: Floats, growth: Growth, step: int) -> None:
    """Bring calcium and elements of all neurons up to the beginning of `step`; see `grow`."""
    for p in range(len(growth.first)):
        first, size = growth.first[p], growth.size[p]
        neurons = np.arange(first, first + size).astype(np.int32)
        lags, longest = np.zeros(size, np.int32), np.int64(0)
        for i in range(first, first + size):
            longest = max(longest, step - calcium_step[i])
        # The same intervals are there again and again, and half of the time goes to exponentials.
        if longest < size and not growth.differs[p]:
            left = left_after(growth.tau_calcium[p], longest)
            grow(calcium, calcium_step, z, growth, p, neurons, step, lags, False, left)
        else:
            grow(calcium, calcium_step, z, growth, p, neurons, step, lags, False)
