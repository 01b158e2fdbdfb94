"""Checkpoints on one rank: whole or refused, and what goes on from them is as if never stopped."""

import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distsp import Network, Simulation
from distsp.base.errors import InputError, WriteError
from distsp.base.files import TOKEN


def change(net: Network) -> None:
    """Change what may be changed between two runs."""
    net.inputs["input_0"].set(rate=2500.0)
    net.populations["A"].set(E_L=-69.5)
    net.connect(net.populations["B"], net.populations["A"], "static", "fixed_indegree", indegree=2)


def everything(sim: Simulation) -> dict[str, Any]:
    """Return all that can be seen of a simulation."""
    found: dict[str, Any] = dict(sim.recording) | {"n_spikes": sim.n_spikes, "now": sim.now}
    for name, p in sim.network.populations.items():
        found |= {f"V_m/{name}": p.V_m, f"calcium/now/{name}": p.calcium}
        found |= {f"spikes/{name}/{i}": part for i, part in enumerate(sim.spikes(p))}
        for element in p.elements:
            found[f"{element}/{name}"] = p.z(element)
            found[f"{element}/connected/{name}"] = p.z_connected(element)
    for name in sim.network.synapse_types:
        found |= {f"{name}/{key}": values for key, values in sim.synapses(name).items()}
    return found


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)
        assert np.asarray(value).dtype == np.asarray(other[name]).dtype, name


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("stop", [0.0, 0.3, 15.0, 41.3])
def test_goes_on_as_if_never_stopped(network, tmp_path: Path, stop: float) -> None:
    whole = Simulation(network())
    whole.run(60.0)
    sim = Simulation(network())
    sim.run(stop)
    sim.save(tmp_path)
    sim.run(60.0 - stop)
    resumed = Simulation.load(tmp_path, network())
    assert resumed.now == pytest.approx(stop)
    resumed.run(60.0 - stop)
    assert len(everything(whole)["plain/source"]) > 20
    assert_same(everything(sim), everything(whole))
    assert_same(everything(resumed), everything(whole))


@pytest.mark.parametrize("before", [True, False])
def test_changes_between_runs(network, tmp_path: Path, before: bool) -> None:
    """A change just before a checkpoint or after it, while input is on its way."""
    sim = Simulation(network())
    sim.run(20.3)
    if before:
        change(sim.network)
    sim.save(tmp_path)
    net = network()
    if before:
        change(net)
    resumed = Simulation.load(tmp_path, net)
    for simulation in (sim, resumed):
        if not before:
            change(simulation.network)
        simulation.run(20.0)
    assert_same(everything(resumed), everything(sim))


def test_again_and_again(network, tmp_path: Path) -> None:
    whole = Simulation(network())
    whole.run(60.0)
    sim = Simulation(network())
    for _ in range(6):
        sim.run(10.0)
        sim.save(tmp_path)
        sim = Simulation.load(str(tmp_path), network())
    assert_same(everything(sim), everything(whole))
    assert kept(tmp_path) == ["checkpoint-500", "checkpoint-600"]


def test_many_pieces(network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = Simulation(network())
    sim.run(40.0)
    monkeypatch.setattr("distsp.checkpoint.redistribute.ENTRIES_TOGETHER", 7)
    sim.save(tmp_path)
    resumed = Simulation.load(tmp_path, network())
    for simulation in (sim, resumed):
        simulation.run(20.0)
    assert_same(everything(resumed), everything(sim))


def test_save_twice_at_a_step(network, tmp_path: Path) -> None:
    sim = Simulation(network())
    for _ in range(2):
        sim.run(1.0)
        sim.save(tmp_path)
        sim.save(tmp_path)
    assert kept(tmp_path) == ["checkpoint-10", "checkpoint-20"]


def test_unfinished_is_removed_and_never_used(network, tmp_path: Path) -> None:
    sim = Simulation(network())
    sim.save(tmp_path)
    shutil.copytree(tmp_path / "checkpoint-0", tmp_path / f"checkpoint-99.{TOKEN}.part")
    assert Simulation.load(tmp_path, network()).step == 0
    sim.save(tmp_path)
    assert kept(tmp_path) == ["checkpoint-0"]


def flip_a_bit(folder: Path, where: float = 0.6) -> None:
    path = folder / "rank-0.arrays"
    data = bytearray(path.read_bytes())
    data[int(where * len(data))] ^= 4
    path.write_bytes(data)


def flip_a_bit_of_the_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"n_spikes": ', '"n_spikes": 1'))


def cut_short(folder: Path) -> None:
    path = folder / "rank-0.arrays"
    path.write_bytes(path.read_bytes()[:-1])


def cut_the_manifest_short(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text()[:-10])


def lose_a_file(folder: Path) -> None:
    (folder / "rank-0.arrays").unlink()


def lose_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def other_version(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 1}))


def other_network(folder: Path) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["content"]["network"]["populations"]["A"]["size"] = 24
    manifest["crc32"] = zlib.crc32(json.dumps(manifest["content"]).encode())
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (flip_a_bit, "rank-0.arrays is damaged"),
        (flip_a_bit_of_the_manifest, "manifest.json is damaged"),
        (cut_short, "rank-0.arrays has [0-9]+ bytes instead of [0-9]+"),
        (cut_the_manifest_short, "manifest.json is damaged"),
        (lose_a_file, "rank-0.arrays cannot be read: No such file or directory"),
        (lose_the_manifest, "manifest.json cannot be read: No such file or directory"),
        (other_version, "is of format 1, this distsp reads 3"),
        (other_network, "is of another network: populations.A.size: 23 must be 24"),
    ],
)
def test_the_one_before_a_bad_one_is_used(
    network,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    harm: Callable[[Path], None],
    told: str,
) -> None:
    sim = Simulation(network())
    for _ in range(2):
        sim.run(5.0)
        sim.save(tmp_path)
    harm(tmp_path / "checkpoint-100")
    resumed = Simulation.load(tmp_path, network())
    assert resumed.now == 5.0
    (line,) = (record.getMessage() for record in caplog.records)
    assert line.endswith("; the checkpoint before it is used")
    # What is saved next takes the place of the bad one, not of the good one.
    resumed.run(2.0)
    resumed.save(tmp_path)
    assert kept(tmp_path) == ["checkpoint-50", "checkpoint-70"]
    for path in tmp_path.iterdir():
        harm(path)
    with pytest.raises(InputError, match=rf"checkpoint-70: {told}$"):
        Simulation.load(tmp_path, network())


