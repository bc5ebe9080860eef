"""`python -m moothall_models`: the engine."""

from __future__ import annotations

import sys

from moothall_models.cli import main

sys.exit(main(sys.argv[1:]))
