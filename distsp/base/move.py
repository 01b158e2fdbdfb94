"""Elements that move within an array, in compiled code."""

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from distsp.base.compiled import PLAIN


def _typed_move(_typing_context: Any, array: Any, source: Any, target: Any, n: Any) -> Any:
    def generate(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
        view = context.make_array(array)(context, builder, arguments[0])
        source, target, n = (
            context.cast(builder, argument, kind, types.intp)
            for argument, kind in zip(arguments[1:], call.args[1:], strict=True)
        )
        old, new = (
            cgutils.get_item_pointer(context, builder, array, view, [place])
            for place in (source, target)
        )
        cgutils.raw_memmove(builder, new, old, n, view.itemsize)
        return context.get_dummy_value()

    return types.none(array, source, target, n), generate


def _move(array: Any, source: int, target: int, n: int) -> None:
    array[target : target + n] = array[source : source + n].copy()


move: Any = _move if PLAIN else intrinsic(_typed_move)
"""Move `n` elements from one place to another, which may overlap: as fast as memory allows.

A slice that is given to another of the same array is copied twice, a loop is not vectorised.
"""
