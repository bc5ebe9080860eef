"""How long it takes to suggest lines of a three-hour session.

    .venv/bin/python bench/suggestions.py                     # 900 and 2,000 lines, 10 policy questions
    .venv/bin/python bench/suggestions.py --lines 2000 --meaning    # with vectors of the extra `meaning`

The lines are made of sentences of the interface in English and of the sample session: the first words of one and the
last words of another, so that none comes twice. *words* and *vectors* are the function by itself, in CPU time;
*process* is the whole order to a process of its own, in wall time, as a server gives it. Without the extra the vectors
are drawn by a fixed seed: they cost the same.
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
from pathlib import Path

# The sentences are read by a part of the tests, which are no package, so their folder has to be on the path before the
# next imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "models", "tests"))

from moothall.adapters.reports.suggesting import MeaningVectors, SuggestingProcess
from moothall.adapters.search.meaning_child import MeaningChild
from moothall.adapters.search.stemming import stem
from moothall.adapters.system.clock import SystemClock
from moothall.core.kernel.ids import PolicyQuestionId, SegmentId
from moothall.core.reports.suggestions import GivenVectors, PolicyQuestionText, SuggestibleLine, suggest
from moothall.core.search.folding import Folding
from moothall.services.reports.suggesting import AT_ONCE, SuggestionOrder
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


async def vectors_of(order: SuggestionOrder, *, meaning: bool) -> tuple[bytes, float]:
    """The vectors, and the CPU seconds that making them took, with the load of the model."""
    texts = [each.text for each in order.lines] + [each.text for each in order.questions]
    if not meaning:
        return random.Random(1).randbytes(DIMENSIONS * len(texts)), 0.0  # noqa: S311  # the same in each run
    began, child = _children(), MeaningChild(SystemClock())
    try:
        embed = MeaningVectors(child)
        made = [await embed(texts[first : first + AT_ONCE]) for first in range(0, len(texts), AT_ONCE)]
    finally:
        await child.close()
    return b"".join(made), _children() - began


def _children() -> float:
    """CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def measure(many: int, *, meaning: bool) -> None:
    order = order_of(many)
    vectors, embedding = await vectors_of(order, meaning=meaning)
    began = time.process_time()
    suggest(order.lines, order.questions, (), Folding(stem))
    words = time.process_time() - began
    rows = [list(memoryview(vectors[at : at + DIMENSIONS]).cast("b")) for at in range(0, len(vectors), DIMENSIONS)]
    given = GivenVectors(rows[:many], rows[many:])
    began = time.process_time()
    suggest(order.lines, order.questions, (), Folding(stem), vectors=given)
    own = time.process_time() - began
    began = time.perf_counter()
    await SuggestingProcess().suggest(order)
    process = time.perf_counter() - began
    made = f"{embedding:.1f}" if meaning else "-"
    print(f"| {many:,} | {words:.2f} | {own:.2f} | {made} | {process:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="*", default=[900, 2_000], help="lines of a session")
    parser.add_argument("--meaning", action="store_true", help="have the extra `meaning` make the vectors")
    arguments = parser.parse_args()
    print(f"{cpu_model()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}\n")
    print("| lines | words, CPU s | vectors, CPU s | making them, CPU s | process, s |\n|--:|--:|--:|--:|--:|")
    for many in arguments.lines:
        asyncio.run(measure(many, meaning=arguments.meaning))


if __name__ == "__main__":
    main()
