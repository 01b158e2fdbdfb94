"""`nest.raster_plot`: the spikes of a recorder as dots."""

from typing import Any

import numpy as np

from distsp.pynest.calls import GetStatus


def from_device(
    detec: Any, plot_lid: bool = False, title: str | None = None, hist: bool = True, **options: Any
) -> Any:
    """Draw the spikes that a recorder has recorded; with a histogram of the rate below."""
    (events,) = GetStatus(detec, "events")
    return from_data(np.column_stack([events["senders"], events["times"]]), title, hist, **options)


def from_data(
    data: Any,
    title: str | None = None,
    hist: bool = False,
    hist_binwidth: float = 5.0,
    xlabel: str = "Time (ms)",
    **__: object,
) -> Any:
    """Draw spikes, a row (id, time in ms) each."""
    from matplotlib import pyplot

    data = np.asarray(data)
    figure, axes = pyplot.subplots(1 + hist, 1, sharex=True, squeeze=False)
    top, bottom = axes[0, 0], axes[-1, 0]
    top.plot(data[:, 1], data[:, 0], ".", markersize=2)
    top.set_ylabel("Neuron ID")
    top.set_title(title or "Raster plot")
    bottom.set_xlabel(xlabel)
    if hist and len(data):
        edges = np.arange(0.0, data[:, 1].max() + 2 * hist_binwidth, hist_binwidth)
        counts = np.histogram(data[:, 1], edges)[0]
        n = max(len(np.unique(data[:, 0])), 1)
        bottom.bar(edges[:-1], 1000.0 * counts / (hist_binwidth * n), hist_binwidth, align="edge")
        bottom.set_ylabel("Rate (Hz)")
    return figure


def show() -> None:
    """Show the figures."""
    from matplotlib import pyplot

    pyplot.show()


def savefig(*given: Any, **named: Any) -> None:
    """Write the last figure."""
    from matplotlib import pyplot

    pyplot.savefig(*given, **named)
