"""`python -m adsplatform.command_line` is `ads` where the package is not installed, as in a checkout."""

import sys

from adsplatform.command_line.main import main

if __name__ == "__main__":
    sys.exit(main())
