"""What all tests share."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest
from hypothesis import HealthCheck, settings

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
    """Return a function that finds the ranks that simulate in a folder."""

    def find(folder: Path) -> list[int]:
        """Return the processes that simulate in a folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                arguments = (process / "cmdline").read_bytes().split(b"\0")
                here = (process / "cwd").resolve() == folder.resolve()
            except OSError:  # it has just ended
                continue
            if here and b"distsp.run" in arguments and b"python" in arguments[0]:
                found.append(int(process.name))
        return sorted(found)

    return find


Launch = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def on_ranks() -> Launch:
    """Return a function that runs Python on several ranks, with the mpirun beside this Python."""
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

    def launch(n: int, *arguments: str, cwd: Path, seconds: float = 200.0):
        return subprocess.run(
            [mpirun, "-n", str(n), sys.executable, *arguments],
            env=environment,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=seconds,
        )

    return launch
