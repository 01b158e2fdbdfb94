"""What a run needs is compiled before its first step."""

from pathlib import Path

import pytest

from distsp import Network
from distsp.base import machine_code
from distsp.engine import warm_up
from distsp.parallel.ranks import Ranks

BUSY = Path(__file__).parents[1] / "data" / "busy.toml"

PROGRAM = r"""
import sys
from pathlib import Path
from numba.core import event
from distsp import Experiment, Simulation

experiment = Experiment.from_toml(Path(sys.argv[1]))
simulation = Simulation(experiment.build())
late = event.RecordingListener()
with event.install_listener("numba:compile", late):
    simulation.run(experiment.duration)
    made = len(simulation.synapses("plastic")["source"])
names = sorted({entry.data["dispatcher"].py_func.__name__ for _, entry in late.buffer})
sys.stdout.write(f"compiled late: {names}, {'some' if made else 'no'} synapses\n")
"""


@pytest.mark.parametrize("n", [1, 2])
def test_nothing_is_compiled_during_a_run(tmp_path: Path, on_ranks, n: int) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = on_ranks(n, str(program), str(BUSY), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("compiled late: [], some synapses\n") == n, done.stdout


def test_the_first_rank_says_once_where_machine_code_is_kept(monkeypatch, caplog) -> None:
    caplog.set_level("WARNING", "distsp")
    monkeypatch.setattr(warm_up, "_warm", set())
    monkeypatch.setattr(machine_code, "_refused", ["neither this nor that"] * 2)
    net = Network()
    net.create("iaf_psc_alpha", 1)
    for _ in range(2):
        warm_up.warm_up(net, Ranks(), lambda _net, _ranks: None)
    assert ["kept in" in record.getMessage() for record in caplog.records] == [True]


def test_what_only_one_rank_has_compiled_is_asked_for_again(monkeypatch) -> None:
    monkeypatch.setattr(warm_up, "_warm", set())
    net, driven = Network(), Network()
    net.create("iaf_psc_alpha", 1)
    neuron = driven.create("iaf_psc_alpha", 1)
    driven.drive(driven.poisson_generator(1.0), neuron, weight=1.0, delay=1.0)
    asked = []

    def simulate(_net: Network, ranks: Ranks) -> None:
        asked.append(ranks)
        warm_up.warm_up(driven, ranks, simulate)

    warm_up.warm_up(net, Ranks(), simulate)
    assert len(asked) == 1
    assert ("poisson_generator", 0) not in warm_up._warm
