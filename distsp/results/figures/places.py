"""Figures of where neurons are: a map of them, and how far their synapses reach."""

from typing import TYPE_CHECKING, Any

import numpy as np

from distsp.base.arrays import Array, Floats, Ints
from distsp.network.positions import Positions
from distsp.results.figures.style import COLOURS, legend, nothing, panels, styled
from distsp.results.figures.wiring import MOST_TYPES
from distsp.results.read import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKERS = ("o", "^", "s", "D")
"""Of populations."""

CHOSEN = 3
"""Neurons of each synapse type whose synapses are drawn, if the user names none."""

MOST_PAIRS = 200_000
"""Pairs of neurons, and synapses, that a distribution is made of."""

BINS = 30


def _placed(results: Results) -> dict[str, Positions]:
    """Return the positions of the populations that have any."""
    tables = results.experiment.populations.items()
    found = {name: table.positions for name, table in tables if table.positions is not None}
    if not found:
        raise nothing("positions", "positions of a population say where its neurons are")
    return found


def _points(results: Results) -> Floats:
    """Return where all neurons are, by their ids: (n, 3), no numbers where they have no place."""
    points = np.full((results.n_neurons, 3), np.nan)
    for name in _placed(results):
        rows = results.neurons[name]["position"]
        ids = results.ids(name)
        points[ids], points[ids, : rows.shape[1]] = 0.0, rows
    return points


def _apart(results: Results, points: Floats, sources: Ints, targets: Ints) -> Floats:
    """Return the way from sources to targets, the shorter one where edges are periodic."""
    way = points[targets] - points[sources]
    first = next(iter(_placed(results).values()))
    if first.periodic and first.extent is not None:
        period = np.array([*first.extent, np.inf][:3])
        inside = np.isfinite(period)
        way[:, inside] -= period[inside] * np.rint(way[:, inside] / period[inside])
    return way


@styled
def network_map(results: Results, neurons: Any = None) -> "Figure":
    """Draw neurons at their places, coloured by calcium, and the synapses of some of them.

    Parameters
    ----------
    results : Results
    neurons : str or dict, or a list of these, optional
        Those whose outgoing synapses are drawn; a few of each type if not given.
    """
    placed, points = _placed(results), _points(results)
    calcium = np.concatenate([results.neurons[name]["calcium"] for name in placed])
    figure, axes = panels([74.0])
    one, handles = axes[0, 0], []
    size = float(np.clip(8000.0 / len(calcium), 2.0, 25.0))
    for (name, marker), begin in zip(
        zip(placed, MARKERS * len(placed), strict=False), _begins(results, placed), strict=True
    ):
        rows = points[results.ids(name)]
        shown = one.scatter(
            *rows[:, :2].T,
            c=calcium[begin : begin + len(rows)],
            **{"s": size, "marker": marker, "cmap": "viridis", "linewidths": 0.0, "label": name},
            vmin=calcium.min(),
            vmax=max(calcium.max(), calcium.min() + 1e-12),
        )
        handles.append(shown)
    chosen = None if neurons is None else results.ids(neurons)
    for (name, table), colour in zip(
        list(results.synapses.items())[:MOST_TYPES], COLOURS[1:], strict=False
    ):
        there = ~np.isnan(points[table["source"], 0]) & ~np.isnan(points[table["target"], 0])
        sources, targets = table["source"][there], table["target"][there]
        some = _some(np.unique(sources)) if chosen is None else chosen
        kept = np.isin(sources, some)
        way = _apart(results, points, sources[kept], targets[kept])
        begins = points[sources[kept]]
        ends = begins + way
        lines = np.stack([begins[:, :2], ends[:, :2]])
        style = {"color": colour, "linewidth": 0.8, "alpha": 0.8}
        drawn = one.plot(lines[:, :, 0], lines[:, :, 1], **style)
        if drawn:
            drawn[0].set_label(f"{name} of {len(np.unique(sources[kept]))} neurons")
            handles.append(drawn[0])
    _frame(one, placed, points)
    figure.colorbar(shown, ax=one, label="calcium (a.u.)", shrink=0.8)
    legend(figure, handles, columns=2)
    return figure


def _begins(results: Results, placed: dict[str, Positions]) -> list[int]:
    """Return where each population begins among those that have positions."""
    sizes = [results.experiment.populations[name].size for name in placed]
    return np.cumsum([0, *sizes[:-1]]).tolist()


