"""Starts the tests in the folder `mpi` on several ranks, and programs that end badly there.

It is not in that folder itself: pytest-mpi takes everything in a folder of this name for a test
that needs several ranks, and skips it.
"""

import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MPI_TESTS = Path(__file__).parent / "mpi"


def passes(on_ranks, n: int, *arguments: str) -> None:
    """Run pytest on `n` ranks and show what it says if a test fails."""
    options = ["--with-mpi", "-m", "mpi", "-q", "-s", "-p", "no:cacheprovider"]
    # Alone and the first time, most of it is waiting for the compiler.
    done = on_ranks(n, "-m", "pytest", *options, *arguments, cwd=ROOT, seconds=900.0)
    assert done.returncode == 0, done.stdout + done.stderr
    # Every rank has run the tests, none has run away alone.
    assert done.stdout.count(f"size: {n}") == n, done.stdout
    assert " passed" in done.stdout
    assert " failed" not in done.stdout


@pytest.mark.parametrize("n", [2, 3])
def test_on(on_ranks, n):
    passes(on_ranks, n, str(MPI_TESTS))


@pytest.mark.parametrize("n", [4, 7])
def test_invariance(on_ranks, n):
    files = [str(MPI_TESTS / f"test_{name}.py") for name in ("invariance", "random_networks")]
    passes(on_ranks, n, *files, "-k", "any_number_of_ranks")


SCRIPT = """
import sys
from distsp.network.network import Network
from distsp.engine.simulation import Simulation

net = Network(seed=1, update_interval=1.0)
n = net.create("iaf_psc_alpha", 6, I_e=500.0)
sim = Simulation(net)
sim.run(1.0)
def progress(now):
    if sim.ranks.rank in {failing} and now >= 3.0:
        raise {error}
sim.run(1e9, progress)
"""


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("error", ["RuntimeError('the disk is full')", "MemoryError()"])
def test_an_error_on_the_last_rank_ends_all(tmp_path, on_ranks, n, error):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(failing=f"({n - 1},)", error=error))
    began = time.perf_counter()
    done = on_ranks(n, str(script), cwd=tmp_path, seconds=60.0)
    assert time.perf_counter() - began < 30.0
    assert done.returncode != 0
    name = error.split("(")[0]
    assert done.stderr.count("Traceback (most recent call last)") == 1, done.stderr
    assert name in done.stderr


def test_an_error_on_all_ranks_is_told_once(tmp_path, on_ranks):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(failing="(0, 1, 2)", error="RuntimeError('too bad')"))
    done = on_ranks(3, str(script), cwd=tmp_path, seconds=60.0)
    assert done.returncode != 0
    assert done.stderr.count("RuntimeError: too bad") == 1, done.stderr


def test_wrong_input_in_a_script_is_told_once(tmp_path, on_ranks):
    script = tmp_path / "script.py"
    script.write_text(
        "from distsp.network.network import Network\n"
        "from distsp.engine.simulation import Simulation\n"
        "net = Network(seed=1)\n"
        "neurons = net.create('iaf_psc_alpha', 3)\n"
        "sim = Simulation(net)\n"
        "neurons.set(tau_m=-1.0)\n"
    )
    done = on_ranks(3, str(script), cwd=tmp_path, seconds=60.0)
    assert done.returncode != 0
    assert done.stderr.count("parameters.tau_m: -1.0") == 1, done.stderr


def test_an_error_before_there_is_a_simulation_ends_all(tmp_path, on_ranks):
    script = tmp_path / "script.py"
    script.write_text(
        "import distsp\n"
        "from distsp.parallel.ranks import Ranks\n"
        "ranks = Ranks.world()\n"
        "if ranks.rank == 1:\n"
        "    raise KeyError('nothing')\n"
        "ranks.barrier()\n"
    )
    done = on_ranks(2, str(script), cwd=tmp_path, seconds=60.0)
    assert done.returncode != 0
    assert "KeyError: 'nothing'" in done.stderr


def test_a_fast_end_is_no_error(tmp_path, on_ranks):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(failing="()", error="RuntimeError").replace("1e9", "5.0"))
    done = on_ranks(2, str(script), cwd=tmp_path, seconds=60.0)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
