"""Ranks that are in different calls say so instead of waiting for each other."""

from pathlib import Path

import pytest

SCRIPT = """
import os
import sys
os.environ["NUMBA_DISABLE_JIT"] = "1"
from distsp import Network, Simulation
from distsp.parallel import ranks

net = Network(seed=1)
exc = net.create("iaf_psc_alpha", 4, name="E", I_e=500.0)
sim = Simulation(net)
sim.run(1.0)
on_0 = sim.ranks.rank == 0
ranks.PATIENCE = 1.0
{do}
"""

CASES = [
    (
        "if on_0: exc.V_m\nsim.run(1.0)",
        "rank 0 is in E.V_m, rank 1 in Simulation.run: each would wait for the others; ",
        2,
    ),
    (
        "if on_0: sim.save('here')",
        "rank 0 is in Simulation.save, rank 1 in the end of its program: each would wait",
        2,
    ),
    ("sys.exit(3) if on_0 else sim.n_spikes", "rank 0 is in the end of its program, rank 1 in", 2),
    (
        "import time\nif on_0: time.sleep(3)\nexc.V_m",
        "rank 1 waits in E.V_m for other ranks, which must call it too\n",
        0,
    ),
    (
        "child = os.fork()\nif child == 0: sys.exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\nsim.run(1.0)",
        "",
        0,
    ),
]


@pytest.mark.parametrize(("do", "told", "code"), CASES)
def test_ranks_in_different_calls_say_so(tmp_path: Path, on_ranks, do, told, code) -> None:
    program = tmp_path / "program.py"
    program.write_text(SCRIPT.format(do=do))
    done = on_ranks(2, str(program), cwd=tmp_path, seconds=60.0)
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("distsp: ")]
    assert len(lines) == bool(told)
    assert told in done.stderr
    assert "Traceback" not in done.stderr
