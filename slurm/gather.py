"""Put the results of many runs into one table and one figure.

`python slurm/gather.py results-17/{1..8} --output table.csv` writes `table.csv` and `table.png`.
Name every run, as the shell does for `{1..8}`, so that those without results are noticed.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from distsp import load_results
from distsp.base.errors import InputError, WriteError
from distsp.base.files import replacing
from distsp.results.figures.published import COLOURS
from distsp.results.quantities import H5
from distsp.results.read import Results

Row = dict[str, Any]

INCOMPLETE = 1
"""Exit code if some runs are missing or have not ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="gather.py",
        description="Put the results of many runs into a table (CSV) and a figure (PNG).",
        allow_abbrev=False,
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", type=Path, help="a folder of results")
    parser.add_argument(
        "--output", required=True, metavar="TABLE.csv", type=Path, help="the figure is beside it"
    )
    options = parser.parse_args(arguments)
    runs = [*dict.fromkeys(options.runs)]
    try:
        if options.output.suffix != ".csv":
            raise InputError.at("--output", str(options.output), "must end in .csv")
        found = {run: load_results(run) for run in runs if _has_results(run)}
        ended = {run: results for run, results in found.items() if results.ended}
        if not ended:
            raise InputError.at("RUN", ", ".join(map(str, runs)), "must have a run that has ended")
        _check_alike(ended)
        varied = varying(found)
        figure = options.output.with_suffix(".png")
        try:
            write_table(options.output, [row(run, found, varied) for run in runs])
            plot(figure, ended, varied)
        except WriteError as error:
            raise InputError(f"--output: {error}") from None
    except InputError as error:
        print(f"gather: {error}", file=sys.stderr)
        return 2
    print(f"written      {options.output}, {figure}: {len(ended)} of {len(runs)} runs")
    for run in runs:
        if run not in ended:
            print(f"gather: {run}: {_state(run, found)}", file=sys.stderr)
    return 0 if len(ended) == len(runs) else INCOMPLETE


def varying(found: Mapping[Path, Results]) -> dict[str, dict[Path, Any]]:
    """Return what differs between the experiments: the values of all runs by path, as of --set."""
    flat = {run: dict(_flat(results.experiment.model_dump())) for run, results in found.items()}
    paths = dict.fromkeys(chain.from_iterable(flat.values()))
    values = {path: {run: flat[run].get(path) for run in flat} for path in paths}
    return {
        path: by_run
        for path, by_run in values.items()
        if any(value != next(iter(by_run.values())) for value in by_run.values())
    }


def row(run: Path, found: Mapping[Path, Results], varied: Mapping[str, Mapping[Path, Any]]) -> Row:
    """Return a line of the table: the last recording of a run, if the run has ended."""
    values: Row = {"run": str(run), "state": _state(run, found)}
    if run not in found:
        return values
    results = found[run]
    values |= {path: by_run[run] for path, by_run in varied.items()}
    if len(results.time) == 0:
        return values
    values["time (ms)"] = results.time[-1]
    if results.ended:
        values |= {f"calcium/{name}": series[-1] for name, series in results.calcium.items()}
        values |= {f"rate/{name} (Hz)": series[-1] for name, series in results.rate.items()}
        counts = results.synapse_counts
        values |= {f"synapses/{name}": series[-1] for name, series in counts.items()}
    return values


def write_table(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows as CSV; what a run does not have stays empty."""
    fullest: Row = max(rows, key=lambda values: len(values))
    columns = [*dict.fromkeys(chain(fullest, *rows))]
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def plot(
    path: Path, ended: Mapping[Path, Results], varied: Mapping[str, Mapping[Path, Any]]
) -> None:
    """Draw mean calcium, rates and numbers of synapses of the runs that have ended.

    If one number other than the seed was varied, the last recordings are drawn against it; else
    all recordings over time, and their mean.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 9.0), layout="constrained")
    panels = figure.subplots(3, sharex=True)
    runs = [*ended.values()]
    against = _parameter(ended, varied)
    quantities = {
        "mean calcium concentration": [results.calcium for results in runs],
        "mean firing rate (Hz)": [results.rate for results in runs],
        "number of synapses": [results.synapse_counts for results in runs],
    }
    for axes, (title, series) in zip(panels, quantities.items(), strict=True):
        for i, name in enumerate(series[0]):
            colour = COLOURS.get(name, f"C{i + 2}")
            each = [by_name[name] for by_name in series]
            if against is None:
                _over_time(axes, [results.time / 1000.0 for results in runs], each, name, colour)
            else:
                _against(axes, against[1], [values[-1] for values in each], name, colour)
        axes.set_ylabel(title)
        axes.set_ylim(bottom=0.0)
        if series[0]:
            axes.legend(frameon=False)
    panels[-1].set_xlabel("time (s)" if against is None else against[0])
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150)


def _parameter(
    ended: Mapping[Path, Results], varied: Mapping[str, Mapping[Path, Any]]
) -> tuple[str, list[Any]] | None:
    """Return the one number that was varied besides the seed, and its value in each run."""
    paths = [path for path in varied if path != "seed"]
    if len(paths) != 1 or any(len(results.time) == 0 for results in ended.values()):
        return None
    values = [varied[paths[0]][run] for run in ended]
    return (paths[0], values) if all(isinstance(value, int | float) for value in values) else None


def _over_time(axes: Any, times: Any, each: Sequence[Any], name: str, colour: str) -> None:
    for time, values in zip(times, each, strict=True):
        axes.plot(time, values, color=colour, linewidth=0.5, alpha=0.5)
    label = f"{name}, {len(each)} runs"
    if all(np.array_equal(time, times[0]) for time in times):
        label += " and their mean"
        axes.plot(times[0], np.mean(each, axis=0), color=colour, linewidth=2.0)
    axes.plot([], [], color=colour, label=label)


def _against(axes: Any, x: Sequence[float], y: Sequence[float], name: str, colour: str) -> None:
    places = sorted(set(x))
    means = [np.mean([b for a, b in zip(x, y, strict=True) if a == place]) for place in places]
    axes.plot(x, y, "o", color=colour, label=f"{name}, last recording")
    axes.plot(places, means, color=colour)


def _has_results(run: Path) -> bool:
    return run.is_file() or (run / H5).is_file()


def _state(run: Path, found: Mapping[Path, Results]) -> str:
    if run not in found:
        return "missing"
    return "ended" if found[run].ended else "unfinished"


def _check_alike(runs: Mapping[Path, Results]) -> None:
    """Refuse runs whose values have no common columns."""
    first, *others = runs
    for what in ("populations", "synapse_types"):
        names = [*getattr(runs[first].experiment, what)]
        for other in others:
            these = [*getattr(runs[other].experiment, what)]
            if these != names:
                raise InputError.at(f"{other}: {what}", these, f"must be {names}, as in {first}")


def _flat(values: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value in nested dicts and lists, with its path."""
    if isinstance(values, dict | list) and values:
        items = values.items() if isinstance(values, dict) else enumerate(values)
        for key, value in items:
            yield from _flat(value, f"{where}.{key}" if where else str(key))
    else:
        yield where, values


if __name__ == "__main__":
    sys.exit(main())
