"""Results of a run: arrays, data frames, sparse matrices and spike trains."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.sparse import coo_array, csr_array

from distsp.base.errors import InputError
from distsp.results.frames import frame_of
from distsp.results.trains import trains
from distsp.results.written import Written

if TYPE_CHECKING:
    from neo import SpikeTrain
    from pandas import DataFrame


def load_results(path: str | Path, damaged: Literal["refuse", "skip"] = "refuse") -> "Results":
    """Return the results in a file, or in the folder that a run wrote.

    Parameters
    ----------
    path : str or Path
        `results.h5`, or the folder that it is in.
    damaged : str
        What happens where bytes of the file have changed: "refuse" raises an InputError as soon as
        something damaged is asked for, "skip" leaves it out.

    Raises
    ------
    InputError
        If there are none, or what they are results of cannot be read.
    """
    if damaged not in ("refuse", "skip"):
        raise InputError.unknown("damaged", damaged, ["refuse", "skip"])
    return Results(path, skip=damaged == "skip")


class Results(Written):
    """What a run has left behind; each part is read from the file when it is first asked for.

    Parameters
    ----------
    path : str or Path
        `results.h5`, or the folder that it is in.
    skip : bool
        Whether to leave out what is damaged.
    """

    def frame(self, part: str) -> "DataFrame":
        """Return a part of the results as a pandas data frame; needs pandas.

        Parameters
        ----------
        part : str
            "recording": a row per recording, with columns such as "calcium/E"; "neurons": a row
            per neuron, with its state at the end; "synapses": a row per synapse at the end;
            "spikes": a row per recorded spike, sorted by time; or the name of a recorder: a row
            per spike, per reading and neuron, per snapshot and synapse, per time and pair of
            groups, or per update.

        Returns
        -------
        pandas.DataFrame
            Its `attrs["units"]` has the unit of each column that is a quantity.

        Raises
        ------
        InputError
            If `part` is another one, the run has not got there yet, or pandas is missing.
        """
        return frame_of(self, part)

    def matrix(
        self,
        synapse: str,
        pre: Any = None,
        post: Any = None,
        at: float | None = None,
        weights: bool = False,
    ) -> csr_array:
        """Return the connectivity of a synapse type: a row per source, a column per target.

        Parameters
        ----------
        synapse : str
        pre, post : str or dict, or a list of these, optional
            Sources and targets as in TOML: a population, `{"population": "E", "neurons": "0:80"}`,
            or several; all if not given. They are in order of their ids.
        at : float, optional
            Time of a snapshot (ms), of a recorder `connectivity`; the end if not given.
        weights : bool
            Whether entries are sums of weights, instead of numbers of synapses.

        Returns
        -------
        scipy.sparse.csr_array

        Raises
        ------
        InputError
            If there is no such type, neuron or snapshot, or the run has not ended.
        """
        types = self.experiment.synapse_types
        if synapse not in types:
            raise InputError.unknown("synapse", synapse, types)
        table = self.synapses[synapse] if at is None else self.snapshot(synapse, at)
        ends = [self.ids(pre, "pre"), self.ids(post, "post")]
        values = np.ones(len(table["source"]), dtype=np.int64)
        if weights:
            shared = np.full(len(values), types[synapse].mean_weight)
            values = table.get("weight", shared)
        places, kept = [], np.ones(len(values), dtype=bool)
        for ids, key in zip(ends, ("source", "target"), strict=True):
            place = np.full(self.n_neurons, -1)
            place[ids] = np.arange(len(ids))
            places.append(place[table[key]])
            kept &= places[-1] >= 0
        pairs = places[0][kept], places[1][kept]
        return coo_array((values[kept], pairs), shape=(len(ends[0]), len(ends[1]))).tocsr()

    def spike_trains(self, neurons: Any = None) -> list["SpikeTrain"]:
        """Return the recorded spikes of neurons as spike trains of Neo; needs neo.

        Parameters
        ----------
        neurons : str or dict, or a list of these, optional
            As for `matrix`; those whose spikes were not recorded are left out.

        Returns
        -------
        list of neo.SpikeTrain
            One for each neuron in order of the ids, also where it has no spikes, with `id` and
            `population` as annotations, from the start of the recording to its stop.

        Raises
        ------
        InputError
            If there is no such neuron, none of them was recorded, or neo is missing.
        """
        return trains(self, neurons)
