"""The job templates on a real Slurm: the results are those of a plain run, to the last bit."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from distsp.results.quantities import H5

EXPERIMENT = """
name = "busy"
duration = 20000.0
seed = 3
update_interval = 100.0
record_interval = 500.0

[populations.E]
model = "iaf_psc_alpha"
size = 37
parameters = { I_e = 450.0, tau_Ca = 200.0, beta_Ca = 0.02 }
elements.den = { curve = "gaussian", growth_rate = 0.1, eps = 0.5 }
elements.axon = { curve = "gaussian", growth_rate = 0.1, eps = 0.5 }

[synapse_types.plastic]
weight = { distribution = "uniform", low = 10.0, high = 20.0 }
delay = 1.0
pre = "axon"
post = "den"

[inputs.noise]
rate = 10000.0
targets = [{ population = "E", weight = 6.2, delay = 1.0 }]
"""

QUIET = ("--no-figure", "--quiet")
RATE = "populations.E.elements.den.growth_rate"


def run(*arguments: str, cwd: Path) -> None:
    """Run distsp without Slurm, on one rank."""
    command = [sys.executable, "-m", "distsp.run", *arguments, *QUIET]
    subprocess.run(command, cwd=cwd, check=True, timeout=300)


@pytest.fixture(scope="module")
def plain(configuration: Path, tmp_path_factory: pytest.TempPathFactory, contents):
    """The results of a plain run."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "busy.toml").write_text(EXPERIMENT)
    run("busy.toml", cwd=folder)
    found = contents(folder / "busy")
    assert len(found["synapses/plastic/source"][0]) > 0
    return found


@pytest.fixture
def here(slurm, monkeypatch) -> Path:
    """The folder of submission, with the experiment."""
    (slurm.cwd / "busy.toml").write_text(EXPERIMENT)
    slurm.environment["EXPERIMENT"] = "busy.toml"
    return slurm.cwd


def checkpoints(folder: Path) -> set[str]:
    return {path.name for path in (folder / "checkpoints").glob("checkpoint-*[0-9]")}


@pytest.mark.parametrize("launch", ["", "mpirun"])
def test_one_node(slurm, here: Path, plain, contents, launch: str) -> None:
    job = slurm.submit("single_node.sh", *QUIET, options="--ntasks=2", LAUNCH=launch)
    assert slurm.ended(job) == ("COMPLETED", "0:0"), slurm.log(job)
    assert slurm.log(job).startswith(f"job {job}: 2 ranks on n")
    assert contents(here / f"results-{job}") == plain


def test_several_nodes(slurm, here: Path, plain, contents) -> None:
    options = "--nodes=2 --ntasks-per-node=1"
    job = slurm.submit("several_nodes.sh", *QUIET, options=options)
    assert slurm.ended(job) == ("COMPLETED", "0:0"), slurm.log(job)
    assert slurm.log(job).startswith(f"job {job}: 2 ranks on n[1-2], busy.toml -> results-{job}\n")
    assert contents(here / f"results-{job}") == plain


def test_array_over_seeds_and_what_is_gathered(slurm, here: Path, contents) -> None:
    job = slurm.submit("array.sh", *QUIET, options="--ntasks=2 --array=7-8")
    for task in ("7", "8"):
        assert slurm.ended(f"{job}_{task}")[0] == "COMPLETED", slurm.logs()
        run("busy.toml", "--seed", task, "--output", f"seed_{task}", cwd=here)
        assert contents(here / f"results-{job}" / task) == contents(here / f"seed_{task}")
    gathered = subprocess.run(
        [sys.executable, str(Path(__file__).parents[2] / "slurm" / "gather.py"), "--output=a.csv"]
        + [f"results-{job}/{task}" for task in (7, 8, 9)],
        cwd=here,
        capture_output=True,
        text=True,
    )
    assert gathered.stdout == "written      a.csv, a.png: 2 of 3 runs\n"
    assert gathered.stderr == f"gather: results-{job}/9: missing\n"
    assert gathered.returncode == 1


def test_array_over_values(slurm, here: Path, contents) -> None:
    settings = {"PARAMETER": RATE, "VALUES": "0.1 0.05", "OUTPUT": "rates"}
    job = slurm.submit("array.sh", *QUIET, options="--ntasks=2 --array=2-3", **settings)
    assert slurm.ended(f"{job}_2")[0] == "COMPLETED", slurm.logs()
    run("busy.toml", "--set", f"{RATE}=0.05", "--output", "plain", cwd=here)
    assert contents(here / "rates" / "2") == contents(here / "plain")
    assert slurm.ended(f"{job}_3") == ("FAILED", "1:0")
    told = "distsp job: VALUES: there are 2, none for task 3; submit with --array=1-2\n"
    assert slurm.log(f"{job}_3") == told


