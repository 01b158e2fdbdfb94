"""Results as pandas data frames."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from distsp.base.arrays import Array
from distsp.base.errors import InputError
from distsp.results.quantities import meaning
from distsp.results.written import Written

if TYPE_CHECKING:
    from pandas import DataFrame


PARTS = ("recording", "neurons", "synapses", "spikes")
"""What there is a data frame of, besides the recorders."""

COLUMNS = {
    "synapses": ["type", "source", "target", "weight", "delay"],
    "spikes": ["population", "time", "id"],
}
"""Columns of the data frames that may have no rows."""


def frame_of(results: Written, part: str) -> "DataFrame":
    """Return a part of the results as a data frame; see `Results.frame`."""
    recorders = results.experiment.recorders
    if part not in PARTS and part not in recorders:
        raise InputError.unknown("part", part, [*PARTS, *recorders])
    try:
        from pandas import DataFrame, concat
    except ImportError:
        raise InputError("pandas: is missing; data frames need it: pip install pandas") from None
    if part not in PARTS:
        frame = DataFrame(flat(recorders[part].table(results.of_recorder(part))))
    else:
        tables = [DataFrame(columns) for columns in _tables(results, part)]
        frame = concat(tables, ignore_index=True) if tables else DataFrame(columns=COLUMNS[part])
        if part == "spikes":
            frame = frame.sort_values(["time", "id"], ignore_index=True)
    models, units = results.experiment.models(), results.units(part)
    for name in frame.columns:
        found = meaning(name, models)
        if name not in units and found and frame[name].dtype.kind in "iuf":
            units[name] = found[0]
    frame.attrs["units"] = {name: units[name] for name in frame.columns if name in units}
    return frame


def _tables(results: Written, part: str) -> Iterator[dict[str, Any]]:
    """Yield the columns of a data frame, those of each population or synapse type."""
    if part == "recording":
        means = {"calcium": results.calcium, "rate": results.rate, "elements": results.elements}
        yield flat({"time": results.time, **means, "synapses": results.synapse_counts})
    elif part == "neurons":
        first = 0
        for name, population in results.experiment.populations.items():
            ids = np.arange(first, first + population.size)
            if name in results.neurons:
                values = dict(results.neurons[name])
                axes = dict(zip("xyz", values.pop("position", np.empty((0, 0))).T, strict=False))
                yield {"population": name, "id": ids, **axes, **flat(values)}
            first += population.size
    elif part == "synapses":
        for name in results.experiment.synapse_types:
            values = {"type": name, **results.synapses.get(name, {})}
            yield {key: values[key] for key in COLUMNS[part] if key in values}
    else:
        for name in results.spikes:
            values = {"population": name, **results.spikes[name]}
            yield {key: values[key] for key in COLUMNS[part] if key in values}


def flat(tree: dict[str, Any]) -> dict[str, Array]:
    """Return the arrays of a tree by their paths, such as "elements/E/Den_ex/z"."""
    found: dict[str, Array] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= {f"{name}/{rest}": array for rest, array in flat(value).items()}
        else:
            found[name] = value
    return found
