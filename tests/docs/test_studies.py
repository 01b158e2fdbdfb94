"""What the studies in `examples/` claim holds, on a small version of each."""

import runpy
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from distsp.cli.run import main

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that runs a script as its page does, and returns what it has found."""
    monkeypatch.chdir(tmp_path)

    def run(name: str, *arguments: str) -> dict[str, Any]:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        with mpl.rc_context({"backend": "agg"}):
            found = runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
            plt.close("all")
        return found

    return run


def test_the_published_experiment_is_a_script(study, tmp_path: Path):
    study("structural_plasticity", "2000")
    assert (tmp_path / "structural_plasticity.png").is_file()


def test_stimulated_neurons_become_an_engram(study):
    found = study("memory_engrams")
    growth, stimulated, after = np.cumsum(found["periods"])[:3]
    at = {round(time): i for i, time in enumerate(found["seconds"])}
    among, rest = found["connectivity"][:, 0, 0], found["connectivity"][:, 1, 1]
    grown = among[at[growth]]
    assert grown == pytest.approx(0.1, abs=0.02)
    assert among[at[stimulated]] < 0.2 * grown
    assert among[at[after]] > 3.0 * rest[at[after]]
    assert among.max() > among[-1] > 0.5 * among.max()
    assert 0.9 < rest[-1] / rest[at[growth]] < 1.1
    target = 1_000.0 * found["target"]
    for rate in found["rates"].values():
        for end in (at[growth], at[stimulated], len(rate) - 1):
            assert rate[end - 3 : end + 1].mean() == pytest.approx(target, rel=0.04)
    assert found["rates"]["stimulated"][at[growth] + 1] > 1.15 * target
    assert found["rates"]["stimulated"][at[stimulated] + 1] < 0.85 * target


def test_activity_comes_back_from_the_border_inwards(study):
    found = study("recovery_from_lesion")
    low_and_high, high, low = found["found"].values()
    before, after = low_and_high["time"] < 0.0, low_and_high["time"] > 3.0

    def returned(group: str) -> float:
        """Return when a group fires at 5 Hz again (s after the lesion)."""
        late = low_and_high["rate"][group][after]
        assert late[:10].mean() < 3.5
        return low_and_high["time"][after][np.argmax(late > 5.0)]

    assert 10.0 < returned("border") + 10.0 < returned("centre")
    assert low_and_high["rate"]["border"][-20:].mean() == pytest.approx(8.0, rel=0.1)
    assert low_and_high["rate"]["centre"][-20:].mean() > 6.0
    # Axons have grown in from around, and the sheet has filled from outside.
    grown = low_and_high["indegree"][:, 2, 1]
    assert grown[-1] > 2.0 * grown[before][-1]
    silent = [int(np.sum(rates < 4.0)) for rates in low_and_high["maps"].values()]
    assert silent == sorted(silent, reverse=True)
    assert silent[-1] < 0.2 * silent[0]
    # One curve for both: nothing comes back, or far too much of it, again and again.
    assert max(rate[-20:].mean() for rate in (high["rate"]["border"], high["rate"]["centre"])) < 2.0
    assert high["indegree"][-1][:, :2].sum() < 1.0
    for group in ("border", "centre"):
        assert low["rate"][group][after].max() > 3.0 * 8.0
        assert low["rate"][group][after].std() > 5.0 * low_and_high["rate"][group][after].std()


def test_every_neuron_gets_to_its_own_target(study):
    found = study("own_targets")
    rate, target, synapses = found["rate"], found["target"], found["synapses"]
    assert np.abs(rate / target - 1.0).max() < 0.1
    assert np.corrcoef(rate, target)[0, 1] > 0.99
    # The more it is asked for and the less it gets from outside, the more it takes.
    noise = found["noise_rate"]
    predicted = np.linalg.lstsq(np.c_[target, noise, np.ones_like(noise)], synapses)[0]
    assert predicted[0] > 0.0 > predicted[1]
    assert 100.0 * found["size"] > synapses.sum() > synapses.min() > 0


def test_frequent_updates_settle_where_the_published_ones_overshoot(study):
    found = study("map_of_growth", "write")
    found["run"].__globals__["scale"] = 0.1
    assert found["run"](1, 1_000) < 0.1
    assert found["run"](1, 10_000) > 0.3


def test_the_map_reads_what_a_job_has_left(study, tmp_path: Path):
    found = study("map_of_growth", "write")
    assert found["far"].size == 0
    output = tmp_path / "map" / "1" / "3"
    options = ("--scale", "0.02", "--duration", "30000", "--no-figure", "--quiet")
    interval = ("--set", "update_interval=1000", "--output", str(output))
    assert main([str(tmp_path / "map" / "1.toml"), *options, *interval]) == 0
    found["read"].__globals__["what"] = str(tmp_path / "map")
    assert 0.0 < found["read"](1, 3) < 1.0
