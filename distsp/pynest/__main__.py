"""`python -m distsp.pynest script.py [its arguments]`: run a PyNEST script, on any ranks."""

import sys

from distsp.pynest.driver import main

if __name__ == "__main__":
    sys.exit(main())
