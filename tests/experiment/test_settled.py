"""When a run has settled, and that it ends there."""

from pathlib import Path

import numpy as np
import pytest

from distsp import Experiment, load_results
from distsp.base.errors import InputError
from distsp.cli.run import main
from distsp.experiment.settled import Settled

STEADY = Path(__file__).parents[1] / "data" / "steady.toml"
TARGETS = {"E": [0.05], "I": [0.1, 0.2]}


def reached(settled: Settled, **changes) -> bool:
    """Return whether a recording of 11 times has settled; all of it is at its targets."""
    recording = {
        "time": np.arange(11) * 10.0,
        "calcium/E": np.full(11, 0.05),
        "calcium/I": np.full(11, 0.15),
        "calcium/other": np.full(11, 7.0),
        "synapses/a": np.full(11, 60),
        "synapses/b": np.full(11, 40),
        "synapses/static": np.arange(11),
    }
    for name, (place, value) in changes.items():
        recording[name.replace("_", "/")][place] = value
    return settled.reached(recording, TARGETS, ["a", "b"])


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({}, True),
        ({"calcium_E": (-1, 0.0549)}, True),
        ({"calcium_E": (-1, 0.0551)}, False),
        ({"calcium_E": (5, 0.0449)}, False),
        ({"calcium_E": (4, 0.0449)}, True),
        ({"calcium_I": (7, 0.219)}, True),
        ({"calcium_I": (7, 0.221)}, False),
        ({"calcium_I": (7, 0.089)}, False),
        ({"synapses_a": (8, 62)}, True),
        ({"synapses_a": (8, 63)}, False),
        ({"synapses_b": (4, 10)}, True),
    ],
)
def test_all_must_hold_for_the_whole_window(changes, right):
    assert reached(Settled(window=50.0), **changes) is right


def test_there_must_have_been_a_window():
    assert reached(Settled(window=100.0))
    assert not reached(Settled(window=101.0))
    assert not Settled().reached({"time": np.empty(0)}, {}, [])


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("settled.window", "200", "settled.window: 200.0 ms must be at least the update_interval"),
        ("settled.calcium", "0", "settled.calcium: 0 must be greater than 0"),
        ("settled.synapses", "-1", "settled.synapses: -1 must be greater than or equal to 0"),
        ("record_interval", "600", "settled.window: 500.0 ms must be at least the record_interval"),
        ("synapse_types", "{}", "settled: is set, but it needs elements with calcium targets"),
    ],
)
def test_what_can_never_settle_is_refused(path, value, told):
    with pytest.raises(InputError, match=f"^{told}"):
        Experiment.from_toml(STEADY).changed(path, value)


def test_is_part_of_the_experiment():
    experiment = Experiment.from_toml(STEADY)
    assert experiment.settled == Settled(window=500.0, synapses=0.5)
    assert Experiment.from_toml(experiment.to_toml()) == experiment
    assert "[settled]" not in Experiment.bundled("balanced_random").to_toml()


def test_a_run_ends_where_it_has_settled(tmp_path, monkeypatch, capsys, contents):
    monkeypatch.chdir(tmp_path)
    run = [str(STEADY), "--no-figure", "--sonata", "--output"]
    assert main([*run, "a"]) == 0
    results = load_results("a")
    now = results.settled
    assert f"settled      after {now / 1000:g} s\n" in capsys.readouterr().out
    assert 1000.0 < now < 10_000.0
    assert results.until == now == results.time[-1]
    assert f'"tstop": {now}' in Path("a/sonata/simulation_config.json").read_text()
    last = results.calcium["E"][results.time >= now - 500.0]
    assert (abs(last - 0.0625) <= 0.00625).all()
    # Stopped on the way, and asked again at its end, it ends at the same time.
    assert main([*run, "b", "--quiet", "--checkpoint-every", "700"]) == 0
    for _ in range(2):
        assert contents(Path("a")) == contents(Path("b"))
        assert main(["--resume", "b", "--no-figure", "--quiet"]) == 0
    # What is late is waited for, and events are.
    options = ["--duration", "1500", "--quiet", "--until-settled"]
    assert main([*run, "c", *options]) == 0
    assert load_results("c").settled is None
    assert load_results("c").until == 1500.0
    event = '[{event = "set", neurons = "E", at = 9000.0, parameters = {I_e = 500.0}}]'
    assert main([*run, "d", "--quiet", "--set", f"events={event}"]) == 0
    assert load_results("d").settled >= 9000.0


def test_is_the_same_on_two_ranks(tmp_path, finish, contents):
    for n in (1, 2):
        finish(n, str(STEADY), "--output", f"on_{n}", cwd=tmp_path)
    assert contents(tmp_path / "on_1") == contents(tmp_path / "on_2")
    assert "settled" in contents(tmp_path / "on_2")


def test_option_has_tolerances_of_its_own(capsys):
    assert main(["--until-settled", "--show"]) == 0
    shown = Experiment.from_toml(capsys.readouterr().out)
    assert shown.settled == Settled()
