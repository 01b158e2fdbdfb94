"""Whatever goes wrong on one rank, wherever: all ranks end, soon, and one message says why."""

import re
import time
from pathlib import Path

import pytest

ON_EVERY_RANK = ("build", "loop", "update", "recording", "checkpoint", "finish")
"""Places that every rank passes through."""

SOON = 10.0
"""Seconds."""


def told(err: str) -> int:
    """Return how many lines a run has told, apart from the one that it compiles."""
    return sum(line.startswith("distsp:") and "compiling" not in line for line in err.splitlines())


@pytest.fixture
def run(tmp_path: Path, busy: str, on_ranks, faulty):
    """Return a function that runs on 3 ranks with a fault, and what is left after it."""

    def go(place: str, rank: int, fault: str):
        options = ("--checkpoint-every", "25", "--duration", "110", "--quiet")
        call = 2 if place in ("loop", "update", "recording") else 1
        done = on_ranks(3, *faulty(place, rank, fault, busy, *options, call=call), cwd=tmp_path)
        assert time.time() - float((tmp_path / "fault").read_text()) < SOON
        assert done.returncode not in (0, 2), done.stderr
        return done

    return go


@pytest.mark.parametrize("rank", [0, 1, 2])
@pytest.mark.parametrize("place", ON_EVERY_RANK)
def test_an_error_ends_all_ranks_with_one_line(run, place: str, rank: int) -> None:
    done = run(place, rank, "error")
    line = rf"^distsp: rank {rank} of 3 failed: RuntimeError: planted \(faulty.py, line \d+\)$"
    assert len(re.findall(line, done.stderr, re.MULTILINE)) == 1, done.stderr
    assert told(done.stderr) == 1, done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("place", "rank", "fault"),
    [
        ("build", 1, "SIGKILL"),
        ("loop", 0, "SIGSEGV"),
        ("update", 2, "lost"),
        ("recording", 1, "SIGSEGV"),
        ("checkpoint", 0, "SIGKILL"),
        ("finish", 2, "SIGKILL"),
    ],
)
def test_a_lost_rank_ends_all_ranks(run, place: str, rank: int, fault: str) -> None:
    run(place, rank, fault)


def test_an_error_in_what_rank_0_does_alone(run, tmp_path: Path) -> None:
    done = run("figure", 0, "error")
    assert told(done.stderr) == 1, done.stderr
    assert (tmp_path / "busy" / "results.h5").exists()


SCRIPT = """
import os
import signal
from distsp import Network, Simulation
from distsp.engine.update import StructuralUpdate

net = Network(seed=1, update_interval=1.0)
net.create("iaf_psc_alpha", 6)
sim = Simulation(net)

def fail(*_):
    {fault}

if sim.ranks.rank == {rank}:
    StructuralUpdate.apply = fail
sim.run(1e9)
"""


@pytest.mark.parametrize("rank", [0, 2])
def test_an_error_in_a_script(tmp_path: Path, on_ranks, rank: int) -> None:
    program = SCRIPT.format(rank=rank, fault="raise RuntimeError('planted')")
    done = on_ranks(3, "-c", program, cwd=tmp_path, seconds=60.0)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith(f"distsp: rank {rank} of 3 failed\nTraceback (most recent call")
    assert done.stderr.count("RuntimeError: planted") == 1


def test_a_lost_rank_in_a_script(tmp_path: Path, on_ranks) -> None:
    program = SCRIPT.format(rank=1, fault="os.kill(os.getpid(), signal.SIGSEGV)")
    assert on_ranks(3, "-c", program, cwd=tmp_path, seconds=60.0).returncode != 0


def test_an_error_of_mpi_in_compiled_code_ends_all_ranks(tmp_path: Path, on_ranks) -> None:
    """Compiled code does not look at what MPI returns."""
    program = """
from distsp.parallel.ranks import Ranks

ranks = Ranks.world()
kind, group = ranks.handles
if ranks.compiled_exchange:
    ranks.allgather(None, -1, kind, None, -1, kind, group)
else:
    raise RuntimeError("this MPI has no compiled exchange")
print("went on")
"""
    done = on_ranks(2, "-c", program, cwd=tmp_path, seconds=60.0)
    assert done.returncode != 0
    assert "went on" not in done.stdout
