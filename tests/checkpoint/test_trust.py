"""Checkpoints that were made to do harm."""

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distsp import Simulation


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a manifest, and give it the right checksum."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest["content"])
    manifest["crc32"] = zlib.crc32(json.dumps(manifest["content"]).encode())
    path.write_text(json.dumps(manifest))


def put(name: str, place: int, value: float) -> Callable[[Path], None]:
    """Return what changes a number of an array in the file, with the right checksums."""

    def do(folder: Path) -> None:
        path = folder / "rank-0.arrays"
        data = bytearray(path.read_bytes())

        def change(content: dict[str, Any]) -> None:
            (file,) = content["files"]
            whole = next(
                key
                for key in file["arrays"]
                if key.endswith(name) and 0 not in file["arrays"][key][2]
            )
            begin, dtype, _ = file["arrays"][whole]
            np.frombuffer(data, dtype, offset=begin, count=place + 1)[place] = value
            file["crc32"] = zlib.crc32(data)

        rewrite(folder, change)
        path.write_bytes(data)

    return do


def index(**values: Any) -> Callable[[Path], None]:
    """Return what changes something of a file, or of an array in it, in the manifest."""

    def do(folder: Path) -> None:
        def change(content: dict[str, Any]) -> None:
            (file,) = content["files"]
            for key, value in values.items():
                if key == "shape":
                    file["arrays"]["calcium"][2] = value
                elif key == "dtype":
                    file["arrays"]["calcium"][1] = value
                elif key == "begin":
                    file["arrays"]["calcium"][0] = value
                else:
                    file[key] = value

        rewrite(folder, change)

    return do


def state(**values: Any) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        rewrite(folder, lambda content: content["globals"]["simulation"].update(values))

    return do


def deep(folder: Path) -> None:
    (folder / "manifest.json").write_text("[" * 100_000)


def device(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").symlink_to("/dev/zero")


def pipe(folder: Path) -> None:
    (folder / "rank-0.arrays").unlink()
    os.mkfifo(folder / "rank-0.arrays")


def link(folder: Path) -> None:
    (folder / "rank-0.arrays").rename(folder.parent / "outside")
    (folder / "rank-0.arrays").symlink_to("../outside")


def less(folder: Path) -> None:
    rewrite(folder, lambda content: content["files"][0]["arrays"].pop("calcium"))


CRAFTED = [
    (index(name="/dev/zero"), "manifest.json names '/dev/zero' where rank-0.arrays must be"),
    (index(name="../checkpoint-100/rank-0.arrays"), "manifest.json names '../checkpoint-100/rank"),
    (index(shape=[-1]), "manifest.json has a wrong place or shape of 'calcium'"),
    (index(shape=[2**43]), "manifest.json has 'calcium' beyond the end of rank-0.arrays"),
    (index(begin=-64), "manifest.json has a wrong place or shape of 'calcium'"),
    (index(dtype="|O"), "manifest.json has 'calcium' beyond the end of rank-0.arrays"),
    (index(shape=[2]), "calcium has the shape"),
    (index(dtype="<i8"), "calcium has numbers of the type int64"),
    (deep, "manifest.json is damaged"),
    (device, "manifest.json cannot be read: it is no regular file"),
    (pipe, "rank-0.arrays cannot be read: it is no regular file"),
    (link, "rank-0.arrays cannot be read: it is no regular file"),
    (less, "calcium has the shape None"),
    (put("synapses/static/target", 3, 2**30), "synapses/static/target has numbers that are not"),
    (put("synapses/static/target", 3, -1), "synapses/static/target has numbers that are not"),
    (put("synapses/plain/length", 3, -1), "synapses/plain/length has numbers that are not from 0"),
    (put("synapses/plain/length", 3, 99), "synapses/plain/target has the shape"),
    (put("synapses/static/delay", 3, 0), "synapses/static/delay has numbers that are not from"),
    (put("synapses/static/weight", 3, np.nan), "synapses/static/weight has numbers that are not"),
    (put("z_connected", 3, -1), "z_connected has numbers that are not from 0"),
    (put("z_connected", 3, 77), "has elements "),
    (put("/id", 0, 4000), "id has numbers that are not from 0"),
    (state(step=-1), "simulation does not fit: "),
    (state(step="1"), "simulation does not fit: "),
    (state(step=99), "is of two steps, 600 and another"),
    (state(n_spikes=2**64), "simulation does not fit: "),
]


@pytest.mark.parametrize(("harm", "told"), CRAFTED)
def test_what_a_checkpoint_says_is_not_trusted(
    network,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    harm: Callable[[Path], None],
    told: str,
) -> None:
    sim = Simulation(network())
    for _ in range(2):
        sim.run(30.0)
        sim.save(tmp_path)
    harm(tmp_path / "checkpoint-600")
    assert Simulation.load(tmp_path, network()).now == 30.0
    line = caplog.records[-1].getMessage()
    assert line.startswith(f"distsp: {tmp_path}/checkpoint-600: ")
    assert told in line
    assert line.endswith("; the checkpoint before it is used")
