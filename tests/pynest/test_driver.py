"""`python -m distsp.pynest`: what it says of a script, on one rank."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
import nest
nodes = nest.Create('iaf_psc_alpha', 2)
{calls}
nest.Simulate(10.0)
print('simulated', *sys.argv[1:])
"""


def run(folder: Path, calls: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    (folder / "script.py").write_text(SCRIPT.format(calls=calls.format()))
    command = [sys.executable, "-m", "distsp.pynest", *arguments]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


def test_a_script_gets_its_arguments(tmp_path: Path) -> None:
    done = run(tmp_path, "", "--nest-version", "3", "script.py", "--fast", "2")
    assert done.returncode == 0
    assert done.stdout == "simulated --fast 2\n"
    assert done.stderr == "distsp: script.py is read as a script of NEST 3, as asked for\n"


def test_check_lists_all_that_is_not_supported(tmp_path: Path) -> None:
    calls = """
neurons = nest.Create('gif_psc_exp', 3, {{'lambda_0': 1.0}})
nest.CopyModel('stdp_synapse', 'mine', {{'Wmax': 5.0}})
nest.Connect(nodes, neurons, syn_spec={{'synapse_model': 'tsodyks_synapse', 'U': 0.5}})
nest.Connect(nodes, nodes, syn_spec={{'receptor_type': 2}})
nest.Install('mymodule')
"""
    done = run(tmp_path, calls, "--check", "script.py")
    assert done.returncode == 1
    told = done.stdout.splitlines()
    assert [line.split(" is not supported: ")[0] for line in told] == [
        "Create: the model gif_psc_exp",
        "CopyModel: stdp_synapse",
        "SetDefaults: Wmax of mine",
        "Connect: synapse model tsodyks_synapse",
        "Connect: receptor_type",
        "Install('mymodule')",
    ]
    done = run(tmp_path, "nest.Connect(nodes, nodes)", "--check", "script.py")
    assert done.returncode == 0
    assert done.stdout == "script.py: all that it calls up to its first Simulate is supported\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["other.py"], "distsp: script: 'other.py' must be a Python script\n"),
        (["--nest-version", "4", "script.py"], "distsp: argument --nest-version: invalid choice"),
        ([], "distsp: the following arguments are required: script, "),
    ],
)
def test_wrong_arguments_are_told_in_a_line(tmp_path: Path, arguments, told) -> None:
    done = run(tmp_path, "", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == 1
