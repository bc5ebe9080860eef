"""Search over the records of years: how long a search takes, how large the index is, how fast it is made anew.

    .venv/bin/python bench/searching.py                              # 300 hours in English, French and Chinese
    .venv/bin/python bench/searching.py --meaning                    # by meaning; needs the extra `meaning`
    .venv/bin/python bench/searching.py --hours 30 --text FILE.jsonl # from other text as well: {"lang": …, "text": …}

The records are made by rewording real text: the texts of the interface in each language, the sample session, and what
`--text` adds. Words follow each other as they do there (a chain of pairs), and one word in five is replaced by one of
its own making, from a vocabulary of 40,000 whose frequencies fall as Zipf's law has them, so that the index has as many
words as one of real text. They are written into a log as events, and the index is fed from that log as by a server.

Then one core gets 20 searches a second, at random moments, while a session goes on whose lines come in: a third are
frequent single words (of the 200 most frequent of six letters or more), a third two words of one line, a third phrases
of three words of one line. A search counts all that is found, by session, language, source, year and speaker, ranks all
of it, and reads the text of the first 20 from the log. Its time is from the moment at which it was due until its answer
is there.

With `--meaning` vectors are measured in place of words: 300 hours of lines are held by the process of the extra
`meaning`, and questions are sent to it one after the other. Vectors of so many lines take hours to make, so 300 are
made of reworded lines, and the others are these with noise; comparing them costs the same.

On a machine that does much else these times are not the search's own. So each search is also sent alone, and its CPU
time is measured; a queue at one core that gets 20 of them a second, at random moments, then gives the times that they
would have there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from moothall.core.events import lines as le

# The recorder is part of the tests, which are no package, so their folder has to be on the path before what follows.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "tests"))

import numpy as np
from babel.messages.pofile import read_po

from moothall.adapters.search.index_files import FOLDER, SearchFiles
from moothall.adapters.search.meaning_child import MeaningChild
from moothall.adapters.search.meaning_files import AT_ONCE, LEAST, MOST_ASKED
from moothall.adapters.search.stemming import stem, stems_of
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.system.clock import SystemClock
from moothall.adapters.system.interpreter import prepared_interpreter
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.core.search.choosing import FindChoice
from moothall.core.search.folding import Folding
from moothall.services.search.indexing import Indexing
from moothall.services.search.ports import IndexBusy
from moothall.services.search.searching import Searching
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.wire.meaning import DIMENSIONS, Embed, Embedded, HoldSession, Seek
from scoring import cpu_model
from support.sessions.recorder import MORNING, Recorder

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("en", "fr", "zh")
WORDS_AN_HOUR, WORDS_A_LINE, HOURS_A_SESSION = 9_000, 16, 3
TAIL, TAIL_SHARE = 40_000, 0.2
RATE, FREQUENT, LONG = 20, 200, 6
MADE = 300
SPEAKERS = 6
BATCH = 1_000
HAN = re.compile("[\u4e00-\u9fff]")


def sources(language: str, files: Sequence[Path]) -> Iterator[str]:
    """The real texts of a language."""
    for path in sorted((ROOT / "web/locales" / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and isinstance(message.string, str) and "{" not in message.string:
                    yield message.string
    for path in (ROOT / "config/sample/session.jsonl", *files):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if row["lang"] == language:
                yield row["text"]


class Reworded:
    """Makes lines of a language by rewording real text."""

    def __init__(self, language: str, files: Sequence[Path], seed: int) -> None:
        self.chance = random.Random(f"{language} {seed}")  # noqa: S311  # repeatable
        self.joint = "" if language == "zh" else " "
        texts = [HAN.findall(text) if language == "zh" else text.split() for text in sources(language, files)]
        self.after: dict[str, list[str]] = {}
        for words in texts:
            for one, other in zip(["", *words], words, strict=False):
                self.after.setdefault(one, []).append(other)
        parts = sorted({word[: len(word) // 2] for words in texts for word in words if len(word) > 3})
        ends = sorted({word[len(word) // 2 :] for words in texts for word in words if len(word) > 3 and word.isalpha()})
        many = TAIL if parts else 0
        self.tail = [self.chance.choice(parts) + self.chance.choice(ends) for _ in range(many)]
        self.weights = list(accumulate(1 / (n + 10) for n in range(len(self.tail))))

    def line(self) -> str:
        """A line; in Chinese as many characters as the words of another language need."""
        words: list[str] = []
        last = ""
        for _ in range(self.chance.randint(WORDS_A_LINE // 2, WORDS_A_LINE * 3 // 2) * (1 if self.joint else 2)):
            last = self.chance.choice(self.after.get(last) or self.after[""])
            words.append(last)
        if self.tail:
            drawn = iter(self.chance.choices(self.tail, cum_weights=self.weights, k=len(words)))
            words = [next(drawn) if self.chance.random() < TAIL_SHARE else word for word in words]
        return self.joint.join(words)


def told(recorder: Recorder, lines: dict[str, list[str]], opened: int) -> Iterator[LogRecord]:
    """The log of a session with a floor and translations of it."""
    record = recorder.record
    first, *others = lines
    yield record(ev.SessionCreated(title=f"Session {recorder.session}", languages=(first,), access=ev.Access.PUBLIC))
    yield record(ev.ChannelAdded(channel=ChannelId(first), kind=ev.ChannelKind.FLOOR, languages=(first,)))
    for other in others:
        yield record(ev.ChannelAdded(channel=ChannelId(other), kind=ev.ChannelKind.TRANSLATION, languages=(other,)))
    yield record(ev.SessionOpened(wall=opened))
    for n in range(SPEAKERS):
        yield record(ev.SpeakerIntroduced(speaker=SpeakerId(f"p{n}"), name=f"Speaker {n}"))
    for n, texts in enumerate(zip(*lines.values(), strict=True)):
        for channel, text in zip(lines, texts, strict=True):
            yield from spoken(recorder, channel, n, text, translated=channel != first)
    yield record(ev.SessionClosed(t=6_000 * len(lines[first])))


def spoken(recorder: Recorder, channel: str, n: int, text: str, *, translated: bool) -> Iterator[LogRecord]:
    segment = SegmentId(f"{channel}-{n}")
    opened = le.SegmentOpened(
        channel=ChannelId(channel),
        segment=segment,
        t0=6_000 * n,
        language=channel,
        origin=le.Origin.TRANSLATED if translated else le.Origin.MACHINE,
        speaker=SpeakerId(f"p{n // 40 % SPEAKERS}"),
    )
    yield recorder.record(opened)
    ended = le.SegmentEnded(
        channel=ChannelId(channel), segment=segment, t1=6_000 * n + 5_500, reason=le.EndReason.SENTENCE, text=text
    )
    yield recorder.record(ended)


async def append(log: SqliteLog, recorder: Recorder, term: int, records: Sequence[LogRecord]) -> None:
    before = recorder.offset - len(records)
    for at in range(0, len(records), BATCH):
        await log.append(recorder.session, term, before + at, records[at : at + BATCH])


class Made:
    """What the records hold."""

    def __init__(self) -> None:
        self.text_bytes = 0
        self.words = 0
        self.lines = 0
        self.sample: list[tuple[str, str]] = []
        self.frequent: Counter[str] = Counter()


async def make(log: SqliteLog, hours: int, files: Sequence[Path], chance: random.Random) -> Made:
    made, languages = Made(), {each: Reworded(each, files, 1) for each in LANGUAGES}
    each_session = WORDS_AN_HOUR * HOURS_A_SESSION // WORDS_A_LINE
    for number in range(max(1, hours // HOURS_A_SESSION)):
        lines = {name: [language.line() for _ in range(each_session)] for name, language in languages.items()}
        recorder = Recorder(SessionId(f"s{number}"))
        head = await log.acquire(recorder.session, recorder.epoch)
        records = list(told(recorder, lines, MORNING + number * 86_400_000 * 7))
        await append(log, recorder, head.term, records)
        for name, texts in lines.items():
            for text in texts:
                made.text_bytes += len(text.encode())
                made.words += len(text) // 2 if name == "zh" else text.count(" ") + 1
                made.lines += 1
            made.sample += [(name, text) for text in chance.sample(texts, 20)]
            made.frequent.update(
                word
                for text in texts[::20]
                for word in text.split()
                if name != "zh" and word.isalpha() and len(word) >= LONG
            )
    return made


def queries(made: Made, many: int, chance: random.Random) -> list[tuple[str, str]]:
    """The searches, each with its kind."""
    frequent = [word for word, _ in made.frequent.most_common(FREQUENT)]
    spaced = [text.split() for name, text in made.sample if name != "zh"]
    packed = [text for name, text in made.sample if name == "zh"]
    found = []
    for n in range(many):
        words = [word for word in chance.choice(spaced) if word.isalpha() and len(word) > 3]
        at = chance.randrange(max(1, len(words) - 3))
        if n % 3 == 0:
            found.append(("one frequent word", chance.choice(frequent)))
        elif n % 3 == 1:
            found.append(("two words", " ".join(chance.sample(words, 2)) if len(words) > 1 else words[0]))
        elif n % 2:
            line = chance.choice(spaced)
            at = chance.randrange(max(1, len(line) - 3))
            found.append(("a phrase", f'"{" ".join(line[at : at + 3])}"'))
        else:
            text = chance.choice(packed)
            at = chance.randrange(max(1, len(text) - 4))
            found.append(("a phrase", text[at : at + chance.randint(2, 4)]))
    chance.shuffle(found)
    return found


async def ask(
    searching: Searching, asked: Sequence[tuple[str, str]], chance: random.Random
) -> list[tuple[str, float, int]]:
    """Send the searches at random moments; return kind, ms and number of finds of each."""
    took: list[tuple[str, float, int]] = []

    async def one(kind: str, text: str, due: float) -> None:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        with suppress(IndexBusy):  # 32 of them wait: the machine does much else
            results = await searching.find(text, FindChoice())
            took.append((kind, 1000 * (time.perf_counter() - due), results.total))

    due = time.perf_counter() + 0.5
    async with asyncio.TaskGroup() as group:
        for kind, text in asked:
            due += chance.expovariate(RATE)
            group.create_task(one(kind, text, due))
    return took


async def live(log: SqliteLog, indexing: Indexing, language: Reworded) -> None:
    """A session that is on: a line in three languages every 6 s, as a session has them; here all 2 s."""
    recorder = Recorder(SessionId("live"))
    head = await log.acquire(recorder.session, recorder.epoch)
    records = list(told(recorder, {name: [language.line()] for name in LANGUAGES}, MORNING))
    await append(log, recorder, head.term, records)
    n = 1
    while True:
        new = [
            record
            for name in LANGUAGES
            for record in spoken(recorder, name, n, language.line(), translated=name != LANGUAGES[0])
        ]
        await append(log, recorder, head.term, new)
        indexing.note(recorder.session)
        n += 1
        await asyncio.sleep(2)


async def alone(searching: Searching, asked: Sequence[tuple[str, str]]) -> list[tuple[str, float, int]]:
    """Send one search after the other; return kind, ms of CPU and number of finds of each."""
    took = []
    for kind, text in asked:
        busy = time.process_time()
        results = await searching.find(text, FindChoice())
        took.append((kind, 1000 * (time.process_time() - busy), results.total))
    return took


def queued(took: Sequence[tuple[str, float, int]], chance: random.Random) -> list[tuple[str, float, int]]:
    """The times from due to done of searches that take so much CPU, at one core, in the order in which they are due."""
    due = free = 0.0
    times = []
    for kind, ms, total in took:
        due += 1000 * chance.expovariate(RATE)
        free = max(due, free) + ms
        times.append((kind, free - due, total))
    return times


def report(title: str, found: Sequence[tuple[str, float, int]]) -> None:
    print(title)
    for kind in ("one frequent word", "two words", "a phrase", ""):
        times = sorted(ms for of, ms, _ in found if not kind or of == kind)
        totals = sorted(total for of, _, total in found if not kind or of == kind)
        cuts = statistics.quantiles(times, n=100)
        print(
            f"  {kind or 'all':18} p50 {cuts[49]:6.1f} ms   p95 {cuts[94]:6.1f} ms   p99 {cuts[98]:6.1f} ms   "
            f"finds: median {statistics.median(totals):,.0f}, most {totals[-1]:,}"
        )


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


async def measure(hours: int, files: Sequence[Path], seconds: int, folder: Path) -> None:
    chance = random.Random(22)  # noqa: S311  # repeatable
    log = await SqliteLog.open(folder / "log.sqlite")
    began = time.perf_counter()
    made = await make(log, hours, files, chance)
    print(
        f"{made.lines:,} lines, {made.words:,} words, {made.text_bytes / 1e6:.1f} MB of text; made in "
        f"{time.perf_counter() - began:.0f} s"
    )
    await measured(log, made, files, seconds, folder)
    await log.close()


async def measured(log: SqliteLog, made: Made, files: Sequence[Path], seconds: int, folder: Path) -> None:
    chance = random.Random(23)  # noqa: S311  # repeatable
    folding = Folding(stem)
    index = SearchFiles(folder, folding, stems_of())
    indexing = Indexing(log, index, SystemClock())
    began, busy = time.perf_counter(), time.process_time()
    await indexing.catch_up()
    took, busy = time.perf_counter() - began, time.process_time() - busy
    print(f"rebuild: {took:.0f} s ({busy:.0f} s of CPU), {made.words / took * 60 / 1e6:.1f} million words a minute")
    at = size(folder / FOLDER)
    print(f"index: {at / 1e6:.1f} MB, {at / made.text_bytes:.2f} × text")
    catalogue = SessionCatalogue(log)
    searching = Searching(
        index,
        log,
        folding,
        clock=SystemClock(),
        searchable=indexing.searchable,
        fill=catalogue.fill,
        known=catalogue.known,
        opens=lambda _session, _access: False,
        room_of=lambda _: None,
        day_of=lambda ms: datetime.fromtimestamp(ms / 1000, UTC).date(),
    )
    await catalogue.fill()
    asked = queries(made, RATE * seconds, chance)
    await ask(searching, asked[: RATE * 3], chance)
    async with asyncio.TaskGroup() as group:
        beside = group.create_task(indexing.run()), group.create_task(live(log, indexing, Reworded("en", files, 2)))
        await asyncio.sleep(4)
        busy, began = time.process_time(), time.perf_counter()
        found = await ask(searching, asked, chance)
        share = (time.process_time() - busy) / (time.perf_counter() - began)
        for task in beside:
            task.cancel()
    refused = len(asked) - len(found)
    beside_it = f"beside a session, {refused} refused, one core {100 * share:.0f} % busy"
    report(f"{len(found)} searches at {RATE} a second {beside_it}:", found)
    by_cpu = await alone(searching, asked)
    report("the same one after the other, ms of CPU:", by_cpu)
    report(f"the same at {RATE} a second at a core of their own, by their CPU time:", queued(by_cpu * 10, chance))
    await index.close()


async def meaning(hours: int, files: Sequence[Path], many: int) -> None:
    """How long a question takes beside the vectors of so many lines."""
    child, chance = MeaningChild(SystemClock()), np.random.default_rng(22)
    languages = [Reworded(each, files, 1) for each in LANGUAGES]
    texts = tuple(languages[n % len(languages)].line() for n in range(MADE))
    began, rows = time.perf_counter(), b""
    for at in range(0, MADE, AT_ONCE):
        answer = await child.ask(Embed(texts[at : at + AT_ONCE]))
        assert isinstance(answer, Embedded)
        rows += answer.vectors
    print(f"vectors: {1000 * (time.perf_counter() - began) / MADE:.1f} ms a line, {len(rows) // MADE} bytes")
    base = np.frombuffer(rows, np.int8).reshape(MADE, DIMENSIONS)
    lines = WORDS_AN_HOUR * HOURS_A_SESSION // WORDS_A_LINE * len(LANGUAGES)
    sessions = tuple(SessionId(f"s{n}") for n in range(max(1, hours // HOURS_A_SESSION)))
    segments = tuple(SegmentId(f"l{n}") for n in range(lines))
    spoken_in = tuple(LANGUAGES[n % len(LANGUAGES)] for n in range(lines))
    for session in sessions:
        noise = chance.integers(-8, 9, (lines, DIMENSIONS))
        vectors = np.clip(base[chance.integers(0, MADE, lines)].astype(np.int16) + noise, -127, 127).astype(np.int8)
        await child.ask(HoldSession(session, segments, spoken_in, vectors.tobytes()))
    times, busy = [], []
    for n in range(many):
        question = languages[n % len(languages)].line()[:60]
        began, before = time.perf_counter(), cpu_of(child.pid)
        await child.ask(Seek(question, sessions, MOST_ASKED, LEAST))
        times.append(1000 * (time.perf_counter() - began))
        busy.append(cpu_of(child.pid) - before)
    for name, found in (("by the clock", times), ("of CPU", busy)):
        cuts = statistics.quantiles(found, n=100)
        print(f"{name}: p50 {cuts[49]:.0f}, p95 {cuts[94]:.0f}")
    print(f"{many} questions among {len(sessions) * lines:,} lines, ms; the process has {memory_of(child.pid):.0f} MB")
    await child.close()


def memory_of(pid: int | None) -> float:
    """The memory of a process, MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_of(pid: int | None) -> float:
    """The CPU time of a process, ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=60, help="for how long searches are sent")
    parser.add_argument("--text", type=Path, action="append", default=[], help="JSON lines with lang and text")
    parser.add_argument("--meaning", action="store_true", help="measure the search by meaning")
    parser.add_argument("--keep", type=Path, help="an empty folder for the log and the index")
    arguments = parser.parse_args()
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    print(f"{cpu_model()}, one core; Python {platform.python_version()}; {datetime.now(UTC).date()}")
    if arguments.meaning:
        asyncio.run(meaning(arguments.hours, arguments.text, 200))
        return
    with tempfile.TemporaryDirectory() as made, prepared_interpreter():  # as in a server
        asyncio.run(measure(arguments.hours, arguments.text, arguments.seconds, arguments.keep or Path(made)))


if __name__ == "__main__":
    main()
