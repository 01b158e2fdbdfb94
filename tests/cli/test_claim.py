"""Nothing that distsp has not written is lost, and what is in the way is told before the run."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from distsp import load_results
from distsp.cli.run import main

QUICK = ["--scale", "0.02", "--set", "record_interval=100", "--quiet", "--duration", "100"]

FOREIGN = {
    "results.csv": "a,b\n1,2\n",
    "results.h5": "mine",
    "figure.png": "mine",
    "sonata/nodes.h5": "mine",
    "sonata/notes.txt": "mine",
    ".results.part.h5": "mine",
    "checkpoints/notes.txt": "mine",
    "checkpoints/checkpoint-500/data": "of another program",
    "checkpoints/checkpoint-600": "a plain file",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def texts(folder: Path) -> dict[str, bytes]:
    """Return all files in a folder, with what is in them."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def write(*names: str) -> dict[str, bytes]:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(FOREIGN[name])
    return {name: FOREIGN[name].encode() for name in names}


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_what_is_somebody_elses_stays(folder: Path, force: list[str]) -> None:
    """Also what has a name of distsp's, where this run has no use for it."""
    mine = write(*(name for name in FOREIGN if "results.csv" != name != "results.h5"))
    options = ["--output", ".", "--no-figure", "--checkpoint-every", "50"]
    for _ in range(2 if force else 1):
        assert main([*QUICK, *options, *force]) == 0
        found = texts(folder)
        assert {name: found[name] for name in mine} == mine
    checkpoints = {path.name for path in (folder / "checkpoints").glob("*/manifest.json")}
    assert checkpoints == {"manifest.json"}
    assert len(load_results(folder).time) == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("results.csv", "has a results.csv that is not distsp's"),
        ("results.h5", "has a results.h5 that is not distsp's"),
        ("figure.png", "has a figure.png that is not distsp's"),
        ("figure.pdf/", "has a figure.pdf that is a folder"),
        ("results.csv/", "has a results.csv that is a folder"),
        ("sonata/nodes.h5", "sonata/nodes.h5: is there, and distsp has not written it"),
        ("sonata", "sonata: is no folder"),
        ("checkpoints", "checkpoints in it is no folder"),
        ("checkpoints@", "checkpoints in it is a link to no folder"),
        ("results.h5@", "has a results.h5 that is a link"),
        (".distsp.lock", "has a .distsp.lock that is not distsp's"),
    ],
)
def test_what_is_in_the_way_is_told_at_the_start(folder: Path, capsys, name, told) -> None:
    path = Path("here", name.rstrip("/@"))
    path.parent.mkdir(parents=True)
    if name.endswith("/"):
        path.mkdir()
    elif name.endswith("@"):
        path.symlink_to("nowhere")
    else:
        path.write_text("mine")
    before, n = texts(folder), len([*folder.rglob("*")])
    for force in ([], ["--force"]):
        assert main([*QUICK, "--output", "here", "--sonata", *force]) == 2
        err = capsys.readouterr().err
        assert err.startswith("distsp: --output: 'here' ")
        assert told in err
        assert err.count("\n") == 1
    assert texts(folder) == before
    assert len([*folder.rglob("*")]) == n


def test_its_own_files_are_replaced(folder: Path) -> None:
    assert main([*QUICK, "--output", "here", "--sonata", "--checkpoint-every", "50"]) == 0
    listed = json.loads(Path("here/sonata/written.json").read_text())
    assert {*listed} >= {"nodes.h5", "edges.h5", "circuit_config.json", "parameters/E.json"}
    Path("here/sonata/node_sets.json").write_text("{} changed by hand")
    assert main([*QUICK, "--output", "here", "--sonata", "--force", "--no-figure"]) == 2
    Path("here/sonata/node_sets.json").unlink()
    assert main([*QUICK, "--output", "here", "--sonata", "--force", "--no-figure"]) == 0
    assert not [*Path("here").glob("figure.*"), *Path("here").glob("checkpoints")]
    assert main([*QUICK, "--output", "here", "--force", "--no-figure"]) == 0
    assert sorted(path.name for path in Path("here").iterdir()) == ["results.csv", "results.h5"]


def test_one_run_at_a_time(folder: Path, capsys) -> None:
    command = [sys.executable, "-m", "distsp.run", *QUICK[:-1], "1e8", "--no-figure"]
    options = ["--output", "here", "--checkpoint-minutes", "1e-9"]
    with subprocess.Popen([*command, *options]) as run:
        while not [*Path("here").glob("checkpoints/*/manifest.json")]:
            assert run.poll() is None
            time.sleep(0.05)
        for again in ([*QUICK, *options], [*QUICK, *options, "--force"], ["--resume", "here"]):
            assert main(again) == 2
            err = capsys.readouterr().err
            told = f": 'here' is in use by a run: process {run.pid} on {os.uname().nodename}\n"
            assert err.endswith(told)
        assert run.poll() is None
        run.kill()
    assert Path("here/.distsp.lock").exists()
    assert main([*QUICK, *options, "--force", "--no-figure"]) == 0
    assert not Path("here/.distsp.lock").exists()
