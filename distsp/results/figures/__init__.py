"""Figures of results; Matplotlib is imported when the first one is made."""

from distsp.results.figures.activity import calcium, raster, time_courses, traces
from distsp.results.figures.animation import MOVIES, animate
from distsp.results.figures.places import distances, network_map
from distsp.results.figures.published import plot_structural_plasticity
from distsp.results.figures.style import FORMATS, MARK, FigureError, save
from distsp.results.figures.wiring import degrees, groups, matrix, updates

KINDS = {
    "time_courses": time_courses,
    "raster": raster,
    "groups": groups,
    "matrix": matrix,
    "degrees": degrees,
    "calcium": calcium,
    "updates": updates,
    "traces": traces,
    "network_map": network_map,
    "distances": distances,
}
"""What `python -m distsp.plot --kind` draws: a function of the results that returns a figure."""

__all__ = [
    "FORMATS",
    "KINDS",
    "MARK",
    "MOVIES",
    "FigureError",
    "animate",
    "calcium",
    "degrees",
    "distances",
    "groups",
    "matrix",
    "network_map",
    "plot_structural_plasticity",
    "raster",
    "save",
    "time_courses",
    "traces",
    "updates",
]
