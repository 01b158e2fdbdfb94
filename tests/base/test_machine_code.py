"""Machine code on disk: used while every file it was made from is unchanged; kept somewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import distsp

PROGRAM = """
import resource, sys
import distsp
from distsp.base.machine_code import notice
from distsp.parallel.sums import _limbs
import numpy as np
if "full" in sys.argv:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
_limbs(np.zeros(1))
print(sum(_limbs.stats.cache_hits.values()), notice())
"""


@pytest.fixture
def package(tmp_path):
    package = tmp_path / "distsp"
    for path in Path(distsp.__file__).parent.rglob("*.py"):
        copy = package / path.relative_to(Path(distsp.__file__).parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "tmp").mkdir()
    return package


def hits(package: Path, *arguments: str) -> tuple[int, str]:
    """Return how much a process found, and what a user is told."""
    away = {"HOME": os.devnull, "TMPDIR": str(package.parent / "tmp"), "XDG_CACHE_HOME": os.devnull}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=os.environ | away | {"PYTHONDONTWRITEBYTECODE": "1"},
        cwd=package.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    n, told = done.stdout.strip().split(" ", 1)
    return int(n), told


def change(file: Path):
    with file.open("a") as opened:
        opened.write("# changed\n")


def test_a_change_of_what_is_compiled_makes_machine_code_stale(package):
    assert hits(package) == (0, "None")
    assert hits(package) == (1, "None")
    change(package / "cli" / "run.py")
    assert hits(package) == (1, "None")
    change(package / "rng" / "streams.py")
    assert hits(package) == (0, "None")


def test_damaged_machine_code_is_made_anew(package):
    hits(package)
    for path in package.rglob("*.nb[ic]"):
        path.write_bytes(path.read_bytes()[:99])
    assert hits(package) == (0, "None")
    assert hits(package) == (1, "None")


def test_on_a_full_disk_all_is_compiled_anew(package):
    n, told = hits(package, "full")
    assert n == 0
    assert "kept nowhere" in told


@pytest.fixture
def sealed(package):
    """The package where nothing can be written, by root neither."""
    for folder in [package, *(path for path in package.rglob("*") if path.is_dir())]:
        (folder / "__pycache__").write_text("")
    return package


def test_where_no_other_place_can_be_written_machine_code_is_kept_in_a_private_one(sealed):
    n, told = hits(sealed)
    (folder,) = (sealed.parent / "tmp").iterdir()
    assert n == 0
    assert told.startswith(f"compiled code is kept in {folder}, as neither")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert hits(sealed) == (1, told)


@pytest.mark.parametrize("whose", ["a link", "open to all", "another's"])
def test_a_folder_that_another_user_may_have_made_is_not_trusted(sealed, whose):
    hits(sealed)
    (folder,) = (sealed.parent / "tmp").iterdir()
    if whose == "a link":
        folder.symlink_to(folder.rename(folder.with_name("elsewhere")))
    elif whose == "open to all":
        folder.chmod(0o777)
    elif os.geteuid() == 0:
        os.chown(folder, 12345, -1)
    else:
        pytest.skip("only root can give a folder away")
    n, told = hits(sealed)
    assert n == 0
    assert "kept nowhere" in told


MINE = """
from distsp.base.compiled import compiled

@compiled
def number():
    return 1

print(number())
"""


def test_a_change_in_a_file_outside_of_the_package_makes_its_machine_code_stale(tmp_path):
    """As in the script of a user who has a neuron model of their own."""
    script = tmp_path / "mine.py"

    def says(text: str) -> str:
        # The clock of the disk may be too coarse to tell two versions of the same length apart.
        script.write_text(text)
        os.utime(script, (1.0, 1.0))
        command = [sys.executable, str(script)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert says(MINE) == "1\n"
    assert list(tmp_path.glob("__pycache__/*.nbc"))
    assert says(MINE.replace("return 1", "return 2")) == "2\n"
