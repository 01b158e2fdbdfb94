"""The folder of a run's results: whether everything can be written there, told before the run."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile

from distsp.base import files
from distsp.base.errors import InputError
from distsp.base.lock import FolderLock
from distsp.checkpoint import folder as checkpoint
from distsp.cli.stops import checkpoints
from distsp.experiment.experiment import Experiment
from distsp.results.own import in_the_way
from distsp.results.quantities import CSV, H5
from distsp.results.read import load_results
from distsp.results.sonata import sonata_in_the_way


def lock(folder: Path, name: str, taken: FolderLock) -> None:
    """Make a folder, if it is not there, and keep other runs out of it.

    Parameters
    ----------
    folder : Path
    name : str
        Of the option that says it.
    taken : FolderLock

    Raises
    ------
    InputError
        If a run is using it, or it cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken.take(folder)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError.at(name, str(folder), f"cannot be written: {reason}") from None


def claim(
    folder: Path,
    experiment: Experiment,
    figures: Sequence[Path],
    sonata: bool,
    force: bool,
    resumed: bool,
    left: str,
) -> None:
    """Make sure that nothing is lost that is in the folder, and that nothing there is in the way.

    Parameters
    ----------
    folder : Path
        Locked.
    experiment : Experiment
    figures : sequence of Path
        Those that will be drawn.
    sonata : bool
        Whether the network is also written as SONATA.
    force : bool
        Whether what distsp has written there may be replaced.
    resumed : bool
        Whether the run goes on with what is there.
    left : str
        What the temporary files of a killed run have in their names.

    Raises
    ------
    InputError
    """
    field, where = ("--resume" if resumed else "--output"), str(folder)
    results = [folder / H5, folder / CSV]
    for path in (*results, *figures):
        if what := in_the_way(path):
            right = f"has a {path.name} that {what}: move it away, or use another folder"
            raise InputError.at(field, where, right)
    if sonata and (blocked := sonata_in_the_way(experiment, folder / "sonata")):
        raise InputError.at(field, where, f"cannot be used: {blocked}")
    if os.path.lexists(checkpoints(folder)) and not checkpoints(folder).is_dir():
        link = checkpoints(folder).is_symlink()
        what = "a link to no folder" if link else "no folder"
        raise InputError.at(field, where, f"cannot be used: checkpoints in it is {what}")
    if not (force or resumed):
        found = "results" if (folder / H5).exists() else ""
        found = found or ("checkpoints" if checkpoint.own(checkpoints(folder)) else "")
        found = found or ("results" if any(path.exists() for path in (*results, *figures)) else "")
        if found:
            right = f"has {found} already; --force overwrites them, "
            right += "--resume goes on from a checkpoint"
            raise InputError.at(field, where, right)
    try:
        if force and not resumed:
            checkpoint.remove_all(checkpoints(folder))  # --resume must not find another run's
        if left:
            files.remove_unfinished(folder, left)
        checkpoint.remove_unfinished(checkpoints(folder))
    except OSError as error:
        raise InputError.at(field, where, f"cannot be written: {error.strerror}") from None


def reached(folder: Path) -> float:
    """Return up to which time (ms) there are results in a folder; 0 if there are none."""
    try:
        results = load_results(folder)
        if results.ended:
            return results.experiment.duration
        return float(max(results.time, default=0.0))
    except (InputError, OSError, KeyError):
        return 0.0
