"""A PyNEST script under mpirun: it sees one process, and has the same bits on any number."""

from pathlib import Path

import numpy as np
import pytest

from distsp import Experiment, Simulation

RUN = ("-m", "distsp.pynest")

PUBLISHED = str(Path(__file__).parents[1] / "data" / "pynest" / "published.py")

DURATION = 650.0


def test_the_published_example_is_the_bundled_experiment(tmp_path, on_ranks) -> None:
    experiment = Experiment.bundled("structural_plasticity").scaled(0.1)
    changes = {"seed": 143202461, "update_interval": 100.0, "record_interval": 50.0}
    for name, population in experiment.populations.items():  # a thousand times as fast
        for element, curve in population.elements.items():
            path = f"populations.{name}.elements.{element}.growth_rate"
            changes[path] = 1000.0 * curve["growth_rate"]
    for path, value in changes.items():
        experiment = experiment.changed(path, value)
    simulation = Simulation(experiment.build())
    simulation.run(DURATION)
    found = simulation.recording
    names = ("calcium/E", "calcium/I", "synapses/synapse_ex", "synapses/synapse_in")
    rows = np.column_stack([found[name] for name in names])
    assert rows[-1, 2] > 0
    printed = []
    for n in (1, 2, 4):
        done = on_ranks(n, *RUN, PUBLISHED, str(DURATION), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "published.py is read as a script of NEST 3" in done.stderr
        printed.append(done.stdout)
    assert printed[1] == printed[0]
    assert printed[2] == printed[0]
    of_script = np.array([line.split() for line in printed[0].splitlines()], dtype=float)
    # The script's own mean rounds in the order of the neurons.
    np.testing.assert_allclose(of_script, rows[-len(of_script) :], rtol=1e-12)


@pytest.mark.parametrize("script", ["disconnects", "own_elements"])
def test_what_a_script_reads_between_runs_has_the_same_bits(tmp_path, on_ranks, script) -> None:
    path = str(Path(PUBLISHED).with_name(f"{script}.py"))
    printed = [on_ranks(n, *RUN, path, "1", cwd=tmp_path).stdout for n in (1, 3)]
    assert printed[0] == printed[1] != ""


@pytest.mark.parametrize(
    ("n", "ends", "code", "told"),
    [
        (3, "sys.exit(7)", 7, ""),
        (1, "sys.exit('enough')", 1, "enough\n"),
        (2, "exc.tau_m = -1.0", 1, "NESTErrors.BadProperty: set: iaf_psc_alpha.tau_m: "),
        (2, "raise KeyboardInterrupt", 130, "distsp: interrupted"),
        (3, "1 / 0", 1, "line 8, in <module>\n    1 / 0"),
    ],
)
def test_the_end_of_the_script_ends_all_ranks(tmp_path, on_ranks, n, ends, code, told) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "import nest\n"
        "exc = nest.Create('iaf_psc_alpha', 3)\n"
        "assert (nest.NumProcesses(), nest.Rank()) == (1, 0)\n"
        "nest.Simulate(1.0)\n"
        "assert exc.V_m == (-70.0,) * 3\n"
        "print('simulated')\n"
        f"{ends}\n"
    )
    done = on_ranks(n, *RUN, "script.py", cwd=tmp_path)
    assert done.returncode == code
    assert done.stdout.count("simulated") == 1
    assert done.stderr.count(told) == 1 if told else "Error" not in done.stderr
    assert "distsp/pynest" not in done.stderr
