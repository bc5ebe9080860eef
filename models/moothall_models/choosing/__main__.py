"""Runs `moothall models suggest` and `moothall models describe`: `python -m moothall_models.choosing`."""

from __future__ import annotations

import os
import sys

from moothall_models.choosing.command import main

ended = main(sys.argv[1:])
sys.stdout.flush()
sys.stderr.flush()
# Exit at once: a pass that hangs in a thread would keep the process alive forever.
os._exit(ended)
