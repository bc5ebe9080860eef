"""`python -m moothall_models`: the engine."""

from __future__ import annotations

import logging
import os
import sys

from moothall_models.cli import main

ended = main(sys.argv[1:])
logging.shutdown()
sys.stderr.flush()
# A pass that hangs in its thread would keep the process for ever.
os._exit(ended)
