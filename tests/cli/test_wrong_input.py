"""Thousands of experiments and command lines: each runs, or is refused in one line."""

import io
import math
import random
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from copy import deepcopy
from datetime import date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from distsp import Experiment, Simulation, load_results
from distsp.cli import run
from distsp.experiment.experiment import list_bundled
from distsp.parallel.ranks import Ranks

LARGE = [2**31 - 1, 2**31, 2**53, 2**64, 10**30, 10**400, 1e12, 1e30, 1e300, 1.7976931348623157e308]
SMALL = [0, 1, 2, 3, 0.0, -0.0, 0.1, 0.25, 1e-9, 1e-30, 5e-324]
ODD = [math.nan, math.inf, -math.inf, True, False, date(1979, 5, 27), time(7, 32)]
ODD += [datetime(1979, 5, 27, 7, 32), [], [1], [[]], [{}], {}, {"": 1}, {"a": {"b": 1}}]
TEXTS = ["", "E", "A", "nan", "1.0", "ümläut", "🧠", "\u202ex", "a" * 100, "x\ny", "../x"]
TEXTS += ["all_to_all", "one_to_one", "linear", "sigmoid", "iaf_psc_exp", "iaf_psc_delta"]
DRAWN = [
    {"distribution": "uniform", "low": 1.0, "high": 2.0},
    {"distribution": "uniform", "low": -1e308, "high": 1e308},
    {"distribution": "uniform", "low": 1.0, "high": 1.7e308},
    {"distribution": "uniform", "low": 5, "high": 1},
    {"distribution": "normal", "mean": 1.0, "std": 0.5},
    {"distribution": "normal", "mean": 1.0, "std": 1e308},
    {"distribution": 3},
]
VALUES = [*LARGE, *(-x for x in LARGE), *SMALL, *(-x for x in SMALL), *ODD, *TEXTS, *DRAWN]
KEYS = ["x", "size", "self", "name", "ü", "", "a b", "E", "A" * 65, "model", "populations"]


