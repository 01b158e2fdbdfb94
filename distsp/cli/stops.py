"""A run that outlives what happens to it: checkpoints, signals, and results on the way.

All ranks stop at the same step, wherever the reason has arisen: a signal may reach any of them,
and the clock is rank 0's.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from distsp.base.errors import InputError, WriteError
from distsp.base.time_grid import whole_steps
from distsp.engine.simulation import Simulation
from distsp.experiment.experiment import Experiment
from distsp.parallel.interruption import Noting
from distsp.parallel.ranks import Ranks
from distsp.results.write import write_results

LOG = logging.getLogger("distsp")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP)
"""What a user at the terminal, a batch system or a terminal that is closed sends."""

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
    resumed: bool = False
    """Whether the run came from a checkpoint: it has one at its end as well."""

    def __bool__(self) -> bool:
        return self.every is not None or self.minutes is not None or self.resumed


class Signals(AbstractContextManager["Signals"]):
    """Takes note of the first signal within the `with` block; a later one ends the process.

    Until `simulating` is set the first one ends it: there is nothing to lose. A thread of its own
    waits for them, as Python calls a handler only when the main thread comes back from C code,
    which may compile for half a minute. What is ignored on purpose, as nohup does, stays ignored.

    Attributes
    ----------
    came : int
        Number of the signal that there has been; 0 if there has been none.
    ranks : Ranks
        Those that a signal ends at once.
    simulating : bool
    """

    def __init__(self) -> None:
        self.came = 0
        self.ranks = Ranks()
        self.simulating = False
        self._when: float | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._woke = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._before = {one: signal.getsignal(one) or signal.SIG_DFL for one in SIGNALS}
        self.listen()
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._when is not None:  # more may come that count as the first
            time.sleep(max(self._when + SAME - time.monotonic(), 0.0))
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._woke)
        os.close(self._writing)
        self._thread.join()
        os.close(self._reading)

    def listen(self, ranks: Ranks | None = None) -> None:
        """Take over the signals, once more where MPI has begun: UCX takes SIGHUP for itself."""
        self.ranks = ranks or self.ranks
        for number, handler in self._before.items():
            ignored = handler == signal.SIG_IGN
            signal.signal(number, signal.SIG_IGN if ignored else Noting(self._note))

    def stopping(self) -> int:
        """Return which signal stops all ranks, 0 if none does; collective."""
        came = self.ranks.collect(self.came)
        number = max(came, key=lambda one: (one not in (0, signal.SIGINT), one))
        if number and self._when is None:  # a later one ends this rank as well
            self.came, self._when = number, time.monotonic()
        return number

    def _wait(self) -> None:
        """Take notice of each signal until the other end of the pipe is closed."""
        while numbers := os.read(self._reading, 64):
            for number in numbers:
                if self._before.get(number, signal.SIG_IGN) != signal.SIG_IGN:
                    self._take(number)

    def _take(self, number: int) -> None:
        if not self.simulating:
            self.ranks.end("interrupted before it had begun to simulate", 128 + number)
        if self._when is None:
            self._when = time.monotonic()
        elif time.monotonic() - self._when > SAME:
            self.ranks.end("interrupted again: ended at once", 128 + number)
        self._note(number)

    def _note(self, number: int) -> None:
        if self.came in (0, signal.SIGINT):  # others ask for a checkpoint in any case
            self.came = number


def simulate(
    simulation: Simulation,
    experiment: Experiment,
    folder: Path,
    schedule: Schedule,
    signals: Signals,
    progress: Callable[[float], None] | None = None,
    reached: float = 0.0,
) -> str | None:
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
    reached : float
        Time (ms) that results in the folder have reached; those of less do not replace them.

    Returns
    -------
    str or None
        None at its end, or where it has settled. If a signal has stopped it: the name of the
        checkpoint to go on from, "" where Ctrl-C has stopped a run that writes none. The recordings
        so far have been written.

    Raises
    ------
    WriteError
        If what a run that was stopped must leave cannot be written.
    """
    resolution = experiment.resolution
    end = whole_steps("duration", experiment.duration, resolution)
    every = None
    if schedule.every is not None:
        every = whole_steps("--checkpoint-every", schedule.every, resolution, least=1)
    events = experiment.event_steps()
    watch = _Watch(simulation, experiment, folder, schedule.minutes, signals, reached)
    while simulation.step < end and not watch.settled():
        experiment.happen(simulation.network, simulation.step, partial(simulation.run, 0.0))
        checkpoint = simulation.step + every - simulation.step % every if every else end
        until = min(end, checkpoint, *(step for step in events if step > simulation.step))
        simulation.run((until - simulation.step) * resolution, progress, watch)
        stopped = signals.stopping() if simulation.step < end and not watch.settled() else 0
        saves = schedule or stopped != signal.SIGINT
        ending = simulation.step in (checkpoint, end) or watch.settled()
        due = watch.checkpoint_due or (schedule and ending)
        if saves if stopped else due:
            _save(simulation, experiment, folder, must=bool(stopped))
            watch.saved = time.monotonic()
        if stopped and simulation.now >= reached:
            write_results(simulation, experiment, folder, ended=False)
        if stopped:
            return simulation.checkpoints[-1] if saves else ""
    return None


def checkpoints(folder: Path) -> Path:
    """Return where the checkpoints of a run are whose results are in `folder`."""
    return folder / "checkpoints"


def _save(simulation: Simulation, experiment: Experiment, folder: Path, must: bool) -> None:
    try:
        simulation.save(checkpoints(folder), experiment.to_toml())
    except (WriteError, InputError) as error:
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
        reached: float,
    ) -> None:
        self.simulation, self.experiment, self.folder = simulation, experiment, folder
        self.minutes, self.signals, self.reached = minutes, signals, reached
        self.saved = self.written = time.monotonic()
        self.pause = RESULTS_EVERY
        self.n_written = 0
        self.told = ""
        self.checkpoint_due = False

    def __call__(self, _now: float) -> bool:
        """Return whether the run must stop: settled, for a signal or a checkpoint."""
        simulation = self.simulation
        n_recorded = simulation.n_recordings
        clock = time.monotonic()
        due = self.minutes is not None and clock - self.saved >= 60.0 * self.minutes
        new = n_recorded > self.n_written and simulation.now >= self.reached
        writes = new and clock - self.written >= self.pause
        self.checkpoint_due, writes = simulation.ranks.broadcast((due, writes))
        if writes:
            self._write()
            self.written, self.n_written = time.monotonic(), n_recorded
            self.pause = max(RESULTS_EVERY, RESULTS_SHARE * (self.written - clock))
        return bool(self.signals.came) or self.checkpoint_due or self.settled()

    def settled(self) -> bool:
        """Return whether the run has settled at the present, the same on all ranks."""
        simulation = self.simulation
        if self.experiment.settled is None:
            return False
        return self.experiment.has_settled(simulation.recording, simulation.now)

    def _write(self) -> None:
        """Write the results so far; where that fails, say so once and go on."""
        try:
            write_results(self.simulation, self.experiment, self.folder, ended=False)
            self.told = ""
        except WriteError as error:
            if self.told != str(error):
                LOG.error("distsp: %s; the run goes on", error)
            self.told = str(error)
