"""What keys a description has: name, default, unit and meaning, from the class that checks it."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

UNIT = r"(?:1/)?(?:ms|Hz|mV|pA|pF|nS|degrees)(?:/m[sV])?"
UNITS = re.compile(rf" ?\(({UNIT}(?:(?:, | or ){UNIT})*)\)")
"""Units in a description, such as "membrane time constant (ms)"."""

COMPARED = {Gt: ("gt", "above"), Ge: ("ge", "at least"), Lt: ("lt", "below"), Le: ("le", "at most")}
HUGE = 1e6
"""Ends beyond it are there for the sake of the program, and need not be told."""

Row = tuple[str, str, str, str]


def rows(cls: type[BaseModel]) -> list[Row]:
    """Return key, default, unit and meaning of each key of a description.

    Examples
    --------
    >>> from distsp.inputs.dc_generator import DcGenerator
    >>> rows(DcGenerator)[-1]
    ('amplitude', 'required', 'pA', 'current')
    """
    key = getattr(cls, "key", None)
    return [row(name, field) for name, field in cls.model_fields.items() if name != key]


def row(name: str, field: FieldInfo) -> Row:
    """Return key, default, unit and meaning of a key."""
    if not field.description:
        raise ValueError(f"{name} has no description")
    units = UNITS.search(field.description)
    meaning = UNITS.sub("", field.description).strip()
    meaning = "; ".join([meaning, *dict.fromkeys(limits(field))])
    return name, default(field), units[1] if units else "", meaning


def default(field: FieldInfo) -> str:
    """Return the default as TOML has it."""
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict) and not value:
        return "none"
    if isinstance(value, float) and abs(value) > HUGE:
        return f"{value:.1e}"
    return repr(value).replace("'", '"')


def limits(kind: Any) -> Iterator[str]:
    """Yield what a type says of its values: ends and choices."""
    if isinstance(kind, FieldInfo):
        for part in (*kind.metadata, kind.annotation):
            yield from limits(part)
    elif type(kind) in COMPARED:
        name, word = COMPARED[type(kind)]
        bound = getattr(kind, name)
        if abs(bound) < HUGE:
            yield f"{word} {bound:g}"
    elif get_origin(kind) is Literal and len(get_args(kind)) > 1:
        yield "one of " + ", ".join(f'"{choice}"' for choice in get_args(kind))
    elif not isinstance(kind, type):
        for part in (*get_args(kind), *getattr(kind, "__metadata__", ())):
            yield from limits(part)


def prose(member: Any) -> str:
    """Return the docstring of a component up to its first section, its name not said again."""
    text = re.split(r"\n\n[A-Z]\w+\n---", inspect.getdoc(member) or "")[0]
    text = re.sub(rf"^`{member.name()}`: ", "", text)
    text = text[0].upper() + text[1:] if re.match(r"[a-z]+ ", text) else text
    parts = text.split("`")  # code stands between two of them
    parts[::2] = [re.sub(r"([*<])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)
