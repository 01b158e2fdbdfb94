"""`nest.ll_api`: what scripts use of the layer below, which is nothing but a decorator."""

from collections.abc import Callable
from typing import TypeVar

from distsp.pynest.errors import NESTError, NESTErrors, refuse

F = TypeVar("F", bound=Callable[..., object])


def check_stack(function: F) -> F:
    """Return a function as it is."""
    return function


def stack_checker(function: F) -> F:
    """Return a function as it is."""
    return function


def sli_run(text: str) -> None:
    """Refuse programs in SLI."""
    refuse("ll_api.sli_run", "write it in Python")


sr = sli_run

__all__ = ["NESTError", "NESTErrors", "check_stack", "sli_run", "sr", "stack_checker"]
