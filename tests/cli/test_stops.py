"""The command line on one rank: checkpoints, going on, and results on the way."""

import os
import shutil
import signal
from pathlib import Path

import pytest

import distsp.cli.plot
from distsp import load_results
from distsp.base.errors import InputError
from distsp.cli import stops
from distsp.cli.run import main

QUICK = ["--scale", "0.02", "--set", "record_interval=100", "--quiet", "--no-figure"]
RESUME = ["--resume", "structural_plasticity", "--no-figure"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; returned is where the results will be."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "structural_plasticity"


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "checkpoints").iterdir())


def test_goes_on_for_longer(folder: Path) -> None:
    assert main([*QUICK, "--duration", "900", "--output", "whole"]) == 0
    assert main([*QUICK, "--duration", "450", "--checkpoint-every", "200"]) == 0
    assert kept(folder) == ["checkpoint-4000", "checkpoint-4500"]
    assert main([*RESUME, "--quiet", "--duration", "900"]) == 0
    whole = (folder.parent / "whole" / "results.csv").read_bytes()
    assert (folder / "results.csv").read_bytes() == whole
    assert load_results(folder).experiment.duration == 900.0


def test_by_wall_clock(folder: Path) -> None:
    assert main([*QUICK, "--duration", "450", "--checkpoint-minutes", "1e-9"]) == 0
    assert kept(folder) == ["checkpoint-4000", "checkpoint-4500"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["balanced_random"], "experiment: 'balanced_random' cannot be given with --resume"),
        (["--seed", "2"], "--seed: '2' cannot be given with --resume"),
        (["--set", "seed=2"], "--set: ['seed=2'] cannot be given with --resume"),
        (["--scale", "2"], "--scale: 2.0 cannot be given with --resume"),
        (["--output", "other"], "--output: 'other' cannot be given with --resume"),
        (["--duration", "50"], "duration: 50.0 ms must be at least the 100.0 ms of the checkpoint"),
        (["--resume", "none"], "none/checkpoints: has no checkpoint; start the run again, with "),
        (["--checkpoint-every", "0.01"], "--checkpoint-every: 0.01 ms must be a whole multiple"),
        (["--checkpoint-minutes", "0"], "--checkpoint-minutes: 0.0 must be above 0"),
    ],
)
def test_what_cannot_be_resumed(
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    assert main([*QUICK, "--duration", "100", "--checkpoint-every", "100"]) == 0
    assert main([*RESUME, *arguments]) == 2
    err = capfd.readouterr().err
    assert err.startswith(f"distsp: {told}")
    assert err.count("\n") == 1


def test_another_run_does_not_mix_with_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--duration", "100", "--checkpoint-every", "100"]) == 0
    (folder / "results.h5").unlink()
    assert main([*QUICK, "--duration", "100"]) == 2
    assert "has checkpoints already; --force" in capsys.readouterr().err
    assert main([*QUICK, "--duration", "100", "--force"]) == 0
    assert not (folder / "checkpoints").exists()


def test_signal(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """The first one stops the run, and one that comes at once counts as it."""
    write = stops.write_results

    def write_and_signal(*arguments: object, ended: bool = True) -> None:
        write(*arguments, ended=ended)
        if not ended:
            os.kill(os.getpid(), signal.SIGUSR1)
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGUSR1)
    monkeypatch.setattr(stops, "RESULTS_EVERY", 0.0)
    monkeypatch.setattr(stops, "write_results", write_and_signal)
    assert main([*QUICK, "--duration", "1000"]) == 75
    err = capsys.readouterr().err
    assert err == (
        "distsp: stopped by a signal after 0.1 s; go on with: "
        "python -m distsp.run --resume structural_plasticity\n"
    )
    assert signal.getsignal(signal.SIGUSR1) == before
    assert kept(folder) == ["checkpoint-1000"]
    # What has been recorded so far can be read and drawn.
    results = load_results(folder)
    assert results.time.tolist() == [100.0]
    assert distsp.cli.plot.main([str(folder)]) == 0
    assert (folder / "figure.png").stat().st_size > 0
    for part in ("neurons", "synapses", "n_synapses"):
        with pytest.raises(InputError, match=r"yet, the run has not ended$"):
            getattr(results, part)


@pytest.mark.parametrize("keeps", [False, True])
def test_ctrl_c(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys, keeps: bool) -> None:
    """The recordings so far are written, all of them, and a checkpoint if there were to be any."""
    write = stops.write_results

    def write_and_interrupt(*arguments: object, ended: bool = True) -> None:
        write(*arguments, ended=ended)
        monkeypatch.setattr(stops, "write_results", write)
        if not ended:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(stops, "RESULTS_EVERY", 0.0)
    monkeypatch.setattr(stops, "write_results", write_and_interrupt)
    options = ["--duration", "1000", "--set", "populations.E.record_spikes=true"]
    options += ["--checkpoint-minutes", "10"] if keeps else []
    assert main([*QUICK, *options]) == (75 if keeps else 130)
    err = capsys.readouterr().err
    assert err.startswith("distsp: stopped by a signal after 0.1 s; ")
    assert ("go on with: " in err) == keeps
    assert ("begin it again with --force --checkpoint-minutes" in err) != keeps
    assert err.count("\n") == 1
    assert (folder / "checkpoints").exists() == keeps
    results = load_results(folder)
    assert results.time.tolist() == [100.0]
    assert len(results.spikes["E"]["time"]) > 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_a_killed_run_has_left_is_removed(folder: Path) -> None:
    """And nothing else, whatever its name."""
    assert main([*QUICK, "--duration", "100", "--checkpoint-every", "100"]) == 0
    text = "distsp runs here: process 1 on host, files 0123456789abcdef\n"
    for _ in range(2):
        (folder / ".distsp.lock").write_text(text)
        (folder / ".results.0123456789abcdef.part.h5").write_bytes(b"half")
        (folder / ".figure.0123456789abcdef.part.png").write_bytes(b"half")
        (folder / ".mine.part.txt").write_bytes(b"mine")
        part = folder / "checkpoints" / "checkpoint-2000.0123456789abcdef.part"
        part.mkdir()
        (part / "rank-0.arrays").write_bytes(b"distsp ar")
        assert main([*RESUME, "--quiet"]) == 0
        assert [path.name for path in folder.glob(".*")] == [".mine.part.txt"]
        assert kept(folder) == ["checkpoint-1000"]


def test_resuming_loses_no_results(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--duration", "200", "--checkpoint-every", "100"]) == 0
    assert main([*RESUME, "--quiet", "--duration", "300"]) == 0
    assert kept(folder) == ["checkpoint-2000", "checkpoint-3000"]
    assert main([*RESUME, "--quiet"]) == 0
    assert load_results(folder).time.tolist() == [100.0, 200.0, 300.0]
    # Where the checkpoint of the end is lost, what it has reached stays.
    shutil.rmtree(folder / "checkpoints" / "checkpoint-3000")
    assert main([*RESUME, "--quiet"]) == 2
    told = "duration: 200.0 ms must be at least the 300.0 ms that the results"
    assert told in capsys.readouterr().err
    assert load_results(folder).time.tolist() == [100.0, 200.0, 300.0]
    assert main([*RESUME, "--quiet", "--force"]) == 0
    assert load_results(folder).time.tolist() == [100.0, 200.0]


def test_full_disk_does_not_end_a_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("distsp.checkpoint.folder.write_parts", full)
    assert main([*QUICK[:-2], "--no-figure", "--duration", "100", "--checkpoint-every", "100"]) == 0
    (line,) = (record.getMessage() for record in caplog.records)
    assert line.endswith("a checkpoint cannot be written: No space left on device; the run goes on")


def test_figure_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--duration", "100"]) == 0
    (folder / "figure.png").mkdir()
    assert distsp.cli.plot.main([str(folder)]) == 1
    told = f"distsp: {folder}/figure.png cannot be written: Is a directory\n"
    assert capsys.readouterr().err == told


def test_nothing_to_draw(capsys: pytest.CaptureFixture[str]) -> None:
    assert distsp.cli.plot.main(["none"]) == 2
    assert capsys.readouterr().err == "distsp: none: there is no such file\n"
