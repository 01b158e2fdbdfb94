"""Times are whole numbers of steps of the resolution: what is not is refused, never rounded."""

from collections.abc import Sequence

import numpy as np

from distsp.base.arrays import Ints
from distsp.base.errors import InputError, shorten

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
    try:
        # As it is: a number of 32 bits would be divided in 32 bits.
        time = float(time)
    except OverflowError:
        raise InputError.at(field, time, "ms is more than can be counted") from None
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


def whole_times(
    field: str, times: Sequence[float], resolution: float, least: int = 0, repeated: bool = False
) -> Ints:
    """Return ascending `times` (ms) as numbers of steps of `resolution` (ms).

    Parameters
    ----------
    field : str
        Path of the field that has them, for messages.
    times : sequence of float
    resolution : float
    least : int
        Steps before which there is none.
    repeated : bool
        Whether a time may be there several times.

    Raises
    ------
    InputError
        Naming the first that is not a whole number of steps, or comes too early.

    Examples
    --------
    >>> whole_times("spike_times", [0.5, 1.5], 0.1)
    array([ 5, 15])
    """
    array = np.asarray(times, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.rint(array / resolution)
        off = np.abs(steps * resolution - array) - 1e-15 * np.abs(array)
        good = (off <= 1e-9 * resolution) & (steps >= least) & (steps < MAX_STEPS)
    for i in np.flatnonzero(~good).tolist():
        whole_steps(f"{field}.{i}", times[i], resolution, least)
    for i in np.flatnonzero(np.diff(steps) < (0 if repeated else 1)).tolist():
        right = f"must be ascending: {times[i + 1]} ms comes after {times[i]} ms"
        raise InputError(f"{field}: {shorten(list(times))} {right}")
    return steps.astype(np.int64)
