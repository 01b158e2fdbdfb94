"""Figures of how neurons are connected: between groups, between neurons, degrees, changes."""

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from distsp.base.arrays import Floats
from distsp.recorders import StructuralUpdates, SynapseCounts
from distsp.results.figures.style import (
    COLOURS,
    DASHES,
    SHADES,
    colours,
    legend,
    line,
    nothing,
    panels,
    styled,
    time_axis,
)
from distsp.results.read import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_PIXELS = 250
"""Of a matrix in each direction; where there are more neurons, a pixel is a block of them."""

MOST_TYPES = 4
"""Synapse types in a figure."""


@styled
def groups(results: Results) -> "Figure":
    """Draw the numbers of synapses between groups over time: a panel for each synapse type."""
    found = [
        results.recorders[name]
        for name, one in results.experiment.recorders.items()
        if isinstance(one, SynapseCounts) and len(results.recorders.get(name, {}).get("time", ()))
    ]
    if not found:
        raise nothing("numbers of synapses between groups", "a recorder synapse_counts counts them")
    (read, *_) = found
    counts = _present(read.get("counts", {}))
    figure, axes = panels([38.0] * len(counts), sharex=True)
    scale, label = time_axis(read["time"][-1])
    time, handles = read["time"] / scale, []
    for (name, values), one in zip(counts.items(), axes[:, 0], strict=True):
        for i, (source, colour) in enumerate(zip(read["sources"], cycle(COLOURS), strict=False)):
            for j, (target, dash) in enumerate(zip(read["targets"], cycle(DASHES), strict=False)):
                text, style = f"{source} → {target}", {"color": colour, "linestyle": dash}
                drawn = line(one, time, values[:, i, j], label=text, **style)
                handles += [drawn] if one is axes[0, 0] else []
        one.set_title(name, loc="right", pad=2.0)
        one.set_ylabel("number of synapses")
        one.set_ylim(bottom=0.0)
    axes[-1, 0].set_xlabel(label)
    legend(figure, handles, columns=2 if max(len(h.get_label()) for h in handles) > 14 else 3)
    return figure


def _present(by_type: dict[str, Any]) -> dict[str, Any]:
    """Return what there is of the first types that have any synapses; of the first if none has."""
    some = {name: values for name, values in by_type.items() if np.any(values)}
    return dict(list((some or by_type).items())[: MOST_TYPES if some else 1])


def _types(results: Results) -> list[str]:
    """Return the synapse types that are worth a panel."""
    if not results.experiment.synapse_types:
        raise nothing("synapses", "the network has no synapse types")
    return list(_present(results.n_synapses))


@styled
def matrix(results: Results, at: float | None = None) -> "Figure":
    """Draw the numbers of synapses between neurons: a panel for each synapse type.

    Parameters
    ----------
    results : Results
    at : float, optional
        Time of a snapshot (ms); the end if not given.
    """
    names = _types(results)
    figure, axes = panels([70.0] * len(names))
    for name, one in zip(names, axes[:, 0], strict=True):
        shown = draw_matrix(one, results, blocks(results, name, at))
        one.set_title(name, loc="right", pad=3.0)
        figure.colorbar(shown, ax=one, label="synapses per pair of neurons", shrink=0.8)
    return figure


