"""Runs that are stopped or killed on some ranks and go on on others, through mpirun."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

OPTIONS = ("--no-figure", "--quiet")
RUN = ("-m", "distsp.run", *OPTIONS)
EVERY = ("--checkpoint-every", "25")


@pytest.fixture
def begun(tmp_path: Path, busy: str, start):
    """A run on 2 ranks that has written checkpoints; it is killed if the test leaves it alone."""
    with start(2, *RUN, busy, *EVERY, cwd=tmp_path) as run:
        while not newest(tmp_path):
            assert run.poll() is None, run.stderr.read()
            time.sleep(0.01)
        yield run
        run.kill()


def newest(folder: Path) -> int:
    """Return the step of the newest checkpoint."""
    names = [path.parent.name for path in folder.glob("busy/checkpoints/*/manifest.json")]
    return max([int(name.split("-")[1]) for name in names if ".part" not in name], default=0)


@pytest.fixture
def gone(ranks_of) -> Callable[[subprocess.Popen, Path], bool]:
    """Return a function that waits, 10 s at most, for mpirun and all ranks to end."""

    def wait(run: subprocess.Popen, folder: Path) -> bool:
        until = time.monotonic() + 10.0
        while (run.poll() is None or ranks_of(folder)) and time.monotonic() < until:
            time.sleep(0.02)
        return run.poll() is not None and not ranks_of(folder)

    return wait


def test_saved_on_2_goes_on_on_3_and_on_1(tmp_path: Path, busy: str, whole, finish, contents):
    finish(2, busy, "--duration", "700", "--checkpoint-every", "300", cwd=tmp_path)
    written = sorted(path.name for path in (tmp_path / "busy" / "checkpoints").iterdir())
    assert written == ["checkpoint-6000", "checkpoint-7000"]
    for n in (3, 1):
        shutil.copytree(tmp_path / "busy", tmp_path / f"on_{n}")
        finish(n, "--resume", f"on_{n}", "--duration", "1500", cwd=tmp_path)
        assert contents(tmp_path / f"on_{n}") == whole


@pytest.mark.parametrize(
    ("chain", "places"),
    [
        (0, ("checkpoint", "update")),
        (1, ("rename", "update")),
        (2, ("prune", "checkpoint")),
        (3, ("update", "refresh")),
        (4, ("update", "rename")),
    ],
)
def test_killed_again_and_again(
    tmp_path: Path,
    busy: str,
    whole,
    start,
    on_ranks,
    faulty,
    contents,
    chain: int,
    places,
    ranks_of,
    gone,
) -> None:
    """Each of 20 seeds kills a run once: twice at a place, twice at a random moment."""
    for i in range(4):
        chance = random.Random(4 * chain + i)
        n = chance.randint(1, 3)
        arguments = (*beginning(tmp_path, busy, on_ranks), *OPTIONS, *EVERY)
        if i < 2:
            # What comes after the arrays is done by rank 0 alone.
            rank = chance.randrange(n) if places[i] in ("checkpoint", "update") else 0
            call = chance.randint(1, 4)
            planted = faulty(places[i], rank, "SIGKILL", *arguments, call=call)
            run = start(n, *planted, cwd=tmp_path)
        else:
            run = start(n, *faulty("loop", -1, "error", *arguments), cwd=tmp_path)
            time.sleep(chance.uniform(0.0, 3.0))
            ranks = ranks_of(tmp_path)
            os.kill(chance.choice([run.pid, *ranks[:1], *ranks]), signal.SIGKILL)
        with run:
            assert gone(run, tmp_path)
            if i < 2:
                assert run.returncode != 0
                assert (tmp_path / "fault").exists(), run.stderr.read()
                (tmp_path / "fault").unlink()
    done = on_ranks(2, *RUN, *beginning(tmp_path, busy, on_ranks), *EVERY, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "busy") == whole
    left = sorted(path.name for path in (tmp_path / "busy").iterdir())
    assert left == ["checkpoints", "results.csv", "results.h5"]
    assert len([*(tmp_path / "busy" / "checkpoints").iterdir()]) == 2


def beginning(folder: Path, busy: str, on_ranks) -> tuple[str, str]:
    """Return how to go on with a run, or to start it again: the answer of --resume says which."""
    if newest(folder):
        return "--resume", "busy"
    if (folder / "busy").exists():
        refused = on_ranks(1, *RUN, "--resume", "busy", cwd=folder)
        assert refused.returncode == 2
        told = "distsp: busy/checkpoints: has no checkpoint; start the run again, with --force\n"
        assert refused.stderr == told
    return busy, "--force"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
@pytest.mark.parametrize("to", [slice(0, 1), slice(1, 2), slice(0, 2)])
def test_signal_ends_in_good_order(
    tmp_path: Path, whole, begun, finish, contents, number: int, to: slice, ranks_of
) -> None:
    for rank in ranks_of(tmp_path)[to]:
        os.kill(rank, number)
    _, err = begun.communicate(timeout=20)
    assert begun.returncode == 75, err
    assert err.count("distsp:") == 1
    assert "go on with: python -m distsp.run --resume busy\n" in err
    finish(3 if number == signal.SIGTERM else 1, "--resume", "busy", cwd=tmp_path)
    assert contents(tmp_path / "busy") == whole


def test_signal_to_mpirun(begun) -> None:
    begun.send_signal(signal.SIGUSR1)
    _, err = begun.communicate(timeout=20)
    assert begun.returncode == 75, err


def test_signals_of_one_moment_are_one(tmp_path: Path, begun, ranks_of) -> None:
    """As where mpirun and a batch system both send."""
    ranks, until = ranks_of(tmp_path), time.monotonic() + 0.3
    while time.monotonic() < until:
        for rank in ranks:
            os.kill(rank, signal.SIGTERM)
            os.kill(rank, signal.SIGUSR1)
        time.sleep(0.02)
    _, err = begun.communicate(timeout=20)
    assert begun.returncode == 75, err
    assert err.count("distsp:") == 1
    assert "Exception ignored" not in err


@pytest.mark.parametrize("to", [0, 1])
def test_a_later_signal_ends_at_once(
    tmp_path: Path, busy: str, start, faulty, to: int, ranks_of, gone
) -> None:
    """Also where it comes to the rank that waits for the other one's checkpoint."""
    endless = (busy, "--duration", "1e8", *OPTIONS)
    with start(2, *faulty("checkpoint", 1, "sleep", *endless), cwd=tmp_path) as run:
        wait_for(tmp_path / "busy" / "results.h5", run)
        os.kill(ranks_of(tmp_path)[0], signal.SIGTERM)
        wait_for(tmp_path / "fault", run)
        time.sleep(1.0)
        assert run.poll() is None
        os.kill(ranks_of(tmp_path)[to], signal.SIGTERM)
        assert gone(run, tmp_path)
        assert run.returncode == 128 + signal.SIGTERM
        assert run.stderr.read() == "distsp: interrupted again: ended at once\n"


