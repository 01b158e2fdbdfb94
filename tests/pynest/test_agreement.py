"""The same scripts in NEST and here; where the variable NEST_PYTHON names a Python with NEST."""

import os
import runpy
import sys
from pathlib import Path

import pytest

BENCHMARK = runpy.run_path(
    str(Path(__file__).parents[2] / "benchmarks" / "pynest_agreement.py"), run_name="agreement"
)

NEST = os.environ.get("NEST_PYTHON")


@pytest.mark.skipif(NEST is None, reason="NEST_PYTHON names no Python with NEST")
@pytest.mark.parametrize("script", sorted(BENCHMARK["CERTAIN"]))
def test_scripts_without_chance_show_the_same_as_in_nest(script) -> None:
    shown = BENCHMARK["shown"]
    theirs, ours = shown([NEST], script), shown([sys.executable, "-m", "distsp.pynest"], script)
    assert BENCHMARK["largest_difference"](theirs, ours) <= BENCHMARK["CERTAIN"][script]
    if script == "traces":
        for model in BENCHMARK["EXACT"]:
            assert BENCHMARK["largest_difference"](theirs[model], ours[model]) < 1e-9


def test_differences_are_found() -> None:
    difference = BENCHMARK["largest_difference"]
    assert difference({"a": [1.0, 2.0]}, {"a": [1.0, 2.5]}) == 0.5
    assert difference([1.0], [1.0, 2.0]) == difference(["a"], ["b"]) == float("inf")
    assert BENCHMARK["standard_errors"]([[1.0], [2.0]], [[1.0], [2.0]]) == 0.0
