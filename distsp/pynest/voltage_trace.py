"""`nest.voltage_trace`: the potentials of a voltmeter as curves."""

from typing import Any

import numpy as np

from distsp.pynest.calls import GetStatus
from distsp.pynest.raster_plot import savefig, show


def from_device(
    detec: Any, neurons: Any = None, title: str | None = None, grayscale: bool = False, **_: Any
) -> Any:
    """Draw the potentials that a voltmeter or multimeter has recorded; return the curves."""
    from matplotlib import pyplot

    (events,) = GetStatus(detec, "events")
    wanted = np.unique(events["senders"]) if neurons is None else np.asarray(neurons)
    axes = pyplot.subplots()[1]
    curves = []
    for sender in wanted:
        mine = events["senders"] == sender
        style = "k" if grayscale else ""
        label = f"Neuron {sender}"
        curves += axes.plot(events["times"][mine], events["V_m"][mine], style, label=label)
    axes.set_xlabel("Time (ms)")
    axes.set_ylabel("Membrane potential (mV)")
    axes.set_title(title or "Membrane potential")
    if len(wanted):
        axes.legend(loc="best")
    return curves


__all__ = ["from_device", "savefig", "show"]
