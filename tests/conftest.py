"""What all tests share."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "distsp",
    # The first example of a test may load compiled code from the disk.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=60,
)
settings.load_profile("distsp")


@pytest.hookimpl(trylast=True)
def pytest_report_header() -> str:
    """Say once that the first run takes longer."""
    return "distsp: the first run compiles the core, which takes about a minute"
