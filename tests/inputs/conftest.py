"""What the tests of the inputs share: a kernel called alone, and neurons beside those of NEST."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distsp.engine.drives import input_kernel
from distsp.engine.simulation import Simulation
from distsp.inputs import Input
from distsp.inputs.input import FOREVER
from distsp.network.network import Network
from distsp.neurons.values import BLOCK_NEURONS

H = 0.1
NEST = Path(__file__).parents[1] / "data" / "inputs_nest.npz"


@pytest.fixture(scope="session")
def arrived() -> Callable[..., tuple[np.ndarray, ...]]:
    """Return a function that gives what a kernel adds: excitation, inhibition, current."""

    def call(
        parameters: Input,
        begin: int = 0,
        end: int = FOREVER,
        delay: int = 1,
        weight: float = 1.0,
        step: int = 0,
        n_steps: int = 1,
        n: int = 1,
        lo: int = 0,
        first_id: int = 0,
        stride: int = 1,
        key: Any = 0,
        targets: Any = (0,),
    ) -> tuple[np.ndarray, ...]:
        tables = parameters.tables(H, np.array(targets, np.int64))
        added = [np.zeros((n_steps + 1, BLOCK_NEURONS)) for _ in range(3)]
        input_kernel(parameters.model)(
            np.array(tables.integers, dtype=np.int64),
            np.array(tables.numbers, dtype=np.float64),
            np.array(tables.thresholds, dtype=np.uint32),
            np.uint64(key),
            begin,
            end,
            delay,
            weight,
            step,
            n_steps,
            first_id,
            stride,
            lo,
            n,
            *added,
            np.empty((4, BLOCK_NEURONS), np.uint32),
            np.empty(BLOCK_NEURONS, np.int32),
        )
        for array in added:
            assert not array[n_steps:].any()
            assert not array[:, n:].any()
        return tuple(array[:n_steps, :n] for array in added)

    return call


@pytest.fixture(scope="session")
def potentials() -> Callable[..., np.ndarray]:
    """Return a function that gives the potentials in each step of n neurons that never spike."""

    def run(case: dict[str, Any], n: int, n_steps: int) -> np.ndarray:
        parameters = dict(case)
        weight, delay = parameters.pop("weight", 1.0), parameters.pop("delay", H)
        net = Network(resolution=H, seed=5)
        neurons = net.create("iaf_psc_exp", n, name="E", V_th=1e4)
        net.drive(net.input(**parameters), neurons, weight, delay)
        simulation, found = Simulation(net), []
        for _ in range(n_steps):
            simulation.run(H)
            found.append(neurons.V_m)
        return np.array(found)

    return run


@pytest.fixture(scope="session")
def nest() -> dict[str, Any]:
    """Return what NEST's generators do; `benchmarks/nest_inputs.py` says what it is."""
    with np.load(NEST) as file:
        found = dict(file)
    return found | {name: json.loads(str(found[name])) for name in ("cases", "noise")}


@pytest.fixture(scope="session")
def as_nest(nest: dict[str, Any], potentials: Callable[..., np.ndarray]) -> Callable[[str], None]:
    """Return a function that compares an input with NEST's, in all cases of it."""

    def compare(model: str) -> None:
        cases = [i for i, case in enumerate(nest["cases"]) if case["model"] == model]
        assert cases
        for i in cases:
            theirs = nest["V_m"][i]
            assert np.ptp(theirs) > 0.1
            own = potentials(nest["cases"][i], 1, len(theirs))[:, 0]
            np.testing.assert_allclose(own, theirs, rtol=0, atol=1e-11)

    return compare


@pytest.fixture(scope="session")
def refused() -> Callable[..., None]:
    """Return a function that checks what is said of wrong parameters, when created and when set."""

    def check(model: str, good: dict[str, Any], bad: dict[str, Any], told: str) -> None:
        net = Network(resolution=H)
        generator = net.input(model, "x", **good)
        before = generator.parameters
        for attempt in (
            lambda: net.input(model, "y", **{**good, **bad}),
            lambda: generator.set(**bad),
        ):
            with pytest.raises(ValueError, match=r"^inputs\.") as caught:
                attempt()
            name = "y" if "inputs.y" in str(caught.value) else "x"
            assert str(caught.value).startswith(f"inputs.{name}.{told}")
            assert "\n" not in str(caught.value)
        assert generator.parameters is before

    return check
