"""Starts measurements, each in processes of its own, and takes in what they print."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

HERE = Path(__file__).parent

ASK_VERSION = "import nest; print(nest.__version__)"

Numbers = dict[str, list[float]]
"""What a case has measured: for each name a number per rank."""


@cache
def measure(case: str, ranks: int = 1, repeats: int = 1, **arguments: Any) -> Numbers:
    """Run a function of `cases` in fresh processes; what was measured already is not run again.

    Parameters
    ----------
    case : str
        Name of the function.
    ranks : int
        One is a plain process; more are started by mpirun.
    repeats : int
        How often; the run with the median of the longest `seconds` counts.
    **arguments
        What the function takes.
    """
    command = [sys.executable, str(HERE / "worker.py"), case, json.dumps(arguments)]
    if ranks > 1:
        # Where the system puts two ranks on one core, it takes a tenth of a second to notice.
        bound = ["--bind-to", "core"] if ranks <= (os.cpu_count() or 1) else []
        command = [mpirun(), *bound, "-n", str(ranks), *command]
    settings = ", ".join(f"{name} {value}" for name, value in arguments.items())
    say(f"{case}: {settings}, ranks {ranks}, {repeats} times")
    runs = [json.loads(quietly(command).splitlines()[-1]) for _ in range(repeats)]
    if repeats > 1:
        runs.sort(key=lambda run: max(run["seconds"]))
    return runs[(repeats - 1) // 2]


class Nest:
    """A Python interpreter that has NEST, if there is one.

    Parameters
    ----------
    python : str
        The interpreter to ask.
    """

    def __init__(self, python: str) -> None:
        self.python = python
        try:
            self.version = output([python, "-c", ASK_VERSION]).split()[-1]
        except (OSError, RuntimeError):
            self.version = ""

    def measure(self, script: str, *arguments: Any) -> dict[str, float]:
        """Run one of the scripts for NEST and return the numbers in its last line; {} without NEST.

        A last line that is not JSON must begin with the seconds.
        """
        if not self.version:
            return {}
        say(f"{script} {' '.join(map(str, arguments))}")
        command = [self.python, str(HERE / script), *map(str, arguments)]
        last = quietly(command).splitlines()[-1]
        return json.loads(last) if last.startswith("{") else {"seconds": float(last.split()[0])}


class Quiet:
    """How much other programs may take of the machine, and how long to wait for that."""

    most = 0.1
    """Of one core."""
    patience = 0.0
    """Seconds to wait before a measurement, and again as long to repeat it."""
    disturbed: ClassVar[list[str]] = []
    """Measurements during which others took more."""


def quietly(command: list[str]) -> str:
    """Return what a command prints, from a time when nothing else runs, as far as that comes."""
    until = time.monotonic() + Quiet.patience
    while time.monotonic() < until and _others(lambda: time.sleep(1.0))[0] > Quiet.most:
        pass
    until = time.monotonic() + Quiet.patience
    while True:
        others, printed = _others(lambda: output(command))
        if others <= Quiet.most:
            return printed
        if time.monotonic() >= until:
            say(f"  disturbed: other programs took {others:.2f} cores")
            Quiet.disturbed.append(f"{' '.join(command[1:])}: {others:.2f} cores")
            return printed


def _others(action: Callable[[], Any]) -> tuple[float, Any]:
    """Return how many cores other programs took during an action, and what it returned."""
    began, busy, own = time.monotonic(), _busy(), sum(os.times()[:4])
    returned = action()
    taken = _busy() - busy - (sum(os.times()[:4]) - own)
    return taken / (time.monotonic() - began), returned


def _busy() -> float:
    """Return the seconds that all cores have worked, or that the host took from them."""
    try:
        first = Path("/proc/stat").read_text().splitlines()[0].split()
    except OSError:
        return 0.0
    user, nice, system, _, _, irq, softirq, steal = map(int, first[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def mpirun() -> str:
    """Return the launcher that belongs to this interpreter, or else the one on the path."""
    own = Path(sys.executable).with_name("mpirun")
    return str(own) if own.exists() else shutil.which("mpirun") or "mpirun"


def output(command: list[str]) -> str:
    """Return what a command prints; show what it complains about if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def say(text: str) -> None:
    """Tell on standard error what is being done."""
    print(text, file=sys.stderr, flush=True)
