"""Stimulating devices, as inputs of the network."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from distsp.base.arrays import Ints
from distsp.pynest.groups import Devices

MOST_DRIVES = 100
"""Weights and delays with which one input drives neurons; more need inputs of their own."""


@dataclass
class Drive:
    """A connection from devices to neurons.

    Attributes
    ----------
    devices : Devices
    places : array of int
        Which of them.
    targets : array of int
        Ids of neurons as the script sees them, ascending where each device drives all of them.
    one_to_one : bool
        Whether each device drives one of them.
    weight, delay : float or array
        One with a value for each target, or a number.
    """

    devices: Devices
    places: Ints
    targets: Ints
    one_to_one: bool
    weight: Any
    delay: Any
    told: bool = False

    def __len__(self) -> int:
        """Return how many connections there are."""
        return len(self.targets) * (1 if self.one_to_one else len(self.places))

    @property
    def joint(self) -> bool:
        """Whether one input stands for all devices: Poisson trains that differ in their rates."""
        if (
            not self.one_to_one
            or len(self.places) == 1
            or "rate" not in self.devices.model.defaults
        ):
            return False
        each = [self.devices.each[i] for i in self.places]
        alike = all((one["start"], one["stop"], one["origin"]) == _times(each[0]) for one in each)
        numbers = np.ndim(self.weight) == 0 and np.ndim(self.delay) == 0
        return alike and numbers and len(np.unique(self.targets)) == len(self.targets)

    def pieces(self) -> Iterator[tuple[int, Ints, float, float]]:
        """Yield device, targets, weight and delay of connections that share these."""
        each = len(self.targets)
        weight, delay = np.broadcast_to(self.weight, each), np.broadcast_to(self.delay, each)
        values, which = np.unique(np.stack([weight, delay]), axis=1, return_inverse=True)
        which = which.reshape(-1)
        if self.one_to_one:
            for i, target, (w, d) in zip(self.places, self.targets, values.T[which], strict=True):
                yield int(i), np.array([target]), float(w), float(d)
            return
        for i in self.places:
            for k, (w, d) in enumerate(values.T):
                yield int(i), self.targets[which == k], float(w), float(d)


def _times(one: dict[str, Any]) -> tuple[Any, ...]:
    return one["start"], one["stop"], one["origin"]