@pytest.fixture(scope="module", autouse=True)
def a_few_steps() -> Iterator[None]:
    """A run has at most five steps, and a fault while it runs comes out of `main`."""

    def simulate(simulation: Simulation, experiment: Experiment, *_: object) -> None:
        h = experiment.resolution
        simulation.run(min(round(experiment.duration / h), 5) * h)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "simulate", simulate)
        patch.setattr(Ranks, "abort", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def bases(wired) -> list[dict[str, Any]]:
    """Complete experiments of a few neurons, their updates within the steps that are run."""
    names = list_bundled()
    experiments = [Experiment.bundled(name).scaled(0.02) for name in names]
    experiments.append(load_results(wired[1]).experiment)
    tables = [tomlkit.parse(experiment.to_toml()).unwrap() for experiment in experiments]
    for table in tables:
        table["update_interval"] = 2 * table["resolution"]
    return tables


def verdict(arguments: list[str], folder: Path) -> int:
    """Run the command line in a folder, and return its exit code once all around it is right."""
    out, err = io.StringIO(), io.StringIO()
    before = {path.name for path in folder.iterdir()}
    with (
        pytest.MonkeyPatch.context() as patch,
        warnings.catch_warnings(),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        patch.chdir(folder)
        warnings.simplefilter("error", RuntimeWarning)  # it would be on the user's terminal
        code = run.main(arguments)
    if code == 2:
        message = err.getvalue()
        assert message.startswith("distsp: ")
        assert message.count("\n") == 1
        assert len(message) < 1010
        assert out.getvalue() == ""
        assert {path.name for path in folder.iterdir()} == before
    else:
        assert code == 0
    return code


def verdict_on(content: bytes) -> int:
    """Run an experiment, given as the bytes of a file; see `verdict`."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mine.toml").write_bytes(content)
        code = verdict(["mine.toml", "--quiet", "--no-figure", "--output", "out"], folder)
        if code == 0:
            results = load_results(folder / "out")
            assert results.experiment == Experiment.from_toml(folder / "mine.toml")
            assert {*results.neurons} == {*results.experiment.populations}
        return code


def dumped(table: dict[str, Any]) -> bytes:
    return tomlkit.dumps(table).encode()


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each table or list in a document with each of its keys."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def mutate(table: dict[str, Any], chance: random.Random) -> None:
    """Change one thing in a document: a value, a key, what is where."""
    found = [*places(table)]
    if not found:
        return
    place, key = chance.choice(found)
    how = chance.choice(["set", "set", "set", "scale", "drop", "add", "rename", "move"])
    if how == "set":
        place[key] = deepcopy(chance.choice(VALUES))
    elif how == "scale" and type(place[key]) in (int, float):
        place[key] *= chance.choice([-1, 2, 0.5, 1e-5, 10])
    elif how == "drop":
        del place[key]
    elif how == "add" and isinstance(place, dict):
        place[chance.choice(KEYS)] = deepcopy(chance.choice(VALUES))
    elif how == "rename" and isinstance(place, dict):
        place[chance.choice(KEYS)] = place.pop(key)
    elif how == "move":
        other, there = chance.choice(found)
        other[there] = deepcopy(place[key])


def test_unchanged(bases) -> None:
    for base in bases:
        assert verdict_on(dumped(base)) == 0


def test_mutated(bases) -> None:
    codes = []
    for seed in range(400):
        chance = random.Random(seed)
        table = deepcopy(chance.choice(bases))
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            mutate(table, chance)
        codes.append(verdict_on(dumped(table)))
    assert codes.count(0) > 40
    assert codes.count(2) > 200


SCALARS = st.sampled_from(VALUES).filter(lambda value: not isinstance(value, dict | list))
WORDS = [*KEYS, *Experiment.model_fields, "source", "target", "rule", "elements", "parameters"]
NESTED = st.recursive(
    SCALARS | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, derandomize=True)
@given(table=st.dictionaries(st.sampled_from(WORDS), NESTED, max_size=8))
def test_generated(table) -> None:
    assert verdict_on(dumped(table)) == 2


def test_bytes_flipped(bases) -> None:
    texts = [dumped(base) for base in bases]
    inserted = [b"9", b"-", b"e9", b"\n", b'"', b"[", b"\xff", b"\0", b"nan", "ü".encode()]
    codes = []
    for seed in range(1000):
        chance = random.Random(seed)
        content = bytearray(chance.choice(texts))
        for _ in range(chance.choice([1, 1, 2, 5])):
            i = chance.randrange(len(content))
            how = chance.randrange(4)
            if how == 0:
                content[i] ^= 1 << chance.randrange(8)
            elif how == 1:
                content[i] = chance.choice(b'0123456789.-e"[]{}=,\n#')
            elif how == 2:
                del content[i : i + chance.choice([1, 5, 50])]
            else:
                content[i:i] = chance.choice(inserted)
        codes.append(verdict_on(bytes(content)))
    assert codes.count(0) > 20
    assert codes.count(2) > 500


ARGUMENTS = [
    "",
    "nan",
    "inf",
    "-inf",
    "0",
    "-0.0",
    "-1",
    "1e300",
    "1e-300",
    "5e-324",
    "1e999",
    "0x10",
]
ARGUMENTS += ["9" * 400, "9" * 5000, "1_000", "x", "[", "]", "{", "true", "1979-05-27", "ü", "🧠"]
ARGUMENTS += [
    "\udcff",
    "a\nb",
    "x" * 5000,
    "1 2",
    "=",
    ".",
    "..",
    "nan=1",
    "1\r\n",
    "'",
    '"""',
    "\x1b",
]
OPTIONS = ["--duration", "--seed", "--scale", "--checkpoint-every", "--checkpoint-minutes"]
OPTIONS += ["--figure-format", "--resume", "--set", "--set=seed", "--set=description"]
OPTIONS += ["--set=update_interval", "--set=record_interval", "--set=resolution", "--set=name"]
OPTIONS += [f"--set=populations.E.{key}" for key in ("size", "model", "V_m", "elements", "x")]
OPTIONS += [f"--set=populations.E.elements.Den_ex.{key}" for key in ("eps", "growth_rate", "z")]
OPTIONS += [f"--set=populations.E.parameters.{key}" for key in ("tau_m", "C_m", "t_ref", "tau_Ca")]
OPTIONS += [f"--set=synapse_types.synapse_ex.{key}" for key in ("weight", "delay", "pre")]
OPTIONS += [f"--set=inputs.noise.{key}" for key in ("rate", "targets", "targets.0.delay")]


@pytest.mark.parametrize("option", OPTIONS)
def test_mutated_arguments(tmp_path: Path, option: str) -> None:
    for i, value in enumerate(ARGUMENTS):
        folder = tmp_path / str(i)
        folder.mkdir()
        arguments = ["--quiet", "--no-figure", f"{option}={value}"]
        if option != "--scale":
            arguments.append("--scale=0.01")
        if option != "--resume":
            arguments.append("--output=out")
        verdict(arguments, folder)


@pytest.mark.parametrize("option", ["--output=", ""])
def test_mutated_names_of_files(tmp_path: Path, option: str) -> None:
    for i, value in enumerate(ARGUMENTS):
        folder = tmp_path / str(i)
        folder.mkdir()
        verdict(["--quiet", "--no-figure", "--scale=0.01", f"{option}{value}"], folder)
