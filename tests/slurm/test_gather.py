"""`slurm/gather.py`: one table and one figure of many runs, and what it says of the others."""

import csv
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from distsp import load_results
from distsp.cli.run import main

GATHER = Path(__file__).parents[2] / "slurm" / "gather.py"
QUICK = ("--scale", "0.02", "--duration", "2000", "--no-figure", "--quiet")
RATE = "inputs.noise.rate"


def gather(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(GATHER), *arguments], cwd=cwd, capture_output=True, text=True
    )


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return [*csv.DictReader(file)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rates with a run each, two seeds of one of them, and a run that was stopped."""
    folder = tmp_path_factory.mktemp("runs")
    for name, options in {
        "8": ("--set", f"{RATE}=8000.0"),
        "9": ("--set", f"{RATE}=9000.0"),
        "9b": ("--set", f"{RATE}=9000.0", "--seed", "2"),
        "part": ("--set", f"{RATE}=7000.0", "--checkpoint-every", "1000"),
    }.items():
        assert main([*QUICK, *options, "--output", str(folder / name)]) == 0

    with h5py.File(folder / "part" / "results.h5", "a") as file:
        for name in ("neurons", "synapses", "spikes"):
            del file[name]  # as it is before the end
    return folder


def test_last_recordings_against_the_parameter(runs: Path) -> None:
    done = gather(runs, "8", "9", "9b", "part", "10", "--output", "rates.csv")
    assert done.returncode == 1
    assert done.stdout == "written      rates.csv, rates.png: 3 of 5 runs\n"
    assert done.stderr == "gather: part: unfinished\ngather: 10: missing\n"
    rows = table(runs / "rates.csv")
    assert [row["run"] for row in rows] == ["8", "9", "9b", "part", "10"]
    assert [row["state"] for row in rows] == ["ended"] * 3 + ["unfinished", "missing"]
    assert [row[RATE] for row in rows] == ["8000.0", "9000.0", "9000.0", "7000.0", ""]
    assert [row["seed"] for row in rows] == ["1", "1", "2", "1", ""]
    assert [row["time (ms)"] for row in rows] == ["2000.0"] * 4 + [""]
    assert [row["calcium/E"] for row in rows[3:]] == ["", ""]
    for row in rows[:3]:
        results = load_results(runs / row["run"])
        assert float(row["calcium/I"]) == results.calcium["I"][-1]
        assert float(row["rate/E (Hz)"]) == results.rate["E"][-1]
        assert int(row["synapses/synapse_ex"]) == results.synapse_counts["synapse_ex"][-1]
    assert (runs / "rates.png").stat().st_size > 10_000


def test_trajectories_of_seeds(runs: Path) -> None:
    done = gather(runs, "9", "9b", "9", "--output", "seeds.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "written      seeds.csv, seeds.png: 2 of 2 runs\n"
    assert [row["seed"] for row in table(runs / "seeds.csv")] == ["1", "2"]
    assert RATE not in table(runs / "seeds.csv")[0]
    assert (runs / "seeds.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("8", "--output", "a.txt"), "--output: 'a.txt' must end in .csv"),
        (("8", "--output", "/dev/null/a.csv"), "--output: /dev/null/a.csv cannot be written: "),
        (("part", "10", "--output", "a.csv"), "RUN: 'part, 10' must have a run that has ended"),
        (("broken", "8", "--output", "a.csv"), "broken/results.h5: is not a result of distsp"),
        (
            ("8", "other", "--output", "a.csv"),
            "other: populations: ['A'] must be ['E', 'I'], as in 8",
        ),
    ],
)
def test_wrong_input(runs: Path, arguments: tuple[str, ...], told: str) -> None:
    (runs / "broken").mkdir(exist_ok=True)
    (runs / "broken" / "results.h5").write_text("no HDF5")
    if "other" in arguments:
        head = 'name = "other"\nduration = 2000.0\n'
        text = f'{head}[populations.A]\nmodel = "iaf_psc_exp"\nsize = 2\n'
        (runs / "other.toml").write_text(text)
        run = [str(runs / "other.toml"), "--output", str(runs / "other"), *QUICK[4:]]
        assert main(run) == 0
    done = gather(runs, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"gather: {told}")
    assert done.stderr.count("\n") == 1
    assert not [*runs.glob("a.*")]
