"""Families of components: each is a class in a file of its own, which registers itself by name."""

from functools import reduce
from inspect import get_annotations
from operator import or_
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from distsp.base.errors import InputError
from distsp.base.fields import Fields


class Component(Fields):
    """Base of the families: neuron models, growth curves, rules, inputs and recorders.

    A family names the `key` by which its members are told apart, such as "curve"; a member that
    gives its key a value is found in `members` under it.

    Examples
    --------
    >>> from typing import ClassVar, Literal
    >>> class Shape(Component):
    ...     key: ClassVar[str] = "shape"
    >>> class Circle(Shape):
    ...     shape: Literal["circle"] = "circle"
    ...     radius: float
    >>> Shape.members
    {'circle': <class '...Circle'>}
    >>> Shape.of("shape", {"shape": "circle", "radius": 2.0})
    Circle(shape='circle', radius=2.0)
    """

    key: ClassVar[str]
    members: ClassVar[dict[str, type[Any]]]

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Register a member under its name, or begin a family."""
        if "key" in cls.__dict__:
            cls.members = {}
            return
        # One that inherits the name of another does not take its place.
        own = cls.key in cls.__dict__ or cls.key in get_annotations(cls)
        if own and (name := cls.name()):
            cls.members[name] = cls

    @classmethod
    def name(cls) -> str | None:
        """Return the name by which the component is chosen; None if it is but a base of others."""
        field = cls.model_fields.get(cls.key)
        return field.default if field else cls.__dict__.get(cls.key)

    @classmethod
    def known(cls, where: str, name: Any) -> type[Any]:
        """Return the member of that name.

        Raises
        ------
        InputError
            If there is none; `where` is the path of the field that has the name.
        """
        if not isinstance(name, str) or name not in cls.members:
            raise InputError.unknown(where, name, cls.members)
        return cls.members[name]

    @classmethod
    def of(cls, where: str, values: dict[str, Any]) -> Any:
        """Return the component that `values` describe, their key included.

        Raises
        ------
        InputError
            Naming the first wrong field, prefixed with `where`.
        """
        if cls.key not in values:
            raise InputError(f"{where}.{cls.key}: is missing; it must be given")
        return cls.known(f"{where}.{cls.key}", values[cls.key]).check(where, values)

    def changed(self, where: str, **values: Any) -> Self:
        """Return a copy with some values changed, checked."""
        return self.check(where, {**self.model_dump(), **values})


class OneOf:
    """Marks a field that takes any member of a family, as `Annotated[Rule, OneOf(Rule)]`.

    Parameters
    ----------
    family : type of Component
        With all members that there are when the class with the field is made.
    default : str, optional
        The member that is meant where the key is not given.
    """

    def __init__(self, family: type[Component], default: str | None = None) -> None:
        self.family, self.default = family, default

    def __get_pydantic_core_schema__(
        self, _source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return what pydantic checks the field with."""
        members: Any = reduce(or_, self.family.members.values())
        schema = handler.generate_schema(Annotated[members, Field(discriminator=self.family.key)])
        return core_schema.no_info_before_validator_function(self._complete, schema)

    def _complete(self, values: Any) -> Any:
        if self.default and isinstance(values, dict) and self.family.key not in values:
            return {self.family.key: self.default, **values}
        return values
