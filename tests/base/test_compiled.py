"""Machine code on disk is used only while every file it was made from is unchanged."""

import subprocess
import sys
from pathlib import Path

import distsp

PROGRAM = """
from distsp.parallel.sums import _limbs
import numpy as np
_limbs(np.zeros(1))
print(sum(_limbs.stats.cache_hits.values()))
"""


def test_a_change_in_any_file_makes_machine_code_stale(tmp_path):
    package = tmp_path / "distsp"
    for path in Path(distsp.__file__).parent.rglob("*.py"):
        copy = package / path.relative_to(Path(distsp.__file__).parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())

    def hits() -> int:
        command = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert hits() == 0
    assert hits() == 1
    with (package / "rng" / "streams.py").open("a") as file:
        file.write("# changed\n")
    assert hits() == 0
