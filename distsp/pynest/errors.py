"""Errors by the names that NEST has for them, and what is told of what is not supported."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distsp.base.errors import InputError, shorten, tell


class NESTError(Exception):
    """Something that a script asked for is wrong or is not supported, in one line."""


class _Family(type):
    """Makes an error of any name that NEST has, or may have."""

    def __getattr__(cls, name: str) -> type[NESTError]:
        if name.startswith("_"):
            raise AttributeError(name)
        error = type(name, (NESTError,), {"__module__": "NESTErrors"})
        setattr(cls, name, error)
        return error


class NESTErrors(metaclass=_Family):
    """Errors by name: `NESTErrors.BadProperty` and so on, all of them a `NESTError`."""

    KernelException = NESTError
    NESTError = NESTError


class CheckedError(BaseException):
    """Ends a script that is only checked, where it would begin to simulate."""


class Findings:
    """What a script asks for that is not supported, while it is only checked."""

    def __init__(self) -> None:
        self.only_checking = False
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Take note of something once."""
        if line not in self.lines:
            self.lines.append(line)


FINDINGS = Findings()


def refuse(call: str, instead: str) -> None:
    """Say that something is not supported; where a script is only checked, go on.

    Parameters
    ----------
    call : str
        What the script has called or given.
    instead : str
        What to do instead, or what is right.

    Raises
    ------
    NESTError
        `NESTErrors.NotImplemented`, unless the script is only checked.
    """
    line = f"{call} is not supported: {instead}"
    if not FINDINGS.only_checking:
        raise NESTErrors.NotImplemented(line)
    FINDINGS.add(line)


_overlooked: set[str] = set()


def overlook(what: str) -> None:
    """Say, once, that something changes nothing; NEST overlooks it without a word."""
    if what not in _overlooked:
        _overlooked.add(what)
        tell(f"{what} changes nothing, as in NEST")


def wrong(name: str, call: str, value: Any, right: str) -> NESTError:
    """Return the error of that name for a value that a call was given."""
    error: type[NESTError] = getattr(NESTErrors, name)
    return error(f"{call}: {shorten(value)} {right}")


@contextmanager
def as_nest(call: str, name: str = "BadProperty") -> Iterator[None]:
    """Raise what the network refuses as the error of NEST with that name."""
    try:
        yield
    except InputError as error:
        found: type[NESTError] = getattr(NESTErrors, name)
        raise found(f"{call}: {error}") from None
