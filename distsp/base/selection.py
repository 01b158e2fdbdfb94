"""Neurons addressed in plain data: a population, some neurons of one, or several of these."""

import re
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from distsp.base.arrays import Ints
from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE, Fields

RANGE = re.compile(r"(-?\d*):(-?\d*)(?::(-?\d*))?")


class Fraction(Fields):
    """A fraction of a population, drawn once: the same neurons wherever it is asked for."""

    fraction: Annotated[float, Field(gt=0, le=1)] = Field(description="of the population")
    draw: Annotated[int, Field(ge=0, lt=2**24)] = Field(
        0, description="another number draws other neurons"
    )


class Selection(Fields):
    """Some neurons of a population."""

    population: str = Field(description="its name")
    neurons: str | list[int] | Fraction | None = Field(
        None, description='"0:80", a list of places, or a fraction; all if not given'
    )


AnySelection = str | Selection | list[str | Selection]
"""A population by its name, neurons of one, or a list of these."""


def places_of(
    where: str, neurons: Any, size: int, draw: Callable[[Fraction], Ints] | None = None
) -> range | Ints:
    """Return places in a population of `size` neurons.

    Parameters
    ----------
    where : str
        Path of the field, for the message.
    neurons : str, list of int, array of int or bool, slice
        A range such as "0:80" or "::2", places (those below 0 count from the end), or a mask.
    size : int
    draw : callable, optional
        Returns the places of a fraction, where `neurons` may be one.

    Returns
    -------
    range or array of int64
        In ascending order, none twice.

    Raises
    ------
    InputError
        If there are none, one is outside, or one is there twice.

    Examples
    --------
    >>> places_of("neurons", "::2", 6)
    range(0, 6, 2)
    >>> places_of("neurons", [3, -1], 6)
    array([3, 5])
    """
    if isinstance(neurons, Fraction) and draw is not None:
        return draw(neurons)
    if isinstance(neurons, str):
        found = RANGE.fullmatch(neurons.replace(" ", ""))
        if found is None:
            raise InputError.at(where, neurons, 'must be a range such as "0:80", or a list')
        neurons = slice(*(int(part) if part else None for part in found.groups()))
    if isinstance(neurons, slice):
        if neurons.step == 0:
            raise InputError.at(where, neurons, "must have a step other than 0")
        chosen = range(size)[neurons]
        chosen = chosen if chosen.step > 0 else chosen[::-1]
        if len(chosen) == 0:
            raise InputError.at(where, neurons, f"has none of the {size} neurons")
        return chosen
    return _listed(where, neurons, size)


def _listed(where: str, neurons: Any, size: int) -> Ints:
    try:
        array = np.asarray(neurons)
    except (ValueError, TypeError):
        array = np.empty(0)
    if array.dtype == bool and array.shape != (size,):
        right = f"must have one entry for each of the {size} neurons, shape ({size},)"
        raise InputError(f"{where}: a mask of shape {array.shape} {right}")
    if array.dtype == bool:
        array = np.flatnonzero(array)
    if array.ndim != 1 or array.dtype.kind not in "iu" or array.size == 0:
        raise InputError.at(where, neurons, "must be a range, a list of places, or a mask")
    outside = (array < -size) | (array >= size)
    if outside.any():
        first = int(array[outside][0])
        raise InputError.at(where, first, f"must be from 0 to {size - 1}")
    places = np.where(array < 0, array + size, array).astype(np.int64)
    unique = np.unique(places)
    if len(unique) < len(places):
        raise InputError.at(where, neurons, "must not name a neuron twice")
    return unique


def plain(places: range | Ints, size: int) -> str | list[int] | None:
    """Return places as plain data that `places_of` takes; None for all."""
    if not isinstance(places, range):
        return [int(place) for place in places]
    if places == range(size):
        return None
    step = f":{places.step}" if places.step != 1 else ""
    return f"{places.start}:{min(places.stop, MAX_SIZE)}{step}"
