"""Machine code on disk is used only while every file it was made from is unchanged."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import distsp
from distsp.base.compiled import borrowed, compiled, inlined

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


MINE = """
from distsp.base.compiled import compiled

@compiled
def number():
    return 1

print(number())
"""


def test_a_change_in_a_file_outside_of_the_package_makes_its_machine_code_stale(tmp_path):
    """As in the script of a user who has a neuron model of their own."""
    script = tmp_path / "mine.py"

    def says(text: str) -> str:
        # The clock of the disk may be too coarse to tell two versions of the same length apart.
        script.write_text(text)
        os.utime(script, (1.0, 1.0))
        command = [sys.executable, str(script)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert says(MINE) == "1\n"
    assert list(tmp_path.glob("__pycache__/*.nbc"))
    assert says(MINE.replace("return 1", "return 2")) == "2\n"


class Pair(NamedTuple):
    a: np.ndarray
    rest: tuple[np.ndarray, int]


@compiled
def lend(pair):
    lent = borrowed(pair)
    lent.a[1:] += lent.rest[0][0] * lent.rest[1]
    return lent.a.sum(), lent.rest[0].shape


def test_borrowed_arrays_are_the_same_and_still_their_owners():
    pair = Pair(np.arange(3.0), (np.full((2, 2), 10.0), 2))
    counts = [sys.getrefcount(pair.a), sys.getrefcount(pair.rest[0])]
    assert lend(pair) == (0 + 21 + 22, (2, 2))
    assert pair.a.tolist() == [0, 21, 22]
    assert [sys.getrefcount(pair.a), sys.getrefcount(pair.rest[0])] == counts


def largest(pair, n):
    best = pair.a
    for i in range(n):
        row = pair.rest[0][i]
        if row[0] > best[0]:
            best = row
    return best[0]


@compiled
def largest_borrowed(pair, n):
    return largest_inlined(borrowed(pair), n)


largest_inlined, largest_counted = inlined(largest), compiled(largest)


@pytest.mark.parametrize(
    ("function", "counts"), [(largest_counted, True), (largest_borrowed, False)]
)
def test_references_to_borrowed_arrays_are_not_counted(function, counts):
    assert function(Pair(np.arange(3.0), (np.array([[4.0], [7.0], [5.0]]), 1)), 3) == 7.0
    (code,) = function.inspect_llvm().values()
    body = code[code.index("define ") :]
    assert ("@NRT_incref" in body[: body.index("\n}")]) == counts
