"""What all positions are: coordinates from 0 to an extent, whose opposite edges may be one."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from distsp.base.arrays import Floats, Ints
from distsp.base.components import Component
from distsp.base.fields import Length

Extent = Annotated[list[Length], Field(min_length=2, max_length=3)]


class Positions(Component):
    """Where neurons are: a function of the seed and the neuron, in 2 or 3 dimensions."""

    key: ClassVar[str] = "positions"

    extent: Extent | None = Field(
        None, description="coordinates are from 0 to this along each axis, in any unit of length"
    )
    periodic: bool = Field(False, description="whether opposite edges of the extent are one")

    @model_validator(mode="after")
    def _has_edges(self) -> Self:
        if self.periodic and self.extent is None:
            raise ValueError("periodic edges need an extent")
        return self

    @property
    def dimensions(self) -> int:
        """Number of dimensions, 2 or 3."""
        return len(self.extent or ())

    def check_size(self, where: str, size: int) -> None:
        """Refuse positions that are not those of `size` neurons.

        Raises
        ------
        InputError
            Naming the key, prefixed with `where`.
        """

    def at(self, places: Ints, first: int, size: int, seed: int) -> Floats:
        """Return the positions of some neurons.

        Parameters
        ----------
        places : array (n,) of int64
            Places in the population.
        first, size : int
            The id of the population's first neuron, and how many it has.
        seed : int

        Returns
        -------
        array (n, dimensions) of float64
        """
        raise NotImplementedError
