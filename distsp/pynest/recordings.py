"""Recording devices: which recorders of the network each reads, and what it shows of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from distsp.base.arrays import Array, Bools, Floats, Ints
from distsp.pynest.groups import Devices


@dataclass
class Tap:
    """A recording device that is connected with neurons.

    Attributes
    ----------
    devices : Devices
    place : int
        Which of them.
    neurons : array of int
        Ids as the script sees them, ascending.
    since : float
        Time of the connection (ms).
    weight, delay : float
        Of the connections, which change nothing.
    recorder : str
        Name of the recorder, once the network has been told.
    """

    devices: Devices
    place: int
    neurons: Ints
    since: float
    weight: float
    delay: float
    recorder: str = ""

    def __len__(self) -> int:
        """Return how many connections there are."""
        return len(self.neurons)

    @property
    def asked(self) -> dict[str, Any]:
        """What the recorder is told besides the neurons."""
        if self.devices.model.base == "spikes":
            return {"model": "spike_recorder"}
        values = self.devices.each[self.place]
        names = [str(one) for one in values["record_from"]]
        return {"model": "multimeter", "variables": names, "interval": float(values["interval"])}


def within(times: Floats, device: dict[str, Any], tap: Tap, until: float) -> Bools:
    """Return which times a device shows, of what a recorder of the network has recorded.

    Parameters
    ----------
    times : array of float64
        ms.
    device : dict
        Values of the device.
    tap : Tap
    until : float
        Time up to which there is something to see (ms).
    """
    tiny = 1e-6
    start = max(device["start"] + device["origin"], tap.since, device["_cleared"], 0.0)
    stop = min(device["stop"] + device["origin"], until)
    shown: Bools = (times > start + tiny) & (times <= stop + tiny)
    return shown


def joined(
    parts: list[dict[str, Array]], names: list[str], per_slice: float | None = None
) -> dict[str, Array]:
    """Return events of several recorders as one, in the order in which NEST shows them.

    Parameters
    ----------
    parts : list of dict of array
    names : list of str
        What each has besides times (ms) and senders.
    per_slice : float, optional
        A multimeter shows what it is sent slice by slice (ms), of each neuron at once; spikes are
        in order of their times.

    Examples
    --------
    >>> one = {"times": np.array([1.0, 2.0]), "senders": np.array([1, 1])}
    >>> two = {"times": np.array([1.0]), "senders": np.array([2])}
    >>> joined([one, two], [])["senders"]
    array([1, 2, 1])
    """
    types = {"senders": np.int64, "times": np.float64}
    empty = {key: np.empty(0, types.get(key, np.float64)) for key in (*types, *names)}
    found = {key: np.concatenate([part[key] for part in [empty, *parts]]) for key in empty}
    times, senders = found["times"], found["senders"]
    order = np.lexsort((senders, times))
    if per_slice is not None:
        order = np.lexsort((times, senders, np.ceil(times / per_slice - 1e-6)))
    return {key: column[order] for key, column in found.items()}
