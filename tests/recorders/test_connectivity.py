"""Snapshots, counts between groups, activity of any neurons, updates: of a network of arrays."""

import numpy as np
import pytest

from distsp.recorders import (
    Change,
    Connectivity,
    MeanActivity,
    StructuralUpdates,
    SynapseCounts,
)

STEPS = [5, 10, 35]
SOME = ["I", {"population": "E", "neurons": [5, 0]}]
IDS = [0, 5, *range(7, 12)]


def test_snapshots_stand_one_after_the_other(network, written, restore):
    recording, fresh = (Connectivity(times=[0.5]).begin("m", network) for _ in range(2))
    expected = {"plastic": [], "static": []}
    for i, step in enumerate(STEPS):
        network.draw(step, seed=i + 1)
        recording.record(network)
        for name, seen in expected.items():
            seen.append(network.synapses(name))
    found = written(recording)
    assert found["recorders/m/time"] == ("ms", "float64", [step * 0.1 for step in STEPS])
    for name, seen in expected.items():
        where = f"recorders/m/synapses/{name}"
        ends = np.cumsum([len(one["source"]) for one in seen]).tolist()
        assert found[f"{where}/end"] == ("1", "int64", ends)
        for column in ("source", "target"):
            values = np.concatenate([one[column] for one in seen]).tolist()
            assert found[f"{where}/{column}"] == ("1", "int32", values)
    assert "recorders/m/synapses/plastic/weight" not in found
    weights = np.concatenate([one["weight"] for one in expected["static"]]).tolist()
    assert found["recorders/m/synapses/static/weight"] == (
        "pA, for targets of iaf_cond_exp nS",
        "float64",
        weights,
    )
    restore(fresh, [recording])
    assert written(fresh) == found
    network.draw(step=99, seed=9)
    for one in (recording, fresh):
        one.record(network)
    assert written(fresh) == written(recording)


@pytest.mark.parametrize(
    ("times", "interval", "steps"),
    [
        ([0.0, 0.5, 3.1], None, [0, 5, 31]),
        ([], 1.5, [15, 30, 45]),
        ([1.5, 2.0], 1.5, [15, 20, 30, 45]),
    ],
)
def test_snapshots_are_taken_when_they_are_asked_for(network, times, interval, steps):
    recording = Connectivity(times=times, interval=interval).begin("m", network)
    found, step = [], -1
    while len(found) < len(steps):
        step = recording.next_step(step)
        if step is None:
            step = 0
            continue
        found.append(step)
    assert found == steps
    for step in range(45):
        assert recording.next_step(step) in (None, *(one for one in steps if one > step), 45, 60)


def test_counts_between_groups(network, written, restore):
    groups = {"E": "E", "some": SOME, "one": {"population": "E", "neurons": [5]}}
    ids = {"E": [*range(7)], "some": IDS, "one": [5]}
    asked = SynapseCounts(groups=groups, interval=0.5)
    recording, fresh = (asked.begin("m", network) for _ in range(2))
    expected = {"plastic": [], "static": []}
    for i, step in enumerate(STEPS):
        network.draw(step, seed=i + 1)
        recording.record(network)
        for name, seen in expected.items():
            table = network.synapses(name)
            pairs = list(zip(table["source"], table["target"], strict=True))
            seen.append(
                [
                    [sum(s in ids[a] and t in ids[b] for s, t in pairs) for b in groups]
                    for a in groups
                ]
            )
    found = written(recording)
    assert found["recorders/m/sources"] == ("none", "text", ["E", "some", "one"])
    for name, seen in expected.items():
        assert found[f"recorders/m/counts/{name}"] == ("1", "int64", seen)
    restore(fresh, [recording])
    assert written(fresh) == found
    other = SynapseCounts(
        groups=groups, targets={"all": ["E", "I"]}, synapses=["static"], interval=1
    )
    recording = other.begin("m", network)
    recording.record(network)
    found = written(recording)
    assert {*found} == {
        f"recorders/m/{key}" for key in ("time", "sources", "targets", "counts/static")
    }
    sources = network.synapses("static")["source"]
    right = [[int(np.isin(sources, ids[a]).sum())] for a in groups]
    assert found["recorders/m/counts/static"][2] == [right]


