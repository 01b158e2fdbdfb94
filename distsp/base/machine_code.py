"""Machine code on the disk: where it is kept, and when it is stale."""

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    UserWideCacheLocator,
)

PACKAGE = Path(__file__).parents[1]

COMPILED = (
    "base",
    "engine",
    "inputs",
    "network",
    "neurons",
    "parallel",
    "plasticity",
    "recorders",
    "rng",
)
"""The rooms with compiled functions, and all that these rooms import from."""

_refused: list[str] = []
"""The places that could not be written."""


def notice() -> str | None:
    """Return what a user should be told of where machine code is; None where all is as usual."""
    if not _refused:
        return None
    folder = temporary_folder()
    if folder is None or any(place.startswith(folder) for place in _refused):
        return (
            "compiled code can be kept nowhere, so that each start takes half a minute longer; "
            "NUMBA_CACHE_DIR may name a folder that can be written"
        )
    return (
        f"compiled code is kept in {folder}, as {_refused[0]} cannot be written; "
        "NUMBA_CACHE_DIR may name another place"
    )


@cache
def temporary_folder() -> str | None:
    """Return a folder of this user's alone; None if there can be none.

    Machine code is trusted: whoever could write into the folder could run anything as this user.
    """
    try:
        folder = os.path.join(tempfile.gettempdir(), f"distsp-{os.geteuid()}")
        with suppress(FileExistsError):
            os.mkdir(folder, mode=0o700)
        found = os.lstat(folder)
    except OSError:
        return None
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    return folder if private and found.st_uid == os.geteuid() else None


@cache
def source_digest() -> str:
    """Return a number that changes whenever a file does that machine code may be made from."""
    digest = hashlib.blake2b(digest_size=16)
    for room in COMPILED:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


class _Temporary(UserWideCacheLocator):
    """The place where no other can be written, the prompt of Python without a file included."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Self:
        """Return the place of a function; always."""
        _refused.append("neither the folder of its source nor the user's cache")
        return cls(py_func, py_file)

    def get_cache_path(self) -> str:
        """Return the folder; one that cannot be made if there is none."""
        subfolder = self.get_suitable_cache_subpath(self._py_file)
        return os.path.join(temporary_folder() or os.devnull, subfolder)

    def get_source_stamp(self) -> Any:
        """Return what is the same as long as the source is."""
        return super().get_source_stamp() if os.path.exists(self._py_file) else os.urandom(16)


class _Places(CompileResultCacheImpl):
    _locator_classes = [*CompileResultCacheImpl._locator_classes, _Temporary]  # noqa: RUF012


class MachineCode(FunctionCache):
    """Keeps what is compiled of a function where Numba does, or in the temporary folder.

    A disk that is full, or damaged files, are no errors: the function is compiled anew.
    """

    _impl_class = _Places

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        usual, own = self._cache_file, Path(function.__code__.co_filename)
        # Numba takes machine code for fresh while the function's own file is unchanged, though it
        # also contains what the function calls from other files.
        stamp = source_digest()
        if PACKAGE not in own.parents:
            # A cell of a notebook is no file; what Numba knows of it tells when it is another one.
            text = own.read_bytes() if own.is_file() else repr(usual._source_stamp).encode()
            stamp += hashlib.blake2b(text, digest_size=16).hexdigest()
        usual._source_stamp = stamp
        spare = _Temporary(function, str(own)).get_cache_path()
        self._files = [usual, IndexDataCacheFile(spare, self._impl.filename_base, stamp)]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what has been compiled for a signature; None if nothing good is there."""
        target_context.refresh()
        key = self._index_key(sig, target_context.codegen())
        for file in self._files:
            try:
                data = file.load(key)
                if data is not None:
                    return self._impl.rebuild(target_context, data)
            except Exception:  # half a file may raise anything; it is forgotten
                with suppress(OSError):
                    file.flush()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what has been compiled for a signature, where a place takes it."""
        if not self._impl.check_cachable(data):
            return
        key, reduced = self._index_key(sig, data.codegen), self._impl.reduce(data)
        for file in self._files:
            try:
                os.makedirs(file._cache_path, exist_ok=True)
                file.save(key, reduced)
                return
            except OSError:
                _refused.append(file._cache_path)
