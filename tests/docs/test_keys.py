"""The tables of keys on the site say what the classes say that check them."""

import runpy
import sys
from pathlib import Path

import pytest

from distsp.base.components import Component
from distsp.base.fields import Fields
from distsp.experiment.experiment import Experiment
from distsp.inputs import Input, PoissonGenerator
from distsp.network.synapse_type import SynapseType
from distsp.neurons import NeuronModel

DOCS = Path(__file__).parents[2] / "docs"
KEYS = runpy.run_path(str(DOCS / "extensions" / "keys.py"))
rows = KEYS["rows"]


def test_a_key_has_default_unit_and_meaning():
    found = {row[0]: row[1:] for row in rows(Experiment)}
    assert found["resolution"] == ("0.1", "ms", "length of a step; above 0")
    assert found["duration"] == ("required", "ms", "simulated time; above 0")
    assert found["update_interval"][0] == "not set"
    assert 'one of "one", "all"' in found["surplus"][2]
    weight = dict((row[0], row[1:]) for row in rows(SynapseType))["weight"]
    assert weight[1] == "pA, mV or nS"
    assert "least potential" in rows(NeuronModel.members["izhikevich"])[-2]


def test_a_docstring_is_prose():
    assert KEYS["prose"](PoissonGenerator).startswith("Independent Poisson trains, one per neuron.")
    assert KEYS["prose"](NeuronModel.members["izhikevich"]).startswith("dV/dt = 0.04")
    assert "`start + k * dt`" in KEYS["prose"](Input.members["noise_generator"])


def described(cls: type) -> list[type[Fields]]:
    """Return all descriptions below a class."""
    return [found for sub in cls.__subclasses__() for found in (sub, *described(sub))]


@pytest.mark.parametrize("cls", [c for c in described(Fields) if c is not Component])
def test_every_key_says_what_it_is(cls):
    if cls.__module__.startswith("distsp.") and cls.__name__ not in (
        "NameField",
        "RecordingFields",
    ):
        assert all(meaning for _, _, _, meaning in rows(cls))


def test_every_component_is_on_a_page():
    pages = "".join(path.read_text() for path in DOCS.glob("*.md"))
    # Other tests have some of their own; those of examples in docstrings are no part of a module.
    families = [
        c
        for c in Component.__subclasses__()
        if c.__module__.startswith("distsp.") and hasattr(sys.modules[c.__module__], c.__name__)
    ]
    assert len(families) > 6
    for family in families:
        assert f":{family.__name__}\n:members:" in pages, family
