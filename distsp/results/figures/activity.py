"""Figures of what neurons do: time courses, spikes, calcium, membrane potentials."""

from typing import TYPE_CHECKING, Any

import numpy as np

from distsp.base.arrays import Array, Ints
from distsp.recorders import Multimeter
from distsp.results.figures.style import (
    COLOURS,
    colours,
    legend,
    line,
    nothing,
    panels,
    styled,
    time_axis,
)
from distsp.results.read import Results
from distsp.results.trains import recorded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CALCIUM = "calcium (a.u.)"

MOST_NEURONS, MOST_SPIKES = 100, 5000
"""Of a raster."""

MOST_TRACES, LONGEST_TRACE = 5, 500.0
"""Membrane potentials below each other, and their last part (ms)."""


@styled
def time_courses(results: Results) -> "Figure":
    """Draw mean calcium with its targets, rates and numbers of synapses over time."""
    if len(results.time) == 0:
        raise nothing("recording yet", "the first one comes after record_interval")
    types = list(results.experiment.synapse_types)
    figure, axes = panels([32.0, 26.0, 26.0][: 3 if types else 2], sharex=True)
    scale, label = time_axis(results.time[-1])
    time, handles = results.time / scale, []
    for name, colour in colours(results).items():
        for target in results.experiment.populations[name].targets:
            axes[0, 0].axhline(target, color=colour, linewidth=3.0, alpha=0.3)
        handles.append(line(axes[0, 0], time, results.calcium[name], color=colour, label=name))
        line(axes[1, 0], time, results.rate[name], color=colour)
    axes[0, 0].set_ylabel("calcium (a.u.)\npale: target")
    axes[1, 0].set_ylabel("mean rate (Hz)")
    for name, colour in zip(types, reversed(COLOURS * len(types)), strict=False):
        counts = results.synapse_counts[name]
        handles.append(line(axes[2, 0], time, counts, color=colour, linestyle="--", label=name))
        axes[2, 0].set_ylabel("number of\nsynapses")
    for one in axes[:, 0]:
        one.set_ylim(bottom=0.0)
    axes[-1, 0].set_xlabel(label)
    if len(time) > 1:
        axes[-1, 0].set_xlim(0.0, time[-1])
    figure.align_ylabels()
    legend(figure, handles)
    return figure


@styled
def raster(
    results: Results, neurons: Any = None, start: float | None = None, stop: float | None = None
) -> "Figure":
    """Draw recorded spikes of up to 100 neurons, and the mean rates of all that were recorded.

    Parameters
    ----------
    results : Results
    neurons : str or dict, or a list of these, optional
        As for `Results.matrix`; all that were recorded if not given.
    start, stop : float, optional
        Time that is drawn (ms); the last part, of up to 5,000 of these spikes, if not given.
    """
    time, ids, known = _spikes(results, results.ids(neurons))
    chosen = known[np.linspace(0, len(known) - 1, min(len(known), MOST_NEURONS)).astype(int)]
    stop = results.until if stop is None else stop
    drawn = np.isin(ids, chosen) & (time <= stop)
    if start is None:
        start = float(time[drawn][-MOST_SPIKES]) if drawn.sum() > MOST_SPIKES else 0.0
    drawn &= time >= start
    figure, axes = panels([45.0, 22.0], sharex=True)
    scale, label = time_axis(stop)
    edges = np.linspace(start, stop, int(np.clip(stop - start, 1, 100)) + 1)
    ticks, names, handles = [], [], []
    for name, colour in colours(results).items():
        of = results.ids(name)
        mine = chosen[np.isin(chosen, of)]
        n_known = int(np.isin(known, of).sum())
        if n_known == 0:
            continue
        here = drawn & np.isin(ids, mine)
        rows = np.searchsorted(chosen, ids[here])
        axes[0, 0].plot(time[here] / scale, rows, "|", color=colour, markersize=1.5)
        counts, _ = np.histogram(time[np.isin(ids, of)], edges)
        rate = counts / (n_known * np.diff(edges) / 1000.0)
        handles.append(
            axes[1, 0].stairs(rate, edges / scale, baseline=None, color=colour, label=name)
        )
        if len(mine):
            ticks.append(float(np.searchsorted(chosen, mine).mean()))
            names.append(f"{name}\n{len(mine)} of {len(of)}")
    axes[0, 0].set_yticks(ticks, names)
    axes[0, 0].tick_params(axis="y", length=0)
    axes[0, 0].set_ylim(-1, len(chosen))
    axes[0, 0].set_ylabel("neurons")
    axes[1, 0].set_ylabel("mean rate (Hz)")
    axes[1, 0].set_ylim(bottom=0.0)
    axes[1, 0].set_xlabel(label)
    axes[1, 0].set_xlim(start / scale, stop / scale)
    legend(figure, handles)
    return figure


def _spikes(results: Results, wanted: Ints) -> tuple[Array, Ints, Ints]:
    """Return times and ids of the spikes of neurons, each once, and which were recorded."""
    found = recorded(results)
    known = [np.intersect1d(one.neurons, wanted) for one in found]
    if not sum(map(len, known)):
        raise nothing("spikes of these neurons", "record_spikes = true or a spike_recorder has")
    pairs = np.concatenate([np.stack([one.time, one.id], axis=1) for one in found])
    pairs = np.unique(pairs[np.isin(pairs[:, 1], wanted)], axis=0)
    return pairs[:, 0], pairs[:, 1].astype(np.int64), np.unique(np.concatenate(known))


@styled
def calcium(results: Results) -> "Figure":
    """Draw how the calcium of the neurons lies around the targets at the end."""
    results.require_end()
    names = list(results.experiment.populations)
    figure, axes = panels([28.0] * len(names))
    for name, one in zip(names, axes[:, 0], strict=True):
        values, colour = results.neurons[name]["calcium"], colours(results)[name]
        targets = results.experiment.populations[name].targets
        low, high = min([values.min(), *targets]), max([values.max(), *targets])
        room = 0.05 * (high - low) or 0.05 * high or 1.0
        span = max(low - room, 0.0), high + room
        one.hist(values, 40, range=span, color=colour, label=name)
        for target in targets:
            one.axvline(target, color="black", linestyle="--", label="target")
        one.set_ylabel("number of\nneurons")
        one.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)
        one.set_xlabel(f"{CALCIUM} at the end")
    figure.align_ylabels()
    return figure


@styled
def traces(results: Results) -> "Figure":
    """Draw membrane potentials of up to 5 neurons that a multimeter has read, their last part."""
    found = [
        (results.recorders[name], column)
        for name, recorder in results.experiment.recorders.items()
        if isinstance(recorder, Multimeter) and "V_m" in recorder.variables
        for column in range(len(results.recorders.get(name, {}).get("id", ())))
        if len(results.recorders[name]["time"])
    ][:MOST_TRACES]
    if not found:
        raise nothing("membrane potentials", 'a multimeter with the variable "V_m" reads them')
    until = max(read["time"][-1] for read, _ in found)
    scale, label = time_axis(until)
    figure, axes = panels([14.0] * len(found), sharex=True)
    for (read, column), one in zip(found, axes[:, 0], strict=True):
        last = read["time"] >= until - LONGEST_TRACE
        neuron = int(read["id"][column])
        name = results.population_of(neuron)
        colour = colours(results)[name]
        line(one, read["time"][last] / scale, read["V_m"][last, column], color=colour)
        one.set_title(f"{name}, neuron {neuron}", loc="right", pad=2.0)
    figure.supylabel("membrane potential V_m (mV)", fontsize=8.0)
    axes[-1, 0].set_xlabel(label)
    return figure
