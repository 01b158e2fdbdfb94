"""Neurons where a user says that they are."""

from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from distsp.base.arrays import Floats, Ints
from distsp.base.columns import FloatColumn
from distsp.base.errors import InputError
from distsp.base.fields import LARGEST_LENGTH
from distsp.network.positions.positions import Positions


class Given(Positions):
    """One coordinate of each neuron along each axis; anywhere, if there is no extent."""

    positions: Literal["given"] = "given"
    x: FloatColumn = Field(description="coordinate of each neuron, in the unit of the extent")
    y: FloatColumn = Field(description="the same along the second axis")
    z: FloatColumn | None = Field(
        None, description="the same along the third axis, if there is one"
    )

    @property
    def columns(self) -> dict[str, FloatColumn]:
        """Coordinates by the name of the axis."""
        return {"x": self.x, "y": self.y} | ({} if self.z is None else {"z": self.z})

    @property
    def dimensions(self) -> int:
        """Number of dimensions, 2 or 3."""
        return len(self.columns)

    @model_validator(mode="after")
    def _within(self) -> Self:
        if self.extent is not None and len(self.extent) != self.dimensions:
            raise ValueError(
                f"extent, {self.extent}, must have {self.dimensions} entries, one for each axis"
            )
        for i, (axis, column) in enumerate(self.columns.items()):
            low, high = (-LARGEST_LENGTH, LARGEST_LENGTH)
            if self.extent is not None:
                low, high = 0.0, self.extent[i]
            for value in column.bounds or ():
                if not low <= value <= high:
                    raise ValueError(f"{axis}, {value:g}, must be from {low:g} to {high:g}")
        return self

    def check_size(self, where: str, size: int) -> None:
        """Refuse coordinates of more or fewer than `size` neurons; see `Positions.check_size`."""
        for axis, column in self.columns.items():
            if len(column) != size:
                right = f"has {len(column)} values, but must have {size}, one for each neuron"
                raise InputError(f"{where}.{axis}: {right}")

    def at(self, places: Ints, first: int, size: int, seed: int) -> Floats:
        """Return the positions of some neurons; see `Positions.at`."""
        return np.stack([column.array[places] for column in self.columns.values()], axis=1)


def as_given(where: str, positions: Any) -> Any:
    """Return positions as a description has them, where an array has a row for each neuron.

    Raises
    ------
    InputError
        If it is of another shape.
    """
    if not isinstance(positions, np.ndarray | list | tuple):
        return positions
    try:
        array = np.asarray(positions, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        array = np.asarray(None)
    if array.ndim != 2 or array.shape[1] not in (2, 3):
        right = "must have a row for each neuron, of 2 or 3 coordinates"
        raise InputError(f"{where}: an array of shape {array.shape} {right}")
    columns = dict(zip("xyz", array.T.tolist(), strict=False))
    return {"positions": "given", **columns}
