"""The same PyNEST scripts in NEST and in distsp: what they show, side by side.

    python benchmarks/pynest_agreement.py /path/to/python/with/nest --seeds 8

Scripts without chance must agree in every number, up to the error of NEST's own steps; others are
run with several seeds, and their means must be within 4 standard errors of each other.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

SCRIPTS = Path(__file__).parents[1] / "tests" / "data" / "pynest"

CERTAIN = {"disconnects": 1e-12, "parrots": 1e-12, "step_currents": 2e-3, "traces": 5e-3}
"""Scripts without chance, and how much numbers may differ.

NEST follows elements in steps, and some models of neurons with an error that it controls.
"""

EXACT = ("iaf_psc_alpha", "iaf_psc_exp", "iaf_psc_delta", "izhikevich")
"""Models whose traces agree to the last digits."""

DRAWN = ("several_types", "own_elements", "stimulated", "distances")
"""Scripts with chance, which take a seed."""


def shown(python: list[str], script: str, *arguments: str) -> Any:
    """Return what a script prints last, which is JSON."""
    command = [*python, str(SCRIPTS / f"{script}.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def flat(value: Any) -> list[Any]:
    """Return all numbers and texts in nested lists and dicts, in order."""
    if isinstance(value, dict):
        return [one for key in sorted(value) for one in flat(value[key])]
    if isinstance(value, list):
        return [one for entry in value for one in flat(entry)]
    return [value]


def largest_difference(one: Any, other: Any) -> float:
    """Return by how much numbers differ at most; infinity if there are other ones."""
    a, b = flat(one), flat(other)
    if len(a) != len(b):
        return np.inf
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    if any(isinstance(x, str) or isinstance(y, str) for x, y in pairs):
        return np.inf
    return max((abs(x - y) for x, y in pairs), default=0.0)


def standard_errors(one: list[Any], other: list[Any]) -> float:
    """Return by how many standard errors means over seeds differ at most."""
    a, b = np.array([flat(run) for run in one]), np.array([flat(run) for run in other])
    error = np.sqrt((a.var(axis=0, ddof=1) + b.var(axis=0, ddof=1)) / len(a))
    apart = np.abs(a.mean(axis=0) - b.mean(axis=0))
    return float(np.max(apart / np.maximum(error, 1e-12 + 1e-9 * np.abs(a).max(axis=0))))


def main() -> int:
    """Run all, print a line for each script, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nest", help="a Python that has nest")
    parser.add_argument("--seeds", type=int, default=8)
    options = parser.parse_args()
    nest, ours, bad = [options.nest], [sys.executable, "-m", "distsp.pynest"], 0
    for script, bound in CERTAIN.items():
        one, other = shown(nest, script), shown(ours, script)
        parts = [(script, one, other, bound)]
        if script == "traces":
            parts += [(model, one[model], other[model], 1e-9) for model in EXACT]
        for name, a, b, allowed in parts:
            difference = largest_difference(a, b)
            bad += difference > allowed
            print(f"{name:16} differs by {difference:.2g} at most, {allowed:g} is allowed")
    for script in DRAWN:
        seeds = [str(1 + i) for i in range(options.seeds)]
        runs = [[shown(one, script, seed) for seed in seeds] for one in (nest, ours)]
        errors = standard_errors(*runs)
        bad += errors > 4.0
        print(f"{script:16} {errors:.2f} standard errors apart at most, of 4", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
