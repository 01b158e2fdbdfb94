"""Results that may be damaged, or made to do harm: read, told in a line, or left out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EIO, EISDIR, ELOOP
from pathlib import Path
from typing import Any

import h5py

from distsp.base.errors import InputError
from distsp.results.quantities import CHECKSUM, checksum

UNREADABLE = (OSError, KeyError, ValueError, TypeError, RuntimeError, MemoryError)
"""What HDF5, and what reads texts, may raise where bytes are not those that were written."""

HINT = 'load_results(path, damaged="skip") reads what the damage has not reached'


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Yield a file of results; whatever cannot be read of it in the block is told in one line.

    Raises
    ------
    InputError
    """
    try:
        with h5py.File(path) as file:
            yield file
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except BlockingIOError:
        raise InputError(f"{path}: another program is writing to it") from None
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno in (EACCES, EISDIR, ELOOP, EIO):
            raise InputError(f"{path}: cannot be read: {os.strerror(error.errno)}") from None
        if not h5py.is_hdf5(path):
            raise InputError(f"{path}: is not a result of distsp") from None
        raise InputError(f"{path}: is damaged; {HINT}") from None


class Reader:
    """Reads what is in a file that may be damaged, or made to do harm.

    Parameters
    ----------
    path : Path
    skip : bool
        Whether to leave out what cannot be read.
    """

    def __init__(self, path: Path, skip: bool) -> None:
        self.skip, self.bytes = skip, path.stat().st_size
        self.seen: set[int] = set()

    def value(self, group: h5py.Group, name: str) -> Any:
        """Return what is in a dataset, a dict of what is in a group; None where it is left out."""
        try:
            if name not in group:
                return None
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError("leads elsewhere")
            return self._value(group[name])
        except UNREADABLE:
            if not self.skip:
                raise
            return None

    def _value(self, entry: Any) -> Any:
        if isinstance(entry, h5py.Group):
            address = h5py.h5o.get_info(entry.id).addr
            if address in self.seen:
                raise ValueError("is a circle")
            self.seen.add(address)
            found = {name: self.value(entry, name) for name in entry}
            return {name: value for name, value in found.items() if value is not None}
        if entry.is_virtual or entry.external or entry.nbytes > self.bytes:
            raise ValueError("is not in the file")
        value = entry[()]
        if h5py.check_string_dtype(entry.dtype) is not None:
            value = entry.asstr()[()]
            value = value if isinstance(value, str) else value.tolist()
        if CHECKSUM in entry.attrs and entry.attrs[CHECKSUM] != checksum(value):
            raise ValueError("has another checksum")
        return value
