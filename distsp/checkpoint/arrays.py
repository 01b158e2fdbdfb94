"""Many arrays in one file, written and read in pieces, with a checksum over the whole.

The file has the bytes of the arrays one after the other; where each begins, and what it is, stands
in an index that is kept elsewhere.
"""

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from distsp.base.arrays import Array
from distsp.base.files import sync

Index = dict[str, tuple[int, str, list[int]]]
"""For each array its first byte, its dtype and its shape."""

ALIGNMENT = 64
"""Each array begins at a multiple of so many bytes, so that it can be mapped into memory."""

BYTES_TOGETHER = 2**24
"""Bytes that are read at once to compute a checksum."""


BEGIN = b"distsp arrays"
"""What each file begins with."""


class ArrayWriter:
    """Writes arrays to a new file, which is on the disk when the `with` block ends.

    Attributes
    ----------
    index : Index
    n_bytes, checksum : int
        Length and CRC-32 of what has been written.
    """

    def __init__(self, path: Path) -> None:
        self.index: Index = {}
        self.n_bytes = self.checksum = 0
        self._file = path.open("xb")
        self._append(BEGIN)  # a file without any bytes could not be told from a lost one

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._file:
            self._file.flush()
            sync(self._file.fileno())

    def put(self, name: str, array: Array) -> None:
        """Write an array."""
        self.put_pieces(name, [array], array.dtype)
        self.index[name] = (*self.index[name][:2], list(array.shape))

    def put_pieces(self, name: str, pieces: Iterable[Array], dtype: npt.DTypeLike) -> None:
        """Write a flat array that comes in pieces."""
        self._append(bytes(-self.n_bytes % ALIGNMENT))
        begin, dtype = self.n_bytes, np.dtype(dtype)
        for piece in pieces:
            if piece.size:
                self._append(np.ascontiguousarray(piece, dtype).data)
        self.index[name] = (begin, dtype.str, [(self.n_bytes - begin) // dtype.itemsize])

    def _append(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self.checksum = zlib.crc32(data, self.checksum)
        self.n_bytes += memoryview(data).nbytes


class ArrayReader:
    """Reads arrays, or parts of them, from a file that `ArrayWriter` wrote."""

    def __init__(self, path: Path, index: Index) -> None:
        self.path, self.index = path, index

    def dtype(self, name: str) -> np.dtype[Any]:
        """Return the dtype of an array."""
        return np.dtype(self.index[name][1])

    def flat(self, name: str, first: int = 0, last: int | None = None) -> Array:
        """Return the elements `first` to `last - 1` of an array, taken as flat."""
        begin, dtype, _ = self.index[name]
        last = self.length(name) if last is None else last
        offset = begin + first * np.dtype(dtype).itemsize
        return np.fromfile(self.path, dtype, count=last - first, offset=offset)

    def length(self, name: str) -> int:
        """Return the number of elements of an array."""
        return int(np.prod(self.index[name][2]))

    def under(self, prefix: str) -> dict[str, Array]:
        """Return all arrays whose names begin with a prefix, by the rest of their names."""
        found = [name for name in self.index if name.startswith(prefix)]
        return {
            name.removeprefix(prefix): self.flat(name).reshape(self.index[name][2])
            for name in found
        }

    def rows(self, name: str) -> Iterator[tuple[tuple[int, ...], Array]]:
        """Yield the rows along the last axis of an array, each with its place."""
        *outer, n = self.index[name][2]
        for i, place in enumerate(np.ndindex(*outer)):
            yield place, self.flat(name, i * n, (i + 1) * n)


def checksum(path: Path) -> int:
    """Return the CRC-32 of a file."""
    total = 0
    with path.open("rb") as file:
        while block := file.read(BYTES_TOGETHER):
            total = zlib.crc32(block, total)
    return total
