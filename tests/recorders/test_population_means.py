"""Population means: what they record of a network of plain arrays, and write."""

from fractions import Fraction
from typing import Any

import pytest

from distsp.recorders import PopulationMeans

NAMES = [
    "time",
    "calcium/E",
    "calcium/I",
    "rate/E",
    "rate/I",
    "synapses/plastic",
    "synapses/static",
    "elements/E/den/z",
    "elements/E/axon/z",
    "elements/E/den/z_connected",
    "elements/E/axon/z_connected",
]
UNITS = ["ms", "1", "1", "Hz", "Hz", *["1"] * 6]
STEPS = [20, 25, 25, 60]


def mean(values: Any) -> float:
    """Return the mean, in exact arithmetic until the end."""
    return float(sum(map(Fraction, values.tolist())) / len(values))


def recorded(network: Any, name: str = "recording") -> tuple[Any, dict[str, list[float]]]:
    """Record at some steps; return the recording, and what there was to see."""
    recording = PopulationMeans(interval=0.5).begin(name, network)
    expected: dict[str, list[float]] = {column: [] for column in NAMES}
    before = 0, {p: network.values[p, "spike_count"].sum() for p in ("E", "I")}
    for i, step in enumerate(STEPS):
        network.draw(step, seed=i + 1)
        recording.record(network)
        look(network, before, expected)
        before = step, {p: network.values[p, "spike_count"].sum() for p in ("E", "I")}
    return recording, expected


def look(
    network: Any, before: tuple[int, dict[str, int]], expected: dict[str, list[float]]
) -> None:
    """Append what there is now to be seen."""
    values, (step, spikes) = network.values, before
    expected["time"].append(network.step * 0.1)
    for p, size in (("E", 7), ("I", 5)):
        expected[f"calcium/{p}"].append(mean(values[p, "calcium"]))
        seconds = (network.step - step) * 0.1 / 1000.0
        new = int(values[p, "spike_count"].sum() - spikes[p])
        expected[f"rate/{p}"].append(new / (size * seconds) if seconds else 0.0)
    for name, count in network.counts.items():
        expected[f"synapses/{name}"].append(count)
    for element in ("den", "axon"):
        for what in ("z", "z_connected"):
            column = f"elements/E/{element}/{what}"
            expected[column].append(mean(values["E", f"{what}/{element}"]))


def test_records_means_rates_and_numbers(network):
    recording, expected = recorded(network)
    found = {name: values.tolist() for name, values in recording.arrays().items()}
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        # Numbers are kept to 2**-53, which is not always all of their bits.
        assert found[name] == pytest.approx(values, rel=1e-14, abs=1e-15), name
    assert found["rate/E"][2] == 0.0
    assert min(found["rate/E"][:2]) > 0.0


def test_writes_each_quantity_with_its_unit(network, written):
    recording, _ = recorded(network)
    found = written(recording)
    assert [*found] == [f"recording/{name}" for name in NAMES]
    assert [unit for unit, _, _ in found.values()] == UNITS
    for name, values in recording.arrays().items():
        dtype = "int64" if name.startswith("synapses/") else "float64"
        assert found[f"recording/{name}"][1:] == (dtype, values.tolist())


def test_one_of_another_name_writes_among_the_recorders(network, written):
    recording, _ = recorded(network, name="fast")
    assert [*written(recording)] == [f"recorders/fast/{name}" for name in NAMES]


def test_begins_without_entries(network, written):
    network.draw(step=30, seed=9)
    recording = PopulationMeans(interval=0.5).begin("recording", network)
    assert {tuple(values) for _, _, values in written(recording).values()} == {()}
    # The rate is since the beginning of the recording, not of the network.
    network.values["E", "spike_count"] = network.values["E", "spike_count"] + 2
    network.step = 130
    recording.record(network)
    assert recording.arrays()["rate/E"].tolist() == [pytest.approx(200.0)]
    assert recording.arrays()["rate/I"].tolist() == [0.0]


def test_what_is_saved_comes_back(network, written, restore):
    fresh = PopulationMeans(interval=0.5).begin("recording", network)
    recording, _ = recorded(network)
    assert written(fresh) != written(recording)
    restore(fresh, [recording])
    assert written(fresh) == written(recording)
    # And goes on: the next rate counts from the last one before.
    network.draw(step=100, seed=10)
    for one in (recording, fresh):
        one.record(network)
    assert written(fresh) == written(recording)


def test_another_interval_is_followed(network):
    recording = PopulationMeans(interval=0.5).begin("recording", network)
    assert recording.interval == 5
    recording.follow(PopulationMeans(interval=1.2), 0.1)
    assert recording.interval == 12


@pytest.mark.parametrize(
    ("interval", "told"),
    [
        (0.25, "recorders.m.interval: 0.25 ms must be a whole multiple of the resolution, 0.1 ms"),
        (0.0, "recorders.m.interval: 0.0 must be greater than 0"),
        ("1", "recorders.m.interval: '1' must be a valid number"),
    ],
)
def test_wrong_intervals(refused, interval, told):
    assert refused(PopulationMeans, {"interval": interval}) == told
