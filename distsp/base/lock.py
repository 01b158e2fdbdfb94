"""A folder that one run at a time writes to."""

import errno
import fcntl
import os
import re
import socket
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Self

from distsp.base.errors import InputError
from distsp.base.files import TOKEN

NAME = ".distsp.lock"

CONTENT = re.compile(r"distsp runs here: process (\d+) on (.+), files (\w+)\n")


class FolderLock(AbstractContextManager["FolderLock"]):
    """Keeps other runs out of a folder within the `with` block, once it is taken.

    The operating system gives the lock back when its process ends, however that comes about. Where
    a file system has no locks, nobody is kept out.

    Attributes
    ----------
    left : str
        What the temporary files of the last run have in their names, if that run was killed.
    """

    def __init__(self) -> None:
        self.left = ""
        self._path = Path()
        self._file: int | None = None
        self._writable = False

    def __enter__(self) -> Self:
        return self

    def take(self, folder: Path) -> None:
        """Take the lock of a folder.

        Raises
        ------
        InputError
            If another run has it, or the file of the lock is somebody else's.
        OSError
            If there can be no file in the folder.
        """
        self._path = folder / NAME
        while True:
            file = os.open(self._path, os.O_CREAT | os.O_NOFOLLOW, 0o666)
            try:
                self._own(file, folder)
                # Whoever had it may have removed it between opening and locking.
                if os.path.lexists(self._path) and os.path.samestat(
                    os.fstat(file), os.lstat(self._path)
                ):
                    break
            except BaseException:
                os.close(file)
                raise
            os.close(file)
        self._file = file
        text = f"distsp runs here: process {os.getpid()} on {socket.gethostname()}, files {TOKEN}\n"
        if self._writable:
            os.ftruncate(file, 0)
            os.pwrite(file, text.encode(), 0)
        else:
            self._path.write_text(text)

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back, if it has been taken, and remove its file."""
        if self._file is not None:
            with suppress(OSError):
                if os.path.samestat(os.fstat(self._file), os.lstat(self._path)):
                    self._path.unlink()
            os.close(self._file)
            self._file = None

    def _own(self, file: int, folder: Path) -> None:
        """Lock the file and read what the last run has left in it."""
        locked = True
        try:
            self._lock(file)
        except OSError as error:
            locked = error.errno not in (errno.EACCES, errno.EAGAIN)
        text = os.pread(file, 1000, 0).decode(errors="replace")
        found = CONTENT.fullmatch(text)
        if not locked:
            by = f"process {found[1]} on {found[2]}" if found else "another process"
            raise InputError.at("--output", str(folder), f"is in use by a run: {by}")
        if text and not found:
            raise InputError.at("--output", str(folder), f"has a {NAME} that is not distsp's")
        self.left = found[3] if found else ""

    def _lock(self, file: int) -> None:
        """Lock a file that is open for reading only, or where NFS needs it, for writing as well."""
        how = fcntl.LOCK_EX | fcntl.LOCK_NB
        try:
            fcntl.flock(file, how)
        except OSError as error:
            if error.errno != errno.EBADF:
                raise
            writing = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW)
            os.dup2(writing, file, inheritable=False)
            os.close(writing)  # later it would give the lock back
            self._writable = True
            fcntl.lockf(file, how)
