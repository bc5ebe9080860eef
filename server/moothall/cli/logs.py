"""Where the program's messages go."""

from __future__ import annotations

import logging
import sys


def start_logging(level: str) -> None:
    """Write messages of `level` and above to standard error."""
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    # Its messages repeat ours, connection by connection.
    logging.getLogger("websockets").setLevel(logging.WARNING)
