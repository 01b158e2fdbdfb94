"""The command line: `python -m distsp.run`, alone or under mpirun.

Rank 0 reads the arguments and checks everything before the run; the others wait for its word, so
that a wrong input is told once and ends all ranks.
"""

import argparse
import logging
import os
import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from tqdm import tqdm

from distsp.base.errors import InputError, WriteError, meant, tell
from distsp.base.lock import FolderLock
from distsp.base.time_grid import whole_steps
from distsp.checkpoint import folder as checkpoint
from distsp.cli import claim
from distsp.cli.stops import STOPPED, Schedule, Signals, checkpoints, simulate
from distsp.cli.streams import open_streams, say
from distsp.engine.memory import check_memory
from distsp.engine.simulation import Simulation
from distsp.experiment.experiment import Experiment, bundled_names, list_bundled
from distsp.parallel.ranks import INTERRUPTED, Ranks, launched_rank
from distsp.results.figures import FORMATS, FigureError, plot_structural_plasticity
from distsp.results.own import is_own
from distsp.results.quantities import CSV, H5
from distsp.results.read import Results, load_results
from distsp.results.sonata import remove_sonata, write_sonata
from distsp.results.write import write_results

DEFAULT = "structural_plasticity"
"""The experiment that is run if none is named."""

DRAWN = ("png", "pdf")
"""Formats of the figure, if none is asked for."""

SILENCE = 30.0
"""Seconds without a line of progress, at most, where there is no terminal for a bar."""


@dataclass(frozen=True)
class Job:
    """What the arguments ask for."""

    experiment: Experiment
    folder: Path
    formats: tuple[str, ...]
    quiet: bool
    sonata: bool
    resumed: bool
    schedule: Schedule
    reached: float
    """Time (ms) up to which there are results already: those of less do not replace them."""

    @property
    def figures(self) -> list[Path]:
        """Where the figures will be."""
        return figures_in(self.folder, self.formats)


