"""Simulate an experiment: `mpirun -n 4 python -m distsp.run`."""

import sys

from distsp.cli.run import main

if __name__ == "__main__":
    sys.exit(main())
