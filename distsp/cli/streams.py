"""What is said on standard output and error, which may be closed, full or unable to show a name."""

import os
import sys
from collections.abc import Iterable
from io import TextIOWrapper

from distsp.base.errors import tell


def open_streams() -> None:
    """Give streams that are closed a place that takes everything, and names a way to be shown.

    The next file that is opened would take the place of a closed one, and what a library says
    there would go into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # not what a notebook has put there
            stream.reconfigure(errors="backslashreplace")


def say(lines: Iterable[str]) -> int:
    """Print lines, and all that waits to be printed.

    Returns
    -------
    int
        The exit code: 1 where that is not possible, which is told on the other stream; 0 where the
        reader has gone, as `head` does when it has seen enough.
    """
    code = 0
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            tell(f"standard output cannot be written: {error.strerror}")
            code = 1
        # What is left goes nowhere when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
