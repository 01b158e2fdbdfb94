"""The growth of the connectivity as a movie."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from distsp.base.errors import InputError
from distsp.base.files import replacing
from distsp.results.figures.style import drawing, nothing, panels, styled
from distsp.results.figures.wiring import blocks, draw_matrix
from distsp.results.read import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOVIES = ("gif", "mp4")

PER_SECOND = 5
"""Frames."""

DPI = 150.0


def animate(results: Results, path: Path, synapse: str | None = None) -> None:
    """Write how the connectivity of a synapse type grows: a frame for each snapshot.

    Parameters
    ----------
    results : Results
        Of a run with a recorder `connectivity`.
    path : Path
        Its suffix says in which format: gif, or mp4, which needs ffmpeg.
    synapse : str, optional
        The first plastic type that has snapshots if not given.

    Raises
    ------
    InputError
        If there are fewer than two snapshots, or ffmpeg is missing.
    """
    with drawing():
        _animate(results, path, synapse)


def _animate(results: Results, path: Path, synapse: str | None) -> None:
    from matplotlib.animation import FFMpegWriter, PillowWriter

    types = results.experiment.synapse_types
    names = sorted(types, key=lambda name: not types[name].plastic)
    found = [name for name in names if len(results.snapshots(name)) > 1]
    if not found or (synapse is not None and synapse not in found):
        raise nothing("two snapshots of synapses", "a recorder connectivity takes them")
    movie = path.suffix == ".mp4"
    if movie and not FFMpegWriter.isAvailable():
        raise InputError("mp4: needs the program ffmpeg, which is not there; gif does without it")
    frames: Any = FFMpegWriter(PER_SECOND) if movie else PillowWriter(PER_SECOND)
    with replacing(path) as temporary:
        _write(results, synapse or found[0], frames, temporary)


@styled
def _write(results: Results, synapse: str, frames: Any, path: Path) -> "Figure":
    """Write all frames to a file; return the figure that they were drawn on."""
    times = results.snapshots(synapse)
    matrices = [blocks(results, synapse, at) for at in times]
    figure, axes = panels([75.0])
    (one,) = axes[0]
    shown = draw_matrix(one, results, matrices[-1], max(values.max() for values in matrices))
    figure.colorbar(shown, ax=one, label="synapses per pair of neurons", shrink=0.8)
    unit, scale = ("s", 1000.0) if times[-1] >= 5000.0 else ("ms", 1.0)
    with frames.saving(figure, path, DPI):
        for time, values in zip(times, matrices, strict=True):
            shown.set_data(values)
            one.set_title(f"{synapse}, {time / scale:g} {unit}", loc="left", pad=3.0)
            frames.grab_frame()
    return figure