def blocks(results: Results, synapse: str, at: float | None) -> Floats:
    """Return the mean number of synapses per pair in blocks of neurons, no more than are drawn."""
    width = -(-results.n_neurons // MOST_PIXELS)
    n_blocks = -(-results.n_neurons // width)
    entries = results.matrix(synapse, at=at).tocoo()
    source, target = entries.coords
    place = source.astype(np.int64) // width * n_blocks + target // width
    sums = np.bincount(place, entries.data, minlength=n_blocks**2)
    sizes = np.bincount(np.arange(results.n_neurons) // width)
    return sums.reshape(n_blocks, n_blocks) / np.outer(sizes, sizes)


def draw_matrix(axes: Any, results: Results, values: Floats, most: float | None = None) -> Any:
    """Draw a matrix of all neurons with the populations at its sides; return the image."""
    n, ends = results.n_neurons, 0
    most = most or values.max() or 1.0
    shown = axes.imshow(
        values,
        cmap=SHADES,
        vmin=0.0,
        vmax=most,
        extent=(0, n, n, 0),
        interpolation="nearest",
    )
    middles = []
    for population in results.experiment.populations.values():
        middles.append(ends + population.size / 2)
        ends += population.size
        if ends < n:
            axes.axhline(ends, color=COLOURS[1], linewidth=0.5)
            axes.axvline(ends, color=COLOURS[1], linewidth=0.5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(middles, list(results.experiment.populations))
        axis.set_tick_params(length=0)
    axes.set_xlabel("target neuron, by population")
    axes.set_ylabel("source neuron, by population")
    return shown


@styled
def degrees(results: Results) -> "Figure":
    """Draw the distributions of in- and out-degrees at the end: a row for each synapse type."""
    names = _types(results)
    figure, axes = panels([32.0] * len(names), columns=2)
    handles: dict[str, Any] = {}
    for name, row in zip(names, axes, strict=True):
        counts = results.matrix(name)
        for axis, what, one in ((0, "in-degree", row[0]), (1, "out-degree", row[1])):
            degree = np.asarray(counts.sum(axis=axis)).ravel()
            width = max(1, -(-int(degree.max(initial=0) + 1) // 40))
            edges = np.arange(0, degree.max(initial=0) + 2 * width, width) - 0.5
            for population, colour in colours(results).items():
                values = degree[results.ids(population)]
                if not values.any() and degree.any():
                    continue  # synapses of this type have no end here
                numbers, _ = np.histogram(values, edges)
                style = {"color": colour, "label": population}
                handles[population] = one.stairs(numbers, edges, **style)
            one.set_xlabel(f"{what}\n(number of synapses)")
            one.xaxis.get_major_locator().set_params(integer=True)
            one.set_ylim(bottom=0.0)
            one.set_ylabel("number of\nneurons")
        row[1].set_title(name, loc="right", pad=2.0)
    legend(figure, list(handles.values()))
    return figure


@styled
def updates(results: Results) -> "Figure":
    """Draw what each structural update has made and broken, and how many elements were vacant."""
    found = [
        results.recorders[name]
        for name, one in results.experiment.recorders.items()
        if isinstance(one, StructuralUpdates) and "made" in results.recorders.get(name, {})
    ]
    if not found:
        how = "a recorder structural_updates notes them in a plastic network"
        raise nothing("structural updates", how)
    (read, *_) = found
    sums = {
        name: [sum(read[kind][name].values()) for kind in ("made", "broken")]
        for name in read["made"]
    }
    shown = _present(sums)
    figure, axes = panels([30.0] * len(shown) + [30.0], sharex=True)
    scale, label = time_axis(read["time"][-1])
    time = read["time"] / scale
    width = 0.8 * (np.diff(time).min() if len(time) > 1 else 1.0)
    for (name, (made, broken)), one in zip(shown.items(), axes[:, 0], strict=False):
        bars = [
            one.bar(time, made, width, color=COLOURS[0], label="made"),
            one.bar(time, -broken, width, color=COLOURS[1], label="broken"),
        ]
        one.axhline(0.0, color="black", linewidth=0.6)
        one.set_title(name, loc="right", pad=2.0)
        one.set_ylabel("synapses\nper update")
    handles: list[Any] = bars
    dashes = dict(zip(_elements(read), cycle(DASHES), strict=False))
    for population, elements in read.get("vacant", {}).items():
        for element, numbers in elements.items():
            style = {"color": colours(results)[population], "linestyle": dashes[element]}
            text = f"{population}, {element}"
            handles.append(line(axes[-1, 0], time, numbers, label=text, **style))
    axes[-1, 0].set_ylabel("vacant\nelements")
    axes[-1, 0].set_ylim(bottom=0.0)
    axes[-1, 0].set_xlabel(label)
    figure.align_ylabels()
    legend(figure, handles)
    return figure


def _elements(read: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(e for elements in read.get("vacant", {}).values() for e in elements))
