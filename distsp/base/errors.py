"""What a user is told when something is wrong, in one line."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from typing import Self

LONGEST = 60
"""Characters of a value, or of a key, that are shown."""


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

    @classmethod
    def unknown(cls, field: str, name: object, known: Iterable[object]) -> Self:
        """Return the error for the `name` that `field` has, which is none of those that are known.

        Examples
        --------
        >>> InputError.unknown("source", "exs", ["exc", "inh"])
        InputError("source: 'exs' must be one of exc, inh; did you mean exc?")
        """
        names = [str(entry) for entry in known]
        return cls.at(
            field, name, f"must be one of {', '.join(names) or 'none'}{meant(name, names)}"
        )

    @classmethod
    def unknown_key(cls, field: str, known: Iterable[object]) -> Self:
        """Return the error for a key that is none of those that are known; `field` ends with it.

        Examples
        --------
        >>> InputError.unknown_key("E.params", ["size", "parameters"])
        InputError('E.params: there is no such key; did you mean parameters?')
        """
        names = [str(entry) for entry in known]
        guess = meant(field.rpartition(".")[2], names)
        return cls(
            f"{field}: there is no such key{guess or '; it has ' + (', '.join(names) or 'none')}"
        )


class WriteError(OSError):
    """A file cannot be written; the message names it and the reason."""

    @classmethod
    def of(cls, path: object, error: OSError) -> Self:
        """Return the error for `path`, which `error` has kept from being written."""
        reason = os.strerror(error.errno) if error.errno else str(error)
        return cls(f"{path} cannot be written: {reason}")


def meant(name: object, known: Iterable[str]) -> str:
    """Return the question whether the nearest of some names was meant; nothing if none is near."""
    folded = {entry.casefold(): entry for entry in known}
    if not isinstance(name, str):
        return ""
    near = get_close_matches(name[:LONGEST].casefold(), folded, n=1)
    return f"; did you mean {folded[near[0]]}?" if near else ""


def tell(problem: object) -> None:
    """Print a problem in one line, however long and wild a user's keys in it are."""
    if sys.stderr is None:
        return
    with suppress(OSError):  # nobody listens, which is no reason to leave work undone
        sys.stderr.write(f"distsp: {' '.join(str(problem).split())[:1000]}\n")
        sys.stderr.flush()


def shorten(value: object) -> str:
    """Return `repr(value)`, cut where it would not fit in a line."""
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a number of thousands of digits"
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
