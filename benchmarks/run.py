"""How fast distsp is: the whole suite of measurements.

    python benchmarks/run.py                                   less than 15 minutes
    python benchmarks/run.py --quick                           small networks, to try the suite
    python benchmarks/run.py --nest-python ../nest/bin/python  NEST beside it

Each measurement runs in processes of its own, one after the other; several ranks are started by
mpirun. Nothing else should run on the machine. Writes `results.md`, `.csv`, `.json` and a figure
per question.
"""

import argparse
import sys
import time
from pathlib import Path

from measure import Nest, Quiet, say
from questions import QUESTIONS, Suite
from report import facts, write


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("questions", nargs="*", metavar="QUESTION", help=f"{', '.join(QUESTIONS)} (default: all)")
    add("--quick", action="store_true", help="small sizes; the numbers mean little")
    add("--output", type=Path, default=Path(__file__).parent / "results", metavar="DIR")
    add("--nest-python", default=sys.executable, metavar="PATH", help="interpreter that has NEST")
    add("--patience", type=float, default=0.0, metavar="S", help="wait for a quiet machine")
    options = parser.parse_args()
    Quiet.patience = options.patience
    unknown = set(options.questions) - set(QUESTIONS)
    if unknown:
        parser.error(f"no such question: {', '.join(unknown)}")
    suite = Suite(options.quick, Nest(options.nest_python))
    circumstances = facts(suite.nest.version)
    circumstances["command"] = " ".join(["python", *sys.argv])
    began = time.perf_counter()
    answers = {}
    for name in options.questions or QUESTIONS:
        answers[name] = QUESTIONS[name](suite)
        circumstances["duration"] = f"{time.perf_counter() - began:.0f} s"
        circumstances["disturbed by other programs"] = "; ".join(Quiet.disturbed) or "never"
        write(answers, circumstances, options.output)
    say(f"{circumstances['duration']}: {options.output / 'results.md'}")


if __name__ == "__main__":
    main()
