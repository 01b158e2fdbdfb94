"""Times are whole numbers of steps of the resolution: what is not is refused, never rounded."""

import numpy as np

from distsp.base.errors import InputError

MAX_STEPS = 2**53
"""Up to here a float tells every number of steps from the next."""


def whole_steps(field: str, time: float, resolution: float, least: int = 0) -> int:
    """Return `time` (ms) as a number of steps of `resolution` (ms).

    Raises
    ------
    InputError
        If it is not a whole number of steps, or fewer than `least`.

    Examples
    --------
    >>> whole_steps("delay", 1.5, 0.1)
    15
    """
    if isinstance(time, bool) or not isinstance(time, int | float | np.number):
        raise InputError.at(field, time, "must be a number of ms")
    if not abs(time / resolution) < MAX_STEPS:
        raise InputError.at(
            field, time, f"ms is more steps of the resolution, {resolution} ms, than can be counted"
        )
    steps = round(time / resolution)
    if abs(steps * resolution - time) > 1e-9 * resolution + 1e-15 * abs(time):
        raise InputError.at(
            field, time, f"ms must be a whole multiple of the resolution, {resolution} ms"
        )
    if steps < 0:
        raise InputError.at(field, time, "ms must not be negative")
    if steps < least:
        plural = "step" if least == 1 else "steps"
        raise InputError.at(
            field, time, f"ms must be at least {least} {plural} of the resolution, {resolution} ms"
        )
    return steps
