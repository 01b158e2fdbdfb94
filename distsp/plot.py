"""Draw results: `python -m distsp.plot DIR`."""

import sys

from distsp.cli.plot import main

if __name__ == "__main__":
    sys.exit(main())
