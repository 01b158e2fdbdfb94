"""Streams that are closed, full or gone, and surroundings that are not made for a run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from distsp.cli import plot
from distsp.cli.run import main
from distsp.parallel.ranks import launched_rank, launched_size

RUN = "-m distsp.run --scale 0.02 --duration 2000 --figure-format png --output é"
PLOT = "-m distsp.plot é"


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a style that needs a program that is not there."""
    folder = tmp_path_factory.mktemp("surroundings")
    (folder / "matplotlibrc").write_text("text.usetex: true\nfigure.dpi: 3\n")
    return folder


def shell(line: str, folder: Path, style: Path | None = None) -> tuple[int, str, str]:
    """Run Python in a shell, where a terminal shows ASCII only."""
    ascii_only = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PMI_SIZE": ""}
    notebook = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    if style is not None:
        notebook["MATPLOTLIBRC"] = str(style)
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{sys.executable} {line}"],
        env=os.environ | ascii_only | notebook,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_run_ends_well_whatever_its_streams_and_its_style_are(tmp_path, surroundings) -> None:
    code, out, err = shell(f"{RUN} 2>&-", tmp_path, surroundings)
    assert (code, err) == (0, "")
    assert r"written      \xe9/results.h5, \xe9/results.csv, \xe9/figure.png" in out
    drawn = (tmp_path / "é" / "figure.png").read_bytes()
    assert len(drawn) > 5000
    full = f"standard output cannot be written: {os.strerror(28)}"
    assert shell(f"{PLOT} >/dev/full", tmp_path, surroundings) == (1, "", f"distsp: {full}\n")
    assert shell(f"{PLOT} >&-", tmp_path) == (0, "", "")
    assert shell(f"{PLOT} >/dev/full 2>&-", tmp_path) == (1, "", "")
    assert shell(f"{PLOT} | :", tmp_path) == (0, "", "")
    assert (tmp_path / "é" / "figure.png").read_bytes() == drawn
    assert shell(f"{RUN} --force >/dev/full 2>/dev/full", tmp_path)[0] == 1
    assert (tmp_path / "é" / "results.h5").exists()


def test_a_figure_that_cannot_be_drawn_is_a_warning(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main([*RUN.split()[2:]]) == 0
    out, err = capsys.readouterr()
    assert "written      é/results.h5, é/results.csv\n" in out
    assert "distsp: the figure cannot be drawn: 'ModuleNotFoundError: " in err
    assert err.endswith("; the results are written\n")
    assert plot.main(["é"]) == 1
    assert capsys.readouterr().err.startswith("distsp: the figure cannot be drawn: 'ModuleNotFound")


def test_a_word_where_a_launcher_has_a_number_is_none(monkeypatch) -> None:
    for name in ("PMI_SIZE", "PMI_RANK", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"):
        for text in ("", "many", "-3", "1e3", "²"):
            monkeypatch.setenv(name, text)
            assert (launched_size(), launched_rank()) == (1, 0)
    monkeypatch.setenv("PMI_SIZE", "4")
    assert launched_size() == 4
