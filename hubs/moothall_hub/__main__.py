"""`python -m moothall_hub`: the hub's program, as `moothall hub` starts it."""

from __future__ import annotations

import sys

from moothall_hub.cli import main

sys.exit(main(sys.argv[1:]))
