"""Many numbers in a description: kept as an array, written as a list, compared by a digest."""

import hashlib
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, GetCoreSchemaHandler, SerializationInfo
from pydantic_core import CoreSchema, core_schema

from distsp.base.arrays import Array

DIGEST = {"columns": "digest"}
"""Context of `model_dump` with which columns are written as a digest, however long they are."""


class Column:
    """Numbers that do not change, of one dtype.

    A field of this type takes lists and arrays.

    Parameters
    ----------
    array : array (n,)
    """

    dtype: ClassVar[npt.DTypeLike]
    kinds: ClassVar[str]
    right: ClassVar[str]

    def __init__(self, array: Array) -> None:
        self.array = np.array(array, dtype=self.dtype)
        self.array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.array)

    def __repr__(self) -> str:
        inside = ", ".join(str(value) for value in self.array[:3].tolist())
        return f"[{inside}{', ...' if len(self) > 3 else ''}]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and np.array_equal(self.array, other.array)

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """What tells these numbers from others."""
        code = hashlib.blake2b(self.array.tobytes(), digest_size=16).hexdigest()
        return f"{len(self)} numbers {code}"

    @cached_property
    def bounds(self) -> Any:
        """The lowest and the highest number; None if there are none."""
        return (self.array.min().item(), self.array.max().item()) if len(self) else None

    @classmethod
    def of(cls, values: Any) -> Self:
        """Return the column that a user's list or array makes.

        Raises
        ------
        ValueError
            If it is none.
        """
        if isinstance(values, cls):
            return values
        try:
            array = np.asarray(values if isinstance(values, list | np.ndarray) else None)
        except (ValueError, TypeError, OverflowError):
            array = np.asarray(None)
        if array.shape == (0,):
            array = array.astype(cls.dtype)
        if array.ndim != 1 or array.dtype.kind not in cls.kinds:
            raise ValueError(f"must be a list of {cls.right}, or an array of them")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"must be {cls.right}, all of them finite")
        return cls(array)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return what pydantic checks a field with."""

        def plain(column: Column, info: SerializationInfo) -> Any:
            short = info.context == DIGEST
            return column.digest if short else column.array.tolist()

        return core_schema.no_info_plain_validator_function(
            cls.of,
            serialization=core_schema.plain_serializer_function_ser_schema(plain, info_arg=True),
        )


class IntColumn(Column):
    """Whole numbers."""

    dtype, kinds, right = np.int64, "iu", "whole numbers"


class FloatColumn(Column):
    """Numbers."""

    dtype, kinds, right = np.float64, "iuf", "numbers"


def _as_floats(values: Any) -> Any:
    return FloatColumn.of(values) if isinstance(values, list | np.ndarray) else values


as_floats = BeforeValidator(_as_floats)
"""Marks a field that takes a `FloatColumn` or something else, and says what is wrong in a list."""
