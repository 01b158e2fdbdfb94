"""Families of components: who belongs, how one is chosen, what a wrong choice is told."""

from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field

from distsp.base.components import Component, OneOf
from distsp.base.errors import InputError
from distsp.base.fields import Fields, Positive
from distsp.inputs import Input
from distsp.network.rules import Rule
from distsp.neurons import NeuronModel
from distsp.plasticity.growth_curves import Element
from distsp.recorders import Recorder


class Shape(Component):
    """A family whose members have the key as a field."""

    key: ClassVar[str] = "shape"

    name_of_owner: str = "nobody"


class Round(Shape):
    """No member: it has no shape of its own."""

    radius: Positive = Field(description="from the centre (mm)")


class Circle(Round):
    shape: Literal["circle"] = "circle"


class Sphere(Round):
    shape: Literal["sphere"] = "sphere"
    hollow: bool = False


class Square(Shape):
    shape: Literal["square"] = "square"
    side: Positive


class Animal(Component):
    """A family whose members have the key beside their fields."""

    key: ClassVar[str] = "kind"


class Cat(Animal):
    kind: ClassVar[str] = "cat"
    lives: int = 7


class Drawing(Fields):
    """What has shapes as fields."""

    shapes: list[Annotated[Shape, OneOf(Shape)]] = Field(default_factory=list)
    frame: Annotated[Shape, OneOf(Shape, default="square")] = Square(side=1.0)
    named: dict[str, Annotated[Shape, OneOf(Shape, default="circle")]] = Field(default_factory=dict)


def told(call, *arguments, **values) -> str:
    """Return what is said of something wrong."""
    with pytest.raises(InputError) as error:
        call(*arguments, **values)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_members_are_those_with_a_name_in_the_order_in_which_they_are_made():
    assert Shape.members == {"circle": Circle, "sphere": Sphere, "square": Square}
    assert [*Shape.members] == ["circle", "sphere", "square"]
    assert Animal.members == {"cat": Cat}
    assert (Shape.name(), Round.name(), Circle.name(), Cat.name()) == (None, None, "circle", "cat")


def test_a_member_that_is_made_later_is_known_from_then_on():
    assert "dog" not in Animal.members
    assert told(Animal.known, "pet", "dog") == "pet: 'dog' must be one of cat"
    try:

        class Dog(Animal):
            kind: ClassVar[str] = "dog"

        assert Animal.known("pet", "dog") is Dog
        assert told(Animal.known, "pet", "cow") == "pet: 'cow' must be one of cat, dog"
    finally:
        del Animal.members["dog"]


def test_who_inherits_a_name_does_not_take_its_place():
    class Ring(Circle):
        width: Positive

    class Kitten(Cat):
        age: int

    assert Shape.members["circle"] is Circle
    assert Animal.members["cat"] is Cat


def test_families_do_not_mix():
    assert not {*Shape.members} & {*Animal.members}
    families = {
        Input: {"poisson_generator", "dc_generator"},
        Rule: {"all_to_all", "one_to_one", "fixed_indegree", "pairwise_bernoulli"},
        NeuronModel: {"iaf_psc_alpha", "iaf_psc_exp", "iaf_psc_delta", "iaf_cond_exp"},
        Element: {"gaussian", "linear", "sigmoid"},
        Recorder: {"population_means", "spike_recorder", "multimeter"},
    }
    for family, names in families.items():
        assert names <= {*family.members}
        for name, member in family.members.items():
            assert issubclass(member, family)
            assert member.name() == name
            assert not any(name in other.members for other in families if other is not family)


def test_known_finds_a_member_by_its_name():
    assert Shape.known("s", "sphere") is Sphere
    for wrong in ("Sphere", "", "round", None, 3, ["circle"], {"circle": 1}):
        message = told(Shape.known, "a.b", wrong)
        right = "must be one of circle, sphere, square"
        assert message == f"a.b: {wrong!r} {right}" + "; did you mean sphere?" * (wrong == "Sphere")


