"""Suggests lines for one report. Runs as a process of its own, so that it can't delay the server, and ends with it.

    python -m moothall.adapters.reports.suggesting_child LIMITS      order on descriptor 0, lines to 1

Live work has precedence: it runs at low priority. What goes wrong is not written anywhere, since it may name words of
the text.
"""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress

import msgspec

from moothall.adapters.reports.suggesting import SuggestingLimits
from moothall.adapters.search.stemming import stem
from moothall.adapters.system.core_dumps import refuse_core_dumps
from moothall.core.reports.suggestions import GivenVectors, SuggestedLines, suggest
from moothall.core.search.folding import Folding
from moothall.services.reports.suggesting import SuggestionOrder
from moothall.wire.meaning import DIMENSIONS

NICENESS = 10


def suggested(order: SuggestionOrder) -> SuggestedLines:
    """The suggestions for an order; by words where its vectors aren't those of its texts."""
    vectors, many = memoryview(order.vectors).cast("b"), len(order.lines)
    given = None
    if vectors and len(vectors) == DIMENSIONS * (many + len(order.questions)):
        rows = [vectors[at : at + DIMENSIONS].tolist() for at in range(0, len(vectors), DIMENSIONS)]
        given = GivenVectors(rows[:many], rows[many:])
    return suggest(order.lines, order.questions, order.boosts, Folding(stem), vectors=given)


def main(arguments: list[str]) -> None:
    """Suggest lines."""
    limits = msgspec.json.decode(arguments[0], type=SuggestingLimits)
    refuse_core_dumps()
    os.nice(NICENESS)
    with suppress(ValueError, OSError):  # macOS refuses some limits
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=SuggestionOrder)
    sys.stdout.buffer.write(msgspec.msgpack.encode(suggested(order)))


if __name__ == "__main__":
    main(sys.argv[1:])
