"""Neuron models against neurons of NEST that got the same spikes and the same current.

What NEST did is in `data/neuron_models_nest.npz`; `data/README.md` says what it holds.
"""

import json
from pathlib import Path

import numpy as np
import pytest

H = 0.1
DATA = np.load(Path(__file__).parents[1] / "data" / "neuron_models_nest.npz")
CASES = list(enumerate(json.loads(str(DATA["cases"]))))
IDS = [f"{case['model']}-{i}" for i, case in CASES]

CLOSE = {"iaf_cond_alpha": 1e-4, "iaf_cond_exp": 1e-5, "izhikevich": 1e-9}
"""How close V_m is (mV) where NEST's own error allows: it integrates the conductances to 1e-3."""

TYPICAL = 1e-4
"""How close V_m of the others is, except right after spikes (mV)."""


@pytest.mark.parametrize(("i", "case"), CASES, ids=IDS)
def test_spikes_and_potential_are_those_of_nest(run_model, i, case):
    inputs = np.zeros((2, 5000))
    inputs.flat[DATA[f"{i}/places"]] = DATA[f"{i}/weights"]
    # A current set at time t acts from the step that begins at t + h on.
    current = np.zeros(5000)
    current[1001:2001], current[3001:] = case["amplitude"], -case["amplitude"]

    states, spikes, _ = run_model(case["model"], case["parameters"], inputs, current)

    theirs = DATA[f"{i}/spikes"]
    ours = np.array([step + 1 for step, _ in spikes])
    assert len(theirs) > 5
    assert len(ours) == len(theirs)
    assert np.abs(ours - theirs).max() <= 1
    potential = DATA[f"{i}/V_m"]
    apart = np.abs(states[9::10, 0, 0][: len(potential)] - potential)
    if case["model"] in CLOSE:
        assert apart.max() < CLOSE[case["model"]]
    else:
        assert np.median(apart) < TYPICAL
        assert apart.max() < 0.1
    if case["model"] == "izhikevich":
        recovery = DATA[f"{i}/U_m"]
        np.testing.assert_allclose(
            states[9::10, 1, 0][: len(recovery)], recovery, rtol=0, atol=1e-9
        )
        assert ours.tolist() == theirs.tolist()
