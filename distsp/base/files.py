"""Files that appear under their name only when they are whole, also where the disk is full."""

import fcntl
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py

from distsp.base.errors import WriteError

UNFINISHED = ".part"
"""In the name of a file or folder that is not yet whole."""

TOKEN = secrets.token_hex(8)
"""In the names of the temporary files of this process: no other process has the same."""


def sync(descriptor: int) -> None:
    """Make sure that what has been written to a file, or into a folder, is on the disk."""
    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync leaves it in the drive's own memory
    if full is not None:
        with suppress(OSError):
            fcntl.fcntl(descriptor, full)
            return
    os.fsync(descriptor)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the name of a temporary file that takes the place of `path` once it is written.

    Raises
    ------
    WriteError
        If it cannot be written; what was at `path` is as it was.
    """
    temporary = path.with_name(f".{path.stem}.{TOKEN}{UNFINISHED}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as file:
            sync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise WriteError.of(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def remove_unfinished(folder: Path, token: str) -> None:
    """Remove what a killed process, whose `TOKEN` it was, has left of files in a folder."""
    for path in folder.glob(f".*.{token}{UNFINISHED}.*"):
        path.unlink(missing_ok=True)


@contextmanager
def new_hdf5(path: Path) -> Iterator[h5py.File]:
    """Yield a new HDF5 file.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    with _Patient(path, "w+") as raw:
        try:
            # Earlier formats keep no checksums of what is not data.
            with h5py.File(raw, "w", libver=("v110", "v110")) as file:
                yield file
        finally:
            if raw.problem is not None:
                raise raw.problem


class _Patient(io.FileIO):
    """Keeps the first problem for later: HDF5 may crash the process where a write fails."""

    problem: OSError | None = None

    def write(self, data: Any) -> int:
        left = memoryview(data).cast("B")
        n = len(left)
        try:
            while left:
                left = left[super().write(left) :]
        except OSError as error:
            self.problem = self.problem or error
        return n

    def truncate(self, size: int | None = None) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.problem = self.problem or error
            return size or 0
