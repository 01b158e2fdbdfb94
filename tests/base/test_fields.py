"""Messages and whole steps."""

from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from distsp.base.errors import InputError, shorten
from distsp.base.fields import Fields, Finite, Positive
from distsp.base.time_grid import whole_steps


class Inner(Fields):
    kind: Literal["inner"] = "inner"
    width: Positive = Field(description="how wide (mm)")


class Other(Fields):
    kind: Literal["other"] = "other"
    height: Positive = Field(description="how high (mm)")


class Outer(Fields):
    number: Finite
    parts: list[Annotated[Inner | Other, Field(discriminator="kind")]] = Field(default_factory=list)
    named: dict[str, Inner] = Field(default_factory=dict)
    pair: list[int] = Field([1, 2], min_length=2)
    chosen: str | Inner | list[str | Inner] = "a"
    some: dict[str, int] = Field({"a": 1}, min_length=1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "w.number: is missing; it must be given"),
        (
            {"number": 1.0, "x": 2},
            "w.x: there is no such key; it has number, parts, named, pair, chosen, some",
        ),
        ({"number": "1"}, "w.number: '1' must be a valid number"),
        ({"number": 1.0, "named": {"a": {}}}, "w.named.a.width: is missing; it must be given"),
        (
            {"number": 1.0, "named": {"a": {"width": -1.0}}},
            "w.named.a.width: -1.0 must be greater than 0",
        ),
        (
            {"number": 1.0, "parts": [{"kind": "inner", "width": 1.0}, {"kind": "x"}]},
            "w.parts.1.kind: 'x' must be one of inner, other",
        ),
        ({"number": 1.0, "parts": [{}]}, "w.parts.0.kind: is missing; it must be given"),
        (
            {"number": 1.0, "parts": [{"kind": "other", "height": 0.0}]},
            "w.parts.0.height: 0.0 must be greater than 0",
        ),
        (
            {"number": 1.0, "parts": [{"kind": "other"}]},
            "w.parts.0.height: is missing; it must be given",
        ),
        ({"number": 1.0, "pair": [7]}, "w.pair: [7] must have at least 2 entries"),
        ({"number": 1.0, "some": {}}, "w.some: {} must have at least 1 entry"),
        # Of several kinds, the one that was meant.
        ({"number": 1.0, "chosen": 3}, "w.chosen: 3 must be a valid string"),
        ({"number": 1.0, "chosen": {}}, "w.chosen.width: is missing; it must be given"),
        (
            {"number": 1.0, "chosen": {"width": 0.0}},
            "w.chosen.width: 0.0 must be greater than 0",
        ),
        (
            {"number": 1.0, "chosen": {"width": 1.0, "high": [1]}},
            "w.chosen.high: there is no such key; it has kind, width",
        ),
        ({"number": 1.0, "chosen": ["a", 3]}, "w.chosen.1: 3 must be a valid string"),
        (
            {"number": 1.0, "chosen": ["a", {"width": "1"}]},
            "w.chosen.1.width: '1' must be a valid number",
        ),
        # And not one of another field.
        (
            {"pair": {"a": 1}, "named": {"a": {"width": -1.0}}, "number": 1.0},
            "w.named.a.width: -1.0 must be greater than 0",
        ),
        (
            {"number": {"a": 1}, "named": {"a": {"width": -1.0}}},
            "w.number: {'a': 1} must be a valid number",
        ),
        (3, "w: 3 must be a table, in Python a dict"),
    ],
)
def test_messages(values, message):
    with pytest.raises(InputError) as error:
        Outer.check("w", values)
    assert str(error.value) == message


def test_a_missing_field_is_described():
    with pytest.raises(InputError) as error:
        Inner.check("", {})
    assert str(error.value) == "width: is missing; it must be given: how wide (mm)"


def test_what_is_right_passes():
    outer = Outer.check("w", {"number": 1, "parts": [{"kind": "other", "height": 2.0}]})
    assert outer.number == 1.0
    assert outer.parts[0].height == 2.0
    with pytest.raises(InputError, match=r"number: 2\.0 cannot be assigned"):
        outer.number = 2.0


@given(steps=st.integers(0, 10**9), resolution=st.sampled_from([0.1, 0.05, 0.01, 1.0, 0.3, 0.125]))
def test_whole_steps_of_whole_multiples(steps, resolution):
    assert whole_steps("t", steps * resolution, resolution) == steps


@given(
    steps=st.integers(0, 10**6),
    fraction=st.floats(1e-6, 1 - 1e-6),
    resolution=st.sampled_from([0.1, 0.01, 1.0]),
)
def test_what_is_no_whole_multiple_is_refused(steps, fraction, resolution):
    with pytest.raises(InputError, match="must be a whole multiple of the resolution"):
        whole_steps("t", (steps + fraction) * resolution, resolution)


@pytest.mark.parametrize(
    ("time", "least", "words"),
    [
        (-0.1, 0, "t: -0.1 ms must not be negative"),
        (0.0, 1, "t: 0.0 ms must be at least 1 step of the resolution, 0.1 ms"),
        (0.1, 2, "t: 0.1 ms must be at least 2 steps of the resolution, 0.1 ms"),
        (float("nan"), 0, "t: nan ms is more steps of the resolution"),
        (float("inf"), 0, "t: inf ms is more steps of the resolution"),
        (-float("inf"), 0, "t: -inf ms is more steps of the resolution"),
        (1e15, 0, "t: 1000000000000000.0 ms is more steps of the resolution"),
        ("1", 0, "t: '1' must be a number of ms"),
        (True, 0, "t: True must be a number of ms"),
        (None, 0, "t: None must be a number of ms"),
    ],
)
def test_times_that_are_no_number_of_steps(time, least, words):
    with pytest.raises(InputError) as error:
        whole_steps("t", time, 0.1, least)
    assert str(error.value).startswith(words)


@given(st.one_of(st.text(max_size=200), st.integers(), st.lists(st.integers())))
def test_values_are_shown_in_a_line(value):
    assert len(shorten(value)) <= 60
    assert "\n" not in shorten(value)


def test_numbers_that_python_does_not_print():
    assert shorten(10**5000) == "a number of thousands of digits"


def test_a_long_value_is_not_printed_in_place_of_its_key():
    values = {"number": 1.0, "numbr": list(range(10_000))}
    with pytest.raises(InputError) as error:
        Outer.check("w", values)
    assert str(error.value) == "w.numbr: there is no such key; did you mean number?"
