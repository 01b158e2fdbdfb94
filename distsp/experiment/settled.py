"""When a run has settled: calcium is at its targets, and the number of synapses stays."""

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array
from distsp.base.fields import Fields, NonNegative, Positive

Targets = Mapping[str, list[float]]
"""Calcium targets of each population that has any."""


class Settled(Fields):
    """What a run must keep to for a while to have settled."""

    calcium: Positive = Field(
        0.1, description="how far mean calcium may be from its target, as a fraction of it"
    )
    synapses: NonNegative = Field(
        0.02, description="how much the number of plastic synapses may change, as a fraction"
    )
    window: Positive = Field(20_000.0, description="for how long (ms)")

    def reached(
        self, recording: Mapping[str, Array], targets: Targets, synapse_types: list[str]
    ) -> bool:
        """Return whether a run has settled at its last recording.

        A population with several targets is at them where its calcium is between the lowest and the
        highest. Recordings of a whole window are needed.

        Parameters
        ----------
        recording : dict of array
            "time" (ms), "calcium/E", "synapses/<type>", ...: the recordings so far.
        targets : dict of list of float
        synapse_types : list of str
            The plastic ones.

        Examples
        --------
        >>> recording = {
        ...     "time": np.array([0.0, 10.0, 20.0]),
        ...     "calcium/E": np.array([0.01, 0.048, 0.052]),
        ...     "synapses/s": np.array([50, 99, 100]),
        ... }
        >>> [Settled(window=window).reached(recording, {"E": [0.05]}, ["s"]) for window in (10, 20)]
        [True, False]
        """
        time = recording["time"]
        if len(time) == 0 or time[-1] - time[0] < self.window:
            return False
        last = slice(int(np.searchsorted(time, time[-1] - self.window)), None)
        for name, values in targets.items():
            calcium = recording[f"calcium/{name}"][last]
            low, high = (1.0 - self.calcium) * min(values), (1.0 + self.calcium) * max(values)
            if not ((calcium >= low) & (calcium <= high)).all():
                return False
        counts = np.array([recording[f"synapses/{name}"][last] for name in synapse_types]).sum(0)
        most, least = np.max(counts), np.min(counts)
        return bool(most - least <= self.synapses * most)
