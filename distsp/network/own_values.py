"""Values that differ between neurons: an array with one for each, or a distribution.

A description (parameters of a model, growth of an element) then has arrays where others have
numbers, of as many entries as the population has neurons.
"""

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from distsp.base.arrays import Floats, Ints
from distsp.base.errors import InputError
from distsp.base.fields import Fields
from distsp.rng.distributions import Distribution
from distsp.rng.streams import MAX_STREAMS, Purpose, stream_key, uniforms


def differs(value: Any) -> bool:
    """Return whether a value is not one number for all neurons."""
    return isinstance(value, Distribution | list | tuple | np.ndarray | Mapping) and not (
        isinstance(value, np.ndarray) and value.ndim == 0
    )


class Drawing:
    """Draws the values of neurons, each a function of the seed, what it is of, and the id.

    Parameters
    ----------
    seed : int
    neurons : range or array of int64
        Global ids.
    """

    def __init__(self, seed: int, neurons: range | Ints) -> None:
        self.seed, self.neurons = seed, neurons

    def some(self, neurons: range | Ints) -> "Drawing":
        """Return what draws the values of other neurons."""
        return Drawing(self.seed, neurons)

    def values(self, where: str, value: Any, stream: str) -> Floats:
        """Return a value for each neuron.

        Parameters
        ----------
        where : str
            Path of the field, for the message.
        value : Distribution, dict, list or array
        stream : str
            What it is a value of: the same distribution gives other values to another one.

        Raises
        ------
        InputError
            If an array has not one entry for each neuron, or is not of numbers.
        """
        if isinstance(value, Mapping):
            value = Distribution.of(where, dict(value))
        if isinstance(value, Distribution):
            index = zlib.crc32(stream.encode()) % MAX_STREAMS
            key = stream_key(self.seed, Purpose.OWN_VALUE, index)
            return value.quantile(uniforms(key, np.array(self.neurons), 0))
        try:
            array = np.array(value, dtype=np.float64)
        except (ValueError, TypeError):
            raise InputError.at(where, value, "must be numbers, one for each neuron") from None
        if array.shape != (len(self.neurons),):
            right = f"must have one entry for each of the {len(self.neurons)} neurons"
            raise InputError(f"{where}: an array of shape {array.shape} {right}")
        if not np.all(np.isfinite(array)):
            first = array[~np.isfinite(array)][0]
            raise InputError.at(where, float(first), "must be a finite number")
        array.flags.writeable = False
        return array

    def checked(
        self, cls: type[Any], where: str, values: Mapping[str, Any], stream: str = ""
    ) -> Any:
        """Return a description whose values may be arrays, checked as if each neuron had its own.

        Parameters
        ----------
        cls : type of Fields
        where : str
            Path of the description, for messages.
        values : dict
            Numbers, or what `values` takes.
        stream : str
            Begins the name of what is drawn.

        Raises
        ------
        InputError
            Naming the first wrong field.
        """
        known = cls.model_fields
        own = {
            key: self.values(f"{where}.{key}", value, f"{stream}{key}")
            for key, value in values.items()
            if key in known and differs(value)
        }
        if not own:
            return cls.check(where, dict(values))
        # All bounds of single fields are monotonous: the extremes tell.
        lowest = cls.check(where, {**values, **{k: float(v.min()) for k, v in own.items()}})
        cls.check(where, {**values, **{k: float(v.max()) for k, v in own.items()}})
        whole = cls.model_construct(**{**dict(lowest), **own})
        for decorator in cls.__pydantic_decorators__.model_validators.values():
            try:
                decorator.func(whole)
            except ValueError as error:
                raise InputError(f"{where}: {in_one_line(str(error))}") from None
        return whole


def in_one_line(text: str) -> str:
    """Return a text in one line, cut where it would be too long."""
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:197] + "..."


def taken(description: Any, places: Any) -> Any:
    """Return a description with the values of some neurons: arrays are indexed with `places`."""
    values = {k: v[places] if isinstance(v, np.ndarray) else v for k, v in description}
    return type(description).model_construct(**values)


def plain_values(description: Fields) -> dict[str, Any]:
    """Return the values of a description as plain data, arrays by a digest."""
    return {key: plain_value(value) for key, value in description}


def plain_value(value: Any) -> Any:
    """Return a value as plain data, an array by a digest of its bytes."""
    if isinstance(value, Fields):
        return value.model_dump()
    if isinstance(value, np.ndarray | list):
        data = np.asarray(value, dtype=np.float64).tobytes()
        return {"values": hashlib.blake2b(data, digest_size=16).hexdigest()}
    return value
