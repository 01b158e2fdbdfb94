"""Tables of keys, made from the classes that check them: `{schema} module:Class`.

With `:members:` the class is a family of components (inputs, recorders, neuron models), and each of
its members becomes a section with its docstring and the keys that not all of them have.
"""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, ClassVar, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from docutils import nodes
from docutils.parsers.rst import directives
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

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


class Schema(SphinxDirective):
    """The directive."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"members": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return a table, or a section for each member of a family."""
        module, _, name = self.arguments[0].partition(":")
        cls = getattr(import_module(module), name)
        self.env.note_dependency(inspect.getfile(cls))
        if "members" not in self.options:
            return [table(rows(cls))]
        shared = set(rows(cls))
        return [self.section(member, shared) for member in cls.members.values()]

    def section(self, member: Any, shared: set[Row]) -> nodes.Node:
        """Return the section of a component: its docstring, and the keys that are its own."""
        name = member.name()
        section = nodes.section(ids=[name.replace("_", "-")], names=[name])
        section += nodes.title("", "", nodes.literal(text=name))
        self.env.note_dependency(inspect.getfile(member))
        section += self.parse_text_to_nodes(prose(member))
        own = [one for one in rows(member) if one not in shared]
        if own:
            section += table(own)
        return section


def prose(member: Any) -> str:
    """Return the docstring of a component up to its first section, its name not said again."""
    text = re.split(r"\n\n[A-Z]\w+\n---", inspect.getdoc(member) or "")[0]
    text = re.sub(rf"^`{member.name()}`: ", "", text)
    text = text[0].upper() + text[1:] if re.match(r"[a-z]+ ", text) else text
    parts = text.split("`")  # code stands between two of them
    parts[::2] = [re.sub(r"([*<])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def table(of: list[Row]) -> nodes.Node:
    """Return a table of keys."""
    group = nodes.tgroup(cols=4)
    group += [nodes.colspec(colwidth=width) for width in (20, 15, 10, 55)]
    group += nodes.thead("", line("key", "default", "unit", "meaning"))
    body = nodes.tbody()
    for key, value, unit, meaning in of:
        is_value = value not in ("required", "not set", "none")
        shown = nodes.literal(text=value) if is_value else value
        body += line(nodes.literal(text=key), shown, unit, meaning)
    group += body
    return nodes.table("", group, classes=["keys"])


def line(*cells: str | nodes.Node) -> nodes.row:
    """Return a row of a table."""
    inside = [nodes.Text(cell) if isinstance(cell, str) else cell for cell in cells]
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in inside))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("schema", Schema)
    return {"version": "1", "parallel_read_safe": True}