def test_activity_of_any_neurons(network, written, restore):
    asked = MeanActivity(neurons=SOME, interval=0.5)
    recording, fresh = (asked.begin("m", network) for _ in range(2))
    values = network.values

    def of(quantity):
        return np.concatenate([values["E", quantity][[0, 5]], values["I", quantity]])

    before, last, calcium, rate = of("spike_count").sum(), 0, [], []
    for i, step in enumerate(STEPS):
        network.draw(step, seed=i + 1)
        recording.record(network)
        calcium.append(of("calcium").mean())
        rate.append((of("spike_count").sum() - before) / (7 * (step - last) * 1e-4))
        before, last = of("spike_count").sum(), step
    found = written(recording)
    assert found["recorders/m/time"] == ("ms", "float64", [step * 0.1 for step in STEPS])
    assert found["recorders/m/calcium"][2] == pytest.approx(calcium, rel=1e-14)
    assert found["recorders/m/rate"][2] == pytest.approx(rate)
    assert found["recorders/m/rate"][0] == "Hz"
    restore(fresh, [recording])
    network.draw(step=99, seed=9)
    for one in (recording, fresh):
        one.record(network)
    assert written(fresh) == written(recording)


def test_updates(network, written, restore):
    recording, fresh = (StructuralUpdates().begin("m", network) for _ in range(2))
    assert recording.sees_updates
    assert recording.next_step(3) is None
    pairs = np.array([0, 1, 2]), np.array([6, 7, 11])
    for i, step in enumerate(STEPS):
        network.draw(step, seed=i + 1)
        network.values["E", "z/den"] = np.array([2.5, -1.0, 0.9, 1.0, 0.0, 3.0, 9.0])
        network.values["E", "z_connected/den"] = np.array([0, 0, 0, 0, 0, 5, 8])
        recording.begin_update(network)
        broken = Change("plastic", False, *pairs)
        recording.end_update(network, [broken, broken, Change("plastic", True, *pairs)])
    found = written(recording)
    assert found.pop("recorders/m/vacant/E/axon")
    assert found == {
        "recorders/m/time": ("ms", "float64", [step * 0.1 for step in STEPS]),
        "recorders/m/made/plastic/E": ("1", "int64", [1] * 3),
        "recorders/m/made/plastic/I": ("1", "int64", [2] * 3),
        "recorders/m/broken/plastic/E": ("1", "int64", [2] * 3),
        "recorders/m/broken/plastic/I": ("1", "int64", [4] * 3),
        "recorders/m/vacant/E/den": ("1", "int64", [2 + 1 + 1] * 3),
    }
    restore(fresh, [recording])
    assert written(fresh) == written(recording)


@pytest.mark.parametrize(
    ("recorder", "values", "told"),
    [
        (Connectivity, {}, "times: is missing; times or an interval must be given"),
        (Connectivity, {"times": [1.0, 0.5]}, "times: [1.0, 0.5] must be ascending: 0.5 ms comes"),
        (Connectivity, {"times": [0.25]}, "times.0: 0.25 ms must be a whole multiple"),
        (Connectivity, {"interval": 0.25}, "interval: 0.25 ms must be a whole multiple"),
        (Connectivity, {"interval": 1.0, "synapses": ["x"]}, "synapses.0: 'x' must be one of plas"),
        (SynapseCounts, {"interval": 1.0}, "groups: is missing; it must be given: neurons by name"),
        (SynapseCounts, {"interval": 1.0, "groups": {}}, "groups: {} must have at least 1 entry"),
        (SynapseCounts, {"interval": 1.0, "groups": {"a": "X"}}, "groups.a: 'X' must be one of E"),
        (
            SynapseCounts,
            {"interval": 1.0, "groups": {"a": "E"}, "targets": {"b": "X"}},
            "targets.b: 'X' must be one of E",
        ),
        (
            SynapseCounts,
            {"interval": 1.0, "groups": {"a": "E"}, "synapses": ["plastic", "plastic"]},
            "synapses.1: 'plastic' must be there only once",
        ),
        (MeanActivity, {"neurons": "X", "interval": 1.0}, "neurons: 'X' must be one of E, I"),
        (MeanActivity, {"neurons": "E"}, "interval: is missing; it must be given: time between"),
        (StructuralUpdates, {"interval": 1.0}, "interval: there is no such key"),
    ],
)
def test_what_is_wrong_is_told_in_a_line_that_names_the_field(refused, recorder, values, told):
    message = refused(recorder, values)
    assert message.startswith(f"recorders.m.{told}")
    assert "\n" not in message
