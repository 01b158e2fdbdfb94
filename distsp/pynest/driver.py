"""Runs a script on rank 0, while the other ranks do what its network needs."""

import argparse
import os
import runpy
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import distsp.pynest
from distsp.base.errors import InputError, tell
from distsp.parallel.ranks import INTERRUPTED, Ranks, launched_rank
from distsp.pynest import ll_api, old_calls, settings
from distsp.pynest.errors import FINDINGS, CheckedError
from distsp.pynest.replica import serve
from distsp.pynest.speech import version_of

PACKAGE = str(Path(__file__).parent)


class _Parser(argparse.ArgumentParser):
    """Tells a wrong argument as any other wrong input."""

    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m distsp.pynest",
        description="Run a PyNEST script as it stands; use mpirun for several ranks.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--nest-version",
        type=int,
        choices=(2, 3),
        help="how the script is to be read (default: found out from what it calls)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="run the script up to its first Simulate and list what is not supported",
    )
    parser.add_argument("script", help="a Python script that imports nest")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments of the script")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command on this rank and return its exit code."""
    try:
        ranks = Ranks.world()
    except InputError as error:
        if launched_rank() == 0:
            tell(error)
        return 2
    if ranks.rank > 0:
        return _serve(ranks)
    settings.use(ranks)
    ranks.seem_alone()
    try:
        return _run(arguments)
    finally:
        settings.KERNEL.ensemble.dismiss()


def _serve(ranks: Ranks) -> int:
    """Do what rank 0 says, until it has no more to say."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the script decides, on rank 0
    try:
        serve(ranks)
    except BaseException as error:
        return ranks.fail(error)
    return 0


def _run(arguments: Sequence[str] | None) -> int:
    """Run the script and return the exit code."""
    try:
        options = _parser().parse_args(arguments)
        path = Path(options.script)
        if not path.is_file():
            raise InputError.at("script", options.script, "must be a Python script")
        version = options.nest_version or version_of(path)
    except InputError as error:
        tell(error)
        return 2
    except SystemExit as end:  # argparse has printed the help
        return int(end.code or 0)
    old_calls.speak(version)
    how = "as asked for" if options.nest_version else "by what it calls"
    tell(f"{path.name} is read as a script of NEST {version}, {how}")
    FINDINGS.only_checking = options.check
    code = _execute(path, options.arguments)
    return _told_findings(path, code) if options.check else code


def _execute(path: Path, arguments: list[str]) -> int:
    """Run the script as Python would, and return the exit code."""
    _stand_in_for_nest()
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    hook, sys.excepthook = sys.excepthook, sys.__excepthook__
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as end:
        return _code_of(end)
    except CheckedError:
        return 0
    except KeyboardInterrupt:
        tell("interrupted")
        return INTERRUPTED
    except BaseException as error:
        _show(error)
        return 1
    finally:
        sys.excepthook = hook
        with suppress(OSError):
            sys.stdout.flush()
    return 0


def _stand_in_for_nest() -> None:
    """Let `import nest`, and of what is in it, find this module."""
    nest = distsp.pynest
    sys.modules["nest"] = nest
    for name in (
        "ll_api",
        "random",
        "math",
        "spatial",
        "spatial_distributions",
        "raster_plot",
        "voltage_trace",
    ):
        if name in nest.__dict__:
            sys.modules[f"nest.{name}"] = getattr(nest, name)
    sys.modules["nest.lib"] = sys.modules["nest.lib.hl_api_exceptions"] = ll_api


def _code_of(end: SystemExit) -> int:
    """Return the exit code that Python has for what a script has called sys.exit with."""
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code
    print(end.code, file=sys.stderr)
    return 1


def _show(error: BaseException) -> None:
    """Print an error with the lines of the script that have led to it."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and not _of_script(trace):
        trace = trace.tb_next
    frames = [f for f in traceback.extract_tb(trace) if not f.filename.startswith(PACKAGE)]
    if frames:
        print("Traceback (most recent call last):", file=sys.stderr)
        print("".join(traceback.format_list(frames)), end="", file=sys.stderr)
    print("".join(traceback.format_exception_only(error)), end="", file=sys.stderr)


def _of_script(trace: Any) -> bool:
    name = trace.tb_frame.f_code.co_filename
    return not (name.startswith(PACKAGE) or "runpy" in os.path.basename(name) or name[:1] == "<")


def _told_findings(path: Path, code: int) -> int:
    """Print what is not supported, and return the exit code."""
    for line in FINDINGS.lines:
        print(line)
    if not FINDINGS.lines and code == 0:
        print(f"{path.name}: all that it calls up to its first Simulate is supported")
    return code or int(bool(FINDINGS.lines))
