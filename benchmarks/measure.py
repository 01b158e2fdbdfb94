"""Starts measurements, each in processes of its own, and takes in what they print."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

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
        command = [mpirun(), "-n", str(ranks), *command]
    settings = ", ".join(f"{name} {value}" for name, value in arguments.items())
    say(f"{case}: {settings}, ranks {ranks}, {repeats} times")
    runs = [json.loads(output(command).splitlines()[-1]) for _ in range(repeats)]
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
