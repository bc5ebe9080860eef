"""The time and the memory that it takes to write the record of a long session, in each format that can be downloaded.

    .venv/bin/python bench/exports.py                             # three hours: 30,000 words, 60 questions, 3 languages
    .venv/bin/python bench/exports.py --lines 10000 --rounds 3    # about 12 hours

The session is made in memory: lines of 12 words with their times, four speakers, one line in twenty corrected, two
translations, and questions of which half are answered in writing. First the log of each text is folded into a record,
as for the first request; then each format is written as the door does it. CPU times are those of one thread, the median
of the rounds; *longest of one text* is the slowest of the three languages. Memory is how much the resident set of a new
process grows at most while it writes one text. *Loop held* is the longest time that an event loop of the same process
didn't come to its turn while a thread wrote, beyond the millisecond for which it sleeps; *(nothing)* says how much
of it is the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import multiprocessing
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

# The stories are part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from moothall.adapters.record.forms import COMPRESSED, TYPES, write_record
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.record.model import Record
from moothall.record.wording import Options
from scoring import cpu_model
from support.record.golden import ARABIC, ENGLISH, Golden
from support.sessions.record_maker import FLOOR, WORDING, Questions
from support.sessions.recorder import SESSION

ROOT = Path(__file__).resolve().parents[1]
SAID = (ROOT / "tests/support/files/ten_minutes.txt").read_text(encoding="utf-8").split()
IN_ARABIC = "تحتاج الحوكمة الرقمية إلى تعاون جميع الدول، ونحن ندعم شبكة مفتوحة للجميع."
LINES, WORDS, QUESTIONS = 2_500, 12, 60
EACH_MS, PAUSE_MS = 300, 50
SPEAKERS = ("Ms. Añez", "أحمد", "Mr. Otieno", "Chair")
EVERY_MENDED = 20
STYLES = ("lib/tokens.css", "reader/record.css")
TEXTS = (FLOOR, ENGLISH, ARABIC)
TICK_S, IDLE_S = 0.001, 0.3


def told(lines: int, session: SessionId = SESSION, first: int = 0) -> Golden:
    """Return a session of `lines` lines, one after the other, with their translations and questions. It begins with the
    word `first` of the text.
    """
    telling = Golden("Plenary", ("en", "fr"), session=session)
    for channel in TEXTS[1:]:
        language = channel.removeprefix("mt-")
        telling.tell(
            ev.ChannelAdded(channel=channel, kind=ev.ChannelKind.TRANSLATION, languages=(language,), of_record=True)
        )
    length, asked = lines * WORDS * (EACH_MS + PAUSE_MS), Questions(telling)
    for n in range(lines):
        text = " ".join(SAID[(first + n * WORDS + each) % len(SAID)] for each in range(WORDS))
        began = n * WORDS * (EACH_MS + PAUSE_MS)
        first = len(telling.records)
        segment = telling.spoken(text, began, EACH_MS, PAUSE_MS, name=SPEAKERS[n // 8 % len(SPEAKERS)])
        if n % EVERY_MENDED == 0:
            telling.correct(segment, text.title(), words=WORDS)
        line = telling.records[first:]
        for channel in TEXTS[1:]:
            own = (
                text.upper()
                if channel == ENGLISH
                else f"{IN_ARABIC[(first + n) % 50 :]} {first} {IN_ARABIC[: (first + n) % 50]}"
            )
            telling.translate(segment, own, channel, "bergamot 0.2.0 fr>en", among=line)
    for n in range(QUESTIONS):
        question = asked.ask(f"{' '.join(SAID[n : n + 20])}?", n * length // QUESTIONS, name=SPEAKERS[n % 4])
        if n % 2:
            asked.write(question, " ".join(SAID[n : n + 40]))
    telling.tell(ev.SessionClosed(t=length))
    return telling


def timed(work: Callable[[], object], rounds: int) -> float:
    """Return the median CPU time of a round, in ms."""
    took = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        took.append((time.process_time() - began) * 1000)
    return statistics.median(took)


def peak(work: Callable[[], object]) -> float:
    """Return by how many MB a process that is forked for it grows at most."""
    there, here = multiprocessing.Pipe(duplex=False)

    def grow() -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        work()
        here.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)

    process = multiprocessing.get_context("fork").Process(target=grow)
    process.start()
    grown = float(there.recv())
    process.join()
    return grown


async def held(work: Callable[[], object]) -> float:
    """Return the longest time that the loop had no turn while a thread does `work`, in ms, beyond its own sleep."""
    longest, writing = 0.0, asyncio.ensure_future(asyncio.to_thread(work))
    while not writing.done():
        began = time.perf_counter()
        await asyncio.sleep(TICK_S)
        longest = max(longest, time.perf_counter() - began - TICK_S)
    await writing
    return longest * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    telling = told(given.lines)
    records = {channel: telling.record(channel) for channel in TEXTS}
    style = "".join((ROOT / "web/css" / name).read_text(encoding="utf-8") for name in STYLES)

    def writer(form: str, record: Record) -> Callable[[], bytes]:
        return partial(write_record, form, record, WORDING, Options(), lambda: style)

    print(f"{given.lines:,} lines of {WORDS} words, {QUESTIONS} questions, {len(TEXTS)} texts; {cpu_model()};")
    print(f"Python {platform.python_version()}; {datetime.now(UTC):%Y-%m-%d}")
    print()
    print("| form | CPU ms, longest of one text | all three texts | grows by MB | loop held ms | MB | MB gzip |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    folding = [timed(partial(telling.record, channel), given.rounds) for channel in TEXTS]
    print(f"| (log to record) | {max(folding):.0f} | {sum(folding):.0f} | | | | |")
    print(f"| (nothing) | | | | {asyncio.run(held(partial(time.sleep, IDLE_S))):.0f} | | |")
    total = 0.0
    for form in sorted(TYPES.keys() - {"pdf"}, key=list(TYPES).index):  # PDF is set in another process: documents.py
        took = [timed(writer(form, record), given.rounds) for record in records.values()]
        total += sum(took)
        longest = records[ChannelId(FLOOR)]
        body = writer(form, longest)()
        sent = body if form in COMPRESSED else gzip.compress(body, 6)
        print(
            f"| {form} | {max(took):.0f} | {sum(took):.0f} | {peak(writer(form, longest)):.0f} "
            f"| {asyncio.run(held(writer(form, longest))):.0f} | {len(body) / 1e6:.2f} | {len(sent) / 1e6:.2f} |"
        )
    print(f"| all | | {total:.0f} | | | | |")


if __name__ == "__main__":
    main()
