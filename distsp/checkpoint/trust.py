"""What a checkpoint says is data, never trusted: it is compared with its files and the network."""

import os
import stat
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from distsp.base.arrays import Array
from distsp.base.errors import shorten
from distsp.checkpoint.arrays import ArrayReader

LONGEST_MANIFEST = 2**30
"""Bytes; no network that anyone describes needs a thousandth of it."""

WRONG = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What may be raised where data are not what they should be."""


class UnfitError(ValueError):
    """What a checkpoint has does not fit the network."""


def check_regular(path: Path) -> int:
    """Return the size of a file (bytes).

    Raises
    ------
    OSError
        If it is none: a device would be read without end, a pipe be waited for, a link lead out.
    """
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, "it is no regular file")
    return found.st_size


def read_manifest(path: Path) -> bytes:
    """Return what is in the manifest.

    Raises
    ------
    OSError
    """
    if check_regular(path) > LONGEST_MANIFEST:
        raise OSError(0, "it is too long")
    return path.read_bytes()


def content_problem(content: Any) -> str | None:
    """Return what in a manifest is not as it should be, if anything is."""
    kinds = {"network": dict, "globals": dict, "experiment": str | None, "step": int, "run": str}
    for name, kind in kinds.items():
        if not isinstance(content[name], kind):
            return f"has no {name}"
    if not content["files"]:
        return "has no files"
    for i, file in enumerate(content["files"]):
        own = f"rank-{i}.arrays"
        if file["name"] != own:
            return f"names {shorten(file['name'])} where {own} must be"
        for name, (begin, dtype, shape) in file["arrays"].items():
            numbers = [file["bytes"], begin, *shape]
            if not all(type(number) is int and number >= 0 for number in numbers):
                return f"has a wrong place or shape of {shorten(name)}"
            kind = np.dtype(dtype)
            if kind.kind not in "iufb" or begin + prod(shape) * kind.itemsize > file["bytes"]:
                return f"has {shorten(name)} beyond the end of {own}"
    return None


def check_array(reader: ArrayReader, name: str, shape: tuple[int | None, ...], dtype: Any) -> None:
    """Refuse an array of another kind of numbers or another shape; None is any length.

    Raises
    ------
    UnfitError
    """
    has = reader.index[name][2] if name in reader.index else None
    fits = has is not None and len(has) == len(shape)
    if not fits or any(n not in (None, m) for n, m in zip(shape, has or [], strict=True)):
        raise UnfitError(f"{name} has the shape {has}")
    found, own = reader.dtype(name), np.dtype(dtype)
    # Events that are due are counted in 16 bits, or in 32 where that is too little.
    if found != own and not found.kind == own.kind == "u":
        raise UnfitError(f"{name} has numbers of the type {found}")


def check_numbers(name: str, values: Array, least: float, most: float) -> None:
    """Refuse numbers below or above what they can be, and what is no number.

    Raises
    ------
    UnfitError
    """
    if not np.all((values >= least) & (values <= most)):
        raise UnfitError(f"{name} has numbers that are not from {least} to {most}")
