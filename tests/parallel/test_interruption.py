"""Handlers of signals act at boundaries only, and all of them are as they were afterwards."""

import signal
import threading
from collections.abc import Iterator

import pytest

from distsp.parallel.interruption import Held, at_once
from distsp.parallel.ranks import Ranks


class Alarm(Exception):
    """What a handler of the tests raises."""


def ring(*_: object) -> None:
    raise Alarm


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """A handler of SIGALRM that raises."""
    before = signal.signal(signal.SIGALRM, ring)
    yield
    assert signal.signal(signal.SIGALRM, before) is ring
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_acts_at_the_boundary() -> None:
    done = []
    with Held(Ranks()) as held:
        for number in (signal.SIGALRM, signal.SIGINT, signal.SIGALRM):
            signal.raise_signal(number)
        done.append(1)
        with pytest.raises(Alarm):
            held.boundary()
        held.boundary()
    assert done == [1]


def test_acts_at_the_end_of_the_outermost_block() -> None:
    done, held = [], Held(Ranks())

    def work() -> None:
        with held:
            with held, Held(Ranks()):
                signal.raise_signal(signal.SIGINT)
            done.append(1)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [1]


def test_acts_after_an_error() -> None:
    def work() -> None:
        with Held(Ranks()):
            signal.raise_signal(signal.SIGALRM)
            raise ValueError

    with pytest.raises(Alarm) as caught:
        work()
    assert isinstance(caught.value.__context__, ValueError)


def test_a_handler_that_does_not_raise_is_called_once() -> None:
    calls = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: calls.append(number))
    with Held(Ranks()) as held:
        signal.raise_signal(signal.SIGUSR1)
        assert calls == []
        held.boundary()
        assert calls == [signal.SIGUSR1]
    signal.signal(signal.SIGUSR1, before)
    assert calls == [signal.SIGUSR1]


def test_acts_at_once_where_nothing_is_to_be_kept_whole() -> None:
    with at_once(), Held(Ranks()), pytest.raises(Alarm):
        signal.raise_signal(signal.SIGALRM)


def test_another_thread_holds_nothing() -> None:
    done = []

    def work() -> None:
        with Held(Ranks()) as held:
            held.boundary()
            done.append(held.came)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [[]]
