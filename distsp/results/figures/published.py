"""The figure that every run leaves: mean calcium and number of synapses over time."""

from itertools import cycle
from pathlib import Path
from typing import Any

from distsp.results.figures.style import drawing, save
from distsp.results.read import Results

COLOURS = {"E": "tab:blue", "I": "tab:red"}
OTHER_COLOURS = ("tab:green", "tab:orange", "tab:purple", "tab:brown", "tab:cyan", "tab:olive")

PALE = 0.7
"""How far a target's colour is from the population's to white; EPS knows no transparency."""


def plot_structural_plasticity(results: Results, *paths: Path) -> None:
    """Draw mean calcium with its targets, and the number of synapses, over time.

    Without plastic synapses the figure shows the rates.

    Parameters
    ----------
    results : Results
    *paths : Path
        Where to; the suffixes say in which formats: png, pdf or eps.

    Raises
    ------
    FigureError
        If Matplotlib cannot draw it.
    WriteError
    """
    with drawing():
        _plot(results, paths)


def _plot(results: Results, paths: tuple[Path, ...]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 5.0), layout="constrained")
    axes = figure.add_subplot()
    if any(synapse_type.plastic for synapse_type in results.experiment.synapse_types.values()):
        lines = _draw_calcium(axes, results) + _draw_synapses(axes.twinx(), results)
    else:
        lines = _draw_rates(axes, results)
    axes.set_xlabel("time (s)")
    if len(results.time) > 1:
        axes.set_xlim(0.0, results.time[-1] / 1000.0)
    figure.legend(handles=lines, loc="outside upper center", ncols=2, frameon=False)
    save(figure, *paths, dpi=150)


def _draw_calcium(axes: Any, results: Results) -> list[Any]:
    lines = []
    for name, colour in _colours(results).items():
        targets = results.experiment.populations[name].targets
        for target in targets:
            axes.axhline(target, color=_pale(colour), linewidth=6.0)
        label = f"calcium of {name} (pale: target)" if targets else f"calcium of {name}"
        lines += _line(axes, results, results.calcium[name], label, color=colour)
    axes.set_ylabel("mean calcium concentration")
    axes.set_ylim(bottom=0.0)
    return lines


def _draw_synapses(axes: Any, results: Results) -> list[Any]:
    lines = []
    dashes = {True: cycle(("--", "-.", ":")), False: cycle(("--", "-.", ":"))}
    for name, synapse_type in results.experiment.synapse_types.items():
        if not synapse_type.plastic:
            continue
        excitatory = synapse_type.mean_weight > 0
        kind, colour = ("excitatory", "magenta") if excitatory else ("inhibitory", "black")
        style = {"color": colour, "linestyle": next(dashes[excitatory])}
        label = f"{kind} synapses ({name})"
        lines += _line(axes, results, results.synapse_counts[name], label, **style)
    axes.set_ylabel("number of synapses")
    axes.set_ylim(bottom=0.0)
    return lines


def _draw_rates(axes: Any, results: Results) -> list[Any]:
    lines = []
    for name, colour in _colours(results).items():
        lines += _line(axes, results, results.rate[name], f"rate of {name}", color=colour)
    axes.set_ylabel("mean firing rate (Hz)")
    axes.set_ylim(bottom=0.0)
    return lines


def _line(axes: Any, results: Results, values: Any, label: str, **style: str) -> list[Any]:
    marker = "o" if len(values) == 1 else None
    return axes.plot(results.time / 1000.0, values, label=label, marker=marker, **style)


def _colours(results: Results) -> dict[str, str]:
    others = cycle(OTHER_COLOURS)
    return {name: COLOURS.get(name) or next(others) for name in results.calcium}


def _pale(colour: str) -> tuple[float, ...]:
    from matplotlib.colors import to_rgb

    return tuple(part + PALE * (1.0 - part) for part in to_rgb(colour))
