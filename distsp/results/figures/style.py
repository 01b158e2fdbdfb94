"""One style for all figures: as wide as a column of a paper, colours that all can tell apart."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distsp.base.errors import InputError, WriteError, shorten
from distsp.base.files import replacing
from distsp.results.written import Written

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "pdf", "eps")

MARK = "distsp.results.figures"
"""What a figure says of its origin, by which it is known as one of distsp's."""

WIDTH = 85.0
"""Of a column (mm)."""

INCH = 25.4
"""mm."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe & Ito 2008: distinct also for people who do not see all colours."""

DASHES = ("-", "--", ":", "-.")

SHADES = "Greys"
"""For numbers: none is white, so that few of many are seen."""

STYLE: dict[str, Any] = {
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "lines.linewidth": 1.0,
    "lines.markersize": 3.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "pdf.fonttype": 42,
}

SECONDS = 5000.0
"""From which time on (ms) axes are in seconds."""


class FigureError(RuntimeError):
    """Matplotlib cannot draw; the message says why."""


@contextmanager
def drawing() -> Iterator[None]:
    """Draw to files as Matplotlib does by default, whatever a notebook or a user's style says.

    Raises
    ------
    FigureError
        If Matplotlib cannot draw.
    """
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib

        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            yield
    except (InputError, WriteError, FigureError):
        raise
    except Exception as error:
        what = shorten(f"{type(error).__name__}: {error}".removesuffix(": "))
        raise FigureError(f"the figure cannot be drawn: {what}") from error
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


def styled(draw: Callable[..., "Figure"]) -> Callable[..., "Figure"]:
    """Return a function that draws in the style of this package, whatever else is set."""

    @wraps(draw)
    def drawn(*arguments: Any, **options: Any) -> "Figure":
        with drawing():
            from matplotlib.style import context

            with context(["default", STYLE]):
                return draw(*arguments, **options)

    return drawn


def panels(heights: Iterable[float], columns: int = 1, **options: Any) -> tuple["Figure", Any]:
    """Return a figure, and its panels by row and column.

    Parameters
    ----------
    heights : iterable of float
        Of the rows (mm).
    columns : int
    **options
        As `Figure.subplots` takes them.
    """
    from matplotlib.figure import Figure

    heights = list(heights)
    size = WIDTH / INCH, (sum(heights) + 8.0) / INCH
    figure = Figure(figsize=size, layout="constrained")
    options = {"squeeze": False, "height_ratios": heights, **options}
    return figure, figure.subplots(len(heights), columns, **options)


def legend(figure: "Figure", handles: list[Any], columns: int = 3) -> None:
    """Put a legend above everything."""
    if handles:
        figure.legend(handles=handles, loc="outside upper center", ncols=columns)


def save(figure: "Figure", *paths: Path, dpi: float = 300.0) -> None:
    """Write a figure; the suffixes say in which formats: png, pdf or eps."""
    for path in paths:
        with drawing(), replacing(path) as temporary:
            key = "Software" if path.suffix == ".png" else "Creator"
            figure.savefig(temporary, dpi=dpi, metadata={key: MARK})


def colours(results: Written) -> dict[str, str]:
    """Return a colour for each population."""
    return dict(zip(results.experiment.populations, cycle(COLOURS), strict=False))


def time_axis(until: float) -> tuple[float, str]:
    """Return how many ms the unit of a time axis up to `until` has, and its label."""
    return (1000.0, "time (s)") if until >= SECONDS else (1.0, "time (ms)")


def line(axes: Any, time: Any, values: Any, **style: Any) -> Any:
    """Draw a line, or a point where there is but one; return it."""
    marker = {"marker": "o"} if len(time) == 1 else {}
    return axes.plot(time, values, **{**marker, **style})[0]


def nothing(what: str, how: str) -> InputError:
    """Return what is said where there is nothing to draw."""
    return InputError(f"figure: the results have no {what}; {how}")
