"""`python -m moothall`: the console command."""

from __future__ import annotations

import sys

from moothall.cli import main

sys.exit(main())
