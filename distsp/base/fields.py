"""Validated descriptions: the types of a field, and the one message that a wrong value gets.

Every description that a user writes (parameters of a neuron, a growth curve, a synapse type, an
experiment) is a `Fields` class; pydantic checks it, `InputError` says in one line what is wrong.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Self, get_args

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from distsp.base.errors import LONGEST, InputError, meant, shorten

MAX_SIZE = 2**31 - 1
"""Neuron ids, and so sizes, are 32-bit."""

LARGEST_LENGTH = 1e100


def _squares(length: float) -> float:
    """Refuse lengths whose squares would be no numbers."""
    if not 1.0 / LARGEST_LENGTH <= length <= LARGEST_LENGTH:
        ends = f"{1.0 / LARGEST_LENGTH:g} to {LARGEST_LENGTH:g}"
        raise ValueError(f"{length:g} must be from {ends}")
    return length


Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Length = Annotated[Positive, AfterValidator(_squares)]
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
    if errors[first]["type"] == "missing":
        # It may be there under a name that is not right.
        *parents, missing = paths[first]
        for i, path in enumerate(paths):
            unknown = errors[i]["type"] == "extra_forbidden" and path[:-1] == parents
            first = i if unknown and meant(path[-1], [missing]) else first
    told, location = errors[first], paths[first]
    kind, value, context = told["type"], told["input"], told.get("ctx", {})
    field = ".".join([where, *location] if where else location) or cls.__name__
    if kind == "extra_forbidden":
        return str(InputError.unknown_key(field, _known(cls, told["loc"])))
    if kind == "missing":
        return f"{field}: is missing; {_expected(cls, location)}"
    if kind == "value_error":
        return f"{field}: {context['error']}"
    if kind == "union_tag_not_found":
        return f"{field}.{context['discriminator'][1:-1]}: is missing; it must be given"
    if kind == "union_tag_invalid":
        key, tag = context["discriminator"][1:-1], context["tag"]
        return str(InputError.unknown(f"{field}.{key}", tag, _quoted(context["expected_tags"])))
    if kind == "string_pattern_mismatch":
        return f"{field}: {shorten(value)} must be letters, digits and _, no digit first"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"{field}: {shorten(value)} must be a table, in Python a dict"
    if kind == "too_short":
        least = context["min_length"]
        entries = "entry" if least == 1 else "entries"
        return f"{field}: {shorten(value)} must have at least {least} {entries}"
    message = told["msg"].removeprefix("Input ").replace("should be", "must be")
    guess = meant(value, _quoted(context["expected"])) if kind == "literal_error" else ""
    return f"{field}: {shorten(value)} {message[0].lower()}{message[1:]}{guess}"


def _keys(location: tuple[int | str, ...], values: Any, missing: bool) -> list[str]:
    """Return the path of an error in the user's own keys, without pydantic's names of choices."""
    keys = []
    for i, part in enumerate(location):
        inside = isinstance(values, dict) and part in values
        inside |= isinstance(values, list) and isinstance(part, int)
        if inside:
            values = values[part]
        if inside or (missing and i == len(location) - 1):
            keys.append(str(part)[:LONGEST])
    return keys


def _quoted(text: str) -> list[str]:
    """Return the names that pydantic lists in quotes."""
    return re.findall(r"'([^']*)'", text) or [text]


def _known(cls: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that there are beside the one at the end of a path."""
    places: list[Any] = [cls]
    for part in location[:-1]:
        inner = [place.model_fields[part] for place in places if part in place.model_fields]
        if inner:
            places = [found for field in inner for found in _described(field)]
        elif members := [p for p in places if part in (f.default for f in p.model_fields.values())]:
            places = members  # the part is pydantic's name of a choice
    return list(dict.fromkeys(name for place in places for name in place.model_fields))


def _described(kind: Any) -> list[type[BaseModel]]:
    """Return all classes of descriptions that a field, or a type, may hold."""
    if isinstance(kind, FieldInfo):
        return [found for part in (kind.annotation, *kind.metadata) for found in _described(part)]
    if hasattr(kind, "family"):
        return list(kind.family.members.values())
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [found for part in get_args(kind) for found in _described(part)]


def _expected(cls: type[BaseModel], location: list[str]) -> str:
    field = cls.model_fields.get(location[0]) if len(location) == 1 else None
    if field is None or field.description is None:
        return "it must be given"
    return f"it must be given: {field.description}"