def test_a_signal_ends_what_has_not_begun_to_simulate(
    tmp_path: Path, busy: str, start, faulty, ranks_of, gone
) -> None:
    with start(2, *faulty("build", 1, "sleep", busy, *OPTIONS), cwd=tmp_path) as run:
        wait_for(tmp_path / "fault", run)
        for rank in ranks_of(tmp_path):
            os.kill(rank, signal.SIGINT)
        assert gone(run, tmp_path)
        assert run.stderr.read() == "distsp: interrupted before it had begun to simulate\n"
        assert run.returncode == 130


@pytest.mark.parametrize("keeps", [False, True])
def test_ctrl_c_at_the_terminal(
    tmp_path: Path, busy: str, whole, start, finish, contents, gone, keeps: bool
) -> None:
    """It goes to the whole group of processes, and mpirun passes it on as well."""
    every = EVERY if keeps else ()
    endless = ("--duration", "1e8", *every)
    with start(2, *RUN, busy, *endless, cwd=tmp_path, start_new_session=True) as run:
        while not (newest(tmp_path) if keeps else (tmp_path / "busy" / "results.h5").exists()):
            assert run.poll() is None, run.stderr.read()
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGINT)
        assert gone(run, tmp_path)
        err = run.stderr.read()
    lines = [line for line in err.splitlines() if "mpiexec" not in line and line]
    assert len(lines) == 1, err
    assert lines[0].startswith("distsp: stopped by a signal after ")
    assert "Abort" not in err
    assert ("--resume busy" in err) == keeps
    assert run.returncode == (75 if keeps else 130)


def wait_for(path: Path, run: subprocess.Popen) -> None:
    """Wait until a run has written a file."""
    while not path.exists():
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.01)
