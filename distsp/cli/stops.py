"""A run that outlives what happens to it: checkpoints, signals, and results on the way.

All ranks stop at the same step, wherever the reason has arisen: a signal may reach any of them,
and the clock is rank 0's.
"""

import logging
import math
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from distsp.base.errors import WriteError
from distsp.base.time_grid import whole_steps
from distsp.engine.simulation import Simulation
from distsp.experiment.experiment import Experiment
from distsp.results.write import write_results

LOG = logging.getLogger("distsp")

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
"""What a batch system or a user sends to a job that should end."""

SAME = 1.0
"""Seconds in which further signals count as the first: mpirun and a batch system may both send."""

STOPPED = 75
"""Exit code of a run that can go on: EX_TEMPFAIL."""

RESULTS_EVERY = 5.0
"""Seconds between two writes of the results so far, at least."""

RESULTS_SHARE = 20.0
"""How many times as long as the last write took it is to the next, at least."""


@dataclass(frozen=True)
class Schedule:
    """When checkpoints are written, besides at a signal: one, both or none of these."""

    every: float | None = None
    """Simulated time between two (ms)."""
    minutes: float | None = None
    """Wall-clock time between two."""

    def __bool__(self) -> bool:
        return self.every is not None or self.minutes is not None


class Signals(AbstractContextManager["Signals"]):
    """Takes note of the first signal within the `with` block; a later one ends the process.

    Attributes
    ----------
    came : bool
        Whether there has been one.
    """

    def __init__(self) -> None:
        self.came = False
        self._when = 0.0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def let_next_end(self) -> None:
        """Let a signal end the process at once, whatever it is doing, from a moment later on."""
        # What has come may be noted after the sleep, where a thread of MPI has taken the signal.
        self._when = math.inf
        time.sleep(SAME)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)

    def _note(self, number: int, _: object) -> None:
        if not self.came:
            self.came, self._when = True, time.monotonic()
        elif time.monotonic() - self._when > SAME:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


def simulate(
    simulation: Simulation,
    experiment: Experiment,
    folder: Path,
    schedule: Schedule,
    signals: Signals,
    progress: Callable[[float], None] | None = None,
) -> bool:
    """Run an experiment to its end, or to a signal; collective.

    Parameters
    ----------
    simulation : Simulation
        At the beginning, or as it was loaded.
    experiment : Experiment
    folder : Path
        Of the results; the checkpoints are in its `checkpoints`.
    schedule : Schedule
    signals : Signals
        Within its `with` block.
    progress : callable, optional
        Called with the simulated time (ms) now and then.

    Returns
    -------
    bool
        Whether it has come to its end. If not, there is a checkpoint to go on from.

    Raises
    ------
    WriteError
        If the checkpoint of a run that was stopped cannot be written.
    """
    resolution = experiment.resolution
    end = whole_steps("duration", experiment.duration, resolution)
    every = None
    if schedule.every is not None:
        every = whole_steps("--checkpoint-every", schedule.every, resolution, least=1)
    watch = _Watch(simulation, experiment, folder, schedule.minutes, signals)
    while simulation.step < end:
        until = min(end, simulation.step + every - simulation.step % every) if every else end
        simulation.run((until - simulation.step) * resolution, progress, watch)
        stopped = simulation.ranks.largest(signals.came) and simulation.step < end
        if stopped:
            signals.let_next_end()
        if stopped or watch.checkpoint_due or (schedule and simulation.step == until):
            _save(simulation, experiment, folder, must=bool(stopped))
            watch.saved = time.monotonic()
        if stopped:
            return False
    return True


def checkpoints(folder: Path) -> Path:
    """Return where the checkpoints of a run are whose results are in `folder`."""
    return folder / "checkpoints"


def _save(simulation: Simulation, experiment: Experiment, folder: Path, must: bool) -> None:
    try:
        simulation.save(checkpoints(folder), experiment.to_toml())
    except WriteError as error:
        if must:
            raise
        # A full disk may be emptied before the next one; it is no reason to end a long run.
        if simulation.ranks.rank == 0:
            LOG.error("distsp: %s; the run goes on", error)


class _Watch:
    """Looks about, on every rank, whenever the simulation has got a bit further."""

    def __init__(
        self,
        simulation: Simulation,
        experiment: Experiment,
        folder: Path,
        minutes: float | None,
        signals: Signals,
    ) -> None:
        self.simulation, self.experiment, self.folder = simulation, experiment, folder
        self.minutes, self.signals = minutes, signals
        self.saved = self.written = time.monotonic()
        self.pause = RESULTS_EVERY
        self.n_written = 0
        self.told = ""
        self.checkpoint_due = False

    def __call__(self, _now: float) -> bool:
        """Return whether the run must stop, for a signal or a checkpoint."""
        simulation = self.simulation
        n_recorded = simulation.n_recordings
        clock = time.monotonic()
        due = self.minutes is not None and clock - self.saved >= 60.0 * self.minutes
        writes = n_recorded > self.n_written and clock - self.written >= self.pause
        self.checkpoint_due, writes = simulation.ranks.broadcast((due, writes))
        if writes:
            self._write()
            self.written, self.n_written = time.monotonic(), n_recorded
            self.pause = max(RESULTS_EVERY, RESULTS_SHARE * (self.written - clock))
        return self.signals.came or self.checkpoint_due

    def _write(self) -> None:
        """Write the results so far; where that fails, say so once and go on."""
        try:
            write_results(self.simulation, self.experiment, self.folder, ended=False)
            self.told = ""
        except WriteError as error:
            if self.told != str(error):
                LOG.error("distsp: %s; the run goes on", error)
            self.told = str(error)
