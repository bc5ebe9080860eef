"""Runs the engine: `python -m moothall_models`."""

from __future__ import annotations

import logging
import os
import sys

from moothall_models.cli import main

ended = main(sys.argv[1:])
logging.shutdown()
sys.stderr.flush()
# Exit at once: a pass that hangs in a thread would keep the process alive forever.
os._exit(ended)
