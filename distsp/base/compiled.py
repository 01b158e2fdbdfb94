"""The one way to compile a function of the simulation core."""

from collections.abc import Callable
from typing import Any

import numba
from numba import types
from numba.core import cgutils
from numba.core.ccallback import CFunc
from numba.extending import intrinsic, overload

from distsp.base.machine_code import MachineCode

# Intel's vector library rounds differently in the vector body and in the remainder of a loop, so
# that a result would depend on how many neurons a rank holds.
numba.config.DISABLE_INTEL_SVML = True  # type: ignore[attr-defined]

PLAIN: bool = bool(numba.config.DISABLE_JIT)  # type: ignore[attr-defined]
"""Whether all runs in the interpreter, slowly, for a debugger or to measure what tests reach."""

_plain: dict[int, Callable[..., Any]] = {}
"""What stands for machine code at an address where there is none."""


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
    if PLAIN:
        return function
    dispatcher = compiled(function)
    # With one signature and no more to come, Numba can hand it over as a function.
    dispatcher.compile(signature)
    dispatcher.disable_compile()
    return dispatcher


def address(function: Any) -> int:
    """Return where the machine code of a function that `first_class` has compiled begins.

    Whoever uses it must hold the function.
    """
    if PLAIN:
        _plain[id(function)] = function
        return id(function)
    (result,) = function.overloads.values()
    return int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


def function_at(signature: Any) -> Any:
    """Return what makes a function of `signature` of an `address`, in compiled code.

    An array has room for any number of addresses, and handing it over takes no time, where a tuple
    of functions takes 50 us each at every call, and a typed list is compiled in every process.
    """
    if PLAIN:
        return _plain.__getitem__

    def typed(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
            function = cgutils.create_struct_proxy(call.return_type)(context, builder)
            function.jit_addr = builder.inttoptr(arguments[0], function.jit_addr.type)
            return function._getvalue()

        return types.FunctionType(signature)(types.int64), generate

    return intrinsic(typed)


def c_function(function: Callable[..., Any], signature: Any) -> Any:
    """Compile `function` for one signature as a C function, for ctypes."""
    callback: Any = CFunc(function, (signature.args, signature.return_type), {}, {})
    callback._cache = MachineCode(function)
    callback.compile()
    return callback.ctypes


def interpreted(function: Any) -> Any:
    """Return the source of a compiled function, to be run in the interpreter."""
    return function if PLAIN else function.py_func


def _dispatcher(function: Callable[..., Any], **options: Any) -> Any:
    # Without the interpreter's lock, so that a thread that waits for signals can act meanwhile.
    dispatcher: Any = numba.njit(error_model="numpy", nogil=True, **options)(function)
    if not PLAIN:
        dispatcher._cache = MachineCode(function)
    return dispatcher


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
