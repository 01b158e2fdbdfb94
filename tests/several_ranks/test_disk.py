"""A disk that is full or read-only, and files that vanish while a run goes on, on 2 ranks."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

OPTIONS = ("--no-figure", "--quiet", "--checkpoint-every", "25")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root may mount the small file system that this test fills")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def kept(folder: Path) -> list[str]:
    """Return the names of the checkpoints, oldest first."""
    names = [path.name for path in (folder / "checkpoints").iterdir()]
    return sorted(names, key=lambda name: int(name.split("-")[1]))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("fill", "No space left on device"), ("read-only", "Read-only file system")],
)
def test_goes_on_without_a_disk_but_does_not_end_well(
    disk: Path, busy: str, whole, on_ranks, faulty, finish, contents, fault: str, reason: str
) -> None:
    arguments = (busy, "--output", "disk/busy", *OPTIONS)
    done = on_ranks(2, *faulty("loop", 0, fault, *arguments, call=30), cwd=disk.parent)
    assert done.returncode == 1, done.stderr
    *on_the_way, end = [line for line in done.stderr.splitlines() if "distsp:" in line]
    for what in ("checkpoints: a checkpoint", "results.h5"):
        assert (
            f"distsp: disk/busy/{what} cannot be written: {reason}; the run goes on" in on_the_way
        )
    assert sum("results.h5" in line for line in on_the_way) == 1
    before = kept(disk / "busy")
    assert len(before) == 2
    assert end == (
        f"distsp: disk/busy/results.h5 cannot be written: {reason}; the last checkpoint is "
        f"{before[-1]}, go on with: python -m distsp.run --resume disk/busy"
    )
    assert not [*disk.glob("busy/.*.part*")]
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    (disk / "filler").unlink(missing_ok=True)
    finish(3, "--resume", "disk/busy", cwd=disk.parent)
    assert contents(disk / "busy") == whole


def test_stopped_on_a_full_disk(
    disk: Path, busy: str, whole, on_ranks, faulty, finish, contents
) -> None:
    arguments = (busy, "--output", "disk/busy", *OPTIONS)
    done = on_ranks(2, *faulty("loop", 1, "fill and stop", *arguments, call=30), cwd=disk.parent)
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("checkpoints: a checkpoint cannot be written: No space left") == 1
    assert f"the last checkpoint is {kept(disk / 'busy')[-1]}, go on with: " in done.stderr
    assert len(kept(disk / "busy")) == 2
    (disk / "filler").unlink()
    finish(1, "--resume", "disk/busy", cwd=disk.parent)
    assert contents(disk / "busy") == whole


@pytest.mark.parametrize("place", ["loop", "checkpoint"])
@pytest.mark.parametrize("fault", ["no results", "no checkpoints", "no folder"])
def test_what_vanishes_is_written_again(
    tmp_path: Path, busy: str, whole, on_ranks, faulty, contents, place: str, fault: str
) -> None:
    done = on_ranks(2, *faulty(place, 0, fault, busy, *OPTIONS, call=20), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    # What is being written when its folder vanishes is lost; that is said.
    lost = place == "checkpoint" and fault != "no results"
    told = "checkpoints: a checkpoint cannot be written: No such file or directory; the run goes on"
    assert done.stderr.count("distsp:") == done.stderr.count(told) == lost, done.stderr
    assert contents(tmp_path / "busy") == whole
    assert len(kept(tmp_path / "busy")) == 2
