"""`python -m flows.cli`, where the `rebuttal` command is not on the path."""

import sys

from flows.cli import main

sys.exit(main())
