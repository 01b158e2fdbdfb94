"""Draw the results in a folder, also those of a run that still goes on: `python -m distsp.plot`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from distsp.base.errors import InputError, WriteError, tell
from distsp.cli.streams import open_streams, say
from distsp.results.figures import FORMATS, FigureError, plot_structural_plasticity
from distsp.results.read import load_results


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m distsp.plot",
        description="Draw what distsp.run has written so far as figure.png.",
        allow_abbrev=False,
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder of the results")
    parser.add_argument("--figure-format", choices=FORMATS, default="png", help="instead of png")
    open_streams()
    options = parser.parse_args(arguments)
    figure = options.folder / f"figure.{options.figure_format}"
    try:
        plot_structural_plasticity(load_results(options.folder), figure)
    except InputError as error:
        tell(error)
        return 2
    except (FigureError, WriteError) as error:
        tell(error)
        return 1
    return say([f"written      {figure}"])
