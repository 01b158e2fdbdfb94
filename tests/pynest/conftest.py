"""What the tests of PyNEST scripts share."""

import pytest

import distsp.pynest as module
from distsp.pynest.old_calls import speak


@pytest.fixture
def nest():
    """The module, with nothing in it."""
    speak(3)
    return module


@pytest.fixture
def nest_2():
    """The module, as a script of NEST 2 sees it."""
    speak(2)
    yield module
    speak(3)
