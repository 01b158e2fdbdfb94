"""What all tests share."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest
from hypothesis import HealthCheck, settings

from distsp import Experiment, Simulation, load_results
from distsp.results.read import Results
from distsp.results.write import write_results

# A shell has what runs in its background ignore Ctrl-C, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

collect_ignore = ["data"]
"""Scripts there are for programs, not tests."""

settings.register_profile(
    "distsp",
    # The first example of a test may load compiled code from the disk.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=60,
)
settings.load_profile("distsp")


@pytest.hookimpl(trylast=True)
def pytest_report_header() -> str:
    """Say once that the first run takes longer."""
    return "distsp: the first run compiles the core, which takes about a minute"


WIRED = Path(__file__).parent / "data" / "wired.toml"


@pytest.fixture(scope="session")
def wired(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulation, Path]:
    """A simulation of `wired.toml` that has ended, and the folder of its results."""
    folder = tmp_path_factory.mktemp("results")
    experiment = Experiment.from_toml(WIRED)
    simulation = Simulation(experiment.build())
    simulation.run(experiment.duration)
    write_results(simulation, experiment, folder)
    return simulation, folder


@pytest.fixture(scope="session")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The results of `studied.toml`, in which everything is recorded that can be."""
    folder = tmp_path_factory.mktemp("studied")
    experiment = Experiment.from_toml(WIRED.with_name("studied.toml"))
    simulation = Simulation(experiment.build())
    simulation.run(experiment.duration)
    write_results(simulation, experiment, folder)
    return load_results(folder)


Contents = Callable[[Path], dict[str, tuple[object, ...]]]


@pytest.fixture(scope="session")
def contents() -> Contents:
    """Return a function that reads all there is in a folder of results but its provenance."""

    def read(folder: Path) -> dict[str, tuple[object, ...]]:
        found = {}

        def look(name: str, entry: object) -> None:
            if name.split("/")[0] == "provenance":
                return
            attributes = sorted(entry.attrs.items())
            if isinstance(entry, h5py.Dataset):
                value = entry[()]
                data = value if isinstance(value, bytes) else value.tobytes()
                found[name] = (data, entry.dtype, entry.shape, attributes)
            else:
                found[name] = (attributes,)

        with h5py.File(folder / "results.h5") as file:
            file.visititems(look)
        return found

    return read


@pytest.fixture(scope="session")
def ranks_of() -> Callable[[Path], list[int]]:
    """Return a function that finds the processes of Python in a folder, which are ranks."""

    def find(folder: Path) -> list[int]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                program = (process / "cmdline").read_bytes().split(b"\0")[0]
                python = os.path.basename(program).startswith(b"python")
                here = (process / "cwd").resolve() == folder.resolve()
            except OSError:  # it has just ended
                continue
            if python and here:
                found.append(int(process.name))
        return sorted(found)

    return find


Start = Callable[..., "subprocess.Popen[str]"]
Launch = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def start() -> Start:
    """Return a function that starts Python on several ranks, with the mpirun beside this Python."""
    beside = Path(sys.executable).parent / "mpirun"
    mpirun = str(beside) if beside.exists() else shutil.which("mpirun")
    if mpirun is None:
        pytest.skip("there is no mpirun")
    # What Open MPI wants to hear before it starts more ranks than cores, or anything as root.
    environment = os.environ | {
        "OMPI_MCA_rmaps_base_oversubscribe": "1",
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    }

    def begin(n: int, *arguments: str, cwd: Path, **options: Any) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [mpirun, "-n", str(n), sys.executable, *arguments],
            env=environment,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    return begin


@pytest.fixture(scope="session")
def on_ranks(start: Start) -> Launch:
    """Return a function that runs Python on several ranks to its end."""

    def launch(n: int, *arguments: str, cwd: Path, seconds: float = 200.0):
        with start(n, *arguments, cwd=cwd) as run:
            try:
                out, err = run.communicate(timeout=seconds)
            finally:
                run.kill()
        return subprocess.CompletedProcess(run.args, run.returncode, out, err)

    return launch


@pytest.fixture(scope="session")
def busy() -> str:
    """Return the path of an experiment in which much happens within milliseconds."""
    return str(Path(__file__).parent / "data" / "busy.toml")


@pytest.fixture(scope="session")
def faulty() -> Callable[..., tuple[str, ...]]:
    """Return a function that makes the arguments of a distsp.run with a fault; see `faulty.py`."""

    def arguments(place: str, rank: int, fault: str, *run: str, call: int = 1) -> tuple[str, ...]:
        return (
            str(Path(__file__).parent / "several_ranks" / "faulty.py"),
            place,
            str(rank),
            fault,
            str(call),
            *run,
        )

    return arguments


@pytest.fixture(scope="session")
def finish(on_ranks: Launch) -> Callable[..., None]:
    """Return a function that runs to the end."""

    def run(n: int, *arguments: str, cwd: Path) -> None:
        done = on_ranks(n, "-m", "distsp.run", "--no-figure", "--quiet", *arguments, cwd=cwd)
        assert done.returncode == 0, done.stderr

    return run


@pytest.fixture(scope="session")
def whole(
    tmp_path_factory: pytest.TempPathFactory, busy: str, finish, contents
) -> dict[str, object]:
    """Return the results of the experiment `busy` when nothing stops it."""
    folder = tmp_path_factory.mktemp("whole")
    finish(1, busy, cwd=folder)
    found = contents(folder / "busy")
    for name in ("synapses/plastic/source", "synapses/plain/source", "spikes/E/id"):
        assert len(found[name][0]) > 0
    return found
