"""Memory that is fetched before it is read, in compiled code."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from distsp.base.arrays import CACHE_LINE, Int32s
from distsp.base.compiled import PLAIN, inlined

ENTRIES_FETCHED = 128
"""So many entries of a row are fetched; by then the processor itself fetches ahead."""

ENTRIES_OF_LINE = CACHE_LINE // 4
"""Entries of 32 bits that come together."""


def _typed_prefetch(_typing_context: Any, array: Any, place: Any) -> Any:
    def generate(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
        array_type, place_type = call.args
        view = context.make_array(array_type)(context, builder, arguments[0])
        place = context.cast(builder, arguments[1], place_type, types.intp)
        address = cgutils.get_item_pointer(context, builder, array_type, view, [place])
        pointer, number = cgutils.voidptr_t, ir.IntType(32)
        signature = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, signature, "llvm.prefetch.p0")
        # To be read, into all caches, as data.
        hints = [number(0), number(3), number(1)]
        builder.call(function, [builder.bitcast(address, pointer), *hints])
        return context.get_dummy_value()

    return types.none(array, place), generate


def _prefetch(_array: Any, _place: Any) -> None:
    pass


prefetch: Any = _prefetch if PLAIN else intrinsic(_typed_prefetch)
"""Fetch an element of an array into the cache without waiting for it."""


@inlined
def prefetch_row(pool: Int32s, begin: Any, length: Any) -> None:
    """Fetch the first entries of a row of a pool, and its last one."""
    for k in range(0, min(length, ENTRIES_FETCHED), ENTRIES_OF_LINE):
        prefetch(pool, begin + k)
    prefetch(pool, begin + length - 1)
