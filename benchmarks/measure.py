"""Starts measurements, each in processes of its own, and takes in what they print."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

Numbers = dict[str, list[float]]
"""What a case has measured: for each name a number per rank."""


def measure(case: str, ranks: int = 1, **arguments: Any) -> Numbers:
    """Run a function of `cases` in fresh processes.

    Parameters
    ----------
    case : str
        Name of the function.
    ranks : int
        One is a plain process; more are started by mpirun.
    **arguments
        What the function takes.
    """
    command = [sys.executable, str(HERE / "worker.py"), case, json.dumps(arguments)]
    if ranks > 1:
        command = [mpirun(), "-n", str(ranks), *command]
    say(f"{case} on {ranks}: {arguments}")
    return json.loads(output(command).splitlines()[-1])


def repeated(repeats: int, case: str, ranks: int = 1, **arguments: Any) -> Numbers:
    """Run a case several times and return the run with the median of its `seconds`."""
    runs = [measure(case, ranks, **arguments) for _ in range(repeats)]
    return sorted(runs, key=lambda run: max(run["seconds"]))[(repeats - 1) // 2]


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
            self.version = output([python, "-c", "import nest; print(nest.__version__)"]).split()[-1]
        except (OSError, RuntimeError):
            self.version = ""

    def measure(self, script: str, *arguments: Any) -> dict[str, float]:
        """Run one of the scripts for NEST and return the numbers in its last line; {} without NEST.

        A last line that is not JSON must begin with the seconds.
        """
        if not self.version:
            return {}
        say(f"{script}: {arguments}")
        command = [self.python, str(HERE / script), *map(str, arguments)]
        last = output(command).splitlines()[-1]
        return json.loads(last) if last.startswith("{") else {"seconds": float(last.split()[0])}


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
