"""Sets one document as PDF, or one card as PNG. Runs as a process of its own, so that it can't delay the server, and
ends with it.

    python -m moothall.adapters.record.typesetting_child ORDER      document on descriptor 0, file to 1

Live work has precedence: it runs at low priority and on one core. What goes wrong is not written anywhere, since
Typst's errors may name words of the text.
"""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress

import msgspec

from moothall.adapters.record.card_setting import set_card
from moothall.adapters.record.typesetting import (
    NO_FONTS,
    REFUSED,
    FontsMissing,
    TypesettingFailed,
    TypesettingOrder,
    typeset,
)
from moothall.adapters.system.core_dumps import refuse_core_dumps

NICENESS = 10


def main(arguments: list[str]) -> int:
    """Set the document. Returns the exit status."""
    order = msgspec.json.decode(arguments[0], type=TypesettingOrder)
    refuse_core_dumps()
    os.nice(NICENESS)
    os.environ["RAYON_NUM_THREADS"] = "1"
    with suppress(ValueError, OSError):  # macOS refuses some limits
        resource.setrlimit(resource.RLIMIT_AS, (order.memory, order.memory))
    try:
        data = sys.stdin.buffer.read()
        made = set_card(data) if order.card else typeset(data)
    except FontsMissing:
        return NO_FONTS
    except TypesettingFailed:
        return REFUSED
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
