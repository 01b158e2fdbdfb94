"""Checkpoints: the state of a simulation on disk, to go on from on any number of ranks.

A checkpoint is a folder `checkpoint-<step>` with a file of each rank's arrays and a manifest,
which has everything else and a checksum of each file. The folder gets its name when all of it is
on the disk.
"""

import json
import logging
import os
import re
import shutil
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from distsp.base.errors import InputError, WriteError, shorten
from distsp.base.files import TOKEN, UNFINISHED, sync
from distsp.checkpoint.arrays import BEGIN, ArrayReader, ArrayWriter, checksum
from distsp.checkpoint.redistribute import read_parts, same_on_all_ranks, write_parts
from distsp.checkpoint.trust import (
    WRONG,
    UnfitError,
    check_regular,
    content_problem,
    read_manifest,
)
from distsp.network.description import difference
from distsp.parallel.distributed import Part, is_array
from distsp.parallel.layout import Layout
from distsp.parallel.ranks import Ranks

LOG = logging.getLogger("distsp")

FORMAT = 3
"""Grows when older programs could no longer read what is written; 1 was that of distsp 0.1."""

MANIFEST = "manifest.json"
REPLACED = ".old"
"""Ending of the name of a checkpoint while another one of the same step takes its place."""

NAME = re.compile(rf"checkpoint-(\d+)({re.escape(REPLACED)})?")
OWN = re.compile(rf"checkpoint-\d+({re.escape(REPLACED)}|\.[0-9a-f]{{16}}{re.escape(UNFINISHED)})?")
FILE = re.compile(r"rank-\d+\.arrays")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that has been found to be whole."""

    folder: Path
    content: dict[str, Any]
    beside: frozenset[str] = frozenset()
    """Names of the runs whose checkpoints are in the same folder."""


@dataclass
class Run:
    """Whose checkpoints a simulation may replace: its own, and those that it came from."""

    name: str
    """The same on all ranks, and of no other run."""
    known: frozenset[str] = frozenset()
    """Names of the runs that it came from."""
    kept: list[str] = field(default_factory=list)
    """Names of the last two checkpoints that it wrote or came from."""

    def wrote(self, path: Path) -> bool:
        """Return whether a checkpoint is of this run, or of those that it came from."""
        return _run_of(path) in {self.name, *self.known}


def save(
    folder: Path,
    ranks: Ranks,
    step: int,
    parts: Sequence[Part],
    facts: dict[str, Any],
    run: "Run",
) -> None:
    """Write a checkpoint into `folder`; collective.

    The one before is kept as well, older ones are removed.

    Parameters
    ----------
    folder : Path
        Of the checkpoints; made if it is not there.
    ranks : Ranks
    step : int
        The present, for the name.
    parts : sequence of Part
        All that there is to save, in the same order on all ranks.
    facts : dict
        What goes into the manifest besides: the `network` as `describe` returns it, and the
        `experiment` as TOML if there is one.
    run : Run
        Of the simulation; takes note of what is kept.

    Raises
    ------
    InputError
        On every rank, if there are checkpoints of another run.
    WriteError
        On every rank, if it cannot be written on one. Nothing has changed then.
    """
    final = folder / f"checkpoint-{step}"
    part = final.with_name(f"{final.name}.{ranks.broadcast(TOKEN)}{UNFINISHED}")
    names = [*(name for name in run.kept if name != final.name), final.name][-2:]
    stranger = ranks.broadcast(_stranger(folder, final, run) if ranks.rank == 0 else None)
    if stranger is not None:
        raise InputError(f"{folder}: {stranger}; use another folder")
    same = same_on_all_ranks(parts)
    plain = {name: {k: v for k, v in value.items() if not is_array(v)} for name, value in same}
    everywhere = facts | {"distsp": version("distsp"), "run": run.name, "step": step}
    everywhere |= {"globals": plain}

    def prepare() -> None:
        if ranks.rank == 0:
            folder.mkdir(parents=True, exist_ok=True)
            remove_unfinished(folder)
            part.mkdir()

    def write() -> dict[str, Any]:
        name = f"rank-{ranks.rank}.arrays"
        with ArrayWriter(part / name) as file:
            write_parts(parts, same if ranks.rank == 0 else [], file)
        return {
            "name": name,
            "bytes": file.n_bytes,
            "crc32": file.checksum,
            "arrays": file.index,
        }

    def finish() -> None:
        if ranks.rank == 0:
            _write_manifest(part / MANIFEST, everywhere | {"files": files})
            _sync(part)
            replaced = final.with_name(final.name + REPLACED)
            if final.exists():
                shutil.rmtree(replaced, ignore_errors=True)
                final.replace(replaced)
            part.replace(final)
            _sync(folder)
            shutil.rmtree(replaced, ignore_errors=True)
            _prune(folder, names, run)

    try:
        _together(ranks, folder, prepare)
        files = _together(ranks, folder, write)
        _together(ranks, folder, finish)
    except WriteError:
        if ranks.rank == 0:
            shutil.rmtree(part, ignore_errors=True)  # it may be what fills the disk
        raise
    run.kept = names


def find(
    folder: Path,
    ranks: Ranks,
    network_at: Callable[[int], dict[str, Any]],
    unfit: tuple[Path, str] | None = None,
) -> Checkpoint:
    """Return the newest checkpoint in `folder` that is whole and of this network; collective.

    Parameters
    ----------
    folder : Path
        Of the checkpoints.
    ranks : Ranks
    network_at : callable
        Returns the network at the beginning of a step, as `network.description.describe` does.
    unfit : (Path, str), optional
        One that was found before, and why `restore` refused it: one before it is looked for.

    Raises
    ------
    InputError
        If there is none, saying what is wrong with the newest.
    """
    paths = ranks.broadcast(_newest_first(folder) if ranks.rank == 0 else None)
    problems: list[str] = []
    problem: str | None
    if unfit is not None:
        paths = paths[paths.index(unfit[0]) :]
    for i, path in enumerate(paths):
        if unfit is not None and path == unfit[0]:
            content, problem = {}, unfit[1]
        else:
            content = ranks.broadcast(_content(path, network_at) if ranks.rank == 0 else None)
            damage = content if isinstance(content, str) else _damage(path, content, ranks)
            problem = next(filter(None, ranks.collect(damage)), None)
        if problem is None:
            runs = [_run_of(one) for one in own(path.parent)] if ranks.rank == 0 else []
            return Checkpoint(path, content, ranks.broadcast(frozenset(runs)))
        problems.append(f"{path}: {problem}")
        if ranks.rank == 0 and i + 1 < len(paths):
            LOG.error("distsp: %s; the checkpoint before it is used", problems[-1])
    raise InputError(problems[0] if problems else f"{folder}: has no checkpoint")


def experiment_of(folder: Path) -> str:
    """Return the experiment, as TOML, of the newest checkpoint in `folder` that can be read."""
    problems = []
    for path in _newest_first(folder):
        content = _content(path)
        if isinstance(content, dict) and content["experiment"] is not None:
            return content["experiment"]
        wrong = content if isinstance(content, str) else "is of a script, for Simulation.load"
        problems.append(f"{path}: {wrong}")
    nothing = f"{folder}: has no checkpoint; start the run again, with --force"
    raise InputError(problems[0] if problems else nothing)


def restore(checkpoint: Checkpoint, parts: Sequence[Part], layout: Layout, ranks: Ranks) -> None:
    """Give what has just been made the state of a checkpoint; collective.

    Parameters
    ----------
    checkpoint : Checkpoint
    parts : sequence of Part
        Those that were saved, of a simulation of the same network.
    layout : Layout
    ranks : Ranks

    Raises
    ------
    UnfitError
        On every rank, if it is not of this network after all; the parts are of no use then.
    """
    content = checkpoint.content
    files = content["files"]
    readers = [ArrayReader(checkpoint.folder / file["name"], file["arrays"]) for file in files]
    problem = None
    try:
        read_parts(parts, content["globals"], readers, layout)
        step = content["step"]
        if content["globals"]["simulation"]["step"] != step:
            problem = f"is of two steps, {step} and another"
        if checkpoint.folder.name.removesuffix(REPLACED) != f"checkpoint-{step}":
            problem = f"is of step {step}"
    except UnfitError as error:
        problem = str(error)
    problem = next(filter(None, ranks.collect(problem)), None)
    if problem is not None:
        raise UnfitError(problem)


def _together(ranks: Ranks, folder: Path, task: Callable[[], Any]) -> list[Any]:
    """Do something on every rank and return what each has returned; all fail if one fails."""
    done, problem = None, None
    try:
        done = task()
    except OSError as error:
        problem = error
    each = ranks.collect((done, problem))
    for _, problem in each:
        if problem is not None:
            raise WriteError.of(f"{folder}: a checkpoint", problem)
    return [done for done, _ in each]


def own(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder that distsp has written, as their content shows."""
    try:
        return [path for path in folder.iterdir() if OWN.fullmatch(path.name) and _is_own(path)]
    except OSError:
        return []


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed program has left of checkpoints that it was writing."""
    for path in own(folder):
        if path.name.endswith(UNFINISHED):
            shutil.rmtree(path)


def remove_all(folder: Path) -> None:
    """Remove all checkpoints, and their folder if nothing else is in it."""
    for path in own(folder):
        shutil.rmtree(path)
    if not folder.is_symlink():
        with suppress(OSError):  # somebody else's files are in it
            folder.rmdir()


def _is_own(path: Path) -> bool:
    """Return whether there is nothing in a folder but what a checkpoint is made of, and some."""
    if path.is_symlink() or not path.is_dir():
        return False
    found = list(path.iterdir())
    return bool(found or path.name.endswith(UNFINISHED)) and all(
        not one.is_symlink()
        and one.is_file()
        and ((one.name == MANIFEST and _begins(one, b'{"format": ')) or _is_arrays(one))
        for one in found
    )


def _is_arrays(path: Path) -> bool:
    return FILE.fullmatch(path.name) is not None and _begins(path, BEGIN)


def _begins(path: Path, text: bytes) -> bool:
    """Return whether a file begins with a text, as far as it has been written."""
    try:
        with path.open("rb") as file:
            return text.startswith(file.read(len(text)))
    except OSError:
        return False


def _newest_first(folder: Path) -> list[Path]:
    try:
        found = {NAME.fullmatch(path.name): path for path in folder.iterdir()}
    except OSError:
        return []
    # What was about to be replaced comes after what has replaced it.
    order = {(int(name[1]), name[2] is None): path for name, path in found.items() if name}
    return [order[key] for key in sorted(order, reverse=True)]


def _run_of(path: Path) -> str:
    """Return the name of the run that wrote a checkpoint; "" if that cannot be read."""
    content = _content(path)
    return str(content.get("run", "")) if isinstance(content, dict) else ""


def _write_manifest(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content)
    checked = {"format": FORMAT, "crc32": zlib.crc32(text.encode()), "content": content}
    with path.open("x", encoding="utf-8") as file:
        file.write(json.dumps(checked))
        file.flush()
        sync(file.fileno())


def _content(
    path: Path, network_at: Callable[[int], dict[str, Any]] | None = None
) -> dict[str, Any] | str:
    """Return what the manifest of a checkpoint says, or why it cannot be used."""
    try:
        manifest = json.loads(read_manifest(path / MANIFEST))
        if manifest["format"] != FORMAT:
            return f"is of format {shorten(manifest['format'])}, this distsp reads {FORMAT}"
        content = manifest["content"]
        if zlib.crc32(json.dumps(content).encode()) != manifest["crc32"]:
            return f"{MANIFEST} is damaged"
        problem = content_problem(content)
        if problem is not None:
            return f"{MANIFEST} {problem}"
        if network_at is not None:
            other = difference(content["network"], network_at(content["step"]), "the checkpoint")
            if other is not None:
                return f"is of another network: {other}"
    except OSError as error:
        return f"{MANIFEST} cannot be read: {error.strerror}"
    except WRONG:
        return f"{MANIFEST} is damaged"
    return content


def _damage(path: Path, content: dict[str, Any], ranks: Ranks) -> str | None:
    """Return what is wrong with this rank's share of the files, if anything is."""
    for file in content["files"][ranks.rank :: ranks.size]:
        try:
            size = check_regular(path / file["name"])
            if size != file["bytes"]:
                return f"{file['name']} has {size} bytes instead of {file['bytes']}"
            if checksum(path / file["name"]) != file["crc32"]:
                return f"{file['name']} is damaged"
        except OSError as error:
            return f"{file['name']} cannot be read: {error.strerror}"
    return None


def _sync(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def _prune(folder: Path, kept: list[str], run: Run) -> None:
    """Remove all checkpoints of a run but the two that are kept; as long as there is one, none."""
    for path in own(folder):
        if path.name not in kept and len(kept) == 2 and run.wrote(path):
            shutil.rmtree(path, ignore_errors=True)  # the new one is whole in any case


def _stranger(folder: Path, final: Path, run: Run) -> str | None:
    """Return what keeps a run from saving into a folder, if anything does."""
    for path in own(folder):
        whole = NAME.fullmatch(path.name)
        if whole and path.name not in run.kept and not run.wrote(path):
            return f"has {path.name}, which is of another run"
    if os.path.lexists(final) and not _is_own(final):
        return f"has a {final.name} that is no checkpoint"
    return None
