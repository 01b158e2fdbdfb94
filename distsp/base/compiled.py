"""The one way to compile a function of the simulation core."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba

# Intel's vector library rounds differently in the vector body and in the remainder of a loop, so
# that a result would depend on how many neurons a rank holds.
numba.config.DISABLE_INTEL_SVML = True  # type: ignore[attr-defined]


def compiled(function: Callable[..., Any]) -> Any:
    """Compile `function` at its first call, without fast-math, and keep the machine code on disk.

    NumPy's error model (1/0 is inf, no exception) is what lets loops with divisions vectorise.
    """
    return _dispatcher(function)


def inlined(function: Callable[..., Any]) -> Any:
    """Compile `function` into each of its callers.

    Numba's own calls hide a loop body from LLVM's vectoriser: inlined, the random words of a block
    of neurons take a quarter of the time. And each call counts references to all its arrays, of
    which the time loop has fifty: inlined, a slice of 500 neurons takes 0.85 times as long.
    """
    return _dispatcher(function, inline="always")


def _dispatcher(function: Callable[..., Any], **options: Any) -> Any:
    dispatcher: Any = numba.njit(cache=True, error_model="numpy", **options)(function)
    # Numba takes machine code for fresh while the function's own file is unchanged, though it also
    # contains what the function calls from other files.
    dispatcher._cache._cache_file._source_stamp = source_digest()
    return dispatcher


@cache
def source_digest() -> str:
    """Return a number that changes whenever any file of the package does."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