def _some(ids: Ints) -> Ints:
    """Return a few of the neurons, evenly spread over the list."""
    places = (np.arange(CHOSEN) + 0.5) * len(ids) / CHOSEN
    return np.unique(ids[places.astype(np.int64)]) if len(ids) else ids


def _frame(axes: Any, placed: dict[str, Positions], points: Floats) -> None:
    """Let the axes end where the extent does, or where the neurons do."""
    ends = [one.extent for one in placed.values() if one.extent is not None]
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    for axis, set_limits in enumerate((axes.set_xlim, axes.set_ylim)):
        begin, end = low[axis], high[axis]
        if ends:
            begin, end = min(0.0, begin), max(end, *(extent[axis] for extent in ends))
        margin = 0.02 * (end - begin) or 1.0
        set_limits(begin - margin, end + margin)
    axes.set_aspect("equal")
    axes.set_xlabel("x (unit of length)")
    axes.set_ylabel("y (unit of length)")


@styled
def distances(results: Results) -> "Figure":
    """Draw how long synapses are, at the first snapshot and at the end, beside the kernel.

    What the kernel says is the distribution over all pairs of neurons, weighted with it.
    """
    points = _points(results)
    types = [name for name, table in results.synapses.items() if len(table["source"])][:MOST_TYPES]
    if not types:
        raise nothing("synapses", "there are none at the end")
    figure, axes = panels([38.0] * len(types))
    handles: dict[str, Any] = {}
    for name, one in zip(types, axes[:, 0], strict=True):
        at_end = _lengths(results, points, results.synapses[name])
        if len(at_end) == 0:
            raise nothing("synapses between neurons with positions", "their ends have none")
        pairs = _lengths_of_pairs(results, points, name)
        edges = np.linspace(0.0, max(at_end.max(), 1e-12), BINS + 1)
        kernel = results.experiment.synapse_types[name].kernel
        shares: list[tuple[str, Floats, Floats | None, dict[str, Any]]] = []
        shares.append(("all pairs", pairs, None, {"color": "0.7", "linewidth": 2.0}))
        if kernel is not None:
            style = {"color": "0.4", "linewidth": 2.0, "linestyle": "--"}
            shares.append(("all pairs by the kernel", pairs, kernel.values(pairs), style))
        for time in results.snapshots(name)[:1]:
            before = _lengths(results, points, results.snapshot(name, time))
            label = "synapses, first snapshot"
            shares.append((label, before, None, {"color": COLOURS[1]}))
        shares.append(("synapses at the end", at_end, None, {"color": COLOURS[0]}))
        for label, lengths, weights, style in shares:
            numbers, _ = np.histogram(lengths, edges, weights=weights)
            if (total := numbers.sum()) > 0:
                density = numbers / total / np.diff(edges)
                handles[label] = one.stairs(density, edges, label=label, **style)
        one.set_title(name, loc="right", pad=2.0)
        one.set_ylabel("share per\nunit of length")
        one.set_ylim(bottom=0.0)
        one.set_xlim(0.0, edges[-1])
        one.set_xlabel("distance (unit of length)")
    legend(figure, list(handles.values()), columns=2)
    return figure


def _lengths(results: Results, points: Floats, table: dict[str, Array]) -> Floats:
    """Return how far apart the ends of synapses are, of some where there are many."""
    step = -(-len(table["source"]) // MOST_PAIRS) or 1
    way = _apart(results, points, table["source"][::step], table["target"][::step])
    lengths = np.sqrt((way**2).sum(axis=1))
    return lengths[~np.isnan(lengths)]


def _lengths_of_pairs(results: Results, points: Floats, synapse: str) -> Floats:
    """Return how far apart pairs of neurons are that a type could connect, of some pairs."""
    table = results.synapses[synapse]
    sources, targets = np.unique(table["source"]), np.unique(table["target"])
    each = max(int(np.sqrt(MOST_PAIRS)), 1)
    sources = sources[:: -(-len(sources) // each)]
    targets = targets[:: -(-len(targets) // each)]
    pairs = np.stack([np.repeat(sources, len(targets)), np.tile(targets, len(sources))])
    if not results.experiment.synapse_types[synapse].allow_autapses:
        pairs = pairs[:, pairs[0] != pairs[1]]
    return _lengths(results, points, {"source": pairs[0], "target": pairs[1]})
