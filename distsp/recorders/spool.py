"""Rows of numbers in memory that stays bounded: what is too much for it is in a temporary file."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from distsp.base.arrays import Array
from distsp.base.sorting import order_of_pairs
from distsp.parallel.distributed import OnRank0
from distsp.parallel.ranks import Ranks

KEPT_BYTES = 2**25
"""Bytes that a spool keeps in memory."""

TOGETHER = 1024
"""Pieces that are joined: a piece of a few rows takes more memory than they do."""

Columns = Mapping[str, type]
"""Name and dtype of each column."""


class Spool:
    """Columns of equal length, in the order in which rows came.

    A disk that is full loses nothing: the rows stay in memory then.

    Parameters
    ----------
    columns : dict of type
        Name and dtype.
    folder : Path, optional
        Where the file is; it has no name there, and goes when the process ends. The system's folder
        for such files if not given.
    """

    def __init__(self, columns: Columns, folder: Path | None = None) -> None:
        self.columns = {name: np.dtype(dtype) for name, dtype in columns.items()}
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._written: list[tuple[int, int]] = []
        """First byte and number of rows of each piece in the file."""
        self._kept: list[dict[str, Array]] = []
        self._length = self._end = 0
        self._n_kept, self._most = 0, KEPT_BYTES

    def __len__(self) -> int:
        return self._length

    def append(self, rows: Mapping[str, Array]) -> None:
        """Add rows, a dict of columns."""
        piece = {name: np.ascontiguousarray(rows[name], d) for name, d in self.columns.items()}
        n_rows = len(next(iter(piece.values())))
        if n_rows == 0:
            return
        self._kept.append(piece)
        self._length += n_rows
        self._n_kept += sum(column.nbytes for column in piece.values())
        if self._n_kept > self._most:
            self._write()

    def pieces(self, column: str) -> Iterator[Array]:
        """Yield a column in pieces."""
        names = list(self.columns)
        before = sum(self.columns[name].itemsize for name in names[: names.index(column)])
        dtype = self.columns[column]
        for begin, n_rows in self._written:
            yield self._read(begin + n_rows * before, n_rows * dtype.itemsize).view(dtype)
        for piece in self._kept:
            yield piece[column]

    def column(self, name: str) -> Array:
        """Return a whole column."""
        return np.concatenate([np.empty(0, self.columns[name]), *self.pieces(name)])

    def _write(self) -> None:
        """Move what is in memory to the file."""
        columns = [np.concatenate([piece[name] for piece in self._kept]) for name in self.columns]
        end = self._end
        try:
            if self._file is None:
                self._file = TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115
            for column in columns:
                end = self._put(column, end)
        except OSError:
            self._most = 2 * self._n_kept  # the disk may have room later
            return
        self._written.append((self._end, len(columns[0])))
        self._end, self._kept, self._n_kept, self._most = end, [], 0, KEPT_BYTES

    def _put(self, column: Array, place: int) -> int:
        """Write a column at a place of the file; return where it ends."""
        assert self._file is not None
        left = memoryview(column.data).cast("B")
        while left:
            n = os.pwrite(self._file.fileno(), left, place)
            left, place = left[n:], place + n
        return place

    def _read(self, place: int, n_bytes: int) -> Array:
        assert self._file is not None
        found, done = np.empty(n_bytes, np.uint8), 0
        while done < n_bytes:
            piece = os.pread(self._file.fileno(), n_bytes - done, place + done)
            if not piece:
                raise OSError("a temporary file of recorded numbers has been cut short")
            found[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
            done += len(piece)
        return found

    def __del__(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()


class Gathered:
    """Rows of neurons: each rank has those of its own for a while, then rank 0 has all of them.

    Rows are handed over in order of step and id; so what is handed over later must be of later
    steps.

    Parameters
    ----------
    columns : dict of type
        Name and dtype; "step" and "id" are among them.
    folder : Path, optional
        See `Spool`.

    Attributes
    ----------
    spool : Spool
        What rank 0 has; nothing elsewhere.
    waiting : int
        Bytes that this rank has not handed over.
    """

    def __init__(self, columns: Columns, folder: Path | None = None) -> None:
        self.columns, self.spool = columns, Spool(columns, folder)
        self.waiting = 0
        self._here: list[Mapping[str, Array]] = []
        self._small: list[Mapping[str, Array]] = []

    def append(self, rows: Mapping[str, Array]) -> None:
        """Add rows of neurons that are on this rank."""
        if len(rows["id"]):
            self._small.append(rows)
            self.waiting += sum(column.nbytes for column in rows.values())
        if len(self._small) == TOGETHER:
            self._join()

    def _join(self) -> None:
        """Make one piece of those that came last."""
        self._here.append(_joined(self.columns, self._small))
        self._small = []

    def flush(self, ranks: Ranks) -> None:
        """Hand over what this rank has; collective."""
        self._join()
        mine = _joined(self.columns, self._here)
        self._here, self.waiting = [], 0
        rows = {name: ranks.join_on_0(column) for name, column in mine.items()}
        order = order_of_pairs(rows["step"], rows["id"])
        self.spool.append({name: column[order] for name, column in rows.items()})

    def part(self, name: str) -> OnRank0:
        """Return what there is to save."""
        return part_of(name, self.spool)


def _joined(columns: Columns, pieces: list[Mapping[str, Array]]) -> dict[str, Array]:
    """Return the rows of some pieces as one."""
    return {
        name: np.concatenate([np.empty(0, dtype), *(rows[name] for rows in pieces)])
        for name, dtype in columns.items()
    }


def part_of(name: str, spool: Spool) -> OnRank0:
    """Return what there is of a spool to save."""
    columns: dict[str, Any] = dict(spool.columns)
    return OnRank0(name, columns, spool.pieces, spool.append)


class Stream:
    """An array for a dataset that comes in pieces along its first axis.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    pieces : callable
        Returns the pieces.
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: Any, pieces: Callable[[], Iterator[Array]]
    ) -> None:
        self.shape, self.dtype, self.pieces = shape, np.dtype(dtype), pieces

    def whole(self) -> Array:
        """Return all of it."""
        return np.concatenate([np.empty((0, *self.shape[1:]), self.dtype), *self.pieces()])
