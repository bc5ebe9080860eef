"""How long it takes to suggest lines of a three-hour session.

    .venv/bin/python bench/suggestions.py                     # 900 and 2,000 lines, 10 policy questions
    .venv/bin/python bench/suggestions.py --lines 2000 --meaning    # with vectors of the extra `meaning`

The lines are made of sentences of the interface in English and of the sample session: the first words of one and the
last words of another, so that none comes twice. *words* and *vectors* are the function by itself, in CPU time;
*process* is the whole order by words to a process of its own, in wall time, as a server gives it. *None made* and *all
made* are the same by meaning, where the search has made no vectors of the lines yet, and all of them (these are drawn).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path

# The sentences are read by a part of the tests, which are no package, so their folder has to be on the path before the
# next imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "models", "tests"))

from moothall.adapters.reports.suggesting import MeaningVectors, SuggestingProcess
from moothall.adapters.search.meaning_child import MeaningChild
from moothall.adapters.search.stemming import stem
from moothall.adapters.system.clock import SystemClock
from moothall.core.kernel.ids import PolicyQuestionId, SegmentId, SessionId
from moothall.core.reports.suggestions import (
    GivenVectors,
    PolicyQuestionText,
    SuggestedLines,
    SuggestibleLine,
    suggest,
)
from moothall.core.search.folding import Folding
from moothall.services.reports.suggesting import MadeVectors, Suggesting, SuggestionOrder, no_vectors
from moothall.wire.meaning import DIMENSIONS
from scoring import cpu_model
from support.reports.quotations import sessions

QUESTIONS = 10


def order_of(many: int) -> SuggestionOrder:
    chance = random.Random(many)  # the same in each run  # noqa: S311
    said = [line.text for session in sessions() if session.language == "en" for line in session.lines]
    lines: dict[str, None] = {}
    while len(lines) < many:
        one, other = chance.choice(said).split(), chance.choice(said).split()
        lines[" ".join(one[: len(one) // 2] + other[len(other) // 2 :])] = None
    questions = chance.sample(said, QUESTIONS)
    return SuggestionOrder(
        lines=tuple(SuggestibleLine(SegmentId(f"s{at}"), text, "en") for at, text in enumerate(lines)),
        questions=tuple(
            PolicyQuestionText(PolicyQuestionId(f"q{at}"), text, "en") for at, text in enumerate(questions)
        ),
    )


async def by_meaning(order: SuggestionOrder, made: MadeVectors = no_vectors) -> tuple[float, float]:
    """The CPU seconds and the wall seconds that an order takes as a server with the extra gives it, with the load of
    the model.
    """
    used, began, child = _children(), time.perf_counter(), MeaningChild(SystemClock())
    try:
        suggesting = Suggesting(
            SuggestingProcess(), lambda: True, SystemClock(), embed=MeaningVectors(child), made=made
        )
        found = await suggesting.suggest(order)
    finally:
        wall = time.perf_counter() - began
        await child.close()
    if not isinstance(found, SuggestedLines) or not found.session:
        raise SystemExit(f"Nothing was suggested: {found}")
    return _children() - used, wall


def _children() -> float:
    """CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def measure(many: int, *, meaning: bool) -> None:
    order = order_of(many)
    rows = [random.Random(at).choices(range(-127, 128), k=DIMENSIONS) for at in range(many + QUESTIONS)]  # noqa: S311
    began = time.process_time()
    suggest(order.lines, order.questions, (), Folding(stem))
    words = time.process_time() - began
    given = GivenVectors(rows[:many], rows[many:])
    began = time.process_time()
    suggest(order.lines, order.questions, (), Folding(stem), vectors=given)
    own = time.process_time() - began
    began = time.perf_counter()
    await SuggestingProcess().suggest(order)
    process = time.perf_counter() - began
    told = "- | -"
    if meaning:
        drawn = {line.segment: bytes(each % 256 for each in row) for line, row in zip(order.lines, rows, strict=False)}

        async def made(_: SessionId) -> Mapping[SegmentId, bytes]:
            return drawn

        (cpu, wall), (there, soon) = await by_meaning(order), await by_meaning(order, made)
        told = f"{cpu:.1f} ({wall:.1f}) | {there:.1f} ({soon:.1f})"
    print(f"| {many:,} | {words:.2f} | {own:.2f} | {process:.2f} | {told} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="*", default=[900, 2_000], help="lines of a session")
    parser.add_argument("--meaning", action="store_true", help="have the extra `meaning` make the vectors")
    arguments = parser.parse_args()
    print(f"{cpu_model()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n")
    print("| lines | words, CPU s | vectors, CPU s | process, s | none made, CPU s (s) | all made, CPU s (s) |")
    print("|--:|--:|--:|--:|--:|--:|")
    for many in arguments.lines:
        asyncio.run(measure(many, meaning=arguments.meaning))


if __name__ == "__main__":
    main()
