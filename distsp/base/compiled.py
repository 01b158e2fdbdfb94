"""The one way to compile a function of the simulation core."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

# Intel's vector library rounds differently in the vector body and in the remainder of a loop, so
# that a result would depend on how many neurons a rank holds.
numba.config.DISABLE_INTEL_SVML = True  # type: ignore[attr-defined]


PACKAGE = Path(__file__).parents[1]


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


def first_class(function: Callable[..., Any], signature: Any) -> Any:
    """Compile `function` for one signature, so that it can be handed to compiled functions."""
    dispatcher = compiled(function)
    # With one signature and no more to come, Numba can hand it over as a function.
    dispatcher.compile(signature)
    dispatcher.disable_compile()
    return dispatcher


def address(function: Any) -> int:
    """Return where the machine code of a function that `first_class` has compiled begins.

    Whoever uses it must hold the function.
    """
    (result,) = function.overloads.values()
    return int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


def function_at(signature: Any) -> Any:
    """Return what makes a function of `signature` of an `address`, in compiled code.

    An array has room for any number of addresses, and handing it over takes no time, where a tuple
    of functions takes 50 us each at every call, and a typed list is compiled in every process.
    """

    def typed(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
            function = cgutils.create_struct_proxy(call.return_type)(context, builder)
            function.jit_addr = builder.inttoptr(arguments[0], function.jit_addr.type)
            return function._getvalue()

        return types.FunctionType(signature)(types.int64), generate

    return intrinsic(typed)


def _dispatcher(function: Callable[..., Any], **options: Any) -> Any:
    # Without the interpreter's lock, so that a thread that waits for signals can act meanwhile.
    njit = numba.njit(cache=True, error_model="numpy", nogil=True, **options)
    dispatcher: Any = njit(function)
    # Numba takes machine code for fresh while the function's own file is unchanged, though it also
    # contains what the function calls from other files.
    file, own = dispatcher._cache._cache_file, Path(function.__code__.co_filename)
    if PACKAGE in own.parents:
        file._source_stamp = source_digest()
    else:
        # A cell of a notebook is no file; what Numba knows of it tells when it is another one.
        text = own.read_bytes() if own.is_file() else repr(file._source_stamp).encode()
        file._source_stamp = source_digest() + hashlib.blake2b(text, digest_size=16).hexdigest()
    return dispatcher


@cache
def source_digest() -> str:
    """Return a number that changes whenever any file of the package does."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def borrowed(value: Any) -> Any:
    """Return arrays, or tuples of arrays, without their owner: references to them are not counted.

    Counting is an atomic addition, twice for each array that the loop over slices takes out of a
    tuple. Whoever calls must hold the arrays for as long as what this returns is used.
    """
    return value


@overload(borrowed)
def _borrowed(value):  # type: ignore[no-untyped-def]
    return lambda value: _lend(value)


def _typed_lend(_typing_context: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
        return _without_owner(context, builder, call.args[0], arguments[0])

    return value(value), generate


_lend: Any = intrinsic(_typed_lend)


def _without_owner(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return the machine's form of an array or of a tuple with no array's owner in it."""
    if isinstance(kind, types.BaseTuple):
        kinds: Any = kind
        parts = [
            _without_owner(context, builder, part, builder.extract_value(value, i))
            for i, part in enumerate(kinds)
        ]
        return context.make_tuple(builder, kind, parts)
    if not isinstance(kind, types.Array):
        return value
    array = context.make_array(kind)(context, builder, value)
    array.meminfo = array.meminfo.type(None)
    array.parent = array.parent.type(None)
    return array._getvalue()
