"""The command line on one rank."""

import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest

from distsp import Experiment, load_results
from distsp.cli.run import main

QUICK = ["--scale", "0.02", "--duration", "2000", "--quiet"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_no_argument_runs_the_published_experiment(folder: Path, capsys) -> None:
    assert main(QUICK) == 0
    results = load_results(folder / "structural_plasticity")
    expected = Experiment.bundled("structural_plasticity").changed("duration", "2000").scaled(0.02)
    assert results.experiment == expected
    assert {path.name for path in (folder / "structural_plasticity").iterdir()} == {
        "results.h5",
        "results.csv",
        "figure.png",
        "figure.pdf",
    }
    assert [path.name for path in folder.iterdir()] == ["structural_plasticity"]
    assert capsys.readouterr() == ("", "")


def test_summary_and_progress(capsys) -> None:
    assert main(["--scale", "0.02", "--duration", "2000", "--set", "record_interval=100"]) == 0
    out, err = capsys.readouterr()
    for part in ("structural_plasticity: 20 neurons, 2 s", "target 0.05", "synapse_ex", "neurons "):
        assert part in out
    assert f"written      {Path('structural_plasticity/results.h5')}" in out
    lines = [line for line in err.splitlines() if "%" in line]
    assert 10 <= len(lines) <= 12
    assert lines[-1].startswith("100%  2.0 of 2.0 s")
    assert "\r" not in err


def test_bar_on_a_terminal() -> None:
    master, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    command = [sys.executable, "-m", "distsp.run", *QUICK[:-1], "--no-figure"]
    done = subprocess.run(command, stderr=terminal, stdout=subprocess.PIPE, check=True)
    os.close(terminal)
    shown = os.read(master, 100_000).decode()
    os.close(master)
    assert "100% |" in shown
    assert "times real time" in shown
    assert b"spikes" in done.stdout


def test_list_names_what_can_be_run(capsys) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [
        "balanced_random",
        "cortical_sheet",
        "structural_plasticity",
    ]


def test_what_is_shown_can_be_run(folder: Path, capsys) -> None:
    changes = ["--seed", "5", "--set", "populations.E.parameters.tau_m=12.5"]
    assert main([*QUICK, *changes, "--show"]) == 0
    shown = capsys.readouterr().out
    assert not [*folder.iterdir()]
    Path("mine.toml").write_text(shown)
    assert main(["mine.toml", "--show"]) == 0
    assert capsys.readouterr().out == shown
    assert main([*QUICK, *changes, "--no-figure", "--output", "a"]) == 0
    assert main(["mine.toml", "--quiet", "--no-figure", "--output", "b"]) == 0
    a, b = load_results("a"), load_results("b")
    assert a.experiment == b.experiment
    assert a.experiment.populations["E"].parameters["tau_m"] == 12.5
    np.testing.assert_array_equal(a.neurons["E"]["calcium"], b.neurons["E"]["calcium"])


@pytest.mark.parametrize("arguments", [["--show"], ["--list"], ["--help"], QUICK[:-1]])
def test_a_reader_that_has_gone_is_no_fault(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "distsp.run", *arguments]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert done.returncode == 0
    assert "rror" not in done.stderr


def test_help(capsys) -> None:
    assert main(["--help"]) == 0
    assert "--figure-format" in capsys.readouterr().out


def test_results_are_not_overwritten_unasked(folder: Path, capsys) -> None:
    assert main([*QUICK, "--output", "here"]) == 0
    before = (folder / "here" / "results.h5").read_bytes()
    assert main([*QUICK, "--output", "here"]) == 2
    assert "--force" in capsys.readouterr().err
    assert (folder / "here" / "results.h5").read_bytes() == before
    assert main([*QUICK, "--output", "here", "--force", "--seed", "7", "--no-figure"]) == 0
    assert load_results("here").experiment.seed == 7
    assert {path.name for path in Path("here").iterdir()} == {"results.h5", "results.csv"}


def test_figure_formats(folder: Path) -> None:
    formats = ["--figure-format", "eps", "--figure-format", "png"]
    assert main([*QUICK, "--output", "here", *formats]) == 0
    names = {path.name for path in (folder / "here").iterdir()}
    assert names == {"results.h5", "results.csv", "figure.eps", "figure.png"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["other"], "experiment: 'other' must be a TOML file or one of balanced_random"),
        (["other.toml"], "other.toml: there is no such file"),
        (["--duration", "-5"], "duration: -5 must be greater than 0"),
        (["--duration", "0.05"], "duration: 0.05 ms must be a whole multiple"),
        (["--duration", "long"], "duration: 'long' must be a valid number"),
        (["--duration", "nan"], "duration: nan must be a finite number"),
        (["--seed", "1.5"], "seed: 1.5"),
        (["--seed", "9" * 5000], "seed: '999"),
        (["--scale", "0"], "scale: 0.0 must be a finite number above 0"),
        (["--scale", "big"], "--scale"),
        (["--set", "populations.E.size"], "--set: 'populations.E.size' must be PATH=VALUE"),
        (["--set", "populations.E.sise=3"], "populations.E.sise: there is no such key"),
        (["--set", "a\nb=3"], "a b: there is no such key"),
        (["--set", "populations.E.parameters.V_reset=-50"], "V_reset, -50.0 mV, must be below"),
        (["--set", "populations.E.elements.Den_ex.z=1e15"], "memory must hold 800 times 1e+15"),
        (["--set", "description=\udcff"], "description: '\\udcff' must be a text in UTF-8"),
        (["--resume", ""], "--resume: '' must be the folder of a run"),
        (["--resume", "x", "--scale", "0"], "--scale: 0.0 cannot be given with --resume"),
        (["--resume", "x", "--seed", ""], "--seed: '' cannot be given with --resume"),
        (["--resume", "x", ""], "experiment: '' cannot be given with --resume"),
        ([""], "experiment: '' must be a TOML file or one of"),
        (["--output", ""], "--output: '' must be the name of a folder"),
        (["--duratoin", "5"], "unrecognized arguments: --duratoin; did you mean --duration?"),
        (["x" * 300], "experiment: 'xxx"),
        (["--output", "x" * 300], "xxx... cannot be written: File name too long"),
        (["--unknown"], "unrecognized arguments: --unknown"),
        (["--figure-format", "gif"], "--figure-format"),
        (["--output", "/proc/here"], "--output: '/proc/here' cannot be written"),
        (["--output", "file"], "--output: 'file' cannot be written"),
    ],
)
def test_wrong_input(folder: Path, capsys, arguments: list[str], told: str) -> None:
    Path("file").write_text("in the way")
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("distsp: ")
    assert told in err
    assert err.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_fault_while_running_is_one_line(folder: Path) -> None:
    program = (
        "import sys, distsp.cli.run\n"
        "def fail(*_): raise MemoryError('too little')\n"
        "distsp.cli.run.write_results = fail\n"
        f"sys.exit(distsp.cli.run.main({QUICK}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "distsp: rank 0 of 1 failed: MemoryError: too little (<string>, line 2)\n"
    )
