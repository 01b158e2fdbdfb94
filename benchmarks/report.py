"""What a suite of measurements leaves behind: a table, a figure per question, the raw numbers."""

import csv
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from distsp.parallel.ranks import Ranks

PHASES = ("neurons", "delivery", "exchange", "update", "recording")

COLOURS = dict(
    zip(PHASES, ("tab:blue", "tab:orange", "tab:red", "tab:green", "tab:gray"), strict=True)
)


@dataclass
class Row:
    """A measured number, beside what was hoped for and what NEST needs for the same."""

    what: str
    value: float
    unit: str
    ranks: int = 1
    goal: float | None = None
    at_least: bool = False
    """Whether the goal is a lower bound."""
    nest: float | None = None
    """In the same unit."""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def cells(self) -> list[str]:
        """Return the row as texts, in order of `HEADER`."""
        goal = "" if self.goal is None else f"{'≥' if self.at_least else '≤'} {number(self.goal)}"
        missed = " (missed)" if self.met is False else ""
        nest = ratio = ""
        if self.nest is not None:
            nest, ratio = number(self.nest), number(self.nest / self.value)
        return [
            self.what,
            str(self.ranks),
            number(self.value),
            self.unit,
            goal + missed,
            nest,
            ratio,
        ]


HEADER = ["what", "ranks", "distsp", "unit", "goal", "NEST", "NEST / distsp"]


@dataclass
class Panel:
    """A part of a figure."""

    x: str
    y: str
    lines: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """x and y by label."""
    log: str = ""
    """Which axes are logarithmic: "", "x", "y" or "xy"."""
    style: str = "o-"
    bars: dict[str, dict[str, float]] = field(default_factory=dict)
    """For a stacked bar per label: its parts (%)."""
    level: tuple[str, float] | None = None
    """A horizontal line for comparison, and its label."""
    diagonal: bool = False
    """Whether y = x is drawn for comparison."""
    title: str = ""
    from_zero: bool = False
    """Whether the y axis begins at 0."""

    def draw(self, axes: Axes) -> None:
        """Draw it."""
        if self.bars:
            self._draw_bars(axes)
            return
        for label, (x, y) in self.lines.items():
            axes.plot(x, y, self.style, label=label)
        if self.diagonal:
            ends = [1, max(max(x) for x, _ in self.lines.values())]
            axes.plot(ends, ends, ":", color="gray", label="ideal")
        if self.level is not None:
            axes.axhline(self.level[1], linestyle=":", color="gray", label=self.level[0])
        axes.set(xlabel=self.x, ylabel=self.y, title=self.title)
        if "x" in self.log:
            axes.set_xscale("log")
        if "y" in self.log:
            axes.set_yscale("log")
        if self.from_zero:
            axes.set_ylim(bottom=0.0)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)

    def _draw_bars(self, axes: Axes) -> None:
        places = np.arange(len(self.bars))
        bottom = np.zeros(len(self.bars))
        for part in dict.fromkeys(part for parts in self.bars.values() for part in parts):
            width = np.array([parts.get(part, 0.0) for parts in self.bars.values()])
            axes.barh(places, width, left=bottom, label=part, color=COLOURS.get(part))
            bottom += width
        axes.set_yticks(places, list(self.bars))
        axes.invert_yaxis()
        axes.set(xlabel=self.x, ylabel=self.y, xlim=(0.0, 100.0))
        axes.get_figure().legend(loc="outside lower center", ncols=len(PHASES), frameon=False)


@dataclass
class Answer:
    """What a question has brought to light."""

    title: str
    rows: list[Row]
    panels: list[Panel]
    note: str = ""

    def draw(self, path: Path) -> None:
        """Draw the figure."""
        figure = Figure(
            figsize=(6.4 * len(self.panels) + 1.2 * bool(self.panels[0].bars), 4.2),
            layout="constrained",
        )
        for axes, panel in zip(
            figure.subplots(1, len(self.panels), squeeze=False)[0], self.panels, strict=True
        ):
            panel.draw(axes)
        figure.suptitle(self.title)
        figure.savefig(path, dpi=110)


def shares(measured: dict[str, list[float]]) -> dict[str, float]:
    """Return the share of each phase (%), as the mean over the ranks."""
    total = {name: float(np.mean(measured[name])) for name in PHASES}
    return {name: 100.0 * value / sum(total.values()) for name, value in total.items()}


def write(answers: dict[str, Answer], facts: dict[str, str], folder: Path) -> None:
    """Write `results.md`, `results.csv`, `results.json` and a figure per answer."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# Measured", "", *(f"- {name}: {value}" for name, value in facts.items()), ""]
    for name, answer in answers.items():
        lines += [f"## {answer.title}", "", *table(answer.rows), ""]
        lines += [answer.note, ""] if answer.note else []
        if answer.panels:
            answer.draw(folder / f"{name}.png")
            lines += [f"![{answer.title}]({name}.png)", ""]
    (folder / "results.md").write_text("\n".join(lines))
    with (folder / "results.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["question", *HEADER])
        for name, answer in answers.items():
            writer.writerows([name, *row.cells()] for row in answer.rows)
    everything = {"facts": facts, "answers": {n: asdict(a) for n, a in answers.items()}}
    (folder / "results.json").write_text(json.dumps(everything, indent=1, default=list))


def table(rows: Iterable[Row]) -> list[str]:
    """Return the rows as a Markdown table, without the columns that are empty."""
    cells = [HEADER, *(row.cells() for row in rows)]
    kept = [k for k in range(len(HEADER)) if any(row[k] for row in cells[1:])]
    lines = ["| " + " | ".join(row[k] for k in kept) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("---" if k in (0, 3) else "---:" for k in kept) + "|")
    return lines


def number(value: float) -> str:
    """Return three significant digits, with commas where they help."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    if abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:#.3g}".rstrip(".") if abs(value) >= 1e-3 else f"{value:.2e}"


def facts(nest_version: str) -> dict[str, str]:
    """Return what the numbers depend on."""
    names = ("distsp", "numpy", "numba", "mpi4py", "numba-mpi")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    return {
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "versions": f"Python {platform.python_version()}, {packages}",
        "MPI library": Ranks.world().library,
        "NEST": nest_version or "not there",
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
