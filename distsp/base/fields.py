"""Validated descriptions: the types of a field, and the one message that a wrong value gets.

Every description that a user writes (parameters of a neuron, a growth curve, a synapse type, an
experiment) is a `Fields` class; pydantic checks it, `InputError` says in one line what is wrong.
"""

import os
import sys
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_SIZE = 2**31 - 1
"""Neuron ids, and so sizes, are 32-bit."""

MAX_STEPS = 2**53
"""Up to here a float tells every number of steps from the next."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Size = Annotated[int, Field(ge=1, le=MAX_SIZE)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]


class InputError(ValueError):
    """A value that a user gave is wrong; the message names the field, the value and what is right.

    Examples
    --------
    >>> InputError.at("populations.E.size", 0, "must be at least 1")
    InputError('populations.E.size: 0 must be at least 1')
    """

    @classmethod
    def at(cls, field: str, value: object, right: str) -> Self:
        """Return the error for `value` of `field`, where `right` says what would be right."""
        return cls(f"{field}: {shorten(value)} {right}")


class WriteError(OSError):
    """A file cannot be written; the message names it and the reason."""

    @classmethod
    def of(cls, path: object, error: OSError) -> Self:
        """Return the error for `path`, which `error` has kept from being written."""
        reason = os.strerror(error.errno) if error.errno else str(error)
        return cls(f"{path} cannot be written: {reason}")


def tell(problem: object) -> None:
    """Print a problem in one line, however long and wild a user's keys in it are."""
    sys.stderr.write(f"distsp: {' '.join(str(problem).split())[:1000]}\n")
    sys.stderr.flush()


def shorten(value: object) -> str:
    """Return `repr(value)`, cut where it would not fit in a line."""
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a number of thousands of digits"
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


class Fields(BaseModel):
    """Base of all descriptions: nothing unknown, nothing infinite, nothing silently converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @classmethod
    def check(cls, where: str, values: Any) -> Self:
        """Return the description made of `values` (a dict or an instance).

        Raises
        ------
        InputError
            Naming the first wrong field, prefixed with `where`.
        """
        values = _plain(values)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InputError(explain(error, where, cls, values)) from None


def _plain(value: Any) -> Any:
    """Return a value with Python's own numbers where it has NumPy's."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list) else value


def explain(error: ValidationError, where: str, cls: type[BaseModel], values: Any) -> str:
    """Return the one-line message for the first error that pydantic found in `values`."""
    errors = error.errors(include_url=False)
    first = errors[0]
    if first["type"] == "float_type" and isinstance(first["input"], dict):
        # A number or a distribution is wanted, and this is a distribution.
        first = next((e for e in errors if e["type"] != "float_type"), first)
    kind, value, context = first["type"], first["input"], first.get("ctx", {})
    location = _keys(first["loc"], values, missing=kind == "missing")
    field = ".".join([where, *location] if where else location) or cls.__name__
    if kind == "extra_forbidden":
        return f"{field}: {shorten(value)} is set, but there is no such key"
    if kind == "missing":
        return f"{field}: is missing; {_expected(cls, location)}"
    if kind == "value_error":
        return f"{field}: {context['error']}"
    if kind == "union_tag_not_found":
        return f"{field}.{context['discriminator'][1:-1]}: is missing; it must be given"
    if kind == "union_tag_invalid":
        key, tag = context["discriminator"][1:-1], context["tag"]
        return f"{field}.{key}: {shorten(tag)} must be one of {context['expected_tags']}"
    if kind == "string_pattern_mismatch":
        return f"{field}: {shorten(value)} must be letters, digits and _, no digit first"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"{field}: {shorten(value)} must be a table, in Python a dict"
    message = first["msg"].removeprefix("Input ").replace("should be", "must be")
    return f"{field}: {shorten(value)} {message[0].lower()}{message[1:]}"


def _keys(location: tuple[int | str, ...], values: Any, missing: bool) -> list[str]:
    """Return the path of an error in the user's own keys, without pydantic's names of choices."""
    keys = []
    for i, part in enumerate(location):
        inside = isinstance(values, dict) and part in values
        inside |= isinstance(values, list) and isinstance(part, int)
        if inside:
            values = values[part]
        if inside or (missing and i == len(location) - 1):
            keys.append(str(part))
    return keys


def _expected(cls: type[BaseModel], location: list[str]) -> str:
    field = cls.model_fields.get(location[0]) if len(location) == 1 else None
    if field is None or field.description is None:
        return "it must be given"
    return f"it must be given: {field.description}"


def whole_steps(field: str, time: float, resolution: float, least: int = 0) -> int:
    """Return `time` (ms) as a number of steps of `resolution` (ms).

    Raises
    ------
    InputError
        If it is not a whole number of steps, or fewer than `least`.

    Examples
    --------
    >>> whole_steps("delay", 1.5, 0.1)
    15
    """
    if isinstance(time, bool) or not isinstance(time, int | float | np.number):
        raise InputError.at(field, time, "must be a number of ms")
    if not abs(time / resolution) < MAX_STEPS:
        raise InputError.at(
            field, time, f"ms is more steps of the resolution, {resolution} ms, than can be counted"
        )
    steps = round(time / resolution)
    if abs(steps * resolution - time) > 1e-9 * resolution + 1e-15 * abs(time):
        raise InputError.at(
            field, time, f"ms must be a whole multiple of the resolution, {resolution} ms"
        )
    if steps < 0:
        raise InputError.at(field, time, "ms must not be negative")
    if steps < least:
        plural = "step" if least == 1 else "steps"
        raise InputError.at(
            field, time, f"ms must be at least {least} {plural} of the resolution, {resolution} ms"
        )
    return steps
