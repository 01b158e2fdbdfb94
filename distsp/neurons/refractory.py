"""The check of a refractory period, which must be a whole number of steps."""

from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE
from distsp.base.time_grid import whole_steps


def check_t_ref(where: str, t_ref: float, resolution: float) -> None:
    """Refuse a refractory period (ms) that cannot be counted in steps of `resolution` (ms).

    Raises
    ------
    InputError
        Naming the parameter, prefixed with `where`.
    """
    if whole_steps(f"{where}.t_ref", t_ref, resolution) > MAX_SIZE:
        raise InputError.at(f"{where}.t_ref", t_ref, f"ms is more than {MAX_SIZE} steps")
