"""Runs that are stopped or killed on some ranks and go on on others, through mpirun."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("mpirun") is None, reason="needs mpirun")

EXPERIMENT = """
name = "busy"
duration = 1500.0
seed = 3
update_interval = 20.0
record_interval = 50.0

[populations.E]
model = "iaf_psc_alpha"
size = 37
record_spikes = true
parameters = { I_e = 450.0, tau_Ca = 200.0, beta_Ca = 0.02 }
elements.den = { curve = "gaussian", growth_rate = 0.1, eps = 0.3 }
elements.den_in = { curve = "linear", growth_rate = -0.1, eps = 0.25 }
elements.axon_in = { curve = "linear", growth_rate = -0.1, eps = 0.25 }
elements.axon = { curve = "gaussian", growth_rate = 0.1, eps = 0.3 }

[populations.A]
model = "iaf_psc_delta"
size = 2

[synapse_types.plastic]
weight = { distribution = "uniform", low = 10.0, high = 20.0 }
delay = 1.0
pre = "axon"
post = "den"

[synapse_types.plain]
weight = -40.0
delay = 1.0
pre = "axon_in"
post = "den_in"

[synapse_types.drawn]
weight = { distribution = "uniform", low = 1.0, high = 2.0 }
delay = { distribution = "uniform", low = 1.0, high = 2.0 }

[inputs.noise]
rate = 10000.0
targets = [{ population = "E", weight = 6.2, delay = 1.0 }]

[[connections]]
source = "E"
target = "A"
synapse = "drawn"
rule = { rule = "fixed_indegree", indegree = 5 }
"""

OPTIONS = ("--no-figure", "--quiet")


def command(n: int, *arguments: str) -> list[str]:
    return ["mpirun", "-n", str(n), sys.executable, "-m", "distsp.run", *arguments, *OPTIONS]


def finish(n: int, *arguments: str, cwd: Path) -> None:
    done = subprocess.run(
        command(n, *arguments), cwd=cwd, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, contents) -> dict[str, object]:
    """The results of a run that nothing has stopped."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "busy.toml").write_text(EXPERIMENT)
    finish(1, "busy.toml", cwd=folder)
    found = contents(folder / "busy")
    for name in ("synapses/plastic/source", "synapses/plain/source", "spikes/E/id"):
        assert len(found[name][0]) > 0
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "busy.toml").write_text(EXPERIMENT)
    return tmp_path


@pytest.fixture
def begun(folder: Path):
    """A run on 2 ranks that has written checkpoints; it is killed if the test leaves it alone."""
    every = ("--checkpoint-every", "25")
    with subprocess.Popen(
        command(2, "busy.toml", *every), cwd=folder, stderr=subprocess.PIPE, text=True
    ) as run:
        while not newest(folder):
            assert run.poll() is None, run.stderr.read()
            time.sleep(0.01)
        yield run
        run.kill()


def newest(folder: Path) -> int:
    """Return the step of the newest checkpoint."""
    names = [path.parent.name for path in folder.glob("busy/checkpoints/*/manifest.json")]
    return max([int(name.split("-")[1]) for name in names if ".part" not in name], default=0)


def test_saved_on_2_goes_on_on_3_and_on_1(folder: Path, whole: dict[str, object], contents) -> None:
    finish(2, "busy.toml", "--duration", "700", "--checkpoint-every", "300", cwd=folder)
    written = sorted(path.name for path in (folder / "busy" / "checkpoints").iterdir())
    assert written == ["checkpoint-6000", "checkpoint-7000"]
    for n in (3, 1):
        shutil.copytree(folder / "busy", folder / f"on_{n}")
        finish(n, "--resume", f"on_{n}", "--duration", "1500", cwd=folder)
        assert contents(folder / f"on_{n}") == whole


@pytest.mark.parametrize("n", [1, 2, 3])
def test_killed_at_a_random_moment(
    folder: Path, whole: dict[str, object], begun: subprocess.Popen, contents, ranks_of, n: int
) -> None:
    chance = random.Random()
    while begun.poll() is None and newest(folder) < chance.uniform(1000, 9000):
        time.sleep(0.005)
    time.sleep(chance.uniform(0.0, 0.03))
    os.kill(chance.choice(ranks_of(folder)), signal.SIGKILL)
    assert begun.wait(20) != 0
    finish(n, "--resume", "busy", "--checkpoint-every", "25", cwd=folder)
    assert contents(folder / "busy") == whole
    assert len([*(folder / "busy" / "checkpoints").iterdir()]) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
@pytest.mark.parametrize("to", [slice(0, 1), slice(1, 2), slice(0, 2)])
def test_signal_ends_in_good_order(
    folder: Path,
    whole: dict[str, object],
    begun: subprocess.Popen,
    contents,
    ranks_of,
    number: int,
    to: slice,
) -> None:
    for rank in ranks_of(folder)[to]:
        os.kill(rank, number)
    _, err = begun.communicate(timeout=20)
    assert begun.returncode == 75, err
    assert err.count("distsp:") == 1
    assert err.strip().endswith("go on with: python -m distsp.run --resume busy")
    finish(3 if number == signal.SIGTERM else 1, "--resume", "busy", cwd=folder)
    assert contents(folder / "busy") == whole
