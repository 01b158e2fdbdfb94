"""`nest.math`: functions of parameters."""

from collections.abc import Callable
from typing import Any

import numpy as np

from distsp.pynest.parameters import Drawn, Parameter
from distsp.pynest.random import redrawn as redraw


def _values(one: Any, drawn: Drawn) -> Any:
    return one.values(drawn) if isinstance(one, Parameter) else one


def _of(function: Callable[..., Any], *given: Any) -> Parameter:
    return Parameter(lambda drawn: function(*(_values(one, drawn) for one in given)))


def exp(parameter: Parameter) -> Parameter:
    """Return e to the power of a parameter."""
    return _of(np.exp, parameter)


def sin(parameter: Parameter) -> Parameter:
    """Return the sine of a parameter."""
    return _of(np.sin, parameter)


def cos(parameter: Parameter) -> Parameter:
    """Return the cosine of a parameter."""
    return _of(np.cos, parameter)


def min(parameter: Parameter, value: float) -> Parameter:
    """Return the smaller of a parameter and a number."""
    return _of(np.minimum, parameter, value)


def max(parameter: Parameter, value: float) -> Parameter:
    """Return the larger of a parameter and a number."""
    return _of(np.maximum, parameter, value)


__all__ = ["cos", "exp", "max", "min", "redraw", "sin"]
