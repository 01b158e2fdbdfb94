"""What a user is told when something is wrong, in one line."""

import os
import sys
from typing import Self


class InputError(ValueError):
    """A value that a user gave is wrong; the message names the field, the value and what is right.

    Examples
    --------
    >>> InputError.at("populations.E.size", 0, "must be at least 1")
    InputError('populations.E.size: 0 must be at least 1')
    """

    @classmethod
    def at(cls, field: str, value: object, right: str) -> Self:
        """Return the error for `value` of `field`, where `right` says what would be right."""
        return cls(f"{field}: {shorten(value)} {right}")


class WriteError(OSError):
    """A file cannot be written; the message names it and the reason."""

    @classmethod
    def of(cls, path: object, error: OSError) -> Self:
        """Return the error for `path`, which `error` has kept from being written."""
        reason = os.strerror(error.errno) if error.errno else str(error)
        return cls(f"{path} cannot be written: {reason}")


def tell(problem: object) -> None:
    """Print a problem in one line, however long and wild a user's keys in it are."""
    sys.stderr.write(f"distsp: {' '.join(str(problem).split())[:1000]}\n")
    sys.stderr.flush()


def shorten(value: object) -> str:
    """Return `repr(value)`, cut where it would not fit in a line."""
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a number of thousands of digits"
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."
