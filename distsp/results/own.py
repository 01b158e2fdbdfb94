"""Which files distsp has written: known by what is in them, never by their names."""

import re
from pathlib import Path

import h5py

from distsp.results.figures import FORMATS, MARK
from distsp.results.quantities import CSV

HEADER = re.compile(rb"time \(ms\),(calcium|rate|elements|synapses)/[^\n]*\n")


def is_own(path: Path) -> bool:
    """Return whether a file of results, or a figure, is one that distsp has written."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        if path.name == CSV:
            with path.open("rb") as file:
                begin = file.readline(100_000)
            return HEADER.match(begin) is not None or begin in (b"", b"\r\n")
        if path.suffix[1:] in FORMATS:
            return MARK.encode() in path.read_bytes()
        with h5py.File(path) as file:
            return "experiment" in file and "provenance/versions/distsp" in file
    except (OSError, KeyError):
        return False


def in_the_way(path: Path) -> str | None:
    """Return what stands where results are to be written, if it is nothing that distsp wrote."""
    if path.is_symlink():
        return "is a link"
    if path.is_dir():
        return "is a folder"
    return "is not distsp's" if path.exists() and not is_own(path) else None
