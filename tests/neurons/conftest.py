"""Runs the compiled step of a model on neurons that all get the same input."""

from typing import NamedTuple

import numpy as np
import pytest

from distsp.base.compiled import first_class
from distsp.neurons import NeuronModel
from distsp.neurons.model import SCRATCH_ROWS, kernel
from distsp.neurons.values import BLOCK_NEURONS, EQUAL, MEMBRANE

H = 0.1


class Run(NamedTuple):
    """States after each step (step, variable, neuron), spikes (step, neuron), refractory steps."""

    states: np.ndarray
    spikes: list
    refractory: np.ndarray


def as_kind(numbers, kind):
    """Return constants as one of the kinds of arrays that a step takes."""
    if kind == EQUAL:
        return np.array(numbers, dtype=np.float64)
    rows = np.repeat(np.array(numbers, dtype=np.float64)[:, None], BLOCK_NEURONS, axis=1)
    return rows[None] if kind == MEMBRANE else rows


def run(model, parameters, inputs, current=None, kind=EQUAL, n_neurons=1, slice_steps=1, start=()):
    """Take neurons through the steps of `inputs` (2, steps); `start` has initial values by name.

    With several steps in a slice, `states` has those after each slice.
    """
    neuron = NeuronModel.members[model](**parameters)
    step = first_class(type(neuron).step, kernel(kind))
    offsets, initial = neuron.offsets(), neuron.initial() | dict(start)
    variables = np.zeros((len(neuron.variables), n_neurons))
    for row, name in zip(variables, neuron.variables, strict=True):
        row[:] = initial.get(name, 0.0) - offsets.get(name, 0.0)
    refractory = np.zeros(n_neurons, dtype=np.int32)
    constants = as_kind(neuron.constants(H), kind)
    lags, neurons = np.empty(100_000, np.int32), np.empty(100_000, np.int32)
    scratch = np.empty((SCRATCH_ROWS, BLOCK_NEURONS))
    rows = [*inputs, np.zeros(inputs.shape[1]) if current is None else current]
    states, spikes = [], []
    for first in range(0, inputs.shape[1], slice_steps):
        parts = [row[first : first + slice_steps] for row in rows]
        work = [np.repeat(part[:, None], BLOCK_NEURONS, axis=1).copy() for part in parts]
        count, n_steps = 0, len(parts[0])
        for lo in range(0, n_neurons, BLOCK_NEURONS):
            hi = min(lo + BLOCK_NEURONS, n_neurons)
            count = step(
                *(variables, refractory, lo, hi, *work, current is not None, n_steps, constants),
                *(scratch, np.uint64(0), first, 0, 1, lags, neurons, count, 0),
            )
        spikes += list(zip((first + lags[:count]).tolist(), neurons[:count].tolist(), strict=True))
        states.append(variables.copy())
    shift = np.array([offsets.get(name, 0.0) for name in neuron.variables])
    return Run(np.array(states) + shift[:, None], spikes, refractory)


@pytest.fixture(scope="session")
def run_model():
    return run
