"""The check of a refractory period, which must be a whole number of steps."""

from typing import Any

import numpy as np

from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE
from distsp.base.time_grid import whole_steps


def check_t_ref(where: str, t_ref: Any, resolution: float) -> None:
    """Refuse refractory periods (ms), of all neurons or of each, that are not whole steps.

    Raises
    ------
    InputError
        Naming the parameter, prefixed with `where`.
    """
    for period in np.unique(t_ref).tolist():
        if whole_steps(f"{where}.t_ref", period, resolution) > MAX_SIZE:
            raise InputError.at(f"{where}.t_ref", period, f"ms is more than {MAX_SIZE} steps")
