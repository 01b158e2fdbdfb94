"""Tables of keys, made from the classes that check them: `{schema} module:Class`.

With `:members:` the class is a family of components (inputs, recorders, neuron models), and each of
its members becomes a section with its docstring and the keys that not all of them have.
"""

import inspect
from importlib import import_module
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from keys import Row, prose, rows
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


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
        # Those that a page defines as an example are not among those that come with distsp.
        members = [m for m in cls.members.values() if m.__module__.startswith("distsp.")]
        return [self.section(member, shared) for member in members]

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
