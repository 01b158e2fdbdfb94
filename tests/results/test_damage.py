"""Results whose bytes have changed, or were made to do harm."""

import fcntl
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from distsp import load_results
from distsp.base.errors import InputError
from distsp.results.figures import plot_structural_plasticity
from distsp.results.read import Results
from distsp.results.sonata import write_sonata


def everything(results: Results) -> dict[str, object]:
    """Return all that there is in results, as bytes by name, and what was told instead."""
    found: dict[str, object] = {"experiment": results.experiment.to_toml()}

    def look(name: str, value: object) -> None:
        if isinstance(value, dict):
            for key, entry in value.items():
                look(f"{name}/{key}", entry)
        else:
            found[name] = np.asarray(value).tobytes()

    for name in ("neurons", "synapses", "spikes", "recorders", "provenance", "_recording"):
        try:
            look(name, getattr(results, name))
        except InputError as error:
            found["told"] = str(error)
    return found


def test_damage_is_told_or_left_out_and_never_read(wired, tmp_path: Path) -> None:
    whole = (wired[1] / "results.h5").read_bytes()
    expected, path = everything(load_results(wired[1])), tmp_path / "results.h5"
    rng = np.random.default_rng(5)
    told = skipped = 0
    for place in rng.choice(len(whole), 100, replace=False):
        damaged = bytearray(whole)
        damaged[place : place + 4] = rng.bytes(4)
        path.write_bytes(damaged)
        for how in ("refuse", "skip"):
            try:
                found = everything(load_results(path, damaged=how))
            except InputError as error:
                found = {"told": str(error)}
            message = found.pop("told", None)
            assert found.items() <= expected.items()
            if how == "skip":
                skipped += bool(found) and found != expected
            elif found != expected:
                assert "is damaged" in message or "is not a result" in message
                assert "\n" not in message
                told += 1
    assert min(told, skipped) > 20


def test_damaged_results_are_not_drawn_or_written_as_sonata(wired, tmp_path: Path) -> None:
    path = tmp_path / "results.h5"
    shutil.copy(wired[1] / "results.h5", path)
    with h5py.File(path) as file:
        names = ("recording/calcium/E", "synapses/plastic/source")
        places = [file[name].id.get_chunk_info(0).byte_offset for name in names]
    with path.open("r+b") as raw:
        for place in places:
            raw.seek(place)
            raw.write(b"\xff")
    for write in (
        lambda results: plot_structural_plasticity(results, tmp_path / "figure.png"),
        lambda results: write_sonata(results, tmp_path / "sonata"),
    ):
        with pytest.raises(InputError, match="is damaged"):
            write(load_results(path))
    assert not (tmp_path / "figure.png").exists()
    assert not list(tmp_path.glob("sonata/edges.h5"))
    rest = load_results(path, damaged="skip")
    assert "E" not in rest.calcium
    assert len(rest.calcium["A"]) == len(rest.time)
    assert set(rest.synapses["plastic"]) == {"target", "weight", "delay"}
    with pytest.raises(InputError, match=r"^damaged: 'ignore' must be one of refuse, skip"):
        load_results(path, damaged="ignore")


def change(name: str, value: object = None, **how: object):
    def do(file: h5py.File) -> None:
        del file[name]
        file.create_dataset(name, data=value, **how)

    return do


def circle(file: h5py.File) -> None:
    file["provenance/again"] = file["provenance"]


def elsewhere(file: h5py.File) -> None:
    file["provenance/out"] = h5py.ExternalLink("/dev/zero", "x")


@pytest.mark.parametrize(
    "craft",
    [
        circle,
        elsewhere,
        change("provenance/hosts", shape=(2**43,), dtype=np.uint8, chunks=(2**20,)),
        change("provenance/hosts", shape=(9,), dtype=np.uint8, external="/dev/zero"),
        change("provenance/hosts", b"\xff\xfe"),
    ],
)
def test_results_made_to_do_harm_are_told_in_a_line(wired, tmp_path: Path, craft) -> None:
    path = tmp_path / "results.h5"
    shutil.copy(wired[1] / "results.h5", path)
    with h5py.File(path, "r+") as file:
        craft(file)
    with pytest.raises(InputError, match="is damaged"):
        print(load_results(path).provenance)
    assert "ranks" in load_results(path, damaged="skip").provenance


def test_a_file_that_another_program_writes_to_is_said_to_be(wired, tmp_path: Path) -> None:
    shutil.copy(wired[1] / "results.h5", tmp_path / "results.h5")
    with (tmp_path / "results.h5").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another program is writing to it"):
            load_results(tmp_path)
