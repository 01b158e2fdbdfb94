"""Values of stimulating devices, as inputs of the network name them."""

from typing import Any

import numpy as np

from distsp.pynest.models import FOREVER, plain

OWN = {"label", "origin", "spike_multiplicities", "precise_times", "frozen"}
OWN |= {"allow_offgrid_times", "shift_now_spikes"}
"""What devices have and inputs have not."""


def parameters_of(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a device as an input names them.

    Examples
    --------
    >>> parameters_of({"rate": 5.0, "start": 1.0, "stop": FOREVER, "origin": 2.0})
    {'rate': 5.0, 'start': 3.0}
    """
    found = {key: plain(value) for key, value in values.items() if key not in OWN}
    found["start"] = float(found["start"] + values["origin"])
    if found["stop"] >= FOREVER:
        del found["stop"]
    else:
        found["stop"] = float(found["stop"] + values["origin"])
    for key, value in found.items():
        if isinstance(value, int) and not isinstance(value, bool):
            found[key] = float(value)
        elif isinstance(value, list | tuple | np.ndarray):
            found[key] = [float(one) for one in value]
    if "rate_times" in found:
        found["rate"] = 0.0
    many = values.get("spike_multiplicities")
    if many is not None and len(many):
        counts = [int(one) for one in many]
        for key in ("spike_times", "spike_weights"):
            found[key] = np.repeat(found[key], counts).tolist() if found[key] else []
    return found
