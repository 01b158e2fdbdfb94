"""Signals whose handlers act only where all parts of a state belong together, on all ranks alike.

A handler that raises, as Python's own does at Ctrl-C, may do so between any two lines, and in the
middle of compiled code. What changes a state is therefore done within `Held`: signals are kept
until a boundary, where their handlers are called.
"""

import _signal  # type: ignore[import-not-found]
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Self

from distsp.parallel.ranks import Ranks

SAME = 0.1
"""Seconds in which a signal that one rank has got may reach the others: mpirun sends it to all."""

NUMBERS = tuple(map(int, signal.valid_signals()))
"""All signals, looked at as what they are to C: to name each takes longer than a short run."""

_whole = True
"""Whether there is anything to keep whole."""


class Noting:
    """A handler that only takes note of a signal, and may do so at any time."""

    def __init__(self, note: Callable[[int], object]) -> None:
        self.note = note

    def __call__(self, number: int, _frame: Any) -> None:
        """Take note."""
        self.note(number)


class Held(AbstractContextManager["Held"]):
    """Keeps signals within the `with` block until a boundary, or until its end.

    Only signals that have a handler in Python are kept, and only in the main thread, where Python
    calls handlers. Blocks may be nested.

    Parameters
    ----------
    ranks : Ranks
        All of them enter the block and come to each boundary. What a handler raises on one, it
        raises on all: the others would wait for that one.
    """

    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks
        self.came: list[int] = []
        self._handlers: dict[int, Callable[[int, Any], object]] = {}
        self._depth = 0

    def __enter__(self) -> Self:
        if self._depth == 0 and _whole:
            try:
                self._take_over()
            except BaseException:  # a handler that was still there has raised
                self._give_back()
                raise
        self._depth += 1
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._depth == 1 and kind is None:
            try:
                self.boundary()
            finally:
                self._give_back()
        elif self._depth == 1:
            self._give_back()
            for number in self._taken():
                self._handlers[number](number, None)
        else:
            self._depth -= 1

    def boundary(self) -> None:
        """Let handlers act, at the end of the outermost block or within it; collective.

        Raises
        ------
        BaseException
            What a handler raises, on all ranks.
        """
        self.act(self.ranks.collect(bool(self.came)))

    def act(self, came: Collection[bool]) -> None:
        """Let handlers act where signals came on any of the ranks, which all know of all."""
        if not any(came):
            return
        if self.ranks.size > 1:
            time.sleep(SAME)
        problem, by = None, 0
        for number in self._taken():
            try:
                self._handlers[number](number, None)
            except BaseException as error:
                problem, by = problem or error, by or number
        raised = [number for number in self.ranks.collect(by) if number]
        if raised and problem is None:
            problem = self._raised(raised[0])
        if problem is not None:
            raise problem

    def _raised(self, number: int) -> BaseException:
        """Return what this rank raises where only another one has got a signal."""
        handler = self._handlers.get(number, signal.default_int_handler)
        try:
            handler(number, None)
        except BaseException as error:
            return error
        return KeyboardInterrupt()

    def _taken(self) -> Iterator[int]:
        """Yield what came, each once, and forget it."""
        came, self.came = self.came, []
        yield from dict.fromkeys(came)

    def _take_over(self) -> None:
        for number in NUMBERS:
            handler = _signal.getsignal(number)
            if callable(handler) and not isinstance(handler, Noting) and handler != self._note:
                self._handlers[number] = handler
                try:
                    signal.signal(number, self._note)
                except ValueError:  # not the main thread
                    del self._handlers[number]
                    return

    def _give_back(self) -> None:
        self._depth = 0
        for number, handler in self._handlers.items():
            if _signal.getsignal(number) == self._note:
                signal.signal(number, handler)

    def _note(self, number: int, frame: Any) -> None:
        if self._depth:
            self.came.append(number)
        else:  # it came while the handlers were taken over or given back
            self._handlers[number](number, frame)


@contextmanager
def at_once() -> Iterator[None]:
    """Let handlers act at once within the `with` block: there is nothing to keep whole."""
    global _whole
    _whole = False
    try:
        yield
    finally:
        _whole = True
