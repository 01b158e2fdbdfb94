"""A Slurm of two nodes on this machine, and what is asked of it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TEMPLATES = HERE.parent.parent / "slurm"
OVER = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")
NEEDED = ("munged", "slurmctld", "slurmd", "sbatch")


class Slurm:
    """Submits the templates and looks at the jobs.

    Parameters
    ----------
    configuration : Path
        Its `slurm.conf`.
    cwd : Path
        Folder that jobs are submitted from.
    """

    def __init__(self, configuration: Path, cwd: Path) -> None:
        self.environment = os.environ | {
            "SLURM_CONF": str(configuration),
            "VENV": sys.prefix,
        }
        self.cwd = cwd

    def __call__(self, *command: str) -> str:
        """Run a command of Slurm and return what it prints."""
        done = subprocess.run(
            command, env=self.environment, cwd=self.cwd, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def submit(self, template: str, *arguments: str, options: str = "", **settings: str) -> str:
        """Submit a template with sbatch's options and its own settings; return the job's id."""
        self.environment |= settings
        try:
            script = str(TEMPLATES / template)
            return self("sbatch", "--parsable", *options.split(), script, *arguments)
        finally:
            for name in settings:
                del self.environment[name]

    def job(self, job: str) -> dict[str, str]:
        """Return what Slurm knows of a job."""
        shown = self("scontrol", "--oneliner", "show", "job", job)
        return dict(field.split("=", 1) for field in shown.split() if "=" in field)

    def until(
        self, condition: Callable[[], object], seconds: float = 120.0, running: str | None = None
    ) -> None:
        """Wait for something to become true, at most until the job `running` has ended."""
        end = time.monotonic() + seconds
        while not condition():
            late = time.monotonic() > end or (running and self.job(running)["JobState"] in OVER)
            assert not late, self("squeue", "--long") + "\n" + self.logs()
            time.sleep(0.1)

    def ended(self, job: str, seconds: float = 120.0) -> tuple[str, str]:
        """Wait for the end of a job and return its state and exit code."""
        self.until(lambda: self.job(job)["JobState"] in OVER, seconds)
        return self.job(job)["JobState"], self.job(job)["ExitCode"]

    def log(self, job: str) -> str:
        """Return what a job has printed so far."""
        path = self.cwd / f"distsp-{job}.log"
        return path.read_text() if path.exists() else ""

    def logs(self) -> str:
        """Return what all jobs have printed."""
        return "\n".join(path.read_text() for path in sorted(self.cwd.glob("distsp-*.log")))


@pytest.fixture(scope="session")
def configuration() -> Iterator[Path]:
    """A Slurm that runs until the tests have ended."""
    missing = [
        name for name in NEEDED if shutil.which(name, path=f"{os.defpath}:/usr/sbin") is None
    ]
    if missing or os.getuid() != 0:
        pytest.skip(f"needs root and {', '.join(NEEDED)}")
    # Not pytest's own folder: the name of a socket may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as folder:
        command = [str(HERE / "cluster"), folder]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as cluster:
            assert cluster.stdout.readline() == "ready\n"
            yield Path(folder) / "slurm.conf"
            cluster.stdin.close()


@pytest.fixture
def slurm(configuration: Path, tmp_path: Path) -> Iterator[Slurm]:
    """Slurm, with an empty folder to submit from; no job outlives the test."""
    slurm = Slurm(configuration, tmp_path)
    yield slurm
    slurm("scancel", "--user", "root")
    slurm.until(lambda: not slurm("squeue", "--noheader"))
