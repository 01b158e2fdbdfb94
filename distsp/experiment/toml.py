"""An experiment as TOML, each value with a comment that says what it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from pydantic.fields import FieldInfo
from tomlkit.items import Table

from distsp.base.columns import Column
from distsp.base.fields import Fields
from distsp.base.selection import Fraction, Selection
from distsp.experiment.events import Event
from distsp.experiment.tables import InputTable, OpenTable, PopulationTable, Target
from distsp.inputs import Input
from distsp.network.positions import Positions
from distsp.network.rules import Connection, Rule
from distsp.neurons import NeuronModel
from distsp.plasticity.growth_curves import Element
from distsp.plasticity.kernels import Kernel
from distsp.rng.distributions import Distribution

LEADING = {
    "name",
    "description",
    "duration",
    "model",
    "curve",
    "rule",
    "distribution",
    "event",
    "at",
    "positions",
    "kernel",
}
"""Keys that say what a table is, and so come first in it."""


def to_toml(fields: Fields) -> str:
    """Return a description, defaults included, as TOML."""
    document = tomlkit.document()
    _write(document, dict(fields), type(fields).model_fields, {})
    return tomlkit.dumps(document)


TABLES = (Connection, Event, Target)
"""What is a table of its own where a list has it."""

INLINE = (Selection, Fraction, Rule, Distribution, Column, Positions, Kernel)
"""What stands in one line."""

Descriptions = Mapping[str, FieldInfo]
"""What fields are."""


@dataclass(frozen=True)
class Described:
    """Values that are a table, with the fields of the component that checks them."""

    values: dict[str, Any]
    fields: Descriptions


def _write(
    table: Any, values: dict[str, Any], fields: Descriptions, of_entries: Descriptions
) -> None:
    """Add values to a TOML table, each with its field's description as a comment.

    `of_entries` are fields that tables in a list among the values have besides their own.
    """

    def place(key: str) -> tuple[bool, bool]:
        # What follows a sub-table would belong to it, so plain values come first.
        value = values[key]
        tables = isinstance(value, list) and any(isinstance(one, TABLES) for one in value)
        table = isinstance(value, Fields) and not isinstance(value, INLINE)
        return isinstance(value, dict) or tables or table, key not in LEADING

    for key in sorted(values, key=place):
        value, comment = values[key], fields[key].description if key in fields else None
        if isinstance(value, list) and not any(isinstance(one, TABLES) for one in value):
            if value:
                item = tomlkit.item(_plain(value))
                table.add(key, item.comment(comment) if comment else item)
        elif isinstance(value, list):
            table.add(tomlkit.nl())
            table.add(key, tomlkit.aot())
            for entry in value:
                table[key].append(_table(entry, of_entries))
        elif isinstance(value, dict):
            if value:
                table.add(key, tomlkit.table(is_super_table=True))
                _write(table[key], value, {}, {})
        elif isinstance(value, Column):
            table.add(key, value.array.tolist())
        elif isinstance(value, INLINE):
            item = tomlkit.inline_table()
            item.update(_plain(value))
            table.add(key, item)
        elif isinstance(value, Fields):
            table.add(key, _table(value, {}))
        elif isinstance(value, Described):
            inside = tomlkit.table()
            _write(inside, value.values, value.fields, {})
            table.add(key, inside)
        elif value is None:
            if comment:
                table.add(tomlkit.comment(f"{key} is not set: {comment}"))
        else:
            item = tomlkit.item(value)
            table.add(key, item.comment(comment) if comment else item)


def _plain(value: Any) -> Any:
    """Return a value that stands in one line, as plain data."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, Fields):
        return value
    values = value.model_dump(exclude_none=True)
    return {key: values[key] for key in sorted(values, key=lambda key: key not in LEADING)}


def _table(fields: Fields, more: Descriptions) -> Table:
    values, known = dict(fields), {**type(fields).model_fields, **more}
    of_entries: Descriptions = {}
    if isinstance(fields, PopulationTable):
        members = NeuronModel.members[fields.model], Element.members
        values["parameters"] = Described(fields.parameters, members[0].model_fields)
        values["elements"] = {
            name: Described(element, members[1][element["curve"]].model_fields)
            for name, element in fields.elements.items()
        }
    if isinstance(fields, OpenTable):
        values = fields.parameters | values
    if isinstance(fields, InputTable):
        model = Input.members[fields.model]
        known, of_entries = known | model.model_fields, model.drive.model_fields
    table = tomlkit.table()
    _write(table, values, known, of_entries)
    return table
