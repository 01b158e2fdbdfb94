"""What the tests on several ranks share; `tests/several_ranks/test_on_ranks.py` starts them."""

import time
from typing import Any

import pytest

from distsp.parallel.ranks import Ranks


@pytest.fixture
def ranks() -> Ranks:
    """Return all ranks."""
    return Ranks.world()


def pytest_exception_interact(report: Any) -> None:
    """End all ranks when a test fails on one: the others would wait for it in the next exchange."""
    world = Ranks.world()
    if world.size > 1:
        time.sleep(0.5 * world.rank)  # one report is enough where all ranks fail
        print(f"\nrank {world.rank} of {world.size}: {report.longreprtext}", flush=True)
        world.abort(1)