@pytest.mark.parametrize("template", ["single_node.sh", "long_run.sh"])
def test_job_that_slurm_starts_again(
    slurm, here: Path, plain, contents, ranks_of, template: str
) -> None:
    arguments = ("--checkpoint-every", "100", *QUIET)
    job = slurm.submit(template, *arguments, options="--ntasks=2", CHECKPOINT_MINUTES="0.005")
    slurm.until(lambda: checkpoints(here / f"results-{job}"))
    # Killed as by a fault of the node, the ranks leave behind what they shared in memory.
    for rank in ranks_of(here):
        os.kill(rank, signal.SIGKILL)
    assert slurm.ended(job)[0] == "FAILED"
    slurm("scontrol", "requeue", job)
    slurm.until(lambda: slurm.log(job).count(f"job {job}:") == 2, running=job)
    assert slurm.ended(job) == ("COMPLETED", "0:0"), slurm.log(job)
    if template == "long_run.sh":
        assert "attempt 2, from checkpoint-" in slurm.log(job)
    assert contents(here / f"results-{job}") == plain


def test_long_run_crosses_its_limit_again_and_again(slurm, here: Path, contents) -> None:
    # Slurm looks for limits every half a minute: a signal comes 10 to 40 s after the start. The
    # second time it comes by hand.
    options = "--ntasks=2 --time=1 --signal=B:USR1@20"
    often = {"CHECKPOINT_MINUTES": "0.02"}
    job = slurm.submit("long_run.sh", "--duration", "1e9", *QUIET, options=options, **often)
    slurm.until(lambda: "attempt 2" in slurm.log(job), seconds=180, running=job)
    begun = checkpoints(here / f"results-{job}")
    slurm.until(lambda: checkpoints(here / f"results-{job}") != begun, running=job)
    slurm("scancel", "--batch", "--signal=USR1", job)
    slurm.until(lambda: "attempt 3" in slurm.log(job), seconds=180, running=job)
    log = slurm.log(job)
    assert log.count("limit near, back into the queue with checkpoint-") == 2
    starts = [line for line in log.splitlines() if "attempt" in line]
    assert ", from the beginning, " in starts[0]
    assert ", from checkpoint-" in starts[1]
    assert ", from checkpoint-" in starts[2]
    assert starts[1] != starts[2].replace("attempt 3", "attempt 2")
    slurm("scancel", job)
    assert slurm.ended(job)[0] == "CANCELLED"

    # Now it may come to its end.
    output = f"results-{job}"
    newest = max(int(name.split("-")[1]) for name in checkpoints(here / output))
    duration = str(newest // 10 + 500)
    options = "--ntasks=2"
    job = slurm.submit("long_run.sh", "--duration", duration, options=options, RESUME=output)
    assert slurm.ended(job) == ("COMPLETED", "0:0"), slurm.log(job)
    run("busy.toml", "--duration", duration, "--output", "plain", cwd=here)
    assert contents(here / output) == contents(here / "plain")


def test_cancelled_long_run_leaves_a_checkpoint_and_stays_out_of_the_queue(slurm, here) -> None:
    job = slurm.submit("long_run.sh", "--duration", "1e9", *QUIET, options="--ntasks=2")
    slurm.until((here / f"results-{job}" / H5).exists)
    slurm("scancel", job)
    assert slurm.ended(job)[0] == "CANCELLED"
    slurm.until(lambda: "stopped before its limit" in slurm.log(job))
    assert f"go on with: RESUME='results-{job}' sbatch" in slurm.log(job)
    assert checkpoints(here / f"results-{job}")
    assert slurm.job(job)["Restarts"] == "0"


def test_error_is_not_repeated(slurm, here: Path) -> None:
    job = slurm.submit("long_run.sh", "--seed", "-1", options="--ntasks=2")
    assert slurm.ended(job) == ("FAILED", "2:0")
    log = slurm.log(job)
    assert log.count("distsp: ") == 1
    assert "distsp: seed: -1 must be greater than or equal to 0\n" in log
    assert log.endswith("distsp job: exit code 2, not put back into the queue\n")
    assert slurm.job(job)["Restarts"] == "0"


def test_attempt_without_progress_is_not_repeated(slurm, here: Path) -> None:
    # A launcher whose ranks never get as far as a new checkpoint.
    launcher = here / "launcher"
    launcher.write_text("#!/bin/sh\ntrap 'exit 75' USR1\n: >begun\nwhile :; do sleep 0.1; done\n")
    launcher.chmod(0o755)
    job = slurm.submit("long_run.sh", options="--ntasks=2", LAUNCH=str(launcher))
    slurm.until((here / "begun").exists)
    slurm("scancel", "--batch", "--signal=USR1", job)
    assert slurm.ended(job) == ("FAILED", "1:0")
    assert "distsp job: has got no further than the beginning" in slurm.log(job)
    assert slurm.job(job)["Restarts"] == "0"


def test_job_ends_when_a_rank_is_killed(slurm, here: Path, ranks_of) -> None:
    launch = "srun --mpi=pmi2 --wait=1"  # the template waits longer
    job = slurm.submit(
        "single_node.sh", "--duration", "1e9", *QUIET, options="--ntasks=2", LAUNCH=launch
    )
    slurm.until((here / f"results-{job}" / H5).exists)
    os.kill(ranks_of(here)[1], signal.SIGKILL)
    assert slurm.ended(job) == ("FAILED", "137:0")
    assert not ranks_of(here)
