"""Draw the results in a folder, also those of a run that still goes on: `python -m distsp.plot`."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from distsp.base.errors import InputError, WriteError, tell
from distsp.cli.streams import open_streams, say
from distsp.results.figures import (
    FORMATS,
    KINDS,
    MOVIES,
    FigureError,
    animate,
    plot_structural_plasticity,
    save,
)
from distsp.results.read import Results, load_results

ALL = "all"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m distsp.plot",
        description="Draw what distsp.run has written so far; as figure.png if nothing else is "
        "asked for.",
        allow_abbrev=False,
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder of the results")
    parser.add_argument(
        "--kind",
        action="append",
        choices=[*KINDS, ALL],
        help="draw this, as KIND.png; repeatable; all: whatever there is to draw",
    )
    parser.add_argument("--figure-format", choices=FORMATS, default="png", help="instead of png")
    parser.add_argument(
        "--animate",
        choices=MOVIES,
        help="write the growth of the connectivity, a frame for each of its snapshots, as "
        "connectivity.gif or, with ffmpeg, connectivity.mp4",
    )
    open_streams()
    options, code = parser.parse_args(arguments), 0
    try:
        for path in _draw(options):
            code = say([f"written      {path}"]) or code
    except InputError as error:
        tell(error)
        return 2
    except (FigureError, WriteError) as error:
        tell(error)
        return 1
    return code


def _draw(options: argparse.Namespace) -> Iterator[Path]:
    """Draw what is asked for; yield what has been written."""
    results, folder, suffix = load_results(options.folder), options.folder, options.figure_format
    if not options.kind and not options.animate:
        path = folder / f"figure.{suffix}"
        plot_structural_plasticity(results, path)
        yield path
    kinds = options.kind or []
    for kind in KINDS if ALL in kinds else dict.fromkeys(kinds):
        path = folder / f"{kind}.{suffix}"
        if _drawn(results, kind, path, must=ALL not in kinds):
            yield path
    if options.animate:
        path = folder / f"connectivity.{options.animate}"
        animate(results, path)
        yield path


def _drawn(results: Results, kind: str, path: Path, must: bool) -> bool:
    """Draw one kind; return whether there was something to draw, which there `must` be or not."""
    try:
        save(KINDS[kind](results), path)
    except InputError as error:
        if must:
            raise
        tell(f"{kind}: {error}")
        return False
    return True