def test_of_makes_the_component_that_values_describe():
    ball = Shape.of("s", {"shape": "sphere", "radius": 2, "hollow": True})
    assert ball == Sphere(radius=2.0, hollow=True)
    assert Shape.of("s", ball.model_dump()) == ball


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "s.1.shape: is missing; it must be given"),
        ({"radius": 1.0}, "s.1.shape: is missing; it must be given"),
        ({"shape": "cube"}, "s.1.shape: 'cube' must be one of circle, sphere, square"),
        ({"shape": ["cube"]}, "s.1.shape: ['cube'] must be one of circle, sphere, square"),
        (
            {"shape": "circle"},
            "s.1.radius: is missing; it must be given: from the centre (mm)",
        ),
        ({"shape": "circle", "radius": 0.0}, "s.1.radius: 0.0 must be greater than 0"),
        (
            {"shape": "circle", "radius": 1.0, "hollow": True},
            "s.1.hollow: there is no such key; it has name_of_owner, radius, shape",
        ),
    ],
)
def test_of_names_the_first_wrong_field(values, message):
    assert told(Shape.of, "s.1", values) == message


def test_changed_is_a_checked_copy():
    ball = Sphere(radius=2.0)
    assert ball.changed("s", radius=3.0, hollow=True) == Sphere(radius=3.0, hollow=True)
    assert ball == Sphere(radius=2.0)
    assert type(ball.changed("s")) is Sphere
    assert told(ball.changed, "s", radius=-1.0) == "s.radius: -1.0 must be greater than 0"
    assert told(ball.changed, "s", side=1.0).startswith("s.side: there is no such key; it has")
    other = told(ball.changed, "s", shape="circle")
    assert other == "s.shape: 'circle' must be 'sphere'"


def test_a_field_takes_any_member():
    drawing = Drawing.check(
        "d",
        {
            "shapes": [{"shape": "circle", "radius": 1}, Square(side=2.0)],
            "frame": {"side": 3.0},
            "named": {"a": {"radius": 4.0}, "b": {"shape": "sphere", "radius": 5.0}},
        },
    )
    assert drawing.shapes == [Circle(radius=1.0), Square(side=2.0)]
    assert drawing.frame == Square(side=3.0)
    assert drawing.named == {"a": Circle(radius=4.0), "b": Sphere(radius=5.0)}
    assert Drawing.check("d", drawing.model_dump()) == drawing
    assert Drawing.check("d", {}).frame == Square(side=1.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"shapes": [{"radius": 1.0}]},
            "d.shapes.0.shape: is missing; it must be given",
        ),
        (
            {"shapes": [{"shape": "cube"}]},
            "d.shapes.0.shape: 'cube' must be one of circle, sphere, square",
        ),
        ({"shapes": [3]}, "d.shapes.0: 3 must be a table, in Python a dict"),
        ({"shapes": [{"shape": "square"}]}, "d.shapes.0.side: is missing; it must be given"),
        # Where one is meant that is not named, what is wrong is told of that one.
        ({"frame": {"radius": 1.0}}, "d.frame.side: is missing; it must be given"),
        ({"frame": {"shape": "cube"}}, "d.frame.shape: 'cube' must be one of"),
        ({"frame": 3}, "d.frame: 3 must be a table, in Python a dict"),
        ({"named": {"a": {"radius": -1.0}}}, "d.named.a.radius: -1.0 must be greater than 0"),
        ({"named": {"a": {"side": 1.0}}}, "d.named.a.radius: is missing; it must be given"),
    ],
)
def test_what_is_no_member_is_told_with_its_path(values, message):
    assert told(Drawing.check, "d", values).startswith(message)


def test_a_default_is_not_written_into_what_the_user_gave():
    given = {"side": 3.0}
    Drawing.check("d", {"frame": given})
    assert given == {"side": 3.0}
