"""What the templates refuse: one clear line, before anything is started. Needs no Slurm."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

TEMPLATES = sorted((Path(__file__).parents[2] / "slurm").glob("*.sh"))
IN_A_JOB = {"SLURM_JOB_ID": "1", "SLURM_NTASKS": "2", "SLURM_JOB_NODELIST": "n1"}

pytestmark = pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)


def refused(template: Path, cwd: Path, **settings: str) -> str:
    """Return what a template says, run as in a job with these settings, before it ends."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), **settings}
    done = subprocess.run(
        ["bash", str(template)], env=environment, cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("distsp job: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_not_in_a_job(template: Path, tmp_path: Path) -> None:
    told = "not inside a job; submit it with sbatch, see slurm/README.md\n"
    assert told in refused(template, tmp_path, VENV=sys.prefix)


def test_no_environment(template: Path, tmp_path: Path) -> None:
    told = f"VENV: no Python in '{tmp_path}/distsp/.venv'; make it first, see slurm/README.md\n"
    assert told in refused(template, tmp_path, **IN_A_JOB)


def test_no_distsp(template: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare")
    told = "'bare' has no distsp; install it there, see slurm/README.md\n"
    assert told in refused(template, tmp_path, VENV="bare", **IN_A_JOB)


def test_no_module(template: Path, tmp_path: Path) -> None:
    settings = {"VENV": sys.prefix, "MODULES": "mpich/4 hdf5", **IN_A_JOB}
    told = "MODULES: 'mpich/4 hdf5', but there is no module command here\n"
    assert told in refused(template, tmp_path, **settings)
    command = {"BASH_FUNC_module%%": '() { [ "$1 $2 $3" != "load mpich/4 hdf5" ]; }'}
    told = "MODULES: 'mpich/4 hdf5' cannot be loaded; see: module avail\n"
    assert told in refused(template, tmp_path, **settings, **command)


def test_repeated_lines_are_the_same(template: Path) -> None:
    def shared(path: Path) -> str:
        text = path.read_text()
        start = text.index("# The same in every template")
        return text[start : text.index("-m distsp.run)\n", start)]

    assert shared(template) == shared(TEMPLATES[0])