def figures_in(folder: Path, formats: Iterable[str]) -> list[Path]:
    """Return where figures of some formats are in a folder of results."""
    return [folder / f"figure.{suffix}" for suffix in formats]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command on this rank and return its exit code."""
    open_streams()
    with Signals() as signals:
        try:
            ranks = Ranks.world()
            signals.listen(ranks)
        except InputError as error:  # the processes cannot talk to each other
            return _complain(error) if launched_rank() == 0 else 2
        try:
            on_host = ranks.on_host()[1]
            with FolderLock() as lock:
                prepared = None
                if ranks.rank == 0:
                    prepared = _prepare(arguments, ranks.size, on_host, lock)
                job = ranks.broadcast(prepared)
                return _run(job, ranks, signals) if isinstance(job, Job) else job
        except BaseException as fault:
            return ranks.fail(fault)


def _prepare(
    arguments: Sequence[str] | None, n_ranks: int, on_host: int, lock: FolderLock
) -> Job | int:
    """Return what is to be run in a folder that is locked, or the exit code if there is nothing."""
    try:
        options = _parser().parse_args(arguments)
        if options.list:
            return say(f"{name:24}{what}" for name, what in list_bundled().items())
        resumed = options.resume is not None
        experiment = _resumed(options, lock) if resumed else _experiment(options)
        if options.show:
            return say([experiment.to_toml().rstrip("\n")])
        check_memory(experiment.build(), n_ranks, on_host)
        schedule = _schedule(options, experiment)
        if options.output == "":
            raise InputError.at("--output", options.output, "must be the name of a folder")
        folder = Path(options.resume or options.output or experiment.name)
        if not resumed:
            claim.lock(folder, "--output", lock)
        formats = () if options.no_figure else dict.fromkeys(options.figure_format or DRAWN)
        figures = figures_in(folder, formats)
        force = options.force
        claim.claim(folder, experiment, figures, options.sonata, force, resumed, lock.left)
        reached = claim.reached(folder) if resumed and not force else 0.0
    except InputError as error:
        lock.close()
        return _complain(error)
    except SystemExit as end:  # argparse has printed the help
        return say([]) or int(end.code or 0)
    return Job(
        experiment,
        folder,
        tuple(formats),
        options.quiet,
        options.sonata,
        resumed,
        schedule,
        reached,
    )


class _Parser(argparse.ArgumentParser):
    """Tells a wrong argument as any other wrong input."""

    def error(self, message: str) -> NoReturn:
        wrong = message.removeprefix("unrecognized arguments: ").split("=")[0].split()
        raise InputError(message + (meant(wrong[0], self._option_string_actions) if wrong else ""))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m distsp.run",
        description="Simulate an experiment and write its results; use mpirun for several ranks.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "experiment",
        nargs="?",
        metavar="EXPERIMENT",
        help=f"a TOML file, or the name of an experiment that --list lists (default: {DEFAULT})",
    )
    add("--list", action="store_true", help="list the experiments that come with distsp")
    add("--show", action="store_true", help="print the complete experiment as TOML; run nothing")
    add("--duration", metavar="MS", help="simulated time (ms)")
    add(
        "--until-settled",
        action="store_true",
        help="end when calcium is at its targets and the number of synapses stays, as the "
        "experiment's table `settled` says",
    )
    add("--seed", metavar="N", help="seed of all random numbers")
    add(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="change a value, such as populations.E.parameters.tau_m=12.0; repeatable",
    )
    add("--scale", type=float, metavar="FACTOR", help="multiply the sizes of the populations")
    add("--output", metavar="DIR", help="folder of the results (default: the experiment's name)")
    add("--force", action="store_true", help="overwrite results that are there already")
    add(
        "--checkpoint-every",
        type=float,
        metavar="MS",
        help="write a checkpoint each time so much is simulated (ms), and at the end",
    )
    add(
        "--checkpoint-minutes",
        type=float,
        metavar="M",
        help="write a checkpoint each time so much time has passed (min), and at the end",
    )
    add(
        "--resume",
        metavar="DIR",
        help="go on from the newest good checkpoint of the run with these results, on any number "
        "of ranks; only --duration and --until-settled may change the experiment",
    )
    add("--no-figure", action="store_true", help="draw no figure")
    add(
        "--figure-format",
        action="append",
        choices=FORMATS,
        help="format of the figure; repeatable (default: png and pdf)",
    )
    add("--sonata", action="store_true", help="also write network and spikes in SONATA's layout")
    add("--quiet", action="store_true", help="print nothing but errors")
    return parser


def _experiment(options: argparse.Namespace) -> Experiment:
    """Return the experiment that the arguments name, with the changes that they ask for."""
    bundled = bundled_names()
    name = DEFAULT if options.experiment is None else options.experiment
    if name in bundled:
        experiment = Experiment.bundled(name)
    elif Path(name).suffix or os.path.exists(name):  # a name too long is none
        experiment = Experiment.from_toml(Path(name))
    else:
        right = f"must be a TOML file or one of {', '.join(bundled)}{meant(name, bundled)}"
        raise InputError.at("experiment", name, right)
    changes = [(key, getattr(options, key)) for key in ("duration", "seed")]
    for text in options.set:
        path, equals, value = text.partition("=")
        if not equals:
            raise InputError.at("--set", text, "must be PATH=VALUE")
        changes.append((path.strip(), value.strip()))
    for path, value in changes:
        if value is not None:
            experiment = experiment.changed(path, value)
    if options.scale is not None:
        experiment = experiment.scaled(options.scale)
    return _until_settled(options, experiment)


def _until_settled(options: argparse.Namespace, experiment: Experiment) -> Experiment:
    """Return the experiment, with what it is to have settled if that is asked for."""
    if not options.until_settled or experiment.settled is not None:
        return experiment
    return experiment.changed("settled", "{}")


def _resumed(options: argparse.Namespace, lock: FolderLock) -> Experiment:
    """Return the experiment of the run that is to go on, and lock its folder."""
    for name in ("experiment", "seed", "set", "scale", "output"):
        value = getattr(options, name)
        if not (value is None or value is False or value == []):
            name = name if name == "experiment" else f"--{name}"
            right = "cannot be given with --resume, which goes on with what was begun"
            raise InputError.at(name, value, right)
    if not options.resume:
        raise InputError.at("--resume", options.resume, "must be the folder of a run")
    folder = Path(options.resume)
    if folder.is_dir() and not options.show:
        claim.lock(folder, "--resume", lock)
    experiment = Experiment.from_toml(checkpoint.experiment_of(checkpoints(folder)))
    duration = options.duration
    if duration is not None:
        experiment = experiment.changed("duration", duration)
    return _until_settled(options, experiment)


def _schedule(options: argparse.Namespace, experiment: Experiment) -> Schedule:
    every, minutes = options.checkpoint_every, options.checkpoint_minutes
    if every is not None:
        whole_steps("--checkpoint-every", every, experiment.resolution, least=1)
    if minutes is not None and not minutes > 0:
        raise InputError.at("--checkpoint-minutes", minutes, "must be above 0")
    return Schedule(every, minutes, options.resume is not None)


def _run(job: Job, ranks: Ranks, signals: Signals) -> int:
    """Simulate, write and tell, and return the exit code; collective."""
    speaks = ranks.rank == 0 and not job.quiet
    if job.quiet:
        logging.getLogger("distsp").setLevel(logging.ERROR)
    if speaks and ranks.notice:
        tell(ranks.notice)
    experiment, duration = job.experiment, job.experiment.duration
    if job.resumed:
        simulation = Simulation.load(
            checkpoints(job.folder), experiment.network_at, ranks, job.folder
        )
        if duration < simulation.now:
            right = f"ms must be at least the {simulation.now} ms of the checkpoint"
            raise InputError.at("duration", duration, right)
        if duration < job.reached:
            right = f"ms must be at least the {job.reached} ms that the results in {job.folder} "
            right += "have reached; --force replaces them"
            raise InputError.at("duration", duration, right)
    else:
        simulation = Simulation(experiment.build(), ranks, scratch=job.folder)
    began, start = time.perf_counter(), simulation.now
    progress = Progress(start, duration) if speaks else None
    signals.simulating = True
    go_on = f"go on with: python -m distsp.run --resume {shlex.quote(str(job.folder))}"
    try:
        left = simulate(
            simulation,
            job.experiment,
            job.folder,
            job.schedule,
            signals,
            progress,
            job.reached,
        )
        if progress:
            progress.close()
        if left is not None:
            again = f"{job.folder / H5} has its recordings; with checkpoints it could go on, "
            again += "begin it again with --force --checkpoint-minutes 10"
            if ranks.rank == 0:
                where = f"stopped by a signal after {simulation.now / 1000.0:g} s"
                with suppress(OSError):  # the terminal may be gone
                    tell(f"{where}; {go_on if left else again}")
            return STOPPED if left else INTERRUPTED
        seconds = time.perf_counter() - began
        write_results(simulation, job.experiment, job.folder)
    except WriteError as error:
        if simulation.checkpoints:
            last = f"the last checkpoint is {simulation.checkpoints[-1]}"
            raise WriteError(f"{error}; {last}, {go_on}") from error
        raise
    if ranks.rank > 0:
        return 0
    results = load_results(job.folder)
    figures, sonata = job.figures, job.folder / "sonata"
    for path in filter(is_own, figures_in(job.folder, FORMATS)):  # it may be of another run
        path.unlink()
    remove_sonata(sonata)
    if job.sonata:
        write_sonata(results, sonata)
    if figures:
        try:
            plot_structural_plasticity(results, *figures)
        except FigureError as error:
            tell(f"{error}; the results are written")
            figures = []
    if speaks:
        written = [job.folder / H5, job.folder / CSV, *figures, *([sonata] if job.sonata else [])]
        where = f"written      {', '.join(map(str, written))}"
        return say([_summary(results, start, seconds), where])
    return 0


class Progress:
    """Shows how far the simulation is: a bar on a terminal, a line now and then elsewhere.

    A full disk or a terminal that is gone is no reason to end a run.

    Parameters
    ----------
    start, duration : float
        Simulated time that it begins and ends with (ms).
    """

    def __init__(self, start: float, duration: float) -> None:
        self.start, self.duration = start, duration
        self.began = self.spoke = time.perf_counter()
        self.tenths = int(10.0 * start / duration)
        self.bar: tqdm[NoReturn] | None = None
        if sys.stderr.isatty():
            self.bar = tqdm(
                initial=start / 1000.0,
                total=duration / 1000.0,
                bar_format="{percentage:3.0f}% |{bar}| {n:.1f} of {total:.1f} s, "
                "{remaining} left{postfix}",
            )

    def __call__(self, now: float) -> None:
        """Take notice that the simulation has arrived at `now` (ms)."""
        seconds = time.perf_counter() - self.began
        ms_per_second = max(now - self.start, 1e-9) / max(seconds, 1e-9)
        speed = f"{ms_per_second / 1000.0:.3g} times real time"
        if self.bar is not None:
            with suppress(OSError):
                self.bar.set_postfix_str(speed, refresh=False)
                self.bar.update(now / 1000.0 - self.bar.n)
            return
        tenths = int(10.0 * now / self.duration)
        if tenths > self.tenths or time.perf_counter() - self.spoke > SILENCE:
            self.tenths, self.spoke = tenths, time.perf_counter()
            left = (self.duration - now) / ms_per_second
            with suppress(OSError):
                print(
                    f"{100.0 * now / self.duration:3.0f}%  {now / 1000.0:.1f} of "
                    f"{self.duration / 1000.0:.1f} s, {left:.0f} s left, {speed}",
                    file=sys.stderr,
                    flush=True,
                )

    def close(self) -> None:
        """Leave the bar as it is."""
        if self.bar is not None:
            with suppress(OSError):
                self.bar.close()


def _summary(results: Results, start: float, seconds: float) -> str:
    """Return what a person wants to know first about a run from `start` (ms) on."""
    experiment, facts = results.experiment, results.provenance
    simulated = results.until / 1000.0
    here = simulated - start / 1000.0
    spikes = {name: neurons["spike_count"] for name, neurons in results.neurons.items()}
    size = sum(len(counts) for counts in spikes.values())
    plural = "rank" if facts["ranks"] == 1 else "ranks"
    lines = [
        f"{experiment.name}: {size} neurons, {here:g} s simulated in {seconds:.1f} s, "
        f"{here / seconds:.3g} times real time",
        f"parallel     {facts['ranks']} {plural}, MPI library: {facts['mpi_library']}, "
        f"exchange: {facts['exchange']}",
        f"per rank     {facts['bytes_per_slice']:.0f} bytes sent per slice, at most "
        f"{max(facts['peak_memory']):.0f} MB of memory",
        f"spikes       {sum(int(counts.sum()) for counts in spikes.values())}",
    ]
    for name, population in experiment.populations.items():
        targets = population.targets
        calcium = f"calcium {results.neurons[name]['calcium'].mean():.4g}"
        if targets:
            calcium += f", target {' and '.join(map(str, targets))}"
        lines.append(f"{name:12} {spikes[name].mean() / simulated:.4g} Hz, {calcium}")
    lines += [f"{name:12} {count} synapses" for name, count in results.n_synapses.items()]
    if experiment.settled is not None:
        told = f"after {simulated:g} s" if results.settled else f"not within {simulated:g} s"
        lines.append(f"settled      {told}")
    phases = [f"{name} {np.max(times):.2f}" for name, times in facts["timings"].items()]
    return "\n".join([*lines, f"seconds      {', '.join(phases)} (longest of the ranks)"])


def _complain(error: InputError) -> int:
    tell(error)
    return 2
