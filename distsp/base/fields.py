"""Validated descriptions: the types of a field, and the one message that a wrong value gets.

Every description that a user writes (parameters of a neuron, a growth curve, a synapse type, an
experiment) is a `Fields` class; pydantic checks it, `InputError` says in one line what is wrong.
"""

from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from distsp.base.errors import InputError, shorten

MAX_SIZE = 2**31 - 1
"""Neuron ids, and so sizes, are 32-bit."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Size = Annotated[int, Field(ge=1, le=MAX_SIZE)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]


class Fields(BaseModel):
    """Base of all descriptions: nothing unknown, nothing infinite, nothing silently converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse: whoever has the description would not know.

        Raises
        ------
        InputError
        """
        right = "cannot be assigned: a description stays as it is, and calls make new ones"
        raise InputError.at(f"{type(self).__name__}.{name}", value, right)

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
    """Return a value with Python's own numbers and lists where it has NumPy's, or tuples."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value


def check_text(field: str, value: Any) -> str:
    """Return a text that a user gave, such as a name.

    Raises
    ------
    InputError
        If it is none.
    """
    if not isinstance(value, str):
        raise InputError.at(field, value, "must be a text")
    return value


def check_path(field: str, value: Any) -> Path:
    """Return the path of a file or folder that a user gave.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        return Path(value)
    except TypeError:
        raise InputError.at(field, value, "must be a path: a text or a Path") from None


def explain(error: ValidationError, where: str, cls: type[BaseModel], values: Any) -> str:
    """Return the one-line message for the first error that pydantic found in `values`."""
    errors = error.errors(include_url=False)
    paths = [_keys(e["loc"], values, missing=e["type"] == "missing") for e in errors]
    first = 0
    if isinstance(errors[0]["input"], dict | list):
        # Where a value may be of several kinds each of them has its errors; the one that was meant
        # is the one that has found most of the keys.
        same = [i for i in range(len(paths)) if paths[i][: len(paths[0])] == paths[0]]
        first = max(same, key=lambda i: (len(paths[i]), not errors[i]["type"].endswith("_type")))
    told, location = errors[first], paths[first]
    kind, value, context = told["type"], told["input"], told.get("ctx", {})
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
    if kind == "too_short":
        least = context["min_length"]
        entries = "entry" if least == 1 else "entries"
        return f"{field}: {shorten(value)} must have at least {least} {entries}"
    message = told["msg"].removeprefix("Input ").replace("should be", "must be")
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
