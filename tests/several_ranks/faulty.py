"""A run with a fault planted in it: python faulty.py PLACE RANK FAULT CALL ARGUMENTS...

Rank RANK of the run with these arguments has a FAULT at its call number CALL of something at PLACE,
and leaves the time of it in the file `fault`.
"""

import importlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from distsp import Network, Simulation
from distsp.cli import run, stops
from distsp.parallel.ranks import Ranks

PLACES = {
    "build": ("distsp.network.rules", "FixedIndegree.draw"),
    "loop": ("distsp.engine.loop", "advance"),
    "update": ("distsp.engine.update", "bind"),
    "recording": ("distsp.recorders.population_means", "means"),
    "checkpoint": ("distsp.checkpoint.folder", "write_parts"),
    "rename": ("distsp.checkpoint.folder", "_sync"),
    "prune": ("distsp.checkpoint.folder", "_prune"),
    "refresh": ("distsp.results.write", "_write_provenance"),
    "finish": ("distsp.cli.run", "write_results"),
    "figure": ("distsp.cli.run", "plot_structural_plasticity"),
}
"""What is called there; `rename`, `prune`, `refresh` and `figure` on rank 0 alone."""


def plant(place: str, call: int, fault: Callable[[], None]) -> None:
    """Let a fault happen at a call of something."""
    module, path = PLACES[place]
    *within, name = path.split(".")
    inside: Any = importlib.import_module(module)
    for part in within:
        inside = getattr(inside, part)
    original, n_calls = getattr(inside, name), 0

    def faulty(*arguments: Any, **options: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls == call:
            Path("fault").write_text(str(time.time()))
            fault()
        return original(*arguments, **options)

    setattr(inside, name, faulty)


def raise_error() -> None:
    """Raise what nobody expects."""
    raise RuntimeError("planted")


def fill() -> None:
    """Fill the disk."""
    with open("disk/filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            pass


def signalled(number: int) -> Callable[[], None]:
    """Return what sends a signal to this rank."""
    return lambda: os.kill(os.getpid(), number)


FAULTS: dict[str, Callable[[], object]] = {
    "error": raise_error,
    "SIGKILL": signalled(signal.SIGKILL),
    "SIGSEGV": signalled(signal.SIGSEGV),
    "lost": lambda: os._exit(3),
    "fill": fill,
    "fill and stop": lambda: (fill(), signalled(signal.SIGTERM)()),
    "read-only": lambda: subprocess.run(["mount", "-o", "remount,ro", "disk"], check=True),
    "sleep": lambda: time.sleep(60.0),
    "no results": lambda: Path("busy/results.h5").unlink(),
    "no checkpoints": lambda: shutil.rmtree("busy/checkpoints"),
    "no folder": lambda: shutil.rmtree("busy"),
}


if __name__ == "__main__":
    place, rank, fault, call, *arguments = sys.argv[1:]
    ranks = Ranks.world()
    net = Network(seed=1)
    net.create("iaf_psc_alpha", 3)
    Simulation(net)  # the first one passes through all places to compile them
    stops.RESULTS_EVERY = stops.RESULTS_SHARE = 0.0
    if ranks.rank == int(rank):
        plant(place, int(call), FAULTS[fault])
    sys.exit(run.main(arguments))
