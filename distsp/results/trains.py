"""Recorded spikes as spike trains of Neo."""

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from distsp.base.arrays import Floats, Ints
from distsp.base.errors import InputError
from distsp.recorders import SpikeRecorder
from distsp.results.written import Written

if TYPE_CHECKING:
    from neo import SpikeTrain


@dataclass(frozen=True)
class Recorded:
    """Spikes of some neurons that were recorded for a while (ms)."""

    neurons: Ints
    start: float
    stop: float
    time: Floats
    id: Ints


def recorded(results: Written) -> list[Recorded]:
    """Return all recorded spikes, those of whole populations and of all times first."""
    found = [
        Recorded(results.ids(name), 0.0, inf, spikes["time"], spikes["id"])
        for name, spikes in results.spikes.items()
    ]
    for name, recorder in results.experiment.recorders.items():
        if isinstance(recorder, SpikeRecorder) and name in results.recorders:
            stop = inf if recorder.stop is None else recorder.stop
            spikes = results.recorders[name]
            neurons = results.ids(recorder.neurons)
            found.append(Recorded(neurons, recorder.start, stop, spikes["time"], spikes["id"]))
    return found


def trains(results: Written, neurons: Any) -> list["SpikeTrain"]:
    """Return the recorded spikes of neurons; see `Results.spike_trains`."""
    try:
        from neo import SpikeTrain
    except ImportError:
        raise InputError("neo: is missing; spike trains need it: pip install neo") from None
    left, made = results.ids(neurons), {}
    for one in recorded(results):
        wanted = np.intersect1d(left, one.neurons)
        left = np.setdiff1d(left, wanted)
        order = np.argsort(one.id, kind="stable")
        times, ids = one.time[order], one.id[order]
        low, high = (np.searchsorted(ids, wanted, side=side) for side in ("left", "right"))
        stop = min(one.stop, max(results.until, one.start))
        for neuron, first, last in zip(wanted.tolist(), low, high, strict=True):
            made[neuron] = SpikeTrain(
                times[first:last],
                units="ms",
                t_start=one.start,
                t_stop=stop,
                id=neuron,
                population=results.population_of(neuron),
            )
    if not made:
        right = "has no recorded spikes; record_spikes = true or a spike_recorder records them"
        raise InputError.at("neurons", neurons, right)
    return [made[neuron] for neuron in sorted(made)]
