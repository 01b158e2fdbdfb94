"""Every block of code in the README and on the pages of the site runs."""

import re
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from distsp import Experiment
from distsp.cli import plot, run
from distsp.inputs import Input

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "slurm" / "README.md", *sorted(DOCS.glob("*.md"))]
NAMES = [str(path.relative_to(ROOT)) for path in PAGES]

FENCE = re.compile(r"^```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NO_CODE = {"{figure}", "{include}", "{literalinclude}", "{schema}", "{toctree}", "text"}

AROUND = """
name = "around"
duration = 200_000.0
update_interval = 100.0
[populations.E]
model = "iaf_psc_alpha"
size = 100
[populations.E.elements]
axon = { curve = "linear", growth_rate = 0.001, eps = 0.05 }
dendrite = { curve = "linear", growth_rate = 0.001, eps = 0.05 }
[populations.I]
model = "iaf_psc_alpha"
size = 20
[synapse_types]
static = { weight = 1.0, delay = 1.0 }
plastic = { weight = 1.0, delay = 1.0, pre = "axon", post = "dendrite" }
[inputs.noise]
rate = 9_000.0
"""
"""What tables that are a part of an experiment may speak of."""

SETUP = re.compile(r"python3 -m venv \.venv && \.venv/bin/pip install -e ")
"""Commands that make an environment, which `.ci/run` runs as the README has them."""


class Block(NamedTuple):
    """A block of code."""

    language: str
    text: str


def blocks(path: Path) -> list[Block]:
    """Return the blocks of a page that are code."""
    found = [Block(m["language"], m["text"]) for m in FENCE.finditer(path.read_text())]
    return [block for block in found if block.language not in NO_CODE]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of a short default run, and a file of an experiment."""
    folder = tmp_path_factory.mktemp("pages")
    short = ("--duration", "20000", "--scale", "0.1", "--no-figure", "--quiet")
    experiment = Experiment.bundled("structural_plasticity")
    spikes = experiment.changed("populations.E.record_spikes", True)
    (folder / "mine.toml").write_text(spikes.to_toml())
    output = str(folder / "structural_plasticity")
    assert run.main([str(folder / "mine.toml"), *short, "--output", output]) == 0
    shutil.copytree(output, folder / "mine")
    return folder


@pytest.fixture
def here(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a copy of that folder; figures are drawn nowhere, and no component stays."""
    shutil.copytree(results, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(DOCS / "components")
    monkeypatch.setattr(Input, "members", dict(Input.members))
    monkeypatch.setattr(plt, "show", lambda: None)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_blocks_of_python_run(path: Path) -> None:
    """Those of a page after each other, as a reader would; those with a figure alone."""
    page: dict[str, Any] = {}
    for block in blocks(path):
        if block.language == "python":
            exec(compile(block.text, str(path), "exec"), page)
        elif block.language == "{plot}":
            code = "\n".join(line for line in block.text.splitlines() if line[:1] != ":")
            with mpl.rc_context({"backend": "agg"}):
                exec(compile(code, str(path), "exec"), {})
                assert plt.get_fignums()
                plt.close("all")


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_blocks_of_toml_are_experiments(path: Path) -> None:
    """Or parts of one."""
    for block in blocks(path):
        if block.language == "toml":
            values = tomllib.loads(block.text)
            if "name" not in values:
                values = merged(tomllib.loads(AROUND), values)
            assert Experiment.check("", values).build().size > 0


def test_what_pages_include_has_no_links_that_lead_nowhere() -> None:
    """A file that is not on the site can be named there, but not linked to."""
    include = re.compile(r"^```{include} (.*)", re.MULTILINE)
    included = [DOCS / name for page in PAGES for name in include.findall(page.read_text())]
    assert len(included) == 4
    for path in included:
        text = path.read_text().split("## Where to add something")[-1]
        assert not re.findall(r"\]\((?!http|#)[^)]*\.md[^)]*\)", text), path


def merged(one: Any, other: Any) -> Any:
    """Return a table with the keys of both."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one | {key: merged(one.get(key), value) for key, value in other.items()}
    return other


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_commands_are_right(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Options are checked by `--show`; what a command starts is there."""
    for block in blocks(path):
        if block.language in ("console", ""):
            for line in block.text.replace("\\\n", " ").splitlines():
                check(line)
                capsys.readouterr()


def check(line: str) -> None:
    """Check a command."""
    words = shlex.split(line, comments=True)
    while words and re.match(r"[A-Z]+=", words[0]):
        del words[0]
    if words and words[0] == "mpirun":
        del words[:3]
    words = words[: words.index(">")] if ">" in words else words
    if not words or SETUP.match(line):
        return
    program, *rest = words
    if program == "sbatch":
        (script,) = [word for word in rest if word.endswith(".sh")]
        assert (ROOT / script).is_file(), line
        assert run.main([*rest[rest.index(script) + 1 :], "--show"]) == 0, line
    elif rest[:2] == ["-m", "distsp.run"]:
        options = [word for word in rest[2:] if not word.startswith("[")]
        assert "--resume" in options or run.main([*options, "--show"]) == 0, line
    elif rest[:2] == ["-m", "distsp.plot"]:
        assert plot.main(rest[2:]) == 0, line
    else:
        assert program.endswith("python"), f"nobody knows whether this is right: {line}"
        assert (ROOT / rest[0]).is_file(), line