def test_every_byte_counts(network, tmp_path: Path) -> None:
    sim = Simulation(network())
    sim.run(5.0)
    sim.save(tmp_path)
    for where in np.linspace(0.0, 0.9999, 40):
        flip_a_bit(tmp_path / "checkpoint-50", where)
        with pytest.raises(InputError, match="is damaged"):
            Simulation.load(tmp_path, network())
        flip_a_bit(tmp_path / "checkpoint-50", where)
    Simulation.load(tmp_path, network())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            lambda net: net.inputs["input_1"].set(rate=1.0),
            r"inputs.input_1.rate: 1.0 must be 2000.0",
        ),
        (lambda net: net.create("iaf_psc_exp", 1, name="D"), "the checkpoint lacks populations.D"),
        (lambda net: net._put("seed", 8), "seed: 8 must be 7"),
        (change, "populations.A.parameters.E_L: -69.5 must be -70.0"),
    ],
)
def test_other_networks_are_refused_by_name(
    network, tmp_path: Path, changed: Callable[[Network], Any], told: str
) -> None:
    Simulation(network()).save(tmp_path)
    net = network()
    changed(net)
    with pytest.raises(InputError, match=f"checkpoint-0: is of another network: {told}$"):
        Simulation.load(tmp_path, net)


def test_folders_that_do_not_do(network, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none: has no checkpoint$"):
        Simulation.load(tmp_path / "none", network())
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match=r"file: a checkpoint cannot be written: "):
        Simulation(network()).save(tmp_path / "file")


def test_killed_while_a_checkpoint_takes_the_place_of_another(
    network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim = Simulation(network())
    sim.run(1.0)
    sim.save(tmp_path)
    replace = Path.replace

    def killed(path: Path, target: Path) -> Path:
        if target.name == "checkpoint-10":
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            sim.save(tmp_path)
    assert kept(tmp_path) == [f"checkpoint-10.{TOKEN}.part", "checkpoint-10.old"]
    sim = Simulation.load(tmp_path, network())
    for _ in range(2):
        sim.save(tmp_path)
        assert kept(tmp_path) == ["checkpoint-10"]


def test_checkpoints_of_another_run_stay(network, tmp_path: Path) -> None:
    """Only the run that wrote them, and one that came from them, may replace them."""
    one = Simulation(network())
    for _ in range(3):
        one.run(1.0)
        one.save(tmp_path)
    before = kept(tmp_path)
    other = Simulation(network())
    other.run(0.5)
    with pytest.raises(InputError, match=r"has checkpoint-\d+, which is of another run; use"):
        other.save(tmp_path)
    assert kept(tmp_path) == before == ["checkpoint-20", "checkpoint-30"]
    loaded = Simulation.load(tmp_path, network())
    loaded.run(1.0)
    loaded.save(tmp_path)
    assert kept(tmp_path) == ["checkpoint-30", "checkpoint-40"]
    one.run(2.0)
    with pytest.raises(InputError, match=r"has checkpoint-40, which is of another run"):
        one.save(tmp_path)


def test_what_only_has_the_name_of_a_checkpoint_stays(network, tmp_path: Path) -> None:
    (tmp_path / "checkpoint-500").mkdir()
    (tmp_path / "checkpoint-500" / "data").write_text("of another program")
    (tmp_path / "checkpoint-600").write_text("mine")
    (tmp_path / "checkpoint-700").symlink_to(tmp_path / "checkpoint-500")
    (tmp_path / "checkpoint-800.part").mkdir()
    before = kept(tmp_path)
    sim = Simulation(network())
    for _ in range(3):
        sim.run(1.0)
        sim.save(tmp_path)
    assert kept(tmp_path) == sorted([*before, "checkpoint-20", "checkpoint-30"])
    assert (tmp_path / "checkpoint-500" / "data").read_text() == "of another program"
    sim.run(47.0)
    with pytest.raises(InputError, match=r"has a checkpoint-500 that is no checkpoint; use"):
        sim.save(tmp_path)


def test_what_cannot_be_written_leaves_nothing(
    network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim = Simulation(network())
    sim.save(tmp_path)
    sim.run(1.0)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for place in ("write_parts", "_write_manifest"):
        with monkeypatch.context() as patch:
            patch.setattr(f"distsp.checkpoint.folder.{place}", full)
            with pytest.raises(WriteError, match=r"No space left on device$"):
                sim.save(tmp_path)
        assert kept(tmp_path) == ["checkpoint-0"]


def test_stop_ends_the_run(network) -> None:
    whole = Simulation(network())
    whole.run(60.0)
    sim = Simulation(network())
    sim.run(60.0, progress=lambda now: True, stop=lambda now: now >= 20.0)
    assert 20.0 <= sim.now < 60.0
    sim.run(60.0 - sim.now)
    assert_same(everything(sim), everything(whole))
